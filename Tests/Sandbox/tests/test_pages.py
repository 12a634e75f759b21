# SPDX-License-Identifier: MIT
"""The pages over HTTP: what they hold back, where they lead, and that nothing that came from outside is markup."""

from __future__ import annotations

import html
import ssl
from typing import Any

import httpx
import pytest
from paysession_sandbox.testing import RunningSandbox

HOSTILE = "<script>alert(1)</script>\"'&\u202e\x1b[31m"


@pytest.fixture
def http(fresh: RunningSandbox) -> Any:
    with httpx.Client(base_url=fresh.page, trust_env=False) as opened:
        yield opened


def chosen(http: httpx.Client, made: dict[str, Any], choice: str) -> httpx.Response:
    return http.post(made["pay_url"], data={"choice": choice})


# What each choice makes of a session; None where the provider has no word for it.
CHOICES: list[Any] = [
    ("inbank", {"pay": "completed", "wait": "granted", "decline": "declined", "cancel": "cancelled",
                "expire": "expired"}),
    ("kustom", {"pay": "FINALIZED", "decline": "ACTIVE", "cancel": "CANCELLED", "expire": "EXPIRED",
                "fail": "FAILED"}),
    ("dintero", {"pay": "processed", "decline": "failed", "cancel": None, "expire": None}),
    ("ledyer", {"pay": "authorized", "wait": "pendingSca", "decline": None, "cancel": "cancelled",
                "expire": "expired"}),
]


@pytest.mark.parametrize(("provider", "choices"), CHOICES)
def test_each_choice(
    provider: str, choices: dict[str, Any], fresh: RunningSandbox, http: httpx.Client,
) -> None:
    first = fresh.create(provider)["status"]
    for choice, stage in choices.items():
        made = fresh.create(provider, return_url="http://localhost:1/back?order=7")
        assert f'value="{choice}"' in http.get(made["pay_url"]).text
        went = chosen(http, made, choice)
        assert (went.status_code, went.headers["location"]) == (303, "http://localhost:1/back?order=7")
        assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == (stage or first)
    for choice in {"pay", "wait", "decline", "cancel", "expire", "fail", "nothing"} - set(choices):
        made = fresh.create(provider)
        assert f'value="{choice}"' not in http.get(made["pay_url"]).text
        assert chosen(http, made, choice).status_code == 400
        assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == first


def test_what_is_final_stays(fresh: RunningSandbox, http: httpx.Client) -> None:
    made = fresh.create("kustom", status="CANCELLED", return_url="http://localhost:1/back")
    page = http.get(made["pay_url"]).text
    assert "<button" not in page and 'href="http://localhost:1/back"' in page
    assert chosen(http, made, "pay").headers["location"] == "http://localhost:1/back"
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "CANCELLED"


def test_without_a_return_address_it_says_what_became_of_it(fresh: RunningSandbox, http: httpx.Client) -> None:
    went = chosen(http, fresh.create("inbank"), "pay")
    assert went.status_code == 200 and "This session is <strong>completed</strong>" in went.text


def test_a_return_address_that_is_none_is_shown_and_not_followed(fresh: RunningSandbox, http: httpx.Client) -> None:
    """A provider's own call may name anything."""
    section = fresh.config["inbank"]
    for address in ("javascript:alert(1)", "data:text/html,x", "//shop.example", "http://"):
        with httpx.Client(verify=ssl.create_default_context(cafile=fresh.config["ca_file"]), trust_env=False) as outside:
            made = outside.post(
                section["base_url"] + "/partner/v3/shops/a93f1f44-d5dd-4469-bfcc-c1de9e969213/pos-sessions",
                headers={"Authorization": f"Bearer {section['api_key']}"},
                json={"totalAmount": 3, "currency": "EUR", "partnerUrls": {"returnUrl": address}}).json()
        page = http.get(made["redirectUrl"])
        assert f'href="{address}"' not in page.text and html.escape(address) in page.text
        assert http.post(made["redirectUrl"], data={"choice": "pay"}).status_code == 200


def test_encoded_slashes_are_part_of_an_identifier(fresh: RunningSandbox, http: httpx.Client) -> None:
    made = fresh.ask("PUT", "sessions/dintero:T12345678/a%2Fb%20%3Cb%3E/s", {})
    assert chosen(http, made, "pay").status_code == 200
    assert fresh.ask("GET", "sessions/dintero:T12345678/a%2Fb%20%3Cb%3E/s")["status"] == "processed"
    moved = http.post("/sessions/dintero:T12345678/a%2Fb%20%3Cb%3E/s", data={"status": "failed"})
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    assert fresh.ask("GET", "sessions/dintero:T12345678/a%2Fb%20%3Cb%3E/s")["status"] == "failed"


def test_a_session_is_made_and_moved_by_forms(fresh: RunningSandbox, http: httpx.Client) -> None:
    assert http.post("/sessions", data={
        "provider": "kustom", "amount": "4200", "currency": "eur", "reference": "A1",
        "return_url": "http://localhost:1/"}).headers["location"] == "/"
    (made,) = fresh.ask("GET", "sessions")
    assert (made["amount"], made["currency"], made["reference"], made["return_url"]) == (
        4200, "EUR", "A1", "http://localhost:1/")
    http.post("/sessions", data={"provider": "ledyer", "amount": "", "currency": "", "reference": "", "return_url": ""})
    assert fresh.ask("GET", "sessions")[0]["amount"] == 2000
    http.post(f"/sessions/{made['session']}", data={"status": "FINALIZED"})
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "FINALIZED"


def test_proof_and_callbacks_by_forms(fresh: RunningSandbox, http: httpx.Client) -> None:
    """What is left empty follows the session, or stays what it was."""
    made = fresh.create("kustom", status="FINALIZED", callback={"url": "http://localhost:1/hook", "lost": True})
    other = fresh.create("kustom")

    def sent(**fields: str) -> dict[str, Any]:
        assert http.post(f"/sessions/{made['session']}", data=fields).headers["location"] == "/"
        told: dict[str, Any] = fresh.ask("GET", f"sessions/{made['session']}")
        return {**told["callback"], "proof": told["proof"]["status"], "follows": told["proof"]["follows"]}

    usual = {"url": "http://localhost:1/hook", "late_ms": 0, "twice": False, "out_of_order": False, "lost": False,
             "signature": "valid", "stale_s": 0, "moved_to": None}
    for words, changed in (("as they should", {}), ("five seconds late", {"late_ms": 5000}), ("twice", {"twice": True}),
                           ("out of order", {"out_of_order": True}), ("lost", {"lost": True}),
                           ("forged", {"signature": "wrong"}), ("without a signature", {"signature": "missing"}),
                           ("signed ten minutes ago", {"stale_s": 600}),
                           (f"moved to {other['session']}", {"moved_to": other["session"]})):
        assert f'<option value="{words}"' in http.get("/").text
        assert sent(proof="captured", callback=words) == {**usual, **changed, "proof": "CAPTURED", "follows": False}
        assert f'<option value="{words}" selected' in http.get("/").text
    fresh.change(made["session"], callback={"late_ms": 1})
    assert '<option value="" selected>as it was told over HTTP' in http.get("/").text
    assert sent(proof="", callback="") == {**usual, "late_ms": 1, "proof": "AUTHORIZED", "follows": True}
    for field, value, said in (("proof", "PAID", "kustom has no such proof of payment."),
                               ("callback", "by mail", "kustom sends no callbacks so: by mail")):
        went = http.post(f"/sessions/{made['session']}", data={field: value})
        assert went.status_code == 400 and said in html.unescape(went.text)


def test_a_provider_that_signs_nothing_is_not_forged_by_forms(fresh: RunningSandbox, http: httpx.Client) -> None:
    made = fresh.create("ledyer", callback={"url": "http://localhost:1/"})
    page = http.get("/").text
    assert 'value="twice"' in page and 'value="forged"' not in page and "moved to" not in page
    assert http.post(f"/sessions/{made['session']}", data={"callback": "forged"}).status_code == 400
    # Ledyer has no event for an open session.
    assert http.post(f"/sessions/{made['session']}", data={"callback": "twice", "again": "yes"}).status_code == 400


@pytest.mark.parametrize(("field", "value", "said"), [
    ("provider", "klarna", "Provider: expected one of dintero, inbank, kustom, ledyer."),
    ("amount", "42.00", "Amount: expected minor units, as 4200 for 42.00, got 42.00"),
    ("amount", "-1", "Amount: expected minor units, as 4200 for 42.00, got -1"),
    ("amount", "9" * 5000, "Amount: expected minor units, as 4200 for 42.00, got 999"),
    ("amount", "0" * 5000, "Amount: expected minor units, as 4200 for 42.00, got 000"),
    ("amount", "\u0663", "Amount: expected minor units"),
    ("currency", "kr", "Currency: expected ISO 4217, as EUR, got kr"),
    ("return_url", "javascript:alert(1)", "Return address: expected http://HOST or https://HOST."),
])
def test_a_form_that_is_none_is_told(
    field: str, value: str, said: str, fresh: RunningSandbox, http: httpx.Client,
) -> None:
    told = http.post("/sessions", data={"provider": "kustom", field: value})
    assert told.status_code == 400 and said in html.unescape(told.text)
    assert fresh.ask("GET", "sessions") == []


def test_a_form_of_any_size_is_no_harm(fresh: RunningSandbox, http: httpx.Client) -> None:
    assert http.post("/sessions", content=b"provider=kustom&reference=" + b"x" * 1_000_000).status_code == 400
    assert http.post("/sessions", content=b"\xff\x00%zz&&&=").status_code == 400


def test_nothing_from_outside_is_markup(fresh: RunningSandbox, http: httpx.Client) -> None:
    made = fresh.create("kustom", reference=HOSTILE, items=[{"name": HOSTILE}], replies=[{"status": HOSTILE}],
                        callback={"url": "http://localhost:1/<script>"})
    http.get("/<script>alert(1)</script>")
    fresh.create("ledyer", reference="a" * 500)
    for path in ("/", made["pay_url"], "/pay/kustom:%3Cscript%3E", "/samples", "/sandbox"):
        page = http.get(path)
        assert "<script>" not in page.text.replace('<script src="/static/live.js" defer></script>', "")
        assert "\x1b" not in page.text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;" in http.get("/").text


def test_what_every_page_says_of_itself(fresh: RunningSandbox, http: httpx.Client) -> None:
    made = fresh.create("kustom", return_url="https://shop.example:8443/back?a=;script-src *")
    for path in ("/", "/samples", "/sandbox", "/pay/none", made["pay_url"]):
        headers = http.get(path).headers
        policy = headers["content-security-policy"].split("; ")
        assert policy[:4] == ["default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'"]
        # The pay page leads out, by redirects of the shop's too.
        assert policy[-1] == ("form-action 'self' http: https:" if path == made["pay_url"] else "form-action 'self'")
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_what_there_is_not_is_a_page(http: httpx.Client) -> None:
    for path in ("/pay/kustom:none", "/pay/", "/pay/nothing:x"):
        page = http.get(path)
        assert page.status_code == 404 and "<h1>Not found</h1>" in page.text
    assert http.post("/sessions/kustom:none", data={"status": "FINALIZED"}).status_code == 404


def test_the_list_says_how_many_more_there_are(fresh: RunningSandbox, http: httpx.Client) -> None:
    fresh.ask("POST", "sessions", [{"provider": "kustom"}] * 1_234)
    page = http.get("/").text
    assert page.count("<li>") == 50 and "and 1,184 more" in page


def test_the_interface_is_documented_whole(fresh: RunningSandbox, http: httpx.Client) -> None:
    """On one page: every operation, every object and each of its keys."""
    described = http.get("/sandbox/openapi.json").json()
    page = http.get("/sandbox").text
    assert http.get("/sandbox/", follow_redirects=True).status_code == 200
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert f"<code>{method.upper()} /sandbox{path}</code>" in page
            assert operation["summary"] in page
    names = [name for name in described["components"]["schemas"] if not name.endswith("ValidationError")]
    assert {"NewSession", "Reply", "Callback", "Journal", "Tokens"} <= set(names)
    for name in names:
        assert f'id="{name}"' in page
        for key in described["components"]["schemas"][name]["properties"]:
            assert f"<code>{key}</code>" in page
    # Every link leads somewhere on it.
    for target in {part.partition('"')[0] for part in page.split('href="#')[1:]}:
        assert f'id="{target}"' in page
