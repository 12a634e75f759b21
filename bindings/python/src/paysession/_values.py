# SPDX-License-Identifier: MIT
"""What an answer says, as plain values.

Built from the answer's JSON: a key that paysession.schema.json promises must be there, one that a
newer library adds is ignored (`to_dict()` has it). All values are immutable and may be shared
between threads. Customer data and what the provider wrote are left out of every repr(), which ends
up in logs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from operator import itemgetter
from typing import Any, NoReturn, Optional, TypeVar

from ._words import AnyResult, Paid, Status, result_of

_Value = TypeVar("_Value")
_Fields = tuple["tuple[str, ...]", Callable[[Mapping[str, Any]], "tuple[Any, ...]"]]
_FIELDS: dict[type[Any], _Fields] = {}


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


@dataclass(frozen=True)
class Evidence:
    """What the status rests on: basis is "reported", "derived" or "absent"."""

    field: Optional[str]
    value: Optional[str]
    basis: str


@dataclass(frozen=True)
class Expectations:
    """"match", "mismatch" or "not_provided"; None for what was not expected."""

    amount: Optional[str]
    currency: Optional[str]
    reference: Optional[str]


@dataclass(frozen=True)
class Amount:
    """Money: minor units, and the same in major units where the currency is known."""

    minor: int
    currency: Optional[str]
    decimal: Optional[Decimal]


@dataclass(frozen=True)
class Customer:
    """Who buys: personal data, so repr() shows none of it."""

    first_name: Optional[str] = field(repr=False)
    last_name: Optional[str] = field(repr=False)
    email: Optional[str] = field(repr=False)
    phone: Optional[str] = field(repr=False)
    company: Optional[str] = field(repr=False)


@dataclass(frozen=True)
class PaymentMethod:
    """How it is paid, in the provider's words."""

    type: Optional[str]
    provider: Optional[str]
    invoice_channel: Optional[str]


@dataclass(frozen=True)
class Item:
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


@dataclass(frozen=True)
class Session:
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


@dataclass(frozen=True)
class Error:
    """Why there is no session. `message` and `advice` are free of personal data."""

    message: str
    http_status: Optional[int]
    provider_code: Optional[str]
    provider_message: Optional[str] = field(repr=False)
    retryable: bool
    #: What the provider asked for (Retry-After).
    retry_after_ms: Optional[int]
    advice: str


@dataclass(frozen=True)
class Callback:
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


@dataclass(frozen=True)
class Try:
    """One request of a call: of the session, or of a token for it."""

    step: str
    result: AnyResult
    http_status: Optional[int]
    elapsed_ms: float
    #: Before the next one; None after the last.
    pause_ms: Optional[float]


@dataclass(frozen=True)
class Exchange:
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


def session_of(told: Mapping[str, Any]) -> Session:
    """The Session that an answer's `session` spells. Raises KeyError if a promised key is missing."""
    return _made(
        Session, told, status=Status.of(told["status"]), paid=Paid.of(told["paid"]),
        evidence=_made(Evidence, told["evidence"]), holds=tuple(told["holds"]),
        expectations=_expectations(told["expectations"]), amount=_amount(told["amount"]),
        customer=_made(Customer, told["customer"]),
        payment_method=_made(PaymentMethod, told["payment_method"]),
        items=None if told["items"] is None else tuple(_made(Item, item) for item in told["items"]))


def exchange_of(told: Mapping[str, Any] | None) -> Exchange | None:
    """The Exchange that an answer's `exchange` spells; None stays None."""
    if told is None:
        return None
    return _made(Exchange, told, tries=tuple(
        _made(Try, one, result=result_of(one["result"])) for one in told["tries"]))


def callback_of(text: bytes) -> Callback:
    """The Callback that an answer's JSON spells."""
    told = json.loads(text)
    spelt = {**told["callback"], **{key: told[key] for key in ("provider", "reference")}}
    return _made(Callback, {**spelt, "result": result_of(told["result"])}, covers=tuple(spelt["covers"]))


def error_of(told: Mapping[str, Any]) -> Error:
    """The Error that an answer's `error` spells."""
    return _made(Error, told)


def _expectations(told: Mapping[str, Any] | None) -> Expectations | None:
    return None if told is None else _made(Expectations, told)


def _amount(told: Mapping[str, Any] | None) -> Amount | None:
    if told is None:
        return None
    decimal = told["decimal"]
    return _made(Amount, told, decimal=None if decimal is None else Decimal(decimal))


def _made(kind: type[_Value], told: Mapping[str, Any], **better: Any) -> _Value:
    """A `kind` of the keys that it names, others come from a newer library; `better` are values for
    what was told as text.

    Without __init__, which in a frozen class takes as long as decoding the JSON.
    """
    names, values = _fields(kind)
    made = object.__new__(kind)
    own = made.__dict__
    own.update(zip(names, values(told)))
    if better:
        own.update(better)
    return made


def _fields(kind: type[Any]) -> _Fields:
    """A class's own names, and what takes their values out of a mapping; made once for each class."""
    if kind not in _FIELDS:
        names = tuple(kind.__annotations__)
        _FIELDS[kind] = names, itemgetter(*names)
    return _FIELDS[kind]
