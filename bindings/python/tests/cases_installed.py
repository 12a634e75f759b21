# SPDX-License-Identifier: MIT
"""Every case of Tests/Cases through the package that is installed here: the standard library alone.

    python -I cases_installed.py FOLDER CONFIG

FOLDER is Tests/Cases, beside Include; CONFIG is a configuration in JSON that says BASE for the
provider's address. Prints as JSON how many ran, each that went wrong, and which files did it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

sys.path.insert(0, sys.argv[1])

from cases import DOCUMENTS, EXCHANGES, Case  # noqa: E402

import paysession  # noqa: E402


class Provider(ThreadingHTTPServer):
    """Gives every POST a token, and every GET the response of one case."""

    daemon_threads = True
    token = b'{"access_token": "token-of-the-tests", "token_type": "Bearer", "expires_in": 3600}'
    status = 200
    body = b""

    class Handler(BaseHTTPRequestHandler):
        server: Provider

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(200, self.server.token)

        def do_GET(self) -> None:
            self._send(self.server.status, self.server.body)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        Thread(target=self.serve_forever, daemon=True).start()

    def show(self, case: Case) -> str:
        """The reference to ask for."""
        self.status, self.body = case.about["http_status"], case.body
        reference: str = case.about["reference"]
        return reference


def right(case: Case, told: paysession.Answer | paysession.PaySessionError) -> None:
    """Fails unless the answer is the case's, and its attributes say what its JSON says."""
    answer = told if isinstance(told, paysession.Answer) else told.answer
    assert answer is not None, "an exception without an answer"
    case.check(answer.json)
    session = json.loads(answer.json)["session"]
    if isinstance(answer, paysession.Answer):
        assert (answer.status.value, answer.paid.value) == (session["status"], session["paid"])
        assert answer.is_paid is (session["paid"] == "yes")
        assert answer.session.id == session["id"] and answer.to_dict()["session"] == session
    else:
        assert session is None and not answer.is_paid and answer.error.message


def document(case: Case) -> None:
    if b"\0" in case.body:
        return  # No C text: the library is not asked, and test_cases.py says what comes.
    try:
        right(case, paysession.normalize(case.provider, case.body, **case.keywords))
    except paysession.PaySessionError as error:
        right(case, error)


def exchange(case: Case, client: paysession.Client, provider: Provider) -> None:
    try:
        right(case, client.get(provider.show(case)))
    except paysession.PaySessionError as error:
        right(case, error)


async def awaited(case: Case, client: paysession.AsyncClient, provider: Provider) -> None:
    try:
        right(case, await client.get(provider.show(case)))
    except paysession.PaySessionError as error:
        right(case, error)


class Tally:
    def __init__(self) -> None:
        self.ran = 0
        self.wrong: list[str] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        self.ran += 1
        try:
            yield
        except Exception:
            self.wrong.append(traceback.format_exc())


async def run(config: str, provider: Provider, tally: Tally) -> None:
    for case in DOCUMENTS:
        with tally.one():
            document(case)
    with paysession.Client(config) as client:
        for case in EXCHANGES:
            with tally.one():
                exchange(case, client, provider)
    async with paysession.AsyncClient(config) as client_for_asyncio:
        for case in EXCHANGES:
            with tally.one():
                await awaited(case, client_for_asyncio, provider)


def main() -> int:
    provider, tally = Provider(), Tally()
    asyncio.run(run(sys.argv[2].replace("BASE", provider.address), provider, tally))
    provider.shutdown()
    maps = Path("/proc/self/maps").read_text("utf-8").splitlines()
    library = {line.split()[-1] for line in maps if "libpaysession" in line}
    print(json.dumps({**vars(tally), "package": paysession.__file__, "library": sorted(library)}))
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
