# SPDX-License-Identifier: MIT
"""The web application: the providers, each under a path of its own; the sandbox's own interface below
/sandbox; the pages for people."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from hypercorn.events import Closed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from .control import control
from .guard import SENDER, Guard
from .journal import Entry
from .pages import pages
from .sandbox import Answered, Sandbox

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Cut(Exception):
    """Ends a connection in the middle of an answer."""


class HalfResponse(Response):
    """Announces the whole body and sends half of it. HTTP/1.1 tells that by the end of the connection, HTTP/2
    by a stream that ends early."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["http_version"] == "2"

        async def half(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            body = bytes(message["body"])
            await send({**message, "body": body[:len(body) // 2], "more_body": not is_stream})
            if not is_stream:
                raise Cut

        await super().__call__(scope, receive, half)


class GoneResponse(Response):
    """Ends the connection without a byte. No ASGI message says that, and an application that sends nothing is
    answered for with a 500: so it takes Hypercorn's own, which Guard has kept."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = getattr(scope[SENDER], "__self__")  # noqa: B009  # no type of it is public
        await stream.send.__self__.send(Closed())
        stream.closed = True


class Serving:
    """Answers for the providers, and notes what was asked."""

    def __init__(self, sandbox: Sandbox, *, is_quiet: bool) -> None:
        self.sandbox = sandbox
        self._is_quiet = is_quiet

    async def answer(self, request: Request) -> Response:
        begun = time.monotonic()
        raw: bytes = request.scope["raw_path"]
        path = raw.partition(b"?")[0].decode("ascii", "replace")
        answered = self.sandbox.answer(
            request.method, path, request.headers.get("authorization", ""), await request.body())
        reply = answered.reply
        if reply.delay_seconds:
            await asyncio.sleep(reply.delay_seconds)
        self._note(request, path, answered, (time.monotonic() - begun) * 1000)
        if reply.is_gone:
            return GoneResponse()
        kind = HalfResponse if reply.is_cut else Response
        return kind(reply.encoded(), reply.status, dict(reply.headers), reply.content_type)

    def _note(self, request: Request, path: str, answered: Answered, ms: float) -> None:
        scheme, _, _ = request.headers.get("authorization", "").partition(" ")
        journal = self.sandbox.journal
        entry = Entry(
            number=journal.next_number(), at=self.sandbox.now(), method=request.method, path=path,
            kind=answered.kind, provider=None if answered.provider is None else answered.provider.name,
            session=answered.session, status=answered.reply.status, ms=round(ms, 1),
            scripted=answered.scripted, http_version=request.scope["http_version"],
            authorization=scheme if scheme in ("Basic", "Bearer") else None,
            headers=sorted(request.headers.keys()), user_agent=request.headers.get("user-agent"),
            traceparent=request.headers.get("traceparent"))
        journal.add(entry)
        if not self._is_quiet:
            print(entry.line(), flush=True)


def application(sandbox: Sandbox, *, is_quiet: bool = False) -> Any:
    """For an ASGI server."""
    serving = Serving(sandbox, is_quiet=is_quiet)
    api = control(sandbox)
    whole = Starlette(routes=[
        *pages(sandbox, api),
        Mount("/sandbox", api),
        Route("/{path:path}", serving.answer, methods=METHODS),
    ])
    return Guard(whole)
