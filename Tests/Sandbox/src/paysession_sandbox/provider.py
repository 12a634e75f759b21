# SPDX-License-Identifier: MIT
"""What a provider of the sandbox is: data, how its requests are authorized, and what its documents say
while a session goes on. One module of `providers` has each; the tests take their servers, documents and
configurations from there too.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .answers import Reply, Sample, refusals
from .chance import Chance
from .order import Order, major
from .reading import Body
from .signing import Outgoing

#: The key of a document, or the keys on the way to it with points between them.
Place = str

#: What a session can become, and what paysession says of that: a word, a status, and paid.
Stage = tuple[str, str, str]

#: A word of the resource that proves payment, and paysession's for it.
ProofState = tuple[str, str]

FINAL = ("completed", "cancelled", "declined", "expired", "failed")


class Tokens:
    """Those that a provider has given out, each for one audience and some seconds."""

    def __init__(self, seconds: int, chance: Chance) -> None:
        self._seconds = seconds
        self._chance = chance
        self._given: dict[str, tuple[str, float]] = {}

    def give(self, audience: str, more: Mapping[str, Any]) -> Reply:
        token = "sandbox-token." + self._chance.text(32)
        self._given[token] = (audience, time.monotonic() + self._seconds)
        return Reply(200, {"access_token": token, "expires_in": self._seconds, **more})

    def holds(self, audience: str, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        known, until = self._given.get(token, ("", 0.0))
        return scheme == "Bearer" and known == audience and time.monotonic() < until

    def clear(self) -> None:
        self._given.clear()


@dataclass(frozen=True)
class Change:
    """A session that has just become what it is: what a provider tells the shop of."""

    identifiers: Sequence[str]
    order: Order
    document: Mapping[str, Any]
    stage: str
    at: str
    id: str


@dataclass(frozen=True)
class Hint:
    """A callback: what is sent to the shop's address. It proves nothing, and says so little that the shop
    has to read the session."""

    event: str
    method: str = "POST"
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proven:
    """A session as the resource that proves its payment knows it: in which of `proof_states`, and since when."""

    identifiers: Sequence[str]
    order: Order
    document: Mapping[str, Any]
    created_at: str
    word: str
    at: str


class Provider(ABC):
    #: As in references and in the configuration.
    name: str
    #: Where a session is asked for, a star for each identifier.
    path: str
    #: The identifiers of the samples before the session's own.
    within: tuple[str, ...] = ()
    #: The documentation's words for a status, and what paysession makes of each: status and paid.
    states: Sequence[tuple[str, str, str]] = ()
    #: Where a document says what: `id`, `status`, `amount`, `currency`, `reference`, `created_at`,
    #: `locale`, `items`, and what only one provider has. Most are texts; a sequence is several places.
    places: Mapping[str, Place | Sequence[Place]]
    #: Amounts are in minor units, or else in major ones.
    is_major = False
    #: What stands at those places in a session that is paid, the status and the id apart.
    usual: Mapping[str, Any] = {"amount": 2000, "currency": "SEK"}
    #: Settings without which no session of it is paid.
    trust: Mapping[str, Any] = {}
    #: Where tokens are asked for, a star for each identifier; None where there are none.
    token_path: Optional[str] = None
    #: Where its own API makes a session, a star for each identifier before the session's; None where no
    #: document says.
    creation_path: Optional[str] = None
    #: What else of its own API changes a session: a method and a path, and what that becomes.
    actions: Mapping[tuple[str, str], str] = {}
    #: Whom a session waits for that waits for somebody else than the customer.
    waits_for = "somebody else"
    #: Where the resource is asked for that proves payment, a star for each of `proof_identifiers`; None where
    #: there is none.
    proof_path: Optional[str] = None
    #: Where a document names it; None where it does not.
    proof_link: Optional[Place] = None
    #: A session can be read by what that document names, too.
    is_read_by_order = False
    #: What that resource can be. The first of those that mean the same stands for them.
    proof_states: Sequence[ProofState] = ()
    #: As `places`, in its document.
    proof_places: Mapping[str, Place | Sequence[Place]] = {}
    #: What changes a session by way of that resource: a method and a path below `proof_path`'s, what a session
    #: becomes that waits for the shop, and what is said where none waits.
    proof_actions: Mapping[tuple[str, str], tuple[str, str]] = {}

    # ---- Requests ---------------------------------------------------------------------------------

    @abstractmethod
    def allows(self, authorization: str, identifiers: list[str], tokens: Tokens) -> bool:
        """Whether a session may be read with this Authorization header."""

    def token(self, identifiers: list[str], authorization: str, body: bytes, tokens: Tokens) -> Reply:
        """The answer of the token endpoint."""
        raise NotImplementedError

    @abstractmethod
    def section(self, base: str, secret: str | None = None) -> dict[str, Any]:
        """Its section of a configuration, for a server at `base`; with its own secret, or that one."""

    @abstractmethod
    def ready(self, base: str, secret: str) -> dict[str, Any]:
        """The same, such that nothing but sessions is asked for."""

    def reference(self, session: str) -> str:
        return f"{self.name}:{'/'.join([*self.within, session])}"

    def target(self, session: str) -> str:
        """The path that this session is asked for at, below the base address."""
        return "/" + filled(self.path, [*self.within, session])

    def is_target(self, target: str) -> bool:
        """Whether a session of it may be meant, under any base address."""
        return re.search("/" + filled(self.path, ["[^/]*"] * self.path.count("*")) + "$", target) is not None

    # ---- Documents --------------------------------------------------------------------------------

    @property
    def good(self) -> str | None:
        """The word for paid; None where there are no words."""
        return next((word for word, _, paid in self.states if paid == "yes"), None)

    def saying(self, **said: Any) -> dict[str, Any]:
        """A document that says this and nothing else, each where this provider says it; what it has
        no place for is left out."""
        return self.with_said({}, **said)

    def with_said(self, document: Mapping[str, Any], /, **said: Any) -> dict[str, Any]:
        """That document, but this in it. What there is none of is None."""
        return put_at(self.places, document, said)

    def paid(self, session: str, status: str | None = None, /, **more: Any) -> dict[str, Any]:
        """The least that a shop would ship on, or the same in another status; `more` as it stands."""
        return {**self.saying(id=session, status=status or self.good, **self.usual), **more}

    @abstractmethod
    def error(self, message: Any) -> Any:
        """The body of an error."""

    # ---- Sessions of one's own --------------------------------------------------------------------

    @property
    def stages(self) -> Sequence[Stage]:
        """What a session of it can be, as it is made first."""
        return self.states

    def stage(self, word: str) -> str | None:
        """The one that is meant: by its own word in any letter case, or by paysession's status."""
        exact = [own for own, _, _ in self.stages if own.lower() == word.lower()]
        return next(iter(exact), None) or self.being(word)

    def being(self, *statuses: str) -> str | None:
        """The first stage that paysession gives one of these."""
        return next((own for wanted in statuses for own, status, _ in self.stages if status == wanted), None)

    def status(self, stage: str) -> str:
        return next(status for own, status, _ in self.stages if own == stage)

    def is_final(self, stage: str) -> bool:
        return self.status(stage) in FINAL

    @property
    def choices(self) -> Mapping[str, str | None]:
        """What a customer can do, and what becomes of the session; None where it stays what it is."""
        told = {"pay": self.being("completed"), "decline": self.being("declined", "failed"),
                "cancel": self.being("cancelled"), "expire": self.being("expired")}
        waiting = self.being("action_required")
        return {**told, "wait": waiting} if waiting else told

    def identifiers(self, chance: Chance) -> tuple[str, ...]:
        """Those of a new session."""
        return (*self.within, chance.uuid())

    def opened(self, identifiers: Sequence[str], order: Order, at: str, until: str) -> dict[str, Any]:
        """The document of a new session, made at `at` and open until `until` (RFC 3339)."""
        return self.saying(
            id=identifiers[-1], amount=self.amount(order), currency=order.currency, reference=order.reference,
            created_at=at, status=self.stages[0][0])

    def moved(self, document: Mapping[str, Any], stage: str, at: str) -> dict[str, Any]:
        """The document of a session that becomes something else."""
        return self.with_said(document, status=stage)

    def amount(self, order: Order) -> Any:
        """As its documents say amounts."""
        return major(order.amount, order.currency) if self.is_major else order.amount

    def hint(self, change: Change) -> Hint | None:
        """What it tells the shop of that change; None where it tells nothing."""
        return None

    def proof_hint(self, change: Change, word: str) -> Hint | None:
        """What it tells the shop when the resource that proves payment becomes that by itself."""
        return None

    def new_secret(self) -> str | None:
        """What its callbacks are signed with, a new one; None where it signs none."""
        return None

    def callback_section(self, secret: str) -> dict[str, Any]:
        """What a configuration says so that they are checked."""
        raise NotImplementedError

    def signed(self, request: Outgoing, secret: str, identifiers: Sequence[str], at: int) -> dict[str, str]:
        """The headers that sign a request about that session, at that time (Unix)."""
        raise NotImplementedError

    def asked(self, body: Body) -> Order:
        """The order in a request for a new session. Raises `Unreadable`."""
        raise NotImplementedError

    def created(self, document: Mapping[str, Any], pay_url: str) -> Reply:
        """The answer to that request. No document says with which HTTP status."""
        return Reply(200, document)

    # ---- What proves payment ----------------------------------------------------------------------

    def proof_identifiers(self, identifiers: Sequence[str]) -> tuple[str, ...]:
        """Those of the resource that proves payment of the session with these, known before it is there."""
        raise NotImplementedError

    def proof_owner(self, identifiers: list[str]) -> list[str]:
        """What `allows` takes, of a resource with these identifiers."""
        return identifiers

    def proof_word(self, word: str) -> str | None:
        """The state of that resource that is meant: its own word in any letter case, or paysession's."""
        return next((own for own, _ in self.proof_states if own.lower() == word.lower()), None) or next(
            (own for own, state in self.proof_states if state == word), None)

    def proof_usual(self, stage: str, document: Mapping[str, Any]) -> str | None:
        """What it is while a session is in that state, with that document; None where it is not there yet."""
        return None

    def proof_document(self, proven: Proven) -> dict[str, Any]:
        raise NotImplementedError

    def stage_in(self, document: Mapping[str, Any]) -> str | None:
        """The state that a document says."""
        said = at_place(self.places["status"], document)
        return next((own for own, _, _ in self.stages if own == said), None)

    # ---- Sessions to try --------------------------------------------------------------------------

    @abstractmethod
    def sessions(self) -> list[Sample]:
        """Those that only this provider has, or that it spells its own way."""

    def samples(self) -> list[Sample]:
        return self.sessions() + [
            Sample(self.reference(name), about, result, None, "unknown", (reply,))
            for name, about, result, reply in refusals(self.error)]

    def sample(self, name: str, about: str, status: str, paid: str, *replies: Reply) -> Sample:
        return Sample(self.reference(name), about, "ok", status, paid, replies)


class WithKey(Provider):
    """Authorization by a key that never changes: `Bearer KEY`."""

    key: str

    def allows(self, authorization: str, identifiers: list[str], tokens: Tokens) -> bool:
        return authorization == f"Bearer {self.key}"

    def section(self, base: str, secret: str | None = None) -> dict[str, Any]:
        return {"base_url": base, "api_key": secret or self.key}

    def ready(self, base: str, secret: str) -> dict[str, Any]:
        return self.section(base, secret)


class WithTokens(Provider):
    """Client credentials (RFC 6749, 4.4)."""

    client_id: str
    client_secret: str
    token_path: str

    def audience(self, identifiers: list[str]) -> str:
        """What a token is for."""
        return self.name

    def allows(self, authorization: str, identifiers: list[str], tokens: Tokens) -> bool:
        return tokens.holds(self.audience(identifiers), authorization)

    def is_client(self, authorization: str) -> bool:
        return basic(authorization) == f"{self.client_id}:{self.client_secret}"

    def section(self, base: str, secret: str | None = None) -> dict[str, Any]:
        return {"base_url": base, "client_id": self.client_id, "client_secret": secret or self.client_secret}

    def ready(self, base: str, secret: str) -> dict[str, Any]:
        return {"base_url": base, "token": secret}

    @property
    def token_target(self) -> str:
        """As target(): with the identifiers of the samples."""
        return "/" + filled(self.token_path, self.within)


def without_null(told: Mapping[str, Any]) -> dict[str, Any]:
    """No provider writes a null where there is nothing."""
    return {key: value for key, value in told.items() if value is not None}


def at_place(places: Place | Sequence[Place], document: Mapping[str, Any]) -> Any:
    """What stands at the first of these places; None where nothing does."""
    here: Any = document
    for key in first(places).split("."):
        here = here.get(key) if isinstance(here, Mapping) else None
    return here


def put_at(places: Mapping[str, Place | Sequence[Place]], document: Mapping[str, Any],
           said: Mapping[str, Any]) -> dict[str, Any]:
    """That document, but this in it, each at its place; None takes away, and what has no place is left out."""
    changed = dict(document)
    for what, value in said.items():
        if what in places:
            *way, last = first(places[what]).split(".")
            here = changed
            for key in way:
                below = here.get(key)
                here[key] = here = dict(below) if isinstance(below, Mapping) else {}
            if value is None:
                here.pop(last, None)
            else:
                here[last] = value
    return changed


def first(places: Place | Sequence[Place]) -> Place:
    return places if isinstance(places, str) else places[0]


def filled(path: str, identifiers: Sequence[str]) -> str:
    """A path with identifiers in the places of its stars."""
    for identifier in identifiers[:path.count("*")]:
        path = path.replace("*", identifier, 1)
    return path


def basic(authorization: str) -> str | None:
    """user:password of an Authorization header with base64 in it."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme != "Basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
