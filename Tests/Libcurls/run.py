#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the faults with the libcurl of other releases of Debian: run.py [--json OUT] [RELEASE...]

Each release is a system in a folder of build/libcurls; two run at a time. The library is the one that
ships where it loads, and the same objects linked against that system where it does not; the shell
tool and the C example are built there. Ends well if nothing failed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import systems
from systems import KEPT, RELEASES, REPOSITORY

sys.path.insert(0, str(REPOSITORY / "Tests" / "Proof"))

import record  # noqa: E402

AT_A_TIME = 2
BUILDING_SECONDS, TESTING_SECONDS = 300, 2700
TESTS = ["Tests/Faults", "Tests/ABI/test_library.py", "Tests/ABI/test_documents.py"]

LOADS = "import ctypes; ctypes.CDLL('/repository/build/lib/libpaysession.so.0')"
REPORTS = """
import json, sys
sys.path += ["/repository/Tests/Faults", "/repository/bindings/python/src"]
from programs import Handle
print(json.dumps(Handle({}).report()["transport"]))
"""


def copied(root: Path, build: Path = REPOSITORY / "build") -> Path:
    """The sources as they are now, and the library that ships, or another build's, as /repository in that system."""
    there = root / "repository"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir()
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=REPOSITORY, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (REPOSITORY / name).exists():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, there / name)
    shutil.copytree(build / "lib", there / "build" / "lib", symlinks=True)
    return there


def linked_anew(root: Path, there: Path, log: Path) -> None:
    with log.open("ab") as file:
        subprocess.run(["make", "-s", "link", f"SYSROOT={root}", f"BUILD={there / 'build'}"], cwd=REPOSITORY,
                       check=True, stdout=file, stderr=file, timeout=BUILDING_SECONDS)


def counted(file: Path) -> dict[str, Any]:
    """What pytest says of each test, from its JUnit file."""
    cases = list(ElementTree.parse(file).iter("testcase"))
    failed, skipped = [], {}
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif (skip := case.find("skipped")) is not None:
            skipped[name] = skip.get("message", "")
    return {"passed": len(cases) - len(failed) - len(skipped), "failed": failed, "skipped": skipped}


def tried(release: str) -> dict[str, Any]:
    told: dict[str, Any] = {"release": RELEASES[release][0], "libcurl": None, "tls": None, "library": "as shipped",
                            "passed": 0, "failed": [], "skipped": {}, "seconds": 0, "problem": None}
    log = KEPT / f"{release}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    try:
        root = systems.made(release)
        there = copied(root)
        if systems.run(root, "python3", "-c", LOADS, log=log, seconds=60) != 0:
            told["library"] = "linked anew"
            linked_anew(root, there, log)
        # Tests write what they use by the shell tool and the example; the library is there already.
        if systems.run(root, "make", "-s", "-C", "/repository", "-o", "build", "-o", "deps", "cli", "examples",
                       log=log, seconds=BUILDING_SECONDS) != 0:
            raise RuntimeError("the shell tool cannot be built there")
        report = KEPT / f"{release}.transport.json"
        report.unlink(missing_ok=True)
        systems.run(root, "python3", "-c", REPORTS, log=report, seconds=60)
        transport = json.loads(report.read_bytes())
        told.update(libcurl=transport["libcurl"], tls=transport["tls"])
        start = time.monotonic()
        status = systems.run(
            root, "/venv/bin/python", "-m", "pytest", "-q", "-rfEs", "--tb=short", "-p", "known", "--junitxml=/repository/build/faults.xml",
            *(f"/repository/{test}" for test in TESTS), log=log, seconds=TESTING_SECONDS,
            environment={"PYTHONPATH": "/repository/Tests/Libcurls"})
        told["seconds"] = round(time.monotonic() - start)
        told.update(counted(there / "build" / "faults.xml"))
        if status == 124:
            told["problem"] = f"not done after {TESTING_SECONDS} seconds"
        elif status not in (0, 1):
            told["problem"] = f"pytest ended with {status}"
    except (Exception, SystemExit) as error:
        told["problem"] = f"{type(error).__name__}: {error}"
    print(f"libcurls: {told['release']} is done, see {log.relative_to(REPOSITORY)}", flush=True)
    return told


def table(figures: list[dict[str, Any]]) -> str:
    rows = [("system", "libcurl", "TLS", "library", "passed", "failed", "skipped", "seconds")]
    rows += [(one["release"], one["libcurl"] or "-", one["tls"] or "-", one["library"], str(one["passed"]),
              str(len(one["failed"])), str(len(one["skipped"])), str(one["seconds"])) for one in figures]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    for one in figures:
        lines += [f"{one['release']}: failed {name}" for name in one["failed"]]
        lines += [f"{one['release']}: {one['problem']}"] if one["problem"] else []
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help=", ".join(RELEASES))
    asked = parser.parse_args()
    if unknown := set(asked.releases) - set(RELEASES):
        parser.error(f"no such release: {', '.join(sorted(unknown))}")
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        figures = list(pool.map(tried, asked.releases or RELEASES))
    print(table(figures))
    if asked.json:
        record.write(asked.json, figures)
    return int(any(one["failed"] or one["problem"] or not one["passed"] for one in figures))


if __name__ == "__main__":
    sys.exit(main())
