# SPDX-License-Identifier: MIT
"""A signal handler in the middle of a call: it may fork, as crash reporters do, in each of the ways there
are, and whatever the child does is no harm to the parent's connections; it may call the library, which
refuses at once. And a thread that is cancelled in the middle of a call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nginx import Nginx, nginx, session_of
from programs import run
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply

pytestmark = pytest.mark.slow

__all__ = ["nginx"]


def take_a_while(_: Connection, request: Request) -> bytes:
    time.sleep(0.06)
    return reply(PROVIDERS["inbank"].paid(session_of(request.target)))


def take_a_moment(_: Connection, request: Request) -> bytes:
    time.sleep(0.01)
    return reply(PROVIDERS["inbank"].paid(session_of(request.target)))


@pytest.fixture(scope="module")
def slow() -> Iterator[Server]:
    with Server(take_a_while) as server:
        yield server


def interrupted(
    nginx: Nginx, slow: Server, directory: Path, call: str, child: str, how: str, seconds: float = 0.3
) -> dict[str, Any]:
    """What came of it, with what holds for every one: nobody hung, and on a connection of the parent's
    nobody else has written a byte. That would have broken it, by TLS, and there would be another.
    (A reader has one for each of the two, and readers change.)"""
    before = len(nginx.requests()), len(slow.requests)
    config = nginx.write_config(
        directory, inbank={"base_url": slow.http + "/inbank", "api_key": "key-0123456789"})
    told = run("signal_fork", config, call, child, how, seconds, timeout=20)
    assert told["longest_s"] < 2
    assert told["report"]["report"]["connections"]["opened"] <= (
        6 if call in ("threads", "idle") else 1 if call in ("get", "wait", "normalize") else 2)
    mine = f"s-{told['pid']}-"
    used: dict[str, set[bool]] = {}
    for one in nginx.requests()[before[0]:]:
        used.setdefault(one["connection"], set()).add(session_of(one["uri"]).startswith(mine))
    if child != "none":
        assert all(len(whose) == 1 for whose in used.values())
    assert all(session_of(one.target).startswith(mine) for one in slow.requests[before[1]:])
    return told


# A signal between the end of a call and the program's next line finds no call to interrupt.
FEW = 0.04


@pytest.mark.parametrize(("call", "child"), [
    ("normalize", "ends"), ("get", "ends"), ("threads", "ends"), ("fork", "ends"),
    ("normalize", "calls"), ("get", "calls"), ("batch", "calls"), ("slow", "calls"), ("threads", "calls"),
    ("get", "returns"), ("wait", "returns"), ("batch", "returns"), ("slow", "returns"), ("threads", "returns"),
])
def test_a_handler_forks(call: str, child: str, nginx: Nginx, slow: Server, tmp_path: Path) -> None:
    """In the middle of its work (get, wait, batch, normalize), while it waits (slow, threads), and while it
    forks itself (fork)."""
    told = interrupted(nginx, slow, tmp_path, call, child, "fork")
    assert told["children"] >= 3
    assert told["taken"] <= FEW * told["children"]


@pytest.mark.parametrize("how", ["fork", "_Fork", "clone"])
def test_a_wait_ends_in_the_child_that_goes_on_with_it(
    how: str, nginx: Nginx, tmp_path: Path
) -> None:
    """Between two reads, a second before the next. The parent's own goes on."""
    seen: set[str] = set()

    def answer(_: Connection, request: Request) -> bytes:
        name = session_of(request.target)
        status = "completed" if name in seen else "pending"
        seen.add(name)
        return reply(PROVIDERS["inbank"].paid(name, status))

    with Server(answer) as server:
        told = interrupted(nginx, server, tmp_path, "pause", "returns", how, 0.1)
        assert len(server.requests) == 2
    assert (told["children"], told["taken"]) == (1, 0)
    assert told["longest_s"] < 0.5


@pytest.mark.parametrize("how", ["_Fork", "clone"])
@pytest.mark.parametrize("call", ["get", "slow", "threads", "idle"])
def test_a_child_that_nobody_was_asked_about(
    how: str, call: str, nginx: Nginx, slow: Server, tmp_path: Path
) -> None:
    """No fork handler runs; the child's calls are refused nevertheless."""
    told = interrupted(nginx, slow, tmp_path, call, "calls", how, 0.3)
    assert told["children"] >= 3 and told["taken"] == 0


@pytest.mark.parametrize("call", ["normalize", "get", "batch", "slow"])
def test_a_handler_calls_the_library(
    call: str, nginx: Nginx, slow: Server, tmp_path: Path
) -> None:
    """session_client_cancel alone may be called: see test_cancel.py."""
    told = interrupted(nginx, slow, tmp_path, call, "none", "fork")
    assert told["children"] >= 3
    assert told["taken"] <= FEW * told["children"]


@pytest.mark.parametrize("kind", ["deferred", "asynchronous"])
def test_a_thread_is_cancelled_in_the_middle_of_a_call(kind: str, nginx: Nginx, tmp_path: Path) -> None:
    """It ends when the call is over, and leaves nothing shut or locked: the process forks each time. The
    second provider takes longer than the thread has."""
    with Server(take_a_moment) as server:
        told = run("thread_cancel", nginx.write_config(
            tmp_path, inbank={"base_url": server.http + "/inbank", "api_key": "key-0123456789"}), kind, 100)
    if kind == "deferred":  # each call that was begun was read to its end
        assert told["calls"] >= 100 and told["interrupted"] == 0
    else:
        assert told["interrupted"] > 50
    assert told["longest_fork_s"] < 1
    assert told["left"] <= told["warm"] and told["closed"] == 3


def test_a_handler_finds_the_callers_mask(tmp_path: Path) -> None:
    """SIGPIPE is held back while libcurl works. What a handler starts while a call waits must not inherit that:
    `yes | head` would not end in it."""
    def say_nothing(connection: Connection, _: Request) -> None:
        connection.say_nothing()

    with Server(say_nothing) as server:
        config = tmp_path / "client.json"
        config.write_text(json.dumps({
            "timeout_ms": 400, "attempts": 1,
            "inbank": {"base_url": server.http, "api_key": "key-0123456789"}}))
        assert run("signal_mask", config) == {"free": 0, "held": 1, "pending": 1}
