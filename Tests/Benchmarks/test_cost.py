# SPDX-License-Identifier: MIT
"""What a call may cost over libcurl and jansson alone: the figures of cost.py, for the shortest documents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_session_costs_no_more_than_was_recorded() -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "Tests/Benchmarks/cost.py"), str(REPOSITORY / "build/bench"), "--quick"],
        capture_output=True, text=True, timeout=500)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2, done.stdout + done.stderr
