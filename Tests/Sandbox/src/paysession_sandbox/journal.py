# SPDX-License-Identifier: MIT
"""What was asked of the providers, without a credential, a query or a body in it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any, Optional

#: The oldest entries make room.
KEPT = 10_000


@dataclass(frozen=True)
class Entry:
    number: int
    at: str
    method: str
    path: str
    #: `session`, `proof`, `token`, `create`, `action`, or `elsewhere`.
    kind: str
    provider: Optional[str]
    session: Optional[str]
    status: int
    ms: float
    #: What was scripted for it.
    scripted: Optional[str]
    http_version: str
    #: The scheme of an Authorization header, and nothing else of it.
    authorization: Optional[str]
    headers: list[str]
    user_agent: Optional[str]
    traceparent: Optional[str]

    def line(self) -> str:
        """For a terminal. Whatever a path holds, it is one line."""
        who = self.session or self.path
        note = f"  ({self.scripted})" if self.scripted else ""
        return printable(f"{self.at[11:19]} {self.method} {self.kind} {who} {self.status} {self.ms:.0f} ms{note}")

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter()
        self._number = 0

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.counts[f"{entry.provider} {entry.kind}" if entry.provider else entry.kind] += 1

    def last(self, count: int, *, after: int = 0, provider: Optional[str] = None,
             session: Optional[str] = None) -> list[Entry]:
        """The newest that were asked for, oldest first."""
        found = [entry for entry in self._entries if entry.number > after
                 and provider in (None, entry.provider) and session in (None, entry.session)]
        return found[-count:]

    def clear(self) -> None:
        self._entries.clear()
        self.counts.clear()


def printable(text: str) -> str:
    """Control characters, which a terminal would obey, as JSON writes them."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
