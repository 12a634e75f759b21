# SPDX-License-Identifier: MIT
"""make demo: what a newcomer sees first."""

from __future__ import annotations

import re
import subprocess

from compiling import REPOSITORY
import pytest


@pytest.mark.slow
def test_shows_what_the_readme_says() -> None:
    done = subprocess.run([REPOSITORY / "examples/demo", REPOSITORY / "build"], check=True, text=True,
                          capture_output=True, timeout=120)
    assert done.stderr == ""
    (shown,) = re.findall(r"^```text\n(.*?)^```", (REPOSITORY / "README.md").read_text("utf-8"),
                          flags=re.DOTALL | re.MULTILINE)
    before, c, python, shell = re.split(r"^(?:== (?:C|Python): .*\n|(?=== Shell: ))", done.stdout,
                                        flags=re.MULTILINE)
    assert before == ""
    # The last thing that is seen: a table and one explanation.
    assert shell == shown
    assert c.rstrip("\n") == python.rstrip("\n")
    assert re.findall(r"^(\w+):.*: (.*)$", python, flags=re.MULTILINE) == [
        ("inbank", "ship"), ("kustom", "ship"), ("dintero", "hold"), ("ledyer", "ship")]


def test_leaves_the_shell_tool() -> None:
    """`make demo` makes it: the next section of the README uses it."""
    planned = subprocess.run(["make", "-n", "-W", "Include/paysession.h", "demo"], cwd=REPOSITORY,
                             check=True, text=True, capture_output=True, timeout=60).stdout
    assert "-o build/bin/paysession" in planned
