# SPDX-License-Identifier: MIT
"""What comes to the shop, as the frameworks hand it over; the cases of all languages are in Tests/Callbacks."""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import pickle
import time
from datetime import datetime, timezone
from typing import Any

import pytest

import paysession
from paysession import Incoming

KEY = bytes(range(32))
CONFIG: dict[str, Any] = {
    "kustom": {"base_url": "http://localhost", "api_key": "k",
               "callback_secret": ["whsec_" + base64.b64encode(b"o" * 24).decode(), "whsec_" + base64.b64encode(KEY).decode()]},
    "dintero": {"base_url": "http://localhost", "token": "t", "account_id": "T12345678", "callback_secret": "s"},
    "ledyer": {"base_url": "http://localhost", "token": "t"},
}
BODY = b'{"type":"ipp.session.created","data":{"session_id":"x"}}'


@pytest.fixture(scope="module")
def client() -> Any:
    with paysession.Client(CONFIG) as opened:
        yield opened


def signed(body: bytes = BODY, when: int | None = None) -> dict[str, str]:
    stamp = str(int(time.time()) if when is None else when)
    code = base64.b64encode(hmac.digest(KEY, f"m.{stamp}.".encode() + body, "sha256")).decode()
    return {"Webhook-Id": "m", "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{code}"}


def test_a_genuine_one(client: paysession.Client) -> None:
    call = client.callback("kustom", "POST", "https://shop.example/", signed(when=1_750_000_000), BODY,
                           received_at="2025-06-15T15:06:41Z")
    assert (call.result, call.is_genuine, call.reason) == (paysession.Result.OK, True, None)
    assert (call.provider, call.reference, call.event, call.id) == ("kustom", "kustom:x", "ipp.session.created", "m")
    assert (call.scheme, call.covers, call.secret, call.age_ms) == ("standard_webhooks", ("body",), 2, 1000)
    assert call.sent == datetime(2025, 6, 15, 15, 6, 40, tzinfo=timezone.utc)
    assert call.identifiers["session"] == "x" and call.identifiers["order"] is None
    assert not hasattr(call, "paid") and not hasattr(call, "status")
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(call)
    assert pickle.loads(pickle.dumps(call)) == call


def test_a_refused_one(client: paysession.Client) -> None:
    with pytest.raises(paysession.NotGenuine) as caught:
        client.callback("kustom", "POST", "https://x/", signed(), BODY + b" ")
    error = caught.value
    assert (error.result, error.callback.reason) == (paysession.Result.NOT_GENUINE, "signature_mismatch")
    assert error.reference is error.callback.reference is error.callback.event is None
    assert not error.callback.is_genuine and error.next is paysession.Next.HOLD and not error.retryable
    assert pickle.loads(pickle.dumps(error)).callback == error.callback


def test_a_hint(client: paysession.Client) -> None:
    call = client.callback("ledyer", "POST", "https://x/", {}, b'{"eventType":"e","orderId":"or_1"}')
    assert (call.result, call.is_genuine, call.reference) == (paysession.Result.UNSIGNED, False, "ledyer:or_1")


@pytest.mark.parametrize(("arguments", "error"), [
    (("ledyer", "POST", "https://x/", {}, b"x"), paysession.Malformed),
    (("inbank", "POST", "https://x/", {}, b"{}"), paysession.NotConfigured),
    (("acme", "POST", "https://x/", {}, b"{}"), paysession.InvalidArgument),
    (("kustom", "PO ST", "https://x/", {}, b"{}"), paysession.InvalidArgument),
    (("kustom", "POST", "https://x/", {"a": "b" * 70_000}, b"{}"), paysession.TooLarge),
    (("kustom", "POST", "https://x/", {}, "text"), TypeError),
    (("kustom", "POST", b"https://x/", {}, b"{}"), TypeError),
    (("kustom", b"POST", "https://x/", {}, b"{}"), TypeError),
    (("kustom", "POST", "https://x/", {"a": 1}, b"{}"), TypeError),
    (("kustom\0", "POST", "https://x/", {}, b"{}"), ValueError),
])
def test_what_raises(client: paysession.Client, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.callback(*arguments)


def test_another_account(client: paysession.Client) -> None:
    with pytest.raises(paysession.Mismatched):
        client.callback("dintero", "GET", "https://x/?transaction_id=T87654321.1",
                        dintero("GET", "x", "/", "transaction_id=T87654321.1"), b"")


def dintero(method: str, host: str, path: str, query: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    code = hmac.digest(b"s", "\n".join((stamp, "T12345678", method, host, path, query)).encode(), "sha256").hex()
    return {"Dintero-Signature": f"t={stamp},v0-hmac-sha256={code}"}


def test_options(client: paysession.Client) -> None:
    with pytest.raises(paysession.InvalidArgument, match="^tolerance_s: "):
        client.callback("kustom", "POST", "https://x/", {}, b"{}", tolerance_s=901)
    with pytest.raises(TypeError, match="unexpected keyword argument 'timeout_ms'"):
        client.callback("kustom", "POST", "https://x/", {}, b"{}", timeout_ms=1)  # type: ignore[call-arg]


def test_headers_as_they_come(client: paysession.Client) -> None:
    """Pairs, bytes, lists; and one that came twice is not one of the two."""
    headers = signed()
    for given in (list(headers.items()), [(name.lower().encode(), value.encode()) for name, value in headers.items()],
                  {name: [value] for name, value in headers.items()}, {**headers, "x": b"\xff\xfe"}):
        assert client.callback("kustom", "POST", "https://x/", given, BODY).is_genuine  # type: ignore[arg-type]
    for body in (bytearray(BODY), memoryview(BODY)):
        assert client.callback("kustom", "POST", "https://x/", headers, body).is_genuine  # type: ignore[arg-type]
    with pytest.raises(paysession.NotGenuine) as caught:
        client.callback("kustom", "POST", "https://x/", [*headers.items(), ("webhook-id", "m")], BODY)
    assert caught.value.callback.reason == "repeated"


# ---- Frameworks ----------------------------------------------------------------------------------

QUERY = "b=2&a=%C3%85+1"


def environ(headers: dict[str, str], body: bytes = b"", **more: Any) -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/hook", "QUERY_STRING": QUERY,
            "wsgi.url_scheme": "https", "HTTP_HOST": "shop.example", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(body + b"more, which is not of the body"),
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}, **more}


def test_wsgi(client: paysession.Client) -> None:
    request = Incoming.from_wsgi(environ(signed(), BODY))
    assert (request.method, request.url, request.body) == ("POST", f"https://shop.example/hook?{QUERY}", BODY)
    assert client.callback("kustom", *request).is_genuine
    # The path has lost its escapes, unless the server tells it as it came.
    assert Incoming.from_wsgi(environ({}, SCRIPT_NAME="/pay", PATH_INFO="/\xc3\x85 1")).url == (
        f"https://shop.example/pay/%C3%85%201?{QUERY}")
    for name in ("REQUEST_URI", "RAW_URI"):
        assert Incoming.from_wsgi({**environ({}), name: "/a%2Fb?x"}).url == f"https://shop.example/a%2Fb?{QUERY}"
    assert Incoming.from_wsgi(environ({}), base="https://other.example:8443/").url.startswith(
        "https://other.example:8443/hook?")
    assert Incoming.from_wsgi(environ({}, QUERY_STRING="")).url == "https://shop.example/hook"
    assert Incoming.from_wsgi(environ({}, CONTENT_LENGTH="")).body == b""
    header = dintero("POST", "shop.example", "/hook", "a=%C3%85+1&b=2")
    assert client.callback("dintero", *Incoming.from_wsgi(environ(header))).is_genuine


def test_asgi(client: paysession.Client) -> None:
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "scheme": "https", "path": "/hook", "raw_path": b"/hook",
        "query_string": QUERY.encode(), "headers": [
            (b"host", b"shop.example"), *((name.lower().encode(), value.encode()) for name, value in signed().items())]}
    request = Incoming.from_asgi(scope, BODY)
    assert request.url == f"https://shop.example/hook?{QUERY}"
    assert client.callback("kustom", *request).is_genuine
    assert Incoming.from_asgi({**scope, "path": "/\u00c5 1", "raw_path": None}, b"").url == (
        f"https://shop.example/%C3%85%201?{QUERY}")
    assert Incoming.from_asgi({**scope, "raw_path": b"/a%2Fb?x", "query_string": b""}, b"").url == (
        "https://shop.example/a%2Fb")

    async def asked() -> bool:
        async with paysession.AsyncClient(CONFIG) as asynchronous:
            return asynchronous.callback("kustom", *request).is_genuine

    assert asyncio.run(asked())
    twice = {**scope, "headers": [*scope["headers"], scope["headers"][1]]}
    with pytest.raises(paysession.NotGenuine):
        client.callback("kustom", *Incoming.from_asgi(twice, BODY))


def test_flask(client: paysession.Client) -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    seen = []

    def hook(rest: str) -> str:
        request = Incoming.from_flask(flask.request, base="https://shop.example")
        seen.append(request.url)
        # And the body is still there for others.
        assert flask.request.get_json() == {"type": "ipp.session.created", "data": {"session_id": "x"}}
        return str(client.callback("kustom", *request).is_genuine)

    app.add_url_rule("/pay/<path:rest>", view_func=hook, methods=["POST"])
    answer = app.test_client().post("/pay/a%2Fb?x=%20+1", headers=signed(), data=BODY, content_type="application/json")
    assert answer.text == "True" and seen == ["https://shop.example/pay/a%2Fb?x=%20+1"]


def test_a_closed_client() -> None:
    closed = paysession.Client(CONFIG)
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        closed.callback("kustom", "POST", "https://x/", {}, b"{}")
