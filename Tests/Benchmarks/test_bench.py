# SPDX-License-Identifier: MIT
"""What is promised about cost, in instructions: a time cannot tell 1.15 from 1.25 on a busy machine."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bench  # noqa: E402
import instructions  # noqa: E402

BUILD = HERE.parents[1] / "build" / "bench"


def test_loading_costs_little_more_than_libcurl_and_jansson() -> None:
    assert instructions.load_over_bare(BUILD) <= instructions.MOST_TO_LOAD


def test_a_batch_costs_little_more_than_libcurl_and_jansson() -> None:
    with bench.server() as nginx:
        assert instructions.batch_over_bare(BUILD, nginx) <= instructions.MOST_FOR_A_BATCH


def test_a_batchs_memory_does_not_grow_with_its_references() -> None:
    with bench.server() as nginx:
        assert bench.batch_growth(BUILD, nginx) <= 1024
