# SPDX-License-Identifier: MIT
"""The package under what runs shops: gunicorn, uvicorn, Celery. One client, opened in a module before the fork;
each answer is the one that was asked for; workers come and go; a provider that hangs holds nobody up who ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import httpx
import pytest
from nginx import Nginx, nginx, session_of
from paysession_sandbox.processes import free_port, listening, started
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply
from shops import Shop, environment, gunicorn, script, uvicorn

__all__ = ["nginx"]
pytestmark = pytest.mark.slow

#: Seconds for a server to be gone when the provider would still hang for half a minute.
AT_ONCE = 2.0
SYNC = ["--workers", "4"]
THREADS = ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
#: A worker that is still being started loses a signal, and gunicorn waits for it: with one, it has begun.
ALONE = ["--workers", "1"]


def take_a_second(_: Connection, request: Request) -> bytes:
    time.sleep(1)
    return reply(PROVIDERS["kustom"].paid(session_of(request.target)))


def hang(connection: Connection, _: Request) -> None:
    connection.say_nothing()


def asked_by(server: Server, nginx: Nginx, directory: Path) -> Path:
    """A configuration with that one in Kustom's place."""
    return nginx.write_config(directory, kustom={"base_url": server.http, "api_key": "key-0123456789"})


def wrong(references: list[str], told: list[Optional[dict[str, Any]]]) -> list[Any]:
    """Answers to something else, or not paid."""
    return [(reference, one) for reference, one in zip(references, told)
            if one is not None and (one["id"], one["paid"]) != (session_of(reference), True)]


class Visit(threading.Thread):
    """A customer who waits."""

    def __init__(self, shop: Shop, server: Server) -> None:
        super().__init__()
        self.shop = shop
        self.page: Optional[httpx.Response] = None
        self.start()
        until = time.monotonic() + 10
        while not server.requests and time.monotonic() < until:
            time.sleep(0.01)
        assert server.requests, shop.log.read_text("utf-8")

    def run(self) -> None:
        try:
            self.page = httpx.get(f"{self.shop.url}/kustom:a", trust_env=False, timeout=30)
        except httpx.TransportError:
            pass


def seconds_to_end(shop: Shop, number: int) -> float:
    begun = time.monotonic()
    os.kill(shop.master.pid, number)
    shop.master.wait(20)
    return time.monotonic() - begun


# ---- gunicorn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [SYNC, THREADS], ids=["sync", "gthread"])
def test_gunicorn_preloads_one_client_for_all_its_workers(options: list[str], nginx: Nginx, tmp_path: Path) -> None:
    tokens = nginx.token_requests()
    with gunicorn(tmp_path, nginx.write_config(tmp_path), *options) as shop:
        references = [f"{name}:g-{number}" for number in range(400) for name in ("ledyer", "kustom")]
        told = shop.crowd(references, 16)
        assert None not in told and wrong(references, told) == []
        seen = [one for one in told if one]
        assert {one["opened_in"] for one in seen} == {shop.master.pid}
        assert {one["worker"] for one in seen} == set(shop.workers())
        # No two workers on one connection, and the master's token for all of them.
        connections = {(one["connection"], one["worker"]) for one in seen}
        assert len({connection for connection, _ in connections}) == len(connections)
    assert nginx.token_requests() - tokens == 1


@pytest.mark.parametrize("options", [SYNC, THREADS], ids=["sync", "gthread"])
def test_gunicorn_replaces_workers_that_are_killed(options: list[str], nginx: Nginx, tmp_path: Path) -> None:
    with gunicorn(tmp_path, nginx.write_config(tmp_path), *options) as shop:
        first = set(shop.workers())
        killed: list[int] = []
        busy = threading.Event()
        busy.set()

        def kill() -> None:
            while busy.is_set() and len(killed) < 6:
                time.sleep(0.2)
                if (workers := shop.workers()):
                    killed.append(workers[-1])
                    os.kill(workers[-1], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        references = [f"ledyer:k-{number}" for number in range(1_200)]
        told = shop.crowd(references, 16)
        busy.clear()
        killer.join()
        assert wrong(references, told) == []
        # Lost are those that a killed worker had, and what was queued to it, never all.
        assert len(killed) >= 2 and told.count(None) <= 16 * len(killed)
        again = shop.crowd(references[:200], 8)
        assert wrong(references[:200], again) == []
        assert {one["worker"] for one in again if one} - first


@pytest.mark.parametrize("options", [SYNC, THREADS], ids=["sync", "gthread"])
def test_gunicorn_ends_gracefully_with_the_call_that_is_under_way(
    options: list[str], nginx: Nginx, tmp_path: Path,
) -> None:
    with Server(take_a_second) as server, gunicorn(
            tmp_path, asked_by(server, nginx, tmp_path), *options, *ALONE) as shop:
        visit = Visit(shop, server)
        assert seconds_to_end(shop, signal.SIGTERM) < 1 + AT_ONCE
        visit.join(10)
        assert visit.page and (visit.page.json()["id"], visit.page.json()["paid"]) == ("a", True)


#: Calls on the main thread end by themselves, those on others when they are told to.
CANCELLING = """
def worker_int(worker):
    import shop
    shop.client.cancel()
"""


@pytest.mark.parametrize(("options", "settings"), [(SYNC, ""), (THREADS, CANCELLING)], ids=["sync", "gthread"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_gunicorn_ends_quickly_while_the_provider_hangs(
    number: signal.Signals, options: list[str], settings: str, nginx: Nginx, tmp_path: Path,
) -> None:
    with Server(hang) as server, gunicorn(
            tmp_path, asked_by(server, nginx, tmp_path), *options, *ALONE, settings=settings) as shop:
        visit = Visit(shop, server)
        assert seconds_to_end(shop, number) < AT_ONCE
        visit.join(10)
        assert not visit.page or visit.page.status_code == 500


# ---- uvicorn --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_uvicorn_serves_many_on_one_thread(loop: str, nginx: Nginx, tmp_path: Path) -> None:
    with uvicorn(tmp_path, nginx.write_config(tmp_path), "--loop", loop) as shop:
        before = shop.visit("")["threads"]  # with uvloop's own
        references = [f"{name}:u-{number}" for number in range(400) for name in ("ledyer", "kustom")]
        told = shop.crowd(references, 32)
        assert None not in told and wrong(references, told) == []
        assert {one["threads"] for one in told if one} == {before}
        assert len({one["connection"] for one in told if one}) <= 4
        assert seconds_to_end(shop, signal.SIGTERM) < AT_ONCE
        assert "rror" not in shop.log.read_text("utf-8")


def test_uvicorn_ends_while_the_provider_hangs(nginx: Nginx, tmp_path: Path) -> None:
    with Server(hang) as server, uvicorn(
            tmp_path, asked_by(server, nginx, tmp_path), "--timeout-graceful-shutdown", "1") as shop:
        visit = Visit(shop, server)
        assert seconds_to_end(shop, signal.SIGTERM) < 1 + AT_ONCE
        visit.join(10)


# ---- Celery ---------------------------------------------------------------------------------------------

TASKS = """
import os, celery, celery.exceptions, paysession
app = celery.Celery("tasks", broker=os.environ["REDIS"], backend=os.environ["REDIS"])
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True, task_reject_on_worker_lost=True)
client = paysession.Client.from_file()
opened_in = os.getpid()
assert client.get("ledyer:before-the-fork").is_paid

@app.task
def paid(reference):
    answer = client.get(reference)
    return answer.session.id, answer.is_paid, os.getpid(), opened_in, answer.raw["connection"]

@app.task(soft_time_limit=1)
def given_up(reference):
    try:
        client.get(reference)
    except celery.exceptions.SoftTimeLimitExceeded:
        return client.get("ledyer:after").is_paid
"""
ASKING = """
import json, os, signal, sys, time, tasks
if sys.argv[1] == "many":
    waiting = [tasks.paid.delay(f"ledyer:c-{number}") for number in range(300)]
    told = [waiting[0].get(timeout=30)]
    os.kill(told[0][2], signal.SIGKILL)
    told += [each.get(timeout=60) for each in waiting[1:]]
else:
    first = tasks.paid.delay("ledyer:warm").get(timeout=30)
    begun = time.monotonic()
    told = [tasks.given_up.delay("kustom:a").get(timeout=30), time.monotonic() - begun]
print(json.dumps(told))
"""


@contextmanager
def celery(directory: Path, config: Path) -> Iterator[tuple[int, Callable[[str], Any]]]:
    """The process that the pool is forked from, and what asks it."""
    assert shutil.which("redis-server"), "redis-server is needed: make test-deps installs it"
    port = free_port()
    told = {**environment(config), "REDIS": f"redis://127.0.0.1:{port}/0"}
    (directory / "tasks.py").write_text(TASKS)
    redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory)]
    worker = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "3",
              "--max-tasks-per-child", "50"]
    with started(redis, ready=listening(port), log=directory / "redis.log"), started(
            worker, cwd=directory, env=told, log=directory / "celery.log") as pool:
        yield pool.pid, lambda what: json.loads(script(directory, told, ASKING, what))


def test_celery_forks_a_pool_with_one_client(nginx: Nginx, tmp_path: Path) -> None:
    """One of its processes is killed, the others are replaced after 50 tasks each; every task is done."""
    with celery(tmp_path, nginx.write_config(tmp_path)) as (worker, ask):
        told = ask("many")
    assert [(name, paid) for name, paid, *_ in told] == [(f"c-{number}", True) for number in range(300)]
    assert {opened_in for *_, opened_in, _ in told} == {worker}
    connections = {(process, connection) for _, _, process, _, connection in told}
    assert len({process for process, _ in connections}) == len(connections) >= 6


def test_a_soft_time_limit_of_celery_ends_a_call(nginx: Nginx, tmp_path: Path) -> None:
    """It is a signal. The client goes on."""
    with Server(hang) as server, celery(tmp_path, asked_by(server, nginx, tmp_path)) as (_, ask):
        paid, seconds = ask("given up")
    assert paid is True and 0.9 < seconds < 1 + AT_ONCE
