# SPDX-License-Identifier: MIT
"""When it was asked, and when it may be asked again."""

from __future__ import annotations

import re
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import paysession
import pytest
from asking import ask, keyed
from servers import Server, as_asked, in_turn, reply


def test_asked_at_is_when_the_last_request_was_sent() -> None:
    with Server(in_turn(reply(b"", 503, [("Retry-After", "1")]), as_asked)) as server:
        start = datetime.now(timezone.utc)
        told = ask(keyed(server.http), "kustom:a")
        end = datetime.now(timezone.utc)
    assert told.result == "ok" and told.exchange["attempts"] == 2
    text = told.exchange["asked_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    asked = datetime.fromisoformat(text.replace("Z", "+00:00"))
    # Not the first one, a second before.
    assert start + timedelta(seconds=0.9) <= asked <= end


def test_nothing_sent_nothing_asked() -> None:
    with paysession.Client({}) as client, pytest.raises(paysession.NotConfigured) as caught:
        client.get("kustom:a")
    assert caught.value.answer is not None and caught.value.answer.exchange is None


@pytest.mark.parametrize(("headers", "wanted"), [
    ([("Retry-After", "60")], 60_000), ([], None), ([("Retry-After", "soon")], None),
    # Longer than can be said is as long as can be said.
    ([("Retry-After", "99999999999999999999")], 2**63 - 1),
])
def test_retry_after_is_told(headers: list[tuple[str, str]], wanted: int | None) -> None:
    with Server(reply(b"{}", 429, headers)) as server:
        told = ask(keyed(server.http, attempts=1), "kustom:a")
    assert told.result == "rate_limited"
    assert told.error["retry_after_ms"] == wanted


def test_a_date_is_told_as_what_is_left() -> None:
    then = datetime.now(timezone.utc) + timedelta(seconds=90)
    with Server(reply(b"{}", 503, [("Retry-After", format_datetime(then, usegmt=True))])) as server:
        told = ask(keyed(server.http, attempts=1), "kustom:a")
    assert 85_000 <= told.error["retry_after_ms"] <= 91_000


def test_also_where_the_call_gave_up_at_once() -> None:
    with Server(reply(b"{}", 429, [("Retry-After", "600")])) as server:
        told = ask(keyed(server.http, attempts=3, timeout_ms=2000), "kustom:a")
    assert told.exchange["attempts"] == 1 and told.seconds < 1.5
    assert told.error["retry_after_ms"] == 600_000


def test_where_there_was_no_connection_none_was_used() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # not listening: refused
        told = ask(keyed(f"http://127.0.0.1:{closed.getsockname()[1]}", attempts=1), "kustom:a")
    assert told.result == "unreachable"
    assert told.exchange["reused_connection"] is None
