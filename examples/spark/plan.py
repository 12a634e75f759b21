# SPDX-License-Identifier: MIT
"""Who asks which provider, and how fast; by itself, the plan of a long run on paper.

    python plan.py --rows kustom=100000000 --rate kustom=200 --tasks 8 -- spark-submit ... reconcile.py ...

The command behind -- is a run of the job on this machine, over some 100,000 references that have no answers yet. It is
run twice, and the second time there is nothing left to ask for: the difference is what references cost.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path


@dataclass(frozen=True)
class Lane:
    """Of one provider: which tasks ask it, and in how many rounds.

    A reference belongs to one of `rate` slots by its hash, and the slots are dealt out to the tasks. A slot is one
    request a second: so all the tasks together send `rate`, none of them less than one, and all end at the same time.
    """

    provider: str
    rate: int
    first: int
    tasks: int
    rounds: int

    def rates(self) -> list[int]:
        """Requests a second of each task."""
        return [len(range(task, self.rate, self.tasks)) for task in range(self.tasks)]


def lanes(rows: Mapping[str, int], rates: Mapping[str, int], tasks: int, minutes: float) -> list[Lane]:
    """One for each provider in `rows`. Raises ValueError where there is no rate for it.

    :param tasks: how many run at the same time; each provider gets as many as its part of all the requests, and one at
        least.
    :param minutes: how long a round takes.
    """
    if unlimited := rows.keys() - rates.keys():
        raise ValueError(f"--rate: how many requests a second does {', '.join(sorted(unlimited))} allow?")
    made: list[Lane] = []
    for provider, count in sorted(rows.items()):
        rate = rates[provider]
        part = tasks * rate // sum(rates[name] for name in rows)
        made.append(Lane(provider, rate, first=sum(lane.tasks for lane in made), tasks=min(max(part, 1), rate),
                         rounds=ceil(count / (rate * minutes * 60))))
    return made


def pair(text: str) -> tuple[str, int]:
    """Of NAME=NUMBER, for argparse."""
    name, _, number = text.partition("=")
    if not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected NAME=NUMBER, a whole number from 1 on")
    return name, int(number)


@dataclass(frozen=True)
class Cost:
    """Of a run of the job: all the processes that it has started."""

    rows: int
    bytes: int
    seconds: float
    cpu_seconds: float
    worker_mib: int


def cost(command: list[str]) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    return Cost(said["rows"], sum(file.stat().st_size for file in Path(said["folder"]).glob("*.parquet")), seconds,
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said["worker_mib"])


def on_paper(lane: Lane, rows: int, minutes: float, cores: int) -> str:
    """What needs no measurement."""
    each, rates = ceil(rows / lane.rounds / lane.tasks), " or ".join(f"{rate:,}" for rate in sorted({*lane.rates()}))
    return f"""{lane.provider}: {rows:,} at {lane.rate:,} a second: {rows / lane.rate / 3600:,.1f} hours, \
in {lane.rounds:,} rounds of {minutes:g} minutes
  tasks: {lane.tasks}, of {rates} requests a second, and of {each:,} references in a round
  asked again where an executor of {cores} cores is killed: {min(cores, lane.tasks) * each:,} at most
  in one night of 8 hours: {ceil(rows / (8 * 3600)):,} a second would have to be allowed"""


def measured(made: list[Lane], rows: int, cores: int, asked: Cost, idle: Cost) -> str:
    """What the two runs have shown."""
    each = (asked.cpu_seconds - idle.cpu_seconds) / asked.rows
    tasks, files = sum(lane.tasks for lane in made), sum(lane.tasks * lane.rounds for lane in made)
    kept, rounds = asked.bytes / asked.rows * rows, max(lane.rounds for lane in made)
    busy, memory = sum(lane.rate for lane in made) * each, min(cores, tasks) * asked.worker_mib
    return f"""measured: {asked.rows:,} cost {each * 1e6:.0f} µs of cpu each, Java's included; \
a run without any {idle.seconds:.0f} s, and {idle.cpu_seconds:.0f} s of cpu
  executors of {cores} cores: {ceil(tasks / cores)}, with {memory:,} MiB for Python in each; cores busy: {busy:.2f}
  answers: {kept / 1e6:,.0f} MB, in {files:,} files of {kept / files / 1e3:,.0f} kB
  between the rounds: {(rounds - 1) * idle.seconds / 3600:,.1f} hours at most"""


def main() -> None:
    parser = argparse.ArgumentParser(description="The plan of a long run, on paper.")
    parser.add_argument("--rows", required=True, action="append", type=pair, metavar="NAME=NUMBER",
                        help="references of a provider that are to be asked for")
    parser.add_argument("--rate", required=True, action="append", type=pair, metavar="NAME=NUMBER",
                        help="requests that it allows in a second")
    parser.add_argument("--tasks", required=True, type=int, help="how many run at the same time")
    parser.add_argument("--minutes", type=float, default=30, help="of a round (30)")
    parser.add_argument("--cores", type=int, default=4, help="of an executor (4)")
    parser.add_argument("command", nargs="*", help="a run of the job, to measure what a reference costs")
    given = parser.parse_args()
    rows = dict(given.rows)
    try:
        made = lanes(rows, dict(given.rate), given.tasks, given.minutes)
    except ValueError as error:
        parser.error(str(error))
    for lane in made:
        print(on_paper(lane, rows[lane.provider], given.minutes, given.cores))
    if given.command:
        asked, idle = cost(given.command), cost(given.command)
        if idle.rows:
            sys.exit(f"no figures come of a run that leaves {idle.rows:,} references to be asked again")
        print(measured(made, sum(rows.values()), given.cores, asked, idle))


if __name__ == "__main__":
    main()
