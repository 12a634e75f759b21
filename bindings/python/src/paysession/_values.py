# SPDX-License-Identifier: MIT
"""What an answer says, as plain values.

Built from the answer's JSON: a key that paysession.schema.json promises must be there, one that a
newer library adds is ignored (`to_dict()` has it). All values are immutable and may be shared
between threads. Customer data and what the provider wrote are left out of every repr(), which ends
up in logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NoReturn, Optional

from ._value import Value, made
from ._words import AnyResult, Paid, Status, paid_of, result_of, status_of


def moment(text: str | None) -> datetime | None:
    """An aware datetime of the library's RFC 3339 text in UTC, to the microsecond."""
    if text is None:
        return None
    seconds, _, fraction = text.rstrip("Z").partition(".")
    # datetime has no leap second: 23:59:60 is the second after 23:59:59.
    leap = seconds.endswith(":60")
    whole = datetime.fromisoformat(seconds[:-2] + "59" if leap else seconds)
    return whole.replace(tzinfo=timezone.utc) + timedelta(
        seconds=leap, microseconds=int(fraction[:6].ljust(6, "0")))


class Evidence(Value):
    """What the status rests on: basis is "reported", "derived" or "absent"."""

    field: Optional[str]
    value: Optional[str]
    basis: str


class Expectations(Value):
    """"match", "mismatch" or "not_provided"; None for what was not expected."""

    amount: Optional[str]
    currency: Optional[str]
    reference: Optional[str]


class Amount(Value):
    """Money: minor units, and the same in major units where the currency is known."""

    minor: int
    currency: Optional[str]
    decimal: Optional[Decimal]


class Customer(Value, hidden=("first_name", "last_name", "email", "phone", "company")):
    """Who buys: personal data, so repr() shows none of it."""

    first_name: Optional[str]
    last_name: Optional[str]
    email: Optional[str]
    phone: Optional[str]
    company: Optional[str]


class PaymentMethod(Value):
    """How it is paid, in the provider's words."""

    type: Optional[str]
    provider: Optional[str]
    invoice_channel: Optional[str]


class Item(Value):
    """One line of the order; money in minor units."""

    reference: Optional[str]
    name: Optional[str]
    type: Optional[str]
    quantity: Optional[int]
    unit_minor: Optional[int]
    total_minor: Optional[int]
    tax_minor: Optional[int]
    tax_basis_points: Optional[int]
    discount_minor: Optional[int]


class Session(Value):
    """A payment session.

    Points in time are text in UTC with up to nine digits of a second (`created_at`), and aware
    datetimes to the microsecond (`created`).
    """

    id: Optional[str]
    status: Status
    paid: Paid
    final: bool
    evidence: Evidence
    holds: tuple[str, ...]
    expectations: Optional[Expectations]
    amount: Optional[Amount]
    tax_minor: Optional[int]
    merchant_reference: Optional[str]
    identifiers: Mapping[str, Optional[str]]
    created_at: Optional[str]
    updated_at: Optional[str]
    started_at: Optional[str]
    completed_at: Optional[str]
    expires_at: Optional[str]
    locale: Optional[str]
    country: Optional[str]
    customer: Customer
    payment_method: PaymentMethod
    items: Optional[tuple[Item, ...]]

    @property
    def created(self) -> datetime | None:
        """`created_at` as a datetime."""
        return moment(self.created_at)

    @property
    def updated(self) -> datetime | None:
        """`updated_at` as a datetime."""
        return moment(self.updated_at)

    @property
    def started(self) -> datetime | None:
        """`started_at` as a datetime."""
        return moment(self.started_at)

    @property
    def completed(self) -> datetime | None:
        """`completed_at` as a datetime."""
        return moment(self.completed_at)

    @property
    def expires(self) -> datetime | None:
        """`expires_at` as a datetime."""
        return moment(self.expires_at)

    def __bool__(self) -> NoReturn:
        raise TypeError("a session is neither true nor false: decide on answer.is_paid")


class Checks(Value):
    """What a proof was held against: "match", "mismatch" or "not_provided"; None for what was not compared."""

    #: That it carries the identifier that was asked for.
    identity: Optional[str]
    #: The session's.
    amount: Optional[str]
    currency: Optional[str]
    #: The reference's order, or the one expected (Dintero).
    reference: Optional[str]


class Proof(Value, hidden=("raw",)):
    """The resource that proves the payment behind a session; `session.holds` says what it has against it."""

    #: "contract", "order", "payment_status" or "transaction"
    resource: str
    id: Optional[str]
    #: "unknown", "pending", "secured", "captured", "refunded" or "ended"
    state: str
    evidence: Evidence
    checks: Checks
    amount: Optional[Amount]
    captured_minor: Optional[int]
    refunded_minor: Optional[int]
    updated_at: Optional[str]
    #: The provider's document, as `Answer.raw`; None where there is none. May hold personal data.
    raw: Optional[dict[str, Any]]

    @property
    def updated(self) -> datetime | None:
        """`updated_at` as a datetime."""
        return moment(self.updated_at)


class Approval(Value):
    """What Client.approve() or Client.refuse() did."""

    #: "approved" or "refused"
    wanted: str
    #: The one request was sent, or may have been.
    sent: bool
    #: What the provider answered to it.
    http_status: Optional[int]


class Error(Value, hidden=("provider_message",)):
    """Why there is no session. `message` and `advice` are free of personal data."""

    message: str
    http_status: Optional[int]
    provider_code: Optional[str]
    provider_message: Optional[str]
    retryable: bool
    #: What the provider asked for (Retry-After).
    retry_after_ms: Optional[int]
    advice: str


class Callback(Value):
    """What came to the shop: a reason to read a session, and no word about payment.

    `reference` names the session to read, where the callback names one. `identifiers` (session, order, transaction,
    merchant_reference, merchant, checkout_session) are for the shop's look-up in its own records. Keep `id` for 15
    minutes against repeats, once the work is done.
    """

    #: Result.OK, or Result.UNSIGNED, which is a hint that anybody can give.
    result: AnyResult
    provider: str
    reference: Optional[str]
    #: "genuine", "refused" or "unsigned"
    authenticity: str
    #: Why it is refused.
    reason: Optional[str]
    scheme: Optional[str]
    #: What of the request the signature vouches for: "body" or "query".
    covers: tuple[str, ...]
    #: Which of the configured secrets matched, from 1.
    secret: Optional[int]
    id: Optional[str]
    sent_at: Optional[str]
    age_ms: Optional[int]
    #: The provider's own word.
    event: Optional[str]
    identifiers: Mapping[str, Optional[str]]

    @property
    def is_genuine(self) -> bool:
        """True only where a signature matched and is fresh."""
        return self.authenticity == "genuine"

    @property
    def sent(self) -> datetime | None:
        """`sent_at` as a datetime."""
        return moment(self.sent_at)

    def __bool__(self) -> NoReturn:
        raise TypeError("a callback is neither true nor false: see is_genuine, and read the session")


class Try(Value):
    """One request of a call: of the session, of its proof, or of a token for them."""

    step: str
    result: AnyResult
    http_status: Optional[int]
    elapsed_ms: float
    #: Before the next one; None after the last.
    pause_ms: Optional[float]


class Exchange(Value):
    """What went over the wire."""

    http_status: Optional[int]
    http_version: Optional[str]
    attempts: int
    #: UTC, when the last request was sent.
    asked_at: str
    elapsed_ms: float
    #: None where no connection was made.
    reused_connection: Optional[bool]
    token_refreshed: bool
    tries: tuple[Try, ...]

    @property
    def asked(self) -> datetime | None:
        """`asked_at` as a datetime."""
        return moment(self.asked_at)


def session_of(told: dict[str, Any]) -> Session:
    """The Session that an answer's `session` spells. Raises KeyError if a promised key is missing."""
    amount, expectations, items = told["amount"], told["expectations"], told["items"]
    return made(Session, {
        **told, "status": status_of(told["status"]), "paid": paid_of(told["paid"]),
        "evidence": made(Evidence, told["evidence"]), "holds": tuple(told["holds"]),
        "expectations": None if expectations is None else made(Expectations, expectations),
        "amount": None if amount is None else _amount(amount), "customer": made(Customer, told["customer"]),
        "payment_method": made(PaymentMethod, told["payment_method"]),
        "items": None if items is None else tuple([made(Item, item) for item in items])})


def proof_of(told: dict[str, Any], raw: dict[str, Any] | None) -> Proof:
    """The Proof that an answer's `proof` spells, but for its document."""
    amount = told["amount"]
    return made(Proof, {
        **told, "evidence": made(Evidence, told["evidence"]), "checks": made(Checks, told["checks"]),
        "amount": None if amount is None else _amount(amount), "raw": raw})


def _amount(told: dict[str, Any]) -> Amount:
    decimal = told["decimal"]
    return made(Amount, {**told, "decimal": None if decimal is None else Decimal(decimal)})


def exchange_of(told: dict[str, Any] | None) -> Exchange | None:
    """The Exchange that an answer's `exchange` spells; None stays None."""
    if told is None:
        return None
    return made(Exchange, {**told, "tries": tuple([
        made(Try, {**one, "result": result_of(one["result"])}) for one in told["tries"]])})


def callback_of(text: bytes) -> Callback:
    """The Callback that an answer's JSON spells."""
    told = json.loads(text)
    spelt = told["callback"]
    return made(Callback, {
        **spelt, "provider": told["provider"], "reference": told["reference"], "result": result_of(told["result"]),
        "covers": tuple(spelt["covers"])})


def error_of(told: dict[str, Any]) -> Error:
    """The Error that an answer's `error` spells."""
    return made(Error, told)
