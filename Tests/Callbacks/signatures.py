# SPDX-License-Identifier: MIT
"""What is genuine, said a second time, from the providers' documents and with Python's hmac.

    python signatures.py kustom SECRET ID TIME < body
    python signatures.py dintero SECRET TIME ACCOUNT METHOD URL

print the header that a request is signed with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import sys
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit


class Judged(NamedTuple):
    reason: str | None
    #: Which secret, from 1.
    secret: int | None = None
    identifier: str | None = None


TIME = re.compile(r"(0|[1-9][0-9]{0,10})\Z")


def standard_webhooks(secret: str, identifier: str, time: str, body: bytes) -> str:
    """spec/standard-webhooks.md: the value of webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    code = hmac.digest(key, f"{identifier}.{time}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(code).decode()


def canonical(url: str) -> tuple[str, str, str]:
    """Host, path and query of an address, as Dintero signs them: sorted by name in UTF-16, written as a form."""
    parts = urlsplit(url)
    authority = parts.netloc.lower()
    host = authority[:authority.index("]") + 1] if authority.startswith("[") else authority.partition(":")[0]
    pairs = parse_qsl(parts.query, keep_blank_values=True, encoding="utf-8", errors="replace", separator="&",
                      max_num_fields=None)
    pairs.sort(key=lambda pair: pair[0].encode("utf-16-be"))
    # urlencode() keeps "~" and escapes "*": a form does it the other way round.
    query = urlencode(pairs).replace("~", "%7E").replace("%2A", "*")
    return host, (parts.path or "/").replace(" ", "%20"), query


def dintero(secret: str, time: str, account: str, method: str, url: str) -> str:
    """docs.dintero.com, "Validating callbacks": the value of Dintero-Signature."""
    text = "\n".join([time, account, method, *canonical(url)])
    return f"t={time},v0-hmac-sha256={hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def age(time: str, now: float, tolerance: int) -> str | None:
    if now - int(time) > tolerance:
        return "too_old"
    return "too_new" if int(time) - now > tolerance else None


def judged_kustom(
    secrets: list[str], headers: dict[str, list[str]], body: bytes, now: float, tolerance: int = 300,
) -> Judged:
    found = {name: [value for key, values in headers.items() if key.lower() == "webhook-" + name for value in values]
             for name in ("id", "timestamp", "signature")}
    if any(len(values) > 1 for values in found.values()):
        return Judged("repeated")
    if not found["signature"]:
        return Judged("signature_missing")
    items = found["signature"][0].split(" ")
    ours = [item for item in items if item.startswith("v1,")]
    if len(items) > 16:
        return Judged("signature_malformed")
    if not ours:
        return Judged("signature_missing")
    if not any(re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=", item) for item in ours):
        return Judged("signature_malformed")
    if not found["timestamp"]:
        return Judged("timestamp_missing")
    time = found["timestamp"][0]
    if not TIME.match(time):
        return Judged("timestamp_malformed")
    if not found["id"] or not re.fullmatch(r"[!-\-/-~]{1,256}", found["id"][0]):
        return Judged("signature_malformed")
    identifier = found["id"][0]
    for number, secret in enumerate(secrets, 1):
        if standard_webhooks(secret, identifier, time, body) in ours:
            return Judged(age(time, now, tolerance), number, identifier)
    return Judged("signature_mismatch")


def judged_dintero(
    secrets: list[str], account: str, method: str, url: str, headers: dict[str, list[str]], now: float,
    tolerance: int = 300,
) -> Judged:
    found = [value for key, values in headers.items() if key.lower() == "dintero-signature" for value in values]
    if len(found) > 1:
        return Judged("repeated")
    if not found:
        return Judged("signature_missing")
    if found[0].count(",") > 15:
        return Judged("signature_malformed")
    items = [item.strip(" \t\r\n") for item in found[0].split(",")]
    times = [item[2:] for item in items if item.startswith("t=")]
    codes = [item.partition("=")[2] for item in items if item.startswith("v0-hmac-sha256=")]
    if len(times) > 1 or len(codes) > 1:
        return Judged("repeated")
    if not codes:
        return Judged("signature_missing")
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", codes[0]):
        return Judged("signature_malformed")
    if not times:
        return Judged("timestamp_missing")
    if not TIME.match(times[0]):
        return Judged("timestamp_malformed")
    for number, secret in enumerate(secrets, 1):
        code = dintero(secret, times[0], account, method, url).partition("v0-hmac-sha256=")[2]
        if hmac.compare_digest(code, codes[0].lower()):
            return Judged(age(times[0], now, tolerance), number, code)
    return Judged("signature_mismatch")


if __name__ == "__main__":
    if sys.argv[1] == "kustom":
        print(standard_webhooks(sys.argv[2], sys.argv[3], sys.argv[4], sys.stdin.buffer.read()))
    else:
        print(dintero(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6]))
