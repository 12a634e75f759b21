# SPDX-License-Identifier: MIT
"""AsyncClient against the sandbox: what is awaited, what is cancelled, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from paysession_sandbox.testing import RunningSandbox as Sandbox

import paysession
from paysession import AsyncClient


def run(sandbox: Sandbox, body: Callable[[AsyncClient], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def main() -> None:
        async with AsyncClient(sandbox.config, **options) as client:
            await asyncio.wait_for(body(client), 30)

    asyncio.run(main())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextmanager
def silent() -> Iterator[tuple[str, socket.socket]]:
    """A provider that takes connections and says nothing: its address, and what accepts them."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(10)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", server


def test_it_reads_as_the_other_client_does(sandbox: Sandbox) -> None:
    async def body(client: AsyncClient) -> None:
        answer = await client.get("kustom:finalized", expect={"amount": 2000, "currency": "SEK"})
        assert answer.is_paid and answer.session.expectations is not None
        held = await client.get("kustom:finalized", expect={"amount": 1})
        assert held.next is paysession.Next.HOLD and held.session.holds == ("amount_mismatch",)
        with pytest.raises(paysession.NotFound) as caught:
            await client.get("kustom:error-404")
        assert caught.value.reference == "kustom:error-404" and caught.value.http_status == 404
        with pytest.raises(TimeoutError):
            await client.get("kustom:slow", timeout_ms=100)
        with pytest.raises(paysession.InvalidArgument):
            await client.get("nonsense")
        with pytest.raises(ValueError, match="^reference contains a NUL$"):
            await client.get("kustom:\0")
        with pytest.raises(TypeError):
            await client.get("kustom:x", expct={})  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="^reference must be str, not int$"):
            await client.get(7)  # type: ignore[arg-type]
        assert (await client.decide("kustom:active")).next is paysession.Next.WAIT
        assert (await client.decide("kustom:\0")).next is paysession.Next.HOLD
        told = await client.decide("kustom:slow", timeout_ms=100)
        assert (told.next, told.result) == (paysession.Next.WAIT, paysession.Result.TIMED_OUT)
        assert (await client.wait("kustom:created-then-active-then-finalized-ref-async", interval_ms=20)).is_paid
        begun = time.monotonic()
        assert (await client.wait("kustom:created", timeout_ms=300, interval_ms=50)).status == "open"
        assert time.monotonic() - begun < 1

    run(sandbox, body)


@pytest.mark.slow
def test_thousands_of_awaits_on_one_thread(sandbox: Sandbox) -> None:
    """More than the library takes at once, too: those wait for room."""
    async def body(client: AsyncClient) -> None:
        tasks = [asyncio.create_task(client.get(f"kustom:finalized-ref-{number}")) for number in range(2500)]
        await asyncio.sleep(0)
        assert threading.active_count() == 1
        for number, answer in enumerate(await asyncio.gather(*tasks)):
            assert answer.is_paid and answer.reference == f"kustom:finalized-ref-{number}"
            assert answer.session.id == f"finalized-ref-{number}"

    run(sandbox, body)


def test_a_full_provider_holds_no_other_back(sandbox: Sandbox) -> None:
    """Nor do those that wait for room be woken by an answer that makes none for them."""
    async def body(client: AsyncClient) -> None:
        slow = [asyncio.create_task(client.get("kustom:slow", timeout_ms=20_000)) for _ in range(2400)]
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        others = await asyncio.gather(*(client.get("ledyer:authorized") for _ in range(1200)))
        assert all(answer.is_paid for answer in others) and time.monotonic() - begun < 15
        (lane,) = client._lanes
        assert sum(map(len, lane._waiters.values())) == 2400 - 1024 - 2
        # Some that wait for room are given up, and so is one that is under way: the others go elsewhere.
        for task in slow[1500:] + slow[:1]:
            task.cancel()
        await asyncio.sleep(0.3)
        assert not any(lane._waiters.values()) and len(client._lanes) == 2
        for task in slow:
            task.cancel()
        assert all(isinstance(one, asyncio.CancelledError)
                   for one in await asyncio.gather(*slow, return_exceptions=True))

    run(sandbox, body, in_flight=2)


@pytest.mark.slow
def test_what_waits_for_room_is_woken_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by each answer: ten thousand that wait would be asked ten thousand times."""
    asked = 0
    ask = paysession._asyncio._Lane.ask

    def counted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return ask(*arguments)

    monkeypatch.setattr(paysession._asyncio._Lane, "ask", counted)

    async def body(client: AsyncClient) -> None:
        answers = await asyncio.gather(*(client.get("kustom:finalized") for _ in range(3000)))
        assert all(answer.is_paid for answer in answers)
        assert asked <= 2 * 3000

    run(sandbox, body)


def test_closing_ends_what_is_under_way_in_another_thread(sandbox: Sandbox) -> None:
    """At its own loop's turn: a batch is one thread's at a time."""
    client = AsyncClient(sandbox.config)
    told: list[BaseException | None] = []

    async def asks() -> None:
        results = await asyncio.gather(
            *(client.get("kustom:slow", timeout_ms=20_000) for _ in range(3)), return_exceptions=True)
        told.extend(one for one in results if isinstance(one, BaseException))

    thread = threading.Thread(target=lambda: asyncio.run(asks()))
    begun = time.monotonic()
    thread.start()
    time.sleep(0.3)
    asyncio.run(client.aclose())
    thread.join(10)
    assert [type(one) for one in told] == [asyncio.CancelledError] * 3 and time.monotonic() - begun < 5


def test_a_cancelled_await_ends_its_request() -> None:
    async def main(client: AsyncClient, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(client.get("kustom:a"))
        peer, _ = await loop.run_in_executor(None, server.accept)
        with peer:
            peer.settimeout(5)
            assert b"GET " in await loop.run_in_executor(None, peer.recv, 4096)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # It hangs up, long before the call's own time is over.
            assert await loop.run_in_executor(None, peer.recv, 4096) == b""

    with silent() as (address, server):
        client = AsyncClient({"timeout_ms": 60_000, "kustom": {"base_url": address, "api_key": "kco_test_x"}})

        async def body() -> None:
            async with client:
                await asyncio.wait_for(main(client, server), 20)

        asyncio.run(body())


def test_others_outlive_one_that_is_cancelled(sandbox: Sandbox) -> None:
    """And what is asked behind it does not wait for it."""
    async def body(client: AsyncClient) -> None:
        slow = asyncio.create_task(client.get("kustom:slow", timeout_ms=20_000))
        others = [asyncio.create_task(client.decide("kustom:slow", timeout_ms=600)) for _ in range(5)]
        await asyncio.sleep(0.05)
        slow.cancel()
        await asyncio.sleep(0)
        behind = await client.get("kustom:finalized")
        assert behind.is_paid and slow.cancelled()
        assert not any(other.done() for other in others)
        # Each comes to the end of its own time.
        assert [told.result for told in await asyncio.gather(*others)] == ["timed_out"] * 5
        assert sum(not lane.has_ended for lane in client._lanes) == 1

    run(sandbox, body)


def test_cancelling_and_answering_at_the_same_moment(sandbox: Sandbox) -> None:
    async def body(client: AsyncClient) -> None:
        for number in range(150):
            task = asyncio.create_task(client.get("kustom:finalized"))
            await asyncio.sleep(number % 15 / 1000)
            task.cancel()
            try:
                assert (await task).is_paid
            except asyncio.CancelledError:
                pass
            assert (await client.get("kustom:finalized")).is_paid

    run(sandbox, body)


async def coming(count: int) -> AsyncIterator[paysession._batch.Wanted]:
    for number in range(count):
        await asyncio.sleep(0.001)
        yield number, f"kustom:finalized-ref-{number}", {"amount": 2000}


def test_async_for_over_many(sandbox: Sandbox) -> None:
    async def body(client: AsyncClient) -> None:
        found = {tag: told async for tag, told in client.read_many(coming(60), in_flight=4)}
        assert sorted(found) == list(range(60))
        assert all(isinstance(told, paysession.Answer) and told.is_paid for told in found.values())
        wanted = [*(f"kustom:finalized-ref-{number}" for number in range(300)), "nonsense"]
        found = {tag: told async for tag, told in client.read_many(iter(wanted), timeout_ms=20_000)}
        assert sorted(found) == sorted(wanted)
        assert isinstance(found["nonsense"], paysession.InvalidArgument)
        assert [one async for one in client.read_many([])] == []
        with pytest.raises(TypeError, match="got one$"):
            async for _ in client.read_many("kustom:x"):
                pass
        # One that is left in the middle leaves nothing behind.
        before = descriptors()
        many = client.read_many(f"kustom:finalized-ref-{number}" for number in range(10_000))
        async for _ in many:
            break
        await many.aclose()  # type: ignore[attr-defined]
        assert descriptors() <= before

    run(sandbox, body)


def test_a_reference_that_does_not_come_fails_the_whole(sandbox: Sandbox) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "kustom:finalized"
        raise LookupError("the table is gone")

    async def body(client: AsyncClient) -> None:
        with pytest.raises(LookupError, match="the table is gone"):
            async for _ in client.read_many(broken()):
                pass

    run(sandbox, body)


@pytest.mark.parametrize("end", ["close", "cancel", "forget"])
def test_a_loop_that_ends_with_calls_under_way(end: str, sandbox: Sandbox) -> None:
    """Nothing is left: no descriptor, no warning; and the client goes on in the next loop."""
    client = AsyncClient(sandbox.config)

    async def body() -> None:
        tasks = [asyncio.ensure_future(client.get("kustom:slow", timeout_ms=20_000)) for _ in range(20)]
        await asyncio.sleep(0.1)
        if end == "cancel":
            for task in tasks:
                task.cancel()
            assert all(isinstance(one, asyncio.CancelledError)
                       for one in await asyncio.gather(*tasks, return_exceptions=True))

    async def again() -> None:
        assert (await client.get("kustom:finalized")).is_paid
        if end != "forget":
            await client.aclose()

    before = descriptors()
    begun = time.monotonic()
    asyncio.run(body())
    asyncio.run(again())
    assert time.monotonic() - begun < 5
    del client
    gc.collect()
    assert descriptors() <= before + 2  # what libcurl keeps for the process


def test_closed_is_closed(sandbox: Sandbox) -> None:
    async def main() -> None:
        client = AsyncClient(sandbox.config)
        under_way = asyncio.create_task(client.get("kustom:slow"))
        await asyncio.sleep(0.1)
        await client.aclose()
        await client.aclose()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        with pytest.raises(ValueError, match="the client is closed"):
            await client.get("kustom:finalized")
        assert repr(client) == "<paysession.AsyncClient, closed>"

    asyncio.run(main())


def test_two_loops_in_two_threads(sandbox: Sandbox) -> None:
    client = AsyncClient(sandbox.config)
    told: list[bool] = []

    async def many() -> None:
        told.extend(answer.is_paid for answer in await asyncio.gather(
            *(client.get("kustom:finalized") for _ in range(50))))

    threads = [threading.Thread(target=lambda: asyncio.run(many())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert told == [True] * 100
    asyncio.run(client.aclose())


def test_the_configuration_may_be_a_file(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSESSION_CONFIG", str(sandbox.directory / "config.json"))

    async def main() -> None:
        async with AsyncClient.from_file() as client:
            assert (await client.get("kustom:finalized")).is_paid

    asyncio.run(main())
