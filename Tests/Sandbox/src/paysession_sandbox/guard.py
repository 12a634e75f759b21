# SPDX-License-Identifier: MIT
"""Keeps pages of other sites out, which a browser on this machine may show: they can send requests here,
and by a name of theirs that leads here, read the answers."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .callbacks import is_loopback


#: In the scope of a request: what its answer is sent with, before anything is wrapped around it.
SENDER = "paysession_sandbox.sender"


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = refused(Headers(scope=scope))
            if refusal is not None:
                await JSONResponse({"error": refusal}, 403)(scope, receive, send)
                return
            scope = {**scope, SENDER: send}
        await self._app(scope, receive, send)


def refused(headers: Headers) -> str | None:
    host = headers.get("host", "")
    if not is_loopback(without_port(host)):
        return f"Host: expected a name or an address of this machine, got {host!r}"
    # Browsers send it with every request; a link to a page is followed from anywhere.
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return "Sec-Fetch-Site: a page of another site must not use the sandbox"
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return "Origin: a page of another site must not use the sandbox"
    return None


def without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
