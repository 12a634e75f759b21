# SPDX-License-Identifier: MIT
"""What an answer says, as plain values.

Built from the answer's JSON: a key that paysession.schema.json promises must be there, one that a
newer library adds is ignored (`Answer.json` has it). All values are immutable and may be shared
between threads. Customer data, `raw` and what the provider wrote are left out of every repr(),
which ends up in logs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Optional, TypedDict, TypeVar, Union

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    _T = TypeVar("_T")

    @dataclass_transform(frozen_default=True, field_specifiers=(field,))
    def record(cls: type[_T]) -> type[_T]: ...

elif sys.version_info >= (3, 10):
    record = dataclass(frozen=True, slots=True)
else:
    record = dataclass(frozen=True)


class _Word(str, Enum):
    """A word of the answers that also knows its number in C: `.value` and `.number`."""

    number: int

    def __new__(cls, word: str, number: int) -> _Word:
        member = str.__new__(cls, word)
        member._value_ = word
        member.number = number
        return member

    # Python 3.12 changed what these two do for such an enum; the word it is in all of them.
    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class Result(_Word):
    """Whether the answer could be learnt (session_result)."""

    OK = "ok", 0
    INVALID_ARGUMENT = "invalid_argument", 1
    INVALID_CONFIG = "invalid_config", 2
    NOT_CONFIGURED = "not_configured", 3
    ABORTED = "aborted", 4
    OUT_OF_MEMORY = "out_of_memory", 5
    UNREACHABLE = "unreachable", 10
    TLS_FAILED = "tls_failed", 11
    TIMED_OUT = "timed_out", 12
    UNAUTHORIZED = "unauthorized", 20
    FORBIDDEN = "forbidden", 21
    NOT_FOUND = "not_found", 22
    RATE_LIMITED = "rate_limited", 23
    PROVIDER_ERROR = "provider_error", 24
    UNEXPECTED_HTTP = "unexpected_http", 25
    MALFORMED = "malformed", 30
    TOO_LARGE = "too_large", 31
    MISMATCHED = "mismatched", 32
    DONE = "done", 40
    AGAIN = "again", 41


class Status(_Word):
    """The state of a session in one vocabulary (session_status). UNKNOWN is never good news."""

    UNKNOWN = "unknown", 0
    OPEN = "open", 1
    PENDING = "pending", 2
    ACTION_REQUIRED = "action_required", 3
    COMPLETED = "completed", 4
    DECLINED = "declined", 5
    FAILED = "failed", 6
    CANCELLED = "cancelled", 7
    EXPIRED = "expired", 8

    @classmethod
    def of(cls, value: str | int) -> Status:
        """The status of that word or number; UNKNOWN for one that this package does not know."""
        return next((one for one in cls if value in (one.value, one.number)), cls.UNKNOWN)


class Paid(_Word):
    """What a shop decides on (session_paid). Only YES is true where a bool is asked for."""

    UNKNOWN = "unknown", 0
    YES = "yes", 1
    NO = "no", 2

    def __bool__(self) -> bool:
        return self is Paid.YES

    @classmethod
    def of(cls, value: str | int) -> Paid:
        """The verdict of that word or number; UNKNOWN for one that this package does not know."""
        return next((one for one in cls if value in (one.value, one.number)), cls.UNKNOWN)


class Decision(_Word):
    """What the shop does next (session_decision). Everything that is not understood is HOLD."""

    HOLD = "hold", 0
    SHIP = "ship", 1
    WAIT = "wait", 2
    RELEASE = "release", 3

    @classmethod
    def of(cls, value: str | int) -> Decision:
        """The decision of that word or number; HOLD for one that this package does not know."""
        return next((one for one in cls if value in (one.value, one.number)), cls.HOLD)


# A result that a newer library knows and this package does not stays the word it is.
AnyResult = Union[Result, str]


def result_of(word: str) -> AnyResult:
    """The Result of that word, or the word itself."""
    return next((one for one in Result if one.value == word), word)


class Expect(TypedDict, total=False):
    """What the shop knows of the order. What differs or cannot be confirmed is never paid."""

    amount: int  # minor units
    currency: str
    reference: str


class ReadOptions(TypedDict, total=False):
    """What a call that reads a session can be told; each may be left out, or None."""

    expect: Optional[Expect]
    timeout_ms: Optional[int]
    traceparent: Optional[str]


class WaitOptions(ReadOptions, total=False):
    """The same for Client.wait(); interval_ms is the first pause."""

    interval_ms: Optional[int]


class BatchOptions(TypedDict, total=False):
    """What a batch can be told: how many are read at once, and how many begin in a second, of each
    provider."""

    in_flight: Optional[int]
    requests_per_second: Optional[int]


class NormalizeOptions(TypedDict, total=False):
    """What normalize() can be told: `id` is the identifier that the document must carry,
    `trust_processed_at` is Dintero's."""

    expect: Optional[Expect]
    id: Optional[str]
    trust_processed_at: Optional[bool]


@record
class Evidence:
    """What the status rests on: basis is "reported", "derived" or "absent"."""

    field: Optional[str]
    value: Optional[str]
    basis: str


@record
class Expectations:
    """"match", "mismatch" or "not_provided"; None for what was not expected."""

    amount: Optional[str]
    currency: Optional[str]
    reference: Optional[str]


@record
class Amount:
    """Money: minor units, and the same in major units where the currency is known."""

    minor: int
    currency: Optional[str]
    decimal: Optional[Decimal]


@record
class Customer:
    """Who buys: personal data, so repr() shows none of it."""

    first_name: Optional[str] = field(repr=False)
    last_name: Optional[str] = field(repr=False)
    email: Optional[str] = field(repr=False)
    phone: Optional[str] = field(repr=False)
    company: Optional[str] = field(repr=False)


@record
class PaymentMethod:
    """How it is paid, in the provider's words."""

    type: Optional[str]
    provider: Optional[str]
    invoice_channel: Optional[str]


@record
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


@record
class Session:
    """A payment session. Timestamps are text in UTC with up to nine fraction digits."""

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


@record
class Error:
    """Why there is no session. `message` and `advice` are free of personal data."""

    message: str
    http_status: Optional[int]
    provider_code: Optional[str]
    provider_message: Optional[str] = field(repr=False)
    retryable: bool
    #: What the provider asked for (Retry-After).
    retry_after_ms: Optional[int]
    advice: Optional[str]


@record
class Exchange:
    """What went over the wire."""

    http_status: Optional[int]
    http_version: Optional[str]
    attempts: int
    #: UTC, when the last request was sent.
    asked_at: str
    elapsed_ms: float
    #: None where no connection was made.
    reused_connection: bool | None
    token_refreshed: bool


@record
class Answer:
    """One answer: what was learnt, or why nothing was.

    `raw` is the provider's document, parsed: integers as int, other numbers as Decimal (a number
    too long for an int is a Decimal, one beyond Decimal's range is its text). `json` is the whole
    answer byte for byte.
    """

    result: AnyResult
    provider: Optional[str]
    reference: Optional[str]
    decision: Decision
    session: Optional[Session]
    error: Optional[Error]
    exchange: Optional[Exchange]
    raw: Optional[dict[str, Any]] = field(repr=False)
    json: bytes = field(repr=False)

    @property
    def status(self) -> Status:
        """The session's status; UNKNOWN where there is no session."""
        return self.session.status if self.session is not None else Status.UNKNOWN

    @property
    def paid(self) -> Paid:
        """The verdict; UNKNOWN where there is no session."""
        return self.session.paid if self.session is not None else Paid.UNKNOWN

    @property
    def is_paid(self) -> bool:
        """True only if the goods can be shipped: exactly paid == Paid.YES."""
        return self.paid is Paid.YES


def answer_of(text: bytes) -> Answer:
    """The Answer that this JSON spells. Raises KeyError if a promised key is not there."""
    told = json.loads(text.decode("utf-8"), parse_int=_integer, parse_float=_decimal)
    return Answer(
        result=result_of(told["result"]),
        provider=told["provider"],
        reference=told["reference"],
        decision=Decision.of(told["decision"]),
        session=_session(told["session"]) if told["session"] is not None else None,
        error=_record(Error, told["error"]),
        exchange=_exchange(told["exchange"]),
        raw=told["raw"],
        json=text,
    )


def _session(told: Mapping[str, Any]) -> Session:
    return Session(
        **{
            **_named(Session, told),
            "status": Status.of(told["status"]),
            "paid": Paid.of(told["paid"]),
            "evidence": _record(Evidence, told["evidence"]),
            "holds": tuple(told["holds"]),
            "expectations": _record(Expectations, told["expectations"]),
            "amount": _amount(told["amount"]),
            "customer": _record(Customer, told["customer"]),
            "payment_method": _record(PaymentMethod, told["payment_method"]),
            "items": None if told["items"] is None
            else tuple(_record(Item, item) for item in told["items"]),
        }
    )


def _amount(told: Mapping[str, Any] | None) -> Amount | None:
    if told is None:
        return None
    decimal = told["decimal"]
    return Amount(
        minor=told["minor"],
        currency=told["currency"],
        decimal=Decimal(decimal) if decimal is not None else None,
    )


def _exchange(told: Mapping[str, Any] | None) -> Exchange | None:
    if told is None:
        return None
    return Exchange(**{**_named(Exchange, told), "elapsed_ms": float(told["elapsed_ms"])})


def _record(kind: Any, told: Mapping[str, Any] | None) -> Any:
    """A `kind` of what was told; None stays None."""
    return None if told is None else kind(**_named(kind, told))


def _named(kind: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that `kind` names; others come from a newer library."""
    return {name: told[name] for name in kind.__dataclass_fields__}


# int() refuses text longer than sys.get_int_max_str_digits(), which is never set below 640.
_LONGEST_INTEGER = 640

_QUIET = Context(traps=[])


def _integer(text: str) -> int | Decimal | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else _decimal(text)


def _decimal(text: str) -> Decimal | str:
    number = Decimal(text, _QUIET)
    return number if number.is_finite() else text
