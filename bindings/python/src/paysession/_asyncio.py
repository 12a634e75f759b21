# SPDX-License-Identifier: MIT
"""A client for asyncio: no threads, the library's own loop behind one descriptor."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Union

from ._answer import Answer, Decision, Failure
from ._batch import REFILL, Batch, Wanted, filled, refuse_text
from ._callbacks import Headers
from ._calls import options_text, providers, text
from ._client import Client, Pauses, decision_of, record, record_of_many, returned
from ._errors import PaySessionError
from ._options import ApprovalOptions, BatchOptions, CallbackOptions, Config, Expect, ReadOptions, Transaction
from ._values import Callback
from ._words import Next, Result

if TYPE_CHECKING:
    from typing_extensions import Unpack

    Told = Union[Answer, PaySessionError]
    Reply = asyncio.Future[Told]


_PROVIDERS = frozenset(one["name"] for one in providers())


class AsyncClient:
    """Credentials, connections and tokens of one configuration, for asyncio (also uvloop, and anyio
    on asyncio). Any number of tasks may use it, in one event loop or in several.

    `config` as of Client. `in_flight` is how many sessions of each provider are read at once; others
    wait for their turn, and `timeout_ms` counts from it. A cancelled await ends its request: at once
    where no other is under way in this loop, and otherwise together with those that are.

    Use it with `async with`, or call aclose(). Works in a child of os.fork() in a loop of its own.
    """

    def __init__(
        self, config: Config | Mapping[str, Any] | str, *, in_flight: int = 100
    ) -> None:
        self._begin(Client(config), in_flight)

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str] | None = None, *, in_flight: int = 100
    ) -> AsyncClient:
        """A client of the configuration in a file, as Client.from_file()."""
        client = cls.__new__(cls)
        client._begin(Client.from_file(path), in_flight)
        return client

    def _begin(self, client: Client, in_flight: int) -> None:
        self._client = client
        self._in_flight = in_flight
        self._lanes: list[_Lane] = []

    async def get(self, reference: str, **options: Unpack[ReadOptions]) -> Answer:
        """Reads a session and judges it: Client.get(), awaited."""
        return returned(await self._read(reference, options))

    async def wait(
        self, reference: str, *, timeout_ms: int = 15_000, interval_ms: int = 500,
        expect: Expect | None = None, traceparent: str | None = None,
        proof: bool | Transaction | None = None,
    ) -> Answer:
        """Reads a session until it is final, and its payment not pending: Client.wait(), awaited."""
        pauses = Pauses(timeout_ms, interval_ms)
        options = ReadOptions(expect=expect, traceparent=traceparent, proof=proof)
        since = time.monotonic()
        while True:
            options["timeout_ms"] = pauses.left_ms
            told = await self._ask(reference, options)
            seconds = pauses.after(told)
            if seconds is None:
                told = pauses.last(told)
                record(reference, told, time.monotonic() - since)
                return returned(told)
            await asyncio.sleep(seconds)

    async def decide(self, reference: str, **options: Unpack[ReadOptions]) -> Decision:
        """Reads a session and says what the shop does next: Client.decide(), awaited."""
        try:
            text("reference", reference)
            options_text("decide", ReadOptions, options)
        except ValueError as error:
            return Decision(reference, Next.HOLD, Result.INVALID_ARGUMENT, str(error), None)
        try:
            return decision_of(reference, await self._read(reference, options))
        except PaySessionError as error:
            return Decision(reference, Next.HOLD, error.result, error.message, None)

    async def read_many(
        self, references: Iterable[Wanted] | AsyncIterable[Wanted], *,
        timeout_ms: int | None = None, proof: bool = False, **options: Unpack[BatchOptions],
    ) -> AsyncIterator[tuple[Any, Answer | PaySessionError]]:
        """Reads them all, as Client.read_many(); `references` may be asynchronous, too."""
        refuse_text(references)
        batch = self._client.batch(**options)
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        waiting = _Coming(references, ready) if isinstance(references, AsyncIterable) else iter(references)
        held: list[Wanted] = []
        descriptor = batch.fileno()
        loop.add_reader(descriptor, ready.set)
        try:
            more, full = True, math.inf
            while True:
                if more and batch.pending <= full:
                    try:
                        more = filled(batch, waiting, held, timeout_ms, proof)
                        full = batch.pending - REFILL
                    except _NotYet:
                        full = math.inf
                ready.clear()
                found = batch.next(0)
                if found is not None:
                    tag, told = found
                    record_of_many(tag, told)
                    yield tag, told
                elif more or batch.pending:
                    await ready.wait()
                else:
                    return
        finally:
            if not loop.is_closed():
                loop.remove_reader(descriptor)
            batch.close()
            if isinstance(waiting, _Coming):
                waiting.close()

    def callback(
        self, provider: str, method: str, url: str, headers: Headers, body: bytes,
        **options: Unpack[CallbackOptions],
    ) -> Callback:
        """Whether a request that came to the shop is the provider's: Client.callback(). Nothing is waited for, so it is
        not awaited."""
        return self._client.callback(provider, method, url, headers, body, **options)

    async def approve(self, reference: str, **options: Unpack[ApprovalOptions]) -> Answer:
        """Client.approve(), on a thread of its own: a cancelled task leaves it to its end, for nothing takes a request back
        that was sent."""
        return await asyncio.get_running_loop().run_in_executor(None, lambda: self._client.approve(reference, **options))

    async def refuse(self, reference: str, **options: Unpack[ApprovalOptions]) -> Answer:
        """Client.refuse(), in the same way."""
        return await asyncio.get_running_loop().run_in_executor(None, lambda: self._client.refuse(reference, **options))

    async def aclose(self) -> None:
        """Closes the client, and ends what is under way, in other loops at their next turn; a second time
        does nothing."""
        loop = asyncio.get_running_loop()
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            if lane.loop is loop or lane.loop.is_closed() or lane.process != os.getpid():
                lane.close()
            else:
                # Its thread may be in the batch at this moment.
                lane.loop.call_soon_threadsafe(lane.close)
        self._client.close()

    async def __aenter__(self) -> AsyncClient:
        self._client.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return repr(self._client).replace("Client", "AsyncClient")

    async def _read(self, reference: str, options: ReadOptions) -> Answer | Failure:
        since = time.monotonic()
        told = await self._ask(reference, options)
        record(reference, told, time.monotonic() - since)
        return told

    async def _ask(self, reference: str, options: ReadOptions) -> Answer | Failure:
        text("reference", reference)  # whose provider decides where it waits
        while True:
            lane = self._lane()
            reply = lane.ask(reference, options)
            if reply is not None:
                break
            await lane.room(reference)
        try:
            told = await reply
        except asyncio.CancelledError:
            if reply.cancelled():  # and not answered in the same moment
                lane.abandon()
            raise
        if not isinstance(told, PaySessionError):
            return told
        if told.answer is None:
            raise told
        return told.answer

    def _lane(self) -> _Lane:
        """The running loop's."""
        loop, process = asyncio.get_running_loop(), os.getpid()
        for lane in list(self._lanes):
            # One of a loop that was closed with reads under way, or of the parent's before a fork.
            if lane.loop.is_closed() or lane.process != process or lane.has_ended:
                with suppress(ValueError):  # another thread was quicker
                    self._lanes.remove(lane)
                lane.close()
            elif lane.loop is loop and lane.is_open:
                return lane
        lane = _Lane(self._client.batch(in_flight=self._in_flight), loop, process)
        self._lanes.append(lane)
        return lane


class _Lane:
    """A batch in an event loop."""

    def __init__(self, batch: Batch, loop: asyncio.AbstractEventLoop, process: int) -> None:
        self.loop = loop
        self.process = process
        #: Whether more may be asked: not behind one that was given up, which ends with the batch.
        self.is_open = True
        self._batch = batch
        self._under_way = 0
        #: For room, which each provider has for itself.
        self._waiters: dict[str, deque[asyncio.Future[None]]] = {}
        self._descriptor = batch.fileno()
        loop.add_reader(self._descriptor, self._take)

    @property
    def has_ended(self) -> bool:
        """Whether it is closed."""
        return self._descriptor < 0

    def ask(self, reference: str, options: ReadOptions) -> Reply | None:
        """What will be the answer; None where there is no room."""
        reply: Reply = self.loop.create_future()
        if not self._batch.add(reference, (reply, provider_of(reference)), **options):
            return None
        self._under_way += 1
        return reply

    async def room(self, reference: str) -> None:
        """Waits for some."""
        provider = provider_of(reference)
        waiter = self.loop.create_future()
        self._waiters.setdefault(provider, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # there was room, which is the next one's
                self._wake(provider)
            raise

    def abandon(self) -> None:
        """Nobody waits for one of them any more. A batch ends one read only together with all that it
        has: no more are put behind it, and it is closed when nobody waits for any."""
        self.is_open = False
        self._wake_all()
        self._went()

    def close(self) -> None:
        """Ends what is under way; who waits is told that it was cancelled."""
        self.is_open = False
        if self._descriptor < 0:
            return
        if self.process == os.getpid() and not self.loop.is_closed():
            self.loop.remove_reader(self._descriptor)
            for reply, _ in self._batch.tags:
                reply.cancel()
            self._wake_all()
        self._descriptor = -1
        self._batch.close()

    def _take(self) -> None:
        while self._descriptor >= 0 and (found := self._batch.next(0)) is not None:
            (reply, provider), told = found
            self._wake(provider)
            if not reply.done():
                reply.set_result(told)
                self._went()

    def _went(self) -> None:
        self._under_way -= 1
        if not self._under_way and not self.is_open:
            self.close()

    def _wake(self, provider: str) -> None:
        """One answer makes room for one. To wake all of thousands for each would never end."""
        waiters = self._waiters.get(provider)
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _wake_all(self) -> None:
        """They go elsewhere."""
        for provider, waiters in self._waiters.items():
            while waiters:
                self._wake(provider)


def provider_of(reference: str) -> str:
    """Whose room a reference takes; "" for what names no provider, which has room of its own."""
    name = reference.partition(":")[0]
    return name if name in _PROVIDERS else ""


class _NotYet(Exception):
    """The next reference is still to come."""


class _Coming(Iterator[Wanted]):
    """References that come asynchronously, as filled() takes them."""

    def __init__(self, references: AsyncIterable[Wanted], ready: asyncio.Event) -> None:
        self._references = references.__aiter__()
        self._ready = ready
        self._next: asyncio.Future[Wanted] | None = None

    def __next__(self) -> Wanted:
        if self._next is None:
            self._next = asyncio.ensure_future(self._references.__anext__())
            self._next.add_done_callback(lambda _: self._ready.set())
        if not self._next.done():
            raise _NotYet
        coming, self._next = self._next, None
        try:
            return coming.result()
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Asks for no more."""
        if self._next is not None:
            self._next.cancel()
