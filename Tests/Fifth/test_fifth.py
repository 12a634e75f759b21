# SPDX-License-Identifier: MIT
"""A fifth provider costs eight files, and none of them can be forgotten: `make fifth`, which this is,
prints what it found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.apart


def test_a_fifth_provider_takes_eight_files_and_none_can_be_forgotten() -> None:
    script = Path(__file__).with_name("fifth.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    print(done.stdout)
