# SPDX-License-Identifier: MIT
"""What a case need not write, and what its check must still see. (Swift's FillingTests are the same.)"""

from __future__ import annotations

import copy
import json
from typing import Any

import paysession
import pytest
from cases import DOCUMENTS, SCHEMA, filled

(SEED,) = (case for case in DOCUMENTS if case.name == "kustom/seed")

NULLABLE = {"type": ["string", "null"]}
#: An object that may be null, one that may not, and a list.
SMALL: dict[str, Any] = {
    "type": "object", "required": ["result", "session", "error"], "properties": {
        "result": {"enum": ["ok", "malformed"]},
        "session": {"anyOf": [{"$ref": "#/$defs/session"}, {"type": "null"}]},
        "error": {"anyOf": [{"$ref": "#/$defs/error"}, {"type": "null"}]},
        "report": {"type": "object", "properties": {}}},
    "$defs": {
        "session": {
            "type": "object", "required": ["id", "word", "customer", "identifiers", "items"],
            "properties": {
                "id": NULLABLE, "word": {"enum": ["one", None]},
                "customer": {"type": "object", "required": ["name"], "properties": {"name": NULLABLE}},
                "identifiers": {"type": "object", "additionalProperties": NULLABLE},
                "items": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/item"}}, {"type": "null"}]}}},
        "item": {"type": "object", "required": ["name", "count"],
                 "properties": {"name": NULLABLE, "count": {"type": ["integer", "null"]}}},
        "error": {"type": "object", "required": ["message", "retryable"],
                  "properties": {"message": {"type": "string"}, "retryable": {"type": "boolean"}}}}}


def fill(written: Any) -> Any:
    return filled(SMALL, written, identifiers=["order", "store"], unwritten={"error.message"})


def in_order(value: Any) -> str:
    return json.dumps(value)


def test_what_is_not_written_is_null() -> None:
    assert in_order(fill({"result": "ok", "session": {}})) == in_order(
        {"result": "ok", "session": {
            "id": None, "word": None, "customer": {"name": None},
            "identifiers": {"order": None, "store": None}, "items": None}, "error": None})


def test_what_is_written_stays_in_the_order_of_the_schema() -> None:
    assert in_order(fill({"session": {
        "items": [{}, {"count": 2}], "identifiers": {"store": "s"}, "customer": {"name": "N"},
        "word": "one", "id": "a"}, "result": "ok"})) == in_order(
        {"result": "ok", "session": {
            "id": "a", "word": "one", "customer": {"name": "N"},
            "identifiers": {"order": None, "store": "s"},
            "items": [{"name": None, "count": None}, {"name": None, "count": 2}]}, "error": None})


def test_free_words_are_left_out() -> None:
    assert in_order(fill({"result": "malformed", "error": {"retryable": True}})) == in_order(
        {"result": "malformed", "session": None, "error": {"retryable": True}})


@pytest.mark.parametrize(("written", "said"), [
    ({}, "result: missing, and no null in the schema"),
    ({"result": "malformed", "error": {}}, "error.retryable: missing, and no null in the schema"),
    ({"result": "ok", "session": None}, "session: null is not written"),
    ({"result": "ok", "session": {"items": [{"name": None}]}},
     "session.items[0].name: null is not written"),
    ({"result": "ok", "session": {"idd": "a"}}, "session: has idd, which the schema has not"),
    ({"result": "ok", "session": {"identifiers": {"shop": "s"}}},
     "session.identifiers: has shop, which the schema has not"),
])
def test_a_file_that_breaks_the_rule_is_refused(written: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        fill(written)
    assert str(caught.value) == said


# ---- What a check must see -----------------------------------------------------------------------


def the_librarys() -> dict[str, Any]:
    """The library's own answer to the seed, to be broken."""
    answer: dict[str, Any] = json.loads(paysession.normalize("kustom", SEED.body).json)
    del answer["raw"]
    return answer


def check(answer: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> None:
    raw = SEED.body.strip()
    SEED.check(json.dumps(answer, separators=(",", ":")).encode()[:-1] + b',"raw":' + raw + b"}", schema)


def test_the_librarys_answer_is_as_written() -> None:
    check(the_librarys())


@pytest.mark.parametrize("path", [
    "reference", "error", "exchange", "session.locale", "session.expectations",
    "session.customer.phone", "session.payment_method.type"])
def test_a_null_that_is_missing_is_seen(path: str) -> None:
    answer = the_librarys()
    *within, last = path.split(".")
    place = answer
    for key in within:
        place = place[key]
    assert place.pop(last) is None
    with pytest.raises(AssertionError, match=f'-.*"{last}": null'):
        check(answer)


@pytest.mark.parametrize(("key", "value"), [
    ("paid", "no"), ("locale", "sv-SE"), ("tax_minor", 400.0), ("tax_minor", None), ("final", 1),
    ("items", None), ("customer", None), ("more", None)])
def test_a_value_that_differs_is_seen(key: str, value: Any) -> None:
    answer = the_librarys()
    answer["session"][key] = value
    with pytest.raises(AssertionError, match=f'[+].*"{key}": '):
        check(answer)


def test_another_order_is_seen() -> None:
    answer = the_librarys()
    answer["session"]["locale"] = answer["session"].pop("locale")
    with pytest.raises(AssertionError, match='[+].*"locale": null'):
        check(answer)


@pytest.mark.parametrize("place", ["session", "item"])
def test_a_new_key_that_may_be_null_costs_no_case(place: str) -> None:
    """Written nowhere, it is wanted everywhere."""
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"][place]["properties"]["more"] = NULLABLE
    schema["$defs"][place]["required"].append("more")
    answer = the_librarys()
    with pytest.raises(AssertionError, match='-.*"more": null'):
        check(answer, schema)
    session = answer["session"]
    (session if place == "session" else session["items"][0])["more"] = None
    check(answer, schema)
