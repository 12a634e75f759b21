# SPDX-License-Identifier: MIT
"""Kustom In-Person Payments API 1.0.0, "Get session"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Reply, Sample, ok, slow
from ..chance import derived
from ..order import Item, Order
from ..provider import Change, Hint, Proven, Tokens, WithKey, basic, without_null
from ..reading import Body
from ..signing import Outgoing, webhook_headers, webhook_secret

USERNAME = "sandbox"
MERCHANT = "DM00000001"


def document(session_id: str, status: str, /, **changes: Any) -> dict[str, Any]:
    whole = {
        "session_id": session_id,
        "status": status,
        "device_id": "660e8400-e29b-41d4-a716-446655440001",
        "order_id": "770e8400-e29b-41d4-a716-446655440002",
        "order_amount": 2000,
        "purchase_currency": "SEK",
        "purchase_started_at": "2024-01-15T10:30:00.123456789Z",
        "purchase_completed_at": "2024-01-15T10:35:00Z" if status == "FINALIZED" else None,
        "order_items": [
            # As in the documentation, whose sums do not add up either.
            {"type": "physical", "reference": "SKU-12345", "name": "T-Shirt", "quantity": 2,
             "unit_price": 1000, "total_amount": 2000, "tax_rate": 2500,
             "total_discount_amount": 200, "total_tax_amount": 400},
            {"type": "shipping_fee", "reference": "SHIP", "name": "Shipping", "quantity": 1,
             "unit_price": 0, "total_amount": 0, "tax_rate": 0, "total_tax_amount": 0},
        ],
        "merchant_reference1": "ORDER-12345",
        "merchant_reference2": "REF-67890",
        "order_tax_amount": 400,
        "merchant_data": '{"customer_id":"C123"}',
        "created_at": "2024-01-15T10:30:00Z",
        "expires_at": "2024-01-15T11:30:00Z",
        "updated_at": "2024-01-15T10:35:00Z",
    }
    whole.update(changes)
    return without_null(whole)


class Kustom(WithKey):
    name = "kustom"
    path = "ipp/v1/sessions/*"
    key = "kco_test_sandbox"
    states = [
        ("CREATED", "open", "no"),
        ("ACTIVE", "pending", "no"),
        ("FINALIZED", "completed", "yes"),
        ("CANCELLED", "cancelled", "no"),
        ("EXPIRED", "expired", "no"),
        ("FAILED", "failed", "no"),
    ]
    places = {"id": "session_id", "status": "status", "amount": "order_amount", "currency": "purchase_currency",
              "reference": "merchant_reference1", "created_at": "created_at",
              "items": "order_items"}
    # The paths are those of the provider's own plugin.
    creation_path = "ipp/v1/sessions"
    actions = {("PUT", "ipp/v1/sessions/*/cancel"): "CANCELLED"}
    proof_path = "ordermanagement/v1/orders/*"
    proof_states = [("AUTHORIZED", "secured"), ("PART_CAPTURED", "secured"), ("CAPTURED", "captured"),
                    ("CLOSED", "refunded"), ("CANCELLED", "ended"), ("EXPIRED", "ended")]
    proof_link = "order_id"
    proof_places = {"id": "order_id", "status": "status", "amount": "order_amount", "currency": "purchase_currency",
                    "reference": "merchant_reference1"}

    @property
    def choices(self) -> Mapping[str, str | None]:
        """A declined tap leaves a session ACTIVE: the clerk tries again."""
        return {**super().choices, "decline": "ACTIVE", "fail": "FAILED"}

    def opened(self, identifiers: Sequence[str], order: Order, at: str, until: str) -> dict[str, Any]:
        items = [without_null({
            "type": item.type, "reference": item.reference, "name": item.name, "quantity": item.quantity,
            "unit_price": item.unit_price, "total_amount": item.total, "tax_rate": item.tax_rate,
            "total_tax_amount": item.tax}) for item in order.lines]
        return document(
            identifiers[-1], "CREATED", order_id=None, order_amount=order.amount,
            purchase_currency=order.currency, purchase_started_at=None, purchase_completed_at=None,
            order_items=items, merchant_reference1=order.reference, merchant_reference2=None,
            order_tax_amount=order.tax, merchant_data=None, created_at=at, expires_at=until, updated_at=at)

    def moved(self, document: Mapping[str, Any], stage: str, at: str) -> dict[str, Any]:
        changed = {**super().moved(document, stage, at), "updated_at": at}
        if stage in ("ACTIVE", "FINALIZED"):
            changed.setdefault("purchase_started_at", at)
        if stage == "FINALIZED":
            changed.update(purchase_completed_at=at, order_id=derived(document["session_id"], "order"))
        return changed

    def hint(self, change: Change) -> Hint | None:
        """There is no event for EXPIRED and FAILED."""
        words = {"CREATED": "created", "ACTIVE": "activated", "FINALIZED": "finalized", "CANCELLED": "cancelled"}
        if change.stage not in words:
            return None
        return self.event(f"ipp.session.{words[change.stage]}", change, {
            "session_id": change.document["session_id"], "order_id": change.document.get("order_id"),
            "failure_reason": None})

    def proof_hint(self, change: Change, word: str) -> Hint | None:
        """Order management tells of captures and refunds, at the same address; they name no session."""
        whats = {"PART_CAPTURED": "capture", "CAPTURED": "capture", "CLOSED": "refund"}
        if word not in whats:
            return None
        what = whats[word]
        return self.event(f"{what}.created", change, {
            "order_id": self.proof_identifiers(change.identifiers)[0], f"{what}_id": derived(change.id, what)})

    def event(self, word: str, change: Change, data: Mapping[str, Any]) -> Hint:
        return Hint(word, headers={"webhook-id": f"msg_{change.id}"}, body={
            "id": f"kevt_{change.id}", "merchant_id": MERCHANT, "timestamp": change.at, "type": word, "data": data})

    def new_secret(self) -> str | None:
        return webhook_secret()

    def callback_section(self, secret: str) -> dict[str, Any]:
        return {"callback_secret": secret}

    def signed(self, request: Outgoing, secret: str, identifiers: Sequence[str], at: int) -> dict[str, str]:
        """Standard Webhooks."""
        return webhook_headers(secret, request.headers["webhook-id"], at, request.body)

    def proof_identifiers(self, identifiers: Sequence[str]) -> tuple[str, ...]:
        return (derived(identifiers[-1], "order"),)

    def proof_usual(self, stage: str, document: Mapping[str, Any]) -> str | None:
        return "AUTHORIZED" if stage == "FINALIZED" else None

    def proof_document(self, proven: Proven) -> dict[str, Any]:
        """The order in order management. A partial capture is half of it."""
        amount, word = proven.order.amount, proven.word
        captured = {"CAPTURED": amount, "CLOSED": amount, "PART_CAPTURED": amount // 2}.get(word, 0)
        return without_null({
            "order_id": self.proof_identifiers(proven.identifiers)[0], "status": word, "fraud_status": "ACCEPTED",
            "order_amount": amount, "original_order_amount": amount, "captured_amount": captured,
            "refunded_amount": amount if word == "CLOSED" else 0,
            "remaining_authorized_amount": amount - captured if word in ("AUTHORIZED", "PART_CAPTURED") else 0,
            "purchase_currency": proven.order.currency, "merchant_reference1": proven.order.reference,
            "created_at": proven.created_at, "captures": [], "refunds": []})

    def asked(self, body: Body) -> Order:
        items = tuple(Item(
            one.required("name"), one.integer("quantity", 1), one.integer("unit_price"),
            one.integer("total_amount"), one.integer("tax_rate", least=0), one.text("reference"),
            one.text("type") or "physical") for one in body.each("order_items"))
        return Order(body.integer("order_amount"), body.required("purchase_currency"),
                     body.text("merchant_reference1"), items)

    def allows(self, authorization: str, identifiers: list[str], tokens: Tokens) -> bool:
        """The raw key, or the usual base64 of user and key."""
        return authorization == f"Basic {self.key}" or basic(authorization) == f"{USERNAME}:{self.key}"

    def error(self, message: Any) -> Any:
        return {"title": "Error", "detail": message, "errors": []}

    def sessions(self) -> list[Sample]:
        one = self.sample
        return [
            *(one(state.lower(), f"status {state}", status, paid, ok(document(state.lower(), state)))
              for state, status, paid in self.states),
            one("moving", "CREATED, then ACTIVE, then FINALIZED", "open", "no",
                *(ok(document("moving", state)) for state in ("CREATED", "ACTIVE", "FINALIZED"))),
            one("unheard-of", "a status in no documentation", "unknown", "unknown",
                ok(document("unheard-of", "REFUNDED"))),
            one("other-case", "finalized in lower case", "unknown", "unknown",
                ok(document("other-case", "finalized"))),
            one("without-status", "no status", "unknown", "unknown",
                ok(document("without-status", "", status=None))),
            one("mistyped-status", "a status that is no text", "unknown", "unknown",
                ok(document("mistyped-status", "", status=["FINALIZED"]))),
            one("unreadable-amount", "an amount with a comma", "completed", "unknown",
                ok(document("unreadable-amount", "FINALIZED", order_amount="20,00"))),
            one("unnamed", "names no session", "completed", "unknown",
                ok(document("unnamed", "FINALIZED", session_id=None))),
            Sample(self.reference("another"), "answers about another session", "mismatched", None, "unknown",
                   (ok(document("finalized", "FINALIZED")),)),
            Sample(self.reference("error-sister"), "the sister APIs' error shape", "not_found", None, "unknown",
                   (Reply(404, {"error_code": "NO_SUCH_SESSION", "error_messages": ["not", "there"],
                                "correlation_id": "c0ffee"}),)),
            Sample(self.reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
                   (slow(document("slow", "FINALIZED")),)),
        ]


PROVIDER = Kustom()
