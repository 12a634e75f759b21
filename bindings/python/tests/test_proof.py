# SPDX-License-Identifier: MIT
"""The proof of payment, and the merchant's approval, through the package and against the sandbox."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import time
from decimal import Decimal
from typing import Any

import paysession
import pytest
from paysession import AsyncClient, Client, Next, normalize
from paysession_sandbox.testing import RunningSandbox as Sandbox

SESSION = {"session_id": "1", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "EUR", "order_id": "o"}
ORDER = {"order_id": "o", "status": "CAPTURED", "order_amount": 1, "purchase_currency": "EUR"}
EXPECT: paysession.Expect = {"amount": 30_000, "currency": "EUR"}


def test_a_document_is_judged_with_its_proof() -> None:
    answer = normalize("kustom", SESSION, proof={"document": ORDER})
    assert answer.is_paid
    proof = answer.proof
    assert proof is not None
    assert (proof.resource, proof.id, proof.state) == ("order", "o", "captured")
    assert proof.checks == paysession.Checks("match", "match", "match", None)
    assert proof.amount == paysession.Amount(1, "EUR", Decimal("0.01"))
    assert proof.raw == ORDER and answer.raw == SESSION
    assert "raw" not in repr(proof)
    assert pickle.loads(pickle.dumps(answer)).proof == proof == copy.deepcopy(proof)
    told = answer.to_dict()["proof"]
    assert told["state"] == "captured" and "raw" not in told and json.dumps(told)


def test_a_byte_order_mark_is_skipped() -> None:
    for mark in ("\ufeff", "\ufeff \n"):
        assert normalize("kustom", SESSION, proof={"document": mark + json.dumps(ORDER)}).is_paid


def test_without_the_option_there_is_none() -> None:
    answer = normalize("kustom", SESSION)
    assert answer.proof is None and answer.approval is None and "proof" not in answer.to_dict()
    # Asked for, and nothing to read.
    pending = normalize("kustom", {**SESSION, "status": "ACTIVE"}, proof={"document": ORDER})
    assert pending.proof is None and pending.to_dict()["proof"] is None


@pytest.mark.parametrize("name", ["proof", "approval"])
def test_keys_of_the_documents_own_are_not_taken_for_ours(name: str) -> None:
    mine = {"wanted": "approved", "sent": True, "http_status": 204, "raw": {}, name: {"x": 1}}
    answer = normalize("kustom", {**SESSION, "a": 1, name: mine})
    assert answer.proof is None and answer.approval is None
    assert answer.raw[name] == mine
    both = normalize("kustom", {**SESSION, name: mine}, proof={"document": {**ORDER, "a": 1, name: mine}})
    assert both.approval is None and both.proof is not None
    assert both.proof.raw is not None and both.proof.raw[name] == mine and both.raw[name] == mine


def test_numbers_of_the_proof_stay_exact() -> None:
    spelt = json.dumps(ORDER)[:-1] + ', "x": 1.10, "y": ' + "9" * 5000 + "}"
    proof = normalize("kustom", SESSION, proof={"document": spelt}).proof
    assert proof is not None and proof.raw is not None
    assert str(proof.raw["x"]) == "1.10" and str(proof.raw["y"]) == "9" * 5000


@pytest.mark.parametrize(("proof", "error"), [
    (True, TypeError), ({}, TypeError), ({"document": 1}, TypeError), ({"document": {}, "x": 1}, TypeError),
    ({"document": "[]"}, ValueError), ({"document": "{"}, ValueError), ({"document": '{}, "x": {}'}, ValueError)])
def test_what_is_no_document_is_refused(proof: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        normalize("kustom", SESSION, proof=proof)


def test_the_proof_is_read(sandbox: Sandbox) -> None:
    paid = sandbox.create("kustom", status="finalized")["session"]
    over = sandbox.create("kustom", status="finalized", proof={"status": "CANCELLED"})["session"]
    with Client(sandbox.config) as client:
        assert client.get(paid, proof=True).is_paid
        decision = client.decide(over, proof=True)
        assert decision.next == Next.HOLD and "proof_ended" in decision.why
        assert client.get(over).is_paid  # who does not ask is not told
        given = dict(client.read_many([paid, over], proof=True))
        assert [isinstance(told, paysession.Answer) and told.is_paid for told in (given[paid], given[over])] == [True, False]


def test_a_wait_goes_on_while_it_is_pending(sandbox: Sandbox) -> None:
    reference = sandbox.create("inbank", status="completed", proof={"status": "signed"})["session"]

    async def awaited() -> paysession.Answer:
        async with AsyncClient(sandbox.config) as client:
            return await client.wait(reference, proof=True, timeout_ms=600, interval_ms=50)

    with Client(sandbox.config) as client:
        for is_awaited in (False, True):
            begun = time.monotonic()
            answer = asyncio.run(awaited()) if is_awaited else client.wait(
                reference, proof=True, timeout_ms=600, interval_ms=50)
            assert answer.proof is not None and answer.proof.state == "pending"
            assert time.monotonic() - begun > 0.3


def test_approves_and_refuses(sandbox: Sandbox) -> None:
    config = {**sandbox.config, "inbank": {**sandbox.config["inbank"], "approvals": True}}
    first, second, third = (
        sandbox.create("inbank", status="granted", amount=30_000, currency="EUR")["session"] for _ in range(3))

    async def awaited() -> paysession.Answer:
        async with AsyncClient(config) as client:
            return await client.refuse(third)

    with Client(config) as client:
        held = client.approve(first, expect={**EXPECT, "amount": 1})
        assert held.next == Next.HOLD and held.approval == paysession.Approval("approved", False, None)
        answer = client.approve(first, expect=EXPECT)
        assert answer.is_paid and answer.approval == paysession.Approval("approved", True, 204)
        assert answer.to_dict()["approval"] == {"wanted": "approved", "sent": True, "http_status": 204}
        assert client.refuse(second).next == Next.RELEASE
        assert asyncio.run(awaited()).next == Next.RELEASE
        with pytest.raises(paysession.NotWaiting) as raised:
            client.refuse(first)
        assert raised.value.answer is not None and raised.value.answer.approval is not None
        assert raised.value.answer.approval.sent is False
        with pytest.raises(paysession.InvalidArgument):
            client.approve(second)
    with Client(sandbox.config) as client, pytest.raises(paysession.NotConfigured):
        client.refuse(second)
