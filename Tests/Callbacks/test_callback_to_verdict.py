# SPDX-License-Identifier: MIT
"""From what a provider sends to what the shop does: the sandbox calls over the wire, the bytes that came are checked, the
session is read together with what proves its payment, and only then is something paid. Forged, stale, moved and rewritten
ones lead nowhere; what a provider does not sign is worth a read of the order's own session, and no more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import paysession
import pytest
from paysession import Incoming
from paysession_sandbox.testing import RunningSandbox
from servers import Server, reply

PROVIDERS = ["inbank", "kustom", "ledyer", "dintero"]
SIGNED = ["kustom", "dintero"]


class Shop:
    """As small as it can be: an address for callbacks, and the orders' sessions in its own records."""

    def __init__(self, sandbox: RunningSandbox, hook: Server, client: paysession.Client) -> None:
        self.sandbox, self.hook, self.client = sandbox, hook, client

    def order(self, provider: str, number: str = "A1", *, is_called: bool = False) -> str:
        """A session for it, as the shop stores it; its provider calls the order's address, by itself if it is to."""
        session: str = self.sandbox.create(
            provider, amount=4200, currency=currency(provider), reference=number,
            callback={"url": f"{self.hook.http}/hook?order={number}", "lost": not is_called})["session"]
        return session

    @property
    def came(self) -> list[Incoming]:
        """The requests, byte for byte."""
        return [Incoming(one.method, self.hook.http + one.target, one.headers, one.body) for one in self.hook.requests]

    def called(self, session: str, **wrong: Any) -> list[Incoming]:
        """Its provider calls about the state that it is in."""
        before = len(self.hook.requests)
        self.sandbox.call(session, **wrong)
        return self.came[before:]

    def waited(self, is_it: Callable[[Incoming], bool]) -> Incoming:
        """Until it comes by itself."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for one in self.came:
                if is_it(one):
                    return one
            time.sleep(0.01)
        raise AssertionError([one.url for one in self.came])

    def checked(self, provider: str, request: Incoming) -> paysession.Callback:
        return self.client.callback(provider, *request)

    def read(self, provider: str, stored: str, call: paysession.Callback, number: str = "A1") -> paysession.Answer:
        """What a genuine callback wants to be looked at, or the order's own session where it names none."""
        expect: paysession.Expect = {"amount": 4200, "currency": currency(provider)}
        if provider != "dintero":  # There the reference has the order's number, which its transaction has to carry.
            expect["reference"] = number
        proof: Any = {"transaction": call.identifiers["transaction"]} if provider == "dintero" else True
        reference = call.reference if call.is_genuine else None
        return self.client.get(reference or stored, expect=expect, proof=proof)

    def waits(self, session: str) -> None:
        """Its payment is pending. With Kustom that is no state of the order's."""
        is_checked = session.startswith("kustom")
        self.sandbox.prove(session, None if is_checked else "pending", fields={"fraud_status": "PENDING"} if is_checked else {})

    def reads(self, session: str) -> int:
        return int(self.sandbox.ask("GET", f"sessions/{session}")["reads"])

    def refused(self, provider: str, request: Incoming) -> str:
        """Why; nothing of such a request is told."""
        with pytest.raises(paysession.NotGenuine) as caught:
            self.checked(provider, request)
        call = caught.value.callback
        assert call is not None and call.reason is not None
        assert call.reference is None and call.id is None and not any(call.identifiers.values())
        return call.reason


def currency(provider: str) -> str:
    return {"inbank": "EUR", "dintero": "NOK"}.get(provider, "SEK")


@pytest.fixture
def shop(sandbox: RunningSandbox) -> Iterator[Shop]:
    with Server(lambda connection, request: reply({})) as hook, paysession.Client(sandbox.config) as client:
        yield Shop(sandbox, hook, client)


def is_paids(provider: str) -> Callable[[Incoming], bool]:
    """Kustom tells of each state on the way."""
    return lambda one: provider != "kustom" or json.loads(one.body)["type"] == "ipp.session.finalized"


# ---- What is genuine ---------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_callback_leads_to_paid(provider: str, shop: Shop) -> None:
    session = shop.order(provider, is_called=True)
    shop.sandbox.move(session, "completed")
    call = shop.checked(provider, shop.waited(is_paids(provider)))
    assert call.is_genuine is (provider in SIGNED)
    answer = shop.read(provider, session, call)
    assert answer.is_paid and answer.reference == session
    # Dintero's names its transaction, Inbank's nothing that is public, Ledyer's, which is not signed, the order.
    names = {"kustom": session, "ledyer": f"ledyer:{answer.session.identifiers.get('order')}"}
    assert call.reference == names.get(provider)
    assert answer.proof is not None and answer.proof.state == ("captured" if provider == "inbank" else "secured")


def test_the_order_that_ledyer_names_can_be_read(shop: Shop) -> None:
    """A hint, for nothing vouches for it: what it names is a session all the same."""
    session = shop.order("ledyer", is_called=True)
    shop.sandbox.move(session, "completed")
    call = shop.checked("ledyer", shop.waited(lambda one: True))
    assert call.reference is not None and call.reference.startswith("ledyer:or_")
    answer = shop.client.get(call.reference, expect={"amount": 4200, "currency": "SEK", "reference": "A1"}, proof=True)
    assert answer.is_paid and answer.session.id == session.partition(":")[2]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_paid_is_what_is_read_and_not_that_a_callback_came(provider: str, shop: Shop) -> None:
    """The same callback, byte for byte, while the money waits, when it is there, and when it went back."""
    session = shop.order(provider, is_called=True)
    shop.sandbox.move(session, "completed")
    call = shop.checked(provider, shop.waited(is_paids(provider)))
    shop.waits(session)
    answers = [shop.read(provider, session, call)]
    for state in ("captured", "ended" if provider == "inbank" else "refunded"):
        shop.sandbox.prove(session, state, fields={})
        answers.append(shop.read(provider, session, call))
    assert [answer.proof and answer.proof.state for answer in answers] == [
        "pending", "captured", "ended" if provider == "inbank" else "refunded"]
    assert [answer.is_paid for answer in answers] == [False, True, False]


@pytest.mark.parametrize("provider", SIGNED)
def test_a_repeated_callback_verifies_and_is_known_by_its_id(provider: str, shop: Shop) -> None:
    session = shop.order(provider, is_called=True)
    shop.sandbox.move(session, "completed")
    first = shop.waited(is_paids(provider))
    calls = [shop.checked(provider, first) for _ in range(3)]
    assert calls[0].id is not None and {call.id for call in calls} == {calls[0].id}
    others = [shop.checked(provider, one).id for one in shop.called(session, twice=True)]
    assert len(others) == 2 and others[0] != calls[0].id
    if provider == "kustom":  # Its own name of the delivery; Dintero's is the signature, which has the time in it.
        assert others[0] == others[1]


# ---- What is not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", SIGNED)
@pytest.mark.parametrize(("wrong", "reason"), [
    ({"signature": "wrong"}, "signature_mismatch"), ({"signature": "missing"}, "signature_missing"),
    ({"stale_s": 600}, "too_old"), ({"stale_s": -600}, "too_new")], ids=str)
def test_forged_and_stale_ones_are_refused(wrong: dict[str, Any], reason: str, provider: str, shop: Shop) -> None:
    session = shop.order(provider)
    shop.sandbox.move(session, "completed")
    (request,) = shop.called(session, **wrong)
    assert shop.refused(provider, request) == reason
    assert shop.reads(session) == 0
    # The genuine one afterwards is as good as ever.
    (request,) = shop.called(session)
    assert shop.read(provider, session, shop.checked(provider, request)).is_paid


@pytest.mark.parametrize("provider", SIGNED)
def test_one_that_was_moved_to_another_order_is_refused(provider: str, shop: Shop) -> None:
    paid, other = shop.order(provider), shop.order(provider, "A2")
    shop.sandbox.move(paid, "completed")
    (request,) = shop.called(paid, moved_to=other)
    assert shop.refused(provider, request) == "signature_mismatch"


@pytest.mark.parametrize("written_again", [
    lambda body: json.dumps(json.loads(body)).encode(), lambda body: json.dumps(json.loads(body), indent=2).encode(),
    lambda body: json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode(),
    lambda body: body.replace(b'"type":', b'"\\u0074ype":'), lambda body: body + b"\n",
    lambda body: b"\xef\xbb\xbf" + body])
def test_a_body_that_was_parsed_and_written_again_is_refused(written_again: Callable[[bytes], bytes], shop: Shop) -> None:
    """It says the same, and is not what was signed."""
    session = shop.order("kustom")
    shop.sandbox.move(session, "completed")
    (request,) = shop.called(session)
    body = written_again(request.body)
    assert body != request.body and json.loads(body.decode("utf-8-sig")) == json.loads(request.body)
    assert shop.refused("kustom", request._replace(body=body)) == "signature_mismatch"
    assert shop.checked("kustom", request).is_genuine


def test_an_address_is_signed_by_what_it_says(shop: Shop) -> None:
    """Dintero: the order of parameters is not signed, each of them, the path and the method are; the body is not looked at."""
    session = shop.order("dintero")
    shop.sandbox.move(session, "completed")
    (request,) = shop.called(session)
    address, _, query = request.url.partition("?")
    parts = parse_qsl(query)
    assert len(parts) == 5  # the shop's own is one of them
    for same in (urlencode(parts[::-1]), query.replace("%3A", "%3a")):
        assert shop.checked("dintero", request._replace(url=f"{address}?{same}")).is_genuine
    assert shop.checked("dintero", request._replace(body=b'{"status": "CAPTURED"}')).is_genuine
    for at, (name, value) in enumerate(parts):
        for other in ([(name, value + "1")], [(name + "1", value)], []):
            forged = request._replace(url=f"{address}?{urlencode([*parts[:at], *other, *parts[at + 1:]])}")
            assert shop.refused("dintero", forged) == "signature_mismatch"
    for moved in (request._replace(url=f"{address}/?{query}"), request._replace(method="POST"),
                  request._replace(url=request.url.replace(urlsplit(request.url).hostname or "", "shop.example"))):
        assert shop.refused("dintero", moved) == "signature_mismatch"


# ---- What nobody can tell from the request ------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_paid_orders_callback_at_the_address_of_another_pays_for_nothing(provider: str, shop: Shop) -> None:
    """Both orders are completed; only one of them was paid."""
    paid, other = shop.order(provider), shop.order(provider, "A2")
    for session in (paid, other):
        shop.sandbox.move(session, "completed")
    shop.waits(other)
    (request,) = shop.called(paid, url=f"{shop.hook.http}/hook?order=A2")
    call = shop.checked(provider, request)
    assert call.is_genuine is (provider in SIGNED)
    # Whose order it is says the address alone: its own session is read, or one that is not what was ordered.
    answer = shop.read(provider, other, call, number="A2")
    assert not answer.is_paid and answer.paid == paysession.Paid.UNKNOWN
    assert set(answer.session.holds) & {"proof_pending", "reference_mismatch", "proof_reference_mismatch"}
    assert shop.read(provider, paid, call).is_paid


@pytest.mark.parametrize("provider", ["inbank", "ledyer"])
def test_what_is_not_signed_is_worth_a_read(provider: str, shop: Shop) -> None:
    """Anybody can say that an order is paid; the order's own session says whether."""
    session = shop.order(provider)
    shop.sandbox.move(session, {"inbank": "granted", "ledyer": "pendingSca"}[provider])
    stranger = Incoming("POST", f"{shop.hook.http}/hook?order=A1", [("Content-Type", "application/json")], json.dumps(
        {"eventType": "com.ledyer.order.create", "sessionId": session.partition(":")[2], "status": "completed"}).encode())
    call = shop.checked(provider, stranger)
    assert not call.is_genuine and call.result == paysession.Result.UNSIGNED
    answer = shop.read(provider, session, call)
    assert not answer.is_paid and answer.proof is None and answer.paid == paysession.Paid.NO
