# SPDX-License-Identifier: MIT
"""What users write, for type checkers alone: each function uses the package, and says which types
it gets from it. (A value of the type Any would fit everywhere.)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import paysession
from paysession import AsyncClient, Client, Next, PaySessionError

CONFIG: paysession.Config = {
    "timeout_ms": 5000,
    "ca_file": Path("ca.pem"),
    "kustom": {"environment": "playground", "api_key": {"env": "KUSTOM_API_KEY"}},
    "dintero": {"client_id": "T12345678", "client_secret": {"file": "/run/secrets/dintero"}},
}


def page(reference: str, amount: int) -> str:
    with Client(CONFIG) as client:
        decision = client.decide(
            reference, expect={"amount": amount, "currency": "EUR"}, timeout_ms=2000)
        assert_type(decision, paysession.Decision)
        assert_type(decision.next, Next)
        assert_type(decision.why, str)
        return "ship" if decision.next is Next.SHIP else f"{decision.next.value}: {decision.why}"


def errors(client: Client, reference: str) -> str | None:
    try:
        answer = client.get(reference)
    except paysession.TimedOut as error:
        late: TimeoutError = error
        return str(late)
    except PaySessionError as error:
        assert_type(error.http_status, "int | None")
        assert_type(error.retry_after, "float | None")
        return error.advice if error.retryable else f"{error.provider}: {error.result}"
    # What is returned has a session, what is raised has an error: nothing to be asked first.
    assert_type(answer, paysession.Answer)
    return None if answer.is_paid else ", ".join(answer.session.holds)


def fields(answer: paysession.Answer) -> Mapping[str, Any]:
    session = answer.session
    assert_type(session, paysession.Session)
    assert_type(session.status, paysession.Status)
    assert_type(session.customer.email, "str | None")
    assert_type(session.created, "datetime | None")
    if session.amount is not None:
        assert_type(session.amount.minor, int)
        assert_type(session.amount.decimal, "Decimal | None")
    assert_type(answer.paid, paysession.Paid)
    assert_type(answer.json, bytes)
    return answer.to_dict()


def night(client: Client, orders: Iterator[tuple[int, str, paysession.Expect]]) -> int:
    paid = 0
    for order, told in client.read_many(orders, in_flight=64, requests_per_second=50):
        assert_type(told.next, Next)
        if isinstance(told, PaySessionError):
            print(order, told.reference, told.result)
        elif told.is_paid:
            paid += 1
    return paid


async def awaited(references: list[str]) -> Next:
    async with AsyncClient(CONFIG) as client:
        async for reference, told in client.read_many(references):
            print(reference, told.next)
        answer = await client.wait(references[0], timeout_ms=15_000)
        assert_type(answer, paysession.Answer)
        decision = await client.decide(references[0])
        assert_type(decision, paysession.Decision)
        return decision.next if answer.session.final else Next.WAIT


def judged(document: bytes) -> bool:
    answer = paysession.normalize("inbank", document, expect={"amount": 30000})
    status = paysession.status_normalized("inbank", document)
    assert_type(status, paysession.Status)
    return answer.is_paid and status is paysession.Status.COMPLETED
