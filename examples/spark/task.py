# SPDX-License-Identifier: MIT
"""What a task does: it asks for its share of the references, at its share of the rate, and gives a row for each.

Runs in Spark's Python workers, to which reconcile.py sends this file, and knows nothing of Spark.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pandas

import paysession

#: Rows of one data frame that goes back to Spark.
ROWS = 1000

#: After so many answers in a row that brought nothing a task asks no more: the provider is down, or refuses the key.
SILENCE = 100

#: What went wrong on this side and is mended here. It is asked again, like what error.retryable says of.
OURS = ("invalid_config", "not_configured", "unauthorized", "forbidden", "tls_failed", "out_of_memory", "aborted")

#: Where nothing was learnt, or nothing was sent.
NOTHING = {"status": "unknown", "paid": "unknown", "final": False, "asked_at": None, "attempts": 0}


@functools.cache
def client_of(config: str) -> paysession.Client:
    """One for each worker process: its tokens outlive a task."""
    return paysession.Client.from_file(config)


def ask(frames: Iterable[pandas.DataFrame], config: str) -> Iterator[pandas.DataFrame]:
    """For mapInPandas.

    :param frames: `reference`, `expect` (what is expected of it, as JSON), and `rate`: how many requests a second this
        task may send, the same in each row.
    :param config: path of the configuration, on the machine that asks.
    """
    answers = answered((row for frame in frames for row in frame.itertuples(index=False)), config)
    while part := list(itertools.islice(answers, ROWS)):
        frame = pandas.DataFrame(part)
        frame["asked_at"] = pandas.to_datetime(frame["asked_at"], utc=True, format="ISO8601")
        yield frame


def answered(rows: Iterator[Any], config: str) -> Iterator[dict[str, Any]]:
    """One for each of `rows`, in the order in which the answers come."""
    first = next(rows, None)
    if first is None:
        return
    rows = itertools.chain([first], rows)
    waiting: dict[int, Any] = {}

    def wanted() -> Iterator[tuple[int, str, Any]]:
        for number, row in enumerate(rows):
            waiting[number] = row
            # Nothing with a NUL can be asked for. With another sign in its place it is refused, and comes back.
            yield number, row.reference.replace("\0", "\ufffd"), json.loads(row.expect)

    # So many at once that the rate is kept up where an answer takes two seconds.
    found = client_of(config).read_many(
        wanted(), requests_per_second=first.rate, in_flight=min(max(2 * first.rate, 8), 1024))
    unheard = 0
    for number, told in found:
        row, answer = waiting.pop(number), answer_of(told)
        yield {"reference": row.reference, "expect": row.expect, **answer}
        if answer["attempts"]:
            unheard = 0 if answer["result"] == "ok" or answer["final"] else unheard + 1
        if unheard == SILENCE:
            break
    del found  # gives up what is under way
    why = f"not asked: {SILENCE} in a row had no answer"
    aborted = {**NOTHING, "decision": "wait", "result": "aborted", "why": why}
    for row in itertools.chain(waiting.values(), rows):
        yield {"reference": row.reference, "expect": row.expect, **aborted}


def answer_of(told: paysession.Answer | paysession.PaySessionError) -> dict[str, Any]:
    """Final is a session that does not change any more, and a failure that nothing mends."""
    answer = told.answer if isinstance(told, paysession.PaySessionError) else told
    if answer is None:
        raise MemoryError("there was none for an answer")  # Spark tries the task again
    said = answer.to_dict()
    learnt = {name: said[name] for name in ("decision", "result")}
    if said["session"]:
        learnt |= {name: said["session"][name] for name in ("status", "paid", "final")}
        learnt["why"] = ", ".join(said["session"]["holds"])
    else:
        learnt["why"] = said["error"]["message"]
        learnt["final"] = not (said["error"]["retryable"] or said["result"] in OURS)
    if said["exchange"]:
        learnt |= {name: said["exchange"][name] for name in ("asked_at", "attempts")}
    return {**NOTHING, **learnt}
