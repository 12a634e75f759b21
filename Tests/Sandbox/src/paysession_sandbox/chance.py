# SPDX-License-Identifier: MIT
"""Identifiers and the time, new in each run; with a seed the same in every run."""

from __future__ import annotations

import random
import string
import uuid
from datetime import datetime, timedelta, timezone
from typing import Optional

#: What a clock of a seeded run shows first; from then on a second passes with each look.
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LETTERS = string.ascii_letters + string.digits


class Chance:
    def __init__(self, seed: Optional[int] = None) -> None:
        self._random = random.SystemRandom() if seed is None else random.Random(seed)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def text(self, length: int) -> str:
        """Letters and digits."""
        return "".join(self._random.choices(LETTERS, k=length))


class Clock:
    def __init__(self, seed: Optional[int] = None) -> None:
        self._shown = None if seed is None else START

    def now(self) -> datetime:
        if self._shown is None:
            return datetime.now(timezone.utc)
        shown = self._shown
        self._shown = shown + timedelta(seconds=1)
        return shown


def written(moment: datetime) -> str:
    """RFC 3339, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def derived(*names: str) -> str:
    """A UUID that belongs to these names, the same in each run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names)))
