# SPDX-License-Identifier: MIT
"""examples/c/reconcile.c: a batch in an event loop."""

from __future__ import annotations

import json
import selectors
import subprocess
from pathlib import Path

import pytest
from compiling import REPOSITORY
from paysession_sandbox.testing import RunningSandbox

PROGRAM = REPOSITORY / "build" / "examples" / "reconcile"
#: The longest line, with its end.
ROOM = 4096


def reconcile(sandbox: RunningSandbox, given: bytes, config: Path | None = None) -> tuple[int, list[str], str]:
    """Exit status, the references that were answered, in alphabetical order, and stderr."""
    done = subprocess.run([PROGRAM, config or sandbox.directory / "config.json"], input=given, capture_output=True,
                          timeout=60)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, sorted(str(answer["reference"]) for answer in answers), done.stderr.decode()


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 3000])
def test_every_line_is_answered(sandbox: RunningSandbox, count: int) -> None:
    wanted = [reference for reference, entry in sandbox.references.items()
              if entry["result"] == "ok" and "moving" not in reference]
    lines = [wanted[number % len(wanted)] for number in range(count)]
    done = subprocess.run(
        [PROGRAM, sandbox.directory / "config.json"], input="".join(line + "\n" for line in lines),
        stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(answer["reference"] for answer in answers) == sorted(lines)
    for answer in answers:
        assert answer["result"] == "ok", answer
        assert answer["session"]["paid"] == sandbox.references[answer["reference"]]["paid"]


def test_answers_come_while_the_input_rests(sandbox: RunningSandbox) -> None:
    with subprocess.Popen([PROGRAM, sandbox.directory / "config.json"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process, selectors.DefaultSelector() as selector:
        assert process.stdin and process.stdout
        selector.register(process.stdout, selectors.EVENT_READ)
        for reference in ("kustom:finalized", "ledyer:authorized"):
            process.stdin.write(reference.encode() + b"\n")
            process.stdin.flush()
            assert selector.select(10), "no answer while stdin is open"
            assert json.loads(process.stdout.readline())["reference"] == reference
        process.stdin.close()
        assert process.stdout.readlines() == []
        assert process.wait(10) == 0


@pytest.mark.parametrize("given", [
    b"kustom:finalized", b"kustom:finalized\r\n", b"kustom:finalized\r", b"\n\r\nkustom:finalized\n\n"])
def test_a_line_is_read_however_it_ends(sandbox: RunningSandbox, given: bytes) -> None:
    assert reconcile(sandbox, given) == (0, ["kustom:finalized"], "")


@pytest.mark.parametrize("length", [ROOM, ROOM + 1, 3 * ROOM - 1, 3 * ROOM, 10 * ROOM])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_that_is_too_long_is_refused(sandbox: RunningSandbox, length: int, end: bytes) -> None:
    """No part of it is asked for, and the lines around it are."""
    too_long = b"kustom:" + b"x" * (length - 7)
    begin, after = b"kustom:finalized\n", b"ledyer:authorized\n" if end else b""
    status, answered, complaint = reconcile(sandbox, begin + too_long + end + after)
    assert (status, complaint) == (1, "line 2: longer than 4,095 bytes\n")
    assert answered == ["kustom:finalized", "ledyer:authorized"][:2 if end else 1]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_longest_line_is_a_line(sandbox: RunningSandbox, end: bytes) -> None:
    """Whose reference is none, which is the library's to say."""
    longest = b"kustom:" + b"x" * (ROOM - 1 - 7)
    status, answered, complaint = reconcile(sandbox, b"kustom:finalized\n" + longest + end)
    assert (status, complaint, len(answered)) == (0, "", 2)


def test_what_is_behind_a_nul_is_not_cut_off(sandbox: RunningSandbox) -> None:
    status, answered, complaint = reconcile(sandbox, b"kustom:finalized\0not\nledyer:authorized\n")
    assert (status, answered) == (1, ["ledyer:authorized"])
    assert complaint == "line 1: a NUL is no part of a reference\n"


def test_no_credentials_on_the_command_line(sandbox: RunningSandbox) -> None:
    done = subprocess.run([PROGRAM, json.dumps(sandbox.config)], capture_output=True, text=True, timeout=30, input="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
