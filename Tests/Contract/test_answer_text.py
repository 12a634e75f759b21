# SPDX-License-Identifier: MIT
"""session_answer_text(): C takes one value out of an answer without a JSON parser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from ctypes import byref, c_void_p
from typing import Any

import pytest
from programs import interface, text

DOCUMENT = {
    "uuid": "5e3a", "status": "completed", "totalAmount": 300, "currency": "EUR",
    "customerDetails": {"firstName": "Åsa \"Ö\"\n", "lastName": None},
    "purchase": {"purchaseReference": "A-1"}, "a/b": {"m~n": [1.50, True, None, {"": "x"}]},
}


@pytest.fixture
def answer() -> Iterator[c_void_p]:
    given = c_void_p()
    interface().session_normalize(b"inbank", text(DOCUMENT), None, byref(given))
    yield given
    interface().session_answer_free(given)


def at(answer: Any, pointer: str) -> str | None:
    told: bytes | None = interface().session_answer_text(answer, pointer.encode())
    return None if told is None else told.decode()


@pytest.mark.parametrize(("pointer", "wanted"), [
    ("/result", "ok"), ("/provider", "inbank"), ("/decision", "ship"), ("/session/status", "completed"),
    ("/session/final", "true"), ("/session/amount/minor", "30000"), ("/session/amount/decimal", "300.00"),
    ("/session/customer/first_name", 'Åsa "Ö"\n'), ("/raw/totalAmount", "300"),
    ("/raw/a~1b/m~0n/0", "1.5"), ("/raw/a~1b/m~0n/1", "true"), ("/raw/a~1b/m~0n/3/", "x"),
])
def test_values(answer: c_void_p, pointer: str, wanted: str) -> None:
    assert at(answer, pointer) == wanted
    assert at(answer, pointer) == wanted


@pytest.mark.parametrize("pointer", [
    # null, nothing, objects and lists, no pointer.
    "/error", "/reference", "/session/customer/last_name", "/raw/a~1b/m~0n/2", "/nothing",
    "/session/nothing/at/all", "/raw/a~1b/m~0n/4", "/raw/a~1b/m~0n/00", "/raw/a~1b/m~0n/-", "",
    "/session", "/session/holds", "/session/holds/0", "session/status", "/session/status/",
    "/raw/a/b", "/raw/a~2b",
])
def test_nothing(answer: c_void_p, pointer: str) -> None:
    assert at(answer, pointer) is None


def test_without_an_answer_or_a_pointer(answer: c_void_p) -> None:
    assert interface().session_answer_text(None, b"/result") is None
    assert interface().session_answer_text(answer, None) is None
    assert interface().session_answer_text(answer, b"/\xff") is None


def test_of_a_failure() -> None:
    given = c_void_p()
    interface().session_normalize(b"klarna", b"{}", None, byref(given))
    told = json.loads(interface().session_answer_json(given, None))
    assert at(given, "/error/message") == told["error"]["message"]
    assert at(given, "/error/retryable") == "false"
    assert at(given, "/error/http_status") is None
    interface().session_answer_free(given)


def test_every_scalar_is_what_the_json_says(answer: c_void_p) -> None:
    whole = interface().session_answer_json(answer, None)

    def each(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, one in value.items():
                yield from each(one, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from each(one, f"{path}/{index}")
        else:
            yield path, value

    # Numbers as they are spelt.
    found = list(each(json.loads(whole, parse_float=str, parse_int=str), ""))
    assert len(found) > 30
    for path, value in found:
        wanted = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        assert at(answer, path) == wanted, path


def test_escapes_of_raw() -> None:
    given = c_void_p()
    document = rb'{"uuid":"a","status":"completed","k\u0065y":{"nul":"a\u0000b","pair":"\ud83d\ude00","half":"\ude00"}}'
    interface().session_normalize(b"inbank", document, None, byref(given))
    assert at(given, "/raw/key/pair") == "😀"
    assert at(given, "/raw/key/half") == "\ufffd"
    # C would see its first part.
    assert at(given, "/raw/key/nul") is None
    interface().session_answer_free(given)


def test_it_lives_as_long_as_the_answer() -> None:
    """Ten thousand questions give the same few texts, and those of before stay."""
    given = c_void_p()
    interface().session_normalize(b"inbank", text(DOCUMENT), None, byref(given))
    library = interface()
    place = type(library)(library._name).session_answer_text
    place.restype, place.argtypes = c_void_p, (c_void_p, c_void_p)
    first = {place(given, b"/session/status\0"), place(given, b"/session/id\0")}
    for _ in range(10_000):
        first |= {place(given, b"/session/status\0"), place(given, b"/session/id\0")}
    assert len(first) == 2
    library.session_answer_free(given)


def test_one_answer_may_be_two_threads_business_by_mistake() -> None:
    """Answers that are made once, for when memory has run out, are several threads' anyway."""
    given = c_void_p()
    interface().session_normalize(b"inbank", text(DOCUMENT), None, byref(given))
    wrong: list[str | None] = []

    def ask() -> None:
        for _ in range(500):
            for pointer, wanted in (("/session/id", "5e3a"), ("/raw/currency", "EUR"), ("/result", "ok")):
                if at(given, pointer) != wanted:
                    wrong.append(pointer)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    interface().session_answer_free(given)
