# SPDX-License-Identifier: MIT
"""Ledyer, "Get order session"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from ..answers import Reply, Sample, ok, slow
from ..chance import Chance
from ..order import Customer, Item, Order
from ..provider import Change, Hint, Proven, Tokens, WithTokens, without_null
from ..reading import Body

MERCHANT = "ac_1xRXHKwBNxnbzMeJfy2olPJEKP7"
STORE = "421423100"


def document(session_id: str, state: str, /, payment: str = "invoice", **changes: Any) -> dict[str, Any]:
    whole = {
        "createdAt": "2022-02-13T21:15:52.597247Z",
        "customer": {
            "billingAddress": {"attentionName": "Åke anställd", "careOf": "", "city": "Solna",
                               "companyName": "Rocket 4", "country": "SE", "postalCode": "999 33",
                               "streetAddress": "Gatan 99"},
            "companyId": "559311-3714",
            "email": "jan@example.com",
            "firstName": "Jan",
            "invoceChannel": {"details": "", "type": "email"},  # so spelt in the documentation
            "lastName": "Persson",
            "paymentMethod": {"provider": "ledyer", "type": payment},
            "phone": "+46761010101",
            "ssn": "",
        },
        "expiresAt": "2023-02-20T21:15:52.597247Z",
        "id": session_id,
        "merchantId": MERCHANT,
        "order": {
            "country": "Sweden", "currency": "SEK", "locale": "sv-SE",
            "orderLines": [
                {"description": "Coffee Machine X200", "quantity": 10, "reference": "111-222-333",
                 "totalAmount": 510000, "totalVatAmount": 102000, "type": "physical",
                 "unitPrice": 51000, "vat": 2500},
                {"description": "Discount", "quantity": 1, "reference": "D", "totalAmount": -10000,
                 "totalVatAmount": -2000, "type": "discount", "unitPrice": -10000, "vat": 2500},
            ],
            "reference": "A1B2C3D", "settlementReference": "ABC123XYZ456", "source": "pos",
            "totalOrderAmount": 500000, "totalOrderVatAmount": 100000,
        },
        "orderId": "or_" + session_id,
        "signState": "unsigned",
        "state": state,
        "storeId": STORE,
        "updatedAt": "2023-02-13T21:15:52.597247Z",
    }
    whole.update(changes)
    return without_null(whole)


class Ledyer(WithTokens):
    name = "ledyer"
    path = "v1/sessions/*"
    token_path = "oauth/token"
    client_id = "sandbox-ledyer"
    client_secret = "sandbox-ledyer-secret"
    states = [
        ("open", "open", "no"),
        ("locked", "pending", "no"),
        ("pendingSca", "action_required", "no"),
        ("awaitingSignatory", "action_required", "no"),
        ("authorized", "completed", "yes"),
        ("cancelled", "cancelled", "no"),
        ("expired", "expired", "no"),
    ]
    places = {"id": "id", "order_id": "orderId", "status": "state", "amount": "order.totalOrderAmount",
              "currency": "order.currency", "reference": "order.reference", "created_at": "createdAt",
              "locale": "order.locale", "method": ("customer.paymentMethod", "paymentMethod"),
              "items": "order.orderLines"}

    # The path and the fields are those of the provider's own plugin, which ends the path with a slash.
    creation_path = "v1/sessions"
    waits_for = "a signatory"
    # The path is that of the provider's own plugins; its pages name two others.
    proof_path = "v1/orders/*/paymentstatus"
    proof_states = [("paymentConfirmed", "secured"), ("orderCaptured", "captured"), ("orderPending", "pending"),
                    ("paymentPending", "pending"), ("orderInitiated", "pending"), ("orderRefunded", "refunded"),
                    ("orderCancelled", "ended"), ("unknown", "unknown")]
    proof_link = "orderId"
    is_read_by_order = True  # as its published plugins do, and its callbacks of orders ask for
    proof_places = {"status": "status"}

    def identifiers(self, chance: Chance) -> tuple[str, ...]:
        return ("se_" + chance.text(27),)

    def opened(self, identifiers: Sequence[str], order: Order, at: str, until: str) -> dict[str, Any]:
        customer = order.customer
        lines = [{"description": item.name, "quantity": item.quantity, "reference": item.reference or "",
                  "totalAmount": item.total, "totalVatAmount": item.tax, "type": item.type,
                  "unitPrice": item.unit_price, "vat": item.tax_rate} for item in order.lines]
        urls = {"confirmation": order.return_url, "notification": order.callback_url}
        return document(
            identifiers[-1], "open", createdAt=at, updatedAt=at, expiresAt=until,
            orderId="or_" + identifiers[-1].removeprefix("se_"),
            customer={"companyName": customer.company or "", "email": customer.email or "",
                      "firstName": customer.first_name or "", "lastName": customer.last_name or "",
                      "phone": customer.phone or "", "paymentMethod": {"provider": "ledyer", "type": "invoice"}},
            order={"country": "SE", "currency": order.currency, "locale": "sv-SE", "orderLines": lines,
                   "reference": order.reference or "",
                   "settings": {"urls": without_null(urls)},
                   "totalOrderAmount": order.amount, "totalOrderVatAmount": order.tax})

    def moved(self, document: Mapping[str, Any], stage: str, at: str) -> dict[str, Any]:
        return {**super().moved(document, stage, at), "updatedAt": at}

    def hint(self, change: Change) -> Hint | None:
        """Deliberately bare: the pages tell the shop to read."""
        common = {"merchantId": MERCHANT, "storeId": STORE}
        if change.stage in ("pendingSca", "awaitingSignatory"):
            event = "com.ledyer.checkout.session.awaiting_signatory"
            return Hint(event, body={"eventType": event, "sessionId": change.document["id"], **common})
        events = {"authorized": "com.ledyer.order.create", "cancelled": "com.ledyer.order.cancel"}
        if change.stage not in events:
            return None
        event = events[change.stage]
        return Hint(event, body={"eventType": event, "orderId": change.document["orderId"],
                                 "reference": change.order.reference or "", **common})

    def proof_hint(self, change: Change, word: str) -> Hint | None:
        events = {"paymentConfirmed": "ready_for_capture", "orderCaptured": "full_capture",
                  "orderRefunded": "full_refund", "orderCancelled": "cancel"}
        if word not in events:
            return None
        event = f"com.ledyer.order.{events[word]}"
        return Hint(event, body={"eventType": event, "orderId": self.proof_identifiers(change.identifiers)[0],
                                 "reference": change.order.reference or "", "merchantId": MERCHANT, "storeId": STORE})

    def proof_identifiers(self, identifiers: Sequence[str]) -> tuple[str, ...]:
        """The order's, which a session may also be named by."""
        return ("or_" + identifiers[-1].removeprefix("se_").removeprefix("or_"),)

    def proof_usual(self, stage: str, document: Mapping[str, Any]) -> str | None:
        return {"authorized": "paymentConfirmed", "cancelled": "orderCancelled", "expired": "unknown",
                "pendingSca": "orderPending", "awaitingSignatory": "orderPending"}.get(stage, "orderInitiated")

    def proof_document(self, proven: Proven) -> dict[str, Any]:
        """The payment status: it names no order and no amount."""
        return {"note": "Awaiting signature" if proven.word == "orderPending" else "", "status": proven.word,
                "paymentMethod": {"provider": "ledyer", "type": "invoice"}}

    def asked(self, body: Body) -> Order:
        items = tuple(Item(
            one.required("description"), one.integer("quantity", 1), one.integer("unitPrice"),
            one.integer("totalAmount"), one.integer("vat", least=0), one.text("reference"),
            one.text("type") or "physical") for one in body.each("orderLines"))
        customer = Customer(
            body.text("customer.firstName"), body.text("customer.lastName"), body.text("customer.email"),
            body.text("customer.phone"), body.text("customer.companyName"))
        return Order(body.integer("totalOrderAmount"), body.required("currency"), body.text("reference"), items,
                     customer, body.text("settings.urls.confirmation"), body.text("settings.urls.notification"))

    def section(self, base: str, secret: str | None = None) -> dict[str, Any]:
        return {**super().section(base, secret), "auth_url": base + self.token_target}

    def token(self, identifiers: list[str], authorization: str, body: bytes, tokens: Tokens) -> Reply:
        if not self.is_client(authorization):
            return Reply(401, {"error": "invalid_client", "error_description": "unknown client"})
        if parse_qs(body.decode("ascii", "replace")) != {"grant_type": ["client_credentials"]}:
            return Reply(400, {"error": "unsupported_grant_type"})
        return tokens.give(self.audience(identifiers), {"token_type": "Bearer", "scope": "sessions"})

    def error(self, message: Any) -> Any:
        return {"errors": [{"message": message}]}

    def sessions(self) -> list[Sample]:
        one = self.sample
        return [
            *(one(state, f"state {state}", status, paid, ok(document(state, state)))
              for state, status, paid in self.states),
            one("or_authorized", "named by its order, as the plugins do", "completed", "yes",
                ok(document("authorized", "authorized"))),
            one("advance", "authorized, but an advance invoice", "completed", "unknown",
                ok(document("advance", "authorized", payment="advanceInvoice"))),
            one("moving", "open, then locked, then authorized", "open", "no",
                *(ok(document("moving", state)) for state in ("open", "locked", "authorized"))),
            one("unheard-of", "a state in no documentation", "unknown", "unknown",
                ok(document("unheard-of", "refunded"))),
            one("without-status", "no state", "unknown", "unknown",
                ok(document("without-status", "", state=None))),
            one("unreadable-amount", "no order", "completed", "unknown",
                ok(document("unreadable-amount", "authorized", order=None))),
            one("unnamed", "names no session", "completed", "unknown",
                ok(document("unnamed", "authorized", id=None, orderId=None))),
            Sample(self.reference("another"), "answers about another session", "mismatched", None, "unknown",
                   (ok(document("authorized", "authorized")),)),
            Sample(self.reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
                   (slow(document("slow", "authorized")),)),
        ]


PROVIDER = Ledyer()
