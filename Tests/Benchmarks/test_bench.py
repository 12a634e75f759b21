# SPDX-License-Identifier: MIT
"""What is promised about cost. The machine may be noisy: the best of some tries counts."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bench  # noqa: E402

BUILD = HERE.parents[1] / "build" / "bench"


def test_loading_costs_at_most_115_percent_of_libcurl_and_jansson() -> None:
    assert any(bench.load_ratio(BUILD, rounds=60) <= 1.15 for _ in range(3))


def test_a_batch_costs_at_most_115_percent_of_libcurl_and_jansson() -> None:
    with bench.server() as nginx:
        assert any(bench.batch_ratio(BUILD, nginx, rounds=5) <= 1.15 for _ in range(6))


def test_a_batchs_memory_does_not_grow_with_its_references() -> None:
    with bench.server() as nginx:
        assert bench.batch_growth(BUILD, nginx) <= 1024
