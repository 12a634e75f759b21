# SPDX-License-Identifier: MIT
"""The providers as one web application, each under a path of its own.

Paths are taken apart before they are decoded: an identifier with an encoded slash in it is one segment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .answers import Reply, Sample
from .provider import Provider, Tokens
from .providers import PROVIDERS


class Sandbox:
    """The state of one run: sessions on the move, tokens given out, requests counted."""

    def __init__(self, token_seconds: int) -> None:
        self._samples: dict[str, Sample] = {
            sample.reference: sample
            for provider in PROVIDERS.values() for sample in provider.samples()}
        self._reads: Counter[str] = Counter()
        self._tokens = Tokens(token_seconds)
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
        for provider in PROVIDERS.values():
            found = called("GET", f"{provider.name}/{provider.path}")
            if found is not None:
                return self._session(provider, found, authorization)
            if provider.token_path is None:
                continue
            found = called("POST", f"{provider.name}/{provider.token_path}")
            if found is not None:
                self._counts[f"{provider.name} token"] += 1
                return provider.token(found, authorization, body, self._tokens)
        self._counts["elsewhere"] += 1
        return Reply(404, b"")

    def _session(self, provider: Provider, identifiers: list[str], authorization: str) -> Reply:
        self._counts[f"{provider.name} session"] += 1
        if not provider.allows(authorization, identifiers, self._tokens):
            return Reply(401, provider.error("unauthorized"))
        reference = f"{provider.name}:{'/'.join(identifiers)}"
        sample = self._samples.get(reference)
        if sample is None and "moving-" in reference:
            # As many sessions on the move as wanted, each by itself.
            name = identifiers[-1]
            sample = self._samples[reference.removesuffix(name) + "moving"]
            self._samples[reference] = sample = Sample(
                reference, sample.about, "ok", sample.status, sample.paid,
                tuple(Reply(200, renamed(reply.body, name)) for reply in sample.replies))
        if sample is None:
            return Reply(404, provider.error("not found"))
        turn = min(self._reads[reference], len(sample.replies) - 1)
        self._reads[reference] += 1
        return sample.replies[turn]


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
