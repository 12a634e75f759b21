# SPDX-License-Identifier: MIT
"""Random secrets and requests, judged by the library and by an oracle that shares nothing with it."""

from __future__ import annotations

import base64
import datetime
import hmac
import json
import random
import shutil
import subprocess
from ctypes import byref, c_void_p
from pathlib import Path
from typing import Any

import signatures
import pytest
from programs import RESULTS, Handle, interface, text

NOW = 1_750_000_000
AT = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).isoformat()
ACCOUNT = "T12345678"


def judged(handle: Handle, provider: str, request: Any, body: bytes, tolerance: int) -> dict[str, Any]:
    answer = c_void_p()
    interface().session_callback_verify(
        handle.pointer, provider.encode(), text(request), body, len(body),
        text({"received_at": AT, "tolerance_s": tolerance}), byref(answer))
    told: dict[str, Any] = json.loads(interface().session_answer_json(answer, None))
    interface().session_answer_free(answer)
    return told


def same(told: dict[str, Any], wanted: signatures.Judged, may_fail: tuple[str, ...]) -> None:
    """`may_fail`: what may come of a request that is genuine, by its content."""
    if wanted.reason is None and told["result"] != "ok":
        assert told["result"] in may_fail, (told, wanted)
        return
    assert told["result"] == ("ok" if wanted.reason is None else "not_genuine"), (told, wanted)
    callback = told["callback"]
    assert (callback["reason"], callback["secret"]) == wanted[:2], (told, wanted)
    assert callback["id"] == (wanted.identifier if wanted.reason is None else None)
    assert told["session"] is None and told["decision"] == "hold"


def time_of(chance: random.Random) -> str:
    return str(NOW + chance.choice((0, 1, -1, 300, -300, 301, -301, 899, -901, 10**6, -10**6)))


def flipped(chance: random.Random, value: bytes) -> bytes:
    if not value:
        return b"x"
    place = chance.randrange(len(value))
    return value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1:]


def spoilt(chance: random.Random, value: str) -> str:
    """Text that another text was made of; often it is still good."""
    where = chance.randrange(len(value) + 1)
    return chance.choice((
        value[:where] + chance.choice(" =,.A0+/\t\u00e5-_") + value[where:], value[:where] + value[where + 1:],
        value.swapcase(), value + " " + value, " " + value, value + "=", value.replace("v1,", "v1a,"), "", value))


def kustom(chance: random.Random, secrets: list[str]) -> tuple[dict[str, list[str]], bytes]:
    body = chance.choice((b'{"type":"ipp.session.created","data":{"session_id":"s"}}', chance.randbytes(chance.randrange(200))))
    identifier, stamp = f"msg_{chance.randrange(10**9)}", time_of(chance)
    signing = chance.choice((*secrets, "whsec_" + base64.b64encode(chance.randbytes(24)).decode()))
    signature = signatures.standard_webhooks(signing, identifier, stamp, body)
    if chance.random() < 0.3:
        others = [signatures.standard_webhooks(chance.choice(secrets), "other", stamp, body) for _ in range(chance.randrange(17))]
        signature = " ".join(chance.sample([*others, signature], len(others) + 1))
    headers = {"webhook-id": [identifier], "webhook-timestamp": [stamp], "webhook-signature": [signature]}
    return headers, body


@pytest.mark.parametrize("seed", range(8))
def test_standard_webhooks(seed: int) -> None:
    chance = random.Random(seed)
    counts: dict[str | None, int] = {}
    for _ in range(20):
        secrets = ["whsec_" + base64.b64encode(chance.randbytes(chance.randrange(16, 130))).decode()
                   for _ in range(chance.randrange(1, 5))]
        handle = Handle({"kustom": {"base_url": "http://localhost", "api_key": "k", "callback_secret": secrets}})
        for _ in range(40):
            headers, body = kustom(chance, secrets)
            change = chance.randrange(9)
            name = chance.choice(sorted(headers))
            if change == 0:
                body = flipped(chance, body)
            elif change == 1:
                headers[name] = [spoilt(chance, headers[name][0])]
            elif change == 2:
                del headers[name]
            elif change == 3:
                headers[name] = headers[name] * chance.randrange(3)
            elif change == 4:
                headers[name.title()] = headers.pop(name)
            elif change == 5:
                headers[name.upper()] = headers[name]
            tolerance = chance.choice((1, 300, 900))
            told = judged(handle, "kustom", {"method": "POST", "url": "https://x/", "headers": headers}, body, tolerance)
            wanted = signatures.judged_kustom(secrets, headers, body, NOW, tolerance)
            same(told, wanted, ("malformed",))
            counts[wanted.reason] = counts.get(wanted.reason, 0) + 1
        handle.close()
    # It makes up what it is to make up.
    assert set(counts) >= {None, "signature_mismatch", "too_old", "too_new", "repeated", "signature_missing"}, counts


PATH = "abcXYZ019-._~!$&'()*+,;=:@"
QUERY = [*"abcABZ019-._~!$'()*,;:@/?", "&", "&", "=", "=", "+", "%20", "%2B", "%2b", "%26", "%3D", "%zz", "%", "%4", "%FF",
         "%C3%85", "%c3", "%F0%9F%98%80", "%EE%80%80", "%EF%BF%BD", "%ED%A0%80", "%00", "%0A", "transaction_id=T12345678.1"]


def address(chance: random.Random) -> str:
    """One that JavaScript's URL takes as it is: no dot segments, no host that looks like a number."""
    host = chance.choice(("shop.example", "SHOP.Example", "a-b.c.test.", "xn--bcher-kva.example", "[2001:DB8::1]", "x"))
    port = chance.choice(("", "", ":443", ":8443", ":"))
    path = "".join("/" + chance.choice("abZ") + "".join(chance.choice(PATH) for _ in range(chance.randrange(6)))
                   + chance.choice(("", "%2F", "%c3%85")) for _ in range(chance.randrange(4)))
    query = "".join(chance.choice(QUERY) for _ in range(chance.randrange(24)))
    return f"{chance.choice(('https', 'http'))}://{host}{port}{path}" + chance.choice(("", "?" + query, "?" + query))


@pytest.mark.parametrize("seed", range(8))
def test_dintero(seed: int) -> None:
    chance = random.Random(seed)
    counts: dict[str | None, int] = {}
    for _ in range(20):
        secrets = ["".join(chance.choice("abcXYZ0189-._ ")for _ in range(chance.randrange(1, 90))).strip() or "s"
                   for _ in range(chance.randrange(1, 5))]
        handle = Handle({"dintero": {"base_url": "http://localhost", "token": "t", "account_id": ACCOUNT,
                                     "callback_secret": secrets}})
        for _ in range(40):
            url, method, stamp = address(chance), chance.choice(("GET", "POST")), time_of(chance)
            header = signatures.dintero(chance.choice((*secrets, "another")), stamp,
                                    chance.choice((ACCOUNT, ACCOUNT, ACCOUNT, "P12345678")), method, url)
            headers = {chance.choice(("Dintero-Signature", "dintero-signature")): [header]}
            change = chance.randrange(8)
            (name,) = headers
            if change == 0:
                headers[name] = [spoilt(chance, header)]
            elif change == 1:
                url = address(chance)
            elif change == 2:
                headers[name] = [",".join(chance.sample([*header.split(","), "v1=x", " "], 4))]
            elif change == 3:
                headers[name] = [header.upper().replace("T=", "t=").replace("V0-HMAC-SHA", "v0-hmac-sha")]
            told = judged(handle, "dintero", {"method": method, "url": url, "headers": headers},
                          chance.randbytes(20), 300)
            wanted = signatures.judged_dintero(secrets, ACCOUNT, method, url, headers, NOW)
            same(told, wanted, ("mismatched",))
            counts[wanted.reason] = counts.get(wanted.reason, 0) + 1
        handle.close()
    assert set(counts) >= {None, "signature_mismatch", "too_old", "too_new", "signature_malformed"}, counts


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node")
def test_100_000_addresses_as_javascript_takes_them_apart() -> None:
    """Dintero's sample is JavaScript: what its URL says is signed here, and must be good."""
    chance = random.Random(5)
    addresses = [address(chance) for _ in range(100_000)]
    done = subprocess.run(["node", Path(__file__).parent / "canonical.js"], capture_output=True, check=True,
                          text=True, input="".join(url + "\n" for url in addresses))
    handle = Handle({"dintero": {"base_url": "http://localhost", "token": "t", "account_id": ACCOUNT,
                                 "callback_secret": "s"}})
    apart = done.stdout.split("\n")[:-1]
    assert len(apart) == len(addresses)
    for url, parts in zip(addresses, apart):
        host, path, query = parts.split("\t")
        code = hmac.digest(b"s", "\n".join((str(NOW), ACCOUNT, "GET", host, path, query)).encode(), "sha256").hex()
        told = judged(handle, "dintero", {"method": "GET", "url": url, "headers": {
            "dintero-signature": f"t={NOW},v0-hmac-sha256={code}"}}, b"", 300)
        assert told["result"] in ("ok", "mismatched"), (url, parts, told)
        assert signatures.canonical(url) == (host, path, query)
    handle.close()


def test_the_results_are_the_headers() -> None:
    assert (RESULTS["not_genuine"], RESULTS["unsigned"]) == (33, 34)
