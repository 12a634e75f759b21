#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes Tests/PROOF.md: report.py [--take]

From the figures in Tests/Proof/figures, which are what the make targets printed. --take first brings them up to date
with what the targets left in build/proof, and measures what is quick itself: the faces, the interface and the second
build. It refuses where the sources are not what was committed, and figures that were measured on such sources.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Cases"))

import record  # noqa: E402
from cases import CASES, EXCHANGES  # noqa: E402
from mutants import MUTANTS  # noqa: E402
from rebuild import REPOSITORY, rebuilt  # noqa: E402
from record import Figures, Kept  # noqa: E402

FIGURES = Path(__file__).resolve().parent / "figures"
LEFT = REPOSITORY / "build" / "proof"
TARGET = REPOSITORY / "Tests" / "PROOF.md"

# What fuzzing found, by the name of libFuzzer's file, and the test that keeps it from coming back.
FOUND = {
    "crash-28b72bc95fdf75d47f321395a1b201db1d9a7f15":
        ("Tests/Faults/test_http.py", "test_a_folded_first_header_touches_no_memory_of_the_answer_before"),
}


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


def measured_faces() -> dict[str, Any]:
    source = (REPOSITORY / "Tests/Examples/test_faces.py").read_text("utf-8")
    # Swift's and Python's tests compare with the written answers; the others with what C answers.
    named = [name.replace("_", " ") for name in re.findall(r"^def test_the_(\w+)\(", source, re.M)]
    return {"cases": len(CASES), "exchanges": len(EXCHANGES), "faces": ["Swift", "C", "Python", *named],
            **tests("Tests/Examples/test_faces.py")}


def measured_abi() -> dict[str, Any]:
    releases = sorted(REPOSITORY.glob("Tests/ABI/releases/*"),
                      key=lambda path: [int(number) for number in path.name.split(".")])
    newest = json.loads((releases[-1] / "interface.json").read_bytes())
    return {"releases": [release.name for release in releases], "functions": len(newest["functions"]),
            "numbers": sum(map(len, newest["enums"].values())), **tests("Tests/ABI")}


def take() -> list[str]:
    """Measures, brings the figures up to date, and returns what was kept out of them."""
    if record.STARTED.endswith("-dirty") or record.git("rev-parse", "--is-shallow-repository") != "false":
        sys.exit(f"report: {record.STARTED}: figures are taken in a whole clone where everything is committed")
    LEFT.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(exist_ok=True)
    record.write(LEFT / "faces.json", measured_faces())
    record.write(LEFT / "abi.json", measured_abi())
    with tempfile.TemporaryDirectory() as directory:
        record.write(LEFT / "rebuild.json", [product._asdict() for product in rebuilt(Path(directory))])
    return record.take(LEFT, FIGURES, {"mutants": {mutant.about for mutant in MUTANTS}})


# ---- The page ------------------------------------------------------------------------------------

def table(heads: list[str], rows: Iterable[list[Any]]) -> str:
    def cell(value: Any) -> str:
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    lines = [heads, ["---"] * len(heads), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def filled(text: str) -> str:
    """Paragraphs and lists as lines of 120 at most; tables, heads and images as they are."""
    def wrapped(lines: str) -> str:
        return textwrap.fill(" ".join(lines.split()), 120, subsequent_indent="  " if lines.startswith("- ") else "",
                             break_long_words=False, break_on_hyphens=False)
    return "\n\n".join(
        block if block.startswith(("|", "#", "!")) else "\n".join(map(wrapped, re.split(r"\n(?=- )", block)))
        for block in text.strip().split("\n\n")) + "\n"


def words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def the_only(parts: dict[str, Figures]) -> Any:
    return parts[""].figures


def faces(parts: dict[str, Figures]) -> str:
    one = the_only(parts)
    return f"""{one["cases"]:,} documents and exchanges with their answers, {one["exchanges"]} of them whole exchanges
over HTTP, through {", ".join(one["faces"])}: {one["tests"]} tests, {one["failed"]} failed or were skipped. All give
the same answers byte for byte (without `exchange`), and each answer is valid against
`Include/paysession.schema.json`. Swift and Python have theirs compared in suites of their own, `swift test` and
`bindings/python/tests`."""


def attack(parts: dict[str, Figures]) -> str:
    one = the_only(parts)
    return f"""`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the value that
the provider documents for it, the amount can be read, and no hold applies. An oracle, written in Python from the
documents alone, judged {one["documents"]:,} made-up and mutated documents beside the library (seed {one["seed"]}):
**{counted(one["disagreements"], "disagreement")}**.{together(one)} How often each word came up:

{table(["", "documents"], [["results", words(one["by_result"])], ["status", words(one["by_status"])],
                           ["paid", words(one["by_paid"])], ["holds", words(one["by_hold"])],
                           *([["states of proofs", words(one["by_state"])]] if one.get("by_state") else [])])}"""


def together(one: dict[str, Any]) -> str:
    """Of the pairs, which figures older than them do not have."""
    return "" if "pairs" not in one else f""" {one["pairs"]:,} of them came with the resource that proves their payment, and were judged
together with it."""


def finding(name: str) -> str:
    if name not in FOUND:
        return f"**{name}, which no test keeps yet**"
    file, test = FOUND[name]
    return f"[{name}]({file.removeprefix('Tests/')}) (`{test}`)"


def fuzz(parts: dict[str, Figures]) -> str:
    rows = [each.figures for each in parts.values()]
    return f"""libFuzzer with AddressSanitizer and leak detection, {sum(row["cpu_seconds"] for row in rows):,} seconds
of processor time. Each run begins with the inputs that earlier ones left. `stream` covers response headers, token
answers and the whole HTTP stream, through a socket.

{table(["target", "executions", "edges", "inputs", "processor seconds", "findings"],
       [[row["target"], row["runs"], row["edges"], row["inputs"], row["cpu_seconds"],
         ", ".join(map(finding, row["findings"])) or "none"] for row in rows])}

What fuzzing found in earlier runs, and is fixed: libcurl 7.83 to 8.1.0 writes into freed memory when an HTTP/1 answer
begins with a folded line on a handle that had an answer before (curl issue 11101), first with an honest status line,
then with one that only claims HTTP/2. A review found that TLS made no difference. One test keeps all three from
coming back: {", ".join(map(finding, FOUND))}."""


def sanitize(parts: dict[str, Figures]) -> str:
    rows = the_only(parts).items()
    return f"""Valgrind's memcheck runs what is shipped, AddressSanitizer the Swift tests. ThreadSanitizer over
threads and forks is part of `Tests/Faults/test_threads.py`. Swift has no UndefinedBehaviorSanitizer on Linux.

{table(["tool", "what it ran", "errors", "bytes lost"],
       [[*name.split(", "), row["errors"], row.get("lost_bytes", "not looked at")] for name, row in rows])}"""


def crashes(parts: dict[str, Figures]) -> tuple[int, int]:
    """In this library, and in others."""
    counts: Counter[bool] = Counter()
    for row in the_only(parts).values():
        for library, count in row["crashes"].items():
            counts[library.startswith("libpaysession")] += count
    return counts[True], counts[False]


def allocations(parts: dict[str, Figures]) -> str:
    rows = the_only(parts).items()
    ours, others = crashes(parts)
    return f"""Each allocation of the process fails in turn, once, and from then on with all after it, each time in a
process of its own. That ended in {counted(ours, "crash", "crashes")} of this library and {others} of other libraries;
otherwise in the results that the table lists. "Still failing" counts the processes in which the next call failed too,
although there was memory again.

{table(["what ran", "allocations", "failures", "results", "still failing", "crashes"],
       [[name, row["allocations"], row["tried"], words(row["results"]), row["not_well"], words(row["crashes"])]
        for name, row in rows])}

Embedded Swift traps when it cannot make an object. So its objects come from a reserve of 256 KiB when malloc has
nothing left, and no new call begins when a quarter of it is used (`Platform/Allocation.swift`). Two cases remain: so
many calls under way at that moment that the reserve is too small for them, and a text of a document larger than the
reserve for which there was room a moment before. `get_first` is the first handshake of a process: if memory runs out
there, OpenSSL remembers for the rest of the process that it could not begin, which is why so many of its calls are
still failing."""


def abi(parts: dict[str, Figures]) -> str:
    one = the_only(parts)
    return f"""{one["functions"]} functions and {one["numbers"]} numbers are on record for
{", ".join(one["releases"])}: {one["tests"]} tests, {one["failed"]} failed or were skipped. A change that is no
addition fails `make test`, and a program of the first release runs with the library of today."""


def soak(parts: dict[str, Figures]) -> str:
    one = the_only(parts)
    level = [[what.replace("_kib", ", KiB"), *map(int, (one[what]["first"], one[what]["last"], one[what]["most"]))]
             for what in ("resident_kib", "allocated_kib", "descriptors", "threads")]
    return f"""{round(one["seconds"]):,} seconds: {one["calls"]:,} calls, {one["batched"]:,} sessions in batches,
{one["clients"]:,} clients opened and closed, {one["forks"]:,} forks. The first fifth is a warm-up; of what follows,
the table has the medians of the first and the last fifth, and the highest value:

{table(["", "first", "last", "highest"], level)}

![memory, descriptors and threads over time](Proof/figures/soak.png)"""


def rebuild(parts: dict[str, Figures]) -> str:
    return f"""Two builds in two folders, compared byte by byte. `make sbom` lists what is in them.

{table(["product", "bytes", "sha256", "second build"],
       [[row["name"], row["bytes"], f"`{row['sha256']}`",
         "the same" if row["sha256"] == row["sha256_elsewhere"] else f"**another: `{row['sha256_elsewhere']}`**"]
        for row in the_only(parts)])}"""


def is_caught(figures: Figures) -> bool:
    """A break that does not even compile shows nothing about the tests."""
    return figures.figures["caught_by"] not in (None, "the compiler")


def noticed_by(command: str | None) -> str:
    """The names of the tests in what mutants.py ran."""
    return " ".join(re.findall(r"test_\w+|attack|Contract", command or "")) or command or "**nothing**"


def untried(parts: dict[str, Figures]) -> list[str]:
    return [mutant.about for mutant in MUTANTS if mutant.about not in parts]


def mutants(parts: dict[str, Figures]) -> str:
    left = untried(parts)
    return f"""The library is broken on purpose, in one place at a time, built as it would ship, and must fail a test:
{len(parts)} breaks, {sum(map(is_caught, parts.values()))} noticed. The name of a break says what the library does
with it. `attack` is four seconds of the oracle, `Contract` the tests in `Tests/Contract`. Each break is listed with
its latest run; one alone is tried with `mutants.py --only`.

{table(["break", "file", "noticed by", "commit"],
       [[row["about"], row["file"].rpartition("/")[2], noticed_by(row["caught_by"]), each.commit]
        for each in parts.values() for row in [each.figures]])}

Not tried yet: {"; ".join(left) or "none"}."""


def libcurls(parts: dict[str, Figures]) -> str:
    rows = [each.figures for each in parts.values()]
    return f"""The fault tests inside other releases of Debian, each with its own libcurl. `Tests/Libcurls/known.py`
lists what is skipped, and why.

{table(["system", "libcurl", "TLS", "library", "passed", "failed", "skipped"],
       [[row["release"], row["libcurl"], row["tls"], row["library"], row["passed"], len(row["failed"]),
         len(row["skipped"])] for row in rows])}"""


class Section(NamedTuple):
    target: str
    title: str
    command: str
    body: Callable[[dict[str, Figures]], str]


SECTIONS = [
    Section("faces", "One suite, all faces", "python -m pytest Tests/Examples/test_faces.py", faces),
    Section("attack", "The safety property", "make attack", attack),
    Section("fuzz", "Fuzzing", "make fuzz", fuzz),
    Section("sanitize", "Wrong use of memory", "make sanitize", sanitize),
    Section("allocations", "No memory left", "make allocations", allocations),
    Section("abi", "The interface", "python -m pytest Tests/ABI", abi),
    Section("soak", "Soak", "make soak", soak),
    Section("rebuild", "The same bytes again", "make reproducible", rebuild),
    Section("mutants", "Broken on purpose", "make mutants", mutants),
    Section("libcurls", "Every libcurl", "make libcurls", libcurls),
]
# The section whose sources are those of the day on which the page is written.
BUILT = 1 + [section.target for section in SECTIONS].index("rebuild")


def days_and_commits(parts: dict[str, Figures]) -> tuple[str, str]:
    """Of the runs that the parts are from, and how many parts are from each."""
    runs = Counter((each.date, each.commit) for each in parts.values())
    days = sorted({day for day, _ in runs})
    commits = [f"{commit} ({count})" if len(runs) > 1 else commit
               for (_, commit), count in sorted(runs.items(), reverse=True)]
    return " to ".join(dict.fromkeys([days[0], days[-1]])), ", ".join(commits)


def changed(kept: Kept, target: str) -> int:
    """How many parts are of other sources than those of the second build, which is measured with the page."""
    now = kept["rebuild"][""].sources if kept.get("rebuild") else None
    return sum(now is None or each.sources != now for each in kept.get(target, {}).values())


def summary(kept: Kept) -> str:
    """Five lines; what no figures stand for is in the last."""
    def said(target: str, say: Callable[[dict[str, Figures]], str]) -> list[str]:
        return [say(kept[target])] if kept.get(target) else []

    def verdicts(parts: dict[str, Figures]) -> str:
        one = the_only(parts)
        return (f"an oracle written apart from it judged {one['documents']:,} made-up documents beside the library, "
                f"with {counted(one['disagreements'], 'disagreement')}")

    def exhausted(parts: dict[str, Figures]) -> str:
        ours, others = crashes(parts)
        return (f"{sum(row['allocations'] for row in the_only(parts).values()):,} allocations failed in turn, with "
                f"{counted(ours, 'crash', 'crashes')} in this library and {others} in libcurl and libnghttp2")

    def fuzzed(parts: dict[str, Figures]) -> str:
        rows = [each.figures for each in parts.values()]
        return (f"{sum(row['runs'] for row in rows):,} executions under libFuzzer and AddressSanitizer, "
                f"with {counted(sum(len(row['findings']) for row in rows), 'finding')}")

    def sanitized(parts: dict[str, Figures]) -> str:
        rows = the_only(parts).values()
        return (f"valgrind and AddressSanitizer found {counted(sum(row['errors'] for row in rows), 'error')} and "
                f"{counted(sum(row.get('lost_bytes', 0) for row in rows), 'lost byte')}")

    def rebuilt_as(parts: dict[str, Figures]) -> str:
        differ = sum(row["sha256"] != row["sha256_elsewhere"] for row in the_only(parts))
        return "a second build gives other bytes" if differ else "a second build gives the same bytes"

    def shared(parts: dict[str, Figures]) -> str:
        one = the_only(parts)
        return f"{one['cases']:,} cases through {len(one['faces'])} faces, {one['failed']} tests failed or were skipped"

    def with_libcurls(parts: dict[str, Figures]) -> str:
        return (f"the fault tests with the libcurl of {len(parts)} releases of Debian, "
                f"{sum(len(each.figures['failed']) for each in parts.values())} failed")

    def soaked(parts: dict[str, Figures]) -> str:
        one = the_only(parts)
        first, last = (int(one["resident_kib"][when]) for when in ("first", "last"))
        return f"{round(one['seconds']):,} seconds of mixed work with forks, from {first:,} to {last:,} KiB"

    def broken(parts: dict[str, Figures]) -> str:
        return f"{len(parts)} breaks on purpose, {sum(map(is_caught, parts.values()))} of them noticed"

    def interface(parts: dict[str, Figures]) -> str:
        return f"{the_only(parts)['tests']} tests of the interface, {the_only(parts)['failed']} failed or were skipped"

    tried = kept.get("mutants", {})
    unnoticed = [name for name, each in tried.items() if not is_caught(each)]
    others = [f"`{section.command}`" for section in SECTIONS if changed(kept, section.target)]
    missing = [f"`{section.command}`" for section in SECTIONS if not kept.get(section.target)]
    lines = {
        "Verdicts": [*said("faces", shared), *said("attack", verdicts)],
        "Hostile input": [*said("fuzz", fuzzed), *said("libcurls", with_libcurls)],
        "Memory": [*said("sanitize", sanitized), *said("allocations", exhausted), *said("soak", soaked)],
        "Tests and build": [*said("mutants", broken), *said("abi", interface), *said("rebuild", rebuilt_as)],
        "Not covered": [
            "no provider's live account was asked, all documents are made from what the providers publish",
            "the oracle shares no code with the library, but its authors are the library's",
            "all figures are of x86-64 Linux, and no public CI has a log of them",
            "libFuzzer and AddressSanitizer see full Swift, not the Embedded Swift that ships",
            "nothing here is a measure of time",
            *(f"the break “{name}” went unnoticed by the tests that it was given" for name in unnoticed),
            *([f"{len(untried(tried))} of {len(MUTANTS)} breaks are not tried yet"] if untried(tried) else []),
            *([f"measured on other sources than the build of section {BUILT}: {', '.join(others)}"] if others else []),
            *(f"{each} has no run of a clean commit" for each in missing)],
    }
    return "\n".join(f"- **{name}:** {'; '.join(each) or 'no figures'}." for name, each in lines.items())


def page(kept: Kept | None = None) -> str:
    kept = record.read_all(FIGURES) if kept is None else kept
    contents, sections = [], []
    for number, (target, title, command, body) in enumerate(SECTIONS, 1):
        parts = kept.get(target)
        anchor = re.sub(r"[^\w -]", "", f"{number}. {title}".lower()).replace(" ", "-")
        day, commit = days_and_commits(parts) if parts else ("-", "no run of a clean commit")
        others = changed(kept, target)
        sources = "-" if not parts else "the same" if not others else "others" if len(parts) == 1 else \
            f"others for {others:,} of {len(parts):,}"
        contents.append([f"[{number}. {title}](#{anchor})", f"`{command}`", day, commit, sources])
        text = body(parts) if parts else f"Nobody has run `{command}` on a clean commit yet."
        sections.append(f"## {number}. {title}\n\n{text}\n\n")
    return filled(f"""# What was tried

{summary(kept)}

Written by `make proof` from the figures in `Tests/Proof/figures`: of each command the latest run, on a clean commit
that this one builds on. The last column compares the folder `Sources` of that commit with what section {BUILT} has
built: where they differ, `git log COMMIT.. Sources` says how.

{table(["section", "command that measures it", "day", "commit", f"sources of section {BUILT}"], contents)}

{"".join(sections)}""")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--take", action="store_true")
    kept_out = take() if parser.parse_args().take else []
    for each in kept_out:
        print(f"report: not taken: {each}", file=sys.stderr)
    TARGET.write_text(page(), "utf-8")
    return 1 if kept_out else 0


if __name__ == "__main__":
    sys.exit(main())
