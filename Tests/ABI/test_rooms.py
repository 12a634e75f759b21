# SPDX-License-Identifier: MIT
"""The rooms of Sources/PaySession, and the arrows between them: who may know whom, by the types that each declares
and mentions. And where each source file is tested."""

from __future__ import annotations

import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "Sources" / "PaySession"
TESTS = REPOSITORY / "Tests" / "PaySessionTests"

#: Each room may know those behind it.
ROOMS = ("Exports", "Transport", "Exchange", "Callbacks", "Judging", "Providers", "Values", "JSON", "Hash", "Platform")

#: The one arrow that points back, and where to: a provider's file is all there is of it, so it names how its callbacks
#: are signed and reads them, as it does its documents.
BACK = {("Providers", "Callbacks/CallbackTable"), ("Providers", "Callbacks/CallbackRequest"),
        ("Providers", "Callbacks/CallbackKeys")}

#: The only rooms that know these C libraries.
IMPORTS = {"CCurl": {"Transport"}, "CJansson": {"JSON"}, "CPaySession": {"Exports"}}

#: What a call needs on its way to libcurl and back: each may know those behind it. Not one of them knows who asks.
TRANSPORT = ("ClientList", "Batch", "Client", "CallDriver", "Loop", "Leftover", "Transfer", "ClientState", "Report",
             "LibcurlFacts", "Breakage", "Configuration", "Account", "Request", "Address")

#: Source files without a test file of their name, and what tests them.
ELSEWHERE = {
    "Exports/*": "Tests/Contract",
    "Callbacks/*": "Tests/Callbacks",
    "Hash/*": "Tests/Callbacks",
    "JSON/NamedText": "Tests/Callbacks",
    "Transport/CallbackCheck": "Tests/Callbacks",
    "Judging/Expectations": "Tests/PaySessionTests/VerdictTests.swift",
    "Judging/ProofFinding": "Tests/PaySessionTests/CasesTests.swift",
    "Judging/ProofTarget": "Tests/PaySessionTests/CallProofTests.swift",
    "Judging/ProviderDocument": "Tests/PaySessionTests/JudgementTests.swift",
    "Judging/Approval": "Tests/Faults/test_approval.py",
    "Transport/Merchant": "Tests/Faults/test_approval.py",
    "Values/Proof": "Tests/PaySessionTests/CasesTests.swift",
    "Judging/Answer": "Tests/PaySessionTests/CasesTests.swift",
    "Judging/Settings": "Tests/PaySessionTests/ConfigurationTests.swift",
    "Exchange/Response": "Tests/PaySessionTests/CallTests.swift",
    "Values/Session": "Tests/PaySessionTests/CasesTests.swift",
    "Values/Hold": "Tests/PaySessionTests/VerdictTests.swift",
    "Values/Library": "Tests/ABI/test_library.py",
    "Providers/IdentifierPart": "Tests/PaySessionTests/ReferenceTests.swift",
    "Providers/Catalogue": "Tests/ABI/test_providers.py",
    "Providers/*": "Tests/PaySessionTests/ProviderTests.swift",
    "JSON/Escape": "Tests/PaySessionTests/JSONTextTests.swift",
    "Platform/Allocation": "Tests/Proof/test_allocations.py",
    "Platform/ForkGate": "Tests/Faults/test_fork.py",
    "Platform/Mutex": "Tests/Faults/test_threads.py",
    "Platform/Sigpipe": "Tests/Faults/test_signals.py",
    "Transport/Account": "Tests/PaySessionTests/ConfigurationTests.swift",
    "Transport/Request": "Tests/PaySessionTests/ProviderTests.swift",
    "Transport/Batch": "Tests/Faults/test_batch.py",
    "Transport/CallDriver": "Tests/Faults/test_tokens.py",
    "Transport/Client": "Tests/Faults/test_retries.py",
    "Transport/ClientList": "Tests/Faults/test_shared.py",
    "Transport/ClientState": "Tests/Faults/test_cancel.py",
    "Transport/Leftover": "Tests/Faults/test_deadline.py",
    "Transport/LibcurlFacts": "Tests/Faults/test_report.py",
    "Transport/Loop": "Tests/Faults/test_descriptors.py",
    "Transport/ShareHandle": "Tests/Faults/test_threads.py",
    "Transport/Sockets": "Tests/Faults/test_fork.py",
    "Transport/Transfer": "Tests/Faults/test_http.py",
}


def code(text: str) -> str:
    """Without comments and texts, in which names are only words."""
    text = re.sub(r'"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//.*", "", text)


FILES = {str(file.relative_to(SOURCES).with_suffix("")): code(file.read_text("utf-8"))
         for file in sorted(SOURCES.rglob("*.swift"))}
DECLARED = {name: file for file, text in FILES.items() for name in re.findall(
    r"^(?:(?!private|fileprivate|extension)[@\w]+ )*(?:class|struct|enum|protocol|typealias) (\w+)", text, re.M)}


def room(file: str) -> str:
    return file.partition("/")[0]


def known_by(file: str) -> set[str]:
    """The files whose types it mentions."""
    words = set(re.findall(r"\b[A-Z]\w*", FILES[file]))
    return {DECLARED[word] for word in words & DECLARED.keys()} - {file}


def cycle(files: Iterable[str]) -> list[str]:
    """Files that know each other in a circle; none if there is no circle."""
    files = set(files)
    try:
        TopologicalSorter({file: known_by(file) & files for file in files}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_each_file_has_a_room() -> None:
    assert {room(file) for file in FILES} == set(ROOMS)
    assert len(DECLARED) > 80 and DECLARED["Call"] == "Exchange/Call" and DECLARED["Value"] == "JSON/Document"


@pytest.mark.parametrize("name", ROOMS)
def test_no_arrow_points_back(name: str) -> None:
    behind = set(ROOMS[ROOMS.index(name):])
    back = {(file, other) for file in FILES if room(file) == name for other in known_by(file)
            if room(other) not in behind and (name, other) not in BACK}
    assert back == set()


@pytest.mark.parametrize("name", ROOMS)
def test_no_files_of_a_room_know_each_other_in_a_circle(name: str) -> None:
    assert cycle(file for file in FILES if room(file) == name) == []


def test_the_way_of_a_call_has_one_direction() -> None:
    place = {f"Transport/{name}": number for number, name in enumerate(TRANSPORT)}
    back = {(file, other) for file in place for other in known_by(file) if place.get(other, len(place)) < place[file]}
    assert back == set()


def test_a_circle_is_found() -> None:
    """As it was once: each of them knew the others."""
    FILES["Transport/Loop"] += "\nprivate let client: Client"
    try:
        assert {"Transport/Client", "Transport/Loop"} <= set(cycle(FILES))
    finally:
        FILES["Transport/Loop"] = FILES["Transport/Loop"].removesuffix("\nprivate let client: Client")


def test_each_library_is_known_in_its_room() -> None:
    for library, rooms in IMPORTS.items():
        assert {room(file) for file, text in FILES.items() if re.search(rf"^import {library}$", text, re.M)} == rooms


def test_an_exchange_asks_no_clock_and_no_chance() -> None:
    """What it is told of them comes with the event."""
    for file, text in FILES.items():
        if room(file) == "Exchange":
            assert not re.search(r"\.now\b|cplatform_|randomSpan|Mutex|Atomic", text), file


def test_each_source_file_is_tested_somewhere() -> None:
    without = [file for file in FILES if not (TESTS / f"{file.rpartition('/')[2]}Tests.swift").exists()
               and not {file, f"{room(file)}/*"} & ELSEWHERE.keys()]
    assert without == []
    for file, test in ELSEWHERE.items():
        assert (REPOSITORY / test).exists(), test
        assert file.endswith("/*") or file in FILES, file
        assert not (TESTS / f"{file.rpartition('/')[2]}Tests.swift").exists(), f"{file} has a test file of its name"
