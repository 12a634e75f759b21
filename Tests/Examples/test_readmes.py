# SPDX-License-Identifier: MIT
"""What the examples' READMEs print for the shell runs as it is printed, in a folder where they lie."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from compiling import REPOSITORY
from paysession_sandbox.testing import RunningSandbox


def printed(example: str, directory: Path, sandbox: RunningSandbox) -> str:
    """Runs each line that the README of examples/NAME has, in a copy, and gives what they print."""
    here = directory / "examples" / example
    shutil.copytree(REPOSITORY / "examples" / example, here)
    (directory / "build").symlink_to(REPOSITORY / "build")
    shutil.copy(sandbox.directory / "config.json", here)
    (here / "references.txt").write_text("kustom:finalized\nkustom:created\nkustom:error-401\n")
    with sqlite3.connect(here / "orders.db") as database:
        database.execute("CREATE TABLE orders (ref TEXT, amount_minor INTEGER)")
        database.executemany("INSERT INTO orders VALUES (?, ?)", [("kustom:finalized", 2000), ("ledyer:authorized", 1)])
    database.close()
    blocks = re.findall(r"^```bash\n(.*?)^```", (here / "README.md").read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 2
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "PAYSESSION_CONFIG")}
    done = subprocess.run(["bash", "-e", "-c", "\n".join(blocks)], cwd=here, env=environment, text=True,
                          capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_the_bash_builtin(tmp_path: Path, sandbox: RunningSandbox) -> None:
    assert printed("bash", tmp_path, sandbox) == (
        "ship kustom:finalized\nhold kustom:created (1)\nhold kustom:error-401 (5)\n"
        "ship: one of ship, wait, release and hold\n")


@pytest.mark.slow
def test_the_sqlite_extension(tmp_path: Path, sandbox: RunningSandbox) -> None:
    rows = [line.split("|") for line in printed("sqlite", tmp_path, sandbox).splitlines()]
    assert [row[:3] for row in rows] == [["kustom:finalized", "completed", "yes"],
                                         ["ledyer:authorized", "completed", "unknown"]]
    assert [json.loads(row[3]) for row in rows] == [[], ["amount_mismatch"]]
