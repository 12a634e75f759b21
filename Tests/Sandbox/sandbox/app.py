# SPDX-License-Identifier: MIT
"""The four providers as one web application, each under a path of its own.

Paths are taken apart before they are decoded: an identifier with an encoded slash in it is one segment.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .answers import Reply, Sample
from .providers import ALL, dintero, inbank, kustom, ledyer


class Sandbox:
    """The state of one run: sessions on the move, tokens given out, requests counted."""

    def __init__(self, token_seconds: int) -> None:
        self._token_seconds = token_seconds
        self._samples: dict[str, Sample] = {
            sample.reference: sample for module in ALL.values() for sample in module.samples()}
        self._reads: Counter[str] = Counter()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._counts: Counter[str] = Counter()
        self._last: dict[str, Any] = {}
        self.app = Starlette(routes=[
            Route("/requests", self.requests),
            Route("/reset", self.reset, methods=["POST"]),
            Route("/{path:path}", self.answer, methods=["GET", "POST"]),
        ])

    @property
    def samples(self) -> list[Sample]:
        return list(self._samples.values())

    # For tests: what was asked, without a credential in it.

    async def requests(self, request: Request) -> Response:
        return JSONResponse({"counts": dict(self._counts), "last": self._last})

    async def reset(self, request: Request) -> Response:
        self._counts.clear()
        self._reads.clear()
        self._tokens.clear()
        return JSONResponse({})

    async def answer(self, request: Request) -> Response:
        raw: bytes = request.scope["raw_path"]
        path = raw.partition(b"?")[0].decode("ascii", "replace")
        segments = [unquote(segment) for segment in path.split("/")[1:]]
        self._last = {
            "path": path,
            "http_version": request.scope["http_version"],
            "headers": sorted(request.headers.keys()),
            "user-agent": request.headers.get("user-agent"),
            "traceparent": request.headers.get("traceparent"),
        }
        body = await request.body()
        reply = self._reply(request, segments, body)
        if reply.delay_seconds:
            await asyncio.sleep(reply.delay_seconds)
        return Response(reply.encoded(), reply.status, dict(reply.headers), reply.content_type)

    def _reply(self, request: Request, segments: list[str], body: bytes) -> Reply:
        authorization = request.headers.get("authorization", "")
        called = asked(request.method, segments)
        if found := called("GET", "inbank/partner/v3/shops/*/pos-sessions/*"):
            shop, session = found
            allowed = authorization == f"Bearer {inbank.KEY}"
            return self._session("inbank", f"inbank:{shop}/{session}", allowed)
        if found := called("GET", "kustom/ipp/v1/sessions/*"):
            # The raw key, or the usual base64 of user and key.
            allowed = (authorization == f"Basic {kustom.KEY}"
                       or basic(authorization) == f"{kustom.USERNAME}:{kustom.KEY}")
            return self._session("kustom", f"kustom:{found[0]}", allowed)
        if found := called("POST", "dintero/v1/accounts/*/auth/token"):
            return self._dintero_token(found[0], authorization, body)
        if found := called("GET", "dintero/v1/accounts/*/shopping/orders/*/sessions/*"):
            account, order, session = found
            allowed = self._is_token(f"dintero:{account}", authorization)
            return self._session("dintero", f"dintero:{account}/{order}/{session}", allowed)
        if called("POST", "ledyer/oauth/token") is not None:
            return self._ledyer_token(authorization, body)
        if found := called("GET", "ledyer/v1/sessions/*"):
            allowed = self._is_token("ledyer", authorization)
            return self._session("ledyer", f"ledyer:{found[0]}", allowed)
        self._counts["elsewhere"] += 1
        return Reply(404, b"")

    def _session(self, provider: str, reference: str, allowed: bool) -> Reply:
        self._counts[f"{provider} session"] += 1
        module = ALL[provider]
        if not allowed:
            return Reply(401, module.error("unauthorized"))
        sample = self._samples.get(reference)
        if sample is None and "moving-" in reference:
            # As many sessions on the move as wanted, each by itself.
            name = reference.rpartition("/")[2].rpartition(":")[2]
            sample = self._samples[reference.removesuffix(name) + "moving"]
            self._samples[reference] = sample = Sample(
                reference, sample.about, "ok", sample.status, sample.paid,
                tuple(Reply(200, renamed(reply.body, name)) for reply in sample.replies))
        if sample is None:
            return Reply(404, module.error("not found"))
        turn = min(self._reads[reference], len(sample.replies) - 1)
        self._reads[reference] += 1
        return sample.replies[turn]

    # Client credentials: RFC 6749, 4.4.

    def _dintero_token(self, account: str, authorization: str, body: bytes) -> Reply:
        self._counts["dintero token"] += 1
        if basic(authorization) != f"{dintero.CLIENT_ID}:{dintero.CLIENT_SECRET}":
            return Reply(401, dintero.error("invalid client"))
        try:
            wanted = json.loads(body)
        except ValueError:
            return Reply(400, dintero.error("not JSON"))
        audience = f"https://api.dintero.com/v1/accounts/{account}"
        if (account not in dintero.ACCOUNTS
                or wanted != {"grant_type": "client_credentials", "audience": audience}):
            return Reply(403, dintero.error("not for this audience"))
        return self._new_token(f"dintero:{account}", {"token_type": "Bearer"})

    def _ledyer_token(self, authorization: str, body: bytes) -> Reply:
        self._counts["ledyer token"] += 1
        if basic(authorization) != f"{ledyer.CLIENT_ID}:{ledyer.CLIENT_SECRET}":
            return Reply(401, {"error": "invalid_client", "error_description": "unknown client"})
        if parse_qs(body.decode("ascii", "replace")) != {"grant_type": ["client_credentials"]}:
            return Reply(400, {"error": "unsupported_grant_type"})
        return self._new_token("ledyer", {"token_type": "Bearer", "scope": "sessions"})

    def _new_token(self, audience: str, more: dict[str, str]) -> Reply:
        token = "sandbox-token." + secrets.token_urlsafe(24)
        self._tokens[token] = (audience, time.monotonic() + self._token_seconds)
        return Reply(200, {"access_token": token, "expires_in": self._token_seconds, **more})

    def _is_token(self, audience: str, authorization: str) -> bool:
        known, end = self._tokens.get(authorization.removeprefix("Bearer "), ("", 0.0))
        return known == audience and time.monotonic() < end


def asked(method: str, segments: list[str]) -> Callable[[str, str], list[str] | None]:
    """A function of a method and a path with stars: what stands at the stars, or None if it was not
    that which was asked for. (`match` would say this better, and Debian 11's Python has none.)"""
    def found(wanted: str, path: str) -> list[str] | None:
        names = path.split("/")
        if method != wanted or len(names) != len(segments):
            return None
        if any(name not in ("*", segment) for name, segment in zip(names, segments)):
            return None
        return [segment for name, segment in zip(names, segments) if name == "*"]

    return found


def renamed(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: name if value == "moving" else value for key, value in document.items()}


def basic(authorization: str) -> str | None:
    """user:password of an Authorization header with base64 in it."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme != "Basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
