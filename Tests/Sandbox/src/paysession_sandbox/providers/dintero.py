# SPDX-License-Identifier: MIT
"""Dintero shopping, "Get Session details" of an order."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Reply, Sample, ok, slow
from ..chance import Chance
from ..order import Order
from ..provider import Change, Hint, Proven, Stage, Tokens, WithTokens, without_null
from ..signing import Outgoing, dintero_headers

ACCOUNTS = ("T12345678", "P12345678")


def document(session_id: str, /, **changes: Any) -> dict[str, Any]:
    """No status, no currency: the order API records what was done elsewhere."""
    whole = {
        "items": [{"line_id": "1", "amount": 20000}, {"line_id": 2, "amount": 7840}],
        "id": session_id,
        "created_at": "2023-11-07T05:31:56Z",
        "created_by": "bd04c959-d159-49b4-a096-2d84e014a8da",
        "amount": 27840,
        "processed_at": "2023-11-07T05:31:56Z",
        "metadata": {},
        "_links": [{"href": "https://example.com", "rel": "draft"}],
    }
    whole.update(changes)
    return without_null(whole)


class Dintero(WithTokens):
    name = "dintero"
    path = "v1/accounts/*/shopping/orders/*/sessions/*"
    within = (ACCOUNTS[0], "order")
    token_path = "v1/accounts/*/auth/token"
    client_id = "sandbox-dintero"
    client_secret = "sandbox-dintero-secret"
    places = {"id": "id", "amount": "amount", "processed_at": "processed_at", "created_at": "created_at",
              "success": "success", "items": "items"}
    usual = {"amount": 2000, "processed_at": "2024-01-15T10:30:00Z"}
    trust = {"trust_processed_at": True}
    proof_path = "v1/transactions/*"
    proof_states = [
        ("AUTHORIZED", "secured"), ("PARTIALLY_CAPTURED", "secured"), ("CAPTURED", "captured"), ("INITIATED", "pending"),
        ("ON_HOLD", "pending"), ("AUTHORIZATION_VOIDED", "ended"), ("DECLINED", "ended"), ("FAILED", "ended"),
        ("REFUNDED", "refunded"), ("PARTIALLY_REFUNDED", "refunded"), ("PARTIALLY_CAPTURED_REFUNDED", "refunded"),
        ("UNKNOWN", "unknown")]
    proof_places = {"id": "id", "status": "status", "amount": "amount", "currency": "currency",
                    "reference": "merchant_reference"}

    @property
    def stages(self) -> Sequence[Stage]:
        """There are no words: `processed_at` and `success` tell them apart."""
        return [("unprocessed", "pending", "unknown"), ("processed", "completed", "unknown"), ("failed", "failed", "no")]

    def identifiers(self, chance: Chance) -> tuple[str, ...]:
        return ACCOUNTS[0], chance.uuid(), chance.uuid()

    def opened(self, identifiers: Sequence[str], order: Order, at: str, until: str) -> dict[str, Any]:
        items = [{"line_id": str(number), "amount": item.total}
                 for number, item in enumerate(order.lines, start=1)]
        return document(identifiers[-1], items=items, amount=order.amount, created_at=at, processed_at=None)

    def moved(self, document: Mapping[str, Any], stage: str, at: str) -> dict[str, Any]:
        return self.with_said(document, processed_at=None if stage == "unprocessed" else at,
                              success=False if stage == "failed" else None)

    def hint(self, change: Change) -> Hint | None:
        """The request to `callback_url`: it names the checkout's transaction and session, which are others
        than the order's, and the merchant's reference of the order."""
        return None if change.stage == "unprocessed" else self.told(change, is_failed=change.stage == "failed")

    def proof_hint(self, change: Change, word: str) -> Hint | None:
        """It calls again once a transaction that it held is decided, and once it is captured."""
        decided = {"AUTHORIZED": False, "CAPTURED": False, "FAILED": True, "DECLINED": True}
        return self.told(change, is_failed=decided[word]) if word in decided else None

    def told(self, change: Change, *, is_failed: bool) -> Hint:
        account = change.identifiers[0]
        return Hint(
            "failed" if is_failed else "authorized", "GET",
            headers={"event-delivery": change.id}, query={
                "transaction_id": self.proof_identifiers(change.identifiers)[0], "session_id": f"{account}.{change.id}",
                "merchant_reference": change.identifiers[1], "time": change.at,
                **({"error": "failed"} if is_failed else {})})

    def new_secret(self) -> str | None:
        return secrets.token_urlsafe(24)

    def callback_section(self, secret: str) -> dict[str, Any]:
        return {"account_id": ACCOUNTS[0], "callback_secret": secret}

    def signed(self, request: Outgoing, secret: str, identifiers: Sequence[str], at: int) -> dict[str, str]:
        return dintero_headers(secret, identifiers[0], at, request.method, request.url)

    def stage_in(self, document: Mapping[str, Any]) -> str | None:
        if document.get("success") is False:
            return "failed"
        return "processed" if document.get("processed_at") else "unprocessed"

    def proof_identifiers(self, identifiers: Sequence[str]) -> tuple[str, ...]:
        return (f"{identifiers[0]}.{identifiers[-1]}",)

    def proof_owner(self, identifiers: list[str]) -> list[str]:
        return [identifiers[0].partition(".")[0]]

    def proof_usual(self, stage: str, document: Mapping[str, Any]) -> str | None:
        return {"unprocessed": "INITIATED", "processed": "AUTHORIZED", "failed": "FAILED"}[stage]

    def proof_document(self, proven: Proven) -> dict[str, Any]:
        """The checkout's transaction. A part is half of it; the sums are those of its events."""
        amount, word = proven.order.amount, proven.word
        half = amount // 2
        whole = {"AUTHORIZE": amount}
        done = {
            "AUTHORIZED": whole, "CAPTURED": {**whole, "CAPTURE": amount}, "PARTIALLY_CAPTURED": {**whole, "CAPTURE": half},
            "AUTHORIZATION_VOIDED": {**whole, "VOID": amount}, "REFUNDED": {**whole, "CAPTURE": amount, "REFUND": amount},
            "PARTIALLY_REFUNDED": {**whole, "CAPTURE": amount, "REFUND": half},
            "PARTIALLY_CAPTURED_REFUNDED": {**whole, "CAPTURE": half, "REFUND": half}}.get(word, {})
        return {
            "id": self.proof_identifiers(proven.identifiers)[0], "amount": amount, "currency": proven.order.currency,
            "merchant_reference": proven.identifiers[1], "status": word, "payment_product": "dintero_psp",
            "payment_product_type": "dintero_psp.creditcard", "created_at": proven.created_at, "updated_at": proven.at,
            "events": [{"event": event, "amount": sum_, "success": True, "created_at": proven.at}
                       for event, sum_ in done.items()]}

    def audience(self, identifiers: list[str]) -> str:
        return f"https://api.dintero.com/v1/accounts/{identifiers[0]}"

    def token(self, identifiers: list[str], authorization: str, body: bytes, tokens: Tokens) -> Reply:
        if not self.is_client(authorization):
            return Reply(401, self.error("invalid client"))
        try:
            wanted = json.loads(body)
        except ValueError:
            return Reply(400, self.error("not JSON"))
        audience = self.audience(identifiers)
        if (identifiers[0] not in ACCOUNTS
                or wanted != {"grant_type": "client_credentials", "audience": audience}):
            return Reply(403, self.error("not for this audience"))
        return tokens.give(audience, {"token_type": "Bearer"})

    def error(self, message: Any) -> Any:
        return {"error": {"code": "SANDBOX ERROR", "message": message}}

    def sessions(self) -> list[Sample]:
        one = self.sample
        return [
            # Without trust_processed_at, as the sandbox's configuration has it.
            one("processed", "processed_at is there", "completed", "unknown", ok(document("processed"))),
            one("unprocessed", "processed_at is not there", "pending", "unknown",
                ok(document("unprocessed", processed_at=None))),
            one("failed", "success is false", "failed", "no", ok(document("failed", success=False))),
            one("moving", "not processed, then processed", "pending", "unknown",
                ok(document("moving", processed_at=None)), ok(document("moving"))),
            one("bare", "only items", "pending", "unknown", ok({"items": []})),
            one("unreadable-amount", "an amount with a fraction", "completed", "unknown",
                ok(document("unreadable-amount", amount=278.4))),
            Sample(self.reference("another"), "answers about another session", "mismatched", None, "unknown",
                   (ok(document("processed")),)),
            Sample(self.reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
                   (slow(document("slow")),)),
        ]


PROVIDER = Dintero()
