# SPDX-License-Identifier: MIT
"""The cases of this folder, for runners in Python: a request that came to a shop, and the whole answer.

`answer.json` has only what is not null, as those of Tests/Cases; README.md says how a runner compares.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, NamedTuple

from cases import SCHEMA, UNWRITTEN, filled

HERE = Path(__file__).resolve().parent


class Callback(NamedTuple):
    folder: Path
    about: dict[str, Any]

    @property
    def provider(self) -> str:
        return self.folder.parent.name

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.folder.name}"

    @property
    def request(self) -> bytes:
        return (self.folder / "request.json").read_bytes()

    @property
    def body(self) -> bytes:
        return (self.folder / "body").read_bytes()

    @property
    def config(self) -> str:
        return json.dumps(self.about["config"])

    @property
    def options(self) -> str | None:
        options = self.about.get("options")
        return None if options is None else json.dumps(options)

    @property
    def wanted(self) -> dict[str, Any]:
        """The answer with every key; without those that no file has."""
        written = json.loads((self.folder / "answer.json").read_bytes())
        answer: dict[str, Any] = filled(SCHEMA, written, identifiers=[], unwritten=UNWRITTEN)
        answer.setdefault("callback", None)
        return answer

    def check(self, answer: bytes) -> None:
        """Fails unless the answer is as written: keys, their order, values."""
        told, wanted = json.loads(answer), self.wanted
        assert told.pop("raw") is None
        if wanted["error"] is not None:
            for word in ("message", "advice"):
                assert told["error"].pop(word), f"error.{word} is empty"
        right, came = (json.dumps(each, indent=1).splitlines() for each in (wanted, told))
        differing = "\n".join(difflib.unified_diff(right, came, "answer.json", "the answer", lineterm=""))
        assert not differing, f"{self.name}:\n{differing}"


CALLBACKS = [Callback(path.parent, json.loads(path.read_bytes())) for path in sorted(HERE.glob("*/*/case.json"))]
