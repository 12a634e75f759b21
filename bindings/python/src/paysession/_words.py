# SPDX-License-Identifier: MIT
"""The words of the answers, each with its number in C: `.value` and `.number`."""

from __future__ import annotations

from enum import Enum
from typing import Union


class _Word(str, Enum):
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
    NOT_GENUINE = "not_genuine", 33
    UNSIGNED = "unsigned", 34
    NOT_WAITING = "not_waiting", 35
    DONE = "done", 40
    AGAIN = "again", 41

    @classmethod
    def of(cls, value: str | int) -> Result | None:
        """The result of that word or number; None for one that this package does not know."""
        return _RESULTS.get(value)


class Status(_Word):
    """The state of a session in one vocabulary (session_status). UNKNOWN is never good news; a word
    of a newer library is UNKNOWN too, and stands in `to_dict()` as it is."""

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
        return _STATUSES.get(value, cls.UNKNOWN)


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
        return _PAID.get(value, cls.UNKNOWN)


class Next(_Word):
    """What the shop does next (session_decision). Everything that is not understood is HOLD."""

    #: A person looks.
    HOLD = "hold", 0
    #: Paid: the goods may go.
    SHIP = "ship", 1
    #: Not paid, and not final; or there was no answer, and a later one may come.
    WAIT = "wait", 2
    #: Not paid, and final: the stock is free again.
    RELEASE = "release", 3

    @classmethod
    def of(cls, value: str | int) -> Next:
        """What that word or number says; HOLD for one that this package does not know."""
        return _NEXT.get(value, cls.HOLD)


# A result that a newer library knows and this package does not stays the word it is.
AnyResult = Union[Result, str]


def result_of(word: str) -> AnyResult:
    """The Result of that word, or the word itself."""
    return _RESULTS.get(word, word)


def status_of(word: str) -> Status:
    """Status.of() of a word. Before Python 3.12 an Enum takes three times as long to ask."""
    return _STATUSES.get(word, _STATUSES[0])


def paid_of(word: str) -> Paid:
    """Paid.of() of a word."""
    return _PAID.get(word, _PAID[0])


# By word, which is what each member is, and by number.
_RESULTS: dict[str | int, Result] = {**{one: one for one in Result}, **{one.number: one for one in Result}}
_STATUSES: dict[str | int, Status] = {**{one: one for one in Status}, **{one.number: one for one in Status}}
_PAID: dict[str | int, Paid] = {**{one: one for one in Paid}, **{one.number: one for one in Paid}}
_NEXT: dict[str | int, Next] = {**{one: one for one in Next}, **{one.number: one for one in Next}}
