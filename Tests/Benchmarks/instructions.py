# SPDX-License-Identifier: MIT
"""What one session costs in instructions, as callgrind counts them: the same on every machine, where
times are not. The slope between two counts, so that start-up does not count.

    python instructions.py BUILD [--against LIBRARY] [--limit RATIO]

LIBRARY is another build of libpaysession.so.0: each figure is then a ratio as well, and with --limit
one above it is an error.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bench
from nginx import Nginx

#: Sessions in the two runs.
FEW, MANY = 200, 600
#: What a batch may cost over the same requests by bare libcurl and jansson: 1.151 in 0.1.0, and 2 % for the
#: rules that the field changed.
MOST_FOR_A_BATCH = 1.174
#: Loading the library and judging one document, over loading those two alone.
MOST_TO_LOAD = 1.07


def instructions(command: bench.Command, library: Path) -> int:
    """Of the whole process with that library."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not counted:
        raise SystemExit(f"{command[0]} failed with {done.returncode}\n{done.stderr[-2000:]}")
    return int(counted.group(1))


def slope(command: Callable[[int], bench.Command], library: Path) -> float:
    """Instructions for one session more."""
    few, many = (instructions(command(count), library) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def ours(program: str, build: Path, nginx: Nginx, library: Path) -> float:
    def command(count: int) -> bench.Command:
        return [str(build / program), *bench.batch(build, nginx, count)[1:]]

    return slope(command, library)


def shipped(build: Path) -> Path:
    return build.resolve().parent / "lib" / "libpaysession.so.0"


def batch_over_bare(build: Path, nginx: Nginx) -> float:
    bare = slope(lambda count: bench.bare_batch(build, nginx, count), shipped(build))
    found = ours("batch", build, nginx, shipped(build)) / bare
    print(f"{'a batch':26} {found:12.3f} times the instructions of libcurl and jansson (at most {MOST_FOR_A_BATCH})")
    return found


def load_over_bare(build: Path) -> float:
    offline, bare = (instructions([str(build / name)], shipped(build)) for name in ("offline", "bare"))
    found = offline / bare
    print(f"{'loading, and one document':26} {found:12.3f} times loading libcurl and jansson (at most {MOST_TO_LOAD})")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--against", type=Path, metavar="LIBRARY")
    parser.add_argument("--limit", type=float, metavar="RATIO")
    arguments = parser.parse_args()
    library = shipped(arguments.build)
    worst = 0.0
    with bench.server() as nginx:
        is_over = load_over_bare(arguments.build) > MOST_TO_LOAD
        is_over |= batch_over_bare(arguments.build, nginx) > MOST_FOR_A_BATCH
        for name, program in (("one call after the other", "calls"), ("a batch", "batch")):
            count = ours(program, arguments.build, nginx, library)
            line = f"{name:26} {count:12,.0f} instructions for a session"
            if arguments.against:
                before = ours(program, arguments.build, nginx, arguments.against)
                worst = max(worst, count / before)
                line += f", {before:,.0f} with the other library: {count / before:.3f}"
            print(line, flush=True)
    return int(is_over or bool(arguments.limit and worst > arguments.limit))


if __name__ == "__main__":
    sys.exit(main())
