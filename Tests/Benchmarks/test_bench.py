# SPDX-License-Identifier: MIT
"""What is promised about cost. The machine may be noisy: the best of three tries counts."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bench  # noqa: E402


def test_loading_costs_at_most_115_percent_of_libcurl_and_jansson() -> None:
    build = HERE.parents[1] / "build" / "bench"
    assert any(bench.load_ratio(build, rounds=60) <= 1.15 for _ in range(3))
