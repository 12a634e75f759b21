# SPDX-License-Identifier: MIT
"""Sessions by name, for those who have a reference and nothing else: what a session is to do stands in
its identifier.

    finalized                                  is in that state, as made
    finalized-amount-4200-currency-EUR-ref-A1  of that order; the merchant's reference comes last
    created-then-active-then-finalized         one answer a read; the last one stays
    503-then-503-then-finalized                fails twice before it answers
    delay-2000-then-cut-then-completed         late, then broken off, then paysession's word for a state
    finalized-proof-503-then-cancelled         what proves payment: fails once, then is in that state
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from .provider import Provider
from .session import Turn

OTHER = "another-session"
#: What a read can be instead of the session, by its name.
FAULTS: Mapping[str, Turn] = {
    "cut": Turn(body="cut"), "broken": Turn(body="broken"), "html": Turn(body="html"), "empty": Turn(body="empty"),
    "unknown-word": Turn(status="a word in no documentation"), "wrong-amount": Turn(amount=1),
    "wrong-currency": Turn(currency="XTS"), "wrong-id": Turn(id=OTHER), "429": Turn(http=429, retry_after_s=1),
    "gone": Turn(body="gone"),
}
#: What a request that changes something can be answered with, by name; `done-` before it: and it was carried out.
ACTION_FAULTS = ("cut", "broken", "html", "empty", "gone", "429")
LONGEST_DELAY_MS = 60_000
#: The state that a word means; None for one that means none.
Stages = Callable[[str], Optional[str]]


@dataclass(frozen=True)
class Named:
    """What a name says: the state at last, what comes before it, and the order."""

    stage: str
    turns: tuple[Turn, ...]
    order: Mapping[str, Any]
    proof: Optional[str] = None
    proof_turns: tuple[Turn, ...] = ()


def understood(provider: Provider, name: str) -> Optional[Named]:
    """None for a name that says something else, or nothing."""
    rest, mark, reference = name.partition("-ref-")
    order: dict[str, Any] = {"reference": reference} if mark else {}
    found = re.search(r"-currency-([A-Z]{3})$", rest)
    if found:
        rest, order["currency"] = rest[:found.start()], found[1]
    found = re.search(r"-amount-([0-9]{1,12})$", rest)
    if found:
        rest, order["amount"] = rest[:found.start()], int(found[1])
    rest, mark, proof = rest.partition("-proof-")
    said = in_turn(provider.stage, rest)
    proven = in_turn(provider.proof_word, proof) if mark else None
    if said is None or (mark and proven is None):
        return None
    return Named(*said, order, *(proven or ()))


def in_turn(stage: Stages, words: str) -> Optional[tuple[str, tuple[Turn, ...]]]:
    """The state at last, and what comes before it; None if one of the words is none."""
    *before, last = words.split("-then-")
    at_last = stage(last)
    turns = [turn(stage, word) for word in before]
    if at_last is None or any(one is None for one in turns):
        return None
    return at_last, tuple(one for one in turns if one is not None)


def action_turn(word: str) -> Optional[Turn]:
    """One answer to a request that changes something, by name."""
    plain = word.removeprefix("done-")
    if plain in FAULTS and plain not in ACTION_FAULTS:
        return None
    found = turn(lambda _: None, plain)
    return found if found is None or plain == word else replace(found, carried_out=True)


def turn(stage: Stages, word: str) -> Optional[Turn]:
    """One answer, by name: a state, a fault, an HTTP status or a delay."""
    if word in FAULTS:
        return FAULTS[word]
    if re.fullmatch(r"[1-5][0-9]{2}", word) and int(word) >= 200:
        return Turn(http=int(word))
    if re.fullmatch(r"delay-[0-9]{1,5}", word) and int(word[6:]) <= LONGEST_DELAY_MS:
        return Turn(delay_ms=int(word[6:]))
    moved = stage(word)
    return None if moved is None else Turn(move=moved)
