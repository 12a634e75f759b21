# SPDX-License-Identifier: MIT
"""Every session_result of the header is reached, and told apart from its neighbours."""

from __future__ import annotations

import ctypes
import http.server
import json
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paysession
import pytest
from paysession import Answer, Failure, Result
from paysession_sandbox.providers import PROVIDERS

SOURCE = Path(paysession.__file__).resolve().parents[1]


def result_of(config: Any, reference: str, **options: Any) -> tuple[str, dict[str, Any]]:
    try:
        with paysession.Client(config) as client:
            answer: Answer | Failure | None = client.get(reference, **options)
    except paysession.PaySessionError as error:
        answer = error.answer
    assert answer is not None
    assert answer.is_paid is (answer.result == "ok" and json.loads(answer.json)["session"]["paid"] == "yes")
    return str(answer.result), json.loads(answer.json)


@pytest.fixture(scope="module")
def loopback() -> Iterator[str]:
    """A plain server whose last path segment says which status it answers with."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            status = int(name) if name.isdigit() else 200
            body = json.dumps({"session_id": name}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def kustom(base: str, **more: Any) -> dict[str, Any]:
    return {"attempts": 1, "kustom": {"base_url": base, "api_key": "kco_test_key"}, **more}


@pytest.mark.parametrize(("status", "result"), [
    (200, "ok"), (201, "unexpected_http"), (202, "unexpected_http"), (301, "unexpected_http"),
    (302, "unexpected_http"), (400, "unexpected_http"), (401, "unauthorized"),
    (403, "forbidden"), (404, "not_found"), (409, "unexpected_http"), (418, "unexpected_http"),
    (429, "rate_limited"), (500, "provider_error"), (501, "provider_error"),
    (503, "provider_error"), (599, "provider_error"),
])
def test_http_statuses(loopback: str, status: int, result: str) -> None:
    told, answer = result_of(kustom(loopback), f"kustom:{status}")
    assert told == result
    assert answer["exchange"]["http_status"] == status
    if status == 200:
        return
    assert answer["error"]["http_status"] == status
    assert answer["session"] is None and answer["raw"] is None


def test_not_configured(loopback: str) -> None:
    told, answer = result_of(kustom(loopback), "ledyer:x")
    assert told == "not_configured"
    assert answer["exchange"] is None and answer["error"]["http_status"] is None
    assert "ledyer" in answer["error"]["message"]


@pytest.mark.parametrize("reference", [
    "", "kustom", "kustom:", "klarna:x", "Kustom:x", "kustom:a/b", "kustom:..", "kustom:.",
    "kustom:%2e%2e", "kustom:a%00b", "kustom:a%0ab", "kustom:%ff", "kustom:%zz", "kustom:a%2",
    "kustom:a b", "kustom:a?b", "kustom:a#b", "kustom:" + "a" * 129, "inbank:a", "inbank:a/b/c",
    "dintero:X12345678/o/s", "dintero:T1234567/o/s", "dintero:T123456789/o/s", "dintero:T1234567a/o/s",
])
def test_bad_references_are_not_sent(loopback: str, reference: str) -> None:
    told, answer = result_of(kustom(loopback), reference)
    assert told == "invalid_argument"
    assert answer["exchange"] is None


@pytest.mark.parametrize("options", [
    "", "[]", "{", '{"timeout": 1}', '{"timeout_ms": 0}', '{"timeout_ms": 600001}',
    '{"timeout_ms": "1.0"}', '{"timeout_ms": 1.5}', '{"expect": 3}', '{"expect": {"amount": 3.5}}',
    '{"expect": {"amount": "3.0"}}', '{"expect": {"amount": "-1"}}', '{"expect": {"amount": ""}}',
    '{"expect": {"amount": -1}}', '{"expect": {"currency": "eu"}}', '{"expect": {"currency": "XXX"}}',
    '{"expect": {"currency": "xxx"}}', '{"expect": {"currency": "eur "}}',
    '{"expect": {"total": 3}}', '{"traceparent": "00-0"}', '{"id": "x"}', '{"interval_ms": 5}',
    '{"timeout_ms": 5, "timeout_ms": 6}',
])
def test_bad_options_are_not_sent(loopback: str, options: str) -> None:
    library = paysession._loaded.library
    with paysession.Client(kustom(loopback)) as client:
        answer = ctypes.c_void_p()
        function = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)(
                ctypes.cast(library.session_get, ctypes.c_void_p).value or 0)
        told = function(client._handles[0], b"kustom:x", options.encode(), ctypes.byref(answer))
        assert told == 1
        free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(
            ctypes.cast(library.session_answer_free, ctypes.c_void_p).value or 0)
        free(answer)


def test_aborted(sandbox: Any) -> None:
    with paysession.Client(sandbox.config) as client:
        timer = threading.Timer(0.2, client.cancel)
        timer.start()
        with pytest.raises(paysession.Aborted):
            client.get("kustom:slow")
        timer.join()
        assert client.get("kustom:finalized").is_paid  # later calls are not affected


def test_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    told, answer = result_of(kustom(f"http://127.0.0.1:{port}"), "kustom:x")
    assert told == "unreachable"
    assert answer["error"]["http_status"] is None and answer["error"]["retryable"] is True


def test_tls_failed(sandbox: Any) -> None:
    untrusting = {key: value for key, value in sandbox.config.items() if key != "ca_file"}
    told, answer = result_of(untrusting, "kustom:finalized")
    assert told == "tls_failed"
    assert answer["exchange"]["attempts"] == 1  # what cannot be trusted is not asked again


def test_timed_out(sandbox: Any) -> None:
    told, answer = result_of(sandbox.config, "inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/slow",
                             timeout_ms=200)
    assert told == "timed_out"
    assert answer["error"]["http_status"] is None
    assert 200 <= answer["exchange"]["elapsed_ms"] < 400


@pytest.mark.slow
@pytest.mark.parametrize(("name", "result"), [
    ("not-json", "malformed"), ("not-an-object", "malformed"), ("double-key", "malformed"),
    ("too-deep", "malformed"), ("not-utf8", "malformed"), ("large", "too_large"),
    ("another", "mismatched"),
])
def test_answers_of_no_use(sandbox: Any, name: str, result: str) -> None:
    for reference in (provider.reference(name) for provider in PROVIDERS.values()):
        told, answer = result_of(sandbox.config, reference)
        assert told == result, reference
        assert answer["error"]["http_status"] == 200


def test_token_endpoint_refuses(sandbox: Any) -> None:
    config = json.loads(json.dumps(sandbox.config))
    config["ledyer"]["client_secret"] = config["dintero"]["client_secret"] = "something else"
    for reference in ("ledyer:authorized", "dintero:T12345678/order/processed"):
        told, answer = result_of(config, reference)
        assert told == "unauthorized"
        assert answer["error"]["http_status"] == 401
        assert "token endpoint" in answer["error"]["message"]


def test_out_of_memory_stands_for_descriptors_too(tmp_path: Path) -> None:
    """In a process of its own, whose descriptors run out."""
    program = f"""
import resource, sys
sys.path.insert(0, {str(SOURCE)!r})
import paysession, os
client = paysession.Client({{"kustom": {{"base_url": "http://127.0.0.1:9", "api_key": "k"}}}})
used = len(os.listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (used - 1, used - 1))
try:
    client.get("kustom:x")
except paysession.OutOfMemory as error:
    print(error.result)
try:
    paysession.Client({{}})
except paysession.OutOfMemory as error:
    print(error.result)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["out_of_memory", "out_of_memory"], done.stderr
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10


def test_invalid_config_names_the_key() -> None:
    cases: list[tuple[Any, str]] = [
        ({"timeout": 5}, "timeout: unknown key"),
        ({"timeout_ms": 0}, "timeout_ms"),
        ({"kustom": {"base_url": "https://x"}}, "kustom.api_key"),
        ({"kustom": {"environment": "playground", "api_key": "kco_live_1"}}, "kustom.environment"),
        ({"inbank": {"environment": "demo", "api_key": "k"}}, "inbank.country"),
        ({"ledyer": {"base_url": "https://x", "client_id": "a", "client_secret": "b"}}, "ledyer.auth_url"),
        ({"dintero": {"environment": "test", "client_id": "a", "client_secret": "b"}},
         "dintero.environment"),
        ({"kustom": {"base_url": "http://127.0.0.1.example.com", "api_key": "k"}}, "kustom.base_url"),
    ]
    for config, named in cases:
        with pytest.raises(paysession.InvalidConfig) as caught:
            paysession.Client(config)
        assert str(caught.value).startswith(named), config


def test_done_and_again(loopback: str) -> None:
    library = paysession._loaded.library
    with paysession.Client(kustom(loopback)) as client:
        batch, answer, tag = ctypes.c_void_p(), ctypes.c_void_p(7), ctypes.c_uint64()

        def call(name: str, *arguments: Any) -> int:
            address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
            result: int = ctypes.CFUNCTYPE(ctypes.c_int, *map(type, arguments))(address)(*arguments)
            return result

        handle = ctypes.cast(client._handles[0], ctypes.c_void_p)
        assert call("session_batch_open", handle, ctypes.c_char_p(None),
                    ctypes.c_void_p(ctypes.addressof(batch)), ctypes.c_void_p()) == 0

        def give(timeout: int) -> int:
            return call("session_batch_next", batch, ctypes.c_int64(timeout),
                        ctypes.c_void_p(ctypes.addressof(tag)), ctypes.c_void_p(ctypes.addressof(answer)))

        assert give(-1) == Result.DONE.number and answer.value is None
        assert call("session_batch_add", batch, ctypes.c_char_p(b"kustom:one"), ctypes.c_char_p(None),
                    ctypes.c_uint64(2**64 - 1)) == 0
        answer.value = 7
        assert give(0) == Result.AGAIN.number and answer.value is None
        assert give(-1) == 0 and tag.value == 2**64 - 1
        call("session_answer_free", answer)
        assert give(0) == Result.DONE.number
        call("session_batch_close", batch)


def test_not_waiting(loopback: str) -> None:
    """Tests/Faults/test_approval.py has many more."""
    config = {"inbank": {"base_url": loopback, "api_key": "k", "approvals": True}, "proxy": ""}
    with paysession.Client(config) as client, pytest.raises(paysession.NotWaiting) as raised:
        client.refuse("inbank:shop/200")
    assert raised.value.result == "not_waiting"


@pytest.mark.parametrize(("secret", "result"), [
    ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "not_genuine"), (None, "unsigned")])
def test_callbacks(secret: str | None, result: str) -> None:
    """Tests/Callbacks has many more."""
    config = kustom("http://localhost")
    if secret is not None:
        config["kustom"]["callback_secret"] = secret
    with paysession.Client(config) as client:
        try:
            told = client.callback("kustom", "POST", "https://shop.example/hook", {}, b"{}")
        except paysession.NotGenuine as error:
            told = error.callback
    assert (told.result, told.is_genuine) == (result, False)


def test_every_result_stands_in_this_file() -> None:
    text = Path(__file__).read_text("utf-8")
    missing = [result.value for result in Result
               if f'"{result.value}"' not in text and f"test_{result.value}" not in text
               and f"Result.{result.name}" not in text]
    assert missing == []
