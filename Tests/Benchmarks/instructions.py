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
from pathlib import Path

import bench
from nginx import Nginx

#: Sessions in the two runs.
FEW, MANY = 200, 600


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


def slope(program: str, build: Path, nginx: Nginx, library: Path) -> float:
    """Instructions for one session more."""
    few, many = (instructions([str(build / program), *bench.batch(build, nginx, count)[1:]], library)
                 for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--against", type=Path, metavar="LIBRARY")
    parser.add_argument("--limit", type=float, metavar="RATIO")
    arguments = parser.parse_args()
    ours = arguments.build.resolve().parent / "lib" / "libpaysession.so.0"
    worst = 0.0
    with bench.server() as nginx:
        for name, program in (("one call after the other", "calls"), ("a batch", "batch")):
            count = slope(program, arguments.build, nginx, ours)
            line = f"{name:26} {count:12,.0f} instructions for a session"
            if arguments.against:
                before = slope(program, arguments.build, nginx, arguments.against)
                worst = max(worst, count / before)
                line += f", {before:,.0f} with the other library: {count / before:.3f}"
            print(line, flush=True)
    return 1 if arguments.limit and worst > arguments.limit else 0


if __name__ == "__main__":
    sys.exit(main())
