# SPDX-License-Identifier: MIT
"""A headless Chromium, driven through chromedriver: nothing of its user's, nothing from the network, and ended
with the `with` block."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

#: What a page may take to load.
SECONDS = 20

ARGUMENTS = ["--headless=new", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
             "--disable-component-update", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
             "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1"]


class Browser:
    """One window. `driver` is Selenium's."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def show(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """From now on the window's inside is so large, and of that colour scheme."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, url: str) -> None:
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """By CSS."""
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    @property
    def text(self) -> str:
        """What a person reads."""
        text: str = self.run("return document.body.innerText")
        return text

    def complaints(self) -> list[str]:
        """What the console has been told since it was asked last: errors of scripts, of policies, of what did
        not load."""
        log: Any = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(entry["message"]) for entry in log]

    def requested(self) -> list[str]:
        """The addresses that this page has loaded something from, itself included."""
        loaded: list[str] = self.run(
            "return performance.getEntries().filter(entry => /navigation|resource/.test(entry.entryType))"
            ".map(entry => entry.name)")
        return loaded

    def is_wider_than_its_window(self) -> bool:
        wide: bool = self.run("return document.documentElement.scrollWidth > window.innerWidth")
        return wide

    def picture(self, path: object) -> None:
        self.driver.save_screenshot(str(path))


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Returns once it holds: a click does not wait for what comes of it, and what was found may be another page's."""
    end = time.monotonic() + seconds
    while True:
        with suppress(NoSuchElementException, StaleElementReferenceException):
            if holds():
                return
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextmanager
def browsing() -> Iterator[Browser]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert program and driver, "chromium and chromedriver are needed: make test-deps installs them"
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(prefix="paysession-browser-", ignore_cleanup_errors=True) as profile:
        for argument in [*ARGUMENTS, f"--user-data-dir={profile}"]:
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # Chromium's own has no use for root
        started = webdriver.Chrome(options, Service(driver))
        try:
            started.set_page_load_timeout(SECONDS)
            yield Browser(started)
        finally:
            started.quit()
