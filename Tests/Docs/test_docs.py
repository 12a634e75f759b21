# SPDX-License-Identifier: MIT
"""The site that `make docs` has built, as it lies on a disk: what is on it, where its links lead, what it loads, and
its search, in a browser without a network."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import Browser, browsing, until

pytestmark = pytest.mark.apart  # make docs builds the site, and runs these

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = REPOSITORY / "build" / "docs"

#: What only one who reads that page needs.
SUBJECTS = {
    "php": "opcache.preload_user", "python": "AsyncClient", "c": "find_package(paysession)",
    "shell": "paysession batch --resume", "operations": "chmod 600", "security": "Who is trusted with what",
    "adding-a-provider": "identifiers.json",
}


#: What does not part two words.
INLINE = {"a", "b", "code", "em", "i", "span", "strong"}


class Page(HTMLParser):
    """Its text, its anchors, where it links to, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.anchors, self.links, self.loaded = "", set[str](), list[str](), list[str]()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.text += "\n"
        said = {name: value or "" for name, value in attributes}
        self.anchors |= {said[name] for name in ("id", "name") if name in said and tag != "meta"}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        else:
            self.loaded += [said[name] for name in ("src", "href", "srcset", "data") if name in said]

    def handle_data(self, data: str) -> None:
        self.text += data


@lru_cache(maxsize=None)
def page(path: Path) -> Page:
    return Page(path)


def pages() -> list[Path]:
    found = sorted(SITE.glob("*.html"))
    assert found, f"{SITE} has no pages: make docs makes them"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_subject_has_its_page(subject: str) -> None:
    assert SUBJECTS[subject] in page(SITE / f"{subject}.html").text
    assert f"{subject}.html" in page(SITE / "index.html").links


def test_each_function_of_the_header_has_its_place() -> None:
    header = re.sub(r"/\*.*?\*/", "", (REPOSITORY / "Include" / "paysession.h").read_text("utf-8"), flags=re.S)
    functions = re.findall(r"\b(session_\w+)\(", header)
    assert len(functions) > 25 and len(set(functions)) == len(functions)
    assert [name for name in functions if f"c.{name}" not in page(SITE / "header.html").anchors] == []


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def test_the_headers_comments_lose_nothing() -> None:
    header = (REPOSITORY / "Include" / "paysession.h").read_text("utf-8")
    comments = "".join(re.findall(r"/\*(.*?)\*/", header, re.S)[1:])
    lost = words(comments) - words(page(SITE / "header.html").text)
    assert set(lost) == {"paysession_h"}  # the guard


@pytest.mark.parametrize("manual", ["Sources/paysession-cli/paysession.1", "build/man/paysession-config.5"])
def test_the_manuals_lose_nothing(manual: str) -> None:
    path = REPOSITORY / manual
    set_in_type = subprocess.run(["mandoc", "-Tascii", path], check=True, capture_output=True, text=True).stdout
    _, *lines, _ = re.sub(r".\x08", "", set_in_type).strip().splitlines()  # the first and the last have its name
    shown = page(SITE / f"{path.stem}-{path.suffix[1:]}.html")
    assert words("\n".join(lines)) - words(shown.text) == Counter()


def keys_of(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and isinstance(value, dict):
                yield from value
            yield from keys_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_of(value)


def test_each_key_of_the_schema_is_described() -> None:
    keys = set(keys_of(json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_bytes())))
    assert {"result", "merchant_reference", "unit_minor", "pause_ms", "p99"} <= keys
    told = {word for path in re.findall(r"^[a-z_.*\[\]0-9]+$", page(SITE / "keys.html").text, re.M)
            for word in path.replace("[]", "").split(".")}
    assert keys - told == set()


def test_links_lead_somewhere() -> None:
    lost = []
    for path in pages():
        for link in page(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            if not target.is_file() or parts.fragment and target.suffix == ".html" \
                    and unquote(parts.fragment) not in page(target).anchors:
                lost.append(f"{path.name}: {link}")
    assert lost == []


def test_nothing_comes_from_outside() -> None:
    for path in pages():
        loaded = page(path).loaded
        assert [each for each in loaded if re.match(r"(\w+:)?//", each)] == [], path
        assert [each for each in loaded if not each.startswith("#")
                and not (path.parent / urlsplit(each).path).is_file()] == [], path
    for path in SITE.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(\w+:)?//", path.read_text("utf-8")), path


@pytest.mark.parametrize(("asked", "first"), [
    ("session_batch_next", "header.html#c.session_batch_next"),
    ("SESSION_TIMED_OUT", "header.html#c.session_result.SESSION_TIMED_OUT"),
    ("session.merchant_reference", "keys.html#key-session-merchant-reference"),
    ("opcache.preload", "php.html"),
    ("--keep-failed", "paysession-1.html"),
])
def test_the_search_finds_it_from_the_disk(browser: Browser, asked: str, first: str) -> None:
    browser.open((SITE / "index.html").as_uri())
    box = browser.find(".sidebar-search")
    box.send_keys(asked)
    box.submit()
    until(lambda: "found" in browser.find(".search-summary").text)
    found = [str(link.get_attribute("href")) for link in browser.all("#search-results .search a")]
    assert any(link.startswith(f"{SITE.as_uri()}/{first}") for link in found[:5]), found
    browser.open(found[0])
    assert browser.complaints() == []
    assert {urlsplit(address).scheme for address in browser.requested()} <= {"file", "data"}


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_is_wider_than_its_window(browser: Browser, dark: bool) -> None:
    for width in (360, 1200):
        browser.show(width, dark=dark)
        for path in pages():
            browser.open(path.as_uri())
            assert browser.complaints() == []
            assert not browser.is_wider_than_its_window(), (path.name, width)
