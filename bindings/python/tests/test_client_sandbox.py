# SPDX-License-Identifier: MIT
"""A client against the sandbox: every reference it knows, threads, cancel, close."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from paysession_sandbox.testing import RunningSandbox as Sandbox

import paysession


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[paysession.Client]:
    with paysession.Client(sandbox.config) as opened:
        yield opened


def _asked(
    client: paysession.Client, reference: str, **options: Any
) -> paysession.Answer | paysession.Failure:
    """The answer, also where there is an exception around it."""
    try:
        answer = client.get(reference, **options)
    except paysession.PaySessionError as error:
        assert error.answer is not None and error.answer.error is not None
        assert error.answer.session is None and error.answer.raw is None
        assert error.result == error.answer.result != "ok"
        assert error.message == error.answer.error.message != ""
        assert str(error) in (error.message, f"{error.message} ({reference})")
        return error.answer
    assert answer.result is paysession.Result.OK and answer.raw is not None
    return answer


def _slow(sandbox: Sandbox) -> str:
    return next(reference for reference in sandbox.references if "slow" in reference)


@pytest.mark.slow
def test_every_reference(
    sandbox: Sandbox, client: paysession.Client, valid: Callable[[bytes], Any]
) -> None:
    assert sandbox.references
    for reference, expected in sandbox.references.items():
        if reference.endswith("moving"):
            continue  # what it says depends on how often it was read
        slow = {"timeout_ms": 300} if reference.endswith("slow") else {}
        answer = _asked(client, reference, **slow)
        valid(answer.json)
        told = {"result": answer.result, "status": answer.status, "paid": answer.paid}
        stated = {key: expected[key] or "unknown" for key in told}
        assert told == stated, reference
        assert answer.is_paid is (expected["paid"] == "yes")


def test_get_by_provider(sandbox: Sandbox, client: paysession.Client) -> None:
    gets: dict[str, Callable[..., paysession.Answer]] = {
        "inbank": client.get_inbank, "kustom": client.get_kustom,
        "dintero": client.get_dintero, "ledyer": client.get_ledyer,
    }
    done: set[str] = set()
    for reference, expected in sandbox.references.items():
        provider, _, path = reference.partition(":")
        if expected["result"] == "ok" and "%" not in path and provider in gets.keys() - done:
            answer = gets[provider](*path.split("/"))
            assert (answer.reference, answer.status) == (reference, expected["status"])
            assert answer.exchange is not None and answer.exchange.http_status == 200
            done.add(provider)
    assert done == set(gets)


def test_expect_and_traceparent(sandbox: Sandbox, client: paysession.Client) -> None:
    reference = next(one for one, told in sandbox.references.items() if told["paid"] == "yes")
    answer = client.get(
        reference, expect={"amount": 1}, timeout_ms=5000,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert answer.paid is paysession.Paid.UNKNOWN and answer.session is not None
    assert answer.session.holds == ("amount_mismatch",)
    with pytest.raises(paysession.InvalidArgument):
        client.get(reference, traceparent="no")


@pytest.mark.slow
def test_one_client_in_eight_threads(sandbox: Sandbox, client: paysession.Client) -> None:
    good = [one for one, told in sandbox.references.items()
            if told["result"] == "ok" and not one.endswith("moving")]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.get, good * 8))
    for reference, answer in zip(good * 8, answers):
        assert answer.reference == reference
        assert answer.status == sandbox.references[reference]["status"]


def test_timed_out(sandbox: Sandbox, client: paysession.Client) -> None:
    begun = time.monotonic()
    with pytest.raises(paysession.TimedOut) as caught:
        client.get(_slow(sandbox), timeout_ms=200)
    assert time.monotonic() - begun < 5
    assert caught.value.retryable is True


def test_cancel_from_another_thread(sandbox: Sandbox, client: paysession.Client) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(client.get, _slow(sandbox), timeout_ms=60000) for _ in range(2)]
        time.sleep(0.3)
        begun = time.monotonic()
        client.cancel()
        for call in calls:
            assert isinstance(call.exception(10), paysession.Aborted)
        assert time.monotonic() - begun < 5


def test_close_lets_a_call_end(sandbox: Sandbox) -> None:
    client = paysession.Client(sandbox.config)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get, _slow(sandbox), timeout_ms=60000)
        time.sleep(0.3)
        client.close()
        client.close()
        with pytest.raises(ValueError, match="closed"):
            client.get("kustom:1")
        assert client._handles, "a call is in flight"
        client.cancel()
        assert isinstance(call.exception(10), paysession.Aborted)
    assert not client._handles


def test_wait_reads_until_it_is_final(client: paysession.Client) -> None:
    begun = time.monotonic()
    answer = client.wait("kustom:created-then-active-then-finalized-ref-wait", interval_ms=20)
    assert answer.is_paid and answer.session is not None and answer.session.final
    # CREATED, ACTIVE, FINALIZED: two pauses, each at least half of its interval.
    assert time.monotonic() - begun >= 0.02
    assert client.get("kustom:created").status is paysession.Status.OPEN


def test_wait_gives_the_last_answer_when_time_is_over(client: paysession.Client) -> None:
    begun = time.monotonic()
    answer = client.wait("kustom:created", timeout_ms=400, interval_ms=50)
    assert time.monotonic() - begun < 0.8
    assert (answer.status, answer.paid) == (paysession.Status.OPEN, paysession.Paid.NO)
    with pytest.raises(paysession.TimedOut):
        client.wait("kustom:slow", timeout_ms=200)


def test_wait_waits_for_what_may_pass_and_for_nothing_else(client: paysession.Client) -> None:
    for name, kind in (("error-401", paysession.Unauthorized), ("double-key", paysession.Malformed)):
        begun = time.monotonic()
        with pytest.raises(kind):
            client.wait(f"kustom:{name}", interval_ms=1000)
        assert time.monotonic() - begun < 1
    with pytest.raises(paysession.RateLimited):
        client.wait("kustom:error-429", timeout_ms=300, interval_ms=50)
    begun = time.monotonic()
    with pytest.raises(paysession.Malformed, match="HTML"):  # a page of somebody in between
        client.wait("kustom:not-json", timeout_ms=500, interval_ms=50)
    assert time.monotonic() - begun > 0.3


@pytest.mark.slow
def test_read_many(sandbox: Sandbox, client: paysession.Client) -> None:
    wanted = [one for one in sandbox.references
              if not one.endswith(("moving", "slow", "large"))] * 5 + ["nonsense"]
    found = list(client.read_many(iter(wanted), in_flight=8))
    assert sorted(reference for reference, _ in found) == sorted(wanted)
    for reference, told in found:
        if reference == "nonsense":
            assert isinstance(told, paysession.InvalidArgument)
        elif sandbox.references[reference]["result"] == "ok":
            assert isinstance(told, paysession.Answer)
            assert (told.reference, told.status) == (
                reference, sandbox.references[reference]["status"])
        else:
            assert isinstance(told, paysession.PaySessionError)
            assert told.result == sandbox.references[reference]["result"]


@pytest.mark.slow
def test_read_many_takes_no_more_than_there_is_room_for(client: paysession.Client) -> None:
    taken = itertools.count()
    endless = (f"kustom:created-then-finalized-ref-{next(taken)}" for _ in itertools.repeat(None))
    given = [reference for reference, _ in itertools.islice(
        client.read_many(endless, in_flight=4), 3000)]
    assert len(set(given)) == 3000
    assert next(taken) <= 3000 + 1024 + 4 + 1


def test_a_batch_in_an_event_loop(client: paysession.Client) -> None:
    """asyncio drives it through its descriptor, without a thread and without polling."""

    async def drive(batch: paysession.Batch) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        done = asyncio.Event()

        def readable() -> None:
            while (one := batch.next(0)) is not None:
                found[one[0]] = one[1]
            if not batch.pending:
                done.set()

        loop = asyncio.get_running_loop()
        loop.add_reader(batch.fileno(), readable)
        try:
            await asyncio.wait_for(done.wait(), 20)
        finally:
            loop.remove_reader(batch.fileno())
        return found

    with client.batch(in_flight=3, requests_per_second=50) as batch:
        begun = time.monotonic()
        for nth in range(20):
            assert batch.add("kustom:finalized", nth)
        found = asyncio.run(drive(batch))
        # The first at once, then one every 20 ms.
        assert time.monotonic() - begun >= 0.37
    assert sorted(found) == list(range(20))
    assert all(told.is_paid for told in found.values())


def test_a_batch_outlives_its_client(sandbox: Sandbox) -> None:
    with paysession.Client(sandbox.config) as client:
        batch = client.batch()
    assert batch.add("kustom:finalized", "tag")
    assert batch.next(0) is None and batch.pending == 1
    tag, told = batch.next() or (None, None)
    assert tag == "tag" and isinstance(told, paysession.Answer) and told.is_paid
    assert batch.next() is None and batch.pending == 0
    batch.close()
    with pytest.raises(ValueError, match="closed"):
        batch.add("kustom:finalized")


def test_cancel_ends_a_batch(client: paysession.Client) -> None:
    with client.batch(in_flight=2) as batch:
        for nth in range(5):
            batch.add("kustom:slow", nth)
        assert batch.next(100) is None
        client.cancel()
        told = [batch.next(2000) for _ in range(5)]
        assert all(one and isinstance(one[1], paysession.Aborted) for one in told)
        assert batch.add("kustom:finalized", 5)
        tag, answer = batch.next() or (0, None)
        assert tag == 5 and answer is not None


def test_report(sandbox: Sandbox, client: paysession.Client) -> None:
    before = client.report()
    _asked(client, next(iter(sandbox.references)))
    assert client.report() != before
