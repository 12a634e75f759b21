# SPDX-License-Identifier: MIT
"""Ledyer, "Get order session"."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from ..answers import Reply, Sample, ok, slow
from ..provider import Tokens, WithTokens


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
        "merchantId": "ac_1xRXHKwBNxnbzMeJfy2olPJEKP7",
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
        "storeId": "421423100",
        "updatedAt": "2023-02-13T21:15:52.597247Z",
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not None}


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
