# SPDX-License-Identifier: MIT
"""The pages in a headless Chromium: what a person does with them, by mouse and by keyboard, at a desk and on a
phone, by day and by night."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import Browser, browsing, until
from paysession_sandbox.testing import RunningSandbox
from selenium.webdriver.common.keys import Keys

import paysession

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script>\"'&\u202e" + "x" * 400


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def browser(opened: Browser) -> Iterator[Browser]:
    """Whatever a test does with it, no script failed, no policy was broken and nothing came from elsewhere."""
    opened.show(1280)
    opened.complaints()
    yield opened
    assert opened.complaints() == []
    assert {urlsplit(url).hostname for url in opened.requested()} <= {"localhost"}


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Where a customer goes back to."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            page = b"<!doctype html><title>Shop</title><link rel=icon href=data:,><p>Welcome back</p>"
            # A shop's return address may lead on, to another host of its own.
            self.send_response(200 if "/moved" not in self.path else 303)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/back")  # type: ignore[attr-defined]
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_purchase(browser: Browser, fresh: RunningSandbox, shop: str) -> None:
    """A session is made in the form, its customer pays, and is back in the shop; the library says paid."""
    browser.open(fresh.page)
    for name, value in (("amount", "4200"), ("currency", "EUR"), ("reference", "A-1001"), ("return_url", shop + "/back")):
        browser.find(f"#{name}").send_keys(value)
    browser.find("#provider option:nth-child(2)").click()
    browser.find(".make button").click()
    until(lambda: len(fresh.ask("GET", "sessions")) == 1 and len(browser.all(".cards li")) == 1)
    (made,) = fresh.ask("GET", "sessions")
    assert (made["provider"], made["amount"], made["currency"]) == ("inbank", 4200, "EUR")
    browser.find(".cards .button").click()
    until(lambda: browser.find("h1").text == "42.00 EUR")
    browser.find("button[value=pay]").click()
    until(lambda: browser.driver.current_url == shop + "/back" and browser.text == "Welcome back")
    with paysession.Client(fresh.config) as client:
        assert client.get(made["session"], expect={"amount": 4200, "currency": "EUR", "reference": "A-1001"}).is_paid


def test_a_forged_callback_and_another_proof(browser: Browser, fresh: RunningSandbox, shop: str) -> None:
    """Chosen on the page, and seen there."""
    made = fresh.create("kustom", status="FINALIZED", callback={"url": shop + "/hook", "lost": True})
    browser.show(360)
    browser.open(fresh.page)
    for name, words in (("proof", "CANCELLED"), ("callback", "forged")):
        (option,) = [one for one in browser.all(f"select[name={name}] option") if one.text == words]
        option.click()
    assert not browser.is_wider_than_its_window()
    browser.find("button[name=again]").click()
    until(lambda: "forged" in browser.find("#callbacks").text and "ipp.session.finalized" in browser.find("#callbacks").text)
    told = fresh.ask("GET", f"sessions/{made['session']}")
    assert (told["callback"]["signature"], told["proof"]["status"]) == ("wrong", "CANCELLED")
    # The shop of these tests takes no POST.
    assert [(one["status"], one["scripted"]) for one in fresh.ask("GET", "callbacks")[-1:]] == [(501, "forged")]


def test_each_choice_leads_back_to_the_shop(browser: Browser, fresh: RunningSandbox, shop: str) -> None:
    for provider, choice, stage in (("inbank", "decline", "declined"), ("inbank", "wait", "granted"),
                                    ("kustom", "cancel", "CANCELLED"), ("kustom", "expire", "EXPIRED"),
                                    ("dintero", "pay", "processed"), ("ledyer", "wait", "pendingSca")):
        made = fresh.create(provider, return_url=f"{shop}/{choice}")
        browser.open(made["pay_url"])
        browser.find(f"button[value={choice}]").click()
        until(lambda: browser.driver.current_url == f"{shop}/{choice}")  # noqa: B023
        assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == stage


def test_a_return_address_that_leads_on_to_another_host(opened: Browser, fresh: RunningSandbox, shop: str) -> None:
    made = fresh.create("kustom", return_url=shop + "/moved")
    opened.show(1280)
    opened.open(made["pay_url"])
    opened.find("button[value=pay]").click()
    until(lambda: opened.driver.current_url == shop.replace("localhost", "127.0.0.1") + "/back")


def test_by_keyboard_alone(browser: Browser, fresh: RunningSandbox, shop: str) -> None:
    made = fresh.create("kustom", return_url=shop + "/")
    browser.open(made["pay_url"])
    browser.find("body").send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.value") == "pay"
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: browser.text == "Welcome back")
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "FINALIZED"


def test_a_button_per_state(browser: Browser, fresh: RunningSandbox) -> None:
    made = fresh.create("kustom")
    browser.open(fresh.page)
    assert [button.text for button in browser.all(".states button")] == [
        "CREATED", "ACTIVE", "FINALIZED", "CANCELLED", "EXPIRED", "FAILED"]
    assert not browser.find("button[value=CREATED]").is_enabled()
    browser.find("button[value=ACTIVE]").click()
    until(lambda: browser.find(".cards strong").text == "ACTIVE")
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "ACTIVE"


def test_requests_appear_as_they_come(browser: Browser, fresh: RunningSandbox) -> None:
    """By themselves; not while they are paused; and whoever is in a list is not thrown out of it."""
    made = fresh.create("kustom", replies=["503"])
    browser.open(fresh.page)
    assert "Nothing was asked yet." in browser.text
    with paysession.Client(fresh.config) as client:
        client.get(made["session"])
        until(lambda: len(browser.all("#requests tbody tr")) == 2)
        assert ["503", "200"] == [row.text for row in browser.all("#requests td:nth-child(3)")][::-1]
        assert browser.find(".cards dd:last-child").is_displayed()
        browser.find("#pause").click()
        assert browser.find("#pause").get_attribute("aria-pressed") == "true"
        client.get(made["session"])
        time.sleep(2.5)
        assert len(browser.all("#requests tbody tr")) == 2
        browser.find("#pause").click()
        until(lambda: len(browser.all("#requests tbody tr")) == 3)
    browser.run("document.querySelector('button[value=ACTIVE]').focus()")
    fresh.move(made["session"], "CANCELLED")
    time.sleep(2.5)
    assert browser.run("return document.activeElement.value") == "ACTIVE"


def test_hostile_names_are_text(browser: Browser, fresh: RunningSandbox) -> None:
    fresh.ask("PUT", "sessions/kustom:%3Cscript%3Ealert(2)%3C%2Fscript%3E%E2%80%AE", {"reference": HOSTILE})
    made = fresh.create("ledyer", reference=HOSTILE, items=[{"name": HOSTILE}], return_url="http://localhost:1/?a=b;c")
    for url in (fresh.page, made["pay_url"], fresh.page + "/pay/kustom:%3Cscript%3E"):
        for width in (360, 1280):
            browser.show(width)
            browser.open(url)
            assert browser.run("return document.scripts.length") == (1 if url == fresh.page else 0)
            assert not browser.is_wider_than_its_window(), (url, width)
    # The page that there is not is an error of loading, and said to be one.
    assert [told for told in browser.complaints() if "404" not in told] == []


def contrast(browser: Browser) -> list[Any]:
    """Texts that stand out less than WCAG's AA asks for (4.5), with their colours."""
    found: list[Any] = browser.run("""
        const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        const parsed = text => text.match(/[\\d.]+/g).map(Number);
        const ground = element => {
          for (; element; element = element.parentElement) {
            const colour = parsed(getComputedStyle(element).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
          }
          return null;
        };
        const seen = [];
        for (const element of document.querySelectorAll("body *")) {
          if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
          const [a, b] = [luminance(parsed(getComputedStyle(element).color)), luminance(ground(element))];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) seen.push([element.tagName, element.textContent.trim().slice(0, 30), ratio]);
        }
        return seen;""")
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_every_page_can_be_read_and_used(width: int, dark: bool, browser: Browser, fresh: RunningSandbox) -> None:
    made = fresh.create("kustom", items=[{"name": "Cup", "unit_price": 4200}], callback={"url": "http://localhost:1/"},
                        replies=["503"])
    with paysession.Client(fresh.config) as client:
        client.get(made["session"])
    browser.show(width, dark=dark)
    for url in (fresh.page, fresh.page + "/samples", fresh.page + "/sandbox", made["pay_url"]):
        browser.open(url)
        assert not browser.is_wider_than_its_window(), url
        assert contrast(browser) == []
        assert browser.run("return document.documentElement.lang") == "en" and browser.driver.title
        assert len(browser.all("h1")) == 1 and len(browser.all("main")) == 1
        assert browser.run("return [...document.querySelectorAll('input, select')].filter("
                           "field => !field.labels.length).map(field => field.name)") == []
        assert browser.run("return [...document.querySelectorAll('button, a, summary')].filter("
                           "named => !named.textContent.trim()).length") == 0
        assert browser.run("return [...document.querySelectorAll('form, section')].filter("
                           "part => !part.getAttribute('aria-label') && !part.getAttribute('aria-labelledby') "
                           "&& !part.closest('.make')).length") == 0
        small = browser.run("""
            return [...document.querySelectorAll("button, .button, input, select, summary")].filter(target => {
              const { width, height } = target.getBoundingClientRect();
              return width && (width < 24 || height < 24);
            }).map(target => target.outerHTML);""")
        assert small == []


def test_it_works_without_its_script(browser: Browser, fresh: RunningSandbox) -> None:
    made = fresh.create("kustom")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(fresh.page)
        assert not browser.find("#pause").is_displayed()
        browser.find("button[value=ACTIVE]").click()
        until(lambda: browser.find(".cards strong").text == "ACTIVE")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert fresh.ask("GET", f"sessions/{made['session']}")["status"] == "ACTIVE"
