# SPDX-License-Identifier: MIT
"""The package in programs with threads, with other processes, and over a long time; and what ends one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paysession
import pytest
from nginx import Nginx, nginx, session_of
from paysession_sandbox.processes import started
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply
from shops import environment, script

__all__ = ["nginx"]


def take_a_while(_: Connection, request: Request) -> bytes:
    time.sleep(0.3)
    return reply(PROVIDERS["kustom"].paid(session_of(request.target)))


def keyed(server: Server) -> dict[str, str]:
    return {"base_url": server.http, "api_key": "key-0123456789"}


# ---- Threads --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_threads_share_a_client(nginx: Nginx) -> None:
    def read(name: str) -> tuple[str, paysession.Answer]:
        return name, client.get("ledyer:" + name)

    tokens = nginx.token_requests()
    with paysession.Client(nginx.config()) as client, ThreadPoolExecutor(16) as pool:
        for name, answer in pool.map(read, [f"t-{number}" for number in range(2_000)]):
            assert answer.is_paid and answer.session.id == name
        assert client.report()["connections"]["opened"] <= 16
    assert nginx.token_requests() - tokens == 1


def test_threads_wait_side_by_side() -> None:
    """Nobody holds the interpreter's lock while a provider is slow, nor another lock."""
    with Server(take_a_while) as server, paysession.Client({"kustom": keyed(server)}) as client:
        begun = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            assert all(answer.is_paid for answer in pool.map(client.get, [f"kustom:{number}" for number in range(16)]))
        assert time.monotonic() - begun < 16 * 0.3 / 2


# ---- Processes ------------------------------------------------------------------------------------------

SHOP = """
import os, paysession
client = paysession.Client.from_file()
opened_in = os.getpid()
assert client.get("ledyer:before").is_paid

def read(name):
    try:
        return name, client.get("ledyer:" + name), os.getpid(), opened_in
    except paysession.PaySessionError as error:
        return name, error, os.getpid(), opened_in
"""
POOL = """
import json, multiprocessing, os, sys
import paysession
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    if sys.argv[1] == "forkserver":
        context.set_forkserver_preload(["shop"])
    import shop
    names = [f"m-{number}" for number in range(400)] + ["e404-a"]
    with context.Pool(4) as pool:
        told = pool.map(shop.read, names, chunksize=5)
        pool.close()
        pool.join()
    *read, (_, error, _, _) = told
    assert isinstance(error, paysession.NotFound), error
    assert (error.reference, error.http_status) == ("ledyer:e404-a", 404)
    print(json.dumps([os.getpid(), [
        (name, answer.session.id, answer.is_paid, answer.raw["connection"], *pids) for name, answer, *pids in read]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, nginx: Nginx, tmp_path: Path) -> None:
    """One client before the fork, or one for each process; answers and errors go from one to the other."""
    (tmp_path / "shop.py").write_text(SHOP)
    parent, told = json.loads(script(tmp_path, environment(nginx.write_config(tmp_path)), POOL, method))
    assert [(name, session, paid) for name, session, paid, *_ in told] == [
        (f"m-{number}", f"m-{number}", True) for number in range(400)]
    for *_, worker, opened_in in told:
        if method == "fork":
            assert opened_in == parent
        else:
            assert opened_in != parent and (opened_in == worker) == (method == "spawn")
    connections = {(worker, connection) for _, _, _, connection, worker, _ in told}
    assert len({connection for _, connection in connections}) == len(connections)


# ---- A long time ----------------------------------------------------------------------------------------

MANY = """
import asyncio, gc, json, os, sys
import paysession
client = paysession.Client.from_file()
document = sys.argv[1]

async def awaited(names):
    async with paysession.AsyncClient.from_file() as waiting:
        await asyncio.gather(*(waiting.get(name) for name in names))
        cancelled = [asyncio.ensure_future(waiting.get(name)) for name in names]
        await asyncio.sleep(0)
        for one in cancelled:
            one.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)

def part():
    "10,000 calls."
    for _ in range(8_700):
        assert paysession.normalize("kustom", document, id="a").session.id == "a"
    for number in range(400):
        assert client.get(f"ledyer:l-{number}").raw
    for _ in range(200):
        try:
            client.get("kustom:e404-a")
        except paysession.NotFound as error:
            assert error.advice
        assert client.decide("kustom:wrong-a").next is paysession.Next.HOLD
    for _, told in client.read_many(f"kustom:l-{number}" for number in range(300)):
        assert told.is_paid
    with paysession.Client.from_file() as another:
        another.get("kustom:l")
    asyncio.run(awaited([f"kustom:l-{number}" for number in range(100)]))
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4, len(os.listdir("/proc/self/fd")), len(gc.get_objects())

print(json.dumps([part() for _ in range(10)]))
"""


@pytest.mark.slow
def test_a_hundred_thousand_calls_leak_nothing(nginx: Nginx, tmp_path: Path) -> None:
    told = json.loads(script(tmp_path, environment(nginx.write_config(tmp_path)), MANY,
                             json.dumps(PROVIDERS["kustom"].paid("a")), timeout=120))
    kibibytes, descriptors, objects = zip(*told)
    # Since the fifth part, by which the caches are filled. It goes up and down a little; a KiB for each call that fails
    # would be more.
    assert min(kibibytes[7:]) - kibibytes[4] <= 512, kibibytes
    assert set(descriptors[4:]) == {descriptors[4]}, descriptors
    assert max(objects[4:]) - objects[4] <= 50, objects


# ---- The end --------------------------------------------------------------------------------------------

#: What a handler raises ends a call, and the client goes on.
ASKING = """
import asyncio, json, signal, sys, time
import paysession

class Ended(BaseException):
    pass

def end(number, frame):
    raise Ended

async def awaited():
    async with paysession.AsyncClient.from_file() as waiting:
        await waiting.get("kustom:a")

client = paysession.Client.from_file()
calls = {
    "get": lambda: client.get("kustom:a"),
    "wait": lambda: client.wait("kustom:a"),
    "decide": lambda: client.decide("kustom:a"),
    "read_many": lambda: list(client.read_many(["kustom:a"])),
    "AsyncClient.get": lambda: asyncio.run(awaited()),
}
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
try:
    calls[sys.argv[1]]()
except (KeyboardInterrupt, Ended) as error:
    print(json.dumps([type(error).__name__, time.monotonic(), client.get("ledyer:after").is_paid]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Ended")])
@pytest.mark.parametrize("call", ["get", "wait", "decide", "read_many", "AsyncClient.get"])
def test_a_signal_ends_a_call_at_once(
    call: str, number: signal.Signals, name: str, nginx: Nginx, tmp_path: Path,
) -> None:
    """The provider takes the request and says nothing."""
    with Server(lambda connection, _: connection.say_nothing()) as server:
        config = nginx.write_config(tmp_path, kustom=keyed(server))
        with started([sys.executable, "-c", ASKING, call], env=environment(config), text=True, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, ready=lambda: bool(server.requests)) as process:
            sent = time.monotonic()
            process.send_signal(number)
            out, error = process.communicate(timeout=20)
        assert process.returncode == 0 and not error, error
        ended, at, is_paid = json.loads(out.splitlines()[1])
        assert ended == name and at - sent < 0.5 and is_paid
        assert len(server.requests) == 1
