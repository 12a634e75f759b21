# SPDX-License-Identifier: MIT
"""What all calls have in common: what goes in as text, what comes out as an answer."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ._answer import Answer, Failure
from ._declarations import AnswerPointer
from ._errors import exception_of, reply_of
from ._loaded import library
from ._options import NormalizeOptions
from ._words import Paid, Status

if TYPE_CHECKING:
    from typing_extensions import Unpack


def normalize(
    provider: str, document: str | bytes | Mapping[str, Any], **options: Unpack[NormalizeOptions]
) -> Answer:
    """Judges a provider's document that the caller already has, without a request: its text, or what
    `Answer.raw` gives. With `proof` the document of its proof of payment is judged with it.

    Returns the Answer. Raises InvalidArgument, Malformed, Mismatched or OutOfMemory, and ValueError
    if an argument contains a NUL.
    """
    return answer(
        library.session_normalize, text("provider", provider), _document(document),
        _with_proof(options))


def _with_proof(options: NormalizeOptions) -> bytes | None:
    """The options of normalize(), in which the proof's document stands as it is spelt."""
    proof = options.pop("proof", None)
    told = options_text("normalize", NormalizeOptions, options)
    if proof is None:
        return told
    if not isinstance(proof, Mapping) or proof.keys() != {"document"}:
        raise TypeError("proof: expected a mapping with one key, document")
    document = _document(proof["document"]).removeprefix(b"\xef\xbb\xbf")  # a mark is for the start of a file
    try:
        spelt = json.loads(document, parse_int=str, parse_float=str)
    except ValueError:
        spelt = None
    if not isinstance(spelt, dict):  # what is spliced in must not be more than one value
        raise ValueError("proof: expected a JSON object as its document")
    return (told[:-1] + b"," if told else b"{") + b'"proof":{"document":' + document + b"}}"


def status_normalized(provider: str, document: str | bytes | Mapping[str, Any]) -> Status:
    """The status of normalize(); UNKNOWN for whatever cannot be read.

    Raises ValueError only, if an argument contains a NUL.
    """
    return Status.of(
        library.session_status_normalized(text("provider", provider), _document(document)))


def paid_normalized(provider: str, document: str | bytes | Mapping[str, Any]) -> Paid:
    """The verdict of normalize(); UNKNOWN for whatever cannot be read. Nobody said which session
    was meant: use normalize() with `id` before goods are shipped on it.

    Raises ValueError only, if an argument contains a NUL.
    """
    return Paid.of(
        library.session_paid_normalized(text("provider", provider), _document(document)))


def providers() -> list[dict[str, Any]]:
    """The providers that the library reads, in the order in which they are always named: name,
    title, the form of a reference, what each takes in the configuration. See paysession.h."""
    told: list[dict[str, Any]] = json.loads(library.session_providers())
    return told


def version() -> str:
    """The library's version, "0.1.0"."""
    words: bytes = library.session_version()
    return words.decode("ascii")


def abi_version() -> int:
    """The number of the library's binary interface, 1."""
    number: int = library.session_abi_version()
    return number


def answer(function: Any, *arguments: Any) -> Answer:
    """Calls `function` and takes its answer; raises where it is a Failure."""
    told = reply(function, *arguments)
    if isinstance(told, Failure):
        raise exception_of(told)
    return told


def reply(function: Any, *arguments: Any) -> Answer | Failure:
    """Calls `function` and takes its answer."""
    pointer = AnswerPointer()
    return reply_of(function(*arguments, ctypes.byref(pointer)), pointer)


def text(name: str, value: object) -> bytes:
    """`value` as C text. Raises TypeError or ValueError that name the argument, not its text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{name} contains a lone surrogate, which UTF-8 cannot say") from None
    return whole(name, encoded) if b"\0" in encoded else encoded


def whole(name: str, value: bytes) -> bytes:
    """The bytes, if C takes all of them: what stands before a NUL would be another argument."""
    if b"\0" in value:
        raise ValueError(f"{name} contains a NUL")
    return value


def options_text(function: str, kind: Any, options: Mapping[str, Any]) -> bytes | None:
    """The options that were given, as JSON; None for none. Raises TypeError for one that is not of
    the kind."""
    if not options:
        return None
    given = {}
    for name, value in options.items():
        if name not in kind.__annotations__:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        if value is not None:
            given[name] = value
            if isinstance(value, str):
                text(name, value)
    return json_of(given).encode("ascii") if given else None


def json_of(value: Mapping[str, Any]) -> str:
    """JSON in ASCII; a mapping need not be a dict, and a path is its text. Raises TypeError or
    ValueError for what is not JSON, without saying what it was."""
    return _ENCODER.encode(value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


# json.dumps() makes a new one for each text, where it is not told the usual.
_ENCODER = json.JSONEncoder(allow_nan=False, default=_plain)


def _document(value: object) -> bytes:
    if isinstance(value, bytes):
        return whole("document", value)
    return text("document", _spelt(value) if isinstance(value, Mapping) else value)


def _spelt(value: object) -> str:
    """JSON of what `Answer.raw` gives. Amounts are written as they were: json.dumps() has no way to
    say a Decimal but as a float, or as text."""
    if isinstance(value, Mapping):
        return "{" + ",".join(
            f"{json.dumps(name)}:{_spelt(part)}" for name, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_spelt, value)) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return json.dumps(value)
    raise TypeError(f"document: {type(value).__name__} is not what Answer.raw gives; a fraction is a Decimal")
