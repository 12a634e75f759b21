# SPDX-License-Identifier: MIT
"""The README alone leads to a verdict on a session of the sandbox, by shell, C, Python and PHP."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from compiling import REPOSITORY
from paysession_sandbox.testing import RunningSandbox

README = (REPOSITORY / "README.md").read_text("utf-8")


def test_the_first_verdict_as_printed(sandbox: RunningSandbox, tmp_path: Path) -> None:
    section = README.partition("### Your first verdict\n")[2].partition("\n## ")[0]
    (lines,) = re.findall(r"^```bash\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    # Where `make sandbox` leaves its files, and where a program is made: a folder of this test's.
    lines = lines.replace("build/sandbox", str(sandbox.directory)).replace("build/my-paid", str(tmp_path / "paid"))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], cwd=REPOSITORY, capture_output=True,
                          text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    told = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert re.fullmatch(r"kustom:finalized +completed +yes +20\.00 SEK", told[1])
    assert "paid       unknown" in told and "not paid: status 3" in told
    assert told[-4:] == [
        "kustom:finalized: ok, paid yes: ship",
        "inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/completed: ok, paid yes: ship",
        "ledyer:authorized: ok, paid yes: ship",
        "kustom:finalized: ok: ship"]


def test_the_sandbox_leaves_its_files_where_the_readme_looks() -> None:
    (command,) = re.findall(r"^```console\n(.*?)\n```", README, flags=re.DOTALL | re.MULTILINE)
    planned = subprocess.run([*command.split()[:1], "-n", *command.split()[1:]], cwd=REPOSITORY, check=True,
                             capture_output=True, text=True, timeout=60).stdout
    assert command == "make sandbox" and "--directory build/sandbox" in planned
    assert "swift" not in planned
