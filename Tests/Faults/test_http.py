# SPDX-License-Identifier: MIT
"""Answers that are none, or not of the session that was asked for: each ends in the right result
and never in a wrong "paid". The bodies here are of paid sessions: whoever believes them ships.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import ask, keyed, told
from programs import REPOSITORY
from paysession_sandbox.provider import Provider
from paysession_sandbox.providers import PROVIDERS
from servers import (
    Authority,
    Connection,
    Request,
    Server,
    as_asked,
    by_http2,
    chunked,
    in_turn,
    kustom,
    reply,
)

PAID = json.dumps(kustom("x")).encode()
CHUNKED = ("Transfer-Encoding", "chunked")
GZIP = ("Content-Encoding", "gzip")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def once(data: bytes, reset: bool = False) -> Any:
    """Sends that and ends the connection."""
    def send(connection: Connection, _: Request) -> None:
        if data:
            connection.send(data)
        if reset:
            time.sleep(0.02)
            connection.reset()
        else:
            connection.socket.shutdown(socket.SHUT_WR)
            connection.say_nothing()

    return send


WHOLE = reply(PAID)


def status_line(line: bytes, whole: bytes = WHOLE) -> bytes:
    """A paid session under that status line."""
    return whole.replace(b"HTTP/1.1 200 X", line, 1)


# What came as an answer, and whose status line is none by the rule: HTTP/1.0 or HTTP/1.1, one
# blank, three digits from 100 to 599, then a blank or the end of the line. Malformed, and no status
# is told of it.
STATUS_LINES: dict[str, Any] = {
    "garbage before the status line": once(b"garbage\r\n" + WHOLE),
    "a banner before the status line": once(b"220 mail.example ESMTP\r\n" + WHOLE),
    "NUL bytes before the status line": once(b"\0\0\0\0" + WHOLE),
    "JSON before the status line": once(PAID + WHOLE),
    "a line end before the status line": once(b"\r\n" + WHOLE),
    "a blank before the status line": once(b" " + WHOLE),
    "HTTP/0.9": once(PAID),
    "HTTP/0.9, cut": once(PAID, reset=True),
    "a line end": once(b"\r\n"),
    "a status of two digits": once(status_line(b"HTTP/1.1 20 X")),
    "a status of four digits": once(status_line(b"HTTP/1.1 2000 X")),
    "a status that goes on": once(status_line(b"HTTP/1.1 200x X")),
    "a status of digits apart": once(status_line(b"HTTP/1.1 2 0 0 X")),
    "a status that is no number": once(status_line(b"HTTP/1.1 abc X")),
    "a negative status": once(status_line(b"HTTP/1.1 -200 X")),
    "a positive status": once(status_line(b"HTTP/1.1 +200 X")),
    "a status below 100": once(status_line(b"HTTP/1.1 099 X")),
    "600": once(status_line(b"HTTP/1.1 600 X")),
    "999": once(status_line(b"HTTP/1.1 999 X")),
    "no status": once(status_line(b"HTTP/1.1")),
    "a blank in place of a status": once(status_line(b"HTTP/1.1 ")),
    "no blank": once(status_line(b"HTTP/1.1200 X")),
    "two blanks": once(status_line(b"HTTP/1.1  200 X")),
    "a tab before the status": once(status_line(b"HTTP/1.1\t200 X")),
    "a tab behind the status": once(status_line(b"HTTP/1.1 200\tX")),
    "another protocol": once(status_line(b"ICY 200 X")),
    "lower case": once(status_line(b"http/1.1 200 X")),
    "HTTP/1": once(status_line(b"HTTP/1 200 X")),
    "HTTP/1.2": once(status_line(b"HTTP/1.2 200 X")),
    "HTTP/1.10": once(status_line(b"HTTP/1.10 200 X")),
    "HTTP/2, said by HTTP/1": once(status_line(b"HTTP/2 200 X")),
    "HTTP/2.0, said by HTTP/1": once(status_line(b"HTTP/2.0 200 X")),
    "HTTP/3, said by HTTP/1": once(status_line(b"HTTP/3 200 X")),
    "a later HTTP": once(status_line(b"HTTP/7.3 200 X")),
    "an interim answer that goes on": once(b"HTTP/1.1 100x Continue\r\n\r\n" + WHOLE),
    "an interim answer of four digits": once(b"HTTP/1.1 1000 Continue\r\n\r\n" + WHOLE),
    "an interim answer with a tab": once(b"HTTP/1.1\t103 X\r\nLink: </x>\r\n\r\n" + WHOLE),
    "an interim answer in HTTP/2": once(b"HTTP/2 100 Continue\r\n\r\n" + WHOLE),
    "a status that goes on, after 100": once(CONTINUE + status_line(b"HTTP/1.1 200x X")),
    "a tab, after 100": once(CONTINUE + status_line(b"HTTP/1.1\t200 X")),
    "lower case, after 100": once(CONTINUE + status_line(b"http/1.1 200 X")),
    "garbage after 100": once(CONTINUE + b"garbage\r\n" + WHOLE),
    "HTTP/2, after 100": once(CONTINUE + status_line(b"HTTP/2 200 X")),
}
ODDITIES: dict[str, tuple[Any, str]] = {
    **{name: (answer, "malformed") for name, answer in STATUS_LINES.items()},
    # A NUL is in no header line of HTTP/1.
    "a NUL in a header": (once(reply(PAID, headers=[("X-A", "a\0b")])), "malformed"),
    "a NUL in a header's name": (once(reply(PAID, headers=[("X\0A", "b")])), "malformed"),
    "a NUL in a trailer": (once(
        reply(headers=[CHUNKED], length=None) + chunked(PAID) + b"0\r\nX-A: a\0b\r\n\r\n"),
        "malformed"),
    # Not HTTP yet, or not any more.
    "an empty reply": (once(b""), "unreachable"),
    "the beginning of a status line": (once(b"HTT"), "unreachable"),
    "a status line without its end": (once(b"HTTP/1.1 200"), "unreachable"),
    "a status line alone": (once(b"HTTP/1.1 200 OK\r\n"), "unreachable"),
    "headers that never end": (once(b"HTTP/1.1 200 OK\r\nContent-Length: 92\r\n"), "unreachable"),
    # Broken off.
    "a body without its end": (once(WHOLE[:-1]), "unreachable"),
    "a body without its end, reset": (once(WHOLE[:-1], reset=True), "unreachable"),
    "a session, but more was told": (once(reply(PAID, length=len(PAID) + 1)), "unreachable"),
    "a chunked body without its end":
        (once(reply(headers=[CHUNKED], length=None) + chunked(PAID)), "unreachable"),
    "a chunk without its end":
        (once(reply(headers=[CHUNKED], length=None) + b"200\r\n" + PAID), "unreachable"),
    "chunks of no length":
        (once(reply(headers=[CHUNKED], length=None) + b"zz\r\n" + PAID + b"\r\n0\r\n\r\n"),
         "unreachable"),
    "chunks of too great a length":
        (once(reply(headers=[CHUNKED], length=None) + b"f" * 20 + b"\r\n" + PAID), "unreachable"),
    "a body that was cut before it closed": (once(reply(PAID[:-1], length=None)), "malformed"),
    # Other than 200.
    "201": (reply(PAID, 201), "unexpected_http"),
    "202": (reply(PAID, 202), "unexpected_http"),
    "203": (reply(PAID, 203), "unexpected_http"),
    "204": (reply(status=204, length=None), "unexpected_http"),
    "204 with a body": (once(reply(PAID, 204)), "unexpected_http"),
    "205": (reply(status=205), "unexpected_http"),
    "206": (reply(PAID, 206, [("Content-Range", "bytes 0-91/92")]), "unexpected_http"),
    "299": (reply(PAID, 299), "unexpected_http"),
    "304": (reply(status=304, length=None), "unexpected_http"),
    "304 with a length": (reply(status=304, length=92), "unexpected_http"),
    "407": (reply(PAID, 407, [("Proxy-Authenticate", "Basic")]), "unexpected_http"),
    "416": (reply(PAID, 416), "unexpected_http"),
    "426": (reply(PAID, 426, [("Upgrade", "h2c"), ("Connection", "Upgrade")]), "unexpected_http"),
    "451": (reply(PAID, 451), "unexpected_http"),
    "500": (reply(PAID, 500), "provider_error"),
    "500, in what is no gzip": (reply(PAID, 500, [GZIP]), "provider_error"),
    "404, in what is no gzip": (reply(PAID, 404, [GZIP]), "not_found"),
    "502": (reply(b"<html>502 Bad Gateway</html>", 502), "provider_error"),
    "599": (reply(PAID, 599), "provider_error"),
    # 200, but no session.
    "no body": (reply(), "malformed"),
    "a page": (reply(b"<!doctype html><title>Log in</title>"), "malformed"),
    "NUL bytes alone": (reply(bytes(92)), "malformed"),
    "a NUL byte in it": (reply(PAID.replace(b"FINAL", b"FI\0AL")), "malformed"),
    "a NUL byte after it": (reply(PAID + b"\0"), "malformed"),
    "a NUL byte before it": (reply(b"\0" + PAID), "malformed"),
    # jansson 2.14 sees none of these.
    "a NUL byte behind a number": (reply(PAID.replace(b"2000", b"2000\0")), "malformed"),
    "a NUL byte behind a word": (reply(PAID[:-1] + b', "x": null\0}'), "malformed"),
    "a NUL byte behind zero": (reply(PAID[:-1] + b', "x": 0\0}'), "malformed"),
    "two byte order marks": (reply(b"\xef\xbb\xbf" * 2 + PAID), "malformed"),
    "a blank before a byte order mark": (reply(b" \xef\xbb\xbf" + PAID), "malformed"),
    "UTF-16": (reply(PAID.decode().encode("utf-16")), "malformed"),
    "Latin-1": (reply(PAID.replace(b"FINAL", b"FIN\xc4L")), "malformed"),
    "twice": (reply(PAID + PAID), "malformed"),
    "something after it": (reply(PAID + b" x"), "malformed"),
    "an array": (reply(b"[" + PAID + b"]"), "malformed"),
    "null": (reply(b"null"), "malformed"),
    "a text": (reply(json.dumps(PAID.decode()).encode()), "malformed"),
    "a prefix against inclusion": (reply(b")]}',\n" + PAID), "malformed"),
    "one key twice": (reply(PAID[:-1] + b', "status": "CANCELLED"}'), "malformed"),
    "one key twice, written otherwise": (reply(PAID[:-1] + b', "st\\u0061tus": "x"}'), "malformed"),
    "gzip that nobody told": (reply(gzip.compress(PAID)), "malformed"),
    "told gzip, is none": (reply(PAID, headers=[GZIP]), "malformed"),
    "gzip, broken": (reply(gzip.compress(PAID)[:30] + b"\xff" * 40, headers=[GZIP]), "malformed"),
    "gzip, cut": (reply(gzip.compress(PAID)[:-30], headers=[GZIP]), "malformed"),
    "gzip with a wrong sum":
        (reply(gzip.compress(PAID)[:-8] + b"\1" * 8, headers=[GZIP]), "malformed"),
    "an encoding that nobody asked for":
        (reply(PAID, headers=[("Content-Encoding", "x-unknown")]), "malformed"),
}
FINAL = ("malformed", "unexpected_http", "not_found")
AGAIN = ("no body", "a page")  # see test_retries.py
FINAL_ODDITIES = [
    name for name, (_, result) in ODDITIES.items() if result in FINAL and name not in AGAIN]


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_answer_that_is_none(oddity: str) -> None:
    """Asked twice, for what is left of the first answer must not become the second."""
    answer, result = ODDITIES[oddity]
    with Server(answer) as server, \
            paysession.Client(keyed(server.http, attempts=1, timeout_ms=3000)) as client:
        for _ in range(2):
            ended = told(lambda: client.get("kustom:x"))
            assert ended.result == result
            assert ended.tries == [result]
            told_none = result == "unreachable" or oddity in STATUS_LINES
            assert (ended.error["http_status"] is None) is told_none
            assert (ended.exchange["http_status"] is None) is told_none


@pytest.mark.parametrize("oddity", FINAL_ODDITIES)
def test_an_answer_that_is_none_is_not_asked_for_again(oddity: str) -> None:
    answer, _ = ODDITIES[oddity]
    with Server(in_turn(answer, as_asked)) as server:
        ended = ask(keyed(server.http, timeout_ms=3000), "kustom:x")
        assert ended.result in FINAL and ended.error["retryable"] is False
        assert len(server.requests) == len(ended.tries) == 1


@pytest.mark.parametrize("before", [
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100\r\nX-A: b\r\n\r\n" * 3,
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
])
def test_interim_answers_are_passed_over(before: bytes) -> None:
    with Server(in_turn(before + reply(kustom("x")), before + reply(status=404))) as server, \
            paysession.Client(keyed(server.http)) as client:
        ended = told(lambda: client.get("kustom:x"))
        assert ended.paid == "yes" and ended.exchange["http_status"] == 200
        assert told(lambda: client.get("kustom:x")).result == "not_found"


@pytest.mark.parametrize("line", [b"HTTP/1.1 200\0 X", b"HTTP/1.1 200 X\0", b"HTTP/1.1\0 200 X"])
def test_a_nul_in_the_status_line(line: bytes) -> None:
    """Whether a status is told of it or not."""
    with Server(in_turn(once(status_line(line)), as_asked)) as server:
        ended = ask(keyed(server.http), "kustom:x")
        assert ended.result == "malformed" and ended.tries == ["malformed"]


def test_an_interim_answer_is_no_answer() -> None:
    """Contract, version 0.2: what stands where a status line must is one, or it is malformed."""
    for before in (b"HTTP/1.1 100 Continue\r\n\r\n",
                   b"HTTP/1.1 103 X\r\nContent-Length: 92\r\n\r\n"):
        with Server(once(before + PAID)) as server:
            assert ask(keyed(server.http, attempts=1), "kustom:x").result == "malformed"
        with Server(once(before)) as server:
            assert ask(keyed(server.http, attempts=1), "kustom:x").result == "unreachable"


def test_a_protocol_is_not_switched() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    with Server(once(switching + WHOLE)) as server:
        assert ask(keyed(server.http, attempts=1, timeout_ms=2000), "kustom:x").paid is None


@pytest.mark.parametrize("harmless", [
    b"HTTP/1.0 200 OK\r\n\r\n" + PAID,
    b"HTTP/1.0 200\r\n\r\n" + PAID,
    b"HTTP/1.1 200\r\nConnection: close\r\n\r\n" + PAID,
    b"HTTP/1.1 200 \r\nConnection: close\r\n\r\n" + PAID,
    b"HTTP/1.1 200 \xff\xfe\r\nConnection: close\r\n\r\n" + PAID,
    b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % len(PAID) + PAID,
    reply(PAID, headers=[("Content-Type", "text/html; charset=utf-16")]),
    reply(b"\r\n\t " + PAID + b"\r\n"),
    reply(b"\xef\xbb\xbf" + PAID),
    reply(headers=[CHUNKED], length=None) + chunked(*(bytes([one]) for one in PAID), b""),
    reply(headers=[CHUNKED], length=None) + b"5c;a=b\r\n" + PAID + b"\r\n0\r\nX-Trailer: 1\r\n\r\n",
    reply(headers=[CHUNKED], length=9) + chunked(PAID, b""),  # RFC 9112, 6.3: chunks prevail
    reply(gzip.compress(PAID), headers=[GZIP]),
    reply(gzip.compress(PAID), headers=[("Content-Encoding", "x-gzip")]),
    reply(PAID, headers=[("Content-Encoding", "identity")]),
], ids=range(15))
def test_what_is_odd_but_right(harmless: bytes) -> None:
    assert len(PAID) == 0x5C
    with Server(once(harmless)) as server:
        assert ask(keyed(server.http, attempts=1), "kustom:x").paid == "yes"


# ---- In words ------------------------------------------------------------------------------------


def message(answer: bytes) -> str:
    with Server(answer) as server:
        told_of: str = ask(keyed(server.http), "kustom:x").error["message"]
        return told_of


@pytest.mark.parametrize("encoding", ["br", "x-unknown", "gzip, x-unknown", "compress"])
def test_an_encoding_that_was_not_understood_is_named(encoding: str) -> None:
    assert re.search(rf"\b{encoding.rpartition(' ')[2]}\b", message(
        reply(PAID, headers=[("Content-Encoding", encoding)])))


@pytest.mark.parametrize("encoding", ["x-" + "y" * 5000, "x-\x1b[2Jy", "x-\xff\xfey", "x-\x7fy"])
def test_an_encoding_is_named_in_what_can_be_printed(encoding: str) -> None:
    words = message(reply(PAID, headers=[("Content-Encoding", encoding)]))
    assert "x-" in words and words.isascii() and words.isprintable() and len(words) < 500


HOST = "login.example.com"


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("location", [
    "https://{}/", "http://{}", "https://{}:8443/zzpath?token=zzquery#zzfragment", "//{}/zzpath",
    "HTTPS://{}/zzpath", "https://zzuser:zzpassword@{}/zzpath", "https://{}?zzquery",
    "https://{}#zzfragment",
])
def test_a_redirect_names_the_host_and_nothing_else(location: str, status: int) -> None:
    words = message(reply(PAID, status, [("Location", location.format(HOST))]))
    assert HOST in words and "zz" not in words and str(status) in words


@pytest.mark.parametrize("location", [
    "/zzpath?zzquery", "?zzquery", "zzpath", "", "https://", "zzscheme:zzpath",
    "https://zz\x1b[2J/", "https://zz host/", "https://login.example\\zzpath",
    "https://" + "zz" * 4000 + "/",
], ids=range(10))
def test_a_redirect_that_names_no_host(location: str) -> None:
    words = message(reply(PAID, 302, [("Location", location)]))
    assert "zzpath" not in words and "zzquery" not in words and "302" in words
    assert words.isascii() and words.isprintable() and len(words) < 500


# ---- One answer too many -------------------------------------------------------------------------


@pytest.mark.parametrize("pause", [0, 0.05])
@pytest.mark.parametrize("surplus", [
    reply(kustom("x")), reply(kustom("y")), b"HTTP/1.1 200 OK\r\n", b"\r\n", b"x", PAID,
], ids=["same", "other", "half", "line end", "byte", "body"])
def test_a_second_answer_is_not_for_the_next_request(surplus: bytes, pause: float) -> None:
    """It comes unasked, together with the first or a little later, and says paid."""
    def twice(connection: Connection, request: Request) -> None:
        name = request.target.rpartition("/")[2]
        connection.send(reply(kustom(name, "ACTIVE")) + (b"" if pause else surplus))
        if pause:
            time.sleep(pause)
            connection.send(surplus)

    with Server(twice) as server, \
            paysession.Client(keyed(server.http, attempts=1)) as client:
        for reference in ("kustom:x", "kustom:x", "kustom:y", "kustom:x"):
            ended = told(lambda: client.get(reference))
            assert ended.result == "ok" and ended.paid == "no", ended.answer
            time.sleep(2 * pause)  # until it is there
        assert len(server.requests) == 4


def test_what_a_lying_length_leaves_is_not_for_the_next_request() -> None:
    """Content-Length of the first ends before an answer that stands in its body."""
    def smuggle(connection: Connection, request: Request) -> bytes:
        name = request.target.rpartition("/")[2]
        honest = json.dumps(kustom(name, "ACTIVE")).encode()
        return reply(honest + reply(kustom("x")), length=len(honest))

    with Server(smuggle) as server, paysession.Client(keyed(server.http, attempts=1)) as client:
        for _ in range(4):
            assert told(lambda: client.get("kustom:x")).paid == "no"


# ---- Identity ------------------------------------------------------------------------------------

UUID = "5e3a0f1e-aaaa-4bbb-8ccc-0123456789ab"
EACH = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)


def credentials(base: str) -> dict[str, Any]:
    return {"attempts": 1, **{name: {**provider.ready(base, "k"), **provider.trust}
                              for name, provider in PROVIDERS.items()}}


def words(provider: Provider) -> list[str | None]:
    """All that its status can say, and one more; None where it has none."""
    return [*(word for word, _, _ in provider.states), "new word"] if provider.states else [None]


@EACH
def test_an_answer_about_another_session(provider: Provider) -> None:
    """Whatever it says, and however like the one asked for its name is."""
    others = ["{" + UUID + "}", "urn:uuid:" + UUID, UUID.upper()[:-1], UUID[:-1],
              UUID + "0", " " + UUID, UUID + " ", UUID + "\0", UUID + "\n",
              "x", UUID.replace("-", ""), "{" + UUID + "}", UUID.replace("a", "\u0430"),
              UUID.replace("0", "\uff10")]
    answers: list[bytes] = []
    with Server(lambda *_: answers[-1]) as server, \
            paysession.Client(credentials(server.http)) as client:
        for word in words(provider):
            answers.append(reply(provider.paid(UUID, word)))
            assert told(lambda: client.get(provider.reference(UUID))).result == "ok", word
            for other in others:
                answers.append(reply(provider.paid(other, word)))
                ended = told(lambda: client.get(provider.reference(UUID)))
                if other.endswith("\0"):
                    assert ended.result in ("mismatched", "malformed")
                    continue
                assert ended.result == "mismatched", (word, other)
                assert ended.tries == ["mismatched"] and ended.error["http_status"] == 200
                assert ended.error["retryable"] is False


@EACH
def test_a_uuid_is_the_same_in_other_letters(provider: Provider) -> None:
    """RFC 9562. The answer keeps the provider's spelling, and nothing but a UUID is folded."""
    for asked, found, result in ((UUID.upper(), UUID, "ok"), (UUID, UUID.upper(), "ok"),
                                 (UUID.title(), UUID.swapcase(), "ok"),
                                 ("Ab-1", "aB-1", "mismatched")):
        with Server(reply(provider.paid(found, words(provider)[-1]))) as server:
            ended = ask(credentials(server.http), provider.reference(asked))
            assert ended.result == result and server.targets[0].endswith("/" + asked)
            assert result != "ok" or ended.answer["session"]["id"] == found


@EACH
def test_an_answer_that_names_no_session(provider: Provider) -> None:
    """Completed as it may be, it is held."""
    named = provider.paid(UUID)
    field = next(key for key, value in named.items() if value == UUID)
    for nameless in ({key: value for key, value in named.items() if key != field},
                     *({**named, field: other} for other in (None, "", 7, [UUID], {"id": UUID}))):
        with Server(reply(nameless)) as server:
            ended = ask(credentials(server.http), provider.reference(UUID))
            assert ended.result == "ok" and ended.paid == "unknown"
            assert ended.answer["session"]["status"] == "completed"
            assert ended.answer["session"]["holds"] == ["unidentified"]


def test_answers_that_are_swapped() -> None:
    """Two sessions at once, each answered with the other's."""
    def swapped(_: Connection, request: Request) -> bytes:
        return reply(kustom({"a": "b", "b": "a"}[request.target[-1]]))

    with Server(swapped) as server, paysession.Client(keyed(server.http)) as client:
        for reference in ("kustom:a", "kustom:b"):
            assert told(lambda: client.get(reference)).result == "mismatched"


def test_an_identifier_in_unicode_is_compared_byte_by_byte() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    with Server(reply(kustom(decomposed))) as server, \
            paysession.Client(keyed(server.http)) as client:
        assert told(lambda: client.get_kustom(decomposed)).paid == "yes"
        assert told(lambda: client.get_kustom(composed)).result == "mismatched"


# A first handshake takes seconds there: OpenSSL 3.6 seven, on a machine that has other things to do.
UNDER_VALGRIND = {"proxy": "", "timeout_ms": 50_000, "connect_timeout_ms": 40_000}


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("first", [b"HTTP/1.1 200", b"HTTP/2 200", b"HTTP/1.0 200"])
@pytest.mark.parametrize("then", [b"HTTP/1.1 200 OK\r", b"HTTP/2 200\r", b"HTTP/+Op", b"HTTP/"])
def test_a_folded_first_header_touches_no_memory_of_the_answer_before(
        first: bytes, then: bytes, secure: bool, authority: Authority, tmp_path: Path) -> None:
    """libcurl up to 8.1.0 would (curl issue 11101). Found by fuzzing. What is HTTP/2 is not for the
    status line to say, with or without TLS."""
    good = reply(kustom("x")).replace(b"HTTP/1.1 200", first)
    folded = then + b"\n folded: line\r\nContent-Length: 2\r\n\r\n{}"
    answers = in_turn(good, folded, good, folded)
    with Server(answers, tls=authority.server() if secure else None) as server:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({
            **UNDER_VALGRIND, "attempts": 1, "ca_file": authority.file, "kustom": {
                "base_url": server.https if secure else server.http, "api_key": "kco_test_x"}}))
        done = subprocess.run(
            ["valgrind", "-q", "--error-exitcode=99", str(REPOSITORY / "build/bin/paysession"), "get",
             "-q", "-c", str(config), *["kustom:x"] * 4], capture_output=True, text=True, timeout=60)
        assert done.returncode in (3, 4), done.stderr
        assert len(server.requests) == 4


@pytest.mark.slow
def test_nor_of_an_answer_by_http_2(authority: Authority, tmp_path: Path) -> None:
    """A provider that speaks HTTP/2, and then HTTP/1 with a status line that denies it: that is no
    answer, whatever libcurl remembers of the one before, and the next call is not touched by it."""
    context = authority.server()
    context.set_alpn_protocols(["h2"])
    lies = [b"HTTP/2 200\r\n folded: line\r\nContent-Length: 2\r\n\r\n{}"]

    def serve(connection: Connection) -> None:
        assert isinstance(connection.socket, ssl.SSLSocket)
        if connection.socket.selected_alpn_protocol() == "h2":
            context.set_alpn_protocols(["http/1.1"])
            by_http2(connection, PAID)
        while connection.read_request():
            connection.send(lies.pop() if lies else WHOLE)

    with Server(on_connection=serve, tls=context) as server:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({
            **UNDER_VALGRIND, "ca_file": authority.file, "http2": True,
            "kustom": {"base_url": server.https, "api_key": "kco_test_x"}}))
        done = subprocess.run(
            ["valgrind", "-q", "--error-exitcode=99", str(REPOSITORY / "build/bin/paysession"), "get",
             "-c", str(config), "--", *["kustom:x"] * 3], capture_output=True, text=True, timeout=60)
    assert done.returncode == 4, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["result"] for one in told] == ["ok", "malformed", "ok"] and not lies
    assert [one["exchange"]["attempts"] for one in told] == [1, 1, 1]
    assert [told[nth]["exchange"]["http_version"] for nth in (0, 2)] == ["2", "1.1"]
    assert [told[nth]["session"]["paid"] for nth in (0, 2)] == ["yes", "yes"]
