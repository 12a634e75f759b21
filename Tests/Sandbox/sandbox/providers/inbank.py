# SPDX-License-Identifier: MIT
"""Inbank partner API v3, "Session Details"."""

from __future__ import annotations

from typing import Any

from ..answers import Reply, Sample, ok, slow
from ..provider import WithKey

SHOP = "a93f1f44-d5dd-4469-bfcc-c1de9e969213"


def document(uuid: str, status: str, /, **changes: Any) -> dict[str, Any]:
    whole = {
        "uuid": uuid,
        "productCode": "product_code_here",
        "totalAmount": 300,  # major units: 300.00 EUR
        "currency": "EUR",
        "status": status,
        "salespersonReference": "Earl James",
        "locale": "et-ET",
        "userIp": "203.0.113.7",
        "customerData": {},
        "purchase": {"purchaseReference": "ORDER-12345"},  # documented as a string
        "createdAt": "2024-01-15T12:30:00+02:00",
        "validUntil": "2024-01-16T12:30:00+02:00",
        "showExpirationCounter": "true",
        "creditApplicationUuid": "471e6282-3384-412b-af7b-646eb8f04391",
        "creditContractUuid": "788ec8c4-c497-470b-8505-2303f151d427",
        "customerDetails": {"email": "test@test.com", "firstName": "Test", "lastName": "Test"},
        "customerUuid": "fac6e447-aa40-48ec-a65d-a4acb24eceb6",
        "shopPublicName": "Test Shop",
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not None}


class Inbank(WithKey):
    name = "inbank"
    path = "partner/v3/shops/*/pos-sessions/*"
    within = (SHOP,)
    key = "sandbox-inbank-key"
    states = [
        ("pending", "pending", "no"),
        ("granted", "action_required", "no"),
        ("completed", "completed", "yes"),
        ("cancelled", "cancelled", "no"),
        ("declined", "declined", "no"),
        ("expired", "expired", "no"),
    ]
    places = {"id": "uuid", "status": "status", "amount": "totalAmount", "currency": "currency",
              "reference": "purchase.purchaseReference", "created_at": "createdAt", "locale": "locale"}
    is_major = True
    usual = {"amount": 300, "currency": "EUR"}

    def error(self, message: Any) -> Any:
        return {"message": message}

    def sessions(self) -> list[Sample]:
        one = self.sample
        return [
            *(one(state, f"status {state}", status, paid, ok(document(state, state)))
              for state, status, paid in self.states),
            one("moving", "pending, then granted, then completed", "pending", "no",
                *(ok(document("moving", state)) for state in ("pending", "granted", "completed"))),
            one("unheard-of", "a status in no documentation", "unknown", "unknown",
                ok(document("unheard-of", "rejected"))),
            one("without-status", "no status", "unknown", "unknown",
                ok(document("without-status", "", status=None))),
            one("mistyped-status", "a status that is no text", "unknown", "unknown",
                ok(document("mistyped-status", "", status=3))),
            one("unreadable-amount", "299.999 EUR", "completed", "unknown",
                ok(document("unreadable-amount", "completed", totalAmount=299.999))),
            one("bare", "only uuid and status", "completed", "unknown",
                ok({"uuid": "bare", "status": "completed"})),
            one("unnamed", "names no session", "completed", "unknown",
                ok(document("unnamed", "completed", uuid=None))),
            Sample(self.reference("another"), "answers about another session", "mismatched", None, "unknown",
                   (ok(document("completed", "completed")),)),
            Sample(self.reference("error-codes"), "a list of codes", "provider_error", None, "unknown",
                   (Reply(500, self.error(["internal_server_error", "try_later"])),)),
            Sample(self.reference("error-gateway"), "the API gateway's spelling", "forbidden", None, "unknown",
                   (Reply(403, {"Message": "User is not authorized with an explicit deny"}),)),
            Sample(self.reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
                   (slow(document("slow", "completed")),)),
        ]


PROVIDER = Inbank()
