# SPDX-License-Identifier: MIT
"""A short soak; `make soak` is the long one."""

from __future__ import annotations

import pytest
import soak

pytestmark = pytest.mark.apart


def test_a_short_soak_finds_nothing() -> None:
    """So short, the heap is still growing into its size; it is about all the rest."""
    told = soak.summary(soak.run(15))
    assert soak.mistakes(told, room_kib=4096) == []
    assert told["calls"] > 500 and told["batched"] > 100 and told["clients"] > 20 and told["forks"] > 5
