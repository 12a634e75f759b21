# SPDX-License-Identifier: MIT
"""The library's descriptors: none has a number that shells and daemons use for their own, none reaches a
program that is started, and a host that closes one, or puts a file of its own there, gets results and keeps
its file.
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
from pathlib import Path
from typing import Any

import pytest
from asking import BINDING, keyed
from nginx import Nginx, nginx, session_of
from programs import RESULTS, run
from servers import Authority, Connection, Request, Server, kustom, reply

pytestmark = pytest.mark.slow

__all__ = ["nginx"]


@pytest.mark.parametrize("how", ["open", "closed"])
def test_low_numbers_are_the_hosts(how: str, nginx: Nginx, tmp_path: Path) -> None:
    """0, 1 and 2, which a daemon closes, and 3 to 9, which a script redirects."""
    told = run("numbers", nginx.write_config(tmp_path), tmp_path, how)
    assert told["lowest"] >= 10
    assert told["files"] >= 7 and told["touched"] == 0
    if how == "closed":
        assert told["written"] == -1 and told["is_ebadf"]


def test_a_lookup_that_goes_on_has_no_low_number(preload: Path, tmp_path: Path) -> None:
    """libcurl closes its descriptor when the thread is through, whatever the number stands for by then."""
    config = tmp_path / "client.json"
    config.write_text(json.dumps(keyed("https://pay.example", proxy="")))
    told = run("lookup", config, tmp_path, env={
        **os.environ, "LD_PRELOAD": str(preload), "PRELOAD_SILENT_DNS": "1"})
    assert told["lowest"] >= 10 and told["touched"] == 0


@pytest.mark.parametrize("how", ["vfork", "posix_spawn", "system"])
def test_nothing_is_inherited_while_connections_are_made(how: str, nginx: Nginx, tmp_path: Path) -> None:
    """Close-on-exec from the first moment, not a moment later: none of the started programs has any."""
    run("inherited", nginx.write_config(tmp_path), how, 15)


def answer_but_for_silence(connection: Connection, request: Request) -> bytes | None:
    name = session_of(request.target)
    if name == "silent":
        connection.say_nothing()
        return None
    return reply(kustom(name, "ACTIVE" if name == "open" else "FINALIZED"))


@pytest.mark.parametrize("how", ["closed", "file"])
@pytest.mark.parametrize(("call", "secured"), [
    ("idle", False), ("idle", True), ("batch", False), ("wait", False), ("inside", False)])
def test_a_descriptor_is_taken_away(
    call: str, secured: bool, how: str, authority: Authority, tmp_path: Path
) -> None:
    config = tmp_path / "client.json"
    with Server(answer_but_for_silence, tls=authority.server() if secured else None) as server:
        config.write_text(json.dumps(keyed(
            server.https if secured else server.http, ca_file=authority.file, timeout_ms=400)))
        told: Any = run("taken_away", config, call, how, timeout=40, cwd=tmp_path)
    assert {"anon_inode:[eventpoll]", "anon_inode:[timerfd]", "connection"} <= {one["was"] for one in told}
    for one in told:
        # The call may fail, but not later than it would have, and without a loop that spins.
        assert one["took"] < 0.7 and one["used"] < 0.2, one
        assert one["result"] in {RESULTS[name] for name in ("ok", "unreachable", "timed_out")}, one
        if call == "idle":
            assert one["took"] < 0.3, one
        assert one["bytes"] == 0, one
        # What libcurl is woken by, a pair of sockets or (8.14) an eventfd, is its own: it closes the number
        # without asking what is there, and may not find back to work before the loop goes.
        if one["was"] not in ("pair", "anon_inode:[eventfd]"):
            assert one["after"] == RESULTS["ok"] and one["cancelled"] == RESULTS["aborted"], one
            assert one["kept"], one


# What a host does in a process of its own, since it closes numbers that it finds.
PRELUDE = """
import os, socket, sys, time
sys.path.insert(0, sys.argv[1])
import paysession

def numbers(*kinds):
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name).startswith(kinds): yield int(name)
        except OSError: pass
"""


def host(program: str, config: dict[str, Any], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, str(BINDING), json.dumps(config), *arguments],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_batch_goes_on_without_what_it_waited_with() -> None:
    """Also where it waits for its rate, and nothing is under way: with a new one, and without spinning."""
    with Server(answer_but_for_silence) as server:
        told = host("""
with paysession.Client(sys.argv[2]) as client, client.batch(requests_per_second=10) as batch:
    for tag in range(5): batch.add("kustom:x", tag)
    assert batch.next(5000)[1].is_paid
    for number in numbers("anon_inode:[eventpoll]", "anon_inode:[timerfd]"): os.close(number)
    used = time.process_time()
    while told := batch.next(): assert told[1].is_paid, told
    used = time.process_time() - used
    batch.add("kustom:x", 9)
    print(used, batch.next(5000)[1].is_paid)
""", keyed(server.http)).split()
    assert float(told[0]) < 0.15 and told[1] == "True"


def test_a_batch_that_can_have_no_other_ends() -> None:
    """No descriptor is to be had for what it would wait with: it says so, and does not wait for its rate."""
    with Server(answer_but_for_silence) as server:
        told = host("""
import resource
with paysession.Client(sys.argv[2]) as client, client.batch(requests_per_second=1) as batch:
    for tag in range(4): batch.add("kustom:x", tag)
    assert batch.next(5000)[1].is_paid
    gone = list(numbers("anon_inode:[eventpoll]", "anon_inode:[timerfd]"))
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, usual[1]))
    for number in gone: os.close(number)
    start, results = time.monotonic(), []
    while given := batch.next(): results.append(given[1].result.value)
    seconds = time.monotonic() - start
    resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    batch.add("kustom:x", 9)
    assert batch.next(5000)[1].is_paid
    print(seconds, *results)
""", keyed(server.http)).split()
    assert float(told[0]) < 0.7 and told[1:] == ["out_of_memory"] * 3, told


def test_a_childs_file_in_the_place_of_a_connection_is_not_cut_off(tmp_path: Path) -> None:
    """In a child the library cuts off the connections that it inherited, not what the host has put there."""
    log = tmp_path / "log"
    with Server(answer_but_for_silence) as server:
        host("""
with paysession.Client(sys.argv[2]) as client:
    before = set(numbers("socket:"))
    assert client.get("kustom:x").is_paid
    taken = []
    for number in set(numbers("socket:")) - before:
        with socket.socket(fileno=os.dup(number)) as one: is_connection = one.family == socket.AF_INET
        if is_connection: taken.append(number)
    log = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in taken: os.dup2(log, number)
    child = os.fork()
    if not child:
        for number in taken: os.write(number, b"paid")
        os._exit(0)
    assert taken and os.waitpid(child, 0)[1] == 0
""", keyed(server.http), str(log))
    assert log.read_text() == "paid"


def test_of_two_addresses_the_one_that_answers_is_watched(authority: Authority, tmp_path: Path) -> None:
    """localhost is two. libcurl closes the socket of the one that is slower without a word: a flood by the
    other is ended all the same, and what the host opens under the number that is free is the host's."""
    context = authority.server("localhost")
    context.set_alpn_protocols(["h2"])
    slow, quick = socket.socket(), socket.socket(socket.AF_INET6)
    with slow, quick, contextlib.ExitStack() as crowd:
        try:
            quick.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            slow.bind(("127.0.0.1", 0))
            quick.bind(("::1", slow.getsockname()[1]))
        except OSError:
            pytest.skip("this machine has no ::1")
        # Both are full at first, so that libcurl tries both; one stays so.
        for listener in (slow, quick):
            listener.listen(0)
            for _ in range(3):
                one = crowd.enter_context(socket.socket(listener.family))
                one.setblocking(False)
                one.connect_ex(listener.getsockname()[:2])

        def flood() -> None:
            time.sleep(0.6)
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(slow.accept()[0],), daemon=True).start()

        def talk(peer: socket.socket) -> None:
            with contextlib.suppress(OSError), context.wrap_socket(peer, server_side=True) as secured:
                secured.recv(65536)
                secured.sendall(bytes.fromhex("000000040000000000"))  # SETTINGS
                ping = bytes.fromhex("000008060100000000") + bytes(8)  # PING ACK: nobody has to answer
                while True:
                    secured.sendall(ping * 2000)

        threading.Thread(target=flood, daemon=True).start()
        base = f"https://localhost:{slow.getsockname()[1]}"
        told = host("""
with paysession.Client(sys.argv[2]) as client:
    batch = client.batch()
    batch.add("kustom:x", 1)
    start = time.monotonic()
    before = set(numbers("socket:"))
    while len(set(numbers("socket:")) - before) < 2 and time.monotonic() - start < 3: batch.next(20)
    ours = set(numbers("socket:")) - before
    assert len(ours) >= 2, ours
    logs = []
    given = None
    while given is None and time.monotonic() - start < 8:
        given = batch.next(20)
        if not logs and len(ours & set(numbers("socket:"))) < len(ours):
            logs = [os.open(f"{sys.argv[3]}/{nth}", os.O_WRONLY | os.O_CREAT) for nth in range(12)]
    seconds = time.monotonic() - start
    child = os.fork()
    if not child:
        for number in logs: os.write(number, b"paid")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(seconds, given[1].result.value, len(logs), len(ours & set(logs)))
""", keyed(base, ca_file=authority.file, timeout_ms=6000, connect_timeout_ms=5000, attempts=1, proxy=""),
            str(tmp_path))
    seconds, result, opened, taken = told.split()
    assert result == "unreachable" and float(seconds) < 4, told
    assert opened == "12" and taken != "0", told
    assert [(tmp_path / str(nth)).read_text() for nth in range(12)] == ["paid"] * 12
