# SPDX-License-Identifier: MIT
"""Threads: one client is used by any number at once. Every answer belongs to its request,
connections are used again, nothing grows, and ThreadSanitizer has nothing to say.
"""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import paysession
import pytest
from nginx import Nginx, nginx, reference, serving, session_of
from programs import PREFIXES, run
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.slow

__all__ = ["nginx"]


@pytest.mark.parametrize(("threads", "calls"), [(8, 500), (16, 500)])
def test_each_thread_gets_its_own_answers(
    threads: int, calls: int, nginx: Nginx, tmp_path: Path
) -> None:
    """The program checks each answer. All providers, of which some need a token."""
    with_tokens = sum(provider.token_path is not None for provider in PROVIDERS.values())
    tokens_before = nginx.token_requests()
    told = run("threads", nginx.write_config(tmp_path), threads, calls, 2)
    first, second = (one["answer"]["report"] for one in told["rounds"])
    for nth, report in enumerate([first, second], 1):
        counts = [one["calls"] for one in report["providers"].values()]
        assert counts == [{"ok": nth * threads * calls // len(PROVIDERS)}] * len(PROVIDERS)
    # Connections are used again, also by the threads that came later; a token serves all.
    assert 1 <= first["connections"]["opened"] <= threads
    assert second["connections"]["opened"] <= threads
    assert second["connections"]["requests"] == 2 * threads * calls + with_tokens
    assert (second["tokens"]["fetched"], second["tokens"]["failed"]) == (with_tokens, 0)
    assert nginx.token_requests() - tokens_before == with_tokens
    # A thread at work costs a socket, an epoll set and what libcurl wakes itself with (one or two);
    # the client itself one eventfd.
    assert told["rounds"][1]["open"] - told["before"] <= 4 * threads + 1
    assert told["after"] == told["before"]


def test_all_of_it_is_http_2_over_few_connections(nginx: Nginx) -> None:
    threads, calls = 8, 100
    seen: list[tuple[str, str]] = []
    mistakes: list[object] = []

    def work(number: int) -> None:
        try:
            for nth in range(calls):
                wanted = reference(("kustom", "ledyer")[nth % 2], f"py-{number}-{nth}")
                answer = client.get(wanted)
                assert answer.session is not None and answer.raw is not None
                assert answer.session.id == session_of(wanted)
                assert answer.exchange is not None and answer.exchange.http_version == "2"
                seen.append((answer.raw["connection"], answer.raw["over"]))
        except BaseException as error:
            mistakes.append(error)

    with paysession.Client(nginx.config(http2=True)) as client:
        workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert not mistakes
    assert len(seen) == threads * calls
    assert {over for _, over in seen} == {"HTTP/2.0"}
    assert len({connection for connection, _ in seen}) <= threads


def test_the_sandbox_answers_many_threads(sandbox: RunningSandbox) -> None:
    """Real sessions, sixteen threads: statuses and verdicts do not get mixed up."""
    wanted = [entry for entry in sandbox.references.values()
              if entry["result"] == "ok" and "moving" not in entry["reference"]]
    mistakes: list[object] = []

    def work(number: int) -> None:
        for nth in range(60):
            entry = wanted[(number * 7 + nth) % len(wanted)]
            try:
                answer = client.get(entry["reference"])
                told = (answer.status.value, answer.paid.value)
                if told != (entry["status"], entry["paid"]):
                    mistakes.append((entry, told))
            except BaseException as error:
                mistakes.append((entry, error))

    with paysession.Client({**sandbox.config, "timeout_ms": 30_000}) as client:
        workers = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert client.report()["connections"]["opened"] <= 16
    assert mistakes == []


@pytest.fixture(scope="module")
def sanitized() -> Path:
    """The debug build, which is full Swift of the same sources, under ThreadSanitizer."""
    script = Path(__file__).resolve().parent / "tsan"
    done = subprocess.run([str(script)], capture_output=True, text=True,
                          env={**os.environ, "PREFIXES": PREFIXES})
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[-1])


def test_the_reserve_gives_no_block_twice() -> None:
    """It has no lock. What is left when malloc has nothing must not be shared by accident."""
    told = run("reserve")
    assert told["taken"] > 10000 and told["used"] == 4096


@pytest.mark.parametrize(("program", "token_seconds"),
                         [(("race",), 3600), (("race",), 1), (("fork_busy", "2"), 1)])
def test_thread_sanitizer_has_nothing_to_say(
    program: tuple[str, ...], token_seconds: int, sanitized: Path, tmp_path: Path
) -> None:
    """Nothing is suppressed. Tokens that are over at once are fetched for each call."""
    name, *rounds = program
    with serving(tmp_path, token_seconds=token_seconds) as server:
        done = subprocess.run(
            [str(sanitized / name), str(server.write_config(tmp_path)), *rounds],
            capture_output=True, text=True, timeout=120,
            env={**os.environ, "TSAN_OPTIONS": "halt_on_error=0 exitcode=66 die_after_fork=0"})
    assert "ThreadSanitizer" not in done.stderr, done.stderr[:6000]
    assert done.returncode == 0, done.stdout + done.stderr
