# SPDX-License-Identifier: MIT
"""What callers and strangers may do to it: NULL, lengths, threads, and where secrets could come out."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import threading
import time
from ctypes import byref, c_char_p, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import signatures
import pytest
from callbacks import CALLBACKS
from programs import LIBRARIES, REPOSITORY, RESULTS, Handle, interface, opened, taken
from test_callback_cases import secrets_of, verified

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CONFIG = {"kustom": {"base_url": "http://localhost", "api_key": "k", "callback_secret": SECRET}}
BODY = b'{"type":"ipp.session.finalized","data":{"session_id":"x"}}'


def signed(body: bytes = BODY, when: int | None = None) -> bytes:
    stamp = str(int(time.time()) if when is None else when)
    return json.dumps({"method": "POST", "url": "https://shop.example/", "headers": {
        "webhook-id": "m", "webhook-timestamp": stamp,
        "webhook-signature": signatures.standard_webhooks(SECRET, "m", stamp, body)}}).encode()


def verify(client: Any, provider: Any, request: Any, body: Any, length: int, options: Any = None) -> tuple[int, Any]:
    answer = c_void_p()
    result = interface().session_callback_verify(client, provider, request, body, c_size_t(length), options, byref(answer))
    told = taken(answer)
    assert RESULTS[told["result"]] == result and told["session"] is None
    return result, told


def test_null_in_each_place() -> None:
    handle = Handle(CONFIG)
    request = signed()
    for arguments, name in [
        ((None, b"kustom", request, BODY, len(BODY)), "client"),
        ((handle.pointer, None, request, BODY, len(BODY)), "provider"),
        ((handle.pointer, b"kustom", None, BODY, len(BODY)), "request"),
        ((handle.pointer, b"kustom", request, None, len(BODY)), "body"),
    ]:
        result, told = verify(*arguments)
        assert result == RESULTS["invalid_argument"] and told["callback"] is None
        assert told["error"]["message"] == f"{name}: expected a value, got NULL"
    assert verify(handle.pointer, b"kustom", request, BODY, len(BODY))[0] == 0
    assert interface().session_callback_verify(handle.pointer, b"kustom", request, BODY, len(BODY), None, None) == 0
    assert interface().session_callback_verify(None, None, None, None, 0, None, None) == RESULTS["invalid_argument"]
    assert interface().session_answer_reference(None) is None
    # No body is a body of no length, whatever the pointer.
    assert verify(handle.pointer, b"kustom", signed(b""), None, 0)[0] == RESULTS["malformed"]
    assert verify(handle.pointer, b"kustom", signed(b""), BODY, 0)[0] == RESULTS["malformed"]
    handle.close()


@pytest.mark.parametrize("length", [4_194_305, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
def test_what_is_too_long_is_not_looked_at(length: int) -> None:
    """A body of which there is one byte."""
    handle = Handle(CONFIG)
    assert verify(handle.pointer, b"kustom", signed(), b"x", length)[0] == RESULTS["too_large"]
    handle.close()


@pytest.mark.parametrize(("provider", "message"), [
    (b"acme", "provider: expected one of inbank, kustom, dintero, ledyer"), (b"Kustom", "provider: expected one of"),
    (b"", "provider: expected one of"), (b"\xff", "provider: expected UTF-8")])
def test_no_provider(provider: bytes, message: str) -> None:
    handle = Handle(CONFIG)
    result, told = verify(handle.pointer, provider, signed(), BODY, len(BODY))
    assert result == RESULTS["invalid_argument"] and told["provider"] is None
    assert told["error"]["message"].startswith(message)
    handle.close()


def test_by_the_clock() -> None:
    handle = Handle(CONFIG)
    now = int(time.time())
    for when, wanted, reason in [(now, 0, None), (now - 290, 0, None), (now + 290, 0, None), (now - 310, 33, "too_old"),
                                 (now + 310, 33, "too_new"), (1_000_000_000, 33, "too_old")]:
        result, told = verify(handle.pointer, b"kustom", signed(when=when), BODY, len(BODY))
        assert (result, told["callback"]["reason"]) == (wanted, reason)
        assert abs(told["callback"]["age_ms"] - (now - when) * 1000) < 5000
        # Those two are genuine: a stranger cannot raise them.
        forged = json.loads(signed(when=when))
        forged["headers"]["webhook-signature"] = "v1," + "A" * 43 + "="
        told = verify(handle.pointer, b"kustom", json.dumps(forged).encode(), BODY, len(BODY))[1]
        assert told["callback"]["reason"] == "signature_mismatch" and told["callback"]["age_ms"] is None
    assert verify(handle.pointer, b"kustom", signed(), BODY, len(BODY), b"{}")[0] == 0
    handle.close()


def test_the_reference_of_any_answer() -> None:
    """It is read next, so it stays what it was, as long as its answer."""
    handle = Handle({**CONFIG, "attempts": 1})
    call, read = c_void_p(), c_void_p()
    interface().session_callback_verify(handle.pointer, b"kustom", signed(), BODY, len(BODY), None, byref(call))
    reference = interface().session_answer_reference(call)
    assert reference == b"kustom:x"
    interface().session_get(handle.pointer, reference, b'{"timeout_ms": 1}', byref(read))
    handle.close()
    assert interface().session_answer_reference(read) == interface().session_answer_reference(call) == b"kustom:x"
    interface().session_answer_free(call)
    interface().session_answer_free(read)


def test_nothing_is_counted() -> None:
    handle = Handle(CONFIG)
    before = handle.report()
    verify(handle.pointer, b"kustom", signed(), BODY, len(BODY))
    verify(handle.pointer, b"kustom", signed(), BODY + b" ", len(BODY) + 1)
    after = handle.report()
    assert after["providers"] == before["providers"]
    assert SECRET not in json.dumps(after) and "callback" not in json.dumps(after["providers"])
    handle.close()


def test_many_threads_on_one_client() -> None:
    handle = Handle(CONFIG)
    good, results = signed(), []

    def work(number: int) -> None:
        for turn in range(200):
            wrong = (turn + number) % 2
            results.append((wrong, verify(handle.pointer, b"kustom", good, BODY + b" " * wrong, len(BODY) + wrong)[0]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1600 and set(results) == {(0, 0), (1, 33)}
    handle.close()


def test_no_message_says_what_was_signed() -> None:
    """Neither a code, nor a header's value, nor what the body says."""
    for case in CALLBACKS:
        told = json.loads(verified(case))
        if told["error"] is None:
            continue
        said = told["error"]["message"] + told["error"]["advice"]
        try:
            headers = json.loads(case.request)["headers"]
        except (ValueError, KeyError, TypeError):
            headers = {}
        values = [part for value in (headers.values() if isinstance(headers, dict) else ())
                  for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
                  for part in re.findall(r"[\w+/=]{12,}", text)]
        values += [word.decode("latin-1") for word in re.findall(rb"[\w-]{12,}", case.body)]
        assert [value for value in values if value in said] == [], case.name
        assert [secret for secret in secrets_of(case) if secret in said] == [], case.name


def masked(text: bytes) -> str:
    return bytes(byte ^ 0xA5 for byte in text).hex()


def test_keys_are_wiped(tmp_path: Path) -> None:
    """The secret's text, the key that it says, and that key in the blocks of HMAC: none is left in the process."""
    program = tmp_path / "wiped"
    subprocess.run(
        ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{REPOSITORY / 'Include'}",
         str(Path(__file__).parent / "wiped.c"), f"-L{LIBRARIES}", "-lpaysession", f"-Wl,-rpath,{LIBRARIES}",
         "-rdynamic", "-o", program], check=True)
    key = bytes(range(7, 39))
    secret = "whsec_" + base64.b64encode(key).decode()
    stamp = str(int(time.time()))
    (tmp_path / "config").write_text(json.dumps(
        {"kustom": {"base_url": "http://localhost", "api_key": "k", "callback_secret": [secret]}}))
    (tmp_path / "request").write_text(json.dumps({"method": "POST", "url": "https://x/", "headers": {
        "webhook-id": "m", "webhook-timestamp": stamp,
        "webhook-signature": signatures.standard_webhooks(secret, "m", stamp, BODY)}}))
    (tmp_path / "body").write_bytes(BODY)
    texts = [secret.encode(), key, bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)]
    done = subprocess.run(
        [program, tmp_path / "config", "kustom", tmp_path / "request", tmp_path / "body", *map(masked, texts)],
        capture_output=True, text=True, check=True)
    genuine, cut, before, freed, *after = map(int, done.stdout.split())
    assert (genuine, cut) == (0, RESULTS["not_genuine"])
    assert before >= 2, "the scan finds none where there are some"
    assert freed == 0, "a block was given back that held one"
    assert after == [0, 0, 0, 0]


def test_ctypes_knows_the_reference_as_text() -> None:
    assert interface().session_answer_reference.restype is c_char_p


def at_kustom(secret: Any) -> dict[str, Any]:
    return {"kustom": {"base_url": "http://localhost", "api_key": "k", "callback_secret": secret}}


@pytest.mark.parametrize(("config", "message"), [
    (at_kustom(""), "kustom.callback_secret: expected a secret, it is empty"),
    (at_kustom([]), "kustom.callback_secret: expected a secret: text"),
    (at_kustom([SECRET] * 5), "kustom.callback_secret: expected a secret: text"),
    (at_kustom("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), "kustom.callback_secret: expected whsec_"),
    (at_kustom("whpk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), "kustom.callback_secret: expected the secret that"),
    # 15 bytes; bits that are left over; twice whsec_.
    (at_kustom("whsec_MDEyMzQ1Njc4OWFiY2Rl"), "kustom.callback_secret: expected whsec_"),
    (at_kustom("whsec_MDEyMzQ1Njc4OWFiY2RlZh=="), "kustom.callback_secret: expected whsec_"),
    (at_kustom("whsec_" + SECRET), "kustom.callback_secret: expected whsec_"),
    ({"dintero": {"base_url": "http://localhost", "token": "t", "callback_secret": "s"}}, "dintero.account_id: expected"),
    ({"ledyer": {"base_url": "http://localhost", "token": "t", "callback_secret": "s"}}, "ledyer.callback_secret: unknown"),
    ({"inbank": {"base_url": "http://localhost", "api_key": "k", "callback_secret": "s"}}, "inbank.callback_secret: unk"),
])
def test_a_wrong_secret_is_found_when_the_client_is_opened(config: dict[str, Any], message: str) -> None:
    """There is no "verification off", and never a pass at run time."""
    told = opened(config)
    assert told["result"] == "invalid_config" and told["error"]["message"].startswith(message), told
    assert "AAEC" not in json.dumps(told) and "MDEy" not in json.dumps(told)
