# SPDX-License-Identifier: MIT
"""Callbacks: in each provider's shape, on each change; late, twice, out of order, lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from paysession_sandbox.callbacks import address_refusal, bare
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
                    {name.lower(): value for name, value in self.headers.items()}, time.monotonic()))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/pay/hook?order=7"

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
    assert "webhook-signature" not in finalized.headers


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
