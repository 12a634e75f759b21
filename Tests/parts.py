# SPDX-License-Identifier: MIT
"""Runs the parts of `make check` or `make test`, each to its end whatever becomes of the others, and prints one
summary. What a part prints is in build/log; of one that failed the end is shown.

    python parts.py check|test
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOGS = REPOSITORY / "build" / "log"
CORES = len(os.sched_getaffinity(0))
PYTEST = [sys.executable, "-m", "pytest", "-q"]
SIDE_BY_SIDE = [*PYTEST, "-n", str(CORES), "--dist", "worksteal"]
LINES_SHOWN = 60


@dataclass(frozen=True)
class Part:
    name: str
    command: Sequence[str]
    folder: str = "."


LINT = Part("lint", ["make", "-s", "lint"])
SWIFT = Part("Swift", ["swift", "test", "--skip-build"])
BINDING = Part("Python binding", PYTEST, "bindings/python")
SHELL = Part("shell tool", ["bats", "Tests/CLI"])

# The parts of a stage run side by side, one stage after the other.
STAGES = {
    "check": [
        [LINT, SWIFT, Part("Python binding", [*PYTEST, "-m", "not slow"], "bindings/python")],
        [Part("library", [*SIDE_BY_SIDE, "-m", "not slow and not alone and not apart", "Tests"])],
    ],
    "test": [
        [SHELL, LINT, SWIFT, BINDING, Part("newer libcurl", ["Tests/Libcurls/newer", sys.executable])],
        [Part("library", [*SIDE_BY_SIDE, "-m", "not alone and not apart", "Tests"])],
        [Part("library, timed", [*PYTEST, "-m", "alone", "Tests"])],
    ],
}


@dataclass
class Outcome:
    part: Part
    status: int
    seconds: float
    output: str
    counts: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = counts(self.output)

    @property
    def is_well(self) -> bool:
        return self.status == 0

    def row(self) -> str:
        told = "  ".join(f"{self.counts[word]:5} {word}" if word in self.counts else " " * (6 + len(word))
                         for word in ("passed", "failed", "skipped"))
        verdict = "well" if self.is_well else f"FAILED with {self.status}"
        return f"{self.part.name:16}{told}  {self.seconds:6.0f} s  {verdict}"


def counts(output: str) -> dict[str, int]:
    """How many passed, failed and were skipped, as pytest, Swift Testing and bats say it; lint counts nothing."""
    told: dict[str, int] = {}
    for line in output.splitlines():
        if re.search(r"\b(passed|failed|skipped|errors?)\b.* in \d+\.\d+s", line):
            for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", line):
                word = "failed" if word == "error" else word
                told[word] = told.get(word, 0) + int(number)
        elif ran := re.search(r"Test run with (\d+) tests.* (?:passed|failed) after", line):
            told["passed"] = int(ran[1]) - told.get("failed", 0)
        elif re.match(r"✘ Test .* failed after", line):
            told["failed"] = told.get("failed", 0) + 1
        elif bats := re.match(r"(ok|not ok) \d+ .*?(# skip)?$", line):
            word = "skipped" if bats[2] else "passed" if bats[1] == "ok" else "failed"
            told[word] = told.get(word, 0) + 1
    return told


class Runner:
    def __init__(self) -> None:
        self.running: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()
        # A make above would have its say in the makes below.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def run(self, part: Part) -> Outcome:
        log = LOGS / f"{part.name.replace(' ', '-').replace(',', '')}.log"
        start = time.monotonic()
        with log.open("w", encoding="utf-8") as file:
            # In a group of its own: what it has started ends with it.
            process = subprocess.Popen(part.command, cwd=REPOSITORY / part.folder, stdin=subprocess.DEVNULL,
                                       stdout=file, stderr=subprocess.STDOUT, text=True, env=self.environment,
                                       start_new_session=True)
            with self.lock:
                self.running.add(process)
            status = process.wait()
            with self.lock:
                self.running.discard(process)
        outcome = Outcome(part, status, time.monotonic() - start, log.read_text("utf-8", errors="replace"))
        with self.lock:
            if not outcome.is_well:
                print(f"---- {part.name}: {shlex.join(part.command)}", *outcome.output.splitlines()[-LINES_SHOWN:],
                      f"---- all of it: {log.relative_to(REPOSITORY)}", sep="\n")
            print(outcome.row(), flush=True)
        return outcome

    def stop(self) -> None:
        with self.lock:
            for process in self.running:
                os.killpg(process.pid, signal.SIGTERM)


def main() -> int:
    stages = STAGES[sys.argv[1]]
    LOGS.mkdir(parents=True, exist_ok=True)
    runner = Runner()
    start = time.monotonic()
    outcomes: list[Outcome] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(CORES) as pool:
        try:
            for stage in stages:
                outcomes += pool.map(runner.run, stage)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            return 130
    print(f"\nmake {sys.argv[1]}, on {CORES} cores")
    for outcome in outcomes:
        print(outcome.row())
    for outcome in outcomes:
        for line in outcome.output.splitlines():
            if line.startswith("not marked slow: "):
                print(line)
    unwell = [outcome.part.name for outcome in outcomes if not outcome.is_well]
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    total = {word: sum(outcome.counts.get(word, 0) for outcome in outcomes) for word in ("passed", "failed", "skipped")}
    verdict = f"FAILED: {', '.join(unwell)}" if unwell else "all is well"
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped in {minutes} min {seconds} s: "
          f"{verdict}")
    return 1 if unwell else 0


if __name__ == "__main__":
    sys.exit(main())
