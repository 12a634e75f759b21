# SPDX-License-Identifier: MIT
"""The report: calls by provider and result, latencies, tokens, connections, and the drift that a
shop wants to hear of early. Names and numbers only, never contents.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from nginx import Nginx, nginx, reference
from programs import REPOSITORY, Handle, listed
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox
from servers import Server, in_turn, kustom, reply

__all__ = ["nginx"]
KEY = {"api_key": "kco_test_x"}
SCHEMA = json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_text("utf-8"))


def valid(answer: dict[str, Any]) -> dict[str, Any]:
    jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    report: dict[str, Any] = answer["report"]
    return report


def test_of_a_client_that_did_nothing(nginx: Nginx) -> None:
    handle = Handle(nginx.config())
    report = valid(handle.call("client_report"))
    assert list(report["providers"]) == [one["name"] for one in listed()]
    for name, one in report["providers"].items():
        nothing = {"p50": None, "p90": None, "p99": None, "max": None}
        assert one == {"base_url": f"{nginx.base}/{name}", "clock_skew_s": None,
                       "calls": {}, "proofs": {}, "latency_ms": nothing,
                       "unknown_statuses": {}, "unreadable_fields": {}}
    assert report["tokens"] == {"fetched": 0, "reused": 0, "failed": 0}
    assert report["connections"] == {"opened": 0, "requests": 0}
    handle.close()


def test_what_requests_are_made_with() -> None:
    """By an independent witness: Debian's curl, built on the same libcurl."""
    handle = Handle({"ca_file": "/etc/ssl/certs/ca-certificates.crt"})
    told = valid(handle.call("client_report"))["transport"]
    handle.close()
    version = subprocess.run(["curl", "-V"], capture_output=True, text=True, check=True).stdout
    assert f"libcurl/{told['libcurl']} " in version
    assert told["tls"] in version
    # One that cannot tell what came by HTTP/2 (before 7.83) is not asked for it.
    can_tell = tuple(map(int, told["libcurl"].split("."))) >= (7, 83)
    assert told["http2"] == ("HTTP2" in version and can_tell)
    assert told["ends_floods"] == told["tls"].startswith("OpenSSL/")
    assert (told["ca_file"], told["ca_path"]) == ("/etc/ssl/certs/ca-certificates.crt", None)


@pytest.mark.parametrize("skew", [0, 3600, -86_400])
def test_the_providers_clock_is_told(skew: int) -> None:
    """Not of a provider that was not asked, nor by one that says no time."""
    date = formatdate(time.time() + skew, usegmt=True)
    with Server(in_turn(reply(kustom("x"), headers=[("Date", date)]))) as server:
        handle = Handle({"kustom": {**KEY, "base_url": server.http}})
        assert handle.get("kustom:x")["result"] == "ok"
        report = valid(handle.call("client_report"))
        handle.close()
    assert report["providers"]["kustom"]["clock_skew_s"] == pytest.approx(skew, abs=2)
    assert report["providers"]["kustom"]["base_url"] == server.http
    assert report["providers"]["inbank"]["clock_skew_s"] is None
    assert report["providers"]["inbank"]["base_url"] is None


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Xyz 2026 25:61:61 GMT", "0" * 5000])
def test_a_clock_that_cannot_be_read_is_not_told(date: str) -> None:
    with Server(in_turn(reply(kustom("x"), headers=[("Date", date)]))) as server:
        handle = Handle({"kustom": {**KEY, "base_url": server.http}})
        assert handle.get("kustom:x")["result"] == "ok"
        assert valid(handle.call("client_report"))["providers"]["kustom"]["clock_skew_s"] is None
        handle.close()


@pytest.mark.slow
def test_calls_are_counted_by_provider_and_result(sandbox: RunningSandbox) -> None:
    """Everything the sandbox knows but what takes long, twice; what was never sent is not counted
    as a request."""
    handle = Handle({**sandbox.config, "attempts": 1, "timeout_ms": 20_000, "proxy": "",
                     "max_response_bytes": 100_000})
    expected: dict[str, Counter[str]] = {name: Counter() for name in PROVIDERS}
    for name, entry in sandbox.references.items():
        if entry["result"] in ("timed_out", "too_large") or name.endswith("slow"):
            continue
        for _ in range(2):
            told = handle.get(name)
            assert told["result"] == entry["result"], name
            expected[name.partition(":")[0]][told["result"]] += 1
    handle.get("kustom:..")
    report = valid(handle.call("client_report"))
    assert {name: one["calls"] for name, one in report["providers"].items()} == expected
    calls = sum(sum(counter.values()) for counter in expected.values())
    # One token each for those that want one, and for each 401 a new one and a second try, which the
    # next call finds thrown away: 401 twice in a row costs two requests more.
    fetched = report["tokens"]["fetched"]
    assert fetched >= sum(provider.token_path is not None for provider in PROVIDERS.values())
    unauthorized = sum(expected[name]["unauthorized"] for name, provider in PROVIDERS.items()
                       if provider.token_path)
    assert report["connections"]["requests"] == calls + unauthorized + fetched
    assert report["connections"]["opened"] == 1
    handle.close()


def test_a_call_that_was_never_sent_reached_nobody(nginx: Nginx) -> None:
    handle = Handle({"kustom": nginx.config()["kustom"]})
    assert handle.get("kustom:..")["result"] == "invalid_argument"
    assert handle.get("ledyer:x")["result"] == "not_configured"
    assert valid(handle.call("client_report"))["connections"] == {"opened": 0, "requests": 0}
    handle.close()


@pytest.mark.slow
def test_latencies_are_those_of_the_calls() -> None:
    """Forty quick ones, ten of 60 ms, one of 250 ms: percentiles within 13 %, the longest exact."""
    def answer(_: Any, request: Any) -> bytes:
        time.sleep({"s": 0.06, "l": 0.25}.get(request.target[-1], 0))
        return reply(kustom(request.target.rpartition("/")[2]))

    with Server(answer) as server:
        handle = Handle({"kustom": {"base_url": server.http, **KEY}})
        took = []
        for name in ["q"] * 40 + ["s"] * 10 + ["l"]:
            took.append(handle.get(f"kustom:{name}")["exchange"]["elapsed_ms"])
        latency = handle.report()["providers"]["kustom"]["latency_ms"]
        handle.close()
    took.sort()
    assert took[45] * 0.99 <= latency["p90"] <= took[46] * 1.14
    # Told in tenths of a millisecond, what is left over cut off.
    assert took[25] * 0.99 - 0.01 <= latency["p50"] <= (took[26] + 0.1) * 1.14
    assert took[-1] * 0.99 <= latency["p99"] <= latency["max"]
    assert latency["max"] == pytest.approx(took[-1], rel=0.01)
    assert latency["p50"] < 50 < latency["p90"] < 200 < latency["max"]


def test_a_timeout_is_in_the_latencies() -> None:
    with Server(on_connection=lambda connection: connection.say_nothing()) as server:
        handle = Handle({"timeout_ms": 200, "kustom": {"base_url": server.http, **KEY}})
        handle.get("kustom:x")
        told = handle.report()["providers"]["kustom"]
        handle.close()
    assert told["calls"] == {"timed_out": 1}
    assert 190 <= told["latency_ms"]["max"] < 400


def test_tokens(tmp_path: Path) -> None:
    """Fetched, reused, failed: one answer refused, one with a token, four calls that use it."""
    def answer(connection: Any, request: Any) -> bytes | None:
        if request.target == "/token":
            return turns(connection, request)
        return reply(PROVIDERS["ledyer"].paid(request.target.rpartition("/")[2]))

    turns = in_turn(reply({"error": "invalid_client"}, 401),
                    reply({"access_token": "good-token", "expires_in": 3600}))
    with Server(answer) as server:
        handle = Handle({"ledyer": {"base_url": server.http, "auth_url": server.http + "/token",
                                    "client_id": "me", "client_secret": "my secret"}})
        results = [handle.get(f"ledyer:{n}")["result"] for n in range(6)]
        report = handle.report()
        handle.close()
    assert results == ["unauthorized"] + ["ok"] * 5
    assert report["tokens"] == {"fetched": 1, "reused": 4, "failed": 1}
    assert report["connections"]["requests"] == 7


def test_connections(nginx: Nginx) -> None:
    handle = Handle(nginx.config())
    for nth in range(10):
        handle.get(reference([*PROVIDERS][nth % len(PROVIDERS)], f"r-{nth}"))
    assert handle.report()["connections"] == {"opened": 1, "requests": 12}
    handle.close()


@pytest.fixture
def telling() -> Any:
    """A server that tells each session as the test wants it: kustom's document with changes."""
    changes: dict[str, Any] = {}

    def answer(_: Any, request: Any) -> bytes:
        return reply({**kustom(request.target.rpartition("/")[2]), **changes})

    with Server(answer) as server:
        handle = Handle({"kustom": {"base_url": server.http, **KEY}})

        def tell(**more: Any) -> dict[str, Any]:
            changes.clear()
            changes.update(more)
            return handle.get("kustom:x")

        yield handle, tell
        handle.close()


def test_unknown_statuses_are_named(telling: Any) -> None:
    handle, tell = telling
    for status in ["REFUNDED", "REFUNDED", "finalized", "PARTLY_REFUNDED", "FINALIZED", "on-hold"]:
        told = tell(status=status)
        assert told["result"] == "ok"
        assert told["session"]["paid"] == ("yes" if status == "FINALIZED" else "unknown")
    assert handle.report()["providers"]["kustom"]["unknown_statuses"] == {
        "REFUNDED": 2, "finalized": 1, "PARTLY_REFUNDED": 1, "on-hold": 1}


@pytest.mark.parametrize("status", [
    "Anna Andersson", "anna@example.com", "+46761010101", "19121212-1212", "x" * 41, "", "Zoë",
    '"quoted"', "a\tb", "<b>", "4711"])
def test_what_is_no_word_is_not_told(status: str, telling: Any) -> None:
    handle, tell = telling
    assert tell(status=status)["session"]["status"] == "unknown"
    answer = handle.call("client_report")
    assert valid(answer)["providers"]["kustom"]["unknown_statuses"] == {"(not a word)": 1}
    if status:
        assert status not in json.dumps(answer, ensure_ascii=False)


def test_ever_new_statuses_do_not_grow_it_for_ever(telling: Any) -> None:
    handle, tell = telling
    for nth in range(200):
        tell(status="S" + "".join(chr(65 + int(digit)) for digit in str(nth)))
    named = handle.report()["providers"]["kustom"]["unknown_statuses"]
    assert len(named) <= 65
    assert sum(named.values()) == 200


def test_unreadable_fields_are_named_by_path(telling: Any) -> None:
    """By path, and without what stood there."""
    handle, tell = telling
    sentinel = "Sentinel-5d41402a"
    told = tell(order_amount=sentinel, created_at=sentinel + "T", merchant_reference1=[sentinel],
                order_items=[{"quantity": sentinel}], expires_at={"a": sentinel})
    assert told["result"] == "ok"
    answer = handle.call("client_report")
    fields = valid(answer)["providers"]["kustom"]["unreadable_fields"]
    assert fields["order_amount"] == 1
    assert {"created_at", "merchant_reference1", "expires_at"} <= set(fields)
    assert any("quantity" in field for field in fields)
    assert sentinel not in json.dumps(answer)


def test_a_status_that_is_no_text_is_an_unreadable_field(telling: Any) -> None:
    handle, tell = telling
    tell(status=3)
    told = handle.report()["providers"]["kustom"]
    assert told["unreadable_fields"].get("status") == 1
    assert told["unknown_statuses"] == {}


def test_of_nobody() -> None:
    from ctypes import byref, c_void_p

    from programs import interface, taken

    answer = c_void_p()
    assert interface().session_client_report(None, byref(answer)) == 1
    assert taken(answer)["result"] == "invalid_argument"
