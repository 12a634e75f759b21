# SPDX-License-Identifier: MIT
"""Requests that come to the shop, as the frameworks hand them over: method, address, headers, and the body's bytes
before any parser saw them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Union

_Text = Union[str, bytes]
#: A mapping, whose values may be lists, or pairs. Bytes are Latin-1, as HTTP has them.
Headers = Union[Mapping[str, Union[_Text, list[_Text], list[str]]], Iterable[tuple[_Text, _Text]]]

# What stands for itself in a path (RFC 3986).
_SAFE = "/-._~!$&'()*+,;=:@"


class Incoming(NamedTuple):
    """A request that came to the shop, in the order of Client.callback()'s arguments.

    `base`, "https://shop.example", is the shop's public address, for shops behind a proxy that changes scheme or host.
    """

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def from_wsgi(cls, environ: Mapping[str, Any], base: str | None = None) -> Incoming:
        """Of a WSGI application (PEP 3333). Reads wsgi.input to its end, as long as Content-Length says."""
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdecimal() else b""
        return cls._of_environ(environ, body, base)

    @classmethod
    def from_flask(cls, request: Any, base: str | None = None) -> Incoming:
        """Of Flask's `request`, and of Werkzeug's. The body stays there for others."""
        return cls._of_environ(request.environ, request.get_data(cache=True, parse_form_data=False), base)

    @classmethod
    def from_asgi(cls, scope: Mapping[str, Any], body: bytes, base: str | None = None) -> Incoming:
        """Of an ASGI application: its scope, and the body, of all messages together. In Starlette and FastAPI these
        are `request.scope` and `await request.body()`."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        host = next((value for name, value in headers if name.lower() == "host"), "")
        path = scope.get("raw_path")
        target = path.decode("latin-1") if path else _quoted(scope["path"])
        # Some servers leave the query in it.
        target = target.partition("?")[0]
        return cls(scope["method"], _address(
            base or f"{scope.get('scheme', 'http')}://{host}", target, scope.get("query_string", b"").decode("latin-1"),
        ), headers, body)

    @classmethod
    def _of_environ(cls, environ: Mapping[str, Any], body: bytes, base: str | None) -> Incoming:
        headers = [(name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")]
        headers += [(name.replace("_", "-"), environ[name]) for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
                    if environ.get(name)]
        # The target as it came, where the server tells it: PATH_INFO has lost its escapes.
        target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
        if not target.startswith("/"):
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            target = _quoted(path.encode("latin-1"))
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        return cls(environ["REQUEST_METHOD"], _address(
            base or f"{environ.get('wsgi.url_scheme', 'http')}://{host}", target.partition("?")[0],
            environ.get("QUERY_STRING", "")), headers, body)


def _quoted(path: str | bytes) -> str:
    from urllib.parse import quote  # where a server tells no more than that: it takes long to import

    return quote(path, safe=_SAFE)


def _address(base: str, path: str, query: str) -> str:
    return base.rstrip("/") + path + (f"?{query}" if query else "")


def request_text(method: str, url: str, headers: Headers) -> bytes:
    """The request as the library takes it. Raises TypeError for what is neither text nor bytes."""
    for name, value in (("method", method), ("url", url)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be str, not {type(value).__name__}")
    found: dict[str, list[str]] = {}
    pairs: Iterable[tuple[Any, Any]] = headers.items() if isinstance(headers, Mapping) else headers
    for header, values in pairs:
        for one in values if isinstance(values, (list, tuple)) else [values]:
            found.setdefault(_header(header), []).append(_header(one))
    return json.dumps({"method": method, "url": url, "headers": found}).encode("ascii")


def _header(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise TypeError(f"headers must be str or bytes, not {type(value).__name__}")
