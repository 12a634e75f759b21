# SPDX-License-Identifier: MIT
"""What the library may cost, counted: instructions by callgrind, system calls by strace, memory by the kernel.
Counts are nearly the same on every machine and under every load, where times are not. For one session it
is the slope between two runs, so that start-up does not count. Ends with 1 if a bound does not hold.

    python cost.py BUILD [--against LIBRARY] [--limit RATIO]

LIBRARY is another build of libpaysession.so.0: the instructions are then a ratio as well, and with --limit
one above it is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bench
from nginx import Nginx

#: Sessions in the two runs.
FEW, MANY = 200, 600
#: Loading the library and judging one document, over loading libcurl and jansson alone, in instructions.
MOST_TO_LOAD = 1.07
#: Opening a shared client again, four providers and a file of certificates: ten times as many where its text is read anew.
MOST_TO_OPEN_AGAIN = 30_000
#: What a batch may cost over the same requests by bare libcurl and jansson: 1.151 in 0.1.0, and 2 % for the
#: rules that the field changed.
MOST_FOR_A_BATCH = 1.174
#: System calls for a session: 20 one after the other, 5.1 in a batch (4.7 by bare libcurl).
MOST_SYSTEM_CALLS, MOST_SYSTEM_CALLS_IN_A_BATCH = 20.5, 5.5
#: KiB more at the peak, for a hundred times as many references.
MOST_GROWTH = 1024
#: How long programs wait for each other decides a little of what they do; that only adds to it.
TRIES = 3

#: A program's count of something, with that build of the library.
Counter = Callable[[bench.Command, Path], int]


def counted(command: list[str], library: Path) -> str:
    """What the command says on stderr."""
    done = subprocess.run(command, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}\n{done.stderr[-2000:]}")
    return done.stderr


def instructions(command: bench.Command, library: Path) -> int:
    """Of the whole process."""
    told = counted(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], library)
    return int(re.findall(r"Collected : (\d+)", told)[0])


def system_calls(command: bench.Command, library: Path) -> int:
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as table:
        counted(["strace", "-f", "-c", "-o", table.name, *command], library)
        return int(re.findall(r"(\d+)(?:\s+\d+)?\s+total$", table.read(), flags=re.MULTILINE)[0])


def slope(counter: Counter, command: Callable[[int], bench.Command], library: Path) -> float:
    """Of one session more."""
    few, many = (counter(command(count), library) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def shipped(build: Path) -> Path:
    return build.resolve().parent / "lib" / "libpaysession.so.0"


class Bounds:
    """What was found so far, a line each."""

    def __init__(self) -> None:
        self.is_over = False

    def hold(self, name: str, count: Callable[[], float], most: float, unit: str) -> None:
        found = count()
        for _ in range(TRIES - 1):
            if found > most:
                found = min(found, count())
        over = "" if found <= most else "  OVER"
        self.is_over = self.is_over or bool(over)
        print(f"{name:26} {found:12,.3f} {unit} (at most {most:,}){over}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--against", type=Path, metavar="LIBRARY")
    parser.add_argument("--limit", type=float, metavar="RATIO")
    arguments = parser.parse_args()
    build: Path = arguments.build
    library = shipped(build)
    bounds = Bounds()

    def load() -> float:
        offline, bare = (instructions([str(build / name)], library) for name in ("offline", "bare"))
        return offline / bare

    bounds.hold("loading, and one document", load, MOST_TO_LOAD, "times loading libcurl and jansson")
    with bench.server() as nginx:
        shared = json.dumps(nginx.config(shared=True))
        bounds.hold("a shared client, again", lambda: slope(
            instructions, lambda count: [str(build / "open"), shared, str(count)], library),
                    MOST_TO_OPEN_AGAIN, "instructions to open and close it")

        def calls(count: int) -> bench.Command:
            return [str(build / "calls"), *bench.batch(build, nginx, count)[1:]]

        batch = partial(bench.batch, build, nginx)
        bare_batch = partial(bench.bare_batch, build, nginx)
        bounds.hold("a batch", lambda: slope(instructions, batch, library) / slope(instructions, bare_batch, library),
                    MOST_FOR_A_BATCH, "times the instructions of libcurl and jansson")
        bounds.hold("one call after the other", lambda: slope(system_calls, calls, library),
                    MOST_SYSTEM_CALLS, "system calls for a session")
        bounds.hold("a batch", lambda: slope(system_calls, batch, library),
                    MOST_SYSTEM_CALLS_IN_A_BATCH, "system calls for a session")
        bounds.hold("a batch", lambda: growth(build, nginx), MOST_GROWTH,
                    f"KiB more for {bench.SESSIONS * 10:,} references than for {bench.SESSIONS // 10:,}")
        for name, command in (("one call after the other", calls), ("a batch", batch)):
            against(bounds, name, command, library, arguments.against, arguments.limit)
    return int(bounds.is_over)


def growth(build: Path, nginx: Nginx) -> int:
    """How much more memory a hundred times as many references need, in KiB at the peak."""
    few, many = (int(subprocess.run(bench.batch(build, nginx, count), stdout=subprocess.PIPE, check=True).stdout)
                 for count in (bench.SESSIONS // 10, bench.SESSIONS * 10))
    return many - few


def against(bounds: Bounds, name: str, command: Callable[[int], bench.Command], library: Path,
            other: Path | None, limit: float | None) -> None:
    """The instructions for a session, and those with another build."""
    count = slope(instructions, command, library)
    print(f"{name:26} {count:12,.0f} instructions for a session", flush=True)
    if other:
        before = slope(instructions, command, other)
        print(f"{'':26} {before:12,.0f} with the other library")
        bounds.hold(name, lambda: count / before, limit or float("inf"), "of the other library's")


if __name__ == "__main__":
    sys.exit(main())
