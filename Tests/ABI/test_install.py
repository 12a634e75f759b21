# SPDX-License-Identifier: MIT
"""make install puts a library where pkg-config, CMake, the compiler and the loader find it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PKG_CONFIG"))}


VERSION = (REPOSITORY / "VERSION").read_text("utf-8").strip()
#: What sudo leaves of a PATH: no Swift there.
OF_ROOT = {**ENVIRONMENT, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def make(*arguments: str, environment: dict[str, str] = OF_ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-s", "-C", str(REPOSITORY), *arguments], env=environment, text=True,
                          capture_output=True, timeout=60)


def install(stage: Path, *variables: str) -> None:
    done = make("install", f"DESTDIR={stage}", *variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


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
    (tmp_path / "config.json").write_text("{}")
    done = subprocess.run([program, tmp_path / "config.json", "kustom:x"], capture_output=True, text=True, timeout=30,
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


@pytest.mark.slow
def test_pkg_config_keeps_what_is_not_below_the_prefix(tmp_path: Path) -> None:
    install(tmp_path, "PREFIX=/opt/shop", "LIBDIR=/opt/shopping/lib64", "INCDIR=/opt/shop/include/pay")
    directory = tmp_path / "opt/shopping/lib64/pkgconfig"
    assert pkg_config(directory, "--cflags", "--libs") == [
        "-I/opt/shop/include/pay", "-L/opt/shopping/lib64", "-lpaysession"]
    assert "includedir=${prefix}/include/pay\n" in (directory / "paysession.pc").read_text("utf-8")


def test_pkg_config_of_the_build() -> None:
    assert pkg_config(REPOSITORY / "build/lib/pkgconfig", "--cflags", "--libs") == [
        f"-I{REPOSITORY}/Include", f"-L{REPOSITORY}/build/lib", "-lpaysession"]


# ---- CMake -----------------------------------------------------------------------------------------

PROJECT = """
cmake_minimum_required(VERSION 3.13)
project(shop C)
find_package(paysession {version} CONFIG REQUIRED)
add_executable(paid {source})
target_link_libraries(paid PRIVATE paysession::paysession)
message(STATUS "found ${{paysession_VERSION}}")
"""


def cmake(directory: Path, prefix: Path, version: str) -> subprocess.CompletedProcess[str]:
    directory.mkdir(exist_ok=True)
    (directory / "CMakeLists.txt").write_text(
        PROJECT.format(version=version, source=REPOSITORY / "examples" / "c" / "paid.c"))
    return subprocess.run(["cmake", "-S", directory, "-B", directory / "build", f"-DCMAKE_PREFIX_PATH={prefix}"],
                          env=ENVIRONMENT, text=True, capture_output=True, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("libraries", ["lib", "lib/x86_64-linux-gnu"])
def test_cmake_finds_it_where_it_was_moved(tmp_path: Path, libraries: str) -> None:
    install(tmp_path / "stage", "PREFIX=/opt/first", f"LIBDIR=/opt/first/{libraries}")
    prefix = tmp_path / "moved"
    os.rename(tmp_path / "stage/opt/first", prefix)
    done = cmake(tmp_path / "shop", prefix, "0.1")
    assert done.returncode == 0, done.stderr
    assert f"-- found {VERSION}\n" in done.stdout
    subprocess.run(["cmake", "--build", tmp_path / "shop/build"], check=True, capture_output=True, timeout=60)
    # CMake gives a program in its build folder a run path.
    done = subprocess.run([tmp_path / "shop/build/paid"], capture_output=True, text=True, timeout=30,
                          env=ENVIRONMENT)
    assert (done.returncode, done.stderr.startswith("usage: ")) == (2, True)
    needed = subprocess.run(["readelf", "-d", tmp_path / "shop/build/paid"], check=True, capture_output=True,
                            text=True).stdout
    assert "NEEDED)             Shared library: [libpaysession.so.0]" in needed


@pytest.mark.slow
@pytest.mark.parametrize(("version", "is_found"), [
    ("", True), (VERSION, True), (f"{VERSION} EXACT", True), ("0.0.1", True), ("0.0.1 EXACT", False),
    ("0.99", False), ("1", False)])
def test_cmake_takes_no_version_that_is_too_old(prefix: Path, tmp_path: Path, version: str, is_found: bool) -> None:
    assert (cmake(tmp_path / "shop", prefix, version).returncode == 0) is is_found


# ---- What else install does ------------------------------------------------------------------------

def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    variables = [f"DESTDIR={tmp_path}", "PREFIX=/usr", "LIBDIR=/usr/lib/x86_64-linux-gnu"]
    others = tmp_path / "usr/lib/x86_64-linux-gnu/.debug/libother.so.1.debug"
    others.parent.mkdir(parents=True)
    others.touch()
    for target in ("install", "install-debug"):
        assert make(target, *variables).returncode == 0
    assert len(files(tmp_path)) >= 14
    assert make("uninstall", *variables).returncode == 0
    assert files(tmp_path) == {str(others.relative_to(tmp_path))}
    assert [path for path in tmp_path.rglob("*paysession*")] == []
    others.unlink()
    assert make("uninstall", *variables).returncode == 0  # what is gone is no error
    assert not others.parent.exists()


def test_manual_and_completions_are_installed(prefix: Path) -> None:
    tool = REPOSITORY / "Sources/paysession-cli"
    place = {"1": "share/man/man1/{}",
             "bash": "share/bash-completion/completions/paysession",
             "zsh": "share/zsh/site-functions/_paysession",
             "fish": "share/fish/vendor_completions.d/paysession.fish"}
    found = [path for path in tool.iterdir() if path.suffix[1:] in place]
    assert {path.name for path in found} == {f"paysession.{end}" for end in place}
    place["5"] = "share/man/man5/{}"
    for path in [*found, REPOSITORY / "build/man/paysession-config.5"]:
        installed = prefix / place[path.suffix[1:]].format(path.name)
        assert installed.read_bytes() == path.read_bytes()
        assert installed.stat().st_mode & 0o777 == 0o644


@pytest.fixture
def ldconfig(tmp_path: Path) -> Path:
    """One that writes down that it was asked, and knows of no library."""
    program = tmp_path / "bin" / "ldconfig"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho \"ldconfig $*\" >> {tmp_path}/asked\n")
    program.chmod(0o755)
    return program


def test_the_loader_is_told(tmp_path: Path, ldconfig: Path) -> None:
    environment = {**OF_ROOT, "PATH": f"{ldconfig.parent}:{OF_ROOT['PATH']}"}
    done = make("install", f"PREFIX={tmp_path}/prefix", environment=environment)
    assert (tmp_path / "asked").read_text("utf-8") == "ldconfig \nldconfig -p\n"
    assert done.returncode == 0
    assert f"LD_LIBRARY_PATH={tmp_path}/prefix/lib" in done.stdout
    assert "ldconfig" in done.stdout
    (tmp_path / "asked").unlink()
    make("install", f"DESTDIR={tmp_path}/stage", environment=environment)
    assert not (tmp_path / "asked").exists()


def test_what_php_preloads_is_installed(prefix: Path) -> None:
    """The two files side by side, as a line of php.ini names them."""
    place = prefix / "share" / "paysession" / "php"
    assert sorted(file.name for file in place.iterdir()) == ["Native.php", "preload.php"]
    done = subprocess.run(["php", "-r", f"require '{place}/preload.php'; exit((int) !class_exists('PaySession\\Native', false));"],
                          timeout=30)
    assert done.returncode == 0


def test_what_is_not_built_is_not_installed(tmp_path: Path) -> None:
    done = make("install", f"BUILD={tmp_path}/none", f"DESTDIR={tmp_path}/stage")
    assert done.returncode != 0
    assert done.stdout == f"paysession: {tmp_path}/none/bin/paysession is missing: run make first\n"
    assert not (tmp_path / "stage").exists()


def test_the_sandbox_needs_no_swift_and_nothing_that_tests_need() -> None:
    done = make("-n", "-W", "Tests/Sandbox/requirements.txt", "sandbox", "PORT=9443", "ARGS=--token-seconds 5")
    assert done.returncode == 0
    assert "swift" not in done.stdout and "Tests/requirements.txt" not in done.stdout
    assert "--port 9443" in done.stdout and done.stdout.rstrip().endswith("--token-seconds 5")
    assert "--directory build/sandbox-9443" in done.stdout


# ---- Symbols ---------------------------------------------------------------------------------------

@pytest.mark.slow
def test_the_symbols_are_in_a_file_beside_it(prefix: Path, tmp_path: Path) -> None:
    """With it valgrind names our functions in what is not freed."""
    source = tmp_path / "leaks.c"
    source.write_text("#include <paysession.h>\n"
                      "int main(void) { static session_answer *answer;\n"
                      "  session_normalize(\"kustom\", \"{}\", 0, &answer); answer = 0; return 0; }\n")
    libraries = tmp_path / "lib"
    shutil.copytree(prefix / "lib", libraries, symlinks=True)
    subprocess.run(["cc", source, f"-I{prefix}/include", f"-L{libraries}", "-lpaysession", "-o", tmp_path / "leaks"],
                   check=True)

    def frames() -> list[str]:
        done = subprocess.run(["valgrind", "--leak-check=full", tmp_path / "leaks"], capture_output=True, text=True,
                              timeout=120, env={**ENVIRONMENT, "LD_LIBRARY_PATH": str(libraries)})
        return re.findall(r" by 0x[0-9A-F]+: (\S+) \(in .*/libpaysession\.so", done.stderr)

    before = frames()
    assert before and set(before) == {"???"}
    (libraries / ".debug").mkdir()
    shutil.copy(REPOSITORY / f"build/lib/libpaysession.so.{VERSION}.debug", libraries / ".debug")
    after = frames()
    assert len(after) == len(before)
    assert "???" not in after
    # As Swift spells them; `swift demangle` reads them.
    assert any("PaySession8allocate" in name for name in after), after
