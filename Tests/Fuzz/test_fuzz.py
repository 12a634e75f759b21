# SPDX-License-Identifier: MIT
"""A short run of each fuzz target; `make fuzz` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent


def test_nothing_is_found_in_a_short_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run([sys.executable, str(HERE / "run"), "--seconds", "25", "--json", str(figures)],
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    for target in json.loads(figures.read_bytes())["figures"]:
        assert target["runs"] > 500, target
        assert target["edges"] > 300, target
        assert target["findings"] == []
