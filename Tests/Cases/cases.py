# SPDX-License-Identifier: MIT
"""The cases of this folder, for runners in Python: what came, how to ask, and the whole answer.

`answer.json` has only what is not null; README.md says how the rest comes from the schema.
"""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
SCHEMA: dict[str, Any] = json.loads(
    (HERE.parents[1] / "Include" / "paysession.schema.json").read_bytes())
#: Of an answer, but in no file: the response's own bytes, and free words.
UNWRITTEN = {"raw", "proof.raw", "error.message", "error.advice"}


class Case(NamedTuple):
    folder: Path
    about: dict[str, Any]

    @property
    def provider(self) -> str:
        return self.folder.parent.name

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.folder.name}"

    @property
    def over_http(self) -> bool:
        return "http_status" in self.about

    @property
    def body(self) -> bytes:
        return (self.folder / "response").read_bytes()

    @property
    def options(self) -> str | None:
        options = self.about.get("options")
        return None if options is None else json.dumps(options)

    @property
    def keywords(self) -> dict[str, Any]:
        """The options for Python. A document of a proof is its text: a fraction is none of the binding's numbers."""
        options = dict(self.about.get("options") or {})
        if "proof" in options:
            options["proof"] = {"document": json.dumps(options["proof"]["document"])}
        return options

    def wanted(self, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
        """The answer with every key; without those that no file has."""
        written = json.loads((self.folder / "answer.json").read_bytes())
        identifiers = json.loads((self.folder.parent / "identifiers.json").read_bytes())
        answer: dict[str, Any] = filled(
            schema, written, identifiers=identifiers,
            unwritten=UNWRITTEN | {"exchange"} if self.over_http else UNWRITTEN)
        if self.asks_for_proof:
            answer.setdefault("proof", None)
        return answer

    @property
    def asks_for_proof(self) -> bool:
        return "proof" in (self.about.get("options") or {})

    def check(self, answer: bytes, schema: dict[str, Any] = SCHEMA) -> None:
        """Fails unless the answer is as written: keys, their order, values, and the response in it."""
        told, wanted = json.loads(answer), self.wanted(schema)
        raw = told.pop("raw")
        # The proof's document is written once more in the options, and comes back as it stands there.
        if told.get("proof") is not None:
            assert told["proof"].pop("raw") == self.about["options"]["proof"]["document"]
        if self.over_http:
            assert told.pop("exchange") is not None, "there is no exchange"
        if wanted["error"] is not None:
            for word in ("message", "advice"):
                assert told["error"].pop(word), f"error.{word} is empty"
        # Text, for equal dicts can differ in their order, and 1 == 1.0 == True.
        right, came = (json.dumps(each, indent=1).splitlines() for each in (wanted, told))
        differing = "\n".join(
            difflib.unified_diff(right, came, "answer.json", "the answer", lineterm=""))
        assert not differing, f"{self.name}:\n{differing}"
        if told["result"] == "ok":
            body = self.body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
            behind = rb',"proof":.*\}' if self.asks_for_proof else rb"\}"
            assert re.search(rb'"raw":' + re.escape(body) + behind + rb"\Z", answer, re.DOTALL), "raw is not the response"
        else:
            assert raw is None, "raw without a session"


CASES = [Case(path.parent, json.loads(path.read_bytes()))
         for path in sorted(HERE.glob("*/*/case.json"))]
DOCUMENTS = [case for case in CASES if not case.over_http]
EXCHANGES = [case for case in CASES if case.over_http]


def filled(
    schema: dict[str, Any], written: Any, *, identifiers: list[str], unwritten: set[str],
) -> Any:
    """What is written, with null for all that the schema has besides, in the schema's order."""

    def fill(rule: dict[str, Any], value: Any, where: str) -> Any:
        rule, nullable = resolved(schema, rule)
        if value is MISSING:
            if nullable:
                return None
            # An object that is always there, all of whose members may be null.
            if rule.get("type") != "object":
                raise ValueError(f"{where}: missing, and no null in the schema")
            value = {}
        if value is None:
            raise ValueError(f"{where}: null is not written")
        if rule.get("type") == "array" and isinstance(value, list):
            return [fill(rule["items"], each, f"{where}[{at}]") for at, each in enumerate(value)]
        if rule.get("type") != "object" or not isinstance(value, dict):
            return value
        members = rule.get("properties")
        required = rule.get("required", [])
        if members is None:
            if where != "session.identifiers":
                raise ValueError(f"{where}: its keys stand nowhere")
            members, required = dict.fromkeys(identifiers, rule["additionalProperties"]), identifiers
        for key in value:
            if key not in members:
                raise ValueError(f"{where}: has {key}, which the schema has not")
        inside = {key: f"{where}.{key}" if where else key for key in members}
        return {key: fill(rule, value.get(key, MISSING), inside[key]) for key, rule in members.items()
                if inside[key] not in unwritten and (key in value or key in required)}

    return fill(schema, written, "")


MISSING = object()


def resolved(schema: dict[str, Any], rule: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The rule for what is not null, and whether null may stand there."""
    if "$ref" in rule:
        return resolved(schema, schema["$defs"][rule["$ref"].removeprefix("#/$defs/")])
    if "anyOf" in rule:
        others = [each for each in rule["anyOf"] if each != {"type": "null"}]
        assert len(others) == 1, "the schema has a choice of two"
        return resolved(schema, others[0])[0], len(others) < len(rule["anyOf"])
    if isinstance(rule.get("type"), list):
        (kind,) = (each for each in rule["type"] if each != "null")
        return {**rule, "type": kind}, "null" in rule["type"]
    return rule, None in rule.get("enum", [])
