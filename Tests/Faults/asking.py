# SPDX-License-Identifier: MIT
"""Asks the shipped library, through the Python binding, and takes its answer apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paysession

BINDING = Path(paysession.__file__).resolve().parents[1]
KEY = "kco_test_0123456789abcdef"


@dataclass
class Told:
    """What came of one call."""

    result: str
    answer: dict[str, Any]
    seconds: float

    @property
    def error(self) -> dict[str, Any]:
        return self.answer["error"] or {}

    @property
    def exchange(self) -> dict[str, Any]:
        return self.answer["exchange"] or {}

    @property
    def tries(self) -> list[str]:
        return [one["result"] for one in self.exchange["tries"]]

    @property
    def pauses(self) -> list[float]:
        return [one["pause_ms"] for one in self.exchange["tries"] if one["pause_ms"] is not None]

    @property
    def paid(self) -> str | None:
        session = self.answer["session"]
        return session["paid"] if session else None


def told(call: Callable[[], paysession.Answer]) -> Told:
    """Makes the call and checks what holds for every answer: without "ok" there is no session.

    In a thread: on the main one the binding would drive a batch of one, and this is about session_get.
    """
    with ThreadPoolExecutor(1) as thread:
        start = time.monotonic()
        given: paysession.Answer | paysession.Failure
        try:
            given = thread.submit(call).result()
        except paysession.PaySessionError as error:
            assert error.answer is not None
            given = error.answer
        seconds = time.monotonic() - start
    answer = json.loads(given.json)
    assert given.is_paid == (answer["result"] == "ok" and answer["session"]["paid"] == "yes")
    if answer["result"] != "ok":
        assert answer["session"] is None and answer["raw"] is None
        assert answer["error"]["message"] and answer["error"]["advice"]
    return Told(answer["result"], answer, seconds)


def ask(config: Mapping[str, Any], reference: str, **options: Any) -> Told:
    with paysession.Client(config) as client:
        return told(lambda: client.get(reference, **options))


def keyed(base: str, **more: Any) -> dict[str, Any]:
    """A configuration with Kustom alone, whose key stands in each request; patient enough that only
    what is under test ends a call."""
    return {"timeout_ms": 10_000, "kustom": {"base_url": base, "api_key": KEY}, **more}


def apart(
    config: Mapping[str, Any], *references: str, environment: Mapping[str, str] | None = None,
    command: tuple[str, ...] = (), before: str = "", timeout: float = 40,
    call: str = "client.get(reference)",
) -> list[dict[str, Any]]:
    """Asks in a process of its own, for what belongs to a process: environment, memory, preloads.

    Gives each answer with two keys more: `seconds`, and `grown`, by how many KiB the process's
    largest memory grew. `before` is Python run first; `command` is put before the interpreter;
    `call` is what asks.
    """
    program = f"""
import json, resource, sys, time
{before}
sys.path.insert(0, {str(BINDING)!r})
import paysession
def largest():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with paysession.Client(sys.argv[1]) as client:
    for reference in sys.argv[2:]:
        before, start = largest(), time.monotonic()
        try:
            answer = {call}
        except paysession.PaySessionError as error:
            answer = error
        answer = getattr(answer, "answer", answer)
        seconds = time.monotonic() - start
        print(json.dumps({{**json.loads(answer.json), "seconds": seconds,
                           "grown": largest() - before}}))
"""
    # Nothing of the machine's own proxies: what is wanted is given.
    inherited = {name: value for name, value in os.environ.items()
                 if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [*command, sys.executable, "-c", program, json.dumps(config), *references],
        env={**inherited, **(environment or {})}, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
