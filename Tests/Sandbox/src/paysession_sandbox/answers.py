# SPDX-License-Identifier: MIT
"""What a provider can answer with, and the answers that no provider's documentation has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What a proxy in front of a provider says, where JSON should be.
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer. A body that is no bytes is sent as JSON; one that is cut ends, with its
    connection or its stream, before all that was announced has come."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_seconds: float = 0
    is_cut: bool = False
    #: The connection or the stream ends without a byte of an answer.
    is_gone: bool = False

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Sample:
    """One session to try. `replies` are given in turn; the last one stays."""

    reference: str
    about: str
    result: str
    status: str | None
    paid: str
    replies: tuple[Reply, ...]


def ok(document: Any, **more: Any) -> Reply:
    return Reply(200, document, **more)


def refusals(error: Callable[[str], Any]) -> list[tuple[str, str, str, Reply]]:
    """Every way not to give a session: id, what it is, result, reply.

    `error` puts a message into the provider's own error shape.
    """
    return [
        ("error-401", "credentials refused", "unauthorized", Reply(401, error("unauthorized"))),
        ("error-403", "not for these credentials", "forbidden", Reply(403, error("forbidden"))),
        ("error-404", "not there", "not_found", Reply(404, error("not found"))),
        ("error-429", "too many requests, come back in a minute", "rate_limited",
         Reply(429, error("too many requests"), {"Retry-After": "60"})),
        ("error-500", "the provider broke", "provider_error", Reply(500, error("internal_server_error"))),
        ("error-502-html", "a page of the proxy in front", "provider_error",
         Reply(502, PAGE, content_type="text/html")),
        ("error-503", "down for maintenance", "provider_error", Reply(503, error("maintenance"))),
        ("error-empty", "an error without a word", "provider_error", Reply(500, b"")),
        ("error-teapot", "an HTTP status of no use here", "unexpected_http", Reply(418, error("teapot"))),
        ("error-redirect", "sent to another host, with the key if one followed", "unexpected_http",
         Reply(302, b"", {"Location": "https://elsewhere.invalid/"})),
        ("not-json", "200, but a page", "malformed", Reply(200, PAGE, content_type="text/html")),
        ("not-an-object", "200, but a list", "malformed", ok([])),
        ("double-key", "200, but a key twice", "malformed", ok(b'{"status": "a", "status": "b"}')),
        ("too-deep", "200, but 1000 levels deep", "malformed", ok(b'{"a":' + b"[" * 999 + b"]" * 999 + b"}")),
        ("not-utf8", "200, but Latin-1", "malformed", ok('{"name": "Åke"}'.encode("latin-1"))),
        ("large", "200, but 10 MB", "too_large", ok(b'{"a": "' + b"x" * 10_000_000 + b'"}')),
    ]


def slow(document: Any) -> Reply:
    """Longer than anyone should wait."""
    return ok(document, delay_seconds=30)
