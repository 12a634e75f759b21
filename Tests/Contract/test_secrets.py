# SPDX-License-Identifier: MIT
"""Secrets as people paste them and editors save them: what stands around one is dropped, what
cannot be in one is told by its key and its place, from text, environment and file alike. What is
told never holds the secret.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import ask
from servers import Connection, Request, Server, as_asked, reply

KEY = "kco_test_0123456789abcdef"
ACCOUNT = {"client_id": "shop"}
# Each place of a secret: what else stands beside it, and what asks with it.
PLACES: dict[str, tuple[dict[str, str], str]] = {
    "inbank.api_key": ({}, "inbank:shop/x"),
    "kustom.api_key": ({}, "kustom:x"),
    "dintero.client_secret": (ACCOUNT, "dintero:T12345678/o/x"),
    "dintero.token": ({}, "dintero:T12345678/o/x"),
    "ledyer.client_secret": (ACCOUNT, "ledyer:x"),
    "ledyer.token": ({}, "ledyer:x"),
}
EACH_PLACE = pytest.mark.parametrize("place", PLACES)
Give = Callable[[str | bytes], Any]


def granted(connection: Connection, request: Request) -> bytes:
    """A token, or a paid session."""
    return reply({"access_token": "t"}) if request.method == "POST" else as_asked(connection, request)


@pytest.fixture(params=["text", "env", "file"])
def give(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Give:
    """A secret, in each of the ways in which a configuration has one."""
    def given(secret: str | bytes) -> Any:
        spelt = secret.encode() if isinstance(secret, str) else secret
        if request.param == "env":
            monkeypatch.setenv("A_SECRET", os.fsdecode(spelt))
            return {"env": "A_SECRET"}
        if request.param == "file":
            (tmp_path / "secret").write_bytes(spelt)
            return {"file": str(tmp_path / "secret")}
        return spelt.decode()

    return given


def placed(place: str, secret: Any, base: str = "https://api.test") -> dict[str, Any]:
    provider, _, key = place.partition(".")
    token = {"auth_url": base + "/token"} if place == "ledyer.client_secret" else {}
    return {"attempts": 1, provider: {"base_url": base, **PLACES[place][0], **token, key: secret}}


def refusal(config: dict[str, Any]) -> str:
    """What is told of a secret, of which nothing is told."""
    with pytest.raises(paysession.InvalidConfig) as caught:
        paysession.Client(config)
    told = str(caught.value)
    assert told.isascii() and told.isprintable()
    answer = caught.value.answer
    assert answer is not None and not any(KEY[at:at + 6] in answer.json.decode() for at in range(9, 20))
    return told


# ---- At both ends --------------------------------------------------------------------------------

AROUND = [("", "\n"), ("", "\r\n"), ("", "\n\n"), (" ", ""), ("", " "), ("\t", "\t"), ("\n", ""),
          (" \t\r\n ", " \t\r\n ")]


@EACH_PLACE
def test_what_stands_around_a_secret_is_not_sent(place: str, give: Give) -> None:
    with Server(granted) as server:
        def sent(secret: str) -> bytes:
            server.requests.clear()
            ask(placed(place, give(secret), server.http), PLACES[place][1])
            return server.requests[0].head

        bare = sent(KEY)
        assert [sent(before + KEY + behind) for before, behind in AROUND] == [bare] * len(AROUND)


def test_what_is_sent_is_the_key(give: Give) -> None:
    with Server(granted) as server:
        ask(placed("kustom.api_key", give(f" {KEY}\r\n"), server.http), "kustom:x")
        ask(placed("ledyer.client_secret", give(f"\t{KEY} \n"), server.http), "ledyer:x")
        assert server.requests[0].authorization == f"Basic {KEY}"
        assert server.requests[1].authorization == "Basic " + base64.b64encode(
            f"shop:{KEY}".encode()).decode()


def test_a_blank_inside_is_a_part_of_it(give: Give) -> None:
    with Server(granted) as server:
        ask(placed("ledyer.client_secret", give(" correct horse  battery \n"), server.http), "ledyer:x")
        assert server.requests[0].authorization == "Basic " + base64.b64encode(
            b"shop:correct horse  battery").decode()


@pytest.mark.parametrize(("environment", "key", "fits"), [
    ("playground", " kco_test_0123456789\n", True), ("live", "\t\r\nkco_live_0123456789 ", True),
    ("playground", " kco_live_0123456789", False), ("live", "\n\tkco_test_0123456789\n", False)])
def test_kustoms_key_says_its_environment_without_what_stands_around(
    environment: str, key: str, fits: bool, give: Give,
) -> None:
    config = {"kustom": {"environment": environment, "api_key": give(key)}}
    if fits:
        paysession.Client(config).close()
    else:
        assert refusal(config).startswith("kustom.environment: expected")


@EACH_PLACE
def test_nothing_but_blanks_is_empty(place: str, give: Give) -> None:
    """Which is all that is told of it."""
    for nothing in ("", " ", "\n", "\r\n", " \t\r\n \n"):
        told = refusal(placed(place, give(nothing)))
        assert told.startswith(place) and "empty" in told and "control" not in told, ascii(nothing)


def names(told: str, place: str, at: int) -> bool:
    """That key, and that byte of it, counted from 1."""
    return told.startswith(place) and bool(re.search(rf"\bbyte\D{{0,10}}\b{at}\b", told))


# ---- Inside --------------------------------------------------------------------------------------

UNFIT = ["\t", "\n", "\r\n", "\x01", "\x0b", "\x1b", "\x7f", "\x85", "\u00a0", "\u00f8", "\u200b",
         "\u2028", "\u3000", "\U0001f600", "\uff10"]


@EACH_PLACE
def test_a_byte_that_is_in_no_secret_is_told_by_its_place(place: str, give: Give) -> None:
    for unfit in UNFIT:
        told = refusal(placed(place, give(KEY[:12] + unfit + KEY[12:])))
        assert names(told, place, 13), ascii(unfit)
        assert "byte order mark" not in told


@pytest.mark.parametrize("unfit", ["\x0b", "\x7f", "\u00a0", "\u200b", "\u2003"])
def test_what_looks_like_a_blank_is_none(unfit: str, give: Give) -> None:
    for secret, at in ((unfit + KEY, 1), (KEY + unfit, len(KEY) + 1), (unfit, 1)):
        told = refusal(placed("kustom.api_key", give(secret)))
        assert names(told, "kustom.api_key", at), at


@EACH_PLACE
def test_a_byte_order_mark_is_told_by_its_name(place: str, give: Give) -> None:
    for before, behind in (("", KEY), (KEY, ""), (KEY[:12], KEY[12:]), ("", ""), ("", KEY + "\r\n")):
        told = refusal(placed(place, give(before + "\ufeff" + behind)))
        assert names(told, place, len(before) + 1) and "byte order mark" in told
    assert "byte order mark" in refusal(placed(place, give(f" \ufeff{KEY}")))


@pytest.mark.parametrize(("file", "at"), [
    (KEY.encode("utf-16"), 1), (KEY.encode("utf-16-le"), 2), (KEY.encode() + b"\xff", 26),
    (KEY[:12].encode() + b"\0" + KEY[12:].encode(), 13), (b"\0", 1), (b"\xc3", 1),
], ids=["UTF-16", "UTF-16, unmarked", "a wrong end", "a NUL", "a NUL alone", "half a letter"])
def test_a_file_that_is_no_text(file: bytes, at: int, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(file)
    told = refusal(placed("kustom.api_key", {"file": str(tmp_path / "secret")}))
    assert names(told, "kustom.api_key", at)


def test_a_variable_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", os.fsdecode(KEY.encode() + b"\xff"))
    told = refusal(placed("kustom.api_key", {"env": "A_SECRET"}))
    assert names(told, "kustom.api_key", 26)


def test_a_nul_that_json_spells() -> None:
    told = refusal(placed("kustom.api_key", KEY[:12] + "\0" + KEY[12:]))
    assert names(told, "kustom.api_key", 13)
