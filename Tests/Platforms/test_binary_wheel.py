# SPDX-License-Identifier: MIT
"""The wheel of paysession[binary], from outside: what it has, needs and shows. ways/binary.sh uses it."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from test_dist import DIST, MACHINES, REPOSITORY, VERSION, output

pytestmark = pytest.mark.apart

LARGEST = 4_000_000
PARTS = ("curl", "openssl", "nghttp2", "zlib")


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wheel(machine: str) -> Path:
    return DIST / f"paysession_binary-{VERSION}-py3-none-manylinux_2_26_{machine}.whl"


@pytest.fixture
def library(wheel: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(wheel) as files:
        return Path(files.extract("paysession_binary/libcurl.so.4", tmp_path))


def test_what_is_in_it(wheel: Path, machine: str) -> None:
    assert wheel.stat().st_size < LARGEST
    with zipfile.ZipFile(wheel) as files:
        content = {name: files.read(name) for name in files.namelist()}
    assert {name for name in content if ".dist-info/" not in name} == {
        f"paysession_binary/{name}"
        for name in ("__init__.py", "py.typed", "libcurl.so.4", *(f"LICENSE.{part}" for part in PARTS))}
    about = f"paysession_binary-{VERSION}.dist-info"
    assert f"Tag: py3-none-manylinux_2_26_{machine}\n".encode() in content[f"{about}/WHEEL"]
    assert b"Root-Is-Purelib: false\n" in content[f"{about}/WHEEL"]
    assert content[f"{about}/licenses/LICENSE"] == (REPOSITORY / "LICENSE").read_bytes()


def test_what_the_library_needs_and_shows(library: Path, machine: str) -> None:
    assert {"x86_64": "X86-64", "aarch64": "AArch64"}[machine] in output("readelf", "-hW", library)
    dynamic = output("readelf", "-dW", library)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
    # Parts of glibc all; libpaysession looks for dlopen() in what libcurl needs.
    assert needed - {"ld-linux-aarch64.so.1"} == {"libc.so.6", "libpthread.so.0", "libdl.so.2"}
    versions = {int(minor) for minor in re.findall(r"GLIBC_2\.(\d+)", output("readelf", "-VW", library))}
    assert max(versions) <= 26
    assert "[libcurl.so.4]" in dynamic and "PATH)" not in dynamic and "TEXTREL" not in dynamic
    assert "VERDEF" not in dynamic
    assert re.search(r"\(FLAGS_1\).*NOW", dynamic) and "NODELETE" in dynamic
    assert "GNU_RELRO" in output("readelf", "-lW", library)
    shown = {line.split()[-1] for line in output("nm", "-D", "--defined-only", library).splitlines()}
    asked = set(re.findall(r"^curl_\w+", (REPOSITORY / "packaging" / "symbols" / "libcurl").read_text("utf-8"), re.MULTILINE))
    assert asked < shown
    assert {name for name in shown if not name.startswith("curl_")} == {
        "OpenSSL_version_num", "SSL_CTX_ctrl", "SSL_CTX_set_msg_callback"}


def test_nothing_of_this_machine_is_in_it(library: Path) -> None:
    content = library.read_bytes()
    assert str(REPOSITORY).encode() not in content
    assert b"built on: Thu Jan  1 00:00:00 1970" in content


@pytest.mark.parametrize("machine", [os.uname().machine])
def test_what_it_speaks(library: Path) -> None:
    asks = f"import ctypes; f = ctypes.CDLL({str(library)!r}).curl_version; f.restype = ctypes.c_char_p; print(f().decode())"
    told = subprocess.run(["python3", "-c", asks], check=True, capture_output=True, text=True).stdout
    assert [part.split("/")[0] for part in told.split()] == ["libcurl", "OpenSSL", "zlib", "nghttp2"]
