# SPDX-License-Identifier: MIT
"""What the library costs: whole processes against bare libcurl and jansson, in turn, as ratios.

    python bench.py BUILD

BUILD holds the compiled programs (bare, offline). The machine may be noisy: each pair runs back to back,
the ratio is taken of the medians, and both are printed with their spread.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path


def cpu_ms(program: Path) -> float:
    """User and system time of one whole run, as the kernel counts it."""
    pid = os.posix_spawn(str(program), [str(program)], os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{program} failed with {status}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def in_turn(ours: Path, bare: Path, rounds: int) -> tuple[list[float], list[float]]:
    for program in (ours, bare):  # warm the page cache
        cpu_ms(program)
    pairs = []
    for turn in range(rounds):
        # Neither always comes second.
        if turn % 2:
            b = cpu_ms(bare)
            pairs.append((cpu_ms(ours), b))
        else:
            a = cpu_ms(ours)
            pairs.append((a, cpu_ms(bare)))
    return [a for a, _ in pairs], [b for _, b in pairs]


def load_ratio(build: Path, rounds: int = 200) -> float:
    """Loading the library and one offline call, over loading libcurl and jansson alone."""
    ours, bare = in_turn(build / "offline", build / "bare", rounds)
    for name, times in (("libpaysession, one offline call", ours), ("libcurl and jansson alone", bare)):
        quartiles = statistics.quantiles(times, n=4)
        print(f"{name:34} cpu ms: median {quartiles[1]:.2f}, quartiles {quartiles[0]:.2f} to {quartiles[2]:.2f}")
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"{'load ratio':34} {ratio:.3f} (at most 1.15), {rounds} runs each, in turn")
    return ratio


if __name__ == "__main__":
    load_ratio(Path(sys.argv[1]))
