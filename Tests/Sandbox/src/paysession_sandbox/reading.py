# SPDX-License-Identifier: MIT
"""Bodies of requests for a new session, read field by field: what is missing or is not what its provider
documents is named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Optional


#: More money than anybody owes, and more of a thing than anybody buys.
LARGEST = 10**12


class Unreadable(Exception):
    """A sentence: which field, and what was expected."""


class Body:
    def __init__(self, told: Mapping[str, Any], within: str = "") -> None:
        self._told = told
        self._within = within

    @classmethod
    def parsed(cls, text: bytes) -> Body:
        try:
            told = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise Unreadable("the body is not valid JSON") from None
        if not isinstance(told, dict):
            raise Unreadable("the body is not an object")
        try:
            json.dumps(told, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise Unreadable("the body has half of a surrogate pair in a text") from None
        return cls(told)

    def value(self, path: str) -> Any:
        """What stands there, by keys with points between them; None where nothing does."""
        here: Any = self._told
        for key in path.split("."):
            here = here.get(key) if isinstance(here, Mapping) else None
        return here

    def text(self, path: str) -> Optional[str]:
        found = self.value(path)
        if found is not None and not isinstance(found, str):
            raise self.unlike(path, "a text", found)
        return found

    def integer(self, path: str, default: Optional[int] = None, *, least: int = -LARGEST) -> int:
        found = self.value(path)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.unlike(path, "an integer", found)
        if not least <= found <= LARGEST:
            raise Unreadable(f"{self._within}{path}: expected {least} to {LARGEST}")
        return found

    def required(self, path: str) -> str:
        found = self.text(path)
        if found is None:
            raise self.unlike(path, "a text", found)
        return found

    def each(self, path: str) -> Iterator[Body]:
        found = self.value(path)
        if found is None:
            return
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.unlike(path, "a list of objects", found)
        for number, one in enumerate(found):
            yield Body(one, f"{self._within}{path}[{number}].")

    def unlike(self, path: str, expected: str, found: Any) -> Unreadable:
        got = "nothing" if found is None else type(found).__name__
        return Unreadable(f"{self._within}{path}: expected {expected}, got {got}")
