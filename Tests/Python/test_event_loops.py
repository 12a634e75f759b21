# SPDX-License-Identifier: MIT
"""AsyncClient in the event loops that there are: thousands of awaits, some given up, a fork in their middle."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from nginx import Nginx, nginx, session_of
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply
from shops import environment, script

__all__ = ["nginx"]
pytestmark = pytest.mark.slow
LOOPS = ["asyncio", "uvloop", "anyio"]

#: Runs main() in the loop that is named.
BEGIN = """
import asyncio, json, os, sys, time
import anyio, paysession, uvloop

def run(main):
    if sys.argv[1] == "anyio":
        return anyio.run(main, backend="asyncio")
    return {"asyncio": asyncio.run, "uvloop": uvloop.run}[sys.argv[1]](main())

def threads():
    return len(os.listdir("/proc/self/task"))
"""


def take_a_while(_: Connection, request: Request) -> bytes:
    time.sleep(0.5)
    return reply(PROVIDERS["kustom"].paid(session_of(request.target)))


def keyed(server: Server) -> dict[str, str]:
    return {"base_url": server.http, "api_key": "key-0123456789"}


HELD = BEGIN + """
async def main():
    before = threads()
    async with paysession.AsyncClient.from_file(in_flight=250) as client:
        names = [f"h-{number}" for number in range(2_000)]
        begun = time.monotonic()
        waiting = [asyncio.ensure_future(client.get("kustom:" + name)) for name in names]
        await asyncio.sleep(0.2)
        held = sum(not one.done() for one in waiting)
        during = threads()
        answers = await asyncio.gather(*waiting)
    wrong = [name for name, answer in zip(names, answers) if not answer.is_paid or answer.session.id != name]
    print(json.dumps([held, before, during, wrong, time.monotonic() - begun]))

run(main)
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_two_thousand_awaits_are_held_by_one_thread(loop: str, nginx: Nginx, tmp_path: Path) -> None:
    """Eight rounds of half a second, if 250 are really read at once."""
    with Server(take_a_while) as server:
        config = nginx.write_config(tmp_path, kustom=keyed(server))
        held, before, during, wrong, seconds = json.loads(script(tmp_path, environment(config), HELD, loop))
        assert server.connections <= 250
    assert held == 2_000 and before == during == 1 and wrong == []
    assert 4 <= seconds < 20


GIVEN_UP = BEGIN + """
async def main():
    told = []
    async with paysession.AsyncClient.from_file() as client:
        async def read(name):
            told.append((await client.get(name)).is_paid)

        begun = time.monotonic()
        with anyio.move_on_after(0.2) as scope:
            await client.get("kustom:hangs")
        told.append(scope.cancelled_caught)
        try:
            with anyio.fail_after(0.2):
                await client.wait("kustom:hangs")
        except TimeoutError as error:
            told.append(not isinstance(error, paysession.PaySessionError))
        try:
            await asyncio.wait_for(client.decide("kustom:hangs"), 0.2)
        except asyncio.TimeoutError:
            told.append(True)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get, "kustom:hangs")
                await client.get("ledyer:e404-a")
        except BaseException as errors:
            told.append([type(error).__name__ for error in errors.exceptions] == ["NotFound"])
        async with anyio.create_task_group() as group:
            for number in range(300):
                group.start_soon(read, f"ledyer:g-{number}")
        told.append(all([answer.is_paid async for _, answer in client.read_many(f"ledyer:r-{n}" for n in range(300))]))
        seconds = time.monotonic() - begun
    print(json.dumps([told, seconds]))

run(main)
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_awaits_are_given_up(loop: str, nginx: Nginx, tmp_path: Path) -> None:
    """By a time limit and by a task beside it that fails; others go on."""
    with Server(lambda connection, _: connection.say_nothing()) as server:
        config = nginx.write_config(tmp_path, kustom=keyed(server))
        told, seconds = json.loads(script(tmp_path, environment(config), GIVEN_UP, loop))
    assert told == [True] * (4 + 300 + 1)
    assert seconds < 10


FORKED = BEGIN + """
async def read(client, names):
    answers = await asyncio.gather(*(client.get(name) for name in names))
    return all(answer.is_paid and name.endswith(":" + answer.session.id) for name, answer in zip(names, answers))

async def in_child(client, names):
    good = await read(client, names)
    await client.aclose()
    return good

async def main():
    client = paysession.AsyncClient.from_file()
    beside = paysession.Client.from_file()
    waiting = asyncio.ensure_future(read(client, [f"kustom:p-{number}" for number in range(50)]))
    await asyncio.sleep(0.2)
    children = []
    for nth in range(4):
        child = os.fork()
        if child == 0:
            good = False
            try:
                names = [f"ledyer:c-{nth}-{number}" for number in range(100)]
                good = beside.get(names[0]).is_paid and asyncio.run(in_child(client, names))
            finally:
                os._exit(0 if good else 1)
        children.append(child)
        await asyncio.sleep(0.02)
    under_way = not waiting.done()
    parent = await waiting
    statuses = [(await asyncio.to_thread(os.waitpid, child, 0))[1] for child in children]
    again = await read(client, [f"ledyer:a-{number}" for number in range(100)])
    await client.aclose()
    print(json.dumps([under_way, parent, statuses, again]))

run(main)
"""


@pytest.mark.parametrize("loop", LOOPS)
def test_a_fork_in_the_middle_of_awaits(loop: str, nginx: Nginx, tmp_path: Path) -> None:
    """Children read with the parent's clients, in loops of their own, and close them; the parent's awaits go on."""
    with Server(take_a_while) as server:
        config = nginx.write_config(tmp_path, kustom=keyed(server))
        told = json.loads(script(tmp_path, environment(config), FORKED, loop))
        assert len(server.requests) == 50
    assert told == [True, True, [0, 0, 0, 0], True]
