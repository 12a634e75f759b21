# SPDX-License-Identifier: MIT
"""The pages for people: the sessions and what is asked of them; for each session a page where its customer pays;
and the interface, documented. Rendered here, with one style sheet and one small script of our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Optional
from urllib.parse import parse_qs, quote

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .callbacks import address_refusal
from .journal import printable
from .order import decimal
from .providers import PROVIDERS
from .sandbox import Sandbox, order_of
from .session import Callbacks, Session

HERE = Path(__file__).resolve().parent
SHOWN = 50
#: A form of these pages is smaller by far.
LONGEST_FORM = 64 * 1024
LONGEST_AMOUNT = 12

#: What a customer can do, in a customer's words, in this order; `{}` is what it costs, or who is waited for.
CHOICES = {
    "pay": "Pay {amount}",
    "wait": "Pay, and wait for {waits_for}",
    "decline": "Be declined",
    "cancel": "Give up",
    "expire": "Let it expire",
    "fail": "Have it fail",
}

#: What becomes of a session's callbacks, by the words of the page: with every provider, and with those who sign.
LATE_MS, STALE_S = 5_000, 600
DELIVERIES = {
    "as they should": Callbacks(), "five seconds late": Callbacks(late_ms=LATE_MS), "twice": Callbacks(twice=True),
    "out of order": Callbacks(out_of_order=True), "lost": Callbacks(lost=True)}
FORGERIES = {
    "forged": Callbacks(signature="wrong"), "without a signature": Callbacks(signature="missing"),
    "signed ten minutes ago": Callbacks(stale_s=STALE_S)}

POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
          "base-uri 'none'; frame-ancestors 'none'; form-action 'self'")

templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
templates.filters["printable"] = printable


Answering = Callable[[Request, Session], Awaitable[Response]]


def rendered(template: str, status: int = 200, *, leads_out: bool = False, **told: Any) -> Response:
    """A page. A form of it `leads_out` by redirects: Chromium counts them as its action, those of the shop too, and
    stays on the page without a word where the policy does not have them."""
    policy = f"{POLICY} http: https:" if leads_out else POLICY
    return HTMLResponse(templates.get_template(template).render(**told), status, {
        "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
        # With no-referrer browsers would send `Origin: null` with the forms.
        "Referrer-Policy": "same-origin"})


def problem(status: int, sentence: str) -> Response:
    return rendered("problem.html", status, title="Not found" if status == 404 else "Not understood", sentence=sentence)


def return_address(session: Session) -> Optional[str]:
    """Where its customer goes back to: a provider's own call may have named anything."""
    url = session.order.return_url
    return None if url is None or address_refusal(url, anywhere=True) is not None else url


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form, the first of each name; none of one that is too long."""
    body = b""
    async for part in request.stream():
        # Heard to its end: who is cut off in the middle may not get to read the answer.
        body = (body + part)[:LONGEST_FORM + 1]
    if len(body) > LONGEST_FORM:
        return {}
    return {name: values[0] for name, values in parse_qs(
        body.decode("utf-8", "replace"), keep_blank_values=True).items()}


def deliveries(sandbox: Sandbox, session: Session) -> dict[str, Callbacks]:
    """What the page offers for a session's callbacks; they can be moved to the newest other session of its provider."""
    known = {**DELIVERIES, **(FORGERIES if session.provider.new_secret() else {})}
    other = next((one for one in reversed(sandbox.sessions.values())
                  if one.provider is session.provider and one is not session), None)
    if other is not None:
        known[f"moved to {other.reference}"] = Callbacks(moved_to=other.reference)
    return {words: replace(settings, url=session.callbacks.url) for words, settings in known.items()}


def told(sandbox: Sandbox, session: Session) -> dict[str, Any]:
    """What pages show of a session."""
    order = session.order
    return {
        "reference": session.reference, "path": quote(session.reference, safe=":/%"), "pay_url": sandbox.pay_url(session),
        "provider": session.provider.name, "stage": session.stage, "status": session.status.replace("_", " "),
        "is_final": session.is_final, "amount": f"{decimal(order.amount, order.currency)} {order.currency}",
        "order": order.reference, "created_at": session.created_at, "reads": session.reads,
        "replies": [str(turn) for turn in session.turns],
        "stages": [own for own, _, _ in session.provider.stages],
        "proof": session.proof_word, "proves": [own for own, _ in session.provider.proof_states],
        "pinned": session.proof.word, "actions": sorted(session.actions.items()),
    }


def told_of_callbacks(sandbox: Sandbox, session: Session) -> dict[str, Any]:
    known = deliveries(sandbox, session)
    return {"delivers": list(known) if session.callbacks.url else [],
            "delivery": next((words for words, settings in known.items() if settings == session.callbacks), None)}


def pages(sandbox: Sandbox, api: FastAPI) -> list[BaseRoute]:
    """To come before the interface, whose documentation is one of them."""
    def of_session(prefix: str, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
        """A function of the session that stands behind the prefix, as it was sent: a slash that is encoded is
        part of an identifier."""
        async def found(request: Request) -> Response:
            raw: bytes = request.scope["raw_path"]
            reference = raw.partition(b"?")[0].decode("ascii", "replace")[len(prefix):]
            session = sandbox.find(reference)
            if session is None:
                return problem(404, f"There is no session {reference}.")
            return await answer(request, session)

        return found

    async def index(request: Request) -> Response:
        newest = islice(reversed(sandbox.sessions.values()), SHOWN)
        return rendered(
            "index.html", sessions=[
                {**told(sandbox, session), **told_of_callbacks(sandbox, session)} for session in newest], count=len(sandbox.sessions),
            requests=list(reversed(sandbox.journal.last(SHOWN))), callbacks=list(reversed(sandbox.caller.last(SHOWN))),
            providers=list(PROVIDERS), samples=len(sandbox.samples), base=sandbox.base)

    async def samples(request: Request) -> Response:
        return rendered("samples.html", samples=sandbox.samples.values())

    async def make(request: Request) -> Response:
        given = await form(request)
        provider = PROVIDERS.get(given.get("provider", ""))
        if provider is None:
            return problem(400, f"Provider: expected one of {', '.join(PROVIDERS)}.")
        order: dict[str, Any] = {}
        amount, currency = given.get("amount", ""), given.get("currency", "")
        if amount:
            if not (amount.isascii() and amount.isdigit() and len(amount) <= LONGEST_AMOUNT):
                return problem(400, "Amount: expected minor units, as 4200 for 42.00, got " + amount[:100])
            order["amount"] = int(amount)
        if currency:
            if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
                return problem(400, "Currency: expected ISO 4217, as EUR, got " + currency[:100])
            order["currency"] = currency.upper()
        if given.get("return_url"):
            refusal = address_refusal(given["return_url"], anywhere=True)
            if refusal is not None:
                return problem(400, f"Return address: {refusal}.")
            order["return_url"] = given["return_url"]
        if given.get("reference"):
            order["reference"] = given["reference"][:500]
        sandbox.create(provider, order_of(provider, **order))
        return RedirectResponse("/", 303)

    async def move(request: Request, session: Session) -> Response:
        given = await form(request)
        if "status" in given or not {"proof", "callback"} & set(given):
            stage = session.provider.stage(given.get("status", ""))
            if stage is None:
                return problem(400, f"{session.provider.name} has no such state.")
            sandbox.move(session, stage)
            return RedirectResponse("/", 303)
        name, word, wanted = session.provider.name, given.get("proof", ""), given.get("callback", "")
        # What nobody has chosen stays: a field that is empty, or says what it was.
        if word and session.provider.proof_word(word) is None:
            return problem(400, f"{name} has no such proof of payment.")
        settings = deliveries(sandbox, session).get(wanted, session.callbacks if not wanted else None)
        if settings is None:
            return problem(400, f"{name} sends no callbacks so: {wanted[:100]}")
        session.callbacks = settings
        if "proof" in given and (word or None) != session.proof.word:
            sandbox.prove(session, session.provider.proof_word(word) if word else None)
        if "again" in given and settings.url is not None and not sandbox.call_again_later(session, settings):
            return problem(400, f"{name} tells nobody of {session.stage}.")
        return RedirectResponse("/", 303)

    def choices(session: Session) -> list[tuple[str, str, str]]:
        """Each choice, its words, and what the session becomes."""
        words = {"amount": told(sandbox, session)["amount"], "waits_for": session.provider.waits_for}
        known = session.provider.choices
        return [(choice, words_of.format(**words), known[choice] or session.stage)
                for choice, words_of in CHOICES.items() if choice in known]

    def pay_page(session: Session, status: int = 200) -> Response:
        back = return_address(session)
        return rendered("pay.html", status, leads_out=back is not None, session=told(sandbox, session),
                        items=[(item, f"{decimal(item.total, session.order.currency)} {session.order.currency}")
                               for item in session.order.items],
                        choices=choices(session), back=back, refused=session.order.return_url if back is None else None)

    async def pay(request: Request, session: Session) -> Response:
        return pay_page(session)

    async def paid(request: Request, session: Session) -> Response:
        choice = (await form(request)).get("choice", "")
        known = session.provider.choices
        if choice not in known:
            return problem(400, f"Choice: expected one of {', '.join(known)}.")
        stage = known[choice]
        if stage is not None and stage != session.stage and not session.is_final:
            sandbox.move(session, stage)
        back = return_address(session)
        return pay_page(session) if back is None else RedirectResponse(back, 303)

    async def interface(request: Request) -> Response:
        return rendered("interface.html", api=api.openapi(), page=sandbox.page)

    return [
        Route("/", index),
        Route("/samples", samples),
        Route("/sessions", make, methods=["POST"]),
        Route("/sessions/{reference:path}", of_session("/sessions/", move), methods=["POST"]),
        Route("/pay/{reference:path}", of_session("/pay/", pay)),
        Route("/pay/{reference:path}", of_session("/pay/", paid), methods=["POST"]),
        Route("/sandbox", interface),
        Route("/sandbox/", interface),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
