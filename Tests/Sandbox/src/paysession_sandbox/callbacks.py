# SPDX-License-Identifier: MIT
"""Callbacks to a shop: sent on each change of a session, in its provider's shape, signed where it signs. They can come
late, twice, in the wrong order or not at all, as they do in the field; and forged, stale, or moved to another order,
as somebody would send them who is not the provider.

They go to this machine only, unless the sandbox was told otherwise, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional
from urllib.parse import urlsplit

import httpx

from .provider import Hint
from .session import Callbacks, Session
from .signing import Outgoing

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
    #: What was not as the provider would have sent it.
    scripted: Optional[str] = None

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Call:
    """One callback that is to be sent: what is signed, and, of one that is moved, what is sent instead."""

    at: str
    hint: Hint
    instead: Optional[Hint] = None


class Caller:
    def __init__(self, secrets: Mapping[str, str], *, anywhere: bool) -> None:
        """`secrets` sign the callbacks, by provider."""
        self._secrets = secrets
        self._anywhere = anywhere
        self._client: Optional[httpx.AsyncClient] = None
        self._tasks: set[asyncio.Task[Any]] = set()
        #: Hints that wait to be overtaken, by session.
        self._held: dict[str, list[Call]] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)

    def refusal(self, url: str) -> Optional[str]:
        """Why nothing is sent to this address; None where something is."""
        return address_refusal(url, anywhere=self._anywhere)

    def changed(self, session: Session, call: Call) -> None:
        """Sends it as the session's settings say."""
        settings = session.callbacks
        if settings.url is None:
            return
        if settings.lost:
            self._note(session.reference, call, settings, error="lost on purpose")
            return
        if settings.out_of_order and not session.is_final:
            self._held.setdefault(session.reference, []).append(call)
            return
        # The newest first.
        calls = [call, *reversed(self._held.pop(session.reference, []))]
        self.start(self.deliver(session, calls, settings))

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

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def deliver(self, session: Session, calls: list[Call], settings: Callbacks) -> list[Delivery]:
        """One after the other, so that they come in this order. What became of them."""
        if settings.late_ms:
            await asyncio.sleep(settings.late_ms / 1000)
        told: list[Delivery] = []
        for call in calls * (2 if settings.twice else 1):
            refusal = self.refusal(settings.url or "")
            if refusal is not None:
                told.append(self._note(session.reference, call, settings, error=refusal))
                continue
            begun = time.monotonic()
            try:
                status = await self._send(self._outgoing(session, call, settings))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                told.append(self._note(session.reference, call, settings, since=begun,
                                       error=f"{type(error).__name__}: {error}"))
            else:
                told.append(self._note(session.reference, call, settings, since=begun, status=status))
        return told

    def _outgoing(self, session: Session, call: Call, settings: Callbacks) -> Outgoing:
        """As it is sent at this moment."""
        request = as_sent(settings.url or "", call.hint)
        provider, secret = session.provider, self._secrets.get(session.provider.name)
        if secret is None or settings.signature == "missing":
            signed = {}
        else:
            if settings.signature == "wrong":
                secret = provider.new_secret() or secret
            signed = provider.signed(request, secret, session.identifiers, int(time.time()) - settings.stale_s)
        if call.instead is not None:
            request = as_sent(settings.url or "", call.instead)
        return replace(request, headers={**request.headers, **signed})

    async def _send(self, request: Outgoing) -> int:
        if self._client is None:
            # A shop on this machine has whatever certificate it has, and nothing secret is sent.
            self._client = httpx.AsyncClient(verify=False, trust_env=False, timeout=SECONDS,
                                             headers={"User-Agent": USER_AGENT})
        response = await self._client.request(request.method, request.url, headers=dict(request.headers),
                                              content=request.body)
        return response.status_code

    def _note(self, session: str, call: Call, settings: Callbacks, *, status: Optional[int] = None,
              error: Optional[str] = None, since: Optional[float] = None) -> Delivery:
        ms = 0.0 if since is None else round((time.monotonic() - since) * 1000, 1)
        noted = Delivery(call.at, session, call.hint.event, call.hint.method, bare(settings.url or ""), status, error, ms,
                         scripted(settings))
        self._deliveries.append(noted)
        return noted


def as_sent(url: str, hint: Hint) -> Outgoing:
    # A shop's own parameters stay in its address.
    target = httpx.URL(url).copy_merge_params(dict(hint.query))
    if hint.body is None:
        return Outgoing(hint.method, str(target), hint.headers)
    return Outgoing(hint.method, str(target), {**hint.headers, "Content-Type": "application/json"},
                    json.dumps(hint.body, ensure_ascii=False, separators=(",", ":")).encode())


def scripted(settings: Callbacks) -> Optional[str]:
    """What goes wrong with what was sent, in words; None where nothing does."""
    words = {"wrong": ["forged"], "missing": ["without its signature"]}.get(settings.signature, [])
    words += [f"signed {settings.stale_s} s ago"] if settings.stale_s else []
    words += [f"moved to {settings.moved_to}"] if settings.moved_to else []
    return ", ".join(words) or None


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
