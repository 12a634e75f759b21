# SPDX-License-Identifier: MIT
"""What to do about an order, for a shop's other services (not for browsers): one client, and no thread, for thousands
at once.

    PAYSESSION_CONFIG=config.json uvicorn decisions:app
    curl --json '{"session": "kustom:550e8400-…", "amount": 4200, "currency": "SEK", "reference": "A-1001"}' …/decisions
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from paysession import AsyncClient, Next


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, AsyncClient]]:
    """Opened and closed with the application. In tests: app.dependency_overrides[client]."""
    async with AsyncClient.from_file() as pay:
        yield {"pay": pay}


def client(request: Request) -> AsyncClient:
    pay: AsyncClient = request.state.pay
    return pay


class Order(BaseModel):
    """What was sold, as the shop has it; the amount in minor units."""

    session: str
    amount: int
    currency: str
    reference: str


class Decision(BaseModel):
    """`ship`, `wait`, `release` or `hold`, and why: a sentence without personal data, empty where it is clear."""

    next: Next
    why: str


app = FastAPI(lifespan=lifespan)


@app.post("/decisions")
async def decide(order: Order, pay: Annotated[AsyncClient, Depends(client)]) -> Decision:
    decision = await pay.decide(order.session, timeout_ms=3000, expect={
        "amount": order.amount, "currency": order.currency, "reference": order.reference})
    return Decision(next=decision.next, why=decision.why)
