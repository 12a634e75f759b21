# SPDX-License-Identifier: MIT
"""The lines of the README that read the proof of payment, as printed, in the shell, Python and PHP: with sessions of the
sandbox whose proof is good, and with such whose proof has been cancelled."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from compiling import REPOSITORY
from paysession_sandbox.testing import RunningSandbox

README = (REPOSITORY / "README.md").read_text("utf-8")
SECTION = re.search(r"^## What became of the money\n(.*?)^## ", README, flags=re.DOTALL | re.MULTILINE)
LIBRARY = REPOSITORY / "build" / "lib" / "libpaysession.so.0"


def printed(language: str) -> str:
    assert SECTION is not None
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", SECTION[1], flags=re.DOTALL | re.MULTILINE)
    return str(block)


Names = dict[str, str]


@pytest.fixture(params=[True, False], ids=["good", "over"])
def names(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Names:
    """What the lines name, and what comes of both."""
    proofs = [None, None] if request.param else ["CANCELLED", "AUTHORIZATION_VOIDED"]
    kustom = sandbox.create("kustom", status="finalized", amount=2000, currency="SEK", proof={"status": proofs[0]})
    dintero = sandbox.create("dintero", status="processed", amount=2000, reference="A-1001", proof={"status": proofs[1]})
    return {"ref": kustom["session"], "stored": dintero["session"],
            "transaction_id": dintero["proof"]["path"].rpartition("/")[2],
            "wanted": "ship ship" if request.param else "hold release"}


def run(command: list[str], sandbox: RunningSandbox) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={
        **os.environ, "PAYSESSION_CONFIG": str(sandbox.directory / "config.json"), "PAYSESSION_LIBRARY": str(LIBRARY),
        "PATH": f"{REPOSITORY / 'build' / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY / "bindings/python/src")})
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_the_shell(names: Names, sandbox: RunningSandbox) -> None:
    given = "".join(f"{name}={names[name]!r}\n" for name in ("ref", "stored", "transaction_id"))
    told = run(["bash", "-c", f"ship() {{ echo ship; }}\n{given}{printed('bash')}\n:"], sandbox)
    assert told == ("ship ship" if names["wanted"] == "ship ship" else "")


def test_python(names: Names, sandbox: RunningSandbox, tmp_path: Path) -> None:
    file = tmp_path / "shop.py"
    file.write_text(f"""
import paysession
reference, stored, transaction_id = {json.dumps([names[name] for name in ("ref", "stored", "transaction_id")])}
client = paysession.Client.from_file()
{printed("python")}
print(decision.next, other.next)
""")
    assert run([sys.executable, str(file)], sandbox) == names["wanted"]


def test_php(names: Names, sandbox: RunningSandbox, tmp_path: Path) -> None:
    file = tmp_path / "shop.php"
    file.write_text(f"""<?php
require '{REPOSITORY}/bindings/php/autoload.php';
use PaySession\\{{Client, Expect}};
[$reference, $stored, $transactionId] = {json.dumps([names[name] for name in ("ref", "stored", "transaction_id")])};
$pay = Client::fromArray(json_decode(file_get_contents(getenv('PAYSESSION_CONFIG')), true));
{printed("php")}
echo $decision->next->value, ' ', $other->next->value;
""")
    assert run(["php", str(file)], sandbox) == names["wanted"]
