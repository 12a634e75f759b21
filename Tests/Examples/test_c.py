# SPDX-License-Identifier: MIT
"""examples/c/reconcile.c: a batch in an event loop."""

from __future__ import annotations

import json
import subprocess

import pytest
from compiling import REPOSITORY
from sandbox.processes import started
from sandbox.testing import RunningSandbox

PROGRAM = REPOSITORY / "build" / "examples" / "reconcile"


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 3000])
def test_every_line_is_answered(sandbox: RunningSandbox, count: int) -> None:
    wanted = [reference for reference, entry in sandbox.references.items()
              if entry["result"] == "ok" and "moving" not in reference]
    lines = [wanted[number % len(wanted)] for number in range(count)]
    done = subprocess.run(
        [PROGRAM, json.dumps(sandbox.config)], input="".join(line + "\n" for line in lines),
        stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(answer["reference"] for answer in answers) == sorted(lines)
    for answer in answers:
        assert answer["result"] == "ok", answer
        assert answer["session"]["paid"] == sandbox.references[answer["reference"]]["paid"]


def test_answers_come_while_the_input_rests(sandbox: RunningSandbox) -> None:
    with started(
        [PROGRAM, json.dumps(sandbox.config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True) as process:
        assert process.stdin and process.stdout
        for reference in ("kustom:finalized", "ledyer:authorized"):
            process.stdin.write(reference + "\n")
            process.stdin.flush()
            # stdout is a pipe: stdio keeps the answer until there are more, or the end.
        process.stdin.close()
        assert len(process.stdout.readlines()) == 2
        assert process.wait(10) == 0
