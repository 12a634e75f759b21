#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs Tests/Faults/c/soak.c for a while: soak.py --seconds N [--json OUT] [--plot PNG]

Mixed providers, faults, clients opened and closed, batches, forks, against an nginx of its own over
TLS, whose tokens are over after two seconds. Memory, descriptors and threads are looked at each
second; after the first fifth, in which connections and heaps come into being, they must stay level.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Faults"))

import nginx  # noqa: E402
import programs  # noqa: E402
import record  # noqa: E402

Row = dict[str, float]


def run(seconds: int) -> list[Row]:
    """One row a second. Raises if the program found anything wrong."""
    with tempfile.TemporaryDirectory(prefix="paysession-soak-") as name:
        with nginx.serving(Path(name), token_seconds=2) as server:
            config = server.write_config(Path(name), attempts=1, timeout_ms=5000)
            done = subprocess.run([str(programs.program("soak")), str(config), str(seconds)],
                                  capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode:
        raise AssertionError(f"soak ended with {done.returncode}: {done.stderr[-4000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def summary(rows: list[Row]) -> dict[str, Any]:
    """How each stood in the first and the last fifth after the warm-up, as medians."""
    level = rows[len(rows) // 5:]
    fifth = max(len(level) // 5, 1)
    told: dict[str, Any] = {"seconds": rows[-1]["seconds"], "rows": len(rows)}
    for what in ("calls", "batched", "clients", "forks"):
        told[what] = rows[-1][what]
    for what in ("resident_kib", "allocated_kib", "descriptors", "threads"):
        told[what] = {"first": statistics.median(row[what] for row in level[:fifth]),
                      "last": statistics.median(row[what] for row in level[-fifth:]),
                      "most": max(row[what] for row in level)}
    return told


def mistakes(told: dict[str, Any], room_kib: float = 1024) -> list[str]:
    found = []
    memory, allocated, descriptors, threads = (
        told[what] for what in ("resident_kib", "allocated_kib", "descriptors", "threads"))
    if memory["last"] > memory["first"] + room_kib:
        found.append(f"memory grows: {memory}")
    if allocated["last"] > allocated["first"] + room_kib:
        found.append(f"more and more is allocated: {allocated}")
    if descriptors["last"] > descriptors["first"] + 4:
        found.append(f"descriptors grow: {descriptors}")
    # The program's own five; libcurl has none for addresses that are numbers.
    if threads["most"] > 5:
        found.append(f"threads: {threads}")
    return found


def plot(rows: list[Row], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(4, 1, sharex=True, figsize=(9, 7), layout="constrained")
    for axis, (what, title, scale) in zip(axes, (("resident_kib", "resident, MiB", 1024),
                                                 ("allocated_kib", "allocated, MiB", 1024),
                                                 ("descriptors", "descriptors", 1), ("threads", "threads", 1))):
        axis.plot([row["seconds"] / 60 for row in rows], [row[what] / scale for row in rows], linewidth=0.8)
        axis.set_ylabel(title)
        axis.set_ylim(0, 1.15 * max(row[what] for row in rows) / scale)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("minutes")
    figure.savefig(file, dpi=90)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args()
    rows = run(chosen.seconds)
    told = summary(rows)
    print(json.dumps(told, indent=1))
    if chosen.json:
        record.write(chosen.json, told)
    if chosen.plot:
        plot(rows, chosen.plot)
    found = mistakes(told)
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
