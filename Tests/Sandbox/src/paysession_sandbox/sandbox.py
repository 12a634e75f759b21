# SPDX-License-Identifier: MIT
"""The state of one run: sessions, tokens given out, what was asked; and what a request is answered with."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Optional
from urllib.parse import quote, unquote

from .answers import Reply, Sample
from .callbacks import Call, Caller, Delivery
from .chance import Chance, Clock, written
from .journal import Journal
from .names import understood
from .order import Order
from .provider import Change, Hint, Provider, Tokens, at_place
from .providers import PROVIDERS
from .reading import Body, Unreadable
from .session import Callbacks, Session, Turn, referring

#: How long a session stays open, as its document says; nothing expires by itself.
OPEN_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Options:
    token_seconds: int = 3600
    seed: Optional[int] = None
    callback_url: Optional[str] = None
    callbacks_anywhere: bool = False


@dataclass(frozen=True)
class Answered:
    """A reply, and what it was for."""

    reply: Reply
    kind: str = "elsewhere"
    provider: Optional[Provider] = None
    session: Optional[str] = None
    scripted: Optional[str] = None


class Sandbox:
    def __init__(self, options: Options, base: str, page: str, secrets: Mapping[str, str]) -> None:
        """`base` is the address that the providers are below, and `page` that of the page for people, both
        without a slash at their end. `secrets` sign the callbacks, by provider."""
        self.options = options
        self.base = base
        self.page = page
        self.samples: dict[str, Sample] = {
            sample.reference: sample
            for provider in PROVIDERS.values() for sample in provider.samples()}
        #: What proves payment of those: the sample that is asked for it, by provider and identifiers.
        self._sample_proofs = sample_proofs(self.samples.values())
        self._secrets = secrets
        self.caller = Caller(secrets, anywhere=options.callbacks_anywhere)
        self.journal = Journal()
        self.reset()

    def reset(self) -> None:
        """As it was at start: no session, no token, nothing asked."""
        self.chance = Chance(self.options.seed)
        self.clock = Clock(self.options.seed)
        self.sessions: dict[str, Session] = {}
        #: The session that a resource proves payment of, by provider and the resource's identifiers.
        self._proofs: dict[tuple[str, tuple[str, ...]], str] = {}
        self._reads: Counter[str] = Counter()
        self._tokens = {name: Tokens(self.options.token_seconds, self.chance) for name in PROVIDERS}
        #: Requests that are still to be refused, by provider; -1 is all.
        self._refusing: Counter[str] = Counter()
        self.journal.clear()
        self.caller.clear()

    def now(self) -> str:
        return written(self.clock.now())

    # ---- Sessions ---------------------------------------------------------------------------------

    def create(self, provider: Provider, order: Order, *, stage: Optional[str] = None,
               identifiers: Optional[tuple[str, ...]] = None, turns: Iterable[Turn] = (),
               callbacks: Callbacks = Callbacks()) -> Session:
        """A new one, in the place of one with the same identifiers."""
        moment = self.clock.now()
        at = written(moment)
        identifiers = identifiers or provider.identifiers(self.chance)
        url = callbacks.url or order.callback_url or self.options.callback_url
        order = replace(order, callback_url=url)
        first = provider.stages[0][0]
        session = Session(
            provider, identifiers, order, first,
            provider.opened(identifiers, order, at, written(moment + OPEN_FOR)), at,
            replace(callbacks, url=url), deque(turns), [(at, first)])
        self.sessions.pop(session.reference, None)
        self.sessions[session.reference] = session
        if provider.proof_path is not None:
            self._proofs[provider.name, provider.proof_identifiers(identifiers)] = session.reference
        if stage not in (None, first):
            session.move(stage or first, at)
        self._call(session, at)
        return session

    def move(self, session: Session, stage: str) -> None:
        at = self.now()
        session.move(stage, at)
        self._call(session, at)

    def prove(self, session: Session, word: Optional[str]) -> None:
        """The resource that proves payment becomes that; None: it follows the session again."""
        before = session.proof_word
        session.proof.word, session.changed_at = word, self.now()
        now = session.proof_word
        if now is not None and now != before:
            self._call(session, session.changed_at, now)

    async def call_again(self, session: Session, settings: Callbacks) -> Optional[list[Delivery]]:
        """What the shop was told of the state that a session is in, once more, with these settings: what became of it;
        None where its provider tells nothing."""
        call = self._call_of(session, self.now(), settings)
        return None if call is None else await self.caller.deliver(session, [call], settings)

    def call_again_later(self, session: Session, settings: Callbacks) -> bool:
        """The same without waiting for it: whether there is something to tell."""
        call = self._call_of(session, self.now(), settings)
        if call is not None:
            self.caller.start(self.caller.deliver(session, [call], settings))
        return call is not None

    def _call(self, session: Session, at: str, proof: Optional[str] = None) -> None:
        """Tells the shop that the session has changed, or what proves its payment."""
        if session.callbacks.url is None:
            return
        call = self._call_of(session, at, session.callbacks, proof)
        if call is not None:
            self.caller.changed(session, call)

    def _call_of(self, session: Session, at: str, settings: Callbacks, proof: Optional[str] = None) -> Optional[Call]:
        provider, id = session.provider, self.chance.uuid()

        def about(one: Session) -> Optional[Hint]:
            change = Change(one.identifiers, one.order, one.document, session.stage, at, id)
            return provider.hint(change) if proof is None else provider.proof_hint(change, proof)

        hint, other = about(session), self.find(settings.moved_to) if settings.moved_to else None
        return None if hint is None else Call(at, hint, None if other is None else about(other))

    def section(self, provider: Provider) -> dict[str, Any]:
        """Of a configuration, such that the provider is found here and its callbacks are checked."""
        section = provider.section(f"{self.base}/{provider.name}")
        secret = self._secrets.get(provider.name)
        return section if secret is None else {**section, **provider.callback_section(secret)}

    def parsed(self, reference: str) -> tuple[Provider, tuple[str, ...]]:
        """A reference, however it is percent-encoded. Raises ValueError with a sentence."""
        name, _, rest = reference.partition(":")
        if name not in PROVIDERS:
            raise ValueError(f"session: expected a reference of {', '.join(PROVIDERS)}, got {reference!r}")
        provider = PROVIDERS[name]
        identifiers = tuple(unquote(part) for part in rest.split("/"))
        wanted = len(provider.within) + 1
        if len(identifiers) != wanted or not all(identifiers):
            raise ValueError(f"session: a reference of {name} has {wanted} parts, as {provider.reference('ID')}")
        return provider, identifiers

    def find(self, reference: str) -> Optional[Session]:
        """The session of that reference, however it is percent-encoded."""
        try:
            provider, identifiers = self.parsed(reference)
        except ValueError:
            return None
        return self.sessions.get(referring(provider, identifiers))

    def pay_url(self, session: Session) -> str:
        """The page where its customer chooses."""
        return f"{self.page}/pay/{quote(session.reference, safe=':/%')}"

    # ---- Tokens and keys --------------------------------------------------------------------------

    def expire(self, provider: Provider) -> None:
        """Whatever token was given out, no longer counts."""
        self._tokens[provider.name].clear()

    def refuse(self, provider: Provider, times: Optional[int]) -> None:
        """The next requests for a token, or for a session where a key stands in for it, are 401; all of
        them without a number, none with 0."""
        self._refusing[provider.name] = -1 if times is None else times

    def _refuses(self, provider: Provider) -> bool:
        left = self._refusing[provider.name]
        if left > 0:
            self._refusing[provider.name] -= 1
        return left != 0

    # ---- Requests ---------------------------------------------------------------------------------

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answered:
        """Paths are taken apart before they are decoded: an identifier with an encoded slash in it is one
        segment."""
        segments = [unquote(segment) for segment in path.split("/")[1:]]
        called = asked(method, segments)
        for provider in PROVIDERS.values():
            found = called("GET", f"{provider.name}/{provider.path}")
            if found is not None:
                return self._session(provider, found, authorization)
            if provider.proof_path is not None:
                found = called("GET", f"{provider.name}/{provider.proof_path}")
                if found is not None:
                    return self._proof(provider, found, authorization)
                for (wanted, action), (stage, refusal) in provider.proof_actions.items():
                    found = called(wanted, f"{provider.name}/{provider.proof_path}/{action}")
                    if found is not None:
                        return self._proof_action(provider, found, action, stage, refusal, authorization)
            if provider.token_path is not None:
                found = called("POST", f"{provider.name}/{provider.token_path}")
                if found is not None:
                    return self._token(provider, found, authorization, body)
            if provider.creation_path is not None:
                creation = f"{provider.name}/{provider.creation_path}"
                for made in (creation, creation + "/"):
                    found = called("POST", made)
                    if found is not None:
                        return self._creation(provider, found, authorization, body)
            for (wanted, action), stage in provider.actions.items():
                found = called(wanted, f"{provider.name}/{action}")
                if found is not None:
                    return self._action(provider, found, stage, authorization)
        return Answered(Reply(404, {"error": f"nothing is served at {method} {path}: the providers are below "
                                             f"/{', /'.join(PROVIDERS)}, the sandbox's own interface is below /sandbox"}))

    def _allows(self, provider: Provider, authorization: str, identifiers: Sequence[str]) -> bool:
        if provider.token_path is None and self._refuses(provider):
            return False
        return provider.allows(authorization, list(identifiers), self._tokens[provider.name])

    def _session(self, provider: Provider, identifiers: list[str], authorization: str) -> Answered:
        reference = referring(provider, identifiers)
        if not self._allows(provider, authorization, identifiers):
            return Answered(Reply(401, provider.error("unauthorized")), "session", provider, reference)
        session = self.sessions.get(reference)
        sample = None if session else self.samples.get(reference)
        if sample is not None:
            turn = min(self._reads[reference], len(sample.replies) - 1)
            self._reads[reference] += 1
            return Answered(sample.replies[turn], "session", provider, reference)
        session = session or self._named(provider, identifiers)
        if session is None and provider.is_read_by_order:
            session = self.sessions.get(self._proofs.get((provider.name, tuple(identifiers)), ""))
        if session is None:
            return Answered(Reply(404, provider.error("not found")), "session", provider, reference)
        session.reads += 1
        scripted = session.turns.popleft() if session.turns else None
        if scripted is not None and scripted.move is not None and scripted.move != session.stage:
            self.move(session, scripted.move)
        return Answered(session.reply(scripted), "session", provider, reference,
                        None if scripted is None else str(scripted))

    def _proven(self, provider: Provider, identifiers: list[str]) -> Optional[Session]:
        """The session that this resource proves payment of."""
        key = provider.name, tuple(identifiers)
        return self.sessions.get(self._proofs.get(key, "")) or self._sample_proofs.get(key)

    def _proof(self, provider: Provider, identifiers: list[str], authorization: str) -> Answered:
        session = self._proven(provider, identifiers)
        reference = None if session is None else session.reference
        if not self._allows(provider, authorization, provider.proof_owner(identifiers)):
            return Answered(Reply(401, provider.error("unauthorized")), "proof", provider, reference)
        if session is None:
            return Answered(Reply(404, provider.error("not found")), "proof", provider)
        session.proof.reads += 1
        scripted = session.proof.turns.popleft() if session.proof.turns else None
        if scripted is not None and scripted.move is not None:
            self.prove(session, scripted.move)
        return Answered(session.proof_reply(scripted), "proof", provider, reference,
                        None if scripted is None else str(scripted))

    def _proof_action(self, provider: Provider, identifiers: list[str], action: str, stage: str, refusal: str,
                      authorization: str) -> Answered:
        """What a shop decides on a session that waits for it; it may be scripted to fail before, or after."""
        # None that is ready-made: those stay what they are.
        session = self.sessions.get(self._proofs.get((provider.name, tuple(identifiers)), ""))
        reference = None if session is None else session.reference
        # Whatever comes of it: whoever counts wants to know how often it was sent.
        if session is not None:
            session.actions[action] += 1
        if not self._allows(provider, authorization, provider.proof_owner(identifiers)):
            return Answered(Reply(401, provider.error("unauthorized")), "action", provider, reference)
        if session is None or session.proof_word is None:
            return Answered(Reply(404, provider.error(["contract_not_found"])), "action", provider, reference)
        scripted = session.action_turns.popleft() if session.action_turns else None
        fails = scripted is not None and (scripted.http is not None or scripted.body is not None)
        usual = Reply(204, b"")
        if not fails or (scripted is not None and scripted.carried_out):
            if session.status == "action_required":
                self.move(session, stage)
            else:
                usual = Reply(422, provider.error([refusal]))
        return Answered(session.action_reply(scripted, usual), "action", provider, reference,
                        None if scripted is None else str(scripted))

    def _named(self, provider: Provider, identifiers: list[str]) -> Optional[Session]:
        """A session whose name says what it does, made when it is read first."""
        if len(identifiers) > 1 and tuple(identifiers[:-1]) != provider.within:
            return None
        named = understood(provider, identifiers[-1])
        if named is None:
            return None
        moves = any(turn.move is not None for turn in named.turns)
        session = self.create(
            provider, order_of(provider, **named.order), identifiers=tuple(identifiers),
            stage=None if moves else named.stage,
            turns=(*named.turns, Turn(move=named.stage)) if moves else named.turns)
        if any(turn.move is not None for turn in named.proof_turns):
            session.proof.turns.extend((*named.proof_turns, Turn(move=named.proof)))
        else:
            session.proof.word = named.proof
            session.proof.turns.extend(named.proof_turns)
        return session

    def _token(self, provider: Provider, identifiers: list[str], authorization: str, body: bytes) -> Answered:
        if self._refuses(provider):
            return Answered(Reply(401, provider.error("unauthorized")), "token", provider, scripted="refused")
        reply = provider.token(identifiers, authorization, body, self._tokens[provider.name])
        return Answered(reply, "token", provider)

    def _creation(self, provider: Provider, within: list[str], authorization: str, body: bytes) -> Answered:
        if not self._allows(provider, authorization, within):
            return Answered(Reply(401, provider.error("unauthorized")), "create", provider)
        try:
            order = provider.asked(Body.parsed(body))
        except Unreadable as error:
            return Answered(Reply(400, provider.error(str(error))), "create", provider)
        session = self.create(provider, order,
                              identifiers=(*within, *provider.identifiers(self.chance)[len(within):]))
        return Answered(provider.created(session.document, self.pay_url(session)), "create", provider,
                        session.reference)

    def _action(self, provider: Provider, identifiers: list[str], stage: str, authorization: str) -> Answered:
        reference = referring(provider, identifiers)
        if not self._allows(provider, authorization, identifiers):
            return Answered(Reply(401, provider.error("unauthorized")), "action", provider, reference)
        session = self.sessions.get(reference)
        if session is None:
            return Answered(Reply(404, provider.error("not found")), "action", provider, reference)
        if not session.is_final:
            self.move(session, stage)
        return Answered(session.reply(None), "action", provider, reference)


def sample_proofs(samples: Iterable[Sample]) -> dict[tuple[str, tuple[str, ...]], Session]:
    """What proves payment of the ready-made sessions, some of which name the same resource: it is a paid one's."""
    found: dict[tuple[str, tuple[str, ...]], Session] = {}
    for sample in sorted(samples, key=lambda one: one.status != "completed"):
        name, _, rest = sample.reference.partition(":")
        provider, document = PROVIDERS[name], sample.replies[-1].body
        if provider.proof_path is None or not isinstance(document, dict):
            continue
        stage = provider.stage_in(document)
        if stage is None:
            continue
        identifiers = tuple(unquote(part) for part in rest.split("/"))
        resource = provider.proof_identifiers(identifiers)
        if provider.proof_link is not None:
            resource = (*resource[:-1], at_place(provider.proof_link, document))
        said = {what: at_place(provider.places[what], document) for what in ("amount", "currency", "reference")
                if what in provider.places}
        amount = said.get("amount")
        told = {"amount": amount if type(amount) is int and not provider.is_major else None,
                **{what: said.get(what) for what in ("currency", "reference")}}
        session = Session(
            provider, identifiers, order_of(provider, **{what: value for what, value in told.items() if value is not None}),
            stage, {**document}, "2024-01-15T10:30:00Z")
        session.proof.fields = {} if provider.proof_link is None or "id" not in provider.proof_places else {
            str(provider.proof_places["id"]): resource[-1]}
        if resource[-1] is not None:
            found.setdefault((name, resource), session)
    return found


def order_of(provider: Provider, **told: Any) -> Order:
    """An order with that, and with what is usual for the provider."""
    currency = provider.usual.get("currency", "SEK")
    return Order(**{"amount": 2000, "currency": currency, **told})


def asked(method: str, segments: list[str]) -> Callable[[str, str], Optional[list[str]]]:
    """A function of a method and a path with stars: what stands at the stars, or None if it was not
    that which was asked for. (`match` would say this better, and Debian 11's Python has none.)"""
    def found(wanted: str, path: str) -> Optional[list[str]]:
        names = path.split("/")
        if method != wanted or len(names) != len(segments):
            return None
        if any(name not in ("*", segment) for name, segment in zip(names, segments)):
            return None
        return [segment for name, segment in zip(names, segments) if name == "*"]

    return found
