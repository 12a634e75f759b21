# SPDX-License-Identifier: MIT
"""One deadline, `timeout_ms`, over DNS, connecting, TLS, the token, all attempts and all pauses.

However a server stalls, the call ends within 100 ms after it. `connect_timeout_ms` ends one attempt
to connect, TLS included, which is then made again while the deadline lasts.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import BINDING, Told, apart, ask, keyed, told
from servers import Connection, Request, Server, in_turn, kustom, reply, say_nothing

LATE = 0.1  # what the promise allows, on an idle machine


def in_time(seconds: float, call: Callable[[], Told]) -> Told:
    """Calls, and once more if the answer came late: this machine may have been busy just then."""
    ended = call()
    if ended.seconds >= seconds + LATE:
        ended = call()
    assert ended.seconds < seconds + LATE
    return ended


def assert_ends_at(milliseconds: int, call: Callable[[], Told]) -> Told:
    ended = in_time(milliseconds / 1000, call)
    assert ended.result == "timed_out", ended.answer
    assert ended.seconds >= milliseconds / 1000
    assert ended.error["http_status"] is None and ended.error["retryable"] is True
    return ended


def stall_after_status_line(connection: Connection, _: Request) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    connection.say_nothing()


def stall_after_headers(connection: Connection, _: Request) -> None:
    connection.send(reply(length=200))
    connection.say_nothing()


def stall_in_the_body(connection: Connection, _: Request) -> None:
    connection.send(reply(kustom("x"))[:-1])
    connection.say_nothing()


def drip_headers(connection: Connection, _: Request) -> None:
    connection.drip(reply(kustom("x")), 0.05)


def drip_the_body(connection: Connection, _: Request) -> None:
    whole = reply(kustom("x"))
    head = whole.index(b"{")
    connection.send(whole[:head])
    connection.drip(whole[head:], 0.05)


def continue_for_ever(connection: Connection, _: Request) -> None:
    connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.01)


@pytest.mark.parametrize("stall", [
    say_nothing, stall_after_status_line, stall_after_headers, stall_in_the_body, drip_headers,
    drip_the_body, continue_for_ever,
])
def test_a_server_that_stalls(stall: Any) -> None:
    with Server(stall) as server:
        ended = assert_ends_at(300, lambda: ask(keyed(server.http, timeout_ms=300), "kustom:x"))
        # A stall is no failure to be tried again.
        assert ended.tries == ["timed_out"] and len(server.requests) == server.connections


@pytest.mark.slow
def test_a_byte_a_second() -> None:
    def drip(connection: Connection, _: Request) -> None:
        connection.drip(reply(kustom("x")), 1)

    with Server(drip) as server:
        assert_ends_at(1300, lambda: ask(keyed(server.http), "kustom:x", timeout_ms=1300))
        assert server.sent >= 2


def test_a_tls_handshake_that_stalls() -> None:
    with Server(on_connection=Connection.say_nothing) as server:
        # Shorter than connect_timeout_ms, which covers TLS as well.
        assert_ends_at(300, lambda: ask(keyed(server.https, timeout_ms=300), "kustom:x"))


def test_a_tls_handshake_that_drips() -> None:
    def drip(connection: Connection) -> None:
        connection.drip(b"\x16\x03\x03\x20\x00" + b"\x02" * 200, 0.05)

    with Server(on_connection=drip) as server:
        assert_ends_at(300, lambda: ask(keyed(server.https, timeout_ms=300), "kustom:x"))


@pytest.mark.parametrize("reference", ["ledyer:x", "dintero:T12345678/o/x"])
def test_a_token_endpoint_that_says_nothing(reference: str) -> None:
    with Server(say_nothing) as server:
        account = {"base_url": server.http, "client_id": "a", "client_secret": "b"}
        config = {"timeout_ms": 300, "dintero": account,
                  "ledyer": {**account, "auth_url": server.http + "/token"}}
        ended = assert_ends_at(300, lambda: ask(config, reference))
        assert "token endpoint" in ended.error["message"]
        assert all("token" in target for target in server.targets)


@pytest.mark.slow
def test_token_and_session_share_the_deadline() -> None:
    """Each takes less than timeout_ms, both together more."""
    def slow(connection: Connection, request: Request) -> bytes:
        time.sleep(0.25)
        return reply({"access_token": "t", "expires_in": 3600})

    with Server(slow) as server:
        config = {"timeout_ms": 400, "ledyer": {
            "base_url": server.http, "auth_url": server.http + "/token", "client_id": "a",
            "client_secret": "b"}}
        ended = assert_ends_at(400, lambda: ask(config, "ledyer:x"))
    assert [one["step"] for one in ended.exchange["tries"]] == ["session"]


def test_waiting_for_anothers_token_counts() -> None:
    """The token is on its way for somebody with more time."""
    with Server(say_nothing) as server:
        config = {"timeout_ms": 5000, "ledyer": {
            "base_url": server.http, "auth_url": server.http + "/token", "client_id": "a",
            "client_secret": "b"}}
        with paysession.Client(config) as client:
            patient = threading.Thread(target=lambda: told(lambda: client.get("ledyer:x")))
            patient.start()
            while not server.requests:
                time.sleep(0.005)
            assert_ends_at(300, lambda: told(lambda: client.get("ledyer:x", timeout_ms=300)))
            client.cancel()
            patient.join()
        assert len(server.requests) == 1


def test_a_pause_that_does_not_fit_is_not_begun() -> None:
    """The answer there is, at once; not a wait that can end in nothing else."""
    with Server(reply(status=503, headers=[("Retry-After", "1")])) as server:
        ended = in_time(0, lambda: ask(keyed(server.http, timeout_ms=900), "kustom:x"))
    assert ended.result == "provider_error" and ended.tries == ["provider_error"]


def test_all_attempts_share_the_deadline() -> None:
    """Ten attempts, each answered in a fifth of the time."""
    def slowly(connection: Connection, _: Request) -> bytes:
        time.sleep(0.1)
        return reply(status=503)

    with Server(slowly) as server:
        config = keyed(server.http, attempts=10, timeout_ms=500)
        ended = in_time(0.5, lambda: ask(config, "kustom:x"))
    assert ended.result in ("timed_out", "provider_error")
    assert len(ended.tries) < 6


@pytest.mark.slow
def test_a_second_attempt_that_stalls() -> None:
    with Server(in_turn(reply(status=503), say_nothing)) as server:
        ended = ask(keyed(server.http, timeout_ms=600), "kustom:x")
        # Busy machine or not: it was 600 ms for both, not for each.
        assert ended.result == "timed_out" and 0.6 <= ended.seconds < 1.1
        assert ended.tries == ["provider_error", "timed_out"]


def test_options_name_a_deadline_of_their_own() -> None:
    with Server(say_nothing) as server:
        assert_ends_at(200, lambda: ask(keyed(server.http), "kustom:x", timeout_ms=200))


@contextlib.contextmanager
def full_listener() -> Iterator[int]:
    """Its queue is full, so the kernel leaves every further connection without a word."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        with socket.socket() as one_more:
            one_more.settimeout(0.2)
            with pytest.raises(socket.timeout):  # TimeoutError itself only from Python 3.10 on
                one_more.connect(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connecting_that_never_ends_is_given_up_and_tried_again(scheme: str) -> None:
    with full_listener() as port:
        ended = ask(keyed(f"{scheme}://127.0.0.1:{port}", connect_timeout_ms=150), "kustom:x")
    assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 3
    for one in ended.exchange["tries"]:
        assert 150 <= one["elapsed_ms"] < 400


@pytest.mark.slow
def test_connecting_that_never_ends_ends_at_the_deadline() -> None:
    with full_listener() as port:
        base = f"http://127.0.0.1:{port}"
        assert_ends_at(300, lambda: ask(keyed(base, timeout_ms=300), "kustom:x"))


def test_connect_timeout_covers_tls() -> None:
    with Server(on_connection=Connection.say_nothing) as server:
        ended = ask(keyed(server.https, connect_timeout_ms=150, attempts=2), "kustom:x")
    assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 2
    assert "connect_timeout_ms" in ended.error["message"]


def test_connect_timeout_does_not_count_once_connected() -> None:
    def slowly(connection: Connection, _: Request) -> bytes:
        time.sleep(0.4)
        return reply(kustom("x"))

    with Server(slowly) as server:
        assert ask(keyed(server.http, connect_timeout_ms=200), "kustom:x").paid == "yes"


@pytest.mark.slow
def test_a_lookup_that_never_ends(preload: Path) -> None:
    """Nor is it waited for when the client closes and when the process ends."""
    config = {"timeout_ms": 300, "kustom": {"base_url": "https://pay.example", "api_key": "k"}}
    start = time.monotonic()
    ended = apart(config, "kustom:x", "kustom:y", environment={
        "LD_PRELOAD": str(preload), "PRELOAD_SILENT_DNS": "30"})
    assert time.monotonic() - start < 5
    assert [one["result"] for one in ended] == ["timed_out"] * 2
    assert min(one["seconds"] for one in ended) < 0.3 + LATE


@pytest.mark.slow
@pytest.mark.parametrize("call", [
    "client.wait(reference, timeout_ms=400)", "next(client.read_many([reference]))[1]"], ids=["wait", "batch"])
def test_a_lookup_that_never_ends_ends_no_other_call(call: str, preload: Path) -> None:
    """The same client then asks one whose address needs no looking up."""
    with Server(reply(kustom("x"))) as server:
        config = {"timeout_ms": 400, "proxy": "", "kustom": {"base_url": server.http, "api_key": "k"},
                  "ledyer": {"base_url": "https://pay.example", "token": "t"}}
        for _ in range(2):
            lost, found, lost_again = apart(
                config, "ledyer:x", "kustom:x", "ledyer:y", call=call, environment={
                    "LD_PRELOAD": str(preload), "PRELOAD_SILENT_DNS": "30"})
            assert [lost["result"], lost_again["result"]] == ["timed_out"] * 2
            # libcurl counts whole milliseconds, and cuts off what is more.
            assert found["session"]["paid"] == "yes" and lost["seconds"] >= 0.399
            if max(lost["seconds"], lost_again["seconds"]) < 0.4 + LATE:
                return
    raise AssertionError(f"{lost['seconds']} s and {lost_again['seconds']} s, twice too late")


@pytest.mark.slow
def test_lookups_that_were_given_up_leave_nothing_behind(preload: Path) -> None:
    """Closing waits for none of them, and once they are over, everything of theirs is gone."""
    with Server(reply(kustom("x"))) as server:
        program = f"""
import json, os, sys, time
sys.path.insert(0, {str(BINDING)!r})
import paysession
lost = {{"proxy": "", "timeout_ms": 200, "ledyer": {{"base_url": "https://pay.example", "token": "t"}}}}
found = {keyed(server.http)!r}
left, slowest = [], 0.0
for _ in range(3):
    client = paysession.Client(lost)
    batch = client.batch()
    batch.add("ledyer:x")
    batch.next(50)
    try:
        client.get("ledyer:y")
    except paysession.TimedOut:
        pass
    start = time.monotonic()
    batch.close()
    client.close()
    slowest = max(slowest, time.monotonic() - start)
    time.sleep(1.5)
    with paysession.Client(found) as other:
        assert other.get("kustom:x").is_paid
    left.append(len(os.listdir("/proc/self/fd")))
print(json.dumps([slowest, left]))
"""
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
            env={**os.environ, "LD_PRELOAD": str(preload), "PRELOAD_SILENT_DNS": "1"})
    assert done.returncode == 0, done.stderr
    slowest, left = json.loads(done.stdout)
    assert slowest < 0.5 and left == [left[0]] * 3


# A machine with another resolver: networks and mounts of its own, and only its own loopback.
NAMESPACES = ("unshare", "--map-root-user", "--mount", "--net")
OTHER_RESOLVER = """
import ctypes, fcntl, socket, struct, tempfile
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(resolver, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: up and running
with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(b"nameserver 127.0.0.1")
mount = ctypes.CDLL(None).mount
assert mount(file.name.encode(), b"/etc/resolv.conf", None, 4096, None) == 0  # MS_BIND
"""


@pytest.mark.slow
@pytest.mark.parametrize(("resolver", "result", "tries"), [
    ("resolver.bind(('127.0.0.1', 53))", "timed_out", ["timed_out"]),
    ("", "unreachable", ["unreachable"] * 3),  # nobody there, as the kernel says at once
], ids=["silent", "absent"])
def test_a_dns_server_that_does_not_answer(resolver: str, result: str, tries: list[str]) -> None:
    if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine gives no namespaces; the lookup above hangs without them")
    config = {"timeout_ms": 2000, "kustom": {"base_url": "https://pay.example", "api_key": "k"}}
    ended = apart(config, "kustom:x", command=NAMESPACES, before=OTHER_RESOLVER + resolver)[0]
    assert ended["result"] == result and ended["seconds"] < 2 + LATE
    assert [one["result"] for one in ended["exchange"]["tries"]] == tries
