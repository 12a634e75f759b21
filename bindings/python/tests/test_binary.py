# SPDX-License-Identifier: MIT
"""Which libcurl is loaded where paysession[binary] is installed. Its own package is made by
packaging/binary.py and tried in Tests/Platforms; here a copy of the system's stands in for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import paysession
from paysession import _library

SOURCE = str(Path(paysession.__file__).resolve().parents[1])
NAME = _library.LIBCURL

#: Prints what is mapped of libcurl and libpaysession once this has loaded the library.
LOADS = """
import os, sys
from paysession import _library
_library.LIBCURL, os.environ["PAYSESSION_LIBRARY"] = sys.argv[1:]
print(_library.load().session_abi_version())
print(*sorted({line.split()[-1] for line in open("/proc/self/maps")}), sep="\\n")
"""


def loading(folder: Path, name: str, library: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LOADS, name, library], text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": f"{SOURCE}:{folder}"})


def as_another(file: Path, to: Path) -> Path:
    """The same under a name of libcurl that no system has, in what it is called and asks for."""
    content = file.read_bytes()
    assert b"\0libcurl.so.4\0" in content
    to.write_bytes(content.replace(b"\0libcurl.so.4\0", b"\0libcurl.so.9\0"))
    return to


@pytest.fixture
def libcurl() -> Path:
    """The one that the library uses in this process."""
    (file,) = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()
               if "/libcurl.so.4" in line}
    return Path(file)


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    """An empty package by that name."""
    package = tmp_path / "site" / _library.BINARY
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return package


def test_where_the_system_has_none(extra: Path, libcurl: Path, tmp_path: Path) -> None:
    needy = as_another(Path(_library.load()._name).resolve(), tmp_path / _library.SONAME)
    ours = as_another(libcurl, extra / "libcurl.so.9")
    done = loading(extra.parent, ours.name, str(needy))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1\n") and {str(needy), str(ours)} <= set(done.stdout.splitlines())


def test_where_the_system_has_one_it_is_left_alone(extra: Path, libcurl: Path) -> None:
    (extra / NAME).write_bytes(libcurl.read_bytes())
    done = loading(extra.parent, NAME, str(Path(_library.load()._name).resolve()))
    assert done.returncode == 0, done.stderr
    loaded = [line for line in done.stdout.splitlines() if "/libcurl.so." in line]
    assert loaded == [str(libcurl)]


def test_one_that_is_none(extra: Path, tmp_path: Path) -> None:
    needy = as_another(Path(_library.load()._name).resolve(), tmp_path / _library.SONAME)
    (extra / "libcurl.so.9").write_text("not a library")
    done = loading(extra.parent, "libcurl.so.9", str(needy))
    assert done.returncode == 1
    assert "\nImportError: libpaysession" in done.stderr and f"{extra / 'libcurl.so.9'}: " in done.stderr
