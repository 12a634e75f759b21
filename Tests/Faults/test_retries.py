# SPDX-License-Identifier: MIT
"""What is tried again, and what never is: connect errors, resets, 408, 425, 429, 500, 502, 503,
504, 520 to 524, and a 200 that is empty or a page are, up to `attempts` times in all, after pauses that
grow and are left to chance, or that Retry-After asks for. Each attempt is told in `exchange`.
"""

from __future__ import annotations

import email.utils
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import Told, apart, ask, keyed, told
from programs import Handle
from servers import (
    Authority,
    Connection,
    Request,
    Server,
    as_asked,
    in_turn,
    kustom,
    reply,
    reset,
)

AT_ONCE = 0.15


def reset_after_headers(connection: Connection, _: Request) -> None:
    connection.send(reply(length=500))
    time.sleep(0.02)  # so that they are read, and not lost with the connection
    connection.reset()


def reset_in_the_body(connection: Connection, _: Request) -> None:
    connection.send(reply(kustom("x"))[:-1])
    time.sleep(0.02)
    connection.reset()


def close_silently(connection: Connection, _: Request) -> None:
    connection.socket.shutdown(socket.SHUT_RDWR)
    connection.socket.close()


# A 200 of somebody in between, who has nothing of the provider's yet.
EMPTY = [reply(b""), reply(b" \t\r\n"), reply(b"\n" * 4000),
         reply(headers=[("Content-Encoding", "gzip")])]
PAGES = [reply(b"<html>busy</html>"), reply(b"<!DOCTYPE html><title>Log in</title>"), reply(b"<"),
         reply(b"\xef\xbb\xbf<html></html>"), reply(b"\r\n \t<html></html>"),
         reply(b"\xef\xbb\xbf \n<html></html>"), reply(b"<?xml version='1.0'?><error/>")]


def named(value: Any) -> str | None:
    """What stands for a parameter in a test's name: an answer is long."""
    if isinstance(value, bytes):
        status, body = value[9:12].decode(), value.partition(b"\r\n\r\n")[2]
        return f"200 {body[:12]!r}" if status == "200" else status
    return value.__name__ if callable(value) else None


PASSING = [
    (reply(status=408), "unexpected_http"),
    (reply(status=425), "unexpected_http"),
    (reply(status=429), "rate_limited"),
    (reply(status=500), "provider_error"),
    (reply(status=502), "provider_error"),
    (reply(status=503), "provider_error"),
    (reply(status=504), "provider_error"),
    *((reply(status=status), "provider_error") for status in range(520, 525)),
    *((empty, "malformed") for empty in EMPTY),
    *((page, "malformed") for page in PAGES),
    (reset, "unreachable"),
    (reset_after_headers, "unreachable"),
    (reset_in_the_body, "unreachable"),
    (close_silently, "unreachable"),
]


@pytest.mark.slow
@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize(("failing", "result"), PASSING, ids=named)
def test_is_tried_again(failing: Any, result: str, attempts: int) -> None:
    with Server(failing) as server:
        ended = ask(keyed(server.http, attempts=attempts), "kustom:x")
        assert len(server.requests) == attempts
    assert ended.result == result and ended.error["retryable"] is True
    assert ended.tries == [result] * attempts and ended.exchange["attempts"] == attempts
    # One pause between two attempts, none after the last.
    assert len(ended.pauses) == attempts - 1
    assert ended.exchange["tries"][-1]["pause_ms"] is None


@pytest.mark.parametrize(("answers", "word"), [(EMPTY, "empty"), (PAGES, "HTML")])
def test_a_200_that_is_none_is_told_as_what_it_is(answers: list[bytes], word: str) -> None:
    for answer in answers:
        with Server(answer) as server:
            ended = ask(keyed(server.http, attempts=1), "kustom:x")
        assert word in ended.error["message"] and ended.error["http_status"] == 200, answer


def by_library(config: dict[str, Any], **options: Any) -> Told:
    """session_wait()."""
    handle = Handle(json.dumps(config))
    start = time.monotonic()
    answer = handle.wait("kustom:x", interval_ms=1, **options)
    handle.close()
    return Told(answer["result"], answer, time.monotonic() - start)


def by_binding(config: dict[str, Any], **options: Any) -> Told:
    """Client.wait() of Python, which keeps the same pauses by itself."""
    with paysession.Client(config) as client:
        return told(lambda: client.wait("kustom:x", interval_ms=1, **options))


BY_EACH = pytest.mark.parametrize("waited", [by_library, by_binding])


@BY_EACH
@pytest.mark.parametrize("failing", [failing for failing, _ in PASSING], ids=named)
def test_a_wait_goes_on_after_what_may_pass(failing: Any, waited: Callable[..., Told]) -> None:
    with Server(in_turn(failing, as_asked)) as server:
        ended = waited(keyed(server.http, attempts=1))
        assert ended.paid == "yes" and len(server.requests) == 2


def test_attempts_is_three_unless_told() -> None:
    with Server(reply(status=503)) as server:
        ask(keyed(server.http), "kustom:x")
        assert len(server.requests) == 3


@pytest.mark.parametrize("failing", [failing for failing, _ in PASSING], ids=named)
def test_the_next_attempt_counts(failing: Any) -> None:
    with Server(in_turn(failing, reply(kustom("x")))) as server:
        ended = ask(keyed(server.http), "kustom:x")
    assert ended.paid == "yes"
    assert [one["step"] for one in ended.exchange["tries"]] == ["session"] * 2
    assert ended.tries[1] == "ok" and ended.exchange["http_status"] == 200


@pytest.mark.slow
def test_refused_connections_are_tried_again() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # not listening: nobody else gets the port, nobody answers
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
        ended = ask(keyed(base, attempts=4), "kustom:x")
    assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 4
    assert base.partition("//")[2] in ended.error["message"]
    assert ended.exchange["http_status"] is None and ended.error["http_status"] is None


def test_a_host_that_is_nowhere_is_named() -> None:
    ended = ask(keyed("https://pay.invalid:8443", attempts=1, proxy=""), "kustom:x")
    assert ended.result == "unreachable" and "pay.invalid" in ended.error["message"]


def test_a_server_that_comes_up_meanwhile() -> None:
    with Server() as probe:
        port = probe.port
    def open_late() -> None:
        time.sleep(0.15)
        with Server(reply(kustom("x")), port=port):
            done.wait(10)

    done = threading.Event()
    server = threading.Thread(target=open_late)
    server.start()
    try:
        ended = ask(keyed(f"http://127.0.0.1:{port}", attempts=10), "kustom:x")
    finally:
        done.set()
        server.join()
    assert ended.paid == "yes" and ended.tries[0] == "unreachable"


@pytest.mark.parametrize(("final", "result"), [
    (reply(status=401), "unauthorized"),
    (reply(status=403), "forbidden"),
    (reply(status=404), "not_found"),
    (reply(status=302, headers=[("Location", "/elsewhere")]), "unexpected_http"),
    (reply(status=400), "unexpected_http"),
    (reply(status=409), "unexpected_http"),
    (reply(status=418), "unexpected_http"),
    (reply(status=424), "unexpected_http"),
    (reply(status=426), "unexpected_http"),
    (reply(status=501), "provider_error"),
    (reply(status=505), "provider_error"),
    (reply(status=519), "provider_error"),
    (reply(status=525), "provider_error"),
    (reply(status=599), "provider_error"),
    (reply(b"{"), "malformed"),
    (reply(b'{"session_id": "x", "status": "FINAL'), "malformed"),
    (reply(b"[" + json.dumps(kustom("x")).encode() + b"]"), "malformed"),
    (reply(b"\0"), "malformed"),
    (reply(b"\xef\xbb\xbf\xef\xbb\xbf<html></html>"), "malformed"),
    (reply(b"busy <html></html>"), "malformed"),
    (reply(b"", 201), "unexpected_http"),
    (reply(b"<html></html>", 203), "unexpected_http"),
    (reply(b"<html></html>", 404), "not_found"),
    (reply(kustom("y")), "mismatched"),
    (reply(b" " * 5_000_000), "too_large"),
], ids=named)
def test_is_never_tried_again(final: bytes, result: str) -> None:
    """Not even where Retry-After asks for it."""
    asking = final.replace(b"\r\n", b"\r\nRetry-After: 1\r\n", 1)
    with Server(in_turn(asking, as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
        assert len(server.requests) == 1
    assert ended.result == result and ended.tries == [result] and ended.pauses == []
    # A 5xx is worth a later call, though not an attempt more of this one.
    assert ended.error["retryable"] is (result == "provider_error")


def test_a_peer_that_cannot_be_verified_is_never_tried_again(authority: Authority) -> None:
    with Server(as_asked, tls=authority.server()) as server:
        ended = ask(keyed(server.https), "kustom:x")
        assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]
        assert server.connections == 1 and server.requests == []


def test_a_last_answer_that_is_final_ends_it() -> None:
    with Server(in_turn(reply(status=503), reply(status=404), as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
    assert ended.result == "not_found" and ended.tries == ["provider_error", "not_found"]
    assert [one["http_status"] for one in ended.exchange["tries"]] == [503, 404]


# ---- Pauses --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_pauses_grow_and_are_left_to_chance() -> None:
    """Of 96 callers at once: a crowd must not come back as one."""
    pauses: list[list[float]] = []
    gaps: list[tuple[float, float]] = []

    def one(client: paysession.Client, name: str) -> None:
        ended = told(lambda: client.get(f"kustom:{name}"))
        assert ended.result == "provider_error"
        pauses.append(ended.pauses)
        came = [request.at for request in server.requests if request.target.endswith("/" + name)]
        gaps.extend(zip(ended.pauses, (b - a for a, b in zip(came, came[1:]))))

    with Server(reply(status=503)) as server, \
            paysession.Client(keyed(server.http, attempts=4)) as client:
        callers = [threading.Thread(target=one, args=(client, f"caller-{n}-")) for n in range(96)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(pauses) == 96 and all(len(three) == 3 for three in pauses)
    first, second, third = (sorted(column) for column in zip(*pauses))
    for column in (first, second, third):
        assert len(set(column)) > 48
        assert column[0] < column[-1] / 4  # full jitter: from next to nothing
    # Doubling would be 4; the bounds are far beyond chance for 96 of each.
    assert statistics.mean(third) > 2 * statistics.mean(first)
    assert statistics.mean(first) < statistics.mean(second) < statistics.mean(third)
    # What is told is what was waited.
    assert all(waited > pause / 1000 - 0.01 for pause, waited in gaps)


def date(seconds: float, form: str = "imf") -> str:
    """Retry-After as a date, that many seconds from now, in the three forms of RFC 9110, 5.6.7."""
    moment = time.time() + seconds
    if form == "imf":
        return email.utils.formatdate(moment, usegmt=True)
    layout = {"rfc850": "%A, %d-%b-%y %H:%M:%S GMT", "asctime": "%a %b %e %H:%M:%S %Y"}[form]
    return time.strftime(layout, time.gmtime(moment))


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_kept(status: int) -> None:
    with Server(in_turn(reply(status=status, headers=[("Retry-After", "1")]), as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
        first, second = (request.at for request in server.requests)
    assert ended.paid == "yes" and ended.pauses == [1000]
    assert 0.99 < second - first < 1.3


@pytest.mark.slow
def test_retry_after_as_a_date_is_kept() -> None:
    """In all three forms, side by side."""
    def one(form: str) -> None:
        def busy(connection: Connection, _: Request) -> bytes:
            # libcurl reads the date by time(), whose second begins some milliseconds late.
            while time.time() % 1 < 0.1:
                time.sleep(0.02)
            return reply(status=503, headers=[("retry-after", date(2, form))])

        with Server(in_turn(busy, as_asked)) as server:
            ended[form] = ask(keyed(server.http), "kustom:x")

    ended: dict[str, Told] = {}
    callers = [threading.Thread(target=one, args=(form,)) for form in ("imf", "rfc850", "asctime")]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(ended) == 3
    for form, given in ended.items():
        assert given.paid == "yes", form
        assert 900 <= given.pauses[0] <= 2000, form  # a date has whole seconds


@pytest.mark.parametrize("value", [
    "30", "3600", "99999999999999999999", str(2**63 - 1), date(3600), date(3600 * 24 * 365 * 9),
], ids=["30", "3600", "20 digits", "2**63-1", "date", "far date"])
@pytest.mark.parametrize(("status", "result"), [(429, "rate_limited"), (503, "provider_error")])
def test_retry_after_that_does_not_fit_ends_at_once(value: str, status: int, result: str) -> None:
    busy = reply(status=status, headers=[("Retry-After", value)])
    with Server(in_turn(busy, as_asked)) as server:
        ended = ask(keyed(server.http, timeout_ms=5000), "kustom:x")
        assert len(server.requests) == 1
    assert ended.result == result and ended.tries == [result] and ended.pauses == []
    assert ended.seconds < AT_ONCE
    assert ended.error["retryable"] is True


@pytest.mark.slow
@pytest.mark.parametrize("value", ["0", "-5", "soon", "", date(-3600), "1.5e9"], ids=[
    "0", "-5", "soon", "empty", "past date", "1.5e9"])
def test_retry_after_that_says_nothing(value: str) -> None:
    """The library's own short pause, or the second that 1.5e9 begins with."""
    with Server(in_turn(reply(status=503, headers=[("Retry-After", value)]), as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
    assert ended.paid == "yes" and ended.seconds < 1.5


@pytest.mark.slow
def test_retry_after_counts_for_its_own_answer_only() -> None:
    busy = reply(status=503, headers=[("Retry-After", "1")])
    with Server(in_turn(busy, reset_after_headers, as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
    assert ended.paid == "yes" and ended.pauses[0] == 1000 and ended.pauses[1] < 1000


@pytest.mark.slow
@BY_EACH
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_counts_between_the_reads_of_a_wait(status: int, waited: Callable[..., Told]) -> None:
    """Whose own pause would be a millisecond."""
    busy = reply(status=status, headers=[("Retry-After", "2" if status == 429 else "1")])
    with Server(in_turn(busy, as_asked)) as server:
        ended = waited(keyed(server.http, attempts=1))
        first, second = (request.at for request in server.requests)
    assert ended.paid == "yes"
    assert 0 < second - first - (2 if status == 429 else 1) + 0.01 < 0.5


@BY_EACH
@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize(("status", "result"), [(429, "rate_limited"), (503, "provider_error")])
def test_a_wait_does_not_wait_for_what_comes_too_late(
    status: int, result: str, attempts: int, waited: Callable[..., Told]
) -> None:
    busy = reply(status=status, headers=[("Retry-After", "3600")])
    with Server(busy) as server:
        ended = waited(keyed(server.http, attempts=attempts), timeout_ms=5000)
        assert len(server.requests) == 1
    assert ended.result == result and ended.seconds < AT_ONCE


# ---- Connections that die between two calls ------------------------------------------------------


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    def once(connection: Connection, request: Request) -> bytes:
        return as_asked(connection, request).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    def unsaid(connection: Connection, request: Request) -> None:
        connection.send(as_asked(connection, request))
        connection.socket.shutdown(socket.SHUT_RDWR)

    for leaving in (once, unsaid):
        with Server(leaving) as server, \
                paysession.Client(keyed(server.http, attempts=1)) as client:
            for number in range(3):
                ended = told(lambda: client.get(f"kustom:{number}"))
                assert ended.paid == "yes" and ended.tries == ["ok"]
                assert ended.exchange["reused_connection"] is False
                time.sleep(0.02)
            assert server.connections == 3


def test_a_kept_connection_is_used_again() -> None:
    with Server(as_asked) as server, paysession.Client(keyed(server.http)) as client:
        used = [told(lambda: client.get("kustom:x")).exchange["reused_connection"]
                for _ in range(4)]
        assert used == [False, True, True, True] and server.connections == 1


@pytest.mark.slow
def test_what_never_connected_used_no_connection(preload: Path) -> None:
    """Neither a new one nor one that was kept, however often it was tried."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # not listening: refused
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        for config in (keyed(f"http://{address}"), keyed(f"https://{address}", attempts=1),
                       keyed("https://pay.invalid", attempts=1, proxy=""),
                       keyed("https://pay.example", proxy=f"http://{address}"),
                       keyed("https://pay.example", proxy="http://proxy.invalid:3128")):
            ended = ask(config, "kustom:x")
            assert ended.result == "unreachable"
            assert ended.exchange["reused_connection"] is None, config
    (ended_late,) = apart(keyed("https://pay.example", timeout_ms=200), "kustom:x", environment={
        "LD_PRELOAD": str(preload), "PRELOAD_SILENT_DNS": "1"})
    assert ended_late["result"] == "timed_out"
    assert ended_late["exchange"]["reused_connection"] is None


def test_what_connected_and_failed_used_a_new_one(authority: Authority) -> None:
    def reset(connection: Connection) -> None:
        connection.socket.recv(1)  # a reset that comes sooner is a connection that was never made
        connection.reset()

    for failing in (Server(as_asked, tls=authority.server()), Server(on_connection=reset)):
        with failing as server:
            ended = ask(keyed(server.https, attempts=1), "kustom:x")
            assert ended.result in ("tls_failed", "unreachable")
            assert ended.exchange["reused_connection"] is False
