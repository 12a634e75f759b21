# SPDX-License-Identifier: MIT
"""What the library may cost, counted: instructions by callgrind, system calls by strace, memory by the kernel.
Counts are nearly the same on every machine and under every load, where times are not. For one session it
is the slope between two runs, so that start-up does not count. Beside it stands what libcurl and jansson
cost for the same requests, in a program as cheap as a careful one can be. Ends with 1 if a bound does not hold.

    python cost.py BUILD [--quick] [--against LIBRARY] [--limit RATIO]

--quick counts the instructions of the shortest documents alone, as `make test` does. LIBRARY is another build of libpaysession.so.0: the instructions are then a ratio as well, and with --limit
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
from typing import Any

import bench
from nginx import Nginx

#: Sessions in the two runs, by what they are called: documents of 1, 4 and 64 KB.
COUNTS = {"full": (200, 600), "full4": (100, 400), "full64": (20, 80)}
#: What the library may cost of libcurl and jansson alone.
GOAL = 1.08
#: What was found with libcurl 7.88, by programs; and how much more is an error.
RECORDED = {
    # libcurl 7.83 to 8.1.0 wants a handle for each request by HTTP/1 (Quirks.remembersHeaders), which is
    # a tenth of such a call; with 8.14 it was 1.04.
    ("calls", "full"): 1.153, ("calls", "full4"): 0.985, ("calls", "full64"): 0.979,
    ("batch", "full"): 1.046, ("batch", "full4"): 1.040, ("batch", "full64"): 1.008,
}
MOST_OVER_RECORDED = 1.03
#: Loading the library and judging one document, over loading libcurl and jansson alone, in instructions.
MOST_TO_LOAD = 1.07
#: Opening a shared client again, four providers and a file of certificates: ten times as many where its text is read anew.
MOST_TO_OPEN_AGAIN = 30_000
#: System calls for a session of 1 KB: 12 one after the other, of which 4 look after SIGPIPE (17 by libcurl,
#: which looks after it as well), 4.1 to 4.4 in a batch (4.2 to 4.7).
MOST_SYSTEM_CALLS, MOST_SYSTEM_CALLS_IN_A_BATCH = 12.5, 5.0
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


def slope(counter: Counter, command: Callable[[int], bench.Command], library: Path, name: str = "full") -> float:
    """Of one session more."""
    few, many = COUNTS[name]
    return (counter(command(many), library) - counter(command(few), library)) / (many - few)


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
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--against", type=Path, metavar="LIBRARY")
    parser.add_argument("--limit", type=float, metavar="RATIO")
    arguments = parser.parse_args()
    build: Path = arguments.build
    library = shipped(build)
    bounds = Bounds()

    with bench.server() as nginx:
        ours = partial(bench.batch, build, nginx)
        bare = partial(bench.bare_batch, build, nginx)
        if not arguments.quick:
            alone(bounds, build, nginx, library)
        beside(bounds, build, ours, bare, library, ["full"] if arguments.quick else list(COUNTS))
        if not arguments.quick:
            for program in ("calls", "batch"):
                against(bounds, program, partial(command, build, program, ours, "full"), library,
                        arguments.against, arguments.limit)
    return int(bounds.is_over)


def command(build: Path, program: str, arguments: Callable[[int], bench.Command], name: str, count: int) -> bench.Command:
    return [str(build / program), *arguments(count)[1:], name]


def alone(bounds: Bounds, build: Path, nginx: Nginx, library: Path) -> None:
    def load() -> float:
        offline, bare = (instructions([str(build / name)], library) for name in ("offline", "bare"))
        return offline / bare

    bounds.hold("loading, and one document", load, MOST_TO_LOAD, "times loading libcurl and jansson")
    shared = json.dumps(nginx.config(shared=True))
    bounds.hold("a shared client, again", lambda: slope(
        instructions, lambda count: [str(build / "open"), shared, str(count)], library),
                MOST_TO_OPEN_AGAIN, "instructions to open and close it")
    bounds.hold("a batch", lambda: growth(build, nginx), MOST_GROWTH,
                f"KiB more for {bench.SESSIONS * 10:,} references than for {bench.SESSIONS // 10:,}")


def beside(bounds: Bounds, build: Path, ours: Callable[[int], bench.Command], bare: Callable[[int], bench.Command],
           library: Path, names: list[str]) -> None:
    """The table: one call after the other and a batch, by the length of a document."""
    most = {"calls": MOST_SYSTEM_CALLS, "batch": MOST_SYSTEM_CALLS_IN_A_BATCH}
    for name in names:
        for program in ("calls", "batch"):
            this = partial(command, build, program, ours, name)
            that = partial(command, build, f"bare_{program}", bare, name)

            def ratio(this: Any = this, that: Any = that, name: str = name) -> float:
                return slope(instructions, this, library, name) / slope(instructions, that, library, name)

            bounds.hold(f"{program} of {name}", ratio, round(RECORDED[program, name] * MOST_OVER_RECORDED, 3),
                        f"times the instructions of libcurl and jansson, the goal is {GOAL}")
            if len(names) > 1:
                told = {one: slope(system_calls, one, library, name) for one in (this, that)}
                if name == "full":
                    bounds.hold(f"{program} of {name}", lambda told=told, this=this: told[this],  # type: ignore[misc]
                                most[program], f"system calls for a session, {told[that]:.1f} by libcurl")
                else:
                    print(f"{program + ' of ' + name:26} {told[this]:12,.3f} system calls for a session, "
                          f"{told[that]:.1f} by libcurl", flush=True)


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
