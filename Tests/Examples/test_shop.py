# SPDX-License-Identifier: MIT
"""The shops in Python, in Flask and in PHP, against the sandbox: whatever comes first, and whatever goes wrong, a
parcel is sent once, and only for what is paid."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import fpm
import httpx
import pytest
from browser import Browser, browsing, until
from compiling import REPOSITORY
from paysession_sandbox.processes import free_port, listening, started
from paysession_sandbox.testing import RunningSandbox

BINDING = REPOSITORY / "bindings" / "python" / "src"
EXAMPLE = REPOSITORY / "examples" / "python"
FLASK = REPOSITORY / "examples" / "eshop-python"
PAID = "Paid. Your coffee is on its way."
WAITING = "Not paid yet. This page looks again by itself."
UNHEARD = "We cannot see yet whether it is paid. This page looks again by itself."
RELEASED = "The payment did not come about, and your order is cancelled. Nothing was charged."
HELD = "We are looking at your payment by hand, and write to you."


class Shop:
    """One that serves: where it takes orders, and what stands before the address of an order."""

    def __init__(self, url: str, database: Path, sandbox: RunningSandbox, *, buy: str, order: str, callback: str,
                 logs: Sequence[Path] = ()) -> None:
        self.url = url
        self.form, self.order, self.callback = url + buy, url + order, url + callback
        self.database = database
        self._logs = logs
        self._sandbox = sandbox
        self._http = httpx.Client(trust_env=False, timeout=30)

    def buy(self, provider: str, *, is_called: bool = False, **more: str) -> dict[str, Any]:
        """An order: the session, as the sandbox shows it, which calls the shop only if it is to."""
        sent = self._http.post(self.form, data={"provider": provider, **more})
        assert sent.status_code == 303
        reference = sent.headers["location"].partition("/pay/")[2]
        session: dict[str, Any] = self._sandbox.ask("GET", f"sessions/{reference}")
        if provider == "kustom":  # whose first callback says that there is a session
            until(lambda: bool(self._sandbox.ask("GET", f"callbacks?session={session['session']}")))
        # Most tests say themselves when a callback comes.
        self._sandbox.change(session["session"], callback={"lost": not is_called})
        return session

    def choose(self, session: dict[str, Any], choice: str) -> str:
        """A button of the pay page, and what the customer then reads."""
        sent = self._http.post(session["pay_url"], data={"choice": choice})
        assert (sent.status_code, sent.headers["location"]) == (303, session["return_url"])
        return self.come_back(session)

    def come_back(self, session: dict[str, Any]) -> str:
        """What the customer reads on the return page."""
        page = self._http.get(session["return_url"])
        assert page.status_code == 200
        (words,) = re.findall(r"<h1>Your order</h1><p>(.*?)</p>", page.text)
        return str(words)

    def call_back(self, session: dict[str, Any], **settings: Any) -> int:
        """Its provider calls, about the state that the session is in; the settings are the sandbox's. The last answer."""
        (*_, sent) = self._sandbox.call(session["session"], **settings)
        assert sent["status"] is not None, sent
        return int(sent["status"])

    def is_called_by_a_stranger(self, session: dict[str, Any], body: bytes = b'{"type": "paid", "status": "FINALIZED"}') -> int:
        return self._http.post(session["callback"]["url"], content=body).status_code

    def reads(self, session: dict[str, Any]) -> int:
        """How often the provider was asked."""
        reads: int = self._sandbox.ask("GET", f"sessions/{session['session']}")["reads"]
        return reads

    def logged(self, session: dict[str, Any]) -> list[str]:
        """What the shop says of that order to whoever runs it."""
        lines = "".join(log.read_text("utf-8", "replace") for log in self._logs if log.exists()).splitlines()
        return [line for line in lines if f"{session['reference']}: " in line]

    def shipments(self, session: dict[str, Any]) -> int:
        count: int = self.told("SELECT COUNT(*) FROM shipments WHERE id = ?", session)
        return count

    def state(self, session: dict[str, Any]) -> str:
        """As the shop keeps it; nothing is read for that."""
        state: str = self.told("SELECT state FROM orders WHERE id = ?", session)
        return state

    def told(self, statement: str, session: dict[str, Any]) -> Any:
        """By the shop's database, of that order."""
        with closing(sqlite3.connect(self.database, timeout=10)) as db, db:
            row = db.execute(statement, [session["reference"]]).fetchone()
        return row and row[0]


Selling = Callable[[Path, Path, RunningSandbox], AbstractContextManager[Shop]]


@contextmanager
def in_python(configuration: Path, directory: Path, sandbox: RunningSandbox) -> Iterator[Shop]:
    """A shop of that configuration, which leaves its files in the directory."""
    port, database = free_port(), directory / "shop.db"
    with started([sys.executable, EXAMPLE / "shop.py", configuration, "--port", str(port), "--database", database],
                 ready=listening(port), log=directory / "log",
                 env={**os.environ, "PYTHONPATH": str(BINDING)}):
        yield Shop(f"http://localhost:{port}", database, sandbox, buy="/buy", order="/order/", callback="/callback/",
                   logs=[directory / "log"])


def of_flask(configuration: Path, directory: Path, port: int) -> dict[str, str]:
    """The environment of a shop in Flask, on that port."""
    return {**os.environ, "PYTHONPATH": str(BINDING), "SHOP_CONFIG": str(configuration),
            "SHOP_DATABASE": str(directory / "shop.db"), "SHOP_ADDRESS": f"http://localhost:{port}"}


@contextmanager
def in_flask(configuration: Path, directory: Path, sandbox: RunningSandbox) -> Iterator[Shop]:
    """The same, in two processes of gunicorn with four threads each."""
    port = free_port()
    # Left to itself, gunicorn does not show an application what has more than 4,094 letters.
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--pythonpath", str(FLASK), "--workers", "2",
               "--threads", "4", "--limit-request-line", "8190", "--bind", f"localhost:{port}", "app:app"]
    with started(command, ready=listening(port), log=directory / "log", env=of_flask(configuration, directory, port)):
        yield Shop(f"http://localhost:{port}", directory / "shop.db", sandbox,
                   buy="/buy", order="/order/", callback="/callback/", logs=[directory / "log"])


@contextmanager
def in_php(configuration: Path, directory: Path, sandbox: RunningSandbox) -> Iterator[Shop]:
    """The same, under nginx and php-fpm with PHP's defaults and the two lines."""
    with fpm.folder() as place:
        fpm.prepared(place, json.loads(configuration.read_bytes()), {})
        root, database = place / "shop", place / "data" / "shop.db"
        shutil.copytree(REPOSITORY / "examples" / "eshop-php", root / "eshop")
        (root / "eshop" / "vendor").mkdir()
        (root / "eshop" / "vendor" / "autoload.php").write_text("<?php require __DIR__ . '/../../package/autoload.php';")
        if (configuration.parent / "sandbox.json").exists():
            shutil.copy(configuration.parent / "sandbox.json", root)
        database.parent.mkdir()
        fpm.readable(root)
        database.parent.chmod(0o777)
        with fpm.running(place, {}, root="shop/eshop/public", settings={
                "pm.max_children": "6", "env[SHOP_CONFIG]": str(root / "client.json"),
                "env[SHOP_DATABASE]": str(database)}) as running:
            yield Shop(running.url.replace("127.0.0.1", "localhost"), database, sandbox,
                       buy="/buy.php", order="/order.php?order=", callback="/callback.php?order=",
                       logs=[place / "fpm.log", place / "front.log"])


@pytest.fixture(scope="module", params=[
    pytest.param(in_python, id="python"), pytest.param(in_flask, id="flask", marks=pytest.mark.slow),
    pytest.param(in_php, id="php", marks=pytest.mark.slow)])
def selling(request: pytest.FixtureRequest) -> Selling:
    """The shops, in turn."""
    chosen: Selling = request.param
    return chosen


@pytest.fixture(scope="module")
def shop(selling: Selling, sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with selling(sandbox.config_file, tmp_path_factory.mktemp("shop"), sandbox) as opened:
        yield opened


IN_FLASK = pytest.mark.parametrize(
    "selling", [pytest.param(in_flask, id="flask", marks=pytest.mark.slow)], indirect=True)
PAYING = pytest.mark.parametrize("provider", ["inbank", "kustom", "ledyer"])


@PAYING
def test_paid(provider: str, shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy(provider)
    assert shop.come_back(session) == WAITING
    sandbox.move(session["session"], "completed")
    assert shop.come_back(session) == PAID
    assert shop.shipments(session) == 1


#: What the README's table says of each button.
BUTTONS = {
    "inbank": {"pay": PAID, "wait": WAITING, "decline": RELEASED, "cancel": RELEASED, "expire": RELEASED},
    "kustom": {"pay": PAID, "decline": WAITING, "cancel": RELEASED, "expire": RELEASED, "fail": RELEASED},
    "ledyer": {"pay": PAID, "wait": WAITING, "decline": WAITING, "cancel": RELEASED, "expire": RELEASED},
    "dintero": {"pay": HELD, "decline": RELEASED, "cancel": HELD, "expire": HELD},
}


@pytest.mark.parametrize("provider", BUTTONS)
def test_each_button_of_the_pay_page(provider: str, shop: Shop) -> None:
    for choice, words in BUTTONS[provider].items():
        session = shop.buy(provider)
        assert (choice, shop.choose(session, choice), shop.shipments(session)) == (choice, words, int(words == PAID))


def test_it_waits_and_is_paid_after_all(shop: Shop) -> None:
    session = shop.buy("kustom")
    assert [shop.choose(session, choice) for choice in ("decline", "pay")] == [WAITING, PAID]
    assert shop.shipments(session) == 1


@pytest.mark.parametrize(("provider", "state"), [
    ("inbank", "shipped"), ("kustom", "shipped"), ("ledyer", "shipped"), ("dintero", "held")])
def test_a_customer_who_never_comes_back(provider: str, state: str, shop: Shop, sandbox: RunningSandbox) -> None:
    """The provider's own callback is enough."""
    session = shop.buy(provider, is_called=True)
    sandbox.move(session["session"], "completed")
    until(lambda: shop.state(session) == state)
    assert shop.shipments(session) == int(state == "shipped")
    # The sandbox notes its callback when it has been answered.
    callbacks = f"callbacks?session={session['session']}"
    until(lambda: [one["status"] for one in sandbox.ask("GET", callbacks)][-1:] == [200])


@pytest.mark.parametrize(("what", "other", "sold", "why"), [
    ("amount", 1, 4200, "amount_mismatch"), ("currency", "DKK", "SEK", "currency_mismatch"),
    ("reference", "another", None, "reference_mismatch")])
def test_what_is_not_what_was_ordered_is_held(
    what: str, other: Any, sold: Any, why: str, shop: Shop, sandbox: RunningSandbox,
) -> None:
    session = shop.buy("kustom")
    sandbox.change(session["session"], **{what: other}, status="completed")
    assert (shop.come_back(session), shop.shipments(session)) == (HELD, 0)
    assert shop.told("SELECT why FROM orders WHERE id = ?", session) == why
    # A person has looked, and the provider says what was sold: it is shipped after all.
    sandbox.change(session["session"], **{what: sold or session["reference"]})
    assert (shop.come_back(session), shop.shipments(session)) == (PAID, 1)


def test_dintero_says_nothing_of_payment(shop: Shop) -> None:
    session = shop.buy("dintero")
    assert shop.choose(session, "pay") == HELD
    assert shop.told("SELECT why FROM orders WHERE id = ?", session) == "no_payment_state"


def test_the_price_is_the_shops(shop: Shop) -> None:
    """Whatever a customer adds to the form."""
    session = shop.buy("kustom", amount="1", amount_minor="1", price="1", currency="XTS")
    assert (session["amount"], session["currency"]) == (4200, "SEK")


def test_what_is_expected_is_what_was_ordered(shop: Shop, sandbox: RunningSandbox) -> None:
    """Not what the shop asks of its customers today."""
    session = shop.buy("kustom")
    shop.told("UPDATE orders SET amount_minor = 3900 WHERE id = ?", session)
    sandbox.change(session["session"], amount=3900, status="completed")
    assert (shop.come_back(session), shop.shipments(session)) == (PAID, 1)


@pytest.mark.slow
def test_a_provider_that_is_down_is_not_unpaid(shop: Shop, sandbox: RunningSandbox) -> None:
    """Six failures are two reads: each tries three times."""
    session = shop.buy("kustom")
    sandbox.change(session["session"], status="completed", replies=["503"] * 6)
    assert (shop.come_back(session), shop.call_back(session), shop.state(session)) == (UNHEARD, 503, "waiting")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (200, PAID, 1)


def test_a_provider_that_refuses_the_key_is_not_unpaid(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.move(session["session"], "completed")
    sandbox.tokens("kustom", "refuse")
    try:
        assert (shop.come_back(session), shop.call_back(session), shop.state(session)) == (UNHEARD, 503, "waiting")
    finally:
        sandbox.tokens("kustom", "accept")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (200, PAID, 1)


@pytest.mark.slow
def test_what_a_person_looks_at_is_not_taken_away(shop: Shop, sandbox: RunningSandbox) -> None:
    """By a provider that fails."""
    session = shop.buy("kustom")
    sandbox.change(session["session"], amount=1, status="completed")
    assert shop.come_back(session) == HELD
    sandbox.change(session["session"], replies=["503"] * 3)
    assert (shop.call_back(session), shop.state(session), shop.come_back(session)) == (503, "held", HELD)


@pytest.mark.slow
def test_no_session_can_be_made(selling: Selling, sandbox: RunningSandbox, tmp_path: Path) -> None:
    """There is no sandbox beside this configuration."""
    shutil.copy(sandbox.config_file, tmp_path)
    with selling(tmp_path / "config.json", tmp_path, sandbox) as shop:
        told = httpx.post(shop.form, data={"provider": "kustom"}, trust_env=False)
    assert told.status_code == 502
    assert "<p>The payment provider cannot be reached. Nothing was charged.</p>" in told.text


def test_a_callback_before_the_shop_knows_its_session(shop: Shop) -> None:
    session = shop.buy("kustom")
    shop.told("UPDATE orders SET session = NULL WHERE id = ?", session)
    assert (shop.call_back(session), shop.come_back(session), shop.state(session)) == (503, UNHEARD, "waiting")


def test_a_callback_before_the_customer_is_back(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.move(session["session"], "completed")
    assert (shop.call_back(session), shop.shipments(session)) == (200, 1)
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (200, PAID, 1)


def test_callbacks_that_come_twice_and_in_the_wrong_order(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("inbank")
    sandbox.change(session["session"], callback={"lost": False, "twice": True, "out_of_order": True})
    for status in ("granted", "completed"):
        sandbox.move(session["session"], status)
    callbacks = f"callbacks?session={session['session']}"
    until(lambda: len(sandbox.ask("GET", callbacks)) == 4)
    assert [(one["event"], one["status"]) for one in sandbox.ask("GET", callbacks)] == [
        ("contract activated", 200), ("contract granted", 200)] * 2
    assert (shop.state(session), shop.shipments(session)) == ("shipped", 1)


SIGNED = pytest.mark.parametrize(("provider", "state"), [("kustom", "shipped"), ("dintero", "held")])


@SIGNED
@pytest.mark.parametrize("signature", ["wrong", "missing"])
def test_a_forged_callback_is_refused_and_nothing_is_read(
    signature: str, provider: str, state: str, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """Though the session is paid, as it says. A genuine one is taken afterwards."""
    session = shop.buy(provider)
    sandbox.move(session["session"], "completed")
    reads = shop.reads(session)
    assert (shop.call_back(session, signature=signature), shop.state(session), shop.reads(session)) == (400, "waiting", reads)
    until(lambda: bool(shop.logged(session)))
    assert not [line for line in shop.logged(session) if "ALARM" in line]
    assert (shop.call_back(session), shop.state(session), shop.reads(session)) == (200, state, reads + 1)


@SIGNED
@pytest.mark.parametrize("seconds", [600, -600])
def test_a_stale_callback_is_refused_with_an_alarm(
    seconds: int, provider: str, state: str, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """It is genuine: somebody has kept it, or a clock is wrong."""
    session = shop.buy(provider)
    sandbox.move(session["session"], "completed")
    reads = shop.reads(session)
    assert (shop.call_back(session, stale_s=seconds), shop.state(session), shop.reads(session)) == (400, "waiting", reads)
    # What a worker of PHP's says is written down by another process.
    until(lambda: any("ALARM, a genuine callback is refused" in line for line in shop.logged(session)))
    assert (shop.call_back(session, stale_s=seconds // 3), shop.state(session)) == (200, state)


@pytest.mark.parametrize(("provider", "status"), [("kustom", 400), ("dintero", 400), ("ledyer", 200)])
def test_a_callback_that_was_moved_to_another_order(
    provider: str, status: int, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """Made to speak of the other: at most this one is read, by the reference that the shop has stored."""
    one, other = shop.buy(provider), shop.buy(provider)
    sandbox.move(other["session"], "completed")
    # Of an open session neither Ledyer nor Dintero tells anything.
    sandbox.move(one["session"], {"kustom": "ACTIVE", "dintero": "failed", "ledyer": "pendingSca"}[provider])
    reads = shop.reads(one), shop.reads(other)
    assert shop.call_back(one, moved_to=other["session"]) == status
    assert (shop.reads(one), shop.reads(other)) == (reads[0] + int(status == 200), reads[1])
    assert [shop.state(session) for session in (one, other)] == ["waiting", "waiting"]


@pytest.mark.parametrize(("provider", "before", "state"), [
    ("kustom", "ACTIVE", "waiting"), ("ledyer", "pendingSca", "waiting"), ("inbank", "granted", "waiting"),
    ("dintero", "failed", "released")])
def test_a_genuine_callback_at_the_address_of_another_order(
    provider: str, before: str, state: str, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """The paid one's, at that of an order that nobody has paid: that one is read, and becomes what its own session says."""
    paid, waiting = shop.buy(provider), shop.buy(provider)
    sandbox.move(waiting["session"], before)
    sandbox.move(paid["session"], "completed")
    reads = shop.reads(paid), shop.reads(waiting)
    assert shop.call_back(paid, url=waiting["callback"]["url"]) == 200
    assert [shop.state(session) for session in (paid, waiting)] == ["waiting", state]
    assert (shop.reads(paid), shop.reads(waiting), shop.shipments(waiting)) == (reads[0], reads[1] + 1, 0)


@PAYING
def test_a_callback_that_is_repeated(provider: str, shop: Shop, sandbox: RunningSandbox) -> None:
    """The same one: each is answered well, and one parcel is sent."""
    session = shop.buy(provider)
    sandbox.move(session["session"], "completed")
    assert [one["status"] for one in sandbox.call(session["session"], twice=True)] == [200, 200]
    assert (shop.call_back(session), shop.state(session), shop.shipments(session)) == (200, "shipped", 1)


@pytest.mark.parametrize(("provider", "status", "garbage"), [
    ("inbank", 200, 200), ("ledyer", 200, 400), ("kustom", 400, 400), ("dintero", 400, 400)])
def test_a_stranger_who_calls(
    provider: str, status: int, garbage: int, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """Where a provider signs nothing anybody can have the shop look, and that is all."""
    session = shop.buy(provider)
    reads = shop.reads(session)
    assert (shop.is_called_by_a_stranger(session), shop.reads(session)) == (status, reads + int(status == 200))
    assert shop.is_called_by_a_stranger(session, b"\x00not JSON") == garbage
    assert shop.is_called_by_a_stranger(session, b" " * 300_000) in (400, 413, garbage)
    assert (shop.state(session), shop.shipments(session)) == ("waiting", 0)


@pytest.mark.slow
def test_what_is_no_order(shop: Shop) -> None:
    addresses = ("", "x", "..%2F..", "%00", "%ff", "A-1001", "' OR 1=1 --", "%25", "x" * 5000)
    with httpx.Client(trust_env=False) as http:
        for method, page in (("GET", shop.order), ("GET", shop.callback), ("POST", shop.callback)):
            told = {address: http.request(method, page + address).status_code for address in addresses}
            assert told == dict.fromkeys(addresses, 404)
        for form in ({}, {"provider": ""}, {"provider": "klarna"}, {"provider": "kustom' --"}):
            assert http.post(shop.form, data=form).status_code == 400


def test_an_order_is_shipped_with_its_parcel_or_not_at_all(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.move(session["session"], "completed")
    with closing(sqlite3.connect(shop.database, timeout=10)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON shipments BEGIN SELECT RAISE(ABORT, 'no room'); END")
        try:
            assert (shop.call_back(session), shop.state(session), shop.shipments(session)) == (500, "waiting", 0)
        finally:
            db.execute("DROP TRIGGER full")
    assert (shop.call_back(session), shop.state(session), shop.shipments(session)) == (200, "shipped", 1)


def test_an_order_is_seen_by_its_customer_alone(shop: Shop) -> None:
    one, other = shop.buy("kustom"), shop.buy("kustom")
    addresses = [session["return_url"].removeprefix(shop.order) for session in (one, other)]
    assert addresses[0] != addresses[1] and all(re.fullmatch(r"[\w-]{22,}", address) for address in addresses)
    headers = httpx.get(one["return_url"], trust_env=False).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_a_forged_host_leads_nobody_away(shop: Shop, sandbox: RunningSandbox) -> None:
    sent = httpx.post(shop.form, data={"provider": "kustom"}, headers={"Host": "shop.example"}, trust_env=False)
    session = sandbox.ask("GET", f"sessions/{sent.headers['location'].partition('/pay/')[2]}")
    assert session["return_url"].startswith(shop.order) and session["callback"]["url"].startswith(shop.callback)


def test_its_page_looks_again_only_while_the_order_waits(shop: Shop) -> None:
    session = shop.buy("kustom")
    for choice, is_there in (("decline", True), ("pay", False)):
        shop.choose(session, choice)
        assert ('http-equiv="refresh"' in httpx.get(session["return_url"], trust_env=False).text) is is_there


def test_a_shipped_order_is_never_reopened(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("inbank")
    sandbox.move(session["session"], "completed")
    assert shop.come_back(session) == PAID
    sandbox.move(session["session"], "cancelled")
    assert (shop.call_back(session), shop.come_back(session), shop.shipments(session)) == (200, PAID, 1)
    # Nor asked for again.
    assert sandbox.ask("GET", f"sessions/{session['session']}")["reads"] == 1


@pytest.mark.slow
def test_the_customer_and_the_callback_at_the_same_moment(shop: Shop, sandbox: RunningSandbox) -> None:
    """Two hundred times: one parcel each."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(200):
            session = shop.buy("kustom")
            sandbox.move(session["session"], "completed")
            came = [pool.submit(asked, session) for asked in (shop.come_back, shop.call_back) * 4]
            assert [one.result() for one in came] == [PAID, 200] * 4
            assert shop.shipments(session) == 1


@IN_FLASK
def test_the_page_of_a_held_order_looks_again_more_slowly(shop: Shop, sandbox: RunningSandbox) -> None:
    session = shop.buy("kustom")
    sandbox.change(session["session"], amount=1, status="completed")
    assert shop.come_back(session) == HELD
    page = httpx.get(session["return_url"], trust_env=False).text
    assert '<meta http-equiv="refresh" content="30">' in page


@IN_FLASK
def test_the_job_of_each_night(selling: Selling, sandbox: RunningSandbox, tmp_path: Path) -> None:
    """For those whose customer and callback never came. One that a provider does not answer for keeps no other back."""
    with selling(sandbox.config_file, tmp_path, sandbox) as shop:
        lost, paid, held, waiting, other = (shop.buy("kustom") for _ in range(5))
        shop.told("UPDATE orders SET session = NULL WHERE id = ?", other)
        for session in (lost, paid, held):
            sandbox.move(session["session"], "completed")
        sandbox.change(lost["session"], replies=["503"] * 3)
        sandbox.change(held["session"], amount=1)
        for states in (["waiting", "shipped", "held", "waiting", "waiting"],
                       ["shipped", "shipped", "held", "waiting", "waiting"]):
            done = subprocess.run([sys.executable, "-m", "flask", "--app", FLASK / "app.py", "settle"], text=True,
                                  capture_output=True, timeout=60, env=of_flask(sandbox.config_file, tmp_path, 0))
            assert (done.returncode, done.stdout) == (0, "")
            # Whoever runs the shop is told of the one that was not learnt about.
            assert [line.partition(":")[0] for line in done.stderr.splitlines()] == (
                [lost["reference"]] if states[0] == "waiting" else [])
            assert [shop.state(session) for session in (lost, paid, held, waiting, other)] == states
        assert [shop.shipments(session) for session in (lost, paid, held, waiting, other)] == [1, 1, 0, 0, 0]


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
        assert browser.driver.current_url.startswith(shop.order)
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


def bought(browser: Browser, shop: Shop, sandbox: RunningSandbox, provider: str = "kustom") -> dict[str, Any]:
    """Presses the shop's button: the browser shows where the customer pays. No callback comes by itself."""
    browser.find(f"button[value={provider}]").click()
    until(lambda: browser.driver.current_url.startswith(sandbox.page))
    session: dict[str, Any] = sandbox.ask("GET", f"sessions/{browser.driver.current_url.partition('/pay/')[2]}")
    sandbox.change(session["session"], callback={"lost": True})
    return session


@pytest.fixture
def visited(browser: Browser, shop: Shop) -> Iterator[Browser]:
    """At the front of the shop, on a phone. Whatever a test does there, no script failed and no policy was broken."""
    browser.show(360)
    browser.open(shop.url)
    yield browser
    assert not browser.is_wider_than_its_window()
    assert browser.complaints() == []


@pytest.mark.slow
def test_an_edited_amount_in_the_browser(visited: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    visited.run("document.forms[0].insertAdjacentHTML('beforeend', '<input name=amount value=1>')")
    session = bought(visited, shop, sandbox)
    assert visited.find("h1").text == "42.00 SEK"
    # Somebody manages to edit it at the provider, and pays that.
    sandbox.change(session["session"], amount=1)
    visited.find("button[value=pay]").click()
    until(lambda: HELD in visited.text)
    assert (shop.state(session), shop.shipments(session)) == ("held", 0)


@pytest.mark.slow
def test_a_callback_before_the_redirect_in_the_browser(visited: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    session = bought(visited, shop, sandbox)
    sandbox.move(session["session"], "completed")
    assert [shop.call_back(session) for _ in range(2)] == [200, 200]
    assert (shop.state(session), shop.shipments(session)) == ("shipped", 1)
    visited.find("button[value=pay]").click()
    until(lambda: PAID in visited.text)
    visited.driver.refresh()
    assert PAID in visited.text and shop.shipments(session) == 1


@pytest.mark.slow
def test_a_provider_that_is_down_in_the_browser(visited: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    """The page says so, looks again by itself, and knows once the provider is back."""
    session = bought(visited, shop, sandbox)
    sandbox.change(session["session"], replies=["503"] * 3)
    visited.find("button[value=pay]").click()
    until(lambda: UNHEARD in visited.text)
    assert (shop.state(session), shop.shipments(session)) == ("waiting", 0)
    until(lambda: PAID in visited.text)
    assert (shop.state(session), shop.shipments(session)) == ("shipped", 1)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"signature": "wrong"}, {"signature": "missing"}, {"stale_s": 600}])
def test_a_forged_callback_and_a_stale_one_in_the_browser(
    settings: dict[str, Any], visited: Browser, shop: Shop, sandbox: RunningSandbox,
) -> None:
    """While the customer's page waits: it looks again, and is not taken in. Nor is the order touched of a customer
    who has paid and is not back yet."""
    session = bought(visited, shop, sandbox)
    visited.find("button[value=decline]").click()
    until(lambda: WAITING in visited.text)
    assert shop.call_back(session, **settings) == 400
    visited.run("window.isOld = true")
    until(lambda: visited.run("return document.readyState === 'complete' && !window.isOld"))
    assert WAITING in visited.text
    assert (shop.state(session), shop.shipments(session)) == ("waiting", 0)
    visited.open(session["pay_url"])
    sandbox.move(session["session"], "completed")
    reads = shop.reads(session)
    assert (shop.call_back(session, **settings), shop.state(session), shop.reads(session)) == (400, "waiting", reads)
    is_stale = "stale_s" in settings
    until(lambda: bool(shop.logged(session)))
    assert any("ALARM" in line for line in shop.logged(session)) is is_stale
    # The genuine one comes at last, and the customer after it.
    assert (shop.call_back(session), shop.state(session), shop.shipments(session)) == (200, "shipped", 1)
    visited.find("button[value=pay]").click()
    until(lambda: PAID in visited.text)
    assert shop.shipments(session) == 1


@pytest.mark.slow
def test_a_moved_callback_in_the_browser(visited: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    """A customer's own, made to speak of a paid order; then the paid one's, at the address of the customer's."""
    paid, session = shop.buy("kustom"), bought(visited, shop, sandbox)
    visited.find("button[value=decline]").click()
    until(lambda: WAITING in visited.text)
    sandbox.move(paid["session"], "completed")
    reads = shop.reads(paid)
    assert shop.call_back(session, moved_to=paid["session"]) == 400
    assert shop.call_back(paid, url=session["callback"]["url"]) == 200
    visited.driver.refresh()
    assert WAITING in visited.text
    assert [(shop.state(one), shop.shipments(one)) for one in (session, paid)] == [("waiting", 0), ("waiting", 0)]
    assert shop.reads(paid) == reads


@pytest.mark.slow
def test_a_repeated_callback_in_the_browser(visited: Browser, shop: Shop, sandbox: RunningSandbox) -> None:
    """With the customer's return among them."""
    session = bought(visited, shop, sandbox)
    sandbox.move(session["session"], "completed")
    assert [one["status"] for one in sandbox.call(session["session"], twice=True)] == [200, 200]
    visited.find("button[value=pay]").click()
    until(lambda: PAID in visited.text)
    assert [one["status"] for one in sandbox.call(session["session"], twice=True)] == [200, 200]
    assert (shop.state(session), shop.shipments(session)) == ("shipped", 1)


@pytest.mark.slow
def test_the_lines_of_its_readme(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """As printed, but for the folders and the port: a shop that serves."""
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    (terminal,), (lines,) = (re.findall(rf"^```{kind}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
                             for kind in ("console", "bash"))
    assert terminal == "make sandbox\n" and len((terminal + lines).splitlines()) <= 5
    port = free_port()
    lines = lines.replace("build/venv", sys.prefix).replace(
        "build/sandbox/config.json", f"{sandbox.config_file} --port {port} --database {tmp_path}/shop.db")
    with started(["bash", "-euc", lines.replace("PYTHONPATH=", "exec env PYTHONPATH=")], cwd=REPOSITORY, ready=listening(port), log=tmp_path / "log",
                 stdin=subprocess.DEVNULL):
        page = httpx.get(f"http://localhost:{port}/", trust_env=False)
        assert "Buy with Kustom" in page.text
        sent = httpx.post(f"http://localhost:{port}/buy", data={"provider": "kustom"}, trust_env=False)
        assert sent.headers["location"].startswith(f"{sandbox.page}/pay/kustom:")


@pytest.mark.slow
def test_the_lines_of_the_readme_in_flask(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """As printed, but for the folders and the port."""
    port = free_port()
    readme = (FLASK / "README.md").read_text("utf-8").replace("build/venv", sys.prefix).replace(
        "build/sandbox", str(sandbox.directory)).replace("build/shop-python.db", f"{tmp_path}/shop.db").replace(
        "localhost:5002", f"localhost:{port}").replace(
        f"\n{sys.prefix}/bin/gunicorn", f"\nexec env SHOP_ADDRESS=http://localhost:{port} {sys.prefix}/bin/gunicorn")
    lines, job = re.findall(r"^```bash\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    (variables,) = re.findall(r"^export .*\n", lines, re.MULTILINE)
    # Where gunicorn's control socket goes: not into the home of whoever runs this.
    with started(["bash", "-euc", lines], cwd=REPOSITORY, ready=listening(port), log=tmp_path / "log",
                 stdin=subprocess.DEVNULL, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}):
        assert "Buy with Kustom" in httpx.get(f"http://localhost:{port}/", trust_env=False, timeout=30).text
        shop = Shop(f"http://localhost:{port}", tmp_path / "shop.db", sandbox,
                    buy="/buy", order="/order/", callback="/callback/")
        session = shop.buy("kustom")
        assert shop.come_back(session) == WAITING
        sandbox.move(session["session"], "completed")
        subprocess.run(["bash", "-euc", variables + job], cwd=REPOSITORY, check=True, timeout=60)
        assert (shop.state(session), shop.shipments(session)) == ("shipped", 1)


@pytest.mark.slow
def test_the_lines_of_the_readme_in_php(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """As printed, but for the folders and the port, under PHP's own server."""
    readme = (REPOSITORY / "examples" / "eshop-php" / "README.md").read_text("utf-8")
    (lines,) = re.findall(r"^```bash\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    port = free_port()
    lines = lines.replace("build/sandbox", str(sandbox.directory)).replace(
        "build/shop-php.db", f"{tmp_path}/shop.db").replace("localhost:5001", f"localhost:{port}").replace(
        "\nphp ", f"\nexec env SHOP_ADDRESS=http://localhost:{port} php ")
    with started(["bash", "-euc", lines], cwd=REPOSITORY, ready=listening(port), log=tmp_path / "log",
                 stdin=subprocess.DEVNULL):
        assert "Buy with Kustom" in httpx.get(f"http://localhost:{port}/", trust_env=False).text
        sent = httpx.post(f"http://localhost:{port}/buy.php", data={"provider": "kustom"}, trust_env=False)
        assert sent.headers["location"].startswith(f"{sandbox.page}/pay/kustom:")
        page = httpx.get(sandbox.ask("GET", "sessions")[0]["return_url"], trust_env=False)
        assert WAITING in page.text
