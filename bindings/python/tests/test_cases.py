# SPDX-License-Identifier: MIT
"""Tests/Cases: a provider's response and the answer it must give, the same for all languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cases import DOCUMENTS, EXCHANGES, Case
from paysession_sandbox.providers import PROVIDERS

import paysession


def _asked(call: Callable[[], paysession.Answer]) -> paysession.Answer | paysession.Failure:
    """The answer, also where there is an exception around it."""
    try:
        answer = call()
    except paysession.PaySessionError as error:
        assert error.answer is not None and error.answer.error is not None
        assert type(error) is not paysession.PaySessionError
        assert error.result == error.answer.result
        assert error.message == error.answer.error.message
        assert str(error) == error.message + (f" ({error.reference})" if error.reference else "")
        assert (error.reference, error.provider) == (error.answer.reference, error.answer.provider)
        assert error.http_status == error.answer.error.http_status
        assert error.retryable == error.answer.error.retryable
        return error.answer
    assert answer.result is paysession.Result.OK
    return answer


def _check(case: Case, answer: paysession.Answer | paysession.Failure) -> None:
    """The answer's JSON as written, and the attributes as the JSON."""
    case.check(answer.json)
    told = json.loads(answer.json)
    if told["result"] == "ok":
        session = told["session"]
        assert (answer.status.value, answer.paid.value) == (session["status"], session["paid"])
        assert answer.is_paid is (session["paid"] == "yes")
        assert answer.raw is not None
    else:
        assert answer.raw is None and not answer.is_paid


@pytest.mark.parametrize("case", DOCUMENTS, ids=lambda case: case.name)
def test_document(case: Case, valid: Callable[[bytes], Any]) -> None:
    provider, body = case.provider, case.body
    options = case.keywords
    if b"\0" in body:
        with pytest.raises(ValueError, match="^document contains a NUL"):
            paysession.normalize(provider, body, **options)
        return
    answer = _asked(lambda: paysession.normalize(provider, body, **options))
    valid(answer.json)
    _check(case, answer)
    if not options:
        assert paysession.status_normalized(provider, body) is answer.status
        assert paysession.paid_normalized(provider, body) is answer.paid


class _Provider(ThreadingHTTPServer):
    """Gives every POST a token, and every GET what the test has put here."""

    daemon_threads = True
    status = 200
    body = b""

    class Handler(BaseHTTPRequestHandler):
        server: _Provider

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = {"access_token": "token-of-the-tests", "expires_in": 3600}
            self._send(200, json.dumps({**token, "token_type": "Bearer"}).encode())

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


@pytest.fixture(scope="module")
def provider() -> Iterator[_Provider]:
    with _Provider() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(provider: _Provider) -> Iterator[paysession.Client]:
    base = f"http://127.0.0.1:{provider.server_port}"
    # Long, for the library blots out its secrets wherever a provider repeats them.
    config = {"attempts": 1, "proxy": "", **{
        name: provider.section(base, "secret-of-the-tests") for name, provider in PROVIDERS.items()}}
    with paysession.Client(config) as opened:
        yield opened


@pytest.mark.parametrize("case", EXCHANGES, ids=lambda case: case.name)
def test_http_error(
    case: Case, valid: Callable[[bytes], Any], provider: _Provider, client: paysession.Client,
) -> None:
    provider.status = case.about["http_status"]
    provider.body = case.body
    answer = _asked(lambda: client.get(case.about["reference"]))
    valid(answer.json)
    assert answer.exchange is not None
    assert answer.exchange.http_status == case.about["http_status"]
    _check(case, answer)
