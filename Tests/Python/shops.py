# SPDX-License-Identifier: MIT
"""Shops in Python as they are run: gunicorn, uvicorn, Celery and scripts; each in a folder of its own, with a client
that is opened when its module is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import httpx
from paysession_sandbox.processes import free_port, listening, started

BINDING = Path(__file__).resolve().parents[2] / "bindings" / "python" / "src"

#: A page for each reference, /kustom:a.
WSGI = """
import json, os, paysession
client = paysession.Client.from_file()
opened_in = os.getpid()
assert client.get("ledyer:before-the-fork").is_paid

def application(environ, start_response):
    answer = client.get(environ["PATH_INFO"][1:])
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"id": answer.session.id, "paid": answer.is_paid, "worker": os.getpid(), "opened_in": opened_in,
                        "connection": answer.raw.get("connection")}).encode()]
"""
#: The same, and / asks nothing.
ASGI = """
import json, os, paysession
client = paysession.AsyncClient.from_file()

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = (await receive())["type"]
            if message == "lifespan.shutdown":
                await client.aclose()
            await send({"type": message + ".complete"})
            if message == "lifespan.shutdown":
                return
    told = {}
    if scope["path"] != "/":
        answer = await client.get(scope["path"][1:])
        told = {"id": answer.session.id, "paid": answer.is_paid, "connection": answer.raw.get("connection")}
    body = json.dumps({**told, "threads": len(os.listdir("/proc/self/task"))}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


@dataclass
class Shop:
    """One that is listening."""

    url: str
    master: subprocess.Popen[Any]
    log: Path

    def workers(self) -> list[int]:
        master = self.master.pid
        return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def visit(self, reference: str) -> dict[str, Any]:
        (told,) = self.crowd([reference], 1)
        assert told is not None, self.log.read_text("utf-8")
        return told

    def crowd(self, references: Sequence[str], at_once: int) -> list[Optional[dict[str, Any]]]:
        """What each page says; None for one whose worker was gone before it had answered."""
        def visit(reference: str) -> Optional[dict[str, Any]]:
            try:
                response = http.get(f"{self.url}/{reference}")
            except httpx.TransportError:
                return None
            assert response.status_code == 200, f"{response.status_code} {self.log.read_text('utf-8')[-4000:]}"
            told: dict[str, Any] = response.json()
            return told

        # A connection for each, or those that one worker took at first would be all there are.
        with httpx.Client(trust_env=False, timeout=60, headers={"Connection": "close"},
                          limits=httpx.Limits(max_connections=at_once)) as http:
            with ThreadPoolExecutor(at_once) as pool:
                return list(pool.map(visit, references))


def environment(config: Path) -> dict[str, str]:
    """For a program that imports the package and takes its configuration where the shell tool does."""
    return {**os.environ, "PYTHONPATH": str(BINDING), "PAYSESSION_CONFIG": str(config)}


@contextmanager
def _serving(directory: Path, config: Path, program: str, command: Sequence[str], port: int) -> Iterator[Shop]:
    (directory / "shop.py").write_text(program)
    with started([sys.executable, "-m", *command], ready=listening(port), log=directory / "shop.log", cwd=directory,
                 env=environment(config)) as master:
        yield Shop(f"http://127.0.0.1:{port}", master, directory / "shop.log")


@contextmanager
def gunicorn(directory: Path, config: Path, *options: str, settings: str = "") -> Iterator[Shop]:
    """`settings` is its configuration file, beside what keeps it to this folder."""
    (directory / "gunicorn.conf.py").write_text(f"control_socket_disable = True\n{settings}")
    port = free_port()
    with _serving(directory, config, WSGI, [
            "gunicorn", "--preload", "--bind", f"127.0.0.1:{port}", *options, "shop:application"], port) as shop:
        yield shop


@contextmanager
def uvicorn(directory: Path, config: Path, *options: str) -> Iterator[Shop]:
    port = free_port()
    with _serving(directory, config, ASGI, [
            "uvicorn", "--port", str(port), "--no-access-log", *options, "shop:application"], port) as shop:
        yield shop


def script(directory: Path, told: dict[str, str], text: str, *arguments: str, timeout: float = 60) -> str:
    """What that program prints in that environment, which ends well and has nothing to complain about."""
    (directory / "main.py").write_text(text)
    done = subprocess.run([sys.executable, "main.py", *arguments], cwd=directory, env=told, timeout=timeout,
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, f"{done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
