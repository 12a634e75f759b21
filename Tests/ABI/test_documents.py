# SPDX-License-Identifier: MIT
"""What the documents show is what is there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("language", "file"), [("c", "examples/c/paid.c"), ("python", "examples/python/paid.py")])
def test_examples_are_quoted_as_they_are(language: str, file: str) -> None:
    (block,) = blocks(language)
    assert block in (REPOSITORY / file).read_text("utf-8")


def test_exactly_two_commands_set_it_up() -> None:
    assert [block.split("\n")[:-1] for block in blocks("sh")] == [["make demo", "make test"]]


def test_links_lead_somewhere() -> None:
    for document in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("bindings/*/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text("utf-8")):
            if not target.startswith("https://"):
                assert (document.parent / target).exists(), (document, target)


def test_schema_describes_itself_well() -> None:
    import jsonschema

    schema = json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("document", [
    "Include/paysession.h", "Sources/paysession-cli/paysession.1", "Sources/paysession-cli/words.c"])
def test_each_hold_of_the_schema_is_explained(document: str) -> None:
    schema = json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_text("utf-8"))
    text = (REPOSITORY / document).read_text("utf-8")
    holds = schema["$defs"]["session"]["properties"]["holds"]["items"]["enum"]
    assert len(holds) == 17
    assert [hold for hold in holds if not re.search(rf"\b{hold}\b", text)] == []


def test_providers_have_one_file_one_folder_and_one_row_each() -> None:
    listed = re.findall(r"\.(\w+)", (
        REPOSITORY / "Sources/PaySession/Providers/All.swift").read_text("utf-8").partition("[Provider]")[2])
    cases = {path.parent.parent.name for path in REPOSITORY.glob("Tests/Cases/*/*/case.json")}
    assert set(listed) == cases
    of_the_tool = (REPOSITORY / "Sources/paysession-cli/providers.h").read_text("utf-8")
    assert re.findall(r'"(\w+)"', of_the_tool) == listed
    for name in listed:
        assert (REPOSITORY / f"Sources/PaySession/Providers/{name.capitalize()}.swift").exists()
        assert f"| `{name}:" in README


@pytest.mark.parametrize("program", ["build/examples/paid"])
def test_the_c_example_does_what_it_says(program: str, sandbox) -> None:  # type: ignore[no-untyped-def]
    config = json.dumps(sandbox.config)

    def run(*references: str) -> tuple[int, list[str]]:
        done = subprocess.run([str(REPOSITORY / program), config, *references], timeout=30,
                              capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    code, lines = run("kustom:finalized", "ledyer:authorized")
    assert code == 0
    assert lines[1] == "kustom:finalized: ok, paid yes: ship"
    assert lines[3] == "ledyer:authorized: ok, paid yes: ship"
    assert json.loads(lines[0])["session"]["paid"] == "yes"
    code, lines = run("kustom:created")
    assert (code, lines[1]) == (1, "kustom:created: ok, paid no: do not ship")
    code, lines = run("dintero:T12345678/order/processed")
    assert (code, lines[1].rpartition(": ")[2]) == (1, "hold the order and look")
    code, lines = run("kustom:error-401")
    assert (code, lines[1]) == (1, "kustom:error-401: unauthorized, paid unknown: hold the order and look")
    assert subprocess.run([str(REPOSITORY / program), "{", "kustom:x"], capture_output=True).returncode == 2
