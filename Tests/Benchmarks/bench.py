# SPDX-License-Identifier: MIT
"""What the library costs: whole processes against bare libcurl and jansson, in turn, as ratios.

    python bench.py BUILD

BUILD holds the compiled programs. The machine may be noisy: each pair runs back to back, the ratio is
taken of the medians, and both are printed with their spread. For people to look at; what is promised is
counted, see cost.py.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Faults"))

from nginx import Nginx, serving  # noqa: E402

Command = list[str]
#: Sessions in one batch.
SESSIONS = 20_000


def cpu_ms(command: Command) -> float:
    """User and system time of one whole run, as the kernel counts it."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} failed with {status}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def ratio(name: str, ours: tuple[str, Command], bare: tuple[str, Command], rounds: int) -> float:
    """The cpu time of ours over that of the other."""
    for _, command in (ours, bare):  # warm the page cache
        cpu_ms(command)
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        # Neither always comes second.
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            times[which].append(cpu_ms((ours, bare)[which][1]))
    for (label, _), taken in zip((ours, bare), times):
        low, median, high = statistics.quantiles(taken, n=4)
        print(f"{label:38} cpu ms: median {median:.2f}, quartiles {low:.2f} to {high:.2f}")
    result = statistics.median(times[0]) / statistics.median(times[1])
    print(f"{name:38} {result:.3f}, {rounds} runs each, in turn")
    return result


def load_ratio(build: Path, rounds: int = 200) -> float:
    """Loading the library and one offline call, over loading libcurl and jansson alone."""
    return ratio("load ratio", ("libpaysession, one offline call", [str(build / "offline")]),
                 ("libcurl and jansson alone", [str(build / "bare")]), rounds)


@contextmanager
def server() -> Iterator[Nginx]:
    """nginx on a processor of its own, where there are two: it would push what is measured off and out
    of the cache with every request."""
    processors = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="paysession-bench-") as directory:
        os.sched_setaffinity(0, processors[-1:])
        try:
            with serving(Path(directory)) as nginx:
                os.sched_setaffinity(0, processors[:-1] or processors)
                yield nginx
        finally:
            os.sched_setaffinity(0, processors)


def batch(build: Path, nginx: Nginx, count: int) -> Command:
    config = {key: value for key, value in nginx.config().items() if key in ("kustom", "ca_file")}
    return [str(build / "batch"), json.dumps(config), str(count)]


def bare_batch(build: Path, nginx: Nginx, count: int) -> Command:
    return [str(build / "bare_batch"), nginx.base + "/kustom", str(nginx.ca_file), str(count)]


def batch_ratio(build: Path, nginx: Nginx, rounds: int = 15) -> float:
    """A batch over TLS and HTTP/2, over a bare multi loop that sends the same requests."""
    return ratio("batch ratio", (f"batch of {SESSIONS:,}", batch(build, nginx, SESSIONS)),
                 ("libcurl multi and jansson alone", bare_batch(build, nginx, SESSIONS)), rounds)


if __name__ == "__main__":
    programs = Path(sys.argv[1])
    load_ratio(programs)
    with server() as running:
        batch_ratio(programs, running)
