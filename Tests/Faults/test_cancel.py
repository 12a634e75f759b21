# SPDX-License-Identifier: MIT
"""Cancel: session_client_cancel ends the calls in flight, wherever they stand, within 100 ms, from
any thread and from a signal handler; later calls are not affected.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nginx import Nginx, nginx
from programs import RESULTS, Handle, descriptors, run
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox
from servers import Server, kustom, reply, say_nothing

__all__ = ["nginx"]
LATE = 0.1  # what is asked for, on an idle machine
Call = Callable[[], dict[str, Any]]


def cancelled(
    handle: Handle, *calls: Call, after: float = 0.3
) -> list[tuple[dict[str, Any], float]]:
    """Makes the calls, a thread each, and cancels them. Gives each answer and how long after the
    cancellation it came; does it again if that was long, for this machine may be busy just once."""
    ended = cancelled_once(handle, calls, after)
    if max(late for _, late in ended) >= LATE:
        ended = cancelled_once(handle, calls, after)
    return ended


def cancelled_once(
    handle: Handle, calls: tuple[Call, ...], after: float
) -> list[tuple[dict[str, Any], float]]:
    got: list[tuple[dict[str, Any], float]] = []

    def work(call: Call) -> None:
        answer = call()
        got.append((answer, time.monotonic()))

    workers = [threading.Thread(target=work, args=(call,)) for call in calls]
    for worker in workers:
        worker.start()
    time.sleep(after)
    assert got == []  # all of them were in flight
    at = time.monotonic()
    handle.cancel()
    for worker in workers:
        worker.join(20)
    assert len(got) == len(calls)
    return [(answer, end - at) for answer, end in got]


def assert_aborted(ended: list[tuple[dict[str, Any], float]]) -> None:
    for answer, late in ended:
        assert answer["result"] == "aborted", answer
        assert answer["session"] is None and answer["raw"] is None
        assert answer["error"]["http_status"] is None and answer["error"]["retryable"] is False
        assert late < LATE


@pytest.fixture
def slow(sandbox: RunningSandbox) -> Any:
    handle = Handle({**sandbox.config, "timeout_ms": 25_000, "proxy": ""})
    yield handle
    handle.close()


def references(sandbox: RunningSandbox, name: str) -> list[str]:
    return [known for known in sandbox.references if known.endswith(name)]


@pytest.mark.slow
def test_a_call_ends_from_another_thread(slow: Handle, sandbox: RunningSandbox) -> None:
    for known in references(sandbox, "slow"):
        assert_aborted(cancelled(slow, lambda: slow.get(known)))  # noqa: B023


def test_a_warm_connection_is_cancelled_as_well(slow: Handle) -> None:
    assert slow.get("kustom:finalized")["result"] == "ok"
    assert_aborted(cancelled(slow, lambda: slow.get("kustom:slow")))


@pytest.mark.slow
def test_many_calls_end_at_once(slow: Handle, sandbox: RunningSandbox) -> None:
    calls = [lambda known=known: slow.get(known) for known in references(sandbox, "slow") * 3]
    assert len(calls) == 12
    assert_aborted(cancelled(slow, *calls, after=1))
    assert set(slow.report()["providers"]["kustom"]["calls"]) == {"aborted"}


def test_later_calls_are_not_affected(slow: Handle) -> None:
    slow.cancel()
    slow.cancel()
    assert slow.get("kustom:finalized")["result"] == "ok"
    assert_aborted(cancelled(slow, lambda: slow.get("kustom:slow")))
    assert slow.get("kustom:finalized")["result"] == "ok"
    assert slow.get("ledyer:authorized")["result"] == "ok"


@pytest.mark.slow
def test_another_client_is_not_affected(slow: Handle, sandbox: RunningSandbox) -> None:
    other = Handle({**sandbox.config, "timeout_ms": 700, "proxy": ""})
    got: list[dict[str, Any]] = []
    worker = threading.Thread(target=lambda: got.append(other.get("kustom:slow")))
    worker.start()
    assert_aborted(cancelled(slow, lambda: slow.get("kustom:slow"), after=0.2))
    worker.join(10)
    assert got[0]["result"] == "timed_out"
    other.close()


def test_during_the_pause_before_another_attempt(nginx: Nginx) -> None:
    """503 with Retry-After: 5."""
    handle = Handle(nginx.config())
    ended = cancelled(handle, lambda: handle.get("kustom:later-x"))
    assert_aborted(ended)
    assert ended[0][0]["exchange"]["attempts"] == 1
    handle.close()


def keys(server: Server, **more: Any) -> dict[str, Any]:
    return {"timeout_ms": 25_000, "kustom": {"base_url": server.http, "api_key": "kco_test_x"},
            "ledyer": {"base_url": server.http, "auth_url": server.http + "/token",
                       "client_id": "me", "client_secret": "my secret"}, **more}


def test_while_a_token_is_fetched_and_waited_for() -> None:
    """One of four calls asks for the token, three wait for it. The next call asks anew."""
    silent = True

    def answer(connection: Any, request: Any) -> bytes | None:
        if request.target != "/token":
            return reply(PROVIDERS["ledyer"].paid(request.target.rpartition("/")[2]))
        if silent:
            say_nothing(connection, request)
            return None
        return reply({"access_token": "good-token", "expires_in": 3600})

    with Server(answer) as server:
        handle = Handle(keys(server))
        calls = [lambda n=n: handle.get(f"ledyer:{n}") for n in range(4)]
        assert_aborted(cancelled(handle, *calls))
        assert len(server.requests) <= 2  # one, or two if it was done again
        assert {request.target for request in server.requests} == {"/token"}
        silent = False
        told = handle.get("ledyer:later")
        assert told["result"] == "ok" and told["session"]["id"] == "later"
        handle.close()


def test_while_connecting() -> None:
    """A listener whose queue is full answers no connect."""
    import socket

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    crowd = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        crowd.append(one)
    time.sleep(0.1)
    handle = Handle({"timeout_ms": 25_000, "connect_timeout_ms": 20_000, "kustom": {
        "base_url": f"http://127.0.0.1:{port}", "api_key": "kco_test_x"}})
    try:
        assert_aborted(cancelled(handle, lambda: handle.get("kustom:x")))
    finally:
        handle.close()
        for one in [listener, *crowd]:
            one.close()


def test_during_the_tls_handshake() -> None:
    with Server(on_connection=lambda connection: connection.say_nothing()) as server:
        handle = Handle({
            "timeout_ms": 25_000, "connect_timeout_ms": 20_000, "proxy": "",
            "kustom": {"base_url": server.https, "api_key": "kco_test_x"}})
        assert_aborted(cancelled(handle, lambda: handle.get("kustom:x")))
        handle.close()


def test_in_the_middle_of_a_body() -> None:
    def stall(connection: Any, _: Any) -> None:
        connection.send(reply(kustom("x"))[:-3])
        connection.say_nothing()

    with Server(stall) as server:
        handle = Handle(keys(server))
        assert_aborted(cancelled(handle, lambda: handle.get("kustom:x")))
        handle.close()


@pytest.mark.slow
def test_a_wait_ends_between_two_reads(nginx: Nginx) -> None:
    """A session that is retried later: it pauses most of the time, and between attempts."""
    handle = Handle(nginx.config())
    assert_aborted(cancelled(handle, lambda: handle.wait("kustom:later-x", interval_ms=5000)))
    # One whose last answer was good is aborted, not told as if it had been waited for.
    assert_aborted(cancelled(handle, lambda: handle.wait("kustom:e429-x", interval_ms=20_000)))
    handle.close()


def test_a_wait_for_a_session_that_stays_open(sandbox: RunningSandbox) -> None:
    handle = Handle({**sandbox.config, "timeout_ms": 25_000, "proxy": ""})
    ended = cancelled(handle, lambda: handle.wait("kustom:active", interval_ms=10_000))
    assert_aborted(ended)
    handle.close()


@pytest.mark.slow
def test_a_batch_gives_back_all_of_it_as_aborted(slow: Handle) -> None:
    """What is in flight and what still waits; what is added later is read."""
    batch = slow.batch(in_flight=4)
    for tag in range(10):
        assert batch.add("kustom:slow", tag) == RESULTS["ok"]
    assert batch.next(300)[0] == RESULTS["again"]
    ended: list[tuple[int, float]] = []

    def work() -> None:
        for _ in range(10):
            result, tag, answer = batch.next(-1)
            assert answer["result"] == "aborted" and result == RESULTS["aborted"]
            ended.append((tag, time.monotonic()))

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.3)
    assert ended == []
    at = time.monotonic()
    slow.cancel()
    worker.join(20)
    assert sorted(tag for tag, _ in ended) == list(range(10))
    assert max(end for _, end in ended) - at < LATE
    assert batch.next(0)[0] == RESULTS["done"]
    batch.add("kustom:finalized", 99)
    result, tag, answer = batch.next(-1)
    assert (result, tag, answer["result"]) == (0, 99, "ok")
    batch.close()


@pytest.mark.slow
def test_a_batch_nobody_waits_on_becomes_readable(slow: Handle) -> None:
    """For an event loop: the descriptor tells of the cancellation."""
    import select

    from programs import interface

    batch = slow.batch()
    batch.add("kustom:slow", 1)
    poll = select.poll()
    poll.register(interface().session_batch_fd(batch.pointer), select.POLLIN)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:  # until nothing is left but to wait for the answer
        poll.poll(100)
        assert batch.next(0)[0] == RESULTS["again"]
    slow.cancel()
    assert poll.poll(1000) != []
    assert batch.next(0)[2]["result"] == "aborted"
    batch.close()


@pytest.mark.slow
def test_nothing_is_left_behind(sandbox: RunningSandbox) -> None:
    before = descriptors()
    handle = Handle({**sandbox.config, "timeout_ms": 25_000, "proxy": ""})
    for _ in range(3):
        assert_aborted(cancelled(handle, *[lambda: handle.get("ledyer:slow")] * 4, after=0.5))
    handle.close()
    assert descriptors() == before


@pytest.mark.slow
def test_from_a_signal_handler(sandbox: RunningSandbox, tmp_path: Path) -> None:
    config = tmp_path / "client.json"
    with Server(lambda connection, request: say_nothing(connection, request)
                if request.target.endswith("/slow")
                else reply(kustom(request.target.rpartition("/")[2]))) as server:
        config.write_text(json.dumps(keys(server)))
        told = run("cancel", config, "kustom:slow", "once")
    assert (told["ok"], told["aborted"], told["handled"]) == (1, 3, 3)
    assert told["errno_kept"] is True
    assert told["late_s"] < LATE


@pytest.mark.alone
def test_from_a_signal_handler_whatever_it_interrupts(nginx: Nginx, tmp_path: Path) -> None:
    """One provider never answers: whether a signal meets one of the quick calls is chance."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = nginx.write_config(tmp_path, inbank={"base_url": address, "api_key": "key-0123456789"})
        told = run("cancel", config, "-", "storm", timeout=30)
    assert told["others"] == 0 and told["errno_kept"] is True
    assert told["aborted"] > 10 and told["ok"] > 10 and told["handled"] > 100


@pytest.mark.slow
def test_signals_of_the_host_do_no_harm(nginx: Nginx, tmp_path: Path) -> None:
    """EINTR a thousand times a second: every call ends well."""
    told = run("cancel", nginx.write_config(tmp_path), "-", "unrelated", timeout=30)
    assert told["others"] == 0 and told["aborted"] == 0
    assert told["ok"] > 50 and told["handled"] > 100
