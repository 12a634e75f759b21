# SPDX-License-Identifier: MIT
"""The library beside the oracle: where they disagree, and on how small a document they do."""

from __future__ import annotations

from collections.abc import Callable

import oracle
from shipped import Library


def disagreements(
    library: Library, provider: str, document: bytes, options: bytes | None
) -> tuple[oracle.Verdict, list[str]]:
    """What the oracle says, and a line for everything in which the library says otherwise."""
    wrong = []
    answer = library.judge(provider, document, options)
    body, session = answer.body, answer.body["session"]
    told, right = oracle.told_by(body), oracle.judge(provider, document, options)
    if told != right:
        wrong += [f"{name}: library {one!r}, oracle {other!r}"
                  for name, one, other in zip(right._fields, told, right) if one != other]
    if not oracle.property_holds(provider, document, options, body):
        wrong.append("the property: paid is yes, and its sentence does not hold")

    spoken = (answer.returned, answer.result, answer.status, answer.paid)
    if spoken != (told.result, told.result, told.status, told.paid):
        wrong.append(f"the accessors say {spoken}, the JSON {told}")
    if told.result == "ok":
        # A second byte order mark would stay, and is not the object's either.
        came = document.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
        if body["error"] is not None or answer.raw != came or not came.startswith(b"{"):
            wrong.append("ok, but with an error, or raw is not the object that came")
        if (told.paid == "unknown") != bool(told.holds):
            wrong.append("unknown without a hold, or held and not unknown")
        if told.status == "unknown" and told.paid != "unknown":
            wrong.append("the status is unknown, and paid is not")
        # In the options it may be between blanks, and stands in them as it was written.
        if told.proof and (not answer.proof_raw or answer.proof_raw not in (options or b"")):
            wrong.append("proof.raw is not the object that came")
        if told.proof and told.paid == "yes" and told.proof.state not in oracle.CONFIRMS:
            wrong.append("paid, and the proof does not say so")
    elif session is not None or answer.raw != b"null" or not body["error"]:
        wrong.append("a failure with a session or raw, or without an error")
    unpaid = told.status != "completed" or told.minor is None or told.minor < 0 or not told.final
    if told.paid == "yes" and unpaid:
        wrong.append("paid, but not completed, or without an amount, or with one below zero")
    if options is None:
        short = library.short(provider, document)
        if short != (told.status, told.paid):
            wrong.append(f"status_normalized and paid_normalized say {short}")
    return right, wrong


def smallest(document: bytes, still: Callable[[bytes], bool]) -> bytes:
    """The document with everything cut out that the disagreement does not need."""
    size = len(document) // 2
    while size:
        at = 0
        while at < len(document):
            cut = document[:at] + document[at + size:]
            if still(cut):
                document = cut
            else:
                at += size
        size //= 2
    return document
