#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks for wrong use of memory: sanitizers.py [--json OUT]

Valgrind's memcheck over what is shipped: the C example against an nginx over TLS, and every document
of Tests/Cases through the C interface. AddressSanitizer over the Swift tests, which go through the same
cases; without leaks, since they keep their documents on purpose. ThreadSanitizer, over threads and
forks, is in Tests/Faults, libFuzzer with AddressSanitizer in Tests/Fuzz. Swift has no
UndefinedBehaviorSanitizer on Linux: it traps where C is undefined.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = (str(Path(__file__).resolve().parents[1] / each) for each in ("Cases", "Faults"))

from cases import DOCUMENTS  # noqa: E402
import nginx  # noqa: E402
import programs  # noqa: E402
import record  # noqa: E402

REPOSITORY = programs.REPOSITORY


def memcheck(*command: object) -> dict[str, Any]:
    """Runs a program under valgrind: its output, memory errors, and bytes that nobody can free."""
    done = subprocess.run(
        ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99",
         *map(str, command)], capture_output=True, text=True, timeout=600)
    (errors,) = re.findall(r"ERROR SUMMARY: (\d+) errors", done.stderr)
    lost = re.findall(r"definitely lost: ([\d,]+) bytes", done.stderr)
    if int(errors):
        print(done.stderr[-6000:], file=sys.stderr)
    return {"status": done.returncode, "output": done.stdout, "errors": int(errors),
            "lost_bytes": int(lost[0].replace(",", "")) if lost else 0}


def example() -> dict[str, Any]:
    """build/examples/paid, one session of each provider; Dintero's is no proof of payment: status 1."""
    with tempfile.TemporaryDirectory(prefix="paysession-memcheck-") as name:
        with nginx.serving(Path(name)) as server:
            return memcheck(REPOSITORY / "build/examples/paid", str(server.write_config(Path(name))),
                            *(nginx.reference(provider, "s") for provider in nginx.PATHS))


def cases() -> dict[str, Any]:
    lines = [f"{case.provider}\t{case.options or ''}\t{case.folder / 'response'}\n"
             for case in DOCUMENTS]
    with tempfile.NamedTemporaryFile("w", suffix=".list") as listing:
        listing.write("".join(lines))
        listing.flush()
        told = memcheck(programs.program("cases"), listing.name)
    assert json.loads(told["output"])["documents"] == len(lines)
    return {**told, "documents": len(lines)}


def swift_tests() -> dict[str, Any]:
    build = REPOSITORY / "build" / "asan"
    common = ["--package-path", str(REPOSITORY), "--scratch-path", str(build), "--sanitize=address"]
    subprocess.run(["swift", "build", "--build-tests", *common], check=True, stdout=subprocess.DEVNULL)
    # A test asks for more memory than there is, and wants to be told so.
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=0"}
    done = subprocess.run(["swift", "test", "--skip-build", *common], capture_output=True, text=True,
                          timeout=1200, env=environment)
    told = done.stdout + done.stderr
    count = re.findall(r"Test run with (\d+) tests", told)
    errors = len(re.findall(r"ERROR: \w+Sanitizer", told))
    if done.returncode or errors:
        print(told[-6000:], file=sys.stderr)
    return {"status": done.returncode, "tests": int(count[-1]) if count else 0, "errors": errors}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    told = {"memcheck, C example": example(), "memcheck, cases": cases(),
            "AddressSanitizer, Swift tests": swift_tests()}
    for name, row in told.items():
        row.pop("output", None)
        print(f"{name:42} {row}")
    if chosen.json:
        record.write(chosen.json, told)
    good = all(not row["errors"] and row["status"] in (0, 1) and row.get("tests", 1) for row in told.values())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
