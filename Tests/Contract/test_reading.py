# SPDX-License-Identifier: MIT
"""What comes from files and from programs of others, as they write it: a byte order mark, numbers
in another spelling; and what somebody hands in by mistake is told as what it is. By the C interface.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ctypes import byref, c_void_p

import paysession
import pytest
from asking import keyed, told
from programs import RESULTS, Batch, Handle, interface, opened, taken
from paysession_sandbox.providers import PROVIDERS
from servers import Server, as_asked, kustom

MARK = b"\xef\xbb\xbf"
OK = RESULTS["ok"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A paid session of 20.00 SEK for every name."""
    with Server(as_asked) as serving:
        yield serving


@pytest.fixture
def handle(server: Server) -> Iterator[Handle]:
    handle = Handle(keyed(server.http))
    yield handle
    handle.close()


def config(server: Server) -> bytes:
    return json.dumps(keyed(server.http)).encode()


# ---- A byte order mark ---------------------------------------------------------------------------


@pytest.mark.parametrize("before", [MARK, MARK + b"\r\n \t"])
def test_a_byte_order_mark_before_a_configuration(before: bytes, server: Server) -> None:
    handle = Handle(before + config(server))
    assert handle.get("kustom:x")["session"]["paid"] == "yes"
    handle.close()


@pytest.mark.parametrize("before", [MARK, MARK + b"\n"])
def test_a_byte_order_mark_before_options(before: bytes, handle: Handle) -> None:
    good, other = before + b'{"expect": {"amount": 2000}}', before + b'{"expect": {"amount": 1}}'
    for function in ("get", "wait"):
        judged = [handle.call(function, "kustom:x", one) for one in (good, other)]
        assert [one["result"] for one in judged] == ["ok"] * 2
        assert [one["session"]["paid"] for one in judged] == ["yes", "unknown"]
    batch = Batch(handle, before + b'{"in_flight": 2}')
    assert interface().session_batch_add(batch.pointer, b"kustom:x", good, 7) == OK
    assert batch.next()[2]["session"]["paid"] == "yes"
    batch.close()


def test_a_byte_order_mark_before_a_document() -> None:
    document, answer = json.dumps(kustom("x")).encode(), c_void_p()
    assert interface().session_normalize(
        b"kustom", MARK + document, MARK + b'{"id": "x"}', byref(answer)) == OK
    judged = taken(answer)
    assert judged["session"]["paid"] == "yes" and judged["raw"] == kustom("x")


@pytest.mark.parametrize("before", [MARK * 2, b" " + MARK, MARK + b" " + MARK, b"\xff\xfe", MARK[:2]])
def test_one_is_all_and_only_at_the_very_start(before: bytes, server: Server) -> None:
    assert opened(before + config(server))["result"] == "invalid_config"
    handle = Handle(config(server))
    assert handle.call("get", "kustom:x", before + b"{}")["result"] == "invalid_argument"
    handle.close()
    answer = c_void_p()
    document = before + json.dumps(kustom("x")).encode()
    assert interface().session_normalize(b"kustom", document, None, byref(answer)) == \
        RESULTS["malformed"]
    assert taken(answer)["error"]["retryable"] is False


def test_a_byte_order_mark_alone_is_no_object(handle: Handle) -> None:
    assert opened(MARK)["result"] == "invalid_config"
    assert handle.call("get", "kustom:x", MARK)["result"] == "invalid_argument"


# ---- Numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [
    b'{"timeout_ms": "5000"}', b'{"timeout_ms": 5000.0}', b'{"timeout_ms": 5e3}',
    b'{"timeout_ms": 50000E-1}', b'{"timeout_ms": "05000"}', b'{"timeout_ms": 6e5}',
    b'{"expect": {"amount": "2000"}}', b'{"expect": {"amount": 2000.0}}',
    b'{"expect": {"amount": 2e3}}', b'{"expect": {"amount": "0002000"}}',
    b'{"expect": {"amount": 20000e-1, "currency": "sek"}}', b'{"expect": {"currency": "Sek"}}',
])
def test_an_option_in_another_spelling(options: bytes, handle: Handle) -> None:
    judged = handle.call("get", "kustom:x", options)
    assert judged["result"] == "ok" and judged["session"]["paid"] == "yes"


@pytest.mark.parametrize("amount", [b'"2001"', b"2001.0", b"2.001e3", b'"0"', b"0.0", b"2e4"])
def test_an_expectation_in_another_spelling_still_holds(amount: bytes, handle: Handle) -> None:
    judged = handle.call("get", "kustom:x", b'{"expect": {"amount": %s}}' % amount)
    assert judged["result"] == "ok" and judged["session"]["paid"] == "unknown"
    assert judged["session"]["holds"] == ["amount_mismatch"]


@pytest.mark.parametrize("spelt", [b'"8"', b"8.0", b"8e0", b"80e-1"])
def test_options_of_the_others_in_another_spelling(spelt: bytes, handle: Handle) -> None:
    assert handle.call("wait", "kustom:x", b'{"interval_ms": %s}' % spelt)["result"] == "ok"
    for name in (b"in_flight", b"requests_per_second"):
        Batch(handle, b'{"%s": %s}' % (name, spelt)).close()


@pytest.mark.parametrize("spelt", [
    b'"5000.0"', b'"5e3"', b'"+5000"', b'" 5000"', b'"5000 "', b'"-5000"', b'""', b'"5,000"',
    b'"\\u0665"', b"5000.5", b"5e-1", b"true", b"null", b"[5000]", b'"600001"', b"6.00001e5", b"0.0",
    b'"0"', b"1e999", b'"99999999999999999999"'])
def test_an_option_that_is_no_number(spelt: bytes, handle: Handle, server: Server) -> None:
    before = len(server.requests)
    refused = handle.call("get", "kustom:x", b'{"timeout_ms": %s}' % spelt)
    assert refused["result"] == "invalid_argument" and refused["exchange"] is None
    assert refused["error"]["message"].startswith("timeout_ms") and len(server.requests) == before


@pytest.mark.parametrize(("spelt", "result"), [
    (b"5000.0", "ok"), (b"5e3", "ok"), (b"50000e-1", "ok"), (b'"5000"', "invalid_config"),
    (b"5000.5", "invalid_config"), (b"6.00001e5", "invalid_config"), (b"0.0", "invalid_config")])
def test_a_number_of_the_configuration(spelt: bytes, result: str) -> None:
    """Whole, however it is spelt; no text."""
    told_of = opened(b'{"timeout_ms": %s}' % spelt)
    assert told_of["result"] == result
    assert result == "ok" or told_of["error"]["message"].startswith("timeout_ms")


# ---- By mistake ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "/etc/x.json", "config.json", "./paysession", "../config.json", "~/.config/paysession/config.json",
    "/run/secrets/paysession", "/etc/pay session.json", "build/sandbox/config.json", "C:\\shop\\x.json"])
def test_a_path_is_no_configuration(path: str) -> None:
    refused = opened(path)
    assert refused["result"] == "invalid_config" and "path" in refused["error"]["message"]


@pytest.mark.parametrize("config", ["{", '{"a": "/etc/x.json"', "{} /etc/x.json", "{/etc/x.json}"])
def test_what_is_no_path_is_not_called_one(config: str) -> None:
    refused = opened(config)
    assert refused["result"] == "invalid_config" and "path" not in refused["error"]["message"]


@pytest.mark.parametrize(("end", "word"), [
    ("\n", "line break"), ("\r\n", "line break"), ("\r", "line break"), ("\n\n", "line break"),
    (" ", "blank"), ("  ", "blank")])
@pytest.mark.parametrize("reference", [provider.reference("x") for provider in PROVIDERS.values()])
def test_a_reference_with_the_end_of_its_line(reference: str, end: str, word: str, server: Server) -> None:
    before = len(server.requests)
    with paysession.Client(keyed(server.http)) as client:
        for call in (lambda: client.get(reference + end), lambda: client.wait(reference + end)):
            refused = told(call)
            assert refused.result == "invalid_argument" and refused.answer["exchange"] is None
            assert word in refused.error["message"]
        (_, error), = client.read_many([reference + end])
        assert isinstance(error, paysession.InvalidArgument) and word in str(error)
    assert len(server.requests) == before
