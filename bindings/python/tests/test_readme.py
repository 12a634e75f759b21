# SPDX-License-Identifier: MIT
"""The READMEs' Python runs as it is printed, and means to a type checker what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from paysession_sandbox.testing import RunningSandbox as Sandbox

import paysession

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCE = Path(paysession.__file__).resolve().parents[1]


def blocks(readme: str) -> list[str]:
    text = (REPOSITORY / readme).read_text("utf-8")
    # The lines of a callback and of the proof of payment are run by Tests/Examples, in each language.
    text = re.sub(r"^## What (?:comes to the shop|became of the money)\n.*?(?=^## )", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


# What each prints, on a machine that reaches the sandbox and no provider.
PRINTED = {
    "bindings/python/README.md": [
        r"read it again later: .+\n",
        r"the session endpoint of kustom answered HTTP 404 \(kustom:550e8400-.*\) .* look at it\n",
        r"(?:(?:kustom:finalized ship|kustom:active wait|A1 release)\n){3}",
        r"ship\nkustom:\w+ (ship|wait)\nkustom:\w+ (ship|wait)\n",
    ],
    "README.md": [r"\{.*\}\nkustom:finalized: ok, paid yes: ship\n"],
}


@pytest.mark.parametrize("readme", PRINTED)
def test_the_readme_runs_as_printed(readme: str, sandbox: Sandbox, tmp_path: Path) -> None:
    found = blocks(readme)
    assert len(found) == len(PRINTED[readme])
    for number, (block, printed) in enumerate(zip(found, PRINTED[readme])):
        program = tmp_path / f"program{number}.py"
        program.write_text(block)
        done = subprocess.run(
            [sys.executable, program, str(sandbox.directory / "config.json"), "kustom:finalized"], capture_output=True, text=True, timeout=60, cwd=tmp_path, env={
                **os.environ, "PYTHONPATH": str(SOURCE), "KUSTOM_API_KEY": "kco_test_0123456789",
                "PAYSESSION_CONFIG": str(sandbox.directory / "config.json"),
                # No provider is reached, whatever network there is.
                "https_proxy": "http://127.0.0.1:9", "no_proxy": "localhost"})
        assert (done.returncode, done.stderr) == (0, ""), block
        assert re.fullmatch(printed, done.stdout), done.stdout
        checked = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "mypy"), program],
            capture_output=True, text=True, timeout=120, cwd=tmp_path, env={**os.environ, "MYPYPATH": str(SOURCE)})
        assert checked.returncode == 0, checked.stdout
