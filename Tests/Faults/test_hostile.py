# SPDX-License-Identifier: MIT
"""Providers that mean harm hold nobody: not the call, which ends at its deadline, not a cancel, not a
fork, and not the other sessions of a batch. What they do is in hostile.py.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hostile import CASES, KNOWN, WAYS, honest_provider, measured, ways
from programs import Handle, program
from servers import Authority

LATE = 0.1  # what the promise allows, on an idle machine
TRIES = 3
MEMORY_KIB = 100 * 1024
AT_A_TIME = 12

Run = tuple[str, str, bool]  # case, way, cancelled
RUNS: list[Run] = [(name, way, cancel) for name in CASES for way in ways(name) for cancel in (False, True)]


@functools.lru_cache(maxsize=None)
def libcurl() -> tuple[int, ...]:
    handle = Handle({})
    version: str = handle.report()["transport"]["libcurl"]
    handle.close()
    return tuple(int(part) for part in version.split("-")[0].split("."))


def excused(name: str, way: str) -> str | None:
    return next((known.reason for known in KNOWN if fnmatchcase(name, known.case) and way in known.ways
                 and known.since <= libcurl() < known.before), None)


@pytest.fixture(scope="module")
def honest() -> Iterator[str]:
    with honest_provider() as server:
        yield server.http


@pytest.fixture(scope="module")
def quiet(
    request: pytest.FixtureRequest, authority: Authority, honest: str
) -> Iterator[dict[Run, Future[dict[str, Any]]]]:
    """The first try of all that are asked for and use no processor, side by side."""
    program("hostile")  # once, and not by each of them
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {spec.params["run"] for spec in specs if spec is not None and "run" in spec.params}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        futures = {run: pool.submit(measured, CASES[run[0]], authority, honest, run[1], cancel=run[2])
                   for run in RUNS if run in wanted and CASES[run[0]].quiet}
        # Done, before a flood begins.
        for future in futures.values():
            future.exception()
        yield futures


def held(told: dict[str, Any]) -> list[str]:
    """Who was held, as far as the clock says: a busy machine can do that too, but not each time."""
    who = [f"{name} for {told[name]} s" for name in ("late", "fork") if told[name] > LATE]
    if told.get("honest", {}).get("result") == "timed_out":
        who.append("the honest one beside it")
    return who


@pytest.mark.alone
@pytest.mark.parametrize("run", RUNS, ids=[
    f"{name}-{way}-{'cancel' if cancel else 'deadline'}" for name, way, cancel in RUNS])
def test_nobody_is_held(
    run: Run, authority: Authority, honest: str, quiet: dict[Run, Future[dict[str, Any]]]
) -> None:
    name, way, cancel = run
    if reason := excused(name, way):
        pytest.skip(reason)
    case = CASES[name]
    for number in range(TRIES):
        if number == 0 and run in quiet:
            told = quiet[run].result()
        else:
            told = measured(case, authority, honest, way, cancel=cancel)
        assert "hangs" not in told, f"not back after {told['hangs']} s"
        # No machine, however busy, adds to these.
        assert told["late_cpu"] <= LATE, f"at work for {told['late_cpu']} s after its time"
        assert told["fork_cpu"] <= LATE, f"at work for {told['fork_cpu']} s while a fork was held"
        if not held(told):
            break
    assert not held(told)

    answer = told["answer"]
    assert answer["result"] != "ok" and answer["session"] is None, answer
    assert told["memory_kib"] < MEMORY_KIB
    if "honest" in told:
        # A matter of milliseconds, and asked at the same time.
        assert told["honest"]["result"] == "ok", told["honest"]["error"]
        assert told["honest"]["session"]["paid"] == "yes"
    if case.result is not None and not cancel and not (case.http2 and way in ("get", "wait")):
        assert answer["result"] == case.result, answer["error"]
        assert case.names in answer["error"]["message"]
        assert answer["error"]["retryable"] is (case.result in ("rate_limited", "provider_error"))


def test_what_is_excused_is_there() -> None:
    for known in KNOWN:
        assert any(fnmatchcase(name, known.case) for name in CASES), known
        assert set(known.ways) <= set(WAYS), known
