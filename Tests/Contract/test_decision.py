# SPDX-License-Identifier: MIT
"""What the shop does next: in the answer, by the accessor and by its name, and nowhere two things."""

from __future__ import annotations

import json
from ctypes import byref, c_void_p
from typing import Any

import pytest
from asking import keyed
from programs import Handle, interface, text
from servers import Server, reply

NUMBERS = {"hold": 0, "ship": 1, "wait": 2, "release": 3}


def decided(answer: c_void_p) -> tuple[str, dict[str, Any]]:
    told = json.loads(interface().session_answer_json(answer, None))
    number = interface().session_answer_decision(answer)
    interface().session_answer_free(answer)
    assert list(told)[:4] == ["result", "provider", "reference", "decision"]
    assert NUMBERS[told["decision"]] == number
    assert interface().session_decision_name(number).decode() == told["decision"]
    return told["decision"], told


def judged(provider: str, document: Any, options: Any = None) -> str:
    answer = c_void_p()
    interface().session_normalize(
        text(provider), text(document), text(options) if options else None, byref(answer))
    return decided(answer)[0]


# Contract, version 0.2: paid yes ships; paid no waits, or releases the stock once it is final;
# everything else is held.
@pytest.mark.parametrize(("status", "decision"), [
    ("FINALIZED", "ship"), ("CREATED", "wait"), ("ACTIVE", "wait"), ("CANCELLED", "release"),
    ("EXPIRED", "release"), ("FAILED", "release"), ("REFUNDED", "hold"), (None, "hold"),
])
def test_by_status(status: str | None, decision: str) -> None:
    document = {"session_id": "a", "status": status, "order_amount": 1, "purchase_currency": "SEK"}
    assert judged("kustom", document) == decision


@pytest.mark.parametrize(("provider", "document", "options", "decision"), [
    ("kustom", {"session_id": "a", "status": "FINALIZED"}, None, "hold"),
    ("kustom", {"session_id": "a", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "SEK"},
     {"expect": {"amount": 2}}, "hold"),
    ("kustom", {"session_id": "a", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "SEK"},
     {"id": "b"}, "hold"),
    ("kustom", "{", None, "hold"),
    # Something empty, or a page, is a gateway's, and passes.
    ("kustom", "", None, "wait"),
    ("kustom", "<html>", None, "wait"),
    ("klarna", {}, None, "hold"),
    ("dintero", {"id": "a", "processed_at": "2024-01-15T10:30:00Z", "amount": 1}, None, "hold"),
    ("dintero", {"id": "a", "amount": 1}, {"trust_processed_at": True}, "wait"),
    ("ledyer", {"id": "a", "state": "authorized", "order": {"totalOrderAmount": 1, "currency": "SEK"},
                "customer": {"paymentMethod": {"type": "advanceInvoice"}}}, None, "hold"),
])
def test_by_document(provider: str, document: Any, options: Any, decision: str) -> None:
    assert judged(provider, document, options) == decision


# error.retryable: a later attempt may bring an answer.
@pytest.mark.parametrize(("status", "decision"), [
    (401, "hold"), (403, "hold"), (404, "hold"), (418, "hold"), (408, "wait"), (429, "wait"),
    (500, "wait"), (503, "wait"),
])
def test_by_http(status: int, decision: str) -> None:
    with Server(reply(b"{}", status)) as server:
        handle = Handle(keyed(server.http, attempts=1))
        answer = c_void_p()
        interface().session_get(handle.pointer, b"kustom:a", None, byref(answer))
        told = decided(answer)
        handle.close()
    assert told[0] == decision
    assert told[1]["error"]["retryable"] is (decision == "wait")


def test_without_an_answer_it_is_held() -> None:
    assert interface().session_answer_decision(None) == NUMBERS["hold"]
    client, answer = c_void_p(), c_void_p()
    interface().session_client_open(b"{", byref(client), byref(answer))
    assert decided(answer)[0] == "hold"
    # Opened well, and nothing learnt yet.
    interface().session_client_open(b"{}", byref(client), byref(answer))
    assert decided(answer)[0] == "hold"
    interface().session_client_close(client)


@pytest.mark.parametrize("number", [-1, 4, 2**31 - 1])
def test_an_unknown_number_is_held(number: int) -> None:
    assert interface().session_decision_name(number) == b"hold"
