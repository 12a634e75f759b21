# SPDX-License-Identifier: MIT
"""Callbacks to a shop: sent on each change of a session, in its provider's shape, unsigned. They can come
late, twice, in the wrong order or not at all, as they do in the field.

They go to this machine only, unless the sandbox was told otherwise, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Optional
from urllib.parse import urlsplit

import httpx

from .provider import Hint
from .session import Session

#: The oldest make room.
KEPT = 1_000
SECONDS = 10.0
USER_AGENT = "paysession-sandbox"


@dataclass(frozen=True)
class Delivery:
    """What became of one callback: the HTTP status, or why there is none. The address is without its query."""

    at: str
    session: str
    event: str
    method: str
    url: str
    status: Optional[int] = None
    error: Optional[str] = None
    ms: float = 0

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Caller:
    def __init__(self, *, anywhere: bool) -> None:
        self._anywhere = anywhere
        self._client: Optional[httpx.AsyncClient] = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: Hints that wait to be overtaken, by session.
        self._held: dict[str, list[tuple[str, Hint]]] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)

    def refusal(self, url: str) -> Optional[str]:
        """Why nothing is sent to this address; None where something is."""
        return address_refusal(url, anywhere=self._anywhere)

    def changed(self, session: Session, hint: Hint, at: str) -> None:
        """Sends it as the session's settings say."""
        settings = session.callbacks
        if settings.url is None:
            return
        if settings.lost:
            self._note(session.reference, hint, settings.url, at, error="lost on purpose")
            return
        if settings.out_of_order and not session.is_final:
            self._held.setdefault(session.reference, []).append((at, hint))
            return
        # The newest first.
        hints = [(at, hint), *reversed(self._held.pop(session.reference, []))]
        self._start(self._deliver(
            session.reference, settings.url, hints * (2 if settings.twice else 1), settings.late_ms / 1000))

    def last(self, count: int, session: Optional[str] = None) -> list[Delivery]:
        return [one for one in self._deliveries if session in (None, one.session)][-count:]

    def clear(self) -> None:
        """As it was at start: what is still to come, late, does not."""
        for task in self._tasks:
            task.cancel()
        self._held.clear()
        self._deliveries.clear()

    async def close(self) -> None:
        """Nothing more is sent."""
        self.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, session: str, url: str, hints: list[tuple[str, Hint]], seconds: float) -> None:
        """One after the other, so that they come in this order."""
        if seconds:
            await asyncio.sleep(seconds)
        for at, hint in hints:
            refusal = self.refusal(url)
            if refusal is not None:
                self._note(session, hint, url, at, error=refusal)
                continue
            begun = time.monotonic()
            try:
                status = await self._send(url, hint)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                self._note(session, hint, url, at, error=f"{type(error).__name__}: {error}", since=begun)
            else:
                self._note(session, hint, url, at, status=status, since=begun)

    async def _send(self, url: str, hint: Hint) -> int:
        if self._client is None:
            # A shop on this machine has whatever certificate it has, and nothing secret is sent.
            self._client = httpx.AsyncClient(verify=False, trust_env=False, timeout=SECONDS,
                                             headers={"User-Agent": USER_AGENT})
        # A shop's own parameters stay in its address.
        target = httpx.URL(url).copy_merge_params(dict(hint.query))
        response = await self._client.request(hint.method, target, headers=dict(hint.headers),
                                              **({} if hint.body is None else {"json": hint.body}))
        return response.status_code

    def _note(self, session: str, hint: Hint, url: str, at: str, *, status: Optional[int] = None,
              error: Optional[str] = None, since: Optional[float] = None) -> None:
        ms = 0.0 if since is None else round((time.monotonic() - since) * 1000, 1)
        self._deliveries.append(Delivery(at, session, hint.event, hint.method, bare(url), status, error, ms))


def address_refusal(url: str, *, anywhere: bool = False) -> Optional[str]:
    """Why an address is none that a callback or a customer is sent to; None where it is."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018  # raises where it is none
    except ValueError:
        return "not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "expected http://HOST or https://HOST"
    if not anywhere and not is_loopback(host):
        return "expected a loopback address (localhost, 127.0.0.0/8 or ::1), unless --callbacks-anywhere is given"
    return None


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bare(url: str) -> str:
    """Without what may be secret in it: user, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
