# SPDX-License-Identifier: MIT
"""What a provider of the sandbox is: data, and how its requests are authorized. One module of
`providers` has each; the tests take their servers, documents and configurations from there too.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .answers import Reply, Sample, refusals

#: The key of a document, or the keys on the way to it with points between them.
Place = str


class Tokens:
    """Those that were given out, each for one audience and some seconds."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._given: dict[str, tuple[str, float]] = {}

    def give(self, audience: str, more: Mapping[str, Any]) -> Reply:
        token = "sandbox-token." + secrets.token_urlsafe(24)
        self._given[token] = (audience, time.monotonic() + self._seconds)
        return Reply(200, {"access_token": token, "expires_in": self._seconds, **more})

    def holds(self, audience: str, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        known, until = self._given.get(token, ("", 0.0))
        return scheme == "Bearer" and known == audience and time.monotonic() < until

    def clear(self) -> None:
        self._given.clear()


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
        document: dict[str, Any] = {}
        for what, value in said.items():
            if what in self.places:
                *way, last = first(self.places[what]).split(".")
                here = document
                for key in way:
                    here = here.setdefault(key, {})
                here[last] = value
        return document

    def paid(self, session: str, status: str | None = None, /, **more: Any) -> dict[str, Any]:
        """The least that a shop would ship on, or the same in another status; `more` as it stands."""
        return {**self.saying(id=session, status=status or self.good, **self.usual), **more}

    @abstractmethod
    def error(self, message: Any) -> Any:
        """The body of an error."""

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
