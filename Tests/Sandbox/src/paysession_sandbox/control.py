# SPDX-License-Identifier: MIT
"""The sandbox's own interface, over HTTP and JSON: what `/sandbox/openapi.json` describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any, Optional, Union
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from . import models
from .callbacks import address_refusal
from .names import ACTION_FAULTS, FAULTS, action_turn, turn
from .order import Customer, Item, Order
from .provider import Provider, filled
from .providers import PROVIDERS
from .sandbox import Sandbox, order_of
from .session import Callbacks, Session, Turn

ABOUT = """Makes sessions of the providers and says what they answer. Errors are `{"error": "..."}`. Nothing is kept
when the sandbox ends. A body is JSON, sent as `Content-Type: application/json`."""


Replies = Sequence[Union[models.Reply, str]]
#: What a document can be made to say, whatever it is.
SAID = ("status", "amount", "currency", "id", "reference")
#: In the place of an error, what pydantic calls the part of a request or one of several forms.
FORM = re.compile(r"(body|query|path|str|int|float|NewSession|Reply)$|list\[")


def refused(status: int, sentence: str) -> HTTPException:
    return HTTPException(status, sentence)


def named(request: Request, session: str = Path(description="a reference, as `kustom:ID`")) -> str:
    """The reference in a path, as it was sent: a slash that is encoded is part of an identifier. One that is
    encoded as a whole has no colon."""
    raw: bytes = request.scope["raw_path"]
    sent = raw.partition(b"?")[0].decode("ascii", "replace").partition("/sessions/")[2]
    return sent if ":" in sent else session


Named = Annotated[str, Depends(named)]


def provider_of(name: str) -> Provider:
    if name not in PROVIDERS:
        raise refused(422, f"provider: expected one of {', '.join(PROVIDERS)}, got {name!r}")
    return PROVIDERS[name]


def stage_of(provider: Provider, word: str, where: str) -> str:
    stage = provider.stage(word)
    if stage is None:
        known = ", ".join(own for own, _, _ in provider.stages)
        raise refused(422, f"{where}: {provider.name} has {known}, not {word!r}")
    return stage


def items_of(given: Sequence[models.Item]) -> tuple[Item, ...]:
    return tuple(Item(
        item.name, item.quantity, item.unit_price,
        item.quantity * item.unit_price if item.total is None else item.total,
        item.tax_rate, item.reference, item.type) for item in given)


def order_wanted(provider: Provider, wanted: models.NamedSession) -> Order:
    items = items_of(wanted.items)
    told: dict[str, Any] = {"reference": wanted.reference, "items": items, "return_url": wanted.return_url,
                            "customer": Customer(**wanted.customer.model_dump())}
    if wanted.amount is not None:
        told["amount"] = wanted.amount
    elif items:
        told["amount"] = sum(item.total for item in items)
    if wanted.currency is not None:
        told["currency"] = wanted.currency
    return order_of(provider, **told)


def proof_of(provider: Provider, word: str, where: str) -> str:
    found = provider.proof_word(word)
    if found is None:
        known = ", ".join(own for own, _ in provider.proof_states)
        raise refused(422, f"{where}: of {provider.name} it is {known}, not {word!r}")
    return found


def turns_of(provider: Provider, replies: Optional[Replies], where: str = "replies") -> list[Turn]:
    """What a session answers next, or the resource that proves its payment."""
    is_proof = where.startswith("proof")
    word_of, stage = (provider.proof_word, proof_of) if is_proof else (provider.stage, stage_of)
    places = provider.proof_places if is_proof else provider.places
    turns: list[Turn] = []
    for number, reply in enumerate(replies or ()):
        if isinstance(reply, str):
            named = turn(word_of, reply)
            if named is None:
                raise refused(422, f"{where}[{number}]: expected an HTTP status, a state of {provider.name}, delay-MS or "
                                   f"one of {', '.join(FAULTS)}, got {reply!r}")
            turns.append(named)
            continue
        told = reply.model_dump(exclude={"times"})
        if reply.move is not None:
            told["move"] = stage(provider, reply.move, f"{where}[{number}].move")
        for what in SAID:
            if told[what] is not None and what not in places:
                raise refused(422, f"{where}[{number}].{what}: a document of {provider.name} does not say its {what}")
        if reply.carried_out:
            raise refused(422, f"{where}[{number}].carried_out: a read changes nothing; action_replies take it")
        turns += [Turn(**told)] * reply.times
    return turns


def action_turns_of(replies: Optional[Replies]) -> list[Turn]:
    """What requests are answered with that change a session."""
    turns: list[Turn] = []
    for number, reply in enumerate(replies or ()):
        if isinstance(reply, str):
            named = action_turn(reply)
            if named is None:
                raise refused(422, f"action_replies[{number}]: expected an HTTP status, delay-MS or one of "
                                   f"{', '.join(ACTION_FAULTS)}, or done- and one of these, got {reply!r}")
            turns.append(named)
            continue
        for what in ("move", *SAID):
            if getattr(reply, what) is not None:
                raise refused(422, f"action_replies[{number}].{what}: the answer has no document")
        turns += [Turn(**reply.model_dump(exclude={"times"}))] * reply.times
    return turns


def shown(sandbox: Sandbox, session: Session) -> models.Session:
    order, callbacks = session.order, session.callbacks
    return models.Session(
        session=session.reference, provider=session.provider.name, status=session.stage,
        normalized=session.status, final=session.is_final, amount=order.amount, currency=order.currency,
        reference=order.reference, pay_url=sandbox.pay_url(session), return_url=order.return_url,
        callback=models.Callback(**asdict(callbacks)),
        replies=[str(one) for one in session.turns], reads=session.reads, proof=proven(session),
        actions=dict(session.actions), action_replies=[str(one) for one in session.action_turns], created_at=session.created_at,
        history=session.history, document=session.document)


def proven(session: Session) -> Optional[models.Proven]:
    provider, proof, word = session.provider, session.proof, session.proof_word
    if provider.proof_path is None:
        return None
    parts = [quote(one, safe="") for one in provider.proof_identifiers(session.identifiers)]
    return models.Proven(
        path=f"/{filled(provider.proof_path, parts)}", status=word, normalized=dict(provider.proof_states).get(word or ""),
        follows=proof.word is None, replies=[str(one) for one in proof.turns], reads=proof.reads,
        document=session.proof_document)


def sentence(error: RequestValidationError) -> str:
    """What is wrong, by its place: `items.0.name: Field required`. Where several forms are allowed, it is the
    one that was understood the furthest."""
    wrong = max(error.errors(), key=lambda one: len(one["loc"]))
    places = [str(place) for place in wrong["loc"] if not FORM.match(str(place))]
    got = "" if wrong["type"] in ("missing", "json_invalid") else f", got {wrong['input']!r:.100}"
    return f"{'.'.join(places) or 'the body'}: {wrong['msg']}{got}"


def control(sandbox: Sandbox) -> FastAPI:
    """The application, to be mounted at /sandbox."""
    api = FastAPI(title="paysession-sandbox", version="1", description=ABOUT, docs_url=None, redoc_url=None,
                  openapi_url="/openapi.json", servers=[{"url": "/sandbox"}], root_path_in_servers=False,
                  separate_input_output_schemas=False, responses={422: {"model": models.Problem}})

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return JSONResponse({"error": sentence(error)}, 422)

    @api.exception_handler(AnyHTTPException)
    async def problem(request: Request, error: AnyHTTPException) -> Response:
        return JSONResponse({"error": error.detail}, error.status_code)

    def session_of(reference: str) -> Session:
        session = sandbox.find(reference)
        if session is None:
            raise refused(404, f"{reference}: there is no such session; POST /sandbox/sessions makes one")
        return session

    def callbacks_of(provider: Provider, given: Optional[models.Callback]) -> Callbacks:
        if given is None:
            return Callbacks()
        if provider.new_secret() is None and (given.signature != "valid" or given.stale_s):
            key = "signature" if given.signature != "valid" else "stale_s"
            raise refused(422, f"callback.{key}: {provider.name} signs no callbacks")
        if given.moved_to is not None:
            other = sandbox.find(given.moved_to)
            if other is None or other.provider is not provider:
                raise refused(422, f"callback.moved_to: there is no session {given.moved_to} of {provider.name}")
        if given.url is not None and (refusal := sandbox.caller.refusal(given.url)):
            raise refused(422, f"callback.url: {refusal}")
        return Callbacks(**given.model_dump())

    def checked_return(url: Optional[str]) -> None:
        # A customer's browser may go anywhere.
        if url is not None and (refusal := address_refusal(url, anywhere=True)):
            raise refused(422, f"return_url: {refusal}")

    def proof_changes(provider: Provider, changes: models.Changes) -> Callable[[Session], None]:
        """What is to be done to a session; or says what was not understood of it."""
        given = changes.proof
        actions = action_turns_of(changes.action_replies)
        if given is not None and provider.proof_path is None:
            raise refused(422, f"proof: {provider.name} has none")
        word = None if given is None or given.status is None else proof_of(provider, given.status, "proof.status")
        turns = [] if given is None else turns_of(provider, given.replies, "proof.replies")

        def change(session: Session) -> None:
            if changes.action_replies is not None:
                session.action_turns.clear()
                session.action_turns.extend(actions)
            if given is None:
                return
            if "status" in given.model_fields_set:
                sandbox.prove(session, word)
            if given.fields is not None:
                session.proof.fields = given.fields
            if given.replies is not None:
                session.proof.turns.clear()
                session.proof.turns.extend(turns)

        return change

    def made(provider: Provider, wanted: models.NamedSession, identifiers: Optional[tuple[str, ...]] = None) -> Session:
        checked_return(wanted.return_url)
        stage = None if wanted.status is None else stage_of(provider, wanted.status, "status")
        prove = proof_changes(provider, wanted)
        session = sandbox.create(
            provider, order_wanted(provider, wanted), stage=stage, identifiers=identifiers,
            turns=turns_of(provider, wanted.replies), callbacks=callbacks_of(provider, wanted.callback))
        prove(session)
        return session

    @api.get("/providers", summary="The providers, their words, and how to reach them")
    async def providers() -> list[models.Provider]:
        return [models.Provider(
            name=provider.name, statuses={own: status for own, status, _ in provider.stages},
            configuration=sandbox.section(provider)) for provider in PROVIDERS.values()]

    @api.post("/sessions", status_code=201, summary="Makes a session, or a list of them")
    async def create(
        wanted: Union[models.NewSession, list[models.NewSession]],
    ) -> Union[models.Session, list[models.Session]]:
        if isinstance(wanted, list):
            return [shown(sandbox, made(provider_of(one.provider), one)) for one in wanted]
        return shown(sandbox, made(provider_of(wanted.provider), wanted))

    @api.get("/sessions", summary="The newest sessions, newest first")
    async def sessions(
        n: int = Query(100, ge=1, le=100_000), provider: Optional[str] = None,
    ) -> list[models.Session]:
        found = [session for session in reversed(sandbox.sessions.values())
                 if provider in (None, session.provider.name)]
        return [shown(sandbox, session) for session in found[:n]]

    @api.get("/sessions/{session:path}", summary="A session", responses={404: {"model": models.Problem}})
    async def read(session: Named) -> models.Session:
        return shown(sandbox, session_of(session))

    @api.put("/sessions/{session:path}", status_code=201, summary="Makes a session with this reference")
    async def put(session: Named, wanted: models.NamedSession) -> models.Session:
        try:
            provider, identifiers = sandbox.parsed(session)
        except ValueError as error:
            raise refused(422, str(error)) from None
        return shown(sandbox, made(provider, wanted, identifiers))

    @api.patch("/sessions/{session:path}", summary="Changes a session: moves it, scripts its next answers",
               responses={404: {"model": models.Problem}})
    async def patch(session: Named, changes: models.Changes) -> models.Session:
        found = session_of(session)
        checked_return(changes.return_url)
        stage = None if changes.status is None else stage_of(found.provider, changes.status, "status")
        turns = turns_of(found.provider, changes.replies)
        callbacks = callbacks_of(found.provider, changes.callback)
        prove = proof_changes(found.provider, changes)
        # Nothing is changed before all of it was understood.
        found.change(**changes.model_dump(include={"amount", "currency", "reference", "return_url"}, exclude_none=True))
        if changes.callback is not None:
            found.callbacks = replace(callbacks, url=callbacks.url or found.callbacks.url)
        if changes.replies is not None:
            found.turns.clear()
            found.turns.extend(turns)
        prove(found)
        if stage is not None:
            sandbox.move(found, stage)
        return shown(sandbox, found)

    @api.delete("/sessions/{session:path}", status_code=204, summary="Takes a session away: reads are 404",
                responses={404: {"model": models.Problem}})
    async def delete(session: Named) -> Response:
        del sandbox.sessions[session_of(session).reference]
        return Response(status_code=204)

    @api.post("/tokens", status_code=204, summary="Expires tokens, or refuses credentials")
    async def tokens(wanted: models.Tokens) -> Response:
        provider = provider_of(wanted.provider)
        if wanted.action == "expire":
            sandbox.expire(provider)
        else:
            sandbox.refuse(provider, wanted.times if wanted.action == "refuse" else 0)
        return Response(status_code=204)

    @api.get("/journal", summary="What was asked of the providers, without credentials")
    async def journal(
        n: int = Query(100, ge=1, le=10_000), after: int = Query(0, description="newer than this number"),
        provider: Optional[str] = None, session: Optional[str] = None,
    ) -> models.Journal:
        entries = sandbox.journal.last(n, after=after, provider=provider, session=session)
        return models.Journal(counts=dict(sandbox.journal.counts),
                              entries=[models.Entry(**entry.told()) for entry in entries])

    @api.delete("/journal", status_code=204, summary="Empties the journal")
    async def forget() -> Response:
        sandbox.journal.clear()
        return Response(status_code=204)

    @api.get("/callbacks", summary="What became of callbacks")
    async def callbacks(n: int = Query(100, ge=1, le=1000), session: Optional[str] = None) -> list[models.Delivery]:
        return [models.Delivery(**delivery.told()) for delivery in sandbox.caller.last(n, session)]

    @api.post("/callbacks", summary="Calls the shop again about the state that a session is in",
              responses={404: {"model": models.Problem}})
    async def call_again(wanted: models.Again) -> list[models.Delivery]:
        found = session_of(wanted.session)
        settings = found.callbacks if wanted.callback is None else callbacks_of(found.provider, wanted.callback)
        settings = replace(settings, url=settings.url or found.callbacks.url)
        if settings.url is None:
            raise refused(422, "callback.url: the session has none")
        came = await sandbox.call_again(found, settings)
        if came is None:
            raise refused(422, f"session: {found.provider.name} tells nobody of {found.stage}")
        return [models.Delivery(**delivery.told()) for delivery in came]

    @api.post("/reset", status_code=204, summary="Everything is as it was at start")
    async def reset() -> Response:
        sandbox.reset()
        return Response(status_code=204)

    return api
