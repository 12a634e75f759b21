# SPDX-License-Identifier: MIT
"""An answer: what a shop decides on at once, the rest when it is asked for.

The verdict is the library's own (session_answer_paid and others); its JSON is decoded when a field
is asked for, the provider's document when `raw` is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any, NoReturn, Union

from ._loaded import library
from ._value import Value, made
from ._values import Approval, Error, Exchange, Proof, Session, error_of, exchange_of, proof_of, session_of
from ._words import AnyResult, Next, Paid, Result, Status

# The last key of each answer but for the proof, of which it is the last one; within a text a quotation mark is escaped.
_RAW = b',"raw":'
_PROOF = ',"proof":'
_APPROVAL = b',"approval":'

_status, _paid = library.session_answer_status, library.session_answer_paid
_decision = library.session_answer_decision
_YES = Paid.YES.number


class _Reply:
    """What Answer and Failure have in common. Immutable; may be shared between threads."""

    __slots__ = ("_code", "_exchange", "_json", "_numbers", "_pointer", "_raw", "_session", "_told")
    #: Status, verdict and decision, of one that has travelled.
    _numbers: tuple[int, int, int]
    # Made when they are asked for. None until then: an AttributeError takes twenty times as long to find that out.
    _json: bytes | None
    _told: dict[str, Any] | None
    _exchange: Exchange | None
    _session: Session | None
    _raw: dict[str, Any] | None

    def __init__(self, pointer: Any, code: int) -> None:
        # The library's own, freed with this object; None in one that has travelled as a pickle.
        self._pointer = pointer
        self._code = code
        self._json = self._told = self._exchange = self._session = self._raw = None

    # The default argument is still there when the interpreter has already emptied this module.
    def __del__(self, _free: Any = library.session_answer_free) -> None:
        _free(self._pointer)

    @property
    def is_paid(self) -> bool:
        """True only if the goods can be shipped: exactly paid == Paid.YES."""
        pointer = self._pointer
        return (self._numbers[1] if pointer is None else _paid(pointer)) == _YES

    @property
    def paid(self) -> Paid:
        """The verdict; UNKNOWN where there is no session."""
        return Paid.of(self._number(_paid, 1))

    @property
    def status(self) -> Status:
        """The session's status; UNKNOWN where there is no session."""
        return Status.of(self._number(_status, 0))

    @property
    def next(self) -> Next:
        """What the shop does next."""
        return Next.of(self._number(_decision, 2))

    def _number(self, read: Callable[[Any], int], place: int) -> int:
        return self._numbers[place] if self._pointer is None else read(self._pointer)

    @property
    def json(self) -> bytes:
        """The whole answer, byte for byte as the library gave it. Holds personal data."""
        text = self._json
        if text is None:
            text = self._json = library.session_answer_json(self._pointer, None)
        return text

    @property
    def result(self) -> AnyResult:
        """Result.OK, or why there is no session; a word that this package does not know is text."""
        known = Result.of(self._code)
        return known if known is not None else str(self._own["result"])

    @property
    def provider(self) -> str | None:
        """Its name; None where the reference named none."""
        provider: str | None = self._own["provider"]
        return provider

    @property
    def reference(self) -> str | None:
        """As it was asked for; None of normalize(), and where it was no reference."""
        reference: str | None = self._own["reference"]
        return reference

    @property
    def exchange(self) -> Exchange | None:
        """What went over the wire; None where nothing did."""
        if self._exchange is None:
            self._exchange = exchange_of(self._own["exchange"])
        return self._exchange

    def to_dict(self) -> dict[str, Any]:
        """The answer in the library's own words (paysession.schema.json) and plain types, which JSON
        can say. Without `raw`, and without the proof's. Holds personal data."""
        told, proof, approval = self._decoded(), self._proof_text(), self.approval
        if proof is not None:
            told["proof"] = _parted(proof)[0]
        if approval is not None:
            told["approval"] = {name: getattr(approval, name) for name in ("wanted", "sent", "http_status")}
        return told

    @property
    def approval(self) -> Approval | None:
        """What was done for the merchant; None but of approve() and refuse()."""
        # The last key, and no object in it. One of a document's own has more braces behind it.
        before, _, last = self.json.rpartition(b"{")
        if not before.endswith(_APPROVAL):
            return None
        text = "{" + last.decode("utf-8")
        told, end = _PLAIN.raw_decode(text)
        return made(Approval, told) if end == len(text) - 1 else None

    def _proof_text(self) -> str | None:
        """What stands behind `raw`; None where no proof was asked for."""
        text = self.json
        behind = text[text.index(_RAW) + len(_RAW):-1]
        if _PROOF.encode() not in behind:
            return None
        document = behind.decode("utf-8")
        # The document may have a key of that name.
        end = _SPAN.raw_decode(document)[1]
        return document[end + len(_PROOF):] if document.startswith(_PROOF, end) else None

    @property
    def _own(self) -> dict[str, Any]:
        if self._told is None:
            self._told = self._decoded()
        return self._told

    def _decoded(self) -> dict[str, Any]:
        text = self.json
        told: dict[str, Any] = _PLAIN.raw_decode(text[:text.index(_RAW)].decode("utf-8") + "}")[0]
        return told

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is neither true nor false: decide on answer.is_paid")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Reply):
            return NotImplemented
        return self.json == other.json

    def __hash__(self) -> int:
        return hash(self.json)

    def __reduce__(self) -> tuple[Any, ...]:
        numbers = self.status.number, self.paid.number, self.next.number
        return _travelled, (type(self), self._code, self.json, numbers)

    def __repr__(self) -> str:
        return (f"<paysession.{type(self).__name__} {self.reference or self.provider}: {self.result},"
                f" {self.status}, paid {self.paid}, {self.next}>")


class Answer(_Reply):
    """A session that was read and judged, whatever its status: decide on `is_paid`, or on `next`."""

    __slots__ = ()

    @property
    def session(self) -> Session:
        """What the provider tells, in one shape for all. Holds personal data."""
        if self._session is None:
            self._session = session_of(self._own["session"])
        return self._session

    @property
    def raw(self) -> dict[str, Any]:
        """The provider's document, parsed: integers as int, other numbers as Decimal (one too long for
        an int is a Decimal, one beyond Decimal's range its text). Holds personal data."""
        raw = self._raw
        if raw is None:
            text = self.json
            raw = self._raw = _document(text[text.index(_RAW) + len(_RAW):])
        return raw

    @property
    def proof(self) -> Proof | None:
        """The proof of payment, where it was asked for and there is one to read."""
        text = self._proof_text()
        if text is None:
            return None
        told, raw = _parted(text)
        return None if told is None else proof_of(told, None if raw is None else _document(raw.encode("utf-8")))

    @property
    def error(self) -> None:
        """None: what went wrong is raised, with a Failure."""
        return None


def _parted(proof: str) -> tuple[dict[str, Any] | None, str | None]:
    """An answer's `proof` without its document, and the text that begins with that; null is None for both."""
    own, _, raw = proof.partition(_RAW.decode())
    if own == "null":
        return None, None
    told: dict[str, Any] = _PLAIN.raw_decode(own + "}")[0]
    return told, None if raw.startswith("null") else raw


def _document(text: bytes) -> dict[str, Any]:
    """The provider's document that the text begins with."""
    # The scanner's own integers take a tenth of the time of _integer().
    decoder = _SLOW if _TOO_LONG in text.translate(_ZEROS) else _QUICK
    document: dict[str, Any] = decoder.raw_decode(text.decode("utf-8"))[0]
    return document


class Failure(_Reply):
    """Why no session could be learnt, which is never "not paid": `PaySessionError.answer`."""

    __slots__ = ()

    @property
    def error(self) -> Error:
        """What went wrong, where, and what to do about it."""
        return error_of(self._own["error"])

    @property
    def session(self) -> None:
        """None: there is none."""
        return None

    @property
    def raw(self) -> None:
        """None: what is no answer is not shown."""
        return None

    @property
    def proof(self) -> None:
        """None: half an answer is none."""
        return None


class Decision(Value):
    """What the shop does next about an order, and why.

    `why` is one sentence, or the words for what holds the session; empty where it is a clear yes or
    no. It has no personal data. `answer` is None where the library was not asked, or had no memory.
    """

    reference: str
    next: Next
    result: AnyResult
    why: str
    answer: Union[Answer, Failure, None]


def _travelled(
    kind: type[_Reply], code: int, text: bytes, numbers: tuple[int, int, int]
) -> _Reply:
    """One that was pickled or copied."""
    reply = kind(None, code)
    reply._json, reply._numbers = text, numbers
    return reply


# int() refuses text longer than sys.get_int_max_str_digits(), which is never set below 640.
_LONGEST_INTEGER = 640

_QUIET = Context(traps=[])


def _integer(text: str) -> int | Decimal | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else _decimal(text)


def _decimal(text: str) -> Decimal | str:
    number = Decimal(text, _QUIET)
    return number if number.is_finite() else text


# The library's own text has no white space around it, which JSONDecoder.decode() looks for.
_PLAIN = json.JSONDecoder()
# Where a document ends; no number is too long for it.
_SPAN = json.JSONDecoder(parse_float=str, parse_int=str)
_QUICK = json.JSONDecoder(parse_float=_decimal)
_SLOW = json.JSONDecoder(parse_float=_decimal, parse_int=_integer)
# So many digits in a row are found where each is a zero: a regular expression takes ten times as long.
_TOO_LONG = b"0" * (_LONGEST_INTEGER + 1)
_ZEROS = bytes(b"0"[0] if byte in b"123456789" else byte for byte in range(256))
