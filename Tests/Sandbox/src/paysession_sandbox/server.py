# SPDX-License-Identifier: MIT
"""One run: binds, and only then writes; serves until it is told to end; ends without a word.

Leaves in its directory: ca.pem, callback-secrets.json, config.json (a ready configuration), references.json (what to try, and
what comes back), sandbox.json (where it is), and last `ready`, with the port, once it is listening.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from .app import application
from .providers import PROVIDERS
from .sandbox import Options, Sandbox
from .signing import kept_secrets
from .start import short_start
from .tls import write_certificates, write_secretly

HOST = "127.0.0.1"


class CannotStart(Exception):
    """A sentence: why."""


@dataclass(frozen=True)
class Run:
    port: int
    page_port: int
    directory: Path
    seconds: float
    is_quiet: bool
    options: Options


def bound(port: int, option: str) -> socket.socket:
    """A socket that listens there."""
    try:
        return socket.create_server((HOST, port), backlog=1024)
    except OverflowError:
        raise CannotStart(f"{option} {port}: expected 0 to 65535") from None
    except OSError as error:
        raise CannotStart(f"port {port} of {HOST} is taken or not allowed ({os.strerror(error.errno or 0)}); "
                          f"{option} takes another, and {option} 0 one that is free") from None


def owned(directory: Path) -> TextIOWrapper:
    """A lock on the directory, for as long as the file stays open."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("a")
    except OSError as error:
        raise CannotStart(f"{error.filename}: {error.strerror}; --directory takes another") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotStart(f"{directory} is another sandbox's, which runs; --directory takes another") from None
    return lock


def configuration(sandbox: Sandbox, directory: Path) -> dict[str, Any]:
    return {"ca_file": str(directory / "ca.pem"),
            **{name: sandbox.section(provider) for name, provider in PROVIDERS.items()}}


def references(sandbox: Sandbox) -> list[dict[str, Any]]:
    wanted = ("reference", "about", "result", "status", "paid")
    return [{key: asdict(sample)[key] for key in wanted} for sample in sandbox.samples.values()]


async def run(wanted: Run) -> None:
    """Raises `CannotStart`."""
    directory = wanted.directory.resolve()
    with bound(wanted.port, "--port") as providers, bound(wanted.page_port, "--page-port") as page, owned(directory):
        port, page_port = providers.getsockname()[1], page.getsockname()[1]
        (directory / "ready").unlink(missing_ok=True)
        # Nothing in here is for a repository.
        (directory / ".gitignore").write_text("*\n")
        write_certificates(directory)
        sandbox = Sandbox(wanted.options, f"https://localhost:{port}", f"http://localhost:{page_port}",
                          kept_secrets(directory, PROVIDERS))

        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        if wanted.seconds:
            loop.call_later(wanted.seconds, ended.set)
        loop.set_exception_handler(lambda loop, context: None)  # a client that breaks off is nobody's error
        server = asyncio.create_task(serve(
            application(sandbox, is_quiet=wanted.is_quiet),
            served_at(providers, page, directory), shutdown_trigger=ended.wait))
        await listening(port)
        await listening(page_port)

        config = configuration(sandbox, directory)
        write_secretly(directory / "config.json", written(config))
        (directory / "references.json").write_bytes(written(references(sandbox)))
        (directory / "sandbox.json").write_bytes(written(
            {"process": os.getpid(), "providers": sandbox.base, "page": sandbox.page}))
        print(short_start(sandbox, directory), flush=True)
        temporary = directory / "ready.new"
        temporary.write_text(str(port))
        os.replace(temporary, directory / "ready")
        try:
            await server
        finally:
            await sandbox.caller.close()
            for name in ("ready", "sandbox.json"):
                (directory / name).unlink(missing_ok=True)


def served_at(providers: socket.socket, page: socket.socket, directory: Path) -> Config:
    config = Config()
    config.bind = [f"fd://{os.dup(providers.fileno())}"]
    config.insecure_bind = [f"fd://{os.dup(page.fileno())}"]
    config.certfile = config.keyfile = str(directory / "server.pem")
    config.alpn_protocols = ["h2", "http/1.1"]
    config.accesslog = config.errorlog = None
    # Beyond its bound of 1000 Hypercorn takes requests of a connection that it then never answers.
    config.keep_alive_max_requests = 1_000_000_000
    config.graceful_timeout = 0.2
    config.keep_alive_timeout = 60
    return config


def written(told: Any) -> bytes:
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


async def listening(port: int) -> None:
    """Returns when a connection can be made; the backlog alone would take one before TLS is up."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def started(wanted: Run) -> int:
    """Runs it to its end: an exit status."""
    try:
        asyncio.run(run(wanted))
    except CannotStart as error:
        print(f"paysession-sandbox: {error}", file=sys.stderr)
        return 1
    return 0
