# SPDX-License-Identifier: MIT
"""Who asks for HTTP/2: a batch, unless the configuration says otherwise, and single calls only if it does.
Neither goes over the other's connections.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from nginx import Nginx, nginx
from programs import RESULTS, Handle

__all__ = ["nginx"]
CASES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "1.1", "2"), ({"http2": False}, "1.1", "1.1"), ({"http2": True}, "2", "2")]


def batched(handle: Handle, count: int = 3, **options: Any) -> list[dict[str, Any]]:
    batch = handle.batch(in_flight=1, **options)
    for tag in range(count):
        assert batch.add(f"ledyer:b-{tag}", tag) == RESULTS["ok"]
    answers = [batch.next()[2] for _ in range(count)]
    batch.close()
    return answers


def versions(answers: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """As the library tells it, and as nginx saw it."""
    return {(answer["exchange"]["http_version"], answer["raw"]["over"]) for answer in answers}


@pytest.mark.parametrize(("more", "single", "batch"), CASES)
@pytest.mark.parametrize("first", ["single", "batch"])
def test_http2(first: str, more: dict[str, Any], single: str, batch: str, nginx: Nginx) -> None:
    handle = Handle(nginx.config(**more))
    answers: dict[str, list[dict[str, Any]]] = {"single": [], "batch": []}
    for kind in [first, "batch" if first == "single" else "single"] * 2:
        answers[kind] += (batched(handle) if kind == "batch"
                          else [handle.get(f"ledyer:s-{nth}") for nth in range(2)])
        # A session that is waited for is read like one that is asked for once.
        if kind == "single":
            answers[kind].append(handle.wait("ledyer:w"))
    handle.close()
    seen = {"1.1": "HTTP/1.1", "2": "HTTP/2.0"}
    assert versions(answers["single"]) == {(single, seen[single])}
    assert versions(answers["batch"]) == {(batch, seen[batch])}
    used = {kind: {answer["raw"]["connection"] for answer in told} for kind, told in answers.items()}
    # Each kind keeps one connection for all of its turns.
    assert len(used["single"]) == len(used["batch"]) == 1
    assert (used["single"] == used["batch"]) == (single == batch)


@pytest.mark.parametrize(("more", "version"), [({}, "1.1"), ({"http2": False}, "1.1"), ({"http2": True}, "2")])
def test_a_batch_that_reads_as_single_calls_do(more: dict[str, Any], version: str, nginx: Nginx) -> None:
    """Where the configuration does not say; it has their connection, too."""
    handle = Handle(nginx.config(**more))
    single = handle.get("ledyer:s")
    answers = batched(handle, http2=False)
    handle.close()
    assert {answer["exchange"]["http_version"] for answer in answers} == {version}
    assert {answer["raw"]["connection"] for answer in [single, *answers]} == {single["raw"]["connection"]}


@pytest.mark.parametrize("more, version", [({}, "HTTP/1.1"), ({"http2": True}, "HTTP/2.0")])
def test_tokens_are_fetched_as_sessions_are(more: dict[str, Any], version: str, nginx: Nginx) -> None:
    handle = Handle(nginx.config(**more))
    connection = handle.get("dintero:T12345678/order/x")["raw"]["connection"]
    handle.close()
    until = time.monotonic() + 5  # nginx writes it down when it has answered
    while time.monotonic() < until:
        asked = [one for one in nginx.requests() if one["connection"] == connection]
        if len(asked) == 2:
            break
        time.sleep(0.01)
    assert [(one["method"], one["over"]) for one in asked] == [("POST", version), ("GET", version)]
