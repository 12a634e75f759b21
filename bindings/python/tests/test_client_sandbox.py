# SPDX-License-Identifier: MIT
"""A client against the sandbox: every reference it knows, threads, cancel, close."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Sandbox

import paysession


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[paysession.Client]:
    with paysession.Client(sandbox.config) as opened:
        yield opened


def _asked(client: paysession.Client, reference: str, **options: Any) -> paysession.Answer:
    """The answer, also where there is an exception around it."""
    try:
        answer = client.get(reference, **options)
    except paysession.PaySessionError as error:
        assert error.answer is not None and error.answer.error is not None
        assert error.answer.session is None and error.answer.raw is None
        assert error.result == error.answer.result != "ok"
        assert str(error) == error.answer.error.message != ""
        return error.answer
    assert answer.result is paysession.Result.OK and answer.raw is not None
    return answer


def _slow(sandbox: Sandbox) -> str:
    return next(reference for reference in sandbox.references if "slow" in reference)


def test_every_reference(
    sandbox: Sandbox, client: paysession.Client, valid: Callable[[bytes], Any]
) -> None:
    assert sandbox.references
    for reference, expected in sandbox.references.items():
        answer = _asked(client, reference)
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
    done = set()
    for reference, expected in sandbox.references.items():
        provider, _, path = reference.partition(":")
        if expected["result"] == "ok" and "%" not in path and provider not in done:
            answer = gets[provider](*path.split("/"))
            assert (answer.reference, answer.status) == (reference, expected["status"])
            assert answer.exchange is not None and answer.exchange.http_status == 200
            done.add(provider)
    assert done == set(gets)


def test_expect_and_traceparent(sandbox: Sandbox, client: paysession.Client) -> None:
    reference = next(one for one, told in sandbox.references.items() if told["paid"] == "yes")
    answer = client.get(
        reference, expect={"amount": -1}, timeout_ms=5000,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert answer.paid is paysession.Paid.UNKNOWN and answer.session is not None
    assert answer.session.holds == ("amount_mismatch",)
    with pytest.raises(paysession.InvalidArgument):
        client.get(reference, traceparent="no")


def test_one_client_in_eight_threads(sandbox: Sandbox, client: paysession.Client) -> None:
    good = [one for one, told in sandbox.references.items() if told["result"] == "ok"]
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


def test_report(sandbox: Sandbox, client: paysession.Client) -> None:
    before = client.report()
    _asked(client, next(iter(sandbox.references)))
    assert client.report() != before
