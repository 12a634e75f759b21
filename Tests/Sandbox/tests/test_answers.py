# SPDX-License-Identifier: MIT
"""What goes wrong on demand: scripted over HTTP, or by name; and what the library makes of it."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from paysession_sandbox.names import understood
from paysession_sandbox.provider import Provider
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.session import Turn
from paysession_sandbox.testing import RunningSandbox

import paysession

ORDER: paysession.Expect = {"amount": 4200, "currency": "SEK", "reference": "A1"}


def asked(client: paysession.Client, reference: str, **options: Any) -> paysession.Answer | paysession.Failure:
    """The answer, also where there is an exception around it."""
    try:
        return client.get(reference, **options)
    except paysession.PaySessionError as error:
        assert error.answer is not None
        return error.answer


def exchange(answer: paysession.Answer | paysession.Failure) -> paysession.Exchange:
    assert answer.exchange is not None
    return answer.exchange


# ---- Scripted -------------------------------------------------------------------------------------

# What a reply is, and then: result, decision, tries; of an order that is paid.
REPLIES: list[Any] = [
    ("http-503", {"http": 503}, "ok", "ship", 2),
    ("http-404", {"http": 404}, "not_found", "hold", 1),
    ("429-with-retry-after", {"http": 429, "retry_after_s": 0}, "ok", "ship", 2),
    ("broken", {"body": "broken"}, "malformed", "hold", 1),
    ("cut", {"body": "cut"}, "ok", "ship", 2),
    ("html", {"body": "html"}, "ok", "ship", 2),
    ("empty", {"body": "empty"}, "ok", "ship", 2),
    ("page-of-503", {"http": 503, "body": "html"}, "ok", "ship", 2),
    ("unknown-word", {"status": "REFUNDED"}, "ok", "hold", 1),
    ("wrong-amount", {"amount": 4201}, "ok", "hold", 1),
    ("amount-that-is-none", {"amount": "42,00"}, "ok", "hold", 1),
    ("wrong-currency", {"currency": "EUR"}, "ok", "hold", 1),
    ("wrong-id", {"id": "another"}, "mismatched", "hold", 1),
    ("back-to-pending", {"move": "pending"}, "ok", "wait", 1),
]


@pytest.mark.parametrize(("reply", "result", "decision", "tries"), [row[1:] for row in REPLIES],
                         ids=[row[0] for row in REPLIES])
def test_a_reply(
    reply: dict[str, Any], result: str, decision: str, tries: int, fresh: RunningSandbox, client: paysession.Client,
) -> None:
    made = fresh.create("kustom", **ORDER, status="completed", replies=[reply])
    answer = asked(client, made["session"], expect=ORDER)
    assert (answer.result, answer.next, exchange(answer).attempts) == (result, decision, tries)
    # It was one answer; then the session is what it is.
    if "move" not in reply:
        assert client.get(made["session"], expect=ORDER).is_paid


def test_replies_come_in_turn_and_so_many_times(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("inbank", status="completed", replies=[{"http": 500, "times": 3}, {"status": "granted"}])
    assert made["replies"] == ["500", "500", "500", "status granted"]
    with pytest.raises(paysession.ProviderError):
        client.get(made["session"])
    assert client.get(made["session"]).status == "action_required"
    assert client.get(made["session"]).is_paid


def test_a_delay_ends_in_a_timeout(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("kustom", status="completed", replies=[{"delay_ms": 2000}])
    begun = time.monotonic()
    with pytest.raises(paysession.TimedOut):
        client.get(made["session"], timeout_ms=300)
    assert time.monotonic() - begun < 1.5


def test_retry_after_is_told(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("kustom", replies=[{"http": 429, "retry_after_s": 60}])
    with pytest.raises(paysession.RateLimited) as told:
        client.get(made["session"], timeout_ms=500)
    assert told.value.answer is not None and told.value.answer.error is not None
    assert told.value.answer.error.retry_after_ms == 60_000


def test_replies_are_replaced_and_taken_back(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("kustom", status="completed", replies=["404", "404"])
    assert fresh.change(made["session"], replies=["500"])["replies"] == ["500"]
    assert fresh.change(made["session"], replies=[])["replies"] == []
    assert client.get(made["session"]).is_paid


def test_over_http_2_too(fresh: RunningSandbox) -> None:
    """A stream that ends early is a fault of the connection there as well."""
    made = [fresh.create("kustom", status="completed", replies=["cut"])["session"] for _ in range(8)]
    with paysession.Client({**fresh.config, "http2": True}) as client:
        answers = dict(client.read_many(made, in_flight=8))
    for answer in answers.values():
        assert isinstance(answer, paysession.Answer) and answer.is_paid
        assert (exchange(answer).http_version, exchange(answer).attempts) == ("2", 2)


# ---- By name --------------------------------------------------------------------------------------

NAMES: list[Any] = [
    ("finalized-amount-4200-ref-A1", "ok", "ship", 1),
    ("finalized-amount-4201-ref-A1", "ok", "hold", 1),
    ("completed-amount-4200-currency-SEK-ref-A1", "ok", "ship", 1),
    ("503-then-503-then-finalized-amount-4200-ref-A1", "ok", "ship", 3),
    ("429-then-finalized-amount-4200-ref-A1", "ok", "ship", 2),
    ("cut-then-html-then-finalized-amount-4200-ref-A1", "ok", "ship", 3),
    ("unknown-word-then-finalized-amount-4200-ref-A1", "ok", "hold", 1),
    ("wrong-amount-then-finalized-amount-4200-ref-A1", "ok", "hold", 1),
    ("wrong-currency-then-finalized-amount-4200-ref-A1", "ok", "hold", 1),
    ("wrong-id-then-finalized-amount-4200-ref-A1", "mismatched", "hold", 1),
    ("broken-then-finalized-amount-4200-ref-A1", "malformed", "hold", 1),
    ("active-amount-4200-ref-A1", "ok", "wait", 1),
    ("cancelled-amount-4200-ref-A1", "ok", "release", 1),
    ("nonsense-amount-4200", "not_found", "hold", 1),
]


@pytest.mark.parametrize(("name", "result", "decision", "tries"), NAMES)
def test_a_name(
    name: str, result: str, decision: str, tries: int, fresh: RunningSandbox, client: paysession.Client,
) -> None:
    answer = asked(client, f"kustom:{name}", expect=ORDER)
    assert (answer.result, answer.next, exchange(answer).attempts) == (result, decision, tries)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_a_name_of_each_provider(provider: Provider, fresh: RunningSandbox, client: paysession.Client) -> None:
    for stage, status, _ in provider.stages:
        assert client.get(provider.reference(f"{stage.lower()}-amount-4200")).status == status


def test_a_session_by_name_can_be_moved(fresh: RunningSandbox, client: paysession.Client) -> None:
    reference = "kustom:created-then-active-then-finalized-ref-A1"
    seen = [client.get(reference).status for _ in range(4)]
    assert seen == ["open", "pending", "completed", "completed"]
    fresh.move(reference, "cancelled")
    assert client.get(reference).next == "release"


def test_what_a_name_says() -> None:
    kustom = PROVIDERS["kustom"]
    said = understood(kustom, "delay-250-then-502-then-FINALIZED-amount-007-currency-EUR-ref-A-then-B")
    assert said is not None
    assert (said.stage, said.turns) == ("FINALIZED", (Turn(delay_ms=250), Turn(http=502)))
    assert said.order == {"amount": 7, "currency": "EUR", "reference": "A-then-B"}
    for name in ("finalized-then-503", "99-then-finalized", "100-then-finalized", "600-then-finalized",
                 "delay-60001-then-finalized", "delay-x-then-finalized", "finalized-amount-1.5", "finalized-amount--1",
                 "finalized-currency-eur", "", "-then-", "finalized-amount-1234567890123", "finalized-amount-\u0661"):
        assert understood(kustom, name) is None, name


# ---- Tokens and keys ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dintero", "ledyer"])
def test_an_expired_token_is_renewed_once(name: str, fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create(name)
    client.get(made["session"])
    fresh.tokens(name, "expire")
    answer = client.get(made["session"])
    assert answer.result == "ok" and exchange(answer).token_refreshed
    assert fresh.counts == {f"{name} token": 2, f"{name} session": 3}


@pytest.mark.parametrize("name", PROVIDERS)
def test_credentials_are_refused_until_they_are_accepted(
    name: str, fresh: RunningSandbox, client: paysession.Client,
) -> None:
    made = fresh.create(name)
    fresh.tokens(name, "refuse")
    for _ in range(2):
        with pytest.raises(paysession.Unauthorized):
            client.get(made["session"])
    fresh.tokens(name, "accept")
    assert client.get(made["session"]).result == "ok"
    fresh.tokens(name, "refuse", 1)
    fresh.tokens(name, "expire")
    with paysession.Client({**fresh.config, "shared": False}) as other:
        with pytest.raises(paysession.Unauthorized):
            other.get(made["session"])
        assert other.get(made["session"]).result == "ok"


# ---- Journal --------------------------------------------------------------------------------------


def test_the_journal_has_each_request_and_no_secret(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("ledyer", replies=["503"], customer={"email": "jan@example.com"})
    client.get(made["session"])
    entries = fresh.journal()
    assert [(entry["kind"], entry["status"], entry["scripted"], entry["authorization"]) for entry in entries] == [
        ("token", 200, None, "Basic"), ("session", 503, "503", "Bearer"), ("session", 200, None, "Bearer")]
    assert entries[1]["session"] == made["session"] and entries[1]["path"] == f"/ledyer/v1/sessions/{made['session'][7:]}"
    told = json.dumps(fresh.ask("GET", "journal"))
    for secret in ("jan@example.com", fresh.config["ledyer"]["client_secret"], "sandbox-token", "client_credentials"):
        assert secret not in told
    assert fresh.journal(1, after=entries[-1]["number"]) == []
    assert [entry["kind"] for entry in fresh.journal(session=made["session"])] == ["session", "session"]
    fresh.ask("DELETE", "journal")
    assert fresh.ask("GET", "journal") == {"counts": {}, "entries": []}


def test_a_line_of_the_journal_is_one_line(fresh: RunningSandbox, client: paysession.Client) -> None:
    """Whatever a path or a script holds, nothing of it reaches a terminal as it is."""
    made = fresh.create("kustom", replies=[{"status": "\x1b[31m\nred"}])
    client.get(made["session"])
    assert (fresh.directory / "log").read_text("utf-8").endswith(" ms  (status \\u001b[31m\\u000ared)\n")
    assert asked(client, "kustom:%E2%80%A8x").result == "not_found"
    httpx.get(fresh.page + "/%1B%5B31m%0A")
    lines = (fresh.directory / "log").read_text("utf-8").split("\n")[-3:]
    assert "GET session kustom:%E2%80%A8x 404" in lines[0]
    assert "GET elsewhere /%1B%5B31m%0A 404" in lines[1] and lines[2] == ""


def test_reset_makes_it_as_it_was(fresh: RunningSandbox, client: paysession.Client) -> None:
    made = fresh.create("ledyer")
    client.get(made["session"])
    client.get("kustom:moving")
    fresh.tokens("kustom", "refuse")
    fresh.reset()
    assert fresh.ask("GET", "sessions") == [] and fresh.counts == {}
    assert client.get("kustom:moving").status == "open"
    assert asked(client, made["session"]).result == "not_found"
