# SPDX-License-Identifier: MIT
"""What proves payment: Inbank's contract, Kustom's order, Ledyer's payment status, Dintero's transaction. It follows the
session, or is something else; and Inbank's session is approved and cancelled by way of its contract."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from paysession_sandbox.provider import filled
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox

SHOP = "a93f1f44-d5dd-4469-bfcc-c1de9e969213"
EACH = pytest.mark.parametrize("name", PROVIDERS)
Asking = Callable[..., httpx.Response]


@pytest.fixture
def ask(fresh: RunningSandbox) -> Any:
    """Asks a provider, by its own credentials, below its base address."""
    http = httpx.Client(verify=ssl.create_default_context(cafile=fresh.config["ca_file"]), trust_env=False)

    def headers(name: str) -> dict[str, str]:
        section = fresh.config[name]
        if "api_key" in section:
            return {"Authorization": f"{'Basic' if name == 'kustom' else 'Bearer'} {section['api_key']}"}
        client = (section["client_id"], section["client_secret"])
        if name == "ledyer":
            given = http.post(section["auth_url"], auth=client, data={"grant_type": "client_credentials"})
        else:
            audience = "https://api.dintero.com/v1/accounts/T12345678"
            given = http.post(f"{section['base_url']}/v1/accounts/T12345678/auth/token", auth=client,
                              json={"grant_type": "client_credentials", "audience": audience})
        return {"Authorization": f"Bearer {given.json()['access_token']}"}

    def asked(name: str, path: str, method: str = "GET", *, authorized: bool = True) -> httpx.Response:
        return http.request(method, fresh.config[name]["base_url"] + path, headers=headers(name) if authorized else {})

    with http:
        yield asked


def link(made: dict[str, Any]) -> str:
    """Where the resource is that proves payment, by what the session's own document and reference name."""
    document = made["document"]
    if made["provider"] == "inbank":
        return f"/partner/v3/shops/{SHOP}/contracts/{document['creditContractUuid']}"
    if made["provider"] == "kustom":
        return f"/ordermanagement/v1/orders/{document['order_id']}"
    if made["provider"] == "ledyer":
        return f"/v1/orders/{document['orderId']}/paymentstatus"
    return f"/v1/transactions/T12345678.{made['session'].rpartition('/')[2]}"


# ---- Documents ------------------------------------------------------------------------------------


def test_kustoms_order(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("kustom", amount=4201, currency="SEK", reference="A1", status="FINALIZED")
    told = ask("kustom", link(made))
    assert told.status_code == 200
    document = told.json()
    assert document.pop("created_at") == made["created_at"]
    assert document == {
        "order_id": made["document"]["order_id"], "status": "AUTHORIZED", "fraud_status": "ACCEPTED",
        "order_amount": 4201, "original_order_amount": 4201, "captured_amount": 0, "refunded_amount": 0,
        "remaining_authorized_amount": 4201, "purchase_currency": "SEK", "merchant_reference1": "A1",
        "captures": [], "refunds": []}


@pytest.mark.parametrize(("word", "captured", "remaining", "refunded"), [
    ("AUTHORIZED", 0, 4201, 0), ("PART_CAPTURED", 2100, 2101, 0), ("CAPTURED", 4201, 0, 0), ("CANCELLED", 0, 0, 0),
    ("EXPIRED", 0, 0, 0), ("CLOSED", 4201, 0, 4201)])
def test_the_sums_of_kustoms_order(
    word: str, captured: int, remaining: int, refunded: int, fresh: RunningSandbox, ask: Asking,
) -> None:
    made = fresh.create("kustom", amount=4201, status="FINALIZED", proof={"status": word})
    document = ask("kustom", link(made)).json()
    assert document["status"] == word
    assert [document[f"{what}_amount"] for what in ("captured", "remaining_authorized", "refunded")] == [
        captured, remaining, refunded]


def test_inbanks_contract(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("inbank", status="completed")
    document = ask("inbank", link(made)).json()
    assert (document["uuid"], document["status"]) == (made["document"]["creditContractUuid"], "activated")
    assert "activatedAt" in document and "terminatedAt" not in document
    assert not {"amount", "totalAmount", "currency"} & set(document)
    fresh.move(made["session"], "cancelled")
    document = ask("inbank", link(made)).json()
    assert (document["status"], "terminatedAt" in document) == ("signed", True)


def test_ledyers_payment_status(fresh: RunningSandbox, ask: Asking) -> None:
    """It names no order and no amount."""
    made = fresh.create("ledyer", status="authorized")
    assert ask("ledyer", link(made)).json() == {
        "note": "", "status": "paymentConfirmed", "paymentMethod": {"provider": "ledyer", "type": "invoice"}}


def test_dinteros_transaction(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.ask("PUT", "sessions/dintero:T12345678/A-1001/s1", {"amount": 4201, "status": "processed"})
    document = ask("dintero", "/v1/transactions/T12345678.s1").json()
    assert {key: document[key] for key in ("id", "amount", "currency", "merchant_reference", "status")} == {
        "id": "T12345678.s1", "amount": 4201, "currency": "SEK", "merchant_reference": "A-1001", "status": "AUTHORIZED"}
    before = document["updated_at"]
    fresh.prove(made["session"], "PARTIALLY_CAPTURED")
    document = ask("dintero", "/v1/transactions/T12345678.s1").json()
    assert [(one["event"], one["amount"]) for one in document["events"]] == [("AUTHORIZE", 4201), ("CAPTURE", 2100)]
    assert document["updated_at"] > before
    # Of another account, whose token there is none of.
    assert ask("dintero", "/v1/transactions/P12345678.s1").status_code == 401


# ---- It follows the session -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "stage", "word"), [
    ("inbank", "pending", None), ("inbank", "granted", "signed"), ("inbank", "completed", "activated"),
    ("kustom", "CREATED", None), ("kustom", "ACTIVE", None), ("kustom", "FINALIZED", "AUTHORIZED"),
    ("ledyer", "open", "orderInitiated"), ("ledyer", "pendingSca", "orderPending"),
    ("ledyer", "locked", "orderInitiated"), ("ledyer", "awaitingSignatory", "orderPending"), ("ledyer", "expired", "unknown"),
    ("ledyer", "authorized", "paymentConfirmed"), ("ledyer", "cancelled", "orderCancelled"),
    ("dintero", "unprocessed", "INITIATED"), ("dintero", "processed", "AUTHORIZED"), ("dintero", "failed", "FAILED")])
def test_it_follows_the_session(name: str, stage: str, word: str | None, fresh: RunningSandbox, ask: Asking) -> None:
    """Made in that state, or moved to it; where there is none it is 404."""
    for made in (fresh.create(name, status=stage), fresh.move(fresh.create(name)["session"], stage)):
        assert (made["proof"]["status"], made["proof"]["follows"]) == (word, True)
        told = ask(name, made["proof"]["path"])
        if word is None:
            assert (told.status_code, made["proof"]["document"]) == (404, None)
        else:
            assert made["proof"]["path"] == link(made)
            assert (told.status_code, told.json()) == (200, made["proof"]["document"])
            assert told.json()["status"] == word


@EACH
def test_it_is_something_else_until_it_follows_again(name: str, fresh: RunningSandbox, ask: Asking) -> None:
    """By paysession's word; the session may move meanwhile."""
    made = fresh.create(name)
    usual = fresh.move(made["session"], "completed")["proof"]
    changed = fresh.prove(made["session"], "ended")["proof"]
    assert changed["normalized"] == "ended" != usual["normalized"] and not changed["follows"]
    assert fresh.move(made["session"], "completed")["proof"]["status"] == changed["status"]
    assert fresh.prove(made["session"], None)["proof"]["status"] == usual["status"]


@EACH
def test_each_state_by_its_own_word(name: str, fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create(name, status="completed")
    for word, normalized in PROVIDERS[name].proof_states:
        proof = fresh.prove(made["session"], word.lower())["proof"]
        assert (proof["status"], proof["normalized"]) == (word, normalized)
        assert ask(name, link(made)).status_code == 200


def test_what_its_document_says_besides(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("kustom", status="FINALIZED", proof={
        "fields": {"fraud_status": "PENDING", "refunded_amount": 1, "purchase_currency": None}})
    document = ask("kustom", link(made)).json()
    assert (document["fraud_status"], document["refunded_amount"], document["status"]) == ("PENDING", 1, "AUTHORIZED")
    assert "purchase_currency" not in document
    fresh.change(made["session"], proof={"fields": {}})
    assert ask("kustom", link(made)).json()["fraud_status"] == "ACCEPTED"


# ---- Credentials and faults -----------------------------------------------------------------------


@EACH
def test_it_wants_the_credentials_of_the_session(name: str, fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create(name, status="completed")
    assert ask(name, link(made)).status_code == 200
    assert ask(name, link(made), authorized=False).status_code == 401
    assert ask(name, link(made) + "x").status_code in (401, 404)
    if "api_key" in fresh.config[name]:
        fresh.tokens(name, "refuse", 1)
        assert [ask(name, link(made)).status_code for _ in range(2)] == [401, 200]


@EACH
def test_its_answers_are_scripted_apart_from_the_sessions(name: str, fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create(name, status="completed", replies=["503"], proof={"replies": ["500", "404"]})
    assert [ask(name, link(made)).status_code for _ in range(3)] == [500, 404, 200]
    session = "/" + filled(PROVIDERS[name].path, made["session"].partition(":")[2].split("/"))
    assert [ask(name, session).status_code for _ in range(2)] == [503, 200]
    told = [(entry["kind"], entry["status"]) for entry in fresh.journal() if entry["session"] == made["session"]]
    assert told == [("proof", 500), ("proof", 404), ("proof", 200), ("session", 503), ("session", 200)]
    assert fresh.ask("GET", f"sessions/{made['session']}")["proof"]["reads"] == 3


def test_it_can_say_anything(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("dintero", status="processed", proof={"replies": [
        "unknown-word", "wrong-amount", "wrong-currency", "wrong-id", {"reference": "another"}, "on_hold"]})
    told = [ask("dintero", link(made)).json() for _ in range(7)]
    assert [one["status"] for one in told] == [
        "a word in no documentation", *["AUTHORIZED"] * 4, "ON_HOLD", "ON_HOLD"]
    assert (told[1]["amount"], told[2]["currency"], told[3]["id"], told[4]["merchant_reference"]) == (
        1, "XTS", "another-session", "another")


def test_by_name(fresh: RunningSandbox, ask: Asking) -> None:
    """Once the session has been read, which makes it."""
    for name, words in (("finalized-proof-cancelled-amount-4200-currency-EUR-ref-A1", ["CANCELLED"] * 2),
                        ("finalized-proof-503-then-authorized-then-captured", [None, "AUTHORIZED", "CAPTURED"]),
                        ("503-then-finalized-proof-500-then-closed", [None, "CLOSED"])):
        first = ask("kustom", f"/ipp/v1/sessions/{name}")
        session = first if first.status_code == 200 else ask("kustom", f"/ipp/v1/sessions/{name}")
        path = f"/ordermanagement/v1/orders/{session.json()['order_id']}"
        told = [ask("kustom", path) for _ in words]
        assert [one.json().get("status") for one in told] == words, name
    assert ask("kustom", "/ipp/v1/sessions/finalized-proof-nothing").status_code == 404


def test_the_ready_made_ones_are_proven(fresh: RunningSandbox, ask: Asking) -> None:
    for name, session, status, amount in (
            ("kustom", "/ipp/v1/sessions/finalized", "AUTHORIZED", 2000),
            ("ledyer", "/v1/sessions/authorized", "paymentConfirmed", None),
            ("inbank", f"/partner/v3/shops/{SHOP}/pos-sessions/completed", "activated", None),
            ("dintero", "/v1/accounts/T12345678/shopping/orders/order/sessions/processed", "AUTHORIZED", 27840)):
        document = ask(name, session).json()
        made = {"provider": name, "document": document, "session": "x/processed"}
        proof = ask(name, link(made)).json()
        assert (proof["status"], proof.get("order_amount", proof.get("amount"))) == (status, amount)
        identity = proof.get("order_id") or proof.get("uuid") or proof.get("id")
        assert identity is None or link(made).endswith(identity)


# ---- Approval and cancellation --------------------------------------------------------------------


@pytest.mark.parametrize(("action", "status", "word"), [
    ("merchant-approval", "completed", "activated"), ("cancel", "cancelled", "terminated")])
def test_approval_and_cancellation(action: str, status: str, word: str, fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("inbank", status="granted")
    done = ask("inbank", f"{link(made)}/{action}", "POST")
    assert (done.status_code, done.content) == (204, b"")
    shown = fresh.ask("GET", f"sessions/{made['session']}")
    assert (shown["status"], shown["proof"]["status"], shown["actions"]) == (status, word, {action: 1})
    # It waits no more.
    again = ask("inbank", f"{link(made)}/{action}", "POST")
    code = {"merchant-approval": "can_not_approve", "cancel": "can_not_cancel"}[action]
    assert (again.status_code, again.json()) == (422, {"message": [code]})
    assert fresh.ask("GET", f"sessions/{made['session']}")["actions"] == {action: 2}
    assert [(entry["kind"], entry["method"], entry["status"]) for entry in fresh.journal()] == [
        ("action", "POST", 204), ("action", "POST", 422)]


@pytest.mark.parametrize("status", ["completed", "cancelled", "declined", "expired"])
def test_who_does_not_wait_is_not_approved(status: str, fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("inbank", status="granted")
    fresh.move(made["session"], status)
    for action in ("merchant-approval", "cancel"):
        assert ask("inbank", f"{link(made)}/{action}", "POST").status_code == 422
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == status


def test_nobody_else_approves(fresh: RunningSandbox, ask: Asking) -> None:
    made = fresh.create("inbank", status="granted")
    assert ask("inbank", f"{link(made)}/merchant-approval", "POST", authorized=False).status_code == 401
    assert ask("inbank", f"{link(made)}x/merchant-approval", "POST").status_code == 404
    assert ask("inbank", f"{link(made)}/merchant-approval").status_code == 404
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "granted"


@pytest.mark.parametrize(("reply", "status", "is_done"), [
    ("503", 503, False), ("done-503", 503, True), ({"http": 500, "carried_out": True}, 500, True), ("401", 401, False),
    ("422", 422, False), ("html", 200, False), ("delay-10", 204, True)])
def test_an_approval_that_is_answered_otherwise(
    reply: Any, status: int, is_done: bool, fresh: RunningSandbox, ask: Asking,
) -> None:
    made = fresh.create("inbank", status="granted", action_replies=[reply])
    assert ask("inbank", f"{link(made)}/merchant-approval", "POST").status_code == status
    shown = fresh.ask("GET", f"sessions/{made['session']}")
    assert (shown["status"], shown["actions"]) == ("completed" if is_done else "granted", {"merchant-approval": 1})


@pytest.mark.parametrize(("reply", "is_done", "begins"), [
    ("gone", False, b""), ("done-gone", True, b""), ("cut", False, b"HTTP/1.1 200"), ("done-cut", True, b"HTTP/1.1 200")])
def test_an_approval_whose_connection_breaks(
    reply: str, is_done: bool, begins: bytes, fresh: RunningSandbox, ask: Asking,
) -> None:
    """Before it was carried out or after, before the answer or within: byte by byte, as a client sees it."""
    made = fresh.create("inbank", status="granted", action_replies=[reply])
    section = fresh.config["inbank"]
    address = urlsplit(section["base_url"])
    context = ssl.create_default_context(cafile=fresh.config["ca_file"])
    with socket.create_connection(("127.0.0.1", address.port or 0), 10) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(
            f"POST {address.path}{link(made)}/merchant-approval HTTP/1.1\r\nHost: localhost:{address.port}\r\n"
            f"Authorization: Bearer {section['api_key']}\r\nContent-Length: 0\r\n\r\n".encode())
        came = b""
        while part := connection.recv(65536):
            came += part
    assert came.startswith(begins) and bool(came) is bool(begins)
    if came:
        head, _, body = came.partition(b"\r\n\r\n")
        (length,) = (int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        assert 0 < len(body) < length
    shown = fresh.ask("GET", f"sessions/{made['session']}")
    assert (shown["status"], shown["actions"]) == ("completed" if is_done else "granted", {"merchant-approval": 1})


def test_a_read_whose_connection_ends_without_an_answer(fresh: RunningSandbox, ask: Asking) -> None:
    """With HTTP/2 too; the next one is answered."""
    made = fresh.create("kustom", status="FINALIZED", replies=["gone"], proof={"replies": ["gone", "gone"]})
    with pytest.raises(httpx.RemoteProtocolError):
        ask("kustom", f"/ipp/v1/sessions/{made['document']['session_id']}")
    with pytest.raises(httpx.RemoteProtocolError):
        ask("kustom", link(made))
    with httpx.Client(http1=False, http2=True, trust_env=False, timeout=5,
                      verify=ssl.create_default_context(cafile=fresh.config["ca_file"])) as second:
        url, key = fresh.config["kustom"]["base_url"] + link(made), fresh.config["kustom"]["api_key"]
        with pytest.raises(httpx.RemoteProtocolError):
            second.get(url, headers={"Authorization": f"Basic {key}"})
        assert second.get(url, headers={"Authorization": f"Basic {key}"}).status_code == 200


# ---- What is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(("body", "said"), [
    ({"proof": {"status": "PAID"}},
     "proof.status: of kustom it is AUTHORIZED, PART_CAPTURED, CAPTURED, CLOSED, CANCELLED, EXPIRED, not 'PAID'"),
    ({"proof": {"replies": [{"move": "FINALIZED"}]}},
     "proof.replies[0].move: of kustom it is AUTHORIZED, PART_CAPTURED, CAPTURED, CLOSED, CANCELLED, EXPIRED, not 'FINALIZED'"),
    ({"proof": {"replies": [{"carried_out": True}]}},
     "proof.replies[0].carried_out: a read changes nothing; action_replies take it"),
    ({"proof": {"word": "x"}}, "proof.word: Extra inputs are not permitted, got 'x'"),
    ({"action_replies": ["FINALIZED"]},
     "action_replies[0]: expected an HTTP status, delay-MS or one of cut, broken, html, empty, gone, 429, or done- and one "
     "of these, got 'FINALIZED'"),
    ({"action_replies": [{"amount": 1}]}, "action_replies[0].amount: the answer has no document")])
def test_an_error_names_the_thing(body: Any, said: str, fresh: RunningSandbox) -> None:
    made = fresh.create("kustom")
    with pytest.raises(RuntimeError) as caught:
        fresh.change(made["session"], status="FINALIZED", **body)
    assert str(caught.value) == said
    assert json.dumps(fresh.ask("GET", f"sessions/{made['session']}")) == json.dumps(made)
