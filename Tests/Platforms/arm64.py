#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what is cross-built for arm64, in Debian 12 of arm64 under qemu: arm64.py

The system is a folder of build/platforms, made once by mmdebstrap. What runs it is registered in a user namespace
of its own: nothing global is touched. Needs root and Linux 6.7. Ends well if nothing failed; prints a table.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import checks
from checks import KEPT, REPOSITORY, Row, Table

# checks knows the way to these.
import machines
import systems
from paysession_sandbox.testing import running
from run import copied, counted

HERE = Path(__file__).resolve().parent
ARM64 = machines.MACHINES[1]
RELEASE = "bookworm"
ROOT = KEPT / "arm64"
PACKAGES = ["python3-venv", "libcurl4-openssl-dev", "libjansson4", "gcc", "libc6-dev", "nginx-light", "tinyproxy-bin",
            "openssl", "curl"]
MAKING_SECONDS, TESTING_SECONDS = 300, 900


def recipe() -> str:
    return systems.recipe(RELEASE) + " ".join(PACKAGES)


def made() -> None:
    """The system in ROOT; made first if it is not there whole, as it should be today."""
    stamp = ROOT / "made-of"
    if stamp.exists() and stamp.read_text() == recipe():
        return
    print(f"arm64: making Debian 12 in {ROOT.relative_to(REPOSITORY)}", flush=True)
    shutil.rmtree(ROOT, ignore_errors=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    log = KEPT / "arm64.making.log"
    systems.bootstrap(RELEASE, ROOT, PACKAGES, log, architecture=ARM64.debian, emulating=systems.EMULATING_ARM64)
    packages_of_python(log)
    # Whole by now, and not a moment before.
    stamp.write_text(recipe())


def packages_of_python(log: Path) -> None:
    """By this machine's pip, which is many times faster: it takes wheels of arm64."""
    there("python3", "-m", "venv", "--without-pip", "/venv", log=log, seconds=MAKING_SECONDS)
    (packages,) = (ROOT / "venv" / "lib").glob("python3.*/site-packages")
    with log.open("ab") as file:
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", str(packages),
             "--only-binary=:all:", "--implementation=cp",
             f"--python-version={packages.parent.name.removeprefix('python')}",
             *(f"--platform=manylinux{tag}_{ARM64.name}" for tag in ("2014", "_2_17", "_2_28", "_2_34")),
             *systems.requirements()], check=True, stdout=file, stderr=file, timeout=MAKING_SECONDS)


def there(*command: str, log: Path, seconds: float, environment: dict[str, str] | None = None) -> int:
    return systems.run(ROOT, *command, log=log, seconds=seconds, environment=environment, emulating=systems.EMULATING_ARM64)


def tested(row: Row, folder: str, *words: str) -> None:
    """What pytest says of tests in a folder of the repository there."""
    name = re.sub("[^a-z0-9]+", "-", row.what.lower())
    log, report = KEPT / f"arm64.{name}.log", ROOT / "repository" / "build" / "tests.xml"
    log.unlink(missing_ok=True)
    report.unlink(missing_ok=True)
    status = there("env", "-C", f"/repository/{folder}", "/venv/bin/python", "-m", "pytest", "-q", "-rfEs",
                   "--tb=short", "-p", "emulated", "--durations=20", "--junitxml=/repository/build/tests.xml", *words,
                   log=log, seconds=TESTING_SECONDS, environment={"PYTHONPATH": "/repository/Tests/Platforms"})
    told = log.relative_to(REPOSITORY)
    if report.exists():
        figures = counted(report)
        row.passed += figures["passed"]
        row.failed += [f"{name}: {told}" for name in figures["failed"]]
        row.skipped += [f"{name}: {reason}" for name, reason in figures["skipped"].items()]
    if status not in (0, 1):
        row.failed.append(f"pytest ended with {status}: {told}")


def runtime(row: Row, folder: Path) -> None:
    """What Embedded Swift gets wrong there, as Tests/ABI/test_runtime.py looks for it here: no case needs to notice."""
    objects = [*machines.swift_objects(ARM64), machines.Build(ARM64, "debian").folder / "bridge.o"]
    made = folder / "runtime"
    subprocess.run(
        [*ARM64.clang, "-std=c11", str(REPOSITORY / "Tests" / "ABI" / "runtime.c"), *map(str, objects),
         "-Wl,--gc-sections", *(f"-Wl,--wrap={name}" for name in ("posix_memalign", "free", "aligned_alloc")),
         "-lcurl", "-ljansson", "-lpthread", "-o", str(made)], check=True, timeout=checks.SECONDS)
    for what in ("texts", "sizes"):
        with row.one(what):
            done = checks.by_qemu(made, ROOT).run(what)
            assert (done.returncode, done.stdout) == (0, b""), (done.returncode, done.stdout)


def main() -> int:
    subprocess.run([REPOSITORY / "Tests" / "apt", "mmdebstrap", "qemu-user-static"], check=True)
    made()
    table = Table("arm64")
    with TemporaryDirectory() as name, running(Path(name) / "sandbox") as sandbox:
        with table.row("C: Embedded Swift's runtime") as row:
            runtime(row, Path(name))
        for kind in ("debian", "glibc"):
            # Copied first: a build may go on beside this.
            build = machines.Build(ARM64, kind)
            built = copied(ROOT, build.folder) / "build"
            shutil.copytree(build.folder / "bin", built / "bin")
            tool = checks.by_qemu(built / "bin" / "paysession", ROOT, built / "lib")
            with table.row(f"{kind}, tool: offline cases") as row:
                checks.documents(row, tool)
            with table.row(f"{kind}, tool: sandbox over TLS") as row:
                checks.sessions(row, checks.by_tool(tool), sandbox)
            with table.row(f"{kind}, tool: a stranger's certificate") as row:
                checks.strangers(row, tool, sandbox)
            with table.row(f"{kind}, Python: offline cases") as row:
                tested(row, "bindings/python", "tests/test_cases.py", "tests/test_offline.py")
    # With what was copied last, for any system.
    with table.row("glibc, Python: sandbox") as row:
        tested(row, "bindings/python", "tests/test_client_sandbox.py", "tests/test_asyncio.py")
    with table.row("glibc, faults: the quick part") as row:
        tested(row, ".", "-m", "not slow and not alone and not apart", "Tests/Faults")
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
