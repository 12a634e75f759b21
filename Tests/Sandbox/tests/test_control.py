# SPDX-License-Identifier: MIT
"""The interface over HTTP: errors that name the thing, what it says of itself, and whom it does not serve."""

from __future__ import annotations

from typing import Any

import httpx
import openapi_spec_validator
import pytest
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox


@pytest.fixture
def http(fresh: RunningSandbox) -> Any:
    with httpx.Client(base_url=fresh.page, trust_env=False) as opened:
        yield opened


@pytest.mark.parametrize(("body", "said"), [
    ({}, "provider: Field required"),
    ({"provider": "klarna"}, "provider: expected one of dintero, inbank, kustom, ledyer, got 'klarna'"),
    ({"provider": "kustom", "amuont": 1}, "amuont: Extra inputs are not permitted, got 1"),
    ({"provider": "kustom", "Amount": 1}, "Amount: Extra inputs are not permitted, got 1"),
    ({"provider": "kustom", "amount": 42.5}, "amount: Input should be a valid integer, got 42.5"),
    ({"provider": "kustom", "amount": "42"}, "amount: Input should be a valid integer, got '42'"),
    ({"provider": "kustom", "currency": "kr"}, "currency: String should match pattern '^[A-Z]{3}$', got 'kr'"),
    ({"provider": "kustom", "status": "PAID"},
     "status: kustom has CREATED, ACTIVE, FINALIZED, CANCELLED, EXPIRED, FAILED, not 'PAID'"),
    ({"provider": "kustom", "replies": [{"http": 503}, {"http": 42}]},
     "replies.1.http: Input should be greater than or equal to 200, got 42"),
    ({"provider": "kustom", "replies": ["tea"]},
     "replies[0]: expected an HTTP status, a state of kustom, delay-MS or one of cut, broken, html, empty, unknown-word, "
     "wrong-amount, wrong-currency, wrong-id, 429, gone, got 'tea'"),
    ({"provider": "dintero", "replies": [{"status": "x"}]},
     "replies[0].status: a document of dintero does not say its status"),
    ({"provider": "kustom", "return_url": "javascript:alert(1)"}, "return_url: expected http://HOST or https://HOST"),
    ({"provider": "kustom", "callback": {"url": "http://shop.example/"}},
     "callback.url: expected a loopback address (localhost, 127.0.0.0/8 or ::1), unless --callbacks-anywhere is given"),
    ({"provider": "kustom", "callback": {"url": "http://127.0.0.1.example/"}},
     "callback.url: expected a loopback address (localhost, 127.0.0.0/8 or ::1), unless --callbacks-anywhere is given"),
    ({"provider": "kustom", "items": [{"quantity": 1}]}, "items.0.name: Field required"),
    ([{"provider": "kustom"}, {"provider": "kustom", "amount": "x"}],
     "1.amount: Input should be a valid integer, got 'x'"),
])
def test_an_error_names_the_thing(body: Any, said: str, http: httpx.Client) -> None:
    told = http.post("/sandbox/sessions", json=body)
    assert (told.status_code, told.json()) == (422, {"error": said})
    assert http.get("/sandbox/sessions").json() == []


def test_a_change_is_whole_or_not_at_all(fresh: RunningSandbox) -> None:
    made = fresh.create("kustom", amount=100)
    with pytest.raises(RuntimeError, match="status: kustom has"):
        fresh.change(made["session"], amount=200, replies=["503"], status="nothing")
    assert fresh.ask("GET", f"sessions/{made['session']}") == made


def test_it_describes_itself(http: httpx.Client) -> None:
    described = http.get("/sandbox/openapi.json").json()
    openapi_spec_validator.validate(described)
    assert sorted((method.upper(), path) for path, known in described["paths"].items() for method in known) == [
        ("DELETE", "/journal"), ("DELETE", "/sessions/{session}"), ("GET", "/callbacks"), ("GET", "/journal"),
        ("GET", "/providers"), ("GET", "/sessions"), ("GET", "/sessions/{session}"), ("PATCH", "/sessions/{session}"),
        ("POST", "/callbacks"), ("POST", "/reset"), ("POST", "/sessions"), ("POST", "/tokens"), ("PUT", "/sessions/{session}")]


def test_the_providers_are_told(http: httpx.Client, fresh: RunningSandbox) -> None:
    told = {provider["name"]: provider for provider in http.get("/sandbox/providers").json()}
    assert list(told) == list(PROVIDERS)
    assert told["inbank"]["statuses"] == {
        "pending": "pending", "granted": "action_required", "completed": "completed", "cancelled": "cancelled",
        "declined": "declined", "expired": "expired"}
    assert told["inbank"]["configuration"] == fresh.config["inbank"]


@pytest.mark.parametrize("headers", [
    {"Host": "shop.example"}, {"Host": "localhost.example:80"}, {"Host": ""},
    {"Origin": "https://shop.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
])
def test_a_page_of_another_site_is_not_served(headers: dict[str, str], http: httpx.Client) -> None:
    assert http.post("/sandbox/reset", headers=headers).status_code == 403
    assert http.get("/sandbox/journal", headers=headers).status_code == 403


def test_a_link_from_another_site_is_followed(http: httpx.Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert http.get("/sandbox/providers", headers=followed).status_code == 200
    # A form of another site is not: it says where it comes from.
    assert http.post("/sandbox/reset", headers={**followed, "Origin": "https://shop.example"}).status_code == 403


def test_what_there_is_not_is_told_alike(http: httpx.Client) -> None:
    assert http.get("/sandbox/nothing").json() == {"error": "Not Found"}
    assert http.put("/sandbox/journal").json() == {"error": "Method Not Allowed"}


def test_a_form_is_no_json(http: httpx.Client) -> None:
    """What a page of another site could send without being asked first."""
    told = http.post("/sandbox/sessions", content='{"provider": "kustom"}', headers={"Content-Type": "text/plain"})
    assert told.status_code == 422
    assert http.get("/sandbox/sessions").json() == []
