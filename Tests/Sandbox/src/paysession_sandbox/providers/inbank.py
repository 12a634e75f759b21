# SPDX-License-Identifier: MIT
"""Inbank partner API v3, "Session Details"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..answers import Reply, Sample, ok, slow
from ..chance import derived
from ..order import Customer, Order, minor
from ..provider import Change, Hint, Proven, WithKey, without_null
from ..reading import Body

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
    return without_null(whole)


def is_number(found: Any) -> bool:
    return isinstance(found, (int, Decimal)) and not isinstance(found, bool)


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
    # The path is the sibling of the seed's; the fields are those of published plugins, in v3's spelling.
    creation_path = "partner/v3/shops/*/pos-sessions"
    waits_for = "the shop's approval"
    # "terminated" is ours: the documentation has fields for that end and no word.
    proof_path = "partner/v3/shops/*/contracts/*"
    proof_states = [("activated", "captured"), ("signed", "pending"), ("unsigned", "pending"), ("terminated", "ended")]
    proof_link = "creditContractUuid"
    proof_places = {"id": "uuid", "status": "status"}
    proof_actions = {("POST", "merchant-approval"): ("completed", "can_not_approve"),
                     ("POST", "cancel"): ("cancelled", "can_not_cancel")}

    def opened(self, identifiers: Sequence[str], order: Order, at: str, until: str) -> dict[str, Any]:
        """What belongs to the application is absent until the customer has sent one."""
        customer = order.customer
        details = {"email": customer.email, "firstName": customer.first_name, "lastName": customer.last_name}
        return document(
            identifiers[-1], "pending", totalAmount=self.amount(order), currency=order.currency,
            purchase={"purchaseReference": order.reference} if order.reference is not None else None,
            partnerUrls=without_null({"returnUrl": order.return_url, "callbackUrl": order.callback_url}) or None,
            customerDetails=without_null(details) or None, createdAt=at, validUntil=until,
            creditApplicationUuid=None, creditContractUuid=None, customerUuid=None)

    def moved(self, document: Mapping[str, Any], stage: str, at: str) -> dict[str, Any]:
        changed = super().moved(document, stage, at)
        if stage in ("granted", "completed"):
            changed["creditApplicationUuid"] = derived(document["uuid"], "application")
            changed["creditContractUuid"] = derived(document["uuid"], "contract")
        return changed

    def hint(self, change: Change) -> Hint | None:
        """The documented events are these four; what the message holds is not known, so it is empty, as
        the shop's own address is all that says which order is meant."""
        events = {"granted": "contract granted", "completed": "contract activated",
                  "cancelled": "application cancelled", "declined": "application denied"}
        return Hint(events[change.stage]) if change.stage in events else None

    def proof_identifiers(self, identifiers: Sequence[str]) -> tuple[str, ...]:
        return identifiers[0], derived(identifiers[-1], "contract")

    def proof_usual(self, stage: str, document: Mapping[str, Any]) -> str | None:
        if "creditContractUuid" not in document:
            return None
        return {"completed": "activated", "granted": "signed", "pending": "unsigned"}.get(stage, "terminated")

    def proof_document(self, proven: Proven) -> dict[str, Any]:
        """The contract: it tells no amount. Some pages of the documentation have it below `contract`."""
        shop, contract = self.proof_identifiers(proven.identifiers)
        ended, active = proven.word == "terminated", proven.word == "activated"
        status = "signed" if ended else proven.word
        return without_null({
            "uuid": contract, "status": status, "number": "SANDBOX-1", "productCode": "product_code_here",
            "processStatus": "activated" if active else "waiting_for_partners_confirmation",
            "customerSigned": status != "unsigned", "repSigned": active,
            "signedAt": None if status == "unsigned" else proven.at, "activatedAt": proven.at if active else None,
            "terminatedAt": proven.at if ended else None, "terminationReason": "cancelled" if ended else None,
            "withdrawable": active, "identificationSatisfied": True,
            "customerUuid": proven.document.get("customerUuid")})

    def asked(self, body: Body) -> Order:
        currency = body.required("currency")
        amount = minor(body.value("totalAmount") if is_number(body.value("totalAmount")) else "NaN", currency)
        if amount is None:
            raise body.unlike("totalAmount", f"a number in {currency}", body.value("totalAmount"))
        return Order(
            amount, currency, body.text("purchase.purchaseReference"),
            customer=Customer(body.text("customerDetails.firstName"), body.text("customerDetails.lastName"),
                              body.text("customerDetails.email")),
            return_url=body.text("partnerUrls.returnUrl"), callback_url=body.text("partnerUrls.callbackUrl"))

    def created(self, document: Mapping[str, Any], pay_url: str) -> Reply:
        return Reply(200, {**document, "redirectUrl": pay_url})

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
