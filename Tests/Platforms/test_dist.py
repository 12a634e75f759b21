# SPDX-License-Identifier: MIT
"""What `make dist` has left in build/dist, from outside: complete, the same twice, and made for what it says."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DIST = REPOSITORY / "build" / "dist"
SYSROOTS = REPOSITORY / "build" / "sysroot"
VERSION = (REPOSITORY / "VERSION").read_text("utf-8").strip()
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

pytestmark = pytest.mark.apart


def output(*command: str | Path) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def sums() -> dict[str, str]:
    return {name: told for told, name in (line.split("  ") for line in (DIST / "SHA256SUMS").read_text().splitlines())}


def names() -> set[str]:
    """Those that the design of a release asks for."""
    of_all = {f"libpaysession-{VERSION}.tar.gz", f"paysession-{VERSION}.tar.gz", f"paysession-php-{VERSION}.zip",
              f"paysession-{VERSION}.spdx.json", f"paysession_binary-{VERSION}.spdx.json", f"python3-paysession_{VERSION}-1_all.deb",
              f"php-paysession_{VERSION}-1_all.deb"}
    return of_all.union(*({
        f"libpaysession-{VERSION}-linux-{name}.tar.xz", f"libpaysession-{VERSION}-linux-musl-{name}.tar.xz",
        f"paysession-{VERSION}-py3-none-manylinux_2_26_{name}.whl", f"paysession-{VERSION}-py3-none-musllinux_1_2_{name}.whl",
        f"paysession_binary-{VERSION}-py3-none-manylinux_2_26_{name}.whl",
        *(f"{package}_{VERSION}-1_{debian}.deb" for package in ("libpaysession0", "libpaysession-dev", "paysession")),
    } for name, debian in MACHINES.items()))


def test_all_is_there_and_summed() -> None:
    assert set(sums()) == names() == {path.name for path in DIST.iterdir()} - {"SHA256SUMS"}
    for name, told in sums().items():
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == told, name


def test_the_readme_names_what_is_there() -> None:
    """Each file that a command of its table installs is one of these."""
    table = (REPOSITORY / "README.md").read_text("utf-8").partition("\n## Install\n")[2].partition("\n## ")[0]
    patterns = re.findall(r"(?<![\w/.])(?:\./)?([\w.-]+[-_]\*[\w*.-]*\.(?:deb|whl|tar\.xz|zip))", table)
    assert len(patterns) >= 9
    for pattern in patterns:
        assert len([path for path in DIST.glob(pattern)]) == 1, pattern


def test_again_it_has_the_same_bytes(tmp_path: Path) -> None:
    before = sums()
    for machine in MACHINES:
        for kept in (REPOSITORY / "build" / "packages" / machine).iterdir():
            # All but what takes long and is no product.
            if kept.name not in ("binary", "jansson", "PaySession.o"):
                shutil.rmtree(kept)
    subprocess.run([sys.executable, str(REPOSITORY / "packaging" / "dist.py")], check=True, stdout=subprocess.DEVNULL)
    assert sums() == before


@pytest.fixture(params=[(machine, kind) for machine in MACHINES for kind in ("linux", "linux-musl", "wheel", "deb")],
                ids="-".join)
def library(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Path]:
    """Taken out of what is released."""
    machine, kind = request.param
    if kind == "wheel":
        with zipfile.ZipFile(DIST / f"paysession-{VERSION}-py3-none-manylinux_2_26_{machine}.whl") as wheel:
            return machine, kind, Path(wheel.extract("paysession/libpaysession.so.0", tmp_path))
    if kind == "deb":
        subprocess.run(["dpkg-deb", "-x", str(DIST / f"libpaysession0_{VERSION}-1_{MACHINES[machine]}.deb"), str(tmp_path)],
                       check=True)
        return machine, kind, tmp_path / "usr" / "lib" / f"{machine}-linux-gnu" / f"libpaysession.so.{VERSION}"
    name = f"libpaysession-{VERSION}-{kind}-{machine}"
    with tarfile.open(DIST / f"{name}.tar.xz") as archive:
        archive.extractall(tmp_path)
    return machine, kind, tmp_path / name / "lib" / f"libpaysession.so.{VERSION}"


def test_what_a_library_needs(library: tuple[str, str, Path]) -> None:
    machine, kind, file = library
    assert {"x86_64": "X86-64", "aarch64": "AArch64"}[machine] in output("readelf", "-hW", file)
    dynamic = output("readelf", "-dW", file)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
    versions = {int(minor) for minor in re.findall(r"GLIBC_2\.(\d+)", output("readelf", "-VW", file))}
    if kind == "deb":
        assert needed - {"libpthread.so.0", "ld-linux-aarch64.so.1"} == {"libc.so.6", "libcurl.so.4", "libjansson.so.4"}
        assert versions and max(versions) <= 25
    else:
        assert needed == {"libc.so.6", "libcurl.so.4"} and "VERNEED" not in dynamic
    assert "[libpaysession.so.0]" in dynamic and "PATH)" not in dynamic and "TEXTREL" not in dynamic
    assert re.search(r"\(FLAGS_1\).*NOW", dynamic) and "NODELETE" in dynamic
    assert "GNU_RELRO" in output("readelf", "-lW", file)
    exported = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", file).splitlines()}
    header = re.sub(r"/\*.*?\*/", "", (REPOSITORY / "Include" / "paysession.h").read_text("utf-8"), flags=re.DOTALL)
    assert exported == set(re.findall(r"\b(session_\w+)\s*\(", header))


@pytest.mark.parametrize("machine", MACHINES)
def test_it_is_one_library(machine: str) -> None:
    """There is no Python on musl to be had here: what musl.py takes from the archive is what its wheel has."""
    libraries = set()
    for kind in ("manylinux_2_26", "musllinux_1_2"):
        with zipfile.ZipFile(DIST / f"paysession-{VERSION}-py3-none-{kind}_{machine}.whl") as wheel:
            libraries.add(wheel.read("paysession/libpaysession.so.0"))
    for kind in ("linux", "linux-musl"):
        name = f"libpaysession-{VERSION}-{kind}-{machine}"
        with tarfile.open(DIST / f"{name}.tar.xz") as archive:
            file = archive.extractfile(f"{name}/lib/libpaysession.so.{VERSION}")
            assert file
            libraries.add(file.read())
    assert len(libraries) == 1


@pytest.mark.parametrize("machine", MACHINES)
def test_no_name_is_younger_than_what_it_runs_on(machine: str) -> None:
    """glibc's own record of each name: in 2.25 or before. Those that are there and elsewhere not are weak."""
    oldest: dict[str, int] = {}
    folder = SYSROOTS / MACHINES[machine] / "lib" / f"{machine}-linux-gnu"
    for name in ("libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"):
        if (folder / name).exists():
            for symbol, minor in re.findall(r" (\w+)@@?GLIBC_2\.(\d+)", output("nm", "-D", "--defined-only", folder / name)):
                oldest[symbol] = min(int(minor), oldest.get(symbol, 99))
    built = REPOSITORY / "build" / "packages" / machine
    for file in (built / "glibc" / "lib" / f"libpaysession.so.{VERSION}", built / "glibc" / "bin" / "paysession",
                 built / "musl" / "bin" / "paysession"):
        rows = [line.split() for line in output("nm", "-D", "--undefined-only", file).splitlines()]
        strong = {row[1] for row in rows if row[0] == "U" and not row[1].startswith(("curl_", "session_"))}
        assert strong and {name: oldest.get(name) for name in strong if oldest.get(name, 99) > 25} == {}


def test_lintian_finds_nothing() -> None:
    """But that no bug of Debian's is closed, which asks for packages of this name: there is none."""
    done = subprocess.run(["lintian", "--fail-on", "warning", "--suppress-tags", "initial-upload-closes-no-bugs",
                           *map(str, DIST.glob("*.deb"))], capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:")]
    assert done.returncode == 0 and told == []


def test_the_licence_of_what_is_inside_is_told() -> None:
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    for name, inside in (("paysession", {"swift", "jansson"}), ("paysession_binary", {"curl", "openssl", "nghttp2", "zlib"})):
        bill = DIST / f"{name}-{VERSION}.spdx.json"
        assert validate_full_spdx_document(parse_file(str(bill))) == []
        linked = {one["relatedSpdxElement"] for one in json.loads(bill.read_bytes())["relationships"]
                  if one["relationshipType"] == "STATIC_LINK"}
        assert linked == {f"SPDXRef-{part}" for part in inside}
    for wheel in DIST.glob("paysession-*.whl"):
        assert b"Petri Lehtinen" in zipfile.ZipFile(wheel).read("paysession/LICENSE.jansson")
    for file in DIST.glob("*.tar.xz"):
        with tarfile.open(file) as archive:
            licence = archive.extractfile(f"{file.name[:-7]}/share/doc/paysession/LICENSE.jansson")
            assert licence and b"Petri Lehtinen" in licence.read()


def test_the_sources_build(tmp_path: Path) -> None:
    """In a folder that git knows nothing of."""
    with tarfile.open(DIST / f"libpaysession-{VERSION}.tar.gz") as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    subprocess.run(["make", "-s", "all"], cwd=folder, check=True, capture_output=True, timeout=600)
    assert output(folder / "build" / "bin" / "paysession", "--version") == f"paysession {VERSION}\n"
    for product in (f"lib/libpaysession.so.{VERSION}", "bin/paysession"):
        assert (folder / "build" / product).read_bytes() == (REPOSITORY / "build" / product).read_bytes()
    assert (folder / "packaging" / "jansson" / "src" / "load.c").exists()
