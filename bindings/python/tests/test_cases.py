# SPDX-License-Identifier: MIT
"""Tests/Cases: a provider's response and the answer it must give, the same for all languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import paysession

CASES = Path(__file__).resolve().parents[3] / "Tests" / "Cases"


def _cases(over_http: bool) -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*/*/case.json")):
        case = json.loads(path.read_bytes())
        if ("http_status" in case) is over_http:
            name = f"{path.parent.parent.name}/{path.parent.name}"
            found.append(pytest.param(path.parent, case, id=name))
    return found


def _asked(call: Callable[[], paysession.Answer]) -> paysession.Answer:
    """The answer, also where there is an exception around it."""
    try:
        answer = call()
    except paysession.PaySessionError as error:
        assert error.answer is not None and error.answer.error is not None
        assert type(error) is not paysession.PaySessionError
        assert error.result == error.answer.result
        assert str(error) == error.answer.error.message
        assert error.retryable == error.answer.error.retryable
        return error.answer
    assert answer.result is paysession.Result.OK
    return answer


def _check(folder: Path, answer: paysession.Answer, *, exchanged: bool) -> None:
    """The answer's JSON against answer.json, keys in order; raw and the free words apart."""
    expected = json.loads((folder / "answer.json").read_bytes())
    told = json.loads(answer.json)
    raw = told.pop("raw")
    expected.pop("raw", None)
    if expected["error"] is not None:
        for word in ("message", "advice"):
            assert told["error"].pop(word), f"error.{word} is empty"
            expected["error"].pop(word, None)
    if exchanged:
        assert told.pop("exchange") is not None
        expected.pop("exchange", None)
    # Text, for equal dicts can differ in their order, and 1 == 1.0 == True.
    assert json.dumps(told, indent=1).splitlines() == json.dumps(expected, indent=1).splitlines()

    if told["result"] == "ok":
        body = (folder / "response").read_bytes().removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
        assert answer.json.endswith(b'"raw":' + body + b"}")
        session = told["session"]
        assert (answer.status.value, answer.paid.value) == (session["status"], session["paid"])
        assert answer.is_paid is (session["paid"] == "yes")
        assert answer.raw is not None
    else:
        assert raw is None and answer.raw is None and not answer.is_paid


@pytest.mark.parametrize(("folder", "case"), _cases(over_http=False))
def test_document(folder: Path, case: dict[str, Any], valid: Callable[[bytes], Any]) -> None:
    provider = folder.parent.name
    body = (folder / "response").read_bytes()
    options = case["options"] or {}
    if b"\0" in body:
        with pytest.raises(ValueError, match="^document contains a NUL"):
            paysession.normalize(provider, body, **options)
        return
    answer = _asked(lambda: paysession.normalize(provider, body, **options))
    valid(answer.json)
    _check(folder, answer, exchanged=False)
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
    pair = {"base_url": base, "auth_url": f"{base}/token", "client_id": "id-of-the-tests",
            "client_secret": "secret-of-the-tests"}
    key = {"base_url": base, "api_key": "key-of-the-tests"}
    config = {"attempts": 1, "proxy": "", "inbank": key, "kustom": key, "dintero": pair,
              "ledyer": pair}
    with paysession.Client(config) as opened:
        yield opened


@pytest.mark.parametrize(("folder", "case"), _cases(over_http=True))
def test_http_error(
    folder: Path, case: dict[str, Any], valid: Callable[[bytes], Any], provider: _Provider,
    client: paysession.Client,
) -> None:
    provider.status = case["http_status"]
    provider.body = (folder / "response").read_bytes()
    answer = _asked(lambda: client.get(case["reference"]))
    valid(answer.json)
    assert answer.exchange is not None
    assert answer.exchange.http_status == case["http_status"]
    _check(folder, answer, exchanged=True)
