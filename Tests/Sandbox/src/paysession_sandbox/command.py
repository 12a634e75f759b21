# SPDX-License-Identifier: MIT
"""The command line: `serve`, which is meant where no command is named, and what asks a sandbox that runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

from . import __version__

PORT = 8443
DIRECTORY = "paysession-sandbox"
ADDRESS = "PAYSESSION_SANDBOX"

Request = tuple[str, str, Any]


def parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """And the names of its commands."""
    whole = argparse.ArgumentParser(
        prog="paysession-sandbox",
        description="The payment providers on this machine, for a shop to be developed against.",
        epilog="COMMAND --help says more. Without a command it serves.")
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="play the providers until Ctrl-C")
    serve.set_defaults(run=serving)
    serve.add_argument("--port", type=int, default=PORT, help=f"of the providers, {PORT}; 0 takes one that is free")
    serve.add_argument("--page-port", type=int, help="of the page for people: the next one after --port; 0 likewise")
    serve.add_argument("--directory", type=Path,
                       help=f"its files: {DIRECTORY}, or {DIRECTORY}-PORT with another port")
    serve.add_argument("--seed", type=int, metavar="N", help="the same identifiers and times from run to run")
    serve.add_argument("--token-seconds", type=int, default=3600, metavar="S", help="how long tokens live")
    serve.add_argument("--callback-url", help="where callbacks go, of sessions that name no address")
    serve.add_argument("--callbacks-anywhere", action="store_true", help="callbacks may leave this machine")
    serve.add_argument("--seconds", type=float, default=0, metavar="S", help="end by itself after so long")
    serve.add_argument("--quiet", action="store_true", help="no line for each request")

    def asking(name: str, make: Any, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about)
        command.set_defaults(run=asked, make=make)
        command.add_argument("--directory", type=Path, default=Path(DIRECTORY), help="of the sandbox that is meant")
        command.add_argument("--url", default=os.environ.get(ADDRESS),
                             help=f"of its page, where there is no directory; ${ADDRESS} stands in")
        return command

    create = asking("create", creation, "make a session")
    create.add_argument("provider")
    create.add_argument("--amount", type=int, help="in minor units")
    for option, about in (("currency", "ISO 4217"), ("reference", "the shop's own"), ("status", "its state"),
                          ("return-url", "where the pay page sends the customer"),
                          ("callback-url", "where callbacks go")):
        create.add_argument(f"--{option}", help=about)
    create.add_argument("--reply", action="append", metavar="WORD",
                        help="an answer before the session as it is: 503, cut, html, delay-2000, a state ...")
    move = asking("move", lambda given: ("PATCH", path(given), {"status": given.status}), "move a session to a state")
    move.add_argument("session")
    move.add_argument("status", help="its provider's word, or paysession's")
    replies = asking("replies", lambda given: ("PATCH", path(given), {"replies": given.word}),
                     "say what a session answers next")
    replies.add_argument("session")
    replies.add_argument("word", nargs="*", help="503, cut, html, delay-2000, a state ...; none for nothing out of the way")
    prove = asking("prove", lambda given: ("PATCH", path(given), {"proof": {"status": given.status}}),
                   "say what proves a session's payment")
    prove.add_argument("session")
    prove.add_argument("status", nargs="?", help="its provider's word, or paysession's; without it, it follows the session")
    call = asking("call", call_request, "call the shop again about the state that a session is in")
    call.add_argument("session")
    call.add_argument("--to", metavar="ADDRESS", help="another address than the session's")
    call.add_argument("--signature", choices=["valid", "wrong", "missing"], help="wrong: forged")
    call.add_argument("--stale", dest="stale_s", type=int, metavar="S", help="signed so many seconds ago")
    call.add_argument("--moved-to", metavar="SESSION", help="signed as it is, and made to speak of that one")
    call.add_argument("--twice", action="store_true", default=None, help="two times")
    show = asking("show", lambda given: ("GET", path(given), None), "show a session")
    show.add_argument("session")
    delete = asking("delete", lambda given: ("DELETE", path(given), None), "take a session away")
    delete.add_argument("session")
    tokens = asking("tokens", token_request, "expire tokens, or refuse credentials")
    tokens.add_argument("provider")
    tokens.add_argument("action", choices=["expire", "refuse", "accept"])
    tokens.add_argument("times", nargs="?", type=int, help="refuse so many; without it all")
    listing = asking("list", lambda given: ("GET", f"sessions?n={given.n}", None), "list the newest sessions")
    journal = asking("journal", lambda given: ("GET", f"journal?n={given.n}", None), "show what was asked")
    for command in (listing, journal):
        command.add_argument("-n", type=int, default=20, help="how many, 20")
    asking("reset", lambda given: ("POST", "reset", None), "make everything as it was at start")
    return whole, list(commands.choices)


def path(given: argparse.Namespace) -> str:
    return f"sessions/{quote(given.session, safe=':/%')}"


def creation(given: argparse.Namespace) -> Request:
    told = {"provider": given.provider, "amount": given.amount, "currency": given.currency,
            "reference": given.reference, "status": given.status, "return_url": given.return_url,
            "replies": given.reply, "callback": given.callback_url and {"url": given.callback_url}}
    return "POST", "sessions", {key: value for key, value in told.items() if value is not None}


def call_request(given: argparse.Namespace) -> Request:
    told = {"url": given.to, **{key: getattr(given, key) for key in ("signature", "stale_s", "moved_to", "twice")}}
    callback = {key: value for key, value in told.items() if value is not None}
    return "POST", "callbacks", {"session": given.session, "callback": callback or None}


def token_request(given: argparse.Namespace) -> Request:
    told = {"provider": given.provider, "action": given.action}
    return "POST", "tokens", told if given.times is None else {**told, "times": given.times}


def serving(given: argparse.Namespace) -> int:
    # What asks a sandbox need not load one.
    from .sandbox import Options
    from .server import Run, started

    directory = given.directory or Path(DIRECTORY if given.port == PORT else f"{DIRECTORY}-{given.port}")
    page_port = given.page_port if given.page_port is not None else given.port and given.port + 1
    return started(Run(
        given.port, page_port, directory, given.seconds, given.quiet,
        Options(given.token_seconds, given.seed, given.callback_url, given.callbacks_anywhere)))


def asked(given: argparse.Namespace) -> int:
    import httpx

    method, target, body = given.make(given)
    try:
        base = given.url or json.loads((given.directory / "sandbox.json").read_bytes())["page"]
    except FileNotFoundError:
        print(f"paysession-sandbox: no sandbox runs in {given.directory}: --directory, --url or ${ADDRESS} names one",
              file=sys.stderr)
        return 1
    try:
        response = httpx.request(method, f"{base}/sandbox/{target}", timeout=60, trust_env=False,
                                 **({} if body is None else {"json": body}))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        print(f"paysession-sandbox: {base}: {error}", file=sys.stderr)
        return 1
    try:
        told: Any = response.json() if response.content else None
        problem = told["error"] if response.is_error else None
    except (ValueError, LookupError, TypeError):
        problem = f"{base} is no sandbox: it answered HTTP {response.status_code} without its JSON"
    if problem is not None:
        print(f"paysession-sandbox: {problem}", file=sys.stderr)
        return 1
    if told is not None:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    whole, commands = parser()
    if not given or given[0] not in (*commands, "-h", "--help", "--version"):
        given.insert(0, "serve")
    parsed = whole.parse_args(given)
    status: int = parsed.run(parsed)
    return status
