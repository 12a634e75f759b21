#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes Tests/PROOF.md: report.py [--take]

From the figures in Tests/Proof/figures, which are what the make targets printed. --take first takes
over what they left in build/proof, and measures what is quick itself: the faces, the interface and
the second build.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Cases"))

import record  # noqa: E402
from cases import CASES, EXCHANGES  # noqa: E402
from mutants import MUTANTS  # noqa: E402
from rebuild import REPOSITORY, rebuilt  # noqa: E402

FIGURES = Path(__file__).resolve().parent / "figures"
LEFT = REPOSITORY / "build" / "proof"
TARGET = REPOSITORY / "Tests" / "PROOF.md"


# ---- Figures -------------------------------------------------------------------------------------

def tests(*paths: str) -> dict[str, int]:
    """How many tests there are and how many of them did not pass."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log.xml"
        subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={log}", *paths],
                       cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=False)
        suite = next(iter(ElementTree.parse(log).getroot()))
        return {"tests": int(suite.attrib["tests"]), "failed": sum(
            int(suite.attrib[name]) for name in ("failures", "errors", "skipped"))}


def faces() -> dict[str, Any]:
    source = (REPOSITORY / "Tests/Examples/test_faces.py").read_text("utf-8")
    # Swift's and Python's tests compare with the written answers; the others with what C answers.
    named = ["Swift", "C", "Python"] + [name.replace("_", " ") for name in re.findall(r"^def test_the_(\w+)\(", source, re.M)]
    return {"cases": len(CASES), "exchanges": len(EXCHANGES), "faces": named, **tests("Tests/Examples/test_faces.py")}


def abi() -> dict[str, Any]:
    releases = sorted(REPOSITORY.glob("Tests/ABI/releases/*"),
                      key=lambda path: [int(number) for number in path.name.split(".")])
    newest = json.loads((releases[-1] / "interface.json").read_bytes())
    return {"releases": [release.name for release in releases], "functions": len(newest["functions"]),
            "numbers": sum(map(len, newest["enums"].values())), **tests("Tests/ABI")}


def take() -> None:
    FIGURES.mkdir(exist_ok=True)
    for file in [*LEFT.glob("*.json"), *LEFT.glob("*.png")]:
        shutil.copy(file, FIGURES)
    record.write(FIGURES / "faces.json", faces())
    record.write(FIGURES / "abi.json", abi())
    with tempfile.TemporaryDirectory() as directory:
        record.write(FIGURES / "rebuild.json", [product._asdict() for product in rebuilt(Path(directory))])


# ---- The page ------------------------------------------------------------------------------------

def table(heads: list[str], rows: list[list[Any]]) -> str:
    def cell(value: Any) -> str:
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    lines = [heads, ["---"] * len(heads), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def tests_of(command: str | None) -> str:
    """The names of the tests in what mutants.py ran."""
    return " ".join(re.findall(r"test_\w+|attack|Contract", command or "")) or command or "**nothing**"


def page() -> str:
    kept = {path.stem: json.loads(path.read_bytes()) for path in sorted(FIGURES.glob("*.json"))}

    def when(*names: str) -> str:
        return "; ".join(f"{kept[name]['date']}, {kept[name]['commit']}" for name in names)

    one = {name: told["figures"] for name, told in kept.items()}
    faces, abi, soak = (one[name] for name in ("faces", "abi", "soak"))
    attack_runs, fuzz_runs, mutant_runs = (
        [name for name in kept if name.startswith(what)] for what in ("attack", "fuzz", "mutants"))
    attack = {key: sum((Counter(one[name][key]) for name in attack_runs), Counter())
              for key in ("by_result", "by_status", "by_paid", "by_hold")}
    documents, disagreements = (
        sum(one[name][key] for name in attack_runs) for key in ("documents", "disagreements"))
    fuzzed = [(name, row) for name in fuzz_runs for row in one[name]]
    seconds = sum(row["cpu_seconds"] for _, row in fuzzed)
    # Of a break that was tried again, the last run counts; how the others ended is told beside. What
    # was a break of code that is gone is none any more.
    current = {mutant.about for mutant in MUTANTS}
    mutants = {row["about"]: row for name in mutant_runs for row in one[name] if row["about"] in current}
    runs = [(kept[name]["commit"], len(one[name]), sum(not row["caught_by"] for row in one[name]))
            for name in mutant_runs]
    level = [[what.replace("_kib", ", KiB"), *map(int, (soak[what]["first"], soak[what]["last"], soak[what]["most"]))]
             for what in ("resident_kib", "allocated_kib", "descriptors", "threads")]
    return f"""# What was tried

Written by `make proof` from the figures in `Tests/Proof/figures`; each section names the command that measures it, and the
day and the commit on which it did.

## 1. One suite, all faces

`python -m pytest Tests/Examples/test_faces.py` ({when("faces")}): {faces["cases"]} cases, {faces["exchanges"]} of them whole
exchanges over HTTP, through {", ".join(faces["faces"])}. {faces["tests"]} tests, {faces["failed"]} failed or skipped. The answers
are the same byte for byte (without `exchange`), and valid against `Include/paysession.schema.json`. Swift and Python have theirs
compared in their own suites, `swift test` and `bindings/python/tests`.

## 2. The safety property

`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the listed value, the amount can be read,
and no hold applies. `make attack` ({when(*attack_runs)}) had an oracle, written from the documents alone in another language, judge
{documents:,} made-up and mutated documents beside the library: **{disagreements} disagreements**.

{table(["told", ""], [["results", words(attack["by_result"])], ["status", words(attack["by_status"])],
                      ["paid", words(attack["by_paid"])], ["holds", words(attack["by_hold"])]])}
## 3. Fuzzing

`make fuzz` ({when(*fuzz_runs)}): libFuzzer with AddressSanitizer and leak detection, {seconds:,} seconds of processor time. `stream`
covers response headers, token answers and the whole HTTP stream, through a socket.

{table(["run", "target", "executions", "edges", "inputs", "processor s", "findings"],
       [[kept[name]["commit"], row["target"], row["runs"], row["edges"], row["inputs"], row["cpu_seconds"],
         ", ".join(row["findings"]) or "none"] for name, row in fuzzed])}
Found and mended: libcurl 7.83 to 8.1.0 writes into freed memory when an HTTP/1 answer begins with a folded line on a handle that
had an answer before (curl issue 11101), first with an honest status line, then with one that only claims HTTP/2. A review found
that TLS made no difference. `Tests/Faults/test_http.py` keeps all three.

## 4. Sanitizers, valgrind, and no memory

`make sanitize` ({when("sanitize")}); ThreadSanitizer over threads and forks is part of `Tests/Faults/test_threads.py`. Swift has no
UndefinedBehaviorSanitizer on Linux.

{table(["tool", "over", "errors", "lost bytes"],
       [[*name.split(", "), row["errors"], row.get("lost_bytes", "not looked at")] for name, row in one["sanitize"].items()])}
`make allocations` ({when("allocations")}) lets each allocation of the process fail in turn, once, and from then on with all after it,
each time in a process of its own. Every failure of ours became a result; the crashes are those of other libraries.

{table(["tried", "allocations", "failures", "results", "not well afterwards", "crashes"],
       [[name, row["allocations"], row["tried"], words(row["results"]), row["not_well"], words(row["crashes"])]
        for name, row in one["allocations"].items()])}
Embedded Swift traps when it cannot make an object. So its objects come from a reserve of 256 KiB when malloc has nothing left, and no
new call begins when a quarter of it is used (`Platform/Allocation.swift`). What remains: so many calls under way at that moment
that the reserve does not do, and a text of a document larger than the reserve for which there was room a moment before.
`get_first` is the first handshake of a process: there OpenSSL remembers for good that it could not begin.

## 5. The interface

`python -m pytest Tests/ABI` ({when("abi")}): {abi["functions"]} functions and {abi["numbers"]} numbers on record for
{", ".join(abi["releases"])}; {abi["tests"]} tests, {abi["failed"]} failed or skipped. A change that is no addition fails `make test`, and a
program of the first release runs with the library of today.

## 6. Soak

`make soak SECONDS={round(soak["seconds"])}` ({when("soak")}): {soak["calls"]:,} calls, {soak["batched"]:,} sessions in batches,
{soak["clients"]:,} clients opened and closed, {soak["forks"]:,} forks. Medians of the first and the last fifth after the warm-up:

{table(["", "first", "last", "most"], level)}
![memory, descriptors and threads over time](Proof/figures/soak.png)

## 7. The same bytes again

Two builds in two directories ({when("rebuild")}); `make sbom` lists what is in them.

{table(["product", "bytes", "sha256", "elsewhere"],
       [[row["name"], row["bytes"], f"`{row['sha256'][:16]}…`", "the same" if row["sha256"] == row["sha256_elsewhere"]
         else "**another**"] for row in one["rebuild"]])}
## 8. Broken on purpose

`make mutants` ({when(*mutant_runs)}): {len(mutants)} breaks. What survived a run was given a test, and tried again with
`mutants.py --only`.

{table(["run", "breaks", "caught", "survived"], [[name, count, count - left, left] for name, count, left in runs])}
{table(["break", "where", "caught by"],
       [[row["about"], row["file"].rpartition("/")[2], tests_of(row["caught_by"])] for row in mutants.values()])}
## 9. Every libcurl

`make libcurls` ({when("libcurls")}): the faults inside other releases of Debian, each with its own libcurl. What is skipped stands in
`Tests/Libcurls/known.py`, with its reason.

{table(["system", "libcurl", "TLS", "library", "passed", "failed", "skipped"],
       [[row["release"], row["libcurl"], row["tls"], row["library"], row["passed"], len(row["failed"]), len(row["skipped"])]
        for row in one["libcurls"]])}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--take", action="store_true")
    if parser.parse_args().take:
        take()
    TARGET.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
