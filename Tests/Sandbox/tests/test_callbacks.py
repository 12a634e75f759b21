# SPDX-License-Identifier: MIT
"""Callbacks: in each provider's shape, on each change, signed where it signs; late, twice, out of order, lost; forged,
stale, and moved to another order. What the library says of each is said by the library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from paysession_sandbox.callbacks import address_refusal, bare
from paysession_sandbox.signing import dintero_headers, webhook_headers
from paysession_sandbox.testing import RunningSandbox, running

import paysession


@dataclass
class Came:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]
    at: float
    #: As they came: what a signature is about.
    target: str
    raw: bytes


class Shop:
    """Takes whatever comes, and says 200 to it, or another status."""

    def __init__(self, status: int = 200) -> None:
        self.came: list[Came] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                shop.came.append(Came(
                    self.command, parts.path, parse_qs(parts.query), json.loads(body) if body else None,
                    {name.lower(): value for name, value in self.headers.items()}, time.monotonic(), self.path, body))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.base}/pay/hook?order=7"

    def wait(self, count: int) -> list[Came]:
        """What came, once so many have; a little later there are not more."""
        until = time.monotonic() + 5
        while len(self.came) < count and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        assert len(self.came) == count, self.came
        return self.came

    @contextmanager
    def open(self) -> Iterator[Shop]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop().open() as opened:
        yield opened


# ---- Shapes ---------------------------------------------------------------------------------------


def test_kustom(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("kustom", callback={"url": shop.url})
    fresh.move(made["session"], "FINALIZED")
    created, finalized = shop.wait(2)
    assert created.body["type"] == "ipp.session.created"
    assert (finalized.method, finalized.path, finalized.query) == ("POST", "/pay/hook", {"order": ["7"]})
    assert finalized.headers["content-type"] == "application/json"
    assert set(finalized.body) == {"id", "merchant_id", "timestamp", "type", "data"}
    assert finalized.body["type"] == "ipp.session.finalized"
    document = fresh.ask("GET", f"sessions/{made['session']}")["document"]
    assert finalized.body["data"] == {
        "session_id": document["session_id"], "order_id": document["order_id"], "failure_reason": None}
    assert finalized.headers["webhook-id"] != created.headers["webhook-id"]


@pytest.mark.parametrize("status", ["EXPIRED", "FAILED"])
def test_kustom_has_no_event_for_it(status: str, fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("kustom", callback={"url": shop.url})
    fresh.move(made["session"], status)
    assert [came.body["type"] for came in shop.wait(1)] == ["ipp.session.created"]


def test_dintero(fresh: RunningSandbox, shop: Shop) -> None:
    """A GET; the shop's own parameter stays, and the order's id is the merchant's reference."""
    made = fresh.ask("PUT", "sessions/dintero:T12345678/A%201001/s", {"callback": {"url": shop.url}})
    fresh.move(made["session"], "processed")
    (came,) = shop.wait(1)
    assert (came.method, came.body) == ("GET", None)
    assert set(came.query) == {"order", "transaction_id", "session_id", "merchant_reference", "time"}
    assert (came.query["order"], came.query["merchant_reference"]) == (["7"], ["A 1001"])
    assert came.query["transaction_id"][0].startswith("T12345678.")


def test_ledyer(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("ledyer", reference="A1", callback={"url": shop.url})
    fresh.move(made["session"], "pendingSca")
    shop.wait(1)
    fresh.move(made["session"], "authorized")
    waiting, created = shop.wait(2)
    document = fresh.ask("GET", f"sessions/{made['session']}")["document"]
    common = {"merchantId": document["merchantId"], "storeId": document["storeId"]}
    assert waiting.body == {"eventType": "com.ledyer.checkout.session.awaiting_signatory",
                            "sessionId": document["id"], **common}
    assert created.body == {"eventType": "com.ledyer.order.create", "orderId": document["orderId"],
                            "reference": "A1", **common}


def test_inbank(fresh: RunningSandbox, shop: Shop) -> None:
    """What it says is not known: nothing, to an address that is the shop's own."""
    made = fresh.create("inbank", callback={"url": shop.url})
    fresh.move(made["session"], "completed")
    (came,) = shop.wait(1)
    assert (came.method, came.query, came.body) == ("POST", {"order": ["7"]}, None)


def test_a_callback_says_look_and_a_read_says_what_is(
    fresh: RunningSandbox, shop: Shop, client: paysession.Client,
) -> None:
    made = fresh.create("kustom", callback={"url": shop.url})
    fresh.move(made["session"], "completed")
    shop.wait(2)
    assert client.get(f"kustom:{shop.came[-1].body['data']['session_id']}").is_paid


@pytest.mark.parametrize(("name", "word", "event"), [
    ("ledyer", "paymentConfirmed", "com.ledyer.order.ready_for_capture"), ("ledyer", "orderRefunded", "com.ledyer.order.full_refund"),
    ("kustom", "CAPTURED", "capture.created"), ("kustom", "CLOSED", "refund.created"), ("kustom", "EXPIRED", None),
    ("dintero", "CAPTURED", "authorized"), ("dintero", "DECLINED", "failed"), ("inbank", "unsigned", None)])
def test_what_proves_payment_has_events_of_its_own(
    name: str, word: str, event: str | None, fresh: RunningSandbox, shop: Shop,
) -> None:
    made = fresh.create(name, callback={"url": shop.url, "lost": True})
    fresh.move(made["session"], "completed")
    # It is something else first, which is of no interest here.
    fresh.prove(made["session"], "ended")
    shop.wait(0)
    fresh.change(made["session"], callback={})
    for _ in range(2):  # The second time nothing has changed.
        fresh.prove(made["session"], word)
    came = shop.wait(0 if event is None else 1)
    told = fresh.ask("GET", f"callbacks?session={made['session']}")
    assert [one["event"] for one in told if one["status"] == 200] == [event] * len(came)
    if name == "kustom" and event is not None:
        assert came[0].body["type"] == event and "session_id" not in came[0].body["data"]
        assert came[0].body["data"]["order_id"] == fresh.ask("GET", f"sessions/{made['session']}")["document"]["order_id"]


# ---- Signatures -----------------------------------------------------------------------------------


def test_the_published_vector_of_standard_webhooks() -> None:
    """Of the tests of its reference libraries."""
    assert webhook_headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                           b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}


@pytest.mark.parametrize(("secret", "account", "at", "method", "url", "code"), [
    # Published by Dintero.
    ("123", "P00000000", 1582236537, "GET", "https://example.com/callback?B=123&A=992",
     "6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a"),
    # Of these the text that is signed was written by hand, and by URLSearchParams of Node 20.
    ("wry-otter-17", "T12345678", 1750000000, "GET",
     "https://shop.example/pay/dintero?method=GET&merchant_reference=A%201001&time=2026-01-02T03:04:05.678Z"
     "&transaction_id=T12345678.4Aq", "e9f7e63828d7a842c670e8ea0359120d31af56788911ecd3efdaae9501b98f1c"),
    ("wry-otter-17", "T12345678", 1750000000, "POST",
     "https://shop.example/pay/dintero?report_event=REFUND&report_event=CAPTURE&method=POST&event=CAPTURE",
     "778ac5398fca30585268b23374dfe57bebca87697cfa11c308eb6e7ab96e57c1"),
    ("wry-otter-17", "T12345678", 1750000000, "GET", "https://SHOP.example:8443/pay/dintero?b=&a&c=~*-._",
     "34b6c96e0f2c2eb056ef769ce32c2d4cdbdfa3924881d3f2b8e3588cacf2854e"),
    ("wry-otter-17", "T12345678", 1750000000, "GET", "https://[2001:DB8::1]/cb?x=1",
     "de4514842340ca98623079dad6b0c7d0af7146a8117ae9c2f5af37b5e857bcf6"),
    ("wry-otter-17", "T12345678", 1750000000, "GET", "https://shop.example/cb",
     "49e6b48731386a424f8bb6522c1b624d2571a5b97f6b757fafc169f37986e732"),
    ("wry-otter-17", "T12345678", 1750000000, "GET", "https://shop.example/cb?q=%FF&r=%zz&s=a%26b",
     "fd2b3ed9d8392d1a2813a16d873e9f619932a9e76fe0e45b4183faadbb9a2d83")])
def test_the_vectors_of_dintero(secret: str, account: str, at: int, method: str, url: str, code: str) -> None:
    assert dintero_headers(secret, account, at, method, url) == {"Dintero-Signature": f"t={at},v0-hmac-sha256={code}"}


SIGNING = pytest.mark.parametrize("name", ["kustom", "dintero"])


def judged(client: paysession.Client, name: str, shop: Shop, came: Came) -> paysession.Callback:
    return client.callback(name, came.method, shop.base + came.target, came.headers, came.raw)


@SIGNING
def test_the_library_takes_it_with_the_configuration_that_is_there(
    name: str, fresh: RunningSandbox, shop: Shop, client: paysession.Client,
) -> None:
    made = fresh.create(name, callback={"url": shop.url})
    fresh.move(made["session"], "completed")
    came = shop.wait(2 if name == "kustom" else 1)[-1]
    call = judged(client, name, shop, came)
    assert call.is_genuine and call.age_ms is not None and call.age_ms < 5000
    assert call.reference == (made["session"] if name == "kustom" else None)
    if name == "dintero":
        assert call.identifiers["merchant_reference"] == made["session"].split("/")[1]
        assert call.identifiers["transaction"] == made["proof"]["path"].rpartition("/")[2]


@pytest.mark.parametrize("name", ["ledyer", "inbank"])
def test_who_signs_nothing(name: str, fresh: RunningSandbox, shop: Shop, client: paysession.Client) -> None:
    made = fresh.create(name, callback={"url": shop.url})
    fresh.move(made["session"], "completed")
    (came,) = shop.wait(1)
    assert judged(client, name, shop, came).authenticity == "unsigned"
    assert not [header for header in came.headers if "signature" in header]
    assert "callback_secret" not in fresh.config[name]
    with pytest.raises(RuntimeError, match=f"callback.signature: {name} signs no callbacks"):
        fresh.change(made["session"], callback={"signature": "wrong"})
    with pytest.raises(RuntimeError, match=f"callback.stale_s: {name} signs no callbacks"):
        fresh.call(made["session"], stale_s=1)


@SIGNING
@pytest.mark.parametrize(("settings", "reason", "told"), [
    ({"signature": "wrong"}, "signature_mismatch", "forged"),
    ({"signature": "missing"}, "signature_missing", "without its signature"),
    ({"stale_s": 600}, "too_old", "signed 600 s ago"), ({"stale_s": -600}, "too_new", "signed -600 s ago")])
def test_what_is_refused(
    name: str, settings: dict[str, Any], reason: str, told: str, fresh: RunningSandbox, shop: Shop, client: paysession.Client,
) -> None:
    made = fresh.create(name, callback={"url": shop.url, "lost": True})
    fresh.change(made["session"], callback=settings, status="completed")
    (came,) = shop.wait(1)
    with pytest.raises(paysession.NotGenuine) as caught:
        judged(client, name, shop, came)
    assert caught.value.callback.reason == reason
    (*_, sent) = fresh.ask("GET", f"callbacks?session={made['session']}")
    assert (sent["status"], sent["scripted"]) == (200, told)
    # The next one is as it should be again.
    assert [one["scripted"] for one in fresh.call(made["session"], signature="valid")] == [None]
    assert judged(client, name, shop, shop.wait(2)[1]).is_genuine


def test_moved_to_another_order(fresh: RunningSandbox, shop: Shop, client: paysession.Client) -> None:
    """Signed as the one's, it speaks of the other."""
    words: dict[str, Callable[[Came], Any]] = {
        "kustom": lambda came: came.body["data"]["session_id"], "ledyer": lambda came: came.body["orderId"],
        "dintero": lambda came: came.query["merchant_reference"][0]}
    for name, speaks in words.items():
        one, other = (fresh.create(name, status="completed", callback={"url": shop.url, "lost": True}) for _ in range(2))
        shop.came.clear()
        (sent,) = fresh.call(one["session"], moved_to=other["session"])
        assert sent["scripted"] == f"moved to {other['session']}"
        (moved,) = shop.wait(1)
        fresh.call(other["session"])
        assert speaks(moved) == speaks(shop.wait(2)[1]) != speaks_of(fresh, one, shop, speaks)
        if name == "ledyer":
            assert judged(client, name, shop, moved).authenticity == "unsigned"
        else:
            with pytest.raises(paysession.NotGenuine) as caught:
                judged(client, name, shop, moved)
            assert caught.value.callback.reason == "signature_mismatch"
    for nowhere in ("dintero:T12345678/x/x", fresh.create("kustom")["session"], "x"):
        with pytest.raises(RuntimeError, match=f"callback.moved_to: there is no session {nowhere} of dintero"):
            fresh.call(one["session"], moved_to=nowhere)


def speaks_of(fresh: RunningSandbox, made: dict[str, Any], shop: Shop, speaks: Callable[[Came], Any]) -> Any:
    """What a callback says that was not moved."""
    fresh.call(made["session"])
    return speaks(shop.wait(3)[2])


def test_the_state_that_a_session_is_in_is_told_again(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("kustom", callback={"url": shop.url})
    shop.wait(1)
    (sent,) = fresh.call(made["session"])
    assert (sent["status"], sent["event"]) == (200, "ipp.session.created")
    assert [one["status"] for one in fresh.call(made["session"], twice=True)] == [200, 200]
    assert len({came.headers["webhook-id"] for came in shop.wait(4)}) == 3
    fresh.change(made["session"], status="EXPIRED")
    with pytest.raises(RuntimeError, match="session: kustom tells nobody of EXPIRED"):
        fresh.call(made["session"])
    with pytest.raises(RuntimeError, match="callback.url: the session has none"):
        fresh.call(fresh.create("kustom")["session"])
    with pytest.raises(RuntimeError, match="kustom:x: there is no such session"):
        fresh.call("kustom:x")


@pytest.mark.slow
def test_the_secrets_stay_from_start_to_start(tmp_path: Path) -> None:
    """For the sandbox's owner alone, and another sandbox has others. One that is no JSON is made anew."""
    kept = []
    for _ in range(2):
        with running(tmp_path / "a") as sandbox:
            kept.append([sandbox.config[name]["callback_secret"] for name in ("kustom", "dintero")])
            assert (tmp_path / "a" / "callback-secrets.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a" / "callback-secrets.json").write_text("{")
    for directory in ("a", "b"):
        with running(tmp_path / directory) as sandbox:
            kept.append([sandbox.config[name]["callback_secret"] for name in ("kustom", "dintero")])
    assert kept[0] == kept[1] and len({secret for pair in kept[1:] for secret in pair}) == 6
    assert all(pair[0].startswith("whsec_") for pair in kept)


# ---- What goes wrong ------------------------------------------------------------------------------


def test_late(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("inbank", callback={"url": shop.url, "late_ms": 400})
    begun = time.monotonic()
    fresh.move(made["session"], "completed")
    assert time.monotonic() - begun < 0.3
    assert shop.wait(1)[0].at - begun >= 0.4


def test_reset_takes_back_what_is_late(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("inbank", callback={"url": shop.url, "late_ms": 300})
    fresh.move(made["session"], "completed")
    fresh.reset()
    time.sleep(0.5)
    assert shop.came == [] and fresh.ask("GET", "callbacks") == []


def test_twice(fresh: RunningSandbox, shop: Shop) -> None:
    """The same one: the delivery's own number too."""
    made = fresh.create("kustom", callback={"url": shop.url})
    shop.wait(1)
    fresh.change(made["session"], callback={"twice": True}, status="completed")
    _, first, second = shop.wait(3)
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]


def test_out_of_order(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("kustom", callback={"url": shop.url, "out_of_order": True})
    fresh.move(made["session"], "ACTIVE")
    assert shop.wait(0) == []
    fresh.move(made["session"], "FINALIZED")
    assert [came.body["type"] for came in shop.wait(3)] == [
        "ipp.session.finalized", "ipp.session.activated", "ipp.session.created"]


def test_lost(fresh: RunningSandbox, shop: Shop) -> None:
    made = fresh.create("inbank", callback={"url": shop.url, "lost": True})
    fresh.move(made["session"], "completed")
    assert shop.wait(0) == []
    (delivery,) = fresh.ask("GET", f"callbacks?session={made['session']}")
    assert (delivery["error"], delivery["status"]) == ("lost on purpose", None)


def test_what_became_of_them_is_told(fresh: RunningSandbox) -> None:
    """A redirect is not followed; an address where nobody listens is an error; no query is kept."""
    with Shop(302).open() as moved:
        made = fresh.create("inbank", callback={"url": moved.url})
        fresh.move(made["session"], "granted")
        moved.wait(1)
    fresh.move(made["session"], "completed")
    until = time.monotonic() + 5
    while len(fresh.ask("GET", "callbacks")) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    first, second = fresh.ask("GET", "callbacks")
    assert (first["status"], first["event"], first["session"]) == (302, "contract granted", made["session"])
    assert second["status"] is None and second["error"].startswith("ConnectError")
    assert first["url"] == moved.url.partition("?")[0]


def test_addresses() -> None:
    for good in ("http://localhost", "https://127.0.0.9:1/x", "http://[::1]:80/", "http://shop.localhost/"):
        assert address_refusal(good) is None, good
    for bad in ("http://10.0.0.1", "http://localhost.example", "http://127.0.0.1@example.com", "ftp://localhost",
                "//localhost", "localhost", "", "http://", "http://[::1", "http://localhost:x", "http://0x7f000001",
                "javascript:alert(1)"):
        assert address_refusal(bad) is not None, bad
    assert address_refusal("https://shop.example/hook", anywhere=True) is None
    assert bare("http://user:word@localhost:1/a?b=c#d") == "http://localhost:1/a"


@pytest.mark.slow
def test_an_address_for_all_sessions(tmp_path: Path, shop: Shop) -> None:
    with running(tmp_path, "--callback-url", shop.url) as sandbox:
        sandbox.create("kustom")
        assert shop.wait(1)[0].body["type"] == "ipp.session.created"
        # By name too, from the first change on.
        with paysession.Client(sandbox.config) as client:
            client.get("kustom:created-then-finalized")
            client.get("kustom:created-then-finalized")
        assert [came.body["type"] for came in shop.wait(3)[1:]] == [
            "ipp.session.created", "ipp.session.finalized"]


@pytest.mark.slow
def test_one_that_is_on_its_way_does_not_keep_it_from_ending(tmp_path: Path, shop: Shop) -> None:
    begun = time.monotonic()
    with running(tmp_path, "--callback-url", shop.url) as sandbox:
        sandbox.create("kustom", callback={"url": shop.url, "late_ms": 60_000})
    assert time.monotonic() - begun < 8
    assert shop.came == []
