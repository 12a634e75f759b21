# SPDX-License-Identifier: MIT
"""python -m sandbox: serves the providers on loopback until it is told to end.

Leaves in --directory: ca.pem, config.json (a ready configuration), references.json (what to try, and what
comes back), and last `ready`, with the port, once it is listening.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from .app import Sandbox
from .providers import PROVIDERS
from .tls import write_certificates


def configuration(port: int, directory: Path) -> dict[str, Any]:
    return {"ca_file": str(directory / "ca.pem"),
            **{name: provider.section(f"https://localhost:{port}/{name}")
               for name, provider in PROVIDERS.items()}}


def references(sandbox: Sandbox) -> list[dict[str, Any]]:
    wanted = ("reference", "about", "result", "status", "paid")
    return [{key: asdict(sample)[key] for key in wanted} for sample in sandbox.samples]


async def run(options: argparse.Namespace) -> None:
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ready").unlink(missing_ok=True)
    write_certificates(directory)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=1024)
    port = listener.getsockname()[1]
    sandbox = Sandbox(options.token_seconds)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile = config.keyfile = str(directory / "server.pem")
    config.alpn_protocols = ["h2", "http/1.1"]
    config.accesslog = config.errorlog = None
    # Beyond its bound of 1000 Hypercorn takes requests of a connection that it then never answers.
    config.keep_alive_max_requests = 1_000_000_000
    config.graceful_timeout = 0.2
    config.keep_alive_timeout = 60

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if options.seconds:
        loop.call_later(options.seconds, ended.set)
    server = asyncio.create_task(serve(
        sandbox.app,  # type: ignore[arg-type]  # Starlette and Hypercorn declare ASGI each in its own words
        config, shutdown_trigger=ended.wait))
    await listening(port)

    ready_config = configuration(port, directory)
    write_secretly(directory / "config.json", json.dumps(ready_config, indent=2) + "\n")
    (directory / "references.json").write_text(
        json.dumps(references(sandbox), indent=2, ensure_ascii=False) + "\n")
    temporary = directory / "ready.new"
    temporary.write_text(str(port))
    os.replace(temporary, directory / "ready")
    show(ready_config, sandbox, directory)
    await server


def write_secretly(path: Path, text: str) -> None:
    """Whatever the umask is: the library takes no configuration that others may write."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(temporary, path)


async def listening(port: int) -> None:
    """Returns when a connection can be made; the backlog alone would take one before TLS is up."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def show(config: dict[str, Any], sandbox: Sandbox, directory: Path) -> None:
    print("The providers are here. A configuration for them, also in", directory / "config.json")
    print(json.dumps(config, indent=2))
    print("\nReferences to try, and what becomes of them:")
    for sample in sandbox.samples:
        verdict = f"{sample.status}, paid {sample.paid}" if sample.status else sample.result
        print(f"  {sample.reference:66} {verdict:30} {sample.about}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes one that is free")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--token-seconds", type=int, default=3600, help="how long tokens live")
    parser.add_argument("--seconds", type=float, default=0, help="end by itself after so long")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
