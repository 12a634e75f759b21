# SPDX-License-Identifier: MIT
"""Sessions that one makes, read by the library: what was asked for is what it says."""

from __future__ import annotations

import itertools
import string
from typing import Any

import httpx
import pytest
from paysession_sandbox.order import minor
from paysession_sandbox.provider import Provider
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox

import paysession

EACH = pytest.mark.parametrize("name", PROVIDERS)
#: Dintero's order session tells neither a currency nor the shop's reference.
TELLS_ALL = pytest.mark.parametrize("name", ["inbank", "kustom", "ledyer"])


@TELLS_ALL
def test_what_was_asked_for_is_paid(name: str, fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create(name, amount=4250, currency="EUR", reference="A-1001", status="completed")
    answer = client.get(made["session"], expect={"amount": 4250, "currency": "EUR", "reference": "A-1001"})
    assert answer.is_paid
    assert answer.session is not None and answer.session.amount is not None
    assert (answer.session.amount.minor, answer.session.amount.currency) == (4250, "EUR")


@TELLS_ALL
def test_another_amount_is_held(name: str, fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create(name, amount=4250, currency="EUR", status="completed")
    fresh.change(made["session"], amount=1)
    answer = client.get(made["session"], expect={"amount": 4250})
    assert answer.next == "hold" and answer.session is not None
    assert answer.session.holds == ("amount_mismatch",)


def test_dintero_tells_the_amount(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("dintero", amount=4250, status="processed")
    with paysession.Client({**fresh.config, "dintero": {
            **fresh.config["dintero"], "trust_processed_at": True}}) as trusting:
        assert trusting.get(made["session"], expect={"amount": 4250}).is_paid
    assert client.get(made["session"]).next == "hold"


def stages() -> list[Any]:
    return [pytest.param(provider, stage, status, id=f"{provider.name}-{stage}")
            for provider in PROVIDERS.values() for stage, status, _ in provider.stages]


@pytest.mark.parametrize(("provider", "stage", "status"), stages())
def test_each_state(
    provider: Provider, stage: str, status: str, fresh: RunningSandbox, client: paysession.Client,
) -> None:
    """By its provider's word, and made in it or moved to it."""
    made = fresh.create(provider.name, status=stage)
    moved = fresh.create(provider.name)
    assert fresh.move(moved["session"], stage)["status"] == stage
    for session in (made, moved):
        assert client.get(session["session"]).status == status


@EACH
def test_the_first_state_is_open(name: str, fresh: RunningSandbox, client: paysession.Client) -> None:
    answer = client.get(fresh.create(name)["session"])
    assert answer.status in ("open", "pending") and not answer.is_paid


def test_zero_digits_and_three(fresh: RunningSandbox, client: paysession.Client) -> None:
    """Inbank says major units; a currency has the digits that ISO 4217 gives it."""
    for currency, minor, number in (("JPY", 4250, 4250), ("KWD", 4250, 4.25), ("EUR", 4200, 42)):
        made = fresh.create("inbank", amount=minor, currency=currency)
        assert made["document"]["totalAmount"] == number
        answer = client.get(made["session"])
        assert answer.session is not None and answer.session.amount is not None
        assert answer.session.amount.minor == minor


@pytest.mark.slow
def test_the_digits_of_each_currency_are_the_librarys() -> None:
    known = 0
    for letters in itertools.product(string.ascii_uppercase, repeat=3):
        currency = "".join(letters)
        document = f'{{"uuid": "x", "status": "completed", "totalAmount": 12, "currency": "{currency}"}}'
        session = paysession.normalize("inbank", document.encode(), id="x").session
        if session is not None and session.amount is not None:
            known += 1
            assert session.amount.minor == minor(12, currency), currency
    assert known > 150


def test_items_and_customer(fresh: RunningSandbox, client: paysession.Client) -> None:
    """The amount is the sum of the items where none is given; a rate of 2500 is a fifth of a total."""
    made = fresh.create(
        "kustom", currency="SEK", customer={"first_name": "Åsa"},
        items=[{"name": "Cup", "quantity": 2, "unit_price": 1000, "tax_rate": 2500, "reference": "SKU-1"},
               {"name": "Shipping", "unit_price": 500, "type": "shipping_fee"}])
    assert made["amount"] == 2500
    answer = client.get(made["session"])
    assert answer.session is not None and answer.session.items is not None
    assert [(item.name, item.quantity, item.total_minor) for item in answer.session.items] == [
        ("Cup", 2, 2000), ("Shipping", 1, 500)]
    assert answer.session.tax_minor == 400
    ledyer = fresh.create("ledyer", customer={"first_name": "Åsa", "company": "Kaffe AB"})
    assert ledyer["document"]["customer"]["firstName"] == "Åsa"


def test_a_reference_of_ones_own(fresh: RunningSandbox, client: paysession.Client) -> None:
    """Identifiers may hold anything; each is one segment, in the library and here."""
    for reference in ("kustom:a%2Fb%20%C3%A5", "ledyer:se_1", "dintero:T12345678/my%20order/s"):
        made = fresh.ask("PUT", f"sessions/{reference}", {"amount": 100})
        assert made["session"] == reference
        answer = client.get(reference)
        assert answer.session is not None and answer.session.amount is not None
        assert answer.session.amount.minor == 100
    assert fresh.ask("GET", "sessions/dintero%3AT12345678%2Fmy%2520order%2Fs")["amount"] == 100
    with pytest.raises(RuntimeError, match="a reference of inbank has 2 parts"):
        fresh.ask("PUT", "sessions/inbank:only-one", {})


def test_what_is_taken_away_is_not_found(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("ledyer")
    fresh.ask("DELETE", f"sessions/{made['session']}")
    with pytest.raises(paysession.NotFound):
        client.get(made["session"])
    with pytest.raises(RuntimeError, match="there is no such session"):
        fresh.ask("GET", f"sessions/{made['session']}")


# ---- The providers' own calls ---------------------------------------------------------------------


@pytest.fixture
def http(fresh: RunningSandbox) -> Any:
    import ssl

    with httpx.Client(base_url=fresh.config["kustom"]["base_url"].removesuffix("/kustom"), trust_env=False,
                      verify=ssl.create_default_context(cafile=fresh.config["ca_file"])) as opened:
        yield opened


def test_inbank_makes_a_session(fresh: RunningSandbox, http: httpx.Client, client: paysession.Client) -> None:
    shop = "b93f1f44-d5dd-4469-bfcc-c1de9e969214"
    made = http.post(f"/inbank/partner/v3/shops/{shop}/pos-sessions",
                     headers={"Authorization": f"Bearer {fresh.config['inbank']['api_key']}"}, json={
                         "productCode": "p", "totalAmount": 42.5, "currency": "EUR", "locale": "et-ET",
                         "partnerUrls": {"returnUrl": "http://localhost:1/back"},
                         "purchase": {"purchaseReference": "A-1001"}})
    assert made.status_code == 200
    reference = f"inbank:{shop}/{made.json()['uuid']}"
    assert made.json()["redirectUrl"] == f"{fresh.page}/pay/{reference}"
    fresh.move(reference, "completed")
    assert client.get(reference, expect={"amount": 4250, "currency": "EUR", "reference": "A-1001"}).is_paid
    assert fresh.ask("GET", f"sessions/{reference}")["return_url"] == "http://localhost:1/back"


def test_kustom_makes_and_cancels_a_session(
    fresh: RunningSandbox, http: httpx.Client, client: paysession.Client,
) -> None:
    headers = {"Authorization": f"Basic {fresh.config['kustom']['api_key']}"}
    made = http.post("/kustom/ipp/v1/sessions", headers=headers, json={
        "device_id": "d", "order_amount": 4250, "purchase_currency": "SEK", "merchant_reference1": "A-1001",
        "order_items": [{"name": "Cup", "quantity": 1, "unit_price": 4250, "total_amount": 4250, "tax_rate": 0,
                         "total_tax_amount": 0}]}).json()
    reference = f"kustom:{made['session_id']}"
    answer = client.get(reference, expect={"amount": 4250, "currency": "SEK", "reference": "A-1001"})
    assert (answer.status, answer.next) == ("open", "wait")
    assert http.put(f"/kustom/ipp/v1/sessions/{made['session_id']}/cancel", headers=headers).json()[
        "status"] == "CANCELLED"
    assert client.get(reference).next == "release"


def test_ledyer_makes_a_session(fresh: RunningSandbox, http: httpx.Client, client: paysession.Client) -> None:
    """Its plugin ends the path with a slash."""
    section = fresh.config["ledyer"]
    token = http.post("/ledyer/oauth/token", auth=(section["client_id"], section["client_secret"]),
                      data={"grant_type": "client_credentials"}).json()["access_token"]
    made = http.post("/ledyer/v1/sessions/", headers={"Authorization": f"Bearer {token}"}, json={
        "country": "SE", "currency": "SEK", "reference": "A-1001", "totalOrderAmount": 4250,
        "orderLines": [{"description": "Cup", "quantity": 1, "unitPrice": 4250, "totalAmount": 4250, "vat": 0,
                        "type": "physical"}],
        "settings": {"urls": {"confirmation": "http://localhost:1/back"}}}).json()
    fresh.move(f"ledyer:{made['id']}", "authorized")
    assert client.get(f"ledyer:{made['id']}", expect={
        "amount": 4250, "currency": "SEK", "reference": "A-1001"}).is_paid


@pytest.mark.parametrize(("body", "said"), [
    (b"{", "the body is not valid JSON"),
    (b"[]", "the body is not an object"),
    (b'{"purchase_currency": "SEK"}', "order_amount: expected an integer, got nothing"),
    (b'{"order_amount": 42.5, "purchase_currency": "SEK"}', "order_amount: expected an integer, got Decimal"),
    (b'{"order_amount": 1, "purchase_currency": 3}', "purchase_currency: expected a text, got int"),
    (b'{"order_amount": 1, "purchase_currency": "SEK", "order_items": [{}]}',
     "order_items[0].name: expected a text, got nothing"),
    (b"[" * 100_000, "the body is not valid JSON"),
    (b'{"order_amount": 1' + b"0" * 4000 + b', "purchase_currency": "SEK"}',
     "order_amount: expected -1000000000000 to 1000000000000"),
    (b'{"order_amount": 1, "purchase_currency": "SEK", "order_items": [{"name": "n", "unit_price": 1, '
     b'"total_amount": 1, "tax_rate": -10000}]}', "order_items[0].tax_rate: expected 0 to 1000000000000"),
    (b'{"order_amount": 1, "purchase_currency": "SEK", "merchant_reference1": "\\ud800"}',
     "the body has half of a surrogate pair in a text"),
])
def test_a_call_that_is_none_is_told_why(body: bytes, said: str, fresh: RunningSandbox, http: httpx.Client) -> None:
    headers = {"Authorization": f"Basic {fresh.config['kustom']['api_key']}"}
    told = http.post("/kustom/ipp/v1/sessions", headers=headers, content=body)
    assert (told.status_code, told.json()["detail"]) == (400, said)


def test_more_money_than_there_is(fresh: RunningSandbox, http: httpx.Client) -> None:
    section = fresh.config["inbank"]
    for amount in ("1e999999", "-1e13", "0.001"):
        told = http.post("/inbank/partner/v3/shops/s/pos-sessions", headers={"Authorization": f"Bearer {section['api_key']}"},
                         content=f'{{"totalAmount": {amount}, "currency": "EUR"}}')
        assert told.status_code == 400 and told.json()["message"].startswith("totalAmount: expected a number in EUR")


def test_a_call_without_credentials_makes_nothing(fresh: RunningSandbox, http: httpx.Client) -> None:
    assert http.post("/kustom/ipp/v1/sessions", json={}).status_code == 401
    assert fresh.ask("GET", "sessions") == []


def test_a_path_that_nobody_serves_says_where_to_look(http: httpx.Client) -> None:
    told = http.get("/kustom/ipp/v2/sessions/x")
    assert told.status_code == 404
    assert told.json()["error"] == (
        "nothing is served at GET /kustom/ipp/v2/sessions/x: the providers are below /dintero, /inbank, /kustom, "
        "/ledyer, the sandbox's own interface is below /sandbox")


# ---- Many -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_twenty_thousand_are_made_and_read_in_one_batch(fresh: RunningSandbox, client: paysession.Client) -> None:
    names = list(PROVIDERS)
    made = fresh.ask("POST", "sessions", [
        {"provider": names[number % 4], "amount": number + 1, "status": "completed"} for number in range(20_000)])
    amounts = {session["session"]: session["amount"] for session in made}
    assert sorted(amounts.values()) == list(range(1, 20_001))
    read: dict[str, int] = {}
    for reference, answer in client.read_many(amounts, in_flight=64):
        assert isinstance(answer, paysession.Answer) and answer.session is not None, answer
        assert answer.status == "completed" and answer.session.amount is not None
        read[reference] = answer.session.amount.minor
    assert read == amounts
    assert len(fresh.ask("GET", "sessions?n=20000")) == 20_000
