# SPDX-License-Identifier: MIT
"""A session of one's own: what it is about, what it is now, and what it answers next."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional
from urllib.parse import quote

from .answers import PAGE, Reply, ok
from .order import Order
from .provider import Proven, Provider, put_at

#: What a body can be instead of the document, as text and content type; `cut` is the document's first half.
BODIES = {"broken": (b'{"status": "comple', "application/json"), "html": (PAGE, "text/html"),
          "empty": (b"", "application/json"), "cut": (b"", "application/json"), "gone": (b"", "application/json")}


@dataclass(frozen=True)
class Turn:
    """One answer that is not the session as it is. Whatever is None is as it would be."""

    http: Optional[int] = None
    delay_ms: int = 0
    retry_after_s: Optional[int] = None
    body: Optional[str] = None
    move: Optional[str] = None
    status: Optional[str] = None
    amount: Any = None
    currency: Optional[str] = None
    id: Optional[str] = None
    reference: Optional[str] = None
    #: Of a request that changes something: it does, and is answered with this all the same.
    carried_out: bool = False

    def __str__(self) -> str:
        """For the journal: `503`, `cut, delay_ms 300`."""
        told = {"delay_ms": self.delay_ms or None, "retry_after_s": self.retry_after_s, "move": self.move,
                "status": self.status, "amount": self.amount, "currency": self.currency, "id": self.id,
                "reference": self.reference}
        words = [str(word) for word in (self.http, self.body) if word is not None]
        words += ["carried out"] if self.carried_out else []
        return ", ".join(words + [f"{name} {value}" for name, value in told.items() if value is not None])


@dataclass(frozen=True)
class Callbacks:
    """Where a session's callbacks go, and what goes wrong on their way. `signature` is valid, wrong or missing;
    one that is moved was signed as this session's and is then made to speak of another."""

    url: Optional[str] = None
    signature: str = "valid"
    stale_s: int = 0
    moved_to: Optional[str] = None
    late_ms: int = 0
    twice: bool = False
    out_of_order: bool = False
    lost: bool = False


@dataclass
class Proof:
    """The resource that proves payment of a session. Without a word it follows the session's state; `fields` are what
    its document says besides, None for what it does not say."""

    word: Optional[str] = None
    fields: dict[str, Any] = field(default_factory=dict)
    turns: deque[Turn] = field(default_factory=deque)
    reads: int = 0


@dataclass
class Session:
    provider: Provider
    identifiers: tuple[str, ...]
    order: Order
    stage: str
    document: dict[str, Any]
    created_at: str
    callbacks: Callbacks = Callbacks()
    turns: deque[Turn] = field(default_factory=deque)
    history: list[tuple[str, str]] = field(default_factory=list)
    reads: int = 0
    proof: Proof = field(default_factory=Proof)
    #: When the session or its proof became what it is.
    changed_at: str = ""
    #: How often it was asked to change, by the last word of the path; and what these requests are answered with next.
    actions: Counter[str] = field(default_factory=Counter)
    action_turns: deque[Turn] = field(default_factory=deque)

    @property
    def reference(self) -> str:
        """As session_get() takes it."""
        return referring(self.provider, self.identifiers)

    @property
    def status(self) -> str:
        """In paysession's vocabulary."""
        return self.provider.status(self.stage)

    @property
    def is_final(self) -> bool:
        return self.provider.is_final(self.stage)

    def move(self, stage: str, at: str) -> None:
        self.stage, self.changed_at = stage, at
        self.document = self.provider.moved(self.document, stage, at)
        self.history.append((at, stage))

    def change(self, **told: Any) -> None:
        """Another amount, currency or merchant's reference from now on."""
        self.order = replace(self.order, **told)
        said = {"amount": self.provider.amount(self.order), "currency": self.order.currency,
                "reference": self.order.reference}
        self.document = self.provider.with_said(self.document, **{
            what: said[what] for what in told if what in said})

    @property
    def proof_word(self) -> Optional[str]:
        """What the resource is that proves payment; None where there is none."""
        if self.provider.proof_path is None:
            return None
        return self.proof.word or self.provider.proof_usual(self.stage, self.document)

    @property
    def proof_document(self) -> Optional[dict[str, Any]]:
        word = self.proof_word
        if word is None:
            return None
        document = self.provider.proof_document(Proven(
            self.identifiers, self.order, self.document, self.created_at, word, self.changed_at or self.created_at))
        told = {**document, **self.proof.fields}
        return {key: value for key, value in told.items() if value is not None}

    def proof_reply(self, turn: Optional[Turn]) -> Reply:
        """That resource as it is, or that instead."""
        document = self.proof_document
        if document is None:
            return Reply(404, self.provider.error("not found"))
        return self._answer(turn, document, self.provider.proof_places)

    def action_reply(self, turn: Optional[Turn], usual: Reply) -> Reply:
        """The answer to a request that was to change the session, or that instead."""
        if turn is None:
            return usual
        if turn.http is None and turn.body is None:
            return replace(usual, delay_seconds=turn.delay_ms / 1000)
        # A 204 has no body that could be cut.
        return self._answer(turn, self.document, {})

    def reply(self, turn: Optional[Turn]) -> Reply:
        """The session as it is, or that instead."""
        return self._answer(turn, self.document, self.provider.places)

    def _answer(self, turn: Optional[Turn], as_it_is: Any, places: Mapping[str, Any]) -> Reply:
        if turn is None:
            return ok(as_it_is)
        headers = {} if turn.retry_after_s is None else {"Retry-After": str(turn.retry_after_s)}
        common: dict[str, Any] = {"headers": headers, "delay_seconds": turn.delay_ms / 1000}
        if turn.body is not None:
            body, kind = BODIES[turn.body]
            if turn.body == "cut":
                return Reply(turn.http or 200, as_it_is, is_cut=True, **common)
            if turn.body == "gone":
                return Reply(turn.http or 200, b"", is_gone=True, **common)
            return Reply(turn.http or 200, body, content_type=kind, **common)
        if turn.http is not None and turn.http != 200:
            return Reply(turn.http, self.provider.error(f"scripted: {turn.http}"), **common)
        said = {"status": turn.status, "amount": turn.amount, "currency": turn.currency, "id": turn.id,
                "reference": turn.reference}
        document = put_at(places, as_it_is, {what: value for what, value in said.items() if value is not None})
        return ok(document, **common)


def referring(provider: Provider, identifiers: Iterable[str]) -> str:
    """Identifiers may hold anything; in a reference each is percent-encoded (RFC 3986's unreserved stay)."""
    return f"{provider.name}:{'/'.join(quote(one, safe='') for one in identifiers)}"
