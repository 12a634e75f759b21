# SPDX-License-Identifier: MIT
"""make install puts a library where pkg-config, the compiler and the loader find it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PKG_CONFIG"))}


def install(stage: Path, *variables: str) -> None:
    subprocess.run(["make", "-s", "-C", REPOSITORY, "install", f"DESTDIR={stage}", *variables],
                   check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, timeout=300)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was staged is meant to be moved there."""
    place = tmp_path_factory.mktemp("install")
    install(place / "stage", f"PREFIX={place}/prefix")
    os.rename(f"{place}/stage{place}/prefix", place / "prefix")
    return place / "prefix"


def pkg_config(directory: Path, *arguments: str) -> list[str]:
    """Where there is nothing but paysession.pc: no development package of libcurl or jansson."""
    return subprocess.run(["pkg-config", *arguments, "paysession"], check=True, text=True, capture_output=True,
                          env={**ENVIRONMENT, "PKG_CONFIG_LIBDIR": str(directory)}).stdout.split()


def test_a_program_builds_and_runs_against_what_was_installed(prefix: Path, tmp_path: Path) -> None:
    flags = pkg_config(prefix / "lib" / "pkgconfig", "--cflags", "--libs")
    assert flags == [f"-I{prefix}/include", f"-L{prefix}/lib", "-lpaysession"]
    program = tmp_path / "paid"
    subprocess.run(["cc", REPOSITORY / "examples" / "c" / "paid.c", *flags, "-o", program], check=True)
    done = subprocess.run([program, "{}", "kustom:x"], capture_output=True, text=True, timeout=30,
                          env={**ENVIRONMENT, "LD_LIBRARY_PATH": str(prefix / "lib")})
    assert done.stdout.splitlines()[1].startswith("kustom:x: not_configured")
    assert {file.name for file in (prefix / "include").iterdir()} == {
        "paysession.h", "paysession-ffi.h", "paysession.schema.json"}


def test_pkg_config_goes_along_when_it_is_moved(prefix: Path) -> None:
    directory = prefix / "lib" / "pkgconfig"
    assert pkg_config(directory, "--variable=prefix") == [str(prefix)]
    assert pkg_config(directory, "--define-variable=prefix=/elsewhere", "--cflags", "--libs") == [
        "-I/elsewhere/include", "-L/elsewhere/lib", "-lpaysession"]
    assert pkg_config(directory, "--print-requires-private") == []


def test_pkg_config_keeps_what_is_not_below_the_prefix(tmp_path: Path) -> None:
    install(tmp_path, "PREFIX=/opt/shop", "LIBDIR=/opt/shopping/lib64", "INCDIR=/opt/shop/include/pay")
    directory = tmp_path / "opt/shopping/lib64/pkgconfig"
    assert pkg_config(directory, "--cflags", "--libs") == [
        "-I/opt/shop/include/pay", "-L/opt/shopping/lib64", "-lpaysession"]
    assert "includedir=${prefix}/include/pay\n" in (directory / "paysession.pc").read_text("utf-8")


def test_pkg_config_of_the_build() -> None:
    assert pkg_config(REPOSITORY / "build/lib/pkgconfig", "--cflags", "--libs") == [
        f"-I{REPOSITORY}/Include", f"-L{REPOSITORY}/build/lib", "-lpaysession"]
