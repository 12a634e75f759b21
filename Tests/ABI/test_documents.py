# SPDX-License-Identifier: MIT
"""What the documents show is what is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from paysession_sandbox.testing import RunningSandbox

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")
#: What stands there of callbacks and of proofs is run by Tests/Examples.
PROGRAMS_OF = re.sub(r"^## What (?:comes to the shop|became of the money)\n.*?(?=^## )", "", README, flags=re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PROGRAMS_OF, flags=re.DOTALL | re.MULTILINE)


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
                assert (document.resolve().parent / target).exists(), (document, target)


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
    assert len(holds) == 28
    assert [hold for hold in holds if not re.search(rf"\b{hold}\b", text)] == []


PROGRAMS = {
    "C": [str(REPOSITORY / "build/examples/paid")],
    "Python": [sys.executable, str(REPOSITORY / "examples/python/paid.py")]}


@pytest.mark.slow
@pytest.mark.parametrize("language", PROGRAMS)
def test_the_example_does_what_it_says(language: str, sandbox: RunningSandbox, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> tuple[int, list[str], str]:
        done = subprocess.run([*PROGRAMS[language], *arguments], timeout=30, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY / "bindings/python/src")})
        return done.returncode, done.stdout.splitlines(), done.stderr

    config = sandbox.directory / "config.json"
    code, lines, complaint = run(config, "kustom:finalized", "ledyer:authorized")
    assert (code, complaint) == (0, "")
    assert lines[1] == "kustom:finalized: ok, paid yes: ship"
    assert lines[3] == "ledyer:authorized: ok, paid yes: ship"
    assert json.loads(lines[0])["session"]["paid"] == "yes"
    for reference, told in {
        "kustom:created": "ok, paid no: wait", "kustom:failed": "ok, paid no: release",
        "dintero:T12345678/order/processed": "ok, paid unknown: hold",
        "kustom:error-401": "unauthorized, paid unknown: hold",
    }.items():
        code, lines, complaint = run(config, "kustom:finalized", reference)
        assert (code, lines[3], complaint) == (1, f"{reference}: {told}", "")
    # A configuration is a file, and what is wrong in it is told by its place; no text of it is an argument.
    broken = tmp_path / "broken.json"
    broken.write_text('{\n"kustom": {"api_key": 5}}')
    code, lines, complaint = run(broken, "kustom:x")
    assert (code, lines) == (2, [])
    assert complaint.startswith(f"{broken}:2:") and complaint.count("\n") == 1
    assert run(json.dumps(sandbox.config), "kustom:x")[0] == 2
    code, lines, complaint = run(config)
    assert (code, lines, complaint.startswith("usage: ")) == (2, [], True)
