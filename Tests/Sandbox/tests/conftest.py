# SPDX-License-Identifier: MIT
"""A sandbox as it is at start, for each test, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import paysession


@pytest.fixture
def fresh(sandbox: Any) -> Any:
    sandbox.reset()
    return sandbox


@pytest.fixture
def client(fresh: Any) -> Iterator[paysession.Client]:
    with paysession.Client(fresh.config) as opened:
        yield opened
