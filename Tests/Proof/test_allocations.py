# SPDX-License-Identifier: MIT
"""Some of the failures that `make allocations` tries all of."""

from __future__ import annotations

import allocations
import pytest

pytestmark = pytest.mark.slow


def test_no_memory_is_a_result_and_never_a_trap() -> None:
    told = allocations.fail_each(stride=37)
    assert allocations.mistakes(told) == []
    for name, row in told.items():
        assert row["results"]["out_of_memory"] > 0, name
    assert told["get"]["tried"] > 200 and told["normalize"]["tried"] > 100
