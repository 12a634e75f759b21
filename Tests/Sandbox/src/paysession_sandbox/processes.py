# SPDX-License-Identifier: MIT
"""Programs that run beside a test: started, waited for until they are ready, and ended by their own
process id, however the test ends."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: What a program may take to end when it is asked to.
GRACE = 10.0


class NotReady(RuntimeError):
    """The program ended before it was ready, or took too long; has what it wrote to its log."""


@contextmanager
def started(
    command: Sequence[str | Path], *, ready: Callable[[], bool] | None = None, within: float = 30,
    log: Path | None = None, **more: Any,
) -> Iterator[subprocess.Popen[Any]]:
    """The program, while the `with` block lasts, which begins when `ready` is true. What it prints
    goes into `log`, where there is one; `more` is Popen's."""
    if log is not None:
        with open(log, "wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, **more)
    else:
        process = subprocess.Popen(command, **more)
    try:
        until = time.monotonic() + within
        while ready is not None and not ready():
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text("utf-8", "replace") if log else ""
                raise NotReady(f"{command[0]} is not ready, {process.poll()}:\n{said}")
            time.sleep(0.02)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[Any], *, at_once: bool = False) -> None:
    """Asks it to end, and sees to it; or sees to it at once. It may have ended long ago."""
    if at_once:
        process.kill()
    else:
        process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:  # what was still to be written has no reader any more
                pass


def listening(port: int) -> Callable[[], bool]:
    """Whether somebody takes connections there."""
    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    return listens


def free_port() -> int:
    """One that nobody has yet; somebody may take it before it is used."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
