# SPDX-License-Identifier: MIT
"""Tokens of Dintero and Ledyer: kept per client by token endpoint, id and audience until the
earlier of half their life and 60 s before its end; one request in flight however many want it;
renewed once after a 401; a failed answer is never kept; a token endpoint's failure is told as such.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import paysession
import pytest
from asking import BINDING, Told, ask, told
from paysession_sandbox.providers import PROVIDERS
from servers import (
    Answer,
    Connection,
    Request,
    Server,
    as_asked,
    in_turn,
    reply,
    say_nothing,
)

ID, SECRET = "shop", "s3cret-of-the-shop"
WITH_TOKENS = {name: provider for name, provider in PROVIDERS.items() if provider.token_path}
REFERENCES = {name: provider.reference("x") for name, provider in WITH_TOKENS.items()}
EACH = pytest.mark.parametrize("provider", WITH_TOKENS)


def is_token(request: Request) -> bool:
    return request.target.endswith("/token")


def numbered(lifetime: Any = 3600, before: bytes = b"") -> Answer:
    """token-1, token-2, …, for that long, which stands there as it is spelt if it is bytes."""
    count = 0
    lock = threading.Lock()

    def answer(connection: Connection, request: Request) -> bytes:
        nonlocal count
        with lock:
            count += 1
            number = count
        spelt = lifetime if isinstance(lifetime, bytes) else json.dumps(lifetime).encode()
        lasting = b"" if lifetime is None else b', "expires_in": ' + spelt
        return reply(before + b'{"access_token": "token-%d", "token_type": "Bearer"%s}' % (
            number, lasting))

    return answer


class Provider(Server):
    """Token endpoint and sessions in one place, `token` and `session` answering for each."""

    def __init__(self, token: Answer, session: Answer = as_asked) -> None:
        def answer(connection: Connection, request: Request) -> bytes | None:
            chosen = token if is_token(request) else session
            return chosen if isinstance(chosen, bytes) else chosen(connection, request)

        super().__init__(answer)

    def __enter__(self) -> Provider:
        super().__enter__()
        return self

    @property
    def config(self) -> dict[str, Any]:
        return {"timeout_ms": 10_000, **{
            name: {**provider.section(self.http, SECRET), "client_id": ID}
            for name, provider in WITH_TOKENS.items()}}

    @property
    def token_requests(self) -> list[Request]:
        return [request for request in self.requests if is_token(request)]

    @property
    def session_requests(self) -> list[Request]:
        return [request for request in self.requests if not is_token(request)]


def at_once(count: int, call: Callable[[int], Told]) -> list[Told]:
    """`count` threads that begin together."""
    barrier = threading.Barrier(count)
    ended: list[Told] = []

    def one(number: int) -> None:
        barrier.wait()
        ended.append(call(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == count
    return ended


# ---- Asked for -----------------------------------------------------------------------------------


def test_ledyer_is_asked_as_its_documentation_says() -> None:
    with Provider(numbered()) as server:
        ended = ask(server.config, "ledyer:x")
        token, session = server.requests
    assert ended.result == "ok" and ended.exchange["token_refreshed"] is True
    assert (token.method, token.target) == ("POST", "/oauth/token")
    assert token.authorization == "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
    assert token.all("content-type") == ["application/x-www-form-urlencoded"]
    assert parse_qs(token.body.decode())["grant_type"] == ["client_credentials"]
    assert (session.method, session.target) == ("GET", "/v1/sessions/x")
    assert session.authorization == "Bearer token-1"


def test_dinteros_accounts_have_tokens_of_their_own() -> None:
    accounts = ["T12345678", "P12345678", "T87654321"]
    with Provider(numbered()) as server, paysession.Client(server.config) as client:
        for _ in range(2):
            for account in accounts:
                assert told(lambda: client.get(f"dintero:{account}/o/x")).result == "ok"
        assert len(server.token_requests) == 3
        for account, request in zip(accounts, server.token_requests):
            assert request.target == f"/v1/accounts/{account}/auth/token"
            assert request.authorization == "Basic " + base64.b64encode(
                f"{ID}:{SECRET}".encode()).decode()
            assert json.loads(request.body) == {
                "grant_type": "client_credentials",
                "audience": f"https://api.dintero.com/v1/accounts/{account}"}
        for request in server.session_requests:
            account = request.target.split("/")[3]
            assert request.authorization == f"Bearer token-{accounts.index(account) + 1}"


def test_providers_have_tokens_of_their_own() -> None:
    with Provider(numbered()) as server, paysession.Client(server.config) as client:
        for reference in ("ledyer:x", "dintero:T12345678/o/x", "ledyer:x"):
            assert told(lambda: client.get(reference)).result == "ok"
        assert [request.authorization for request in server.session_requests] == [
            "Bearer token-1", "Bearer token-2", "Bearer token-1"]


def test_a_ready_made_token_is_used_as_it_is() -> None:
    with Provider(numbered(), reply(status=401)) as server:
        config = {"ledyer": {"base_url": server.http, "auth_url": server.http + "/token",
                             "token": "ready-made"}}
        del config["ledyer"]["auth_url"]
        ended = ask(config, "ledyer:x")
        assert ended.result == "unauthorized" and ended.exchange["token_refreshed"] is False
        # There is nothing to renew it with.
        assert [request.authorization for request in server.requests] == ["Bearer ready-made"]


# ---- Kept ----------------------------------------------------------------------------------------


@EACH
def test_is_kept_between_calls(provider: str) -> None:
    with Provider(numbered()) as server, paysession.Client(server.config) as client:
        refreshed = [told(lambda: client.get(REFERENCES[provider])).exchange["token_refreshed"]
                     for _ in range(5)]
        assert refreshed == [True, False, False, False, False]
        assert len(server.token_requests) == 1 and len(server.session_requests) == 5
        assert client.report()["tokens"] == {"fetched": 1, "reused": 4, "failed": 0}


@EACH
def test_a_byte_order_mark_is_no_part_of_it(provider: str) -> None:
    with Provider(numbered(before=b"\xef\xbb\xbf")) as server:
        ended = ask(server.config, REFERENCES[provider])
        assert ended.result == "ok", ended.error
        assert server.session_requests[0].authorization == "Bearer token-1"


def test_each_client_has_its_own() -> None:
    with Provider(numbered()) as server:
        for _ in range(2):
            ask(server.config, "ledyer:x")
        assert len(server.token_requests) == 2


# Seconds after the token came, and whether it is still used then.
@pytest.mark.slow
@pytest.mark.parametrize(("lifetime", "moments"), [
    (3600, [(1790, True), (1810, False)]),  # half of its life
    (121, [(55, True), (65, False)]),  # 60.5 s or 61 s
    (119, [(54, True), (64, False)]),  # 59 s: sooner than half of it
    (100, [(35, True), (45, False)]),  # 60 s before its end
    (70, [(5, True), (15, False)]),
    (60, [(0, False)]),
    (1, [(0, False)]),
    (0, [(0, False)]),
    (-3600, [(0, False)]),
    (None, [(0, False)]),  # nobody says how long
    (10**9, [(86400, True)]),
    # A text of digits, or a whole number however it is spelt.
    ("3600", [(1790, True), (1810, False)]),
    (b"3600.0", [(1790, True), (1810, False)]),
    (b"3.6e3", [(1790, True), (1810, False)]),
    (b"36000E-1", [(1790, True), (1810, False)]),
    ("120", [(55, True), (65, False)]),
    ("1", [(0, False)]),
    # Nobody says how long.
    ("", [(0, False)]),
    ("soon", [(0, False)]),
    ("3600s", [(0, False)]),
    (" 3600", [(0, False)]),
    ("+3600", [(0, False)]),
    ("-3600", [(0, False)]),
    ("3600.0", [(0, False)]),
    ("3.6e3", [(0, False)]),
    ("\u0663\u0666\u0660\u0660", [(0, False)]),
    (b"3600.5", [(0, False)]),
    (b"true", [(0, False)]),
    (b"[3600]", [(0, False)]),
    (b'{"s": 3600}', [(0, False)]),
])
def test_is_kept_until_half_its_life_or_a_minute_before_its_end(
    lifetime: Any, moments: list[tuple[int, bool]], preload: Path,
) -> None:
    """By a clock that is turned on, in a process of its own."""

    program = f"""
import ctypes, sys
sys.path.insert(0, {str(BINDING)!r})
import paysession
skip = ctypes.CDLL(None).preload_skip
skip.argtypes = [ctypes.c_long]
with paysession.Client(sys.argv[1]) as client:
    now = 0
    for moment in [0] + [int(word) for word in sys.argv[2:]]:
        skip(moment - now)
        now = moment
        assert client.get("ledyer:x").result == "ok"
"""
    with Provider(numbered(lifetime)) as server:
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(server.config),
             *(str(moment) for moment, _ in moments)],
            env={**os.environ, "LD_PRELOAD": str(preload)}, capture_output=True, text=True,
            timeout=30)
        assert done.returncode == 0, done.stderr
        tokens = [request.authorization for request in server.session_requests]
    assert len(tokens) == len(moments) + 1
    assert [one == tokens[0] for one in tokens[1:]] == [kept for _, kept in moments]


@pytest.mark.slow
def test_a_short_life_by_the_real_clock() -> None:
    """62 s: a minute before its end comes after two."""
    with Provider(numbered(62)) as server, paysession.Client(server.config) as client:
        start = time.monotonic()
        for _ in range(3):
            client.get("ledyer:x")
        assert time.monotonic() - start < 1.5 and len(server.token_requests) == 1
        time.sleep(max(0.0, start + 2.3 - time.monotonic()))
        client.get("ledyer:x")
        assert len(server.token_requests) == 2


# ---- Renewed -------------------------------------------------------------------------------------


@EACH
def test_is_renewed_once_after_a_401(provider: str) -> None:
    with Provider(numbered(), in_turn(reply(status=401), as_asked)) as server, \
            paysession.Client(server.config) as client:
        ended = told(lambda: client.get(REFERENCES[provider]))
        assert ended.result == "ok" and ended.tries == ["unauthorized", "ok"]
        assert ended.exchange["token_refreshed"] is True and ended.pauses == []
        assert told(lambda: client.get(REFERENCES[provider])).result == "ok"
        assert [request.authorization for request in server.session_requests] == [
            "Bearer token-1", "Bearer token-2", "Bearer token-2"]
        assert len(server.token_requests) == 2


@EACH
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_second_401_is_final(provider: str, attempts: int) -> None:
    with Provider(numbered(), reply(status=401)) as server:
        ended = ask({**server.config, "attempts": attempts}, REFERENCES[provider])
        assert ended.result == "unauthorized" and ended.error["http_status"] == 401
        assert ended.tries == ["unauthorized"] * 2
        assert "session endpoint" in ended.error["message"]
        assert [request.authorization for request in server.session_requests] == [
            "Bearer token-1", "Bearer token-2"]
        assert len(server.token_requests) == 2


def test_a_revoked_token_is_renewed_once_for_eight_threads() -> None:
    revoked = threading.Event()
    together = threading.Barrier(8)

    def session(connection: Connection, request: Request) -> bytes:
        if revoked.is_set() and request.authorization == "Bearer token-1":
            together.wait(5)  # all eight ask with it before the first is refused
            return reply(status=401)
        return as_asked(connection, request)

    with Provider(numbered(), session) as server, paysession.Client(server.config) as client:
        client.get("ledyer:x")
        revoked.set()
        ended = at_once(8, lambda number: told(lambda: client.get(f"ledyer:{number}")))
        assert [one.result for one in ended] == ["ok"] * 8
        assert len(server.token_requests) == 2


def test_403_renews_nothing() -> None:
    with Provider(numbered(), reply(status=403)) as server:
        assert ask(server.config, "ledyer:x").result == "forbidden"
        assert len(server.token_requests) == 1 and len(server.session_requests) == 1


def test_a_retry_keeps_the_token() -> None:
    with Provider(numbered(), in_turn(reply(status=503), as_asked)) as server:
        assert ask(server.config, "ledyer:x").result == "ok"
        assert len(server.token_requests) == 1 and len(server.session_requests) == 2


# ---- One request however many want it ------------------------------------------------------------


def slow(answer: Answer, seconds: float = 0.3) -> Answer:
    def answer_late(connection: Connection, request: Request) -> bytes | None:
        time.sleep(seconds)
        return answer if isinstance(answer, bytes) else answer(connection, request)

    return answer_late


@EACH
def test_eight_threads_fetch_one_token(provider: str) -> None:
    with Provider(slow(numbered())) as server, paysession.Client(server.config) as client:
        ended = at_once(8, lambda number: told(
            lambda: client.get(REFERENCES[provider][:-1] + f"x{number}")))
        assert [one.result for one in ended] == ["ok"] * 8
        assert len(server.token_requests) == 1
        assert sorted(one.exchange["token_refreshed"] for one in ended) == [False] * 7 + [True]


def test_a_token_that_cannot_be_kept_serves_all_who_waited() -> None:
    with Provider(slow(numbered(1))) as server, paysession.Client(server.config) as client:
        ended = at_once(8, lambda number: told(lambda: client.get(f"ledyer:{number}")))
        assert [one.result for one in ended] == ["ok"] * 8
        assert len(server.token_requests) == 1


def test_a_failure_is_told_to_all_who_waited() -> None:
    with Provider(slow(reply(status=401))) as server, paysession.Client(server.config) as client:
        ended = at_once(8, lambda number: told(lambda: client.get(f"ledyer:{number}")))
        assert [one.result for one in ended] == ["unauthorized"] * 8
        assert all("token endpoint" in one.error["message"] for one in ended)
        assert len(server.token_requests) == 1
        # Those who only waited have sent nothing, and say so.
        assert [bool(one.answer["exchange"]) for one in ended].count(True) == 1


def test_a_leader_out_of_time_does_not_fail_those_who_wait() -> None:
    with Provider(in_turn(say_nothing, numbered())) as server, \
            paysession.Client(server.config) as client:
        ended: dict[str, Told] = {}

        def lead() -> None:
            ended["leader"] = told(lambda: client.get("ledyer:leader", timeout_ms=400))

        leader = threading.Thread(target=lead)
        leader.start()
        while not server.requests:
            time.sleep(0.005)
        followers = at_once(4, lambda number: told(lambda: client.get(f"ledyer:{number}")))
        leader.join()
        assert ended["leader"].result == "timed_out"
        assert [one.result for one in followers] == ["ok"] * 4
        assert len(server.token_requests) == 2


def test_a_cancelled_leader_leaves_nothing_behind() -> None:
    with Provider(in_turn(say_nothing, numbered())) as server, \
            paysession.Client(server.config) as client:
        ended: list[Told] = []
        leader = threading.Thread(target=lambda: ended.append(told(lambda: client.get("ledyer:x"))))
        leader.start()
        while not server.requests:
            time.sleep(0.005)
        client.cancel()
        leader.join(5)
        assert ended[0].result == "aborted"
        assert told(lambda: client.get("ledyer:x")).result == "ok"
        assert len(server.token_requests) == 2


# ---- Failing -------------------------------------------------------------------------------------

FAILURES = [
    (reply(status=400), "unauthorized", 400),  # RFC 6749, 5.2: invalid_client may come so
    (reply({"error": "invalid_client"}, 401), "unauthorized", 401),
    (reply(status=403), "unauthorized", 403),
    (reply(status=404), "unexpected_http", 404),  # it is not the session that was not found
    (reply(status=408), "unexpected_http", 408),
    (reply(status=425), "unexpected_http", 425),
    (reply(status=302, headers=[("Location", "/elsewhere/token")]), "unexpected_http", 302),
    (reply(status=429), "rate_limited", 429),
    (reply(status=500), "provider_error", 500),
    (reply(status=503), "provider_error", 503),
    (reply(status=522), "provider_error", 522),
    (reply({"token_type": "Bearer"}), "malformed", 200),
    (reply({"access_token": ""}), "malformed", 200),
    (reply({"access_token": 7}), "malformed", 200),
    (reply({"access_token": None}), "malformed", 200),
    (reply({"access_token": "a\r\nX-Injected: yes"}), "malformed", 200),
    (reply({"access_token": "a\nb"}), "malformed", 200),
    (reply({"access_token": "a b"}), "malformed", 200),
    (reply({"access_token": "\u00f8"}), "malformed", 200),
    (reply(b'{"access_token": "a\\u0000b"}'), "malformed", 200),
    (reply(b"<html>busy</html>"), "malformed", 200),
    (reply(b""), "malformed", 200),
    (reply(b'["access_token"]'), "malformed", 200),
    (reply(b'{"access_token": "a", "access_token": "b"}'), "malformed", 200),
]


@EACH
@pytest.mark.parametrize(
    ("failing", "result", "status"), FAILURES,
    ids=[f"{status}-{number}" for number, (_, _, status) in enumerate(FAILURES)])
def test_a_failure_is_told_as_the_token_endpoints_and_not_kept(
    provider: str, failing: bytes, result: str, status: int,
) -> None:
    with Provider(in_turn(failing, numbered())) as server, \
            paysession.Client({**server.config, "attempts": 1}) as client:
        ended = told(lambda: client.get(REFERENCES[provider]))
        assert ended.result == result and ended.error["http_status"] == status
        assert "token endpoint" in ended.error["message"]
        assert provider in ended.error["message"]
        (attempt,) = ended.exchange["tries"]
        assert (attempt["step"], attempt["result"]) == ("token", result)
        assert server.session_requests == []
        # Nothing of it is kept.
        assert told(lambda: client.get(REFERENCES[provider])).result == "ok"
        assert len(server.token_requests) == 2


@EACH
@pytest.mark.parametrize(("failing", "result", "word"), [
    (reply(status=408), "unexpected_http", "408"),
    (reply(status=425), "unexpected_http", "425"),
    *((reply(status=status), "provider_error", str(status)) for status in range(520, 525)),
    (reply(b""), "malformed", "empty"),
    (reply(b" \r\n"), "malformed", "empty"),
    (reply(b"<html>busy</html>"), "malformed", "HTML"),
    (reply(b"\xef\xbb\xbf\n<!doctype html>"), "malformed", "HTML"),
], ids=["408", "425", "520", "521", "522", "523", "524", "empty", "blank", "page", "marked page"])
def test_a_token_endpoint_that_is_asked_again(
    provider: str, failing: bytes, result: str, word: str,
) -> None:
    with Provider(in_turn(failing, numbered())) as server:
        ended = ask(server.config, REFERENCES[provider])
        assert ended.result == "ok", ended.error
        assert [(one["step"], one["result"]) for one in ended.exchange["tries"]] == [
            ("token", result), ("session", "ok")]
    with Provider(failing) as server:
        ended = ask({**server.config, "attempts": 2}, REFERENCES[provider])
        assert ended.tries == [result] * 2 and ended.error["retryable"] is True
        assert word in ended.error["message"] and "token endpoint" in ended.error["message"]


@EACH
@pytest.mark.parametrize("failing", [
    reply(b'{"access_token": "a'), reply(b'["a"]'), reply({"access_token": ""}), reply(status=404)])
def test_a_token_endpoint_that_is_not(provider: str, failing: bytes) -> None:
    with Provider(in_turn(failing, numbered())) as server:
        ended = ask(server.config, REFERENCES[provider])
        assert ended.error["retryable"] is False and len(server.requests) == 1


@EACH
def test_a_token_endpoint_whose_status_line_is_none(provider: str) -> None:
    """See test_http.py: what came is no answer, and there is no second try."""
    good = reply({"access_token": "a", "expires_in": 3600})
    for line in (b"HTTP/1.1 200x X", b"HTTP/1.1\t200 X", b"http/1.1 200 X", b"HTTP/2 200 X"):
        with Provider(good.replace(b"HTTP/1.1 200 X", line, 1)) as server:
            ended = ask(server.config, REFERENCES[provider])
            assert ended.result == "malformed" and ended.tries == ["malformed"], line
            assert ended.error["http_status"] is None and len(server.requests) == 1


@EACH
def test_where_a_token_endpoint_redirects_to_is_told(provider: str) -> None:
    """The host, and nothing that may be a secret."""
    location = "https://zzuser:zzword@login.example.com:8443/zzpath?zzquery#zzfragment"
    with Provider(reply(status=307, headers=[("Location", location)])) as server:
        words = ask(server.config, REFERENCES[provider]).error["message"]
    assert "login.example.com" in words and "zz" not in words and "token endpoint" in words


@EACH
def test_a_token_endpoint_that_breaks_off(provider: str) -> None:
    def reset(connection: Connection, _: Request) -> None:
        connection.reset()

    with Provider(reset) as server:
        ended = ask({**server.config, "attempts": 2}, REFERENCES[provider])
    assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 2
    assert "token endpoint" in ended.error["message"] and ended.error["http_status"] is None


def test_a_token_endpoint_that_is_not_there() -> None:
    with Server() as gone:
        address = gone.http + "/token"
    with Provider(numbered()) as server:
        config = server.config
        config["ledyer"]["auth_url"] = address
        ended = ask({**config, "attempts": 1}, "ledyer:x")
    assert ended.result == "unreachable" and "token endpoint" in ended.error["message"]


def test_a_token_endpoint_that_asks_for_patience() -> None:
    busy = reply(status=429, headers=[("Retry-After", "30")])
    with Provider(busy) as server:
        ended = ask(server.config, "ledyer:x")
        assert ended.result == "rate_limited" and len(server.token_requests) == 1
        assert ended.seconds < 0.15
    with Provider(in_turn(reply(status=503), numbered())) as server:
        ended = ask(server.config, "ledyer:x")
        assert ended.result == "ok"
        assert [(one["step"], one["result"]) for one in ended.exchange["tries"]] == [
            ("token", "provider_error"), ("session", "ok")]
