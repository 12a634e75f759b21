# SPDX-License-Identifier: MIT
"""Every list of the providers is the library's own: in what is shipped, what is written, and what
tests them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from cases import CASES
from programs import REPOSITORY, listed
from paysession_sandbox.provider import Provider
from paysession_sandbox.providers import PROVIDERS

sys.path.insert(0, str(REPOSITORY / "Tests" / "Proof"))

import oracle  # noqa: E402

NAMES = [one["name"] for one in listed()]
TITLES = [one["title"] for one in listed()]
REFERENCES = [one["reference"] for one in listed()]
EACH = pytest.mark.parametrize("about", listed(), ids=NAMES)


def text(path: str) -> str:
    return (REPOSITORY / path).read_text("utf-8")


def words(listing: str) -> list[str]:
    """What a sentence lists: "a, b or c"."""
    return re.findall(r"\w+", re.sub(r"\b(and|or)\b", "", listing))


# ---- What is shipped and written -----------------------------------------------------------------

HEADER = re.sub(r"\n \* ?", "\n", text("Include/paysession.h"))


def test_the_header_has_each_reference() -> None:
    assert re.findall(r"^ +(\w+:[A-Z_]+(?:/[A-Z_]+)*)$", HEADER, re.M) == REFERENCES


def test_the_header_has_each_section_of_a_configuration() -> None:
    rows = re.findall(r"^  (\w+) +absent +(\{.*\n(?: {10,}.*\n)*)", HEADER, re.M)
    assert [name for name, _ in rows] == NAMES
    for (_, row), about in zip(rows, listed()):
        # What every provider, or every one of its kind, takes is said once, below the table.
        common = {"environment", "base_url", "auth_url"}
        for key in {*about["credentials"], *about["settings"]} - common:
            assert f'"{key}"' in row, (about["name"], key)
        for word in about["environments"]:
            assert f'"{word}"' in row, (about["name"], word)


@pytest.mark.parametrize(("document", "before", "wanted"), [
    ("Include/paysession.h", "payment providers", TITLES),
    ("Sources/paysession-cli/paysession.1", "a payment provider", TITLES)])
def test_a_sentence_names_each(document: str, before: str, wanted: list[str]) -> None:
    flat = re.sub(r"\s+(\* )?", " ", text(document))
    (found,) = re.findall(rf"{before} \(([^)]*)\)", flat)
    assert words(found) == wanted


def test_the_header_says_what_may_be_normalized() -> None:
    (found,) = re.findall(r"`provider` is ([^.]*)\.", HEADER)
    assert words(found) == NAMES


SCHEMA: dict[str, Any] = json.loads(text("Include/paysession.schema.json"))


def test_the_schema_has_each_name() -> None:
    assert SCHEMA["properties"]["provider"]["enum"] == [*NAMES, None]


@pytest.mark.parametrize("key", ["id", "status", "amount"])
def test_the_schema_says_where_it_is_read_from(key: str) -> None:
    """Of each provider."""
    said = SCHEMA["$defs"]["session"]["properties"][key]["description"]
    assert [name for name in NAMES if not re.search(rf"\b{name}\b", said)] == []


def test_the_schema_explains_each_identifier() -> None:
    said = SCHEMA["$defs"]["session"]["properties"]["identifiers"]["description"]
    found = {name: re.findall(r"(\w+) \(", keys) for name, keys in re.findall(
        rf"\b({'|'.join(NAMES)}) ((?:\w+ \([^)]*\)(?:, )?)+)", said)}
    written = {name: json.loads(text(f"Tests/Cases/{name}/identifiers.json")) for name in NAMES}
    assert found == {name: keys for name, keys in written.items() if keys}


def test_the_manual_of_the_tool_has_each_reference() -> None:
    found = re.findall(r"^\.BI (\w+:) ([A-Z_ /]+)$", text("Sources/paysession-cli/paysession.1"), re.M)
    assert [name + parts.replace(" ", "") for name, parts in found] == REFERENCES


def test_the_readme_has_a_row_for_each() -> None:
    found = re.findall(r"^\| (\w+) \| `(\w+:[A-Z_/]+)` \|", text("README.md"), re.M)
    assert found == list(zip(TITLES, REFERENCES))


# ---- What tests them ----------------------------------------------------------------------------


def test_the_sandbox_has_each() -> None:
    assert set(PROVIDERS) == set(NAMES)


def provided(about: dict[str, Any]) -> Provider:
    assert about["name"] in PROVIDERS, f"Tests/Sandbox/src/paysession_sandbox/providers has no {about['name']}.py"
    return PROVIDERS[about["name"]]


@EACH
def test_the_sandbox_takes_the_same_references_and_settings(about: dict[str, Any]) -> None:
    provider = provided(about)
    assert provider.name == about["name"]
    assert provider.path.count("*") == len(about["identifiers"]) == len(provider.within) + 1
    known = {*about["credentials"], *about["alternative_credentials"], *about["settings"]}
    whole, ready = provider.section("http://localhost", "s"), provider.ready("http://localhost", "s")
    assert set(about["credentials"]) <= set(whole) <= known
    assert set(ready) <= known
    assert set(provider.trust) <= known


def test_the_oracle_has_each() -> None:
    """In the same order, which tells the fuzzer's inputs apart."""
    assert list(oracle.PROVIDERS) == NAMES


@EACH
def test_the_sandbox_has_the_oracles_words(about: dict[str, Any]) -> None:
    told = {word: status for word, status, _ in provided(about).states}
    assert told == oracle.WORDS.get(about["name"], {})


@EACH
def test_there_are_cases_of_each(about: dict[str, Any]) -> None:
    mine = [case for case in CASES if case.provider == about["name"]]
    assert len(mine) >= 15
    assert f"{about['name']}/seed" in [case.name for case in mine]
    assert any(case.over_http for case in mine)


def test_there_are_no_cases_of_others() -> None:
    assert {case.provider for case in CASES} == set(NAMES)


# ---- The shell tool -----------------------------------------------------------------------------


def test_the_tool_has_each() -> None:
    """In its help, and where a provider is asked for."""
    tool = REPOSITORY / "build" / "bin" / "paysession"
    for about in listed():
        done = subprocess.run([tool, "normalize", about["name"], "-"], input=b"{}", capture_output=True,
                              timeout=30)
        assert b'"provider":"' + about["name"].encode() + b'"' in done.stdout
        done = subprocess.run([tool, "explain", "--provider", about["name"], "-"], input=b"{}",
                              capture_output=True, timeout=30)
        assert about["name"].encode() in done.stdout, done.stderr
