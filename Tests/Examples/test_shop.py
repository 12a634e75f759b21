# SPDX-License-Identifier: MIT
"""The shop in Python, against the sandbox: whatever comes first, and whatever goes wrong, a parcel is sent once,
and only for what is paid."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import Browser, browsing, until
from compiling import REPOSITORY
from paysession_sandbox.processes import end, free_port, listening, started
from paysession_sandbox.testing import RunningSandbox

EXAMPLE = REPOSITORY / "examples" / "python"
PAID = "Paid. Your coffee is on its way."
WAITING = "Not paid yet. This page looks again by itself."
RELEASED = "The payment did not come about, and your order is cancelled. Nothing was charged."
HELD = "We are looking at your payment by hand, and write to you."


class Shop:
    def __init__(self, port: int, database: Path, sandbox: RunningSandbox) -> None:
        self.url = f"http://localhost:{port}"
        self._database = database
        self._sandbox = sandbox
        self._http = httpx.Client(trust_env=False, timeout=30)

    def buy(self, provider: str) -> dict[str, Any]:
        """An order: the session, as the sandbox shows it."""
        sent = self._http.post(f"{self.url}/buy", data={"provider": provider})
        assert sent.status_code == 303
        reference = sent.headers["location"].partition("/pay/")[2]
        session: dict[str, Any] = self._sandbox.ask("GET", f"sessions/{reference}")
        # The tests say themselves when a callback comes.
        self._sandbox.change(session["session"], callback={"lost": True})
        return session

    def come_back(self, session: dict[str, Any]) -> str:
        """What the customer reads on the return page."""
        page = self._http.get(session["return_url"])
        assert page.status_code == 200
        (words,) = re.findall(r"<h1>Your order</h1><p>(.*?)</p>", page.text)
        return str(words)

    def call_back(self, session: dict[str, Any]) -> int:
        return self._http.post(session["callback"]["url"], json={"type": "paid", "status": "FINALIZED"}).status_code

    def shipments(self, session: dict[str, Any]) -> int:
        with closing(sqlite3.connect(self._database)) as db:
            count: int = db.execute("SELECT count(*) FROM shipments WHERE number = ?",
                                    [int(session["reference"].partition("-")[2])]).fetchone()[0]
        return count


@pytest.fixture(scope="module")
def shop(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("shop")
    port, database = free_port(), directory / "shop.db"
    with started([sys.executable, EXAMPLE / "shop.py", sandbox.config_file, "--port", str(port), "--database", database],
                 ready=listening(port), log=directory / "log",
                 env={**os.environ, "PYTHONPATH": str(REPOSITORY / "bindings" / "python" / "src")}):
        yield Shop(port, database, sandbox)


PAYING = pytest.mark.parametrize("provider", ["inbank", "kustom", "ledyer"])


@PAYING
def test_paid(provider: str, shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy(provider)
    assert shop.come_back(session) == WAITING
    sandbox.move(session["session"], "completed")
    assert shop.come_back(session) == PAID
    assert shop.shipments(session) == 1


def test_declined(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("inbank")
    sandbox.move(session["session"], "declined")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (204, RELEASED, 0)


def test_another_amount_is_held(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.change(session["session"], amount=1, status="completed")
    assert (shop.come_back(session), shop.shipments(session)) == (HELD, 0)
    # A person has looked, and the provider says what was sold: it is shipped after all.
    sandbox.change(session["session"], amount=4200)
    assert (shop.come_back(session), shop.shipments(session)) == (PAID, 1)


def test_dintero_is_held(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("dintero")
    sandbox.move(session["session"], "processed")
    assert (shop.come_back(session), shop.shipments(session)) == (HELD, 0)


def test_a_provider_that_is_down_is_not_unpaid(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.change(session["session"], status="completed", replies=["503"] * 6)
    assert (shop.come_back(session), shop.call_back(session), shop.shipments(session)) == (WAITING, 503, 0)
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (204, PAID, 1)


def test_a_callback_before_the_customer_is_back(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.move(session["session"], "completed")
    assert (shop.call_back(session), shop.shipments(session)) == (204, 1)
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (204, PAID, 1)


def test_a_forged_callback_changes_nothing(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (204, WAITING, 0)
    for address in ("", "x", "..%2F..", "%00", "A-1", "' OR 1=1 --"):
        assert httpx.post(f"{shop.url}/callback/{address}").status_code in (404, 405)
        assert httpx.get(f"{shop.url}/order/{address}").status_code == 404
    assert httpx.post(f"{shop.url}/buy", data={"provider": "klarna"}).status_code == 400


def test_a_shipped_order_is_never_reopened(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.move(session["session"], "completed")
    assert shop.come_back(session) == PAID
    sandbox.move(session["session"], "cancelled")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (204, PAID, 1)


@pytest.mark.slow
def test_the_customer_and_the_callback_at_the_same_moment(shop: Shop, sandbox: RunningSandbox) -> None:
    """A hundred times: one parcel each."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            session = shop.buy("kustom")
            sandbox.move(session["session"], "completed")
            came = [pool.submit(asked, session) for asked in (shop.come_back, shop.call_back) * 2]
            assert [one.result() for one in came] == [PAID, 204] * 2
            assert shop.shipments(session) == 1


# ---- In the browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_purchase_in_the_browser(width: int, browser: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    """The whole of it, with the callbacks that the sandbox sends."""
    browser.show(width)
    for provider, choice, words in (("Inbank", "pay", PAID), ("Kustom", "pay", PAID), ("Ledyer", "cancel", RELEASED),
                                    ("Inbank", "decline", RELEASED), ("Dintero", "pay", HELD)):
        browser.open(shop.url)
        assert not browser.is_wider_than_its_window()
        browser.find(f"button[value={provider.lower()}]").click()
        until(lambda: browser.driver.current_url.startswith(sandbox.page))
        browser.find(f"button[value={choice}]").click()
        until(lambda: words in browser.text)  # noqa: B023
        assert browser.driver.current_url.startswith(f"{shop.url}/order/")
        assert not browser.is_wider_than_its_window()
    browser.open(shop.url)
    browser.find("button[value=inbank]").click()
    until(lambda: browser.driver.current_url.startswith(sandbox.page))
    reference = browser.driver.current_url.partition("/pay/")[2]
    browser.find("button[value=wait]").click()
    until(lambda: WAITING in browser.text)
    sandbox.move(reference, "completed")
    # The page looks again by itself.
    until(lambda: PAID in browser.text)
    assert browser.complaints() == []


@pytest.mark.slow
def test_the_lines_of_its_readme(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """As printed, but for the folders and the port: a shop that serves."""
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    (terminal,), (lines,) = (re.findall(rf"^```{kind}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
                             for kind in ("console", "bash"))
    assert terminal == "make sandbox\n" and len((terminal + lines).splitlines()) <= 5
    port = free_port()
    lines = lines.replace("build/sandbox", str(sandbox.directory)).replace("build/shop", str(tmp_path / "shop")).replace(
        "shop.py", f"shop.py --port {port}")
    with started(["bash", "-euc", lines.rstrip().replace(f"{tmp_path}/shop/bin/python", f"exec {tmp_path}/shop/bin/python")],
                 cwd=REPOSITORY, ready=listening(port), within=120, log=tmp_path / "log", stdin=subprocess.DEVNULL) as process:
        page = httpx.get(f"http://localhost:{port}/")
        assert "Buy with Kustom" in page.text
        assert httpx.post(f"http://localhost:{port}/buy", data={"provider": "kustom"}).headers["location"].startswith(
            sandbox.page)
        end(process)
