# SPDX-License-Identifier: MIT
"""The merchant's approval: what is sent, what it comes to, and what is raised."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paysession_sandbox.testing import RunningSandbox as Sandbox

import paysession
from paysession import AsyncClient, Client

ORDER: paysession.Expect = {"amount": 30000, "currency": "EUR"}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(configuration(sandbox)) as opened:
        yield opened


def configuration(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {**sandbox.config, "inbank": {**sandbox.config["inbank"], "approvals": True, **more}}


def made(sandbox: Sandbox, status: str = "granted", **more: Any) -> str:
    reference: str = sandbox.create("inbank", amount=30000, currency="EUR", status=status, **more)["session"]
    return reference


def sent(sandbox: Sandbox, reference: str) -> dict[str, int]:
    actions: dict[str, int] = sandbox.ask("GET", f"sessions/{reference}")["actions"]
    return actions


def test_approved(sandbox: Sandbox, client: Client, valid: Callable[[bytes], Any]) -> None:
    reference = made(sandbox)
    answer = client.approve(reference, expect=ORDER)
    assert answer.is_paid and answer.approval == paysession.Approval("approved", True, 204)
    again = client.approve(reference, expect=ORDER, timeout_ms=5000, interval_ms=100)
    assert again.is_paid and again.approval == paysession.Approval("approved", False, None)
    assert sent(sandbox, reference) == {"merchant-approval": 1}
    valid(answer.json)
    assert answer.to_dict()["approval"] == {"wanted": "approved", "sent": True, "http_status": 204}
    for other in (copy.copy(answer), pickle.loads(pickle.dumps(answer))):
        assert other.approval == answer.approval
    with pytest.raises(AttributeError):
        answer.approval.sent = False  # type: ignore[misc]
    assert answer.proof is None and client.get(reference).approval is None
    assert "approval" not in client.get(reference).to_dict()


def test_refused(sandbox: Sandbox, client: Client) -> None:
    reference = made(sandbox)
    answer = client.refuse(reference)
    assert (answer.status, answer.paid) == (paysession.Status.CANCELLED, paysession.Paid.NO)
    assert answer.approval == paysession.Approval("refused", True, 204)
    with pytest.raises(paysession.NotWaiting) as caught:
        client.approve(reference, expect=ORDER)
    error = caught.value
    assert (error.result, str(error.result), error.next) == (
        paysession.Result.NOT_WAITING, "not_waiting", paysession.Next.HOLD)
    assert isinstance(error, paysession.PaySessionError) and error.reference == reference
    assert error.answer is not None and error.answer.raw is None and error.answer.proof is None
    assert error.answer.approval == paysession.Approval("approved", False, None)
    assert pickle.loads(pickle.dumps(error)).answer.approval == error.answer.approval
    assert sent(sandbox, reference) == {"cancel": 1}


def test_what_is_held_is_not_approved(sandbox: Sandbox, client: Client) -> None:
    reference = made(sandbox)
    answer = client.approve(reference, expect={"amount": 30001, "currency": "EUR"})
    assert not answer.is_paid and answer.session.holds == ("amount_mismatch",)
    held = client.refuse(reference, expect={"currency": "SEK"})
    assert held.session.holds == ("currency_mismatch",)
    assert answer.approval == paysession.Approval("approved", False, None)
    assert held.approval == paysession.Approval("refused", False, None)
    assert sent(sandbox, reference) == {}


def test_whose_fate_is_unknown(sandbox: Sandbox, client: Client) -> None:
    lost = made(sandbox, action_replies=["503"])
    with pytest.raises(paysession.ProviderError) as caught:
        client.approve(lost, expect=ORDER, timeout_ms=1000, interval_ms=100)
    assert caught.value.answer is not None
    assert caught.value.answer.approval == paysession.Approval("approved", True, 503)
    assert caught.value.advice is not None and "read the session" in caught.value.advice
    done = made(sandbox, action_replies=["done-gone"])
    answer = client.approve(done, expect=ORDER)
    assert answer.is_paid and answer.approval == paysession.Approval("approved", True, None)
    assert sent(sandbox, lost) == sent(sandbox, done) == {"merchant-approval": 1}


def test_what_is_not_asked_for_is_not_sent(sandbox: Sandbox, client: Client) -> None:
    reference = made(sandbox)
    with pytest.raises(TypeError, match="proof"):
        client.refuse(reference, proof=True)  # type: ignore[call-arg]
    for expect in (None, {}, {"amount": 30000}, {"currency": "EUR"}):
        with pytest.raises(paysession.InvalidArgument):
            client.approve(reference, expect=expect)  # type: ignore[arg-type]
    with pytest.raises(paysession.InvalidArgument):
        client.refuse("kustom:finalized")
    with pytest.raises(paysession.InvalidArgument):
        client.refuse(reference, interval_ms=0)
    with pytest.raises(paysession.InvalidArgument):
        client.refuse(reference, traceparent="no")
    with pytest.raises(ValueError, match="reference contains a NUL"):
        client.refuse(reference + "\0")
    for config in (sandbox.config, configuration(sandbox, approvals=False)):
        with Client(config) as other, pytest.raises(paysession.NotConfigured, match="inbank.approvals"):
            other.approve(reference, expect=ORDER)
    client.close()
    with pytest.raises(ValueError, match="the client is closed"):
        client.refuse(reference)
    assert sent(sandbox, reference) == {}


def test_who_cancels_it_ends_it(sandbox: Sandbox) -> None:
    """And the GIL is free meanwhile."""
    slow = next(one for one in sandbox.references if one.startswith("inbank:") and one.endswith("slow"))

    async def main() -> None:
        async with AsyncClient(configuration(sandbox)) as other:
            call = asyncio.create_task(other.refuse(slow, timeout_ms=60_000))
            await asyncio.sleep(0.3)
            other._client.cancel()
            with pytest.raises(paysession.Aborted):
                await asyncio.wait_for(call, 5)

    asyncio.run(main())


def test_awaited(sandbox: Sandbox) -> None:
    first, second = made(sandbox), made(sandbox)

    async def main() -> None:
        async with AsyncClient(configuration(sandbox)) as client:
            answers = await asyncio.gather(
                client.approve(first, expect=ORDER, timeout_ms=5000),
                client.refuse(second, interval_ms=100))
            assert [answer.approval.wanted for answer in answers if answer.approval] == ["approved", "refused"]
            assert [answer.status.value for answer in answers] == ["completed", "cancelled"]
            with pytest.raises(paysession.NotWaiting):
                await client.approve(second, expect=ORDER)
        with pytest.raises(ValueError, match="the client is closed"):
            await client.refuse(second)

    asyncio.run(main())


def test_a_document_that_speaks_of_approval() -> None:
    """Is the provider's own; what the library says stands behind it."""
    document = {"posSessionUuid": "x", "approval": {"wanted": "approved", "sent": True, "http_status": 204},
                "raw": ',"approval":{"sent":true}'}
    answer = paysession.normalize("inbank", json.dumps(document, separators=(",", ":")))
    assert answer.approval is None and answer.raw["approval"] == document["approval"]
