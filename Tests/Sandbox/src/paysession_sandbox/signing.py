# SPDX-License-Identifier: MIT
"""How callbacks are signed, by Python's own `hmac` and `urllib`: what is checked against it shares no line with it."""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, urlsplit

from .tls import write_secretly

if TYPE_CHECKING:
    from .provider import Provider

#: Where the secrets are kept in the sandbox's directory.
FILE = "callback-secrets.json"


@dataclass(frozen=True)
class Outgoing:
    """A request as it is sent to a shop."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def webhook_secret() -> str:
    """One of Standard Webhooks: 24 to 64 random bytes, in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def webhook_headers(secret: str, id: str, at: int, body: bytes) -> dict[str, str]:
    """Standard Webhooks 1.0.0, v1: HMAC-SHA256 over id, time and body; the key is what stands in base64 behind `whsec_`."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    code = hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256")
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": "v1," + base64.b64encode(code).decode()}


def dintero_headers(secret: str, account: str, at: int, method: str, url: str) -> dict[str, str]:
    """HMAC-SHA256 over six lines, of which the last is the query, sorted by name; the body is in none of them."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    lines = [str(at), account, method, f"[{host}]" if ":" in host else host, parts.path or "/", sorted_query(parts.query)]
    code = hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha256").hex()
    return {"Dintero-Signature": f"t={at},v0-hmac-sha256={code}"}


def sorted_query(query: str) -> str:
    """As `URLSearchParams` of a browser sorts and writes it: by name, in UTF-16; equal names keep their order."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True, errors="replace"), key=lambda pair: pair[0].encode("utf-16-be"))
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)


def encoded(text: str) -> str:
    """`application/x-www-form-urlencoded` as the URL Standard has it, which is not RFC 3986: "~" goes, "*" stays."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def kept_secrets(directory: Path, providers: Mapping[str, Provider]) -> dict[str, str]:
    """By provider, of those who sign: made when a sandbox first runs there, and the same from then on."""
    file = directory / FILE
    try:
        told = json.loads(file.read_bytes())
        known = {name: told[name] for name in told if isinstance(told[name], str) and name in providers}
    except (OSError, ValueError, TypeError):
        known = {}
    kept = {name: known.get(name) or secret for name, provider in providers.items() if (secret := provider.new_secret())}
    if kept != known:
        write_secretly(file, json.dumps(kept, indent=2).encode() + b"\n")
    os.chmod(file, 0o600)
    return kept
