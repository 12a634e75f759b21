# SPDX-License-Identifier: MIT
"""A batch beside other users of its client: nobody waits for one that is not driven, nothing spins,
nothing is held up by a rate that does not apply."""

from __future__ import annotations

import json
import select
import time

import paysession
import pytest
from asking import keyed, told
from servers import Server, reply
from sandbox.testing import RunningSandbox


def test_nobody_waits_for_a_token_that_a_resting_batch_asked_for(sandbox: RunningSandbox) -> None:
    """The batch has begun to ask, and goes on only when it is driven."""
    with paysession.Client({**sandbox.config, "timeout_ms": 2000}) as client:
        with client.batch() as batch, client.batch() as other:
            assert batch.add("ledyer:authorized", 1)
            assert client.get("ledyer:authorized").is_paid
            assert other.add("ledyer:authorized", 2)
            assert other.next(1000)
            tag, told = batch.next() or (None, None)
            assert tag == 1 and isinstance(told, paysession.Answer) and told.is_paid


def test_calls_after_a_batch_sleep_while_they_wait(sandbox: RunningSandbox) -> None:
    """A batch's descriptor has a timer in it; what inherits its connections must not be woken by it."""
    with paysession.Client(sandbox.config) as client:
        with client.batch() as batch:
            batch.fileno()
            batch.add("kustom:slow", 1)
            assert batch.next(20) is None
        before = time.process_time()
        with pytest.raises(paysession.TimedOut):
            client.get("kustom:slow", timeout_ms=1500)
        assert time.process_time() - before < 0.3


def test_the_descriptor_rests_when_there_is_nothing_more(sandbox: RunningSandbox) -> None:
    with paysession.Client(sandbox.config) as client, client.batch() as batch:
        poll = select.poll()
        poll.register(batch.fileno(), select.POLLIN)
        batch.add("kustom:finalized", 1)
        assert batch.next() and batch.next(0) is None
        client.cancel()  # wakes every loop of the client, also this one
        rounds = 0
        end = time.monotonic() + 0.5
        while poll.poll(max(0, (end - time.monotonic()) * 1000)):
            assert batch.next(0) is None
            rounds += 1
            assert rounds < 50


def test_a_cancelled_batch_comes_back_at_once_whatever_its_rate(sandbox: RunningSandbox) -> None:
    with paysession.Client(sandbox.config) as client:
        with client.batch(requests_per_second=2) as batch:
            for tag in range(20):
                batch.add("kustom:slow", tag)
            batch.next(10)
            client.cancel()
            begun = time.monotonic()
            ended = [batch.next(5000) for _ in range(20)]
            assert time.monotonic() - begun < 1
        assert all(one and isinstance(one[1], paysession.Aborted) for one in ended)


def test_a_provider_that_quotes_a_key_without_end_costs_nothing() -> None:
    key = "kco_test_0123456789abcdef"
    body = json.dumps({"detail": f"ünd {key}" * 100_000}).encode()
    with Server(reply(body, status=400)) as server:
        begun = time.monotonic()
        ended = told(lambda: paysession.Client(keyed(server.http, attempts=1)).get("kustom:x"))
        assert time.monotonic() - begun < 1
    message = ended.answer["error"]["provider_message"]
    assert ended.result == "unexpected_http"
    assert key not in message and "[redacted]" in message
    # At most 1024 bytes, cut between two letters, and said to be cut.
    assert 1000 < len(message.encode()) <= 1024 and message.endswith("…")
