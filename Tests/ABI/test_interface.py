# SPDX-License-Identifier: MIT
"""Whatever was linked against a release works with the library of today."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from interface import HEADER, LIBRARY, REPOSITORY, changes, interface
from paysession_sandbox.testing import RunningSandbox

RELEASES = sorted((Path(__file__).resolve().parent / "releases").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_only_additions_since(release: Path) -> None:
    assert changes(json.loads((release / "interface.json").read_bytes()),
                   interface(HEADER, LIBRARY)) == []


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_record_is_of_its_header(release: Path) -> None:
    record = json.loads((release / "interface.json").read_bytes())
    of_header = interface(release / "paysession.h")
    assert (record["functions"], record["enums"]) == (of_header["functions"], of_header["enums"])
    assert sorted(record["functions"]) == record["exports"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_program_of_that_release_runs(
    release: Path, sandbox: RunningSandbox, tmp_path: Path) -> None:
    """The example of then, compiled against its header, linked by the name of the interface, run today."""
    program = tmp_path / "paid"
    subprocess.run(
        ["cc", "-std=c99", "-Wall", "-Werror", f"-I{release}", str(release / "paid.c"),
         "-o", str(program), f"-L{LIBRARY.parent}", "-l:libpaysession.so.0",
         f"-Wl,-rpath,{LIBRARY.parent}"], check=True)
    done = subprocess.run([program, json.dumps(sandbox.config), "kustom:finalized"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.endswith("paid yes: ship\n")


def breaks() -> list[Any]:
    def removed(record: dict[str, Any]) -> None:
        del record["functions"]["session_get"]

    def other_type(record: dict[str, Any]) -> None:
        record["functions"]["session_batch_add"] = record["functions"]["session_batch_add"].replace(
            "uint64_t", "uint32_t")

    def other_number(record: dict[str, Any]) -> None:
        record["enums"]["session_paid"]["SESSION_PAID_YES"] = 2

    def not_exported(record: dict[str, Any]) -> None:
        record["exports"].remove("session_wait")

    return [removed, other_type, other_number, not_exported]


@pytest.mark.parametrize("change", breaks(), ids=lambda function: function.__name__)
def test_a_change_is_noticed(change: Any) -> None:
    """And an addition is none."""
    today = interface(HEADER, LIBRARY)
    changed = copy.deepcopy(today)
    changed["functions"]["session_new"] = "int session_new(void)"
    changed["enums"]["session_result"]["SESSION_NEW"] = 99
    assert changes(today, changed) == []
    change(changed)
    assert len(changes(today, changed)) == 1
