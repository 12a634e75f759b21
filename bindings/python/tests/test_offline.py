# SPDX-License-Identifier: MIT
"""What needs no provider: documents, arguments, configuration, finding the library."""

from __future__ import annotations

import copy
import ctypes
import dataclasses
import gc
import inspect
import json
import logging
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import paysession
from paysession import _answer, _calls, _client, _library, _loaded
from paysession._answer import _travelled
from paysession._declarations import AnswerPointer
from paysession._errors import exception_of, reply_of
from paysession._value import Value
from paysession._values import moment
from paysession._library import SONAME

REPOSITORY = Path(__file__).resolve().parents[3]

Valid = Callable[[bytes], Any]

INBANK = """{
  "uuid": "5e3a49b2-3ad9-4a3b-a8e5-9a3f24a5a9fc", "status": "completed",
  "totalAmount": 300.00, "currency": "EUR", "createdAt": "2024-01-15T12:30:00+02:00",
  "creditContractUuid": "788e", "locale": "et-ET", "purchase": {"purchaseReference": "order-1"},
  "customerDetails": {"firstName": "Mari", "lastName": "Maasikas", "email": "mari@example.com"}
}"""
KUSTOM = """{
  "session_id": "550e8400", "status": "FINALIZED", "purchase_currency": "EUR",
  "order_amount": 2000, "order_tax_amount": 400, "merchant_reference1": "order-2",
  "order_items": [{"reference": "SKU-1", "name": "T-Shirt", "type": "physical", "quantity": 2,
    "unit_price": 1000, "tax_rate": 2500, "total_amount": 2000, "total_tax_amount": 400}]
}"""
DINTERO = '{"id": "d1", "items": [{"line_id": 7, "amount": 27840}], "amount": 27840, ' \
    '"processed_at": "2024-01-15T10:30:00Z"}'
LEDYER = """{
  "id": "l1", "orderId": "or_1", "state": "authorized",
  "order": {"totalOrderAmount": 5000, "currency": "SEK", "reference": "order-4"},
  "customer": {"paymentMethod": {"type": "invoice", "provider": "ledyer"}}
}"""


def test_inbank(valid: Valid) -> None:
    answer = paysession.normalize("inbank", INBANK)
    valid(answer.json)
    assert answer.result is paysession.Result.OK
    assert (answer.provider, answer.reference) == ("inbank", None)
    assert answer.status is paysession.Status.COMPLETED
    assert answer.paid is paysession.Paid.YES and answer.is_paid
    assert answer.error is None and answer.exchange is None
    session = answer.session
    assert session is not None
    assert session.id == "5e3a49b2-3ad9-4a3b-a8e5-9a3f24a5a9fc"
    assert session.final is True and session.holds == () and session.expectations is None
    assert session.evidence == paysession.Evidence("status", "completed", "reported")
    assert session.amount == paysession.Amount(30000, "EUR", Decimal("300.00"))
    assert session.merchant_reference == "order-1"
    assert session.identifiers == {
        "credit_contract": "788e", "credit_application": None, "credit_purchase": None}
    assert session.created_at == "2024-01-15T10:30:00Z"
    assert session.customer.email == "mari@example.com" and session.customer.phone is None
    assert session.items is None


def test_kustom() -> None:
    session = paysession.normalize("kustom", KUSTOM.encode(), id="550e8400").session
    assert session is not None and session.paid is paysession.Paid.YES
    assert session.amount == paysession.Amount(2000, "EUR", Decimal("20.00"))
    assert session.tax_minor == 400
    assert session.items == (
        paysession.Item("SKU-1", "T-Shirt", "physical", 2, 1000, 2000, 400, 2500, None),)


def test_dintero() -> None:
    held = paysession.normalize("dintero", DINTERO)
    assert held.status is paysession.Status.COMPLETED
    assert held.paid is paysession.Paid.UNKNOWN and not held.is_paid
    assert held.session is not None and held.session.holds == ("no_payment_state",)
    assert held.session.amount == paysession.Amount(27840, None, None)
    assert held.session.items is not None and held.session.items[0].reference == "7"
    assert paysession.normalize("dintero", DINTERO, trust_processed_at=True).is_paid
    assert not paysession.normalize("dintero", DINTERO, trust_processed_at=False).is_paid


def test_ledyer() -> None:
    session = paysession.normalize("ledyer", LEDYER, id="or_1").session
    assert session is not None and session.paid is paysession.Paid.YES
    assert session.payment_method == paysession.PaymentMethod("invoice", "ledyer", None)


def test_expectations() -> None:
    match = paysession.normalize("inbank", INBANK, expect={"amount": 30000, "currency": "EUR"})
    assert match.is_paid and match.session is not None
    assert match.session.expectations == paysession.Expectations("match", "match", None)
    differs = paysession.normalize("inbank", INBANK, expect={"amount": 1, "reference": "other"})
    assert differs.paid is paysession.Paid.UNKNOWN and differs.session is not None
    assert differs.session.holds == ("amount_mismatch", "reference_mismatch")


def test_status_and_paid() -> None:
    assert paysession.status_normalized("kustom", KUSTOM) is paysession.Status.COMPLETED
    assert paysession.paid_normalized("kustom", KUSTOM) is paysession.Paid.YES
    assert paysession.status_normalized("kustom", '{"status": "ACTIVE"}').value == "pending"
    assert paysession.paid_normalized("kustom", b'{"status": "ACTIVE"}') is paysession.Paid.NO
    assert paysession.status_normalized("klarna", KUSTOM) is paysession.Status.UNKNOWN
    assert paysession.paid_normalized("kustom", b"\xff") is paysession.Paid.UNKNOWN


def test_raw_keeps_numbers() -> None:
    long = "9" * 5000
    beyond = "1e9999999999999999999"
    numbers = f'{{"a": 0.10, "b": 1e999, "c": {long}, "d": {beyond}, "e": -0, "f": 7}}'
    raw = paysession.normalize("kustom", f'{{"merchant_data": {numbers}}}').raw
    assert raw is not None
    data = raw["merchant_data"]
    assert data["a"] == Decimal("0.10") and str(data["a"]) == "0.10"
    assert data["b"] == Decimal("1e999")
    assert isinstance(data["c"], Decimal) and str(data["c"]) == long
    assert data["d"] == beyond
    assert (data["e"], data["f"]) == (0, 7) and isinstance(data["f"], int)


def test_json_is_exact(valid: Valid) -> None:
    answer = paysession.normalize("kustom", "\n " + KUSTOM + "\n")
    assert answer.json.endswith(b'"raw":' + KUSTOM.encode() + b"}")
    assert answer.raw == json.loads(KUSTOM)
    valid(answer.json)


@pytest.mark.parametrize(
    ("provider", "document", "options", "kind", "result"),
    [
        ("klarna", "{}", {}, paysession.InvalidArgument, "invalid_argument"),
        ("kustom", "{}", {"id": ""}, paysession.InvalidArgument, "invalid_argument"),
        ("kustom", "{}", {"expect": {"amount": 1.5}}, paysession.InvalidArgument,
         "invalid_argument"),
        ("kustom", "[]", {}, paysession.Malformed, "malformed"),
        ("kustom", "", {}, paysession.Malformed, "malformed"),
        ("kustom", "<html></html>", {}, paysession.Malformed, "malformed"),
        ("kustom", "\ufeff\ufeff{}", {}, paysession.Malformed, "malformed"),
        ("kustom", b'{"status": "\xff"}', {}, paysession.Malformed, "malformed"),
        ("kustom", '{"a": 1, "a": 1}', {}, paysession.Malformed, "malformed"),
        ("kustom", KUSTOM, {"id": "another"}, paysession.Mismatched, "mismatched"),
    ],
)
def test_failures(
    provider: str, document: str | bytes, options: dict[str, Any],
    kind: type[paysession.PaySessionError], result: str, valid: Valid,
) -> None:
    with pytest.raises(kind) as caught:
        paysession.normalize(provider, document, **options)
    error = caught.value
    assert error.result == result and isinstance(error.result, paysession.Result)
    assert error.answer is not None and error.answer.error is not None
    valid(error.answer.json)
    assert error.answer.result == result
    assert error.answer.session is None and error.answer.raw is None
    assert str(error) == error.message == error.answer.error.message != ""
    # What is empty, or a page, is somebody's in between, and may pass.
    assert error.advice and error.retryable is (document in ("", "<html></html>"))
    assert not error.answer.is_paid


def test_tree() -> None:
    assert issubclass(paysession.Malformed, paysession.DocumentError)
    assert issubclass(paysession.TimedOut, paysession.NetworkError)
    assert issubclass(paysession.RateLimited, paysession.HTTPError)
    assert issubclass(paysession.InvalidConfig, paysession.UsageError)
    for kind in (paysession.DocumentError, paysession.NetworkError, paysession.HTTPError,
                 paysession.UsageError, paysession.Aborted, paysession.OutOfMemory):
        assert issubclass(kind, paysession.PaySessionError)


def test_nothing_is_cut_off_at_a_nul() -> None:
    with pytest.raises(ValueError, match="^document contains a NUL"):
        paysession.normalize("kustom", KUSTOM.encode() + b"\0")
    with pytest.raises(ValueError, match="^document contains a NUL"):
        paysession.paid_normalized("kustom", KUSTOM + "\0")
    with pytest.raises(ValueError, match="^provider contains a NUL"):
        paysession.status_normalized("kustom\0", KUSTOM)
    with pytest.raises(ValueError, match="^id contains a NUL"):
        paysession.normalize("kustom", KUSTOM, id="550e8400\0")
    with pytest.raises(ValueError, match="^config contains a NUL"):
        paysession.Client("{}\0")
    with paysession.Client({}) as client:
        with pytest.raises(ValueError, match="^reference contains a NUL"):
            client.get("kustom:1\0")
        with pytest.raises(ValueError, match="^pos_session_uuid contains a NUL"):
            client.get_inbank("1", "2\0")
        with pytest.raises(ValueError, match="^traceparent contains a NUL"):
            client.get("kustom:1", traceparent="00-\0")


def test_arguments_of_the_wrong_type() -> None:
    with pytest.raises(TypeError, match="^document must be str"):
        paysession.normalize("kustom", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^provider must be str"):
        paysession.normalize(b"kustom", "{}")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^config must be str"):
        paysession.Client(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="^document contains a lone surrogate"):
        paysession.normalize("kustom", '{"status": "\udc80"}')


def test_a_uuid_is_no_text() -> None:
    """It is not turned into one unasked: which letters, and with what around them, is the caller's."""
    one = uuid.UUID("5e3a49b2-3ad9-4a3b-a8e5-9a3f24a5a9fc")
    with paysession.Client({}) as client, client.batch() as batch:
        calls: dict[str, list[Callable[[Any], object]]] = {
            "reference": [client.get, client.wait, batch.add, lambda one: list(client.read_many([one]))],
            "shop_uuid": [lambda one: client.get_inbank(one, "x")],
            "pos_session_uuid": [lambda one: client.get_inbank("x", one)],
            "session_id": [client.get_kustom, client.get_ledyer],
            "order_id": [lambda one: client.get_dintero("T12345678", one, "x")],
        }
        for name, asked in calls.items():
            for call in asked:
                with pytest.raises(TypeError, match=rf"^{name}\b.*UUID"):
                    call(one)


def test_a_path_is_no_configuration() -> None:
    for path in ("/etc/paysession/config.json", "config.json", "~/.config/paysession/config.json"):
        with pytest.raises((paysession.InvalidConfig, ValueError, TypeError), match="path"):
            paysession.Client(path)


def test_config() -> None:
    kustom = MappingProxyType({"base_url": "http://127.0.0.1:9", "api_key": "secret-key"})
    paysession.Client(MappingProxyType({"kustom": kustom})).close()
    paysession.Client('{"timeout_ms": 500}').close()
    with pytest.raises(paysession.InvalidConfig, match="timeout_ms") as caught:
        paysession.Client({"timeout_ms": "soon", "kustom": kustom})
    assert caught.value.result is paysession.Result.INVALID_CONFIG
    assert caught.value.answer is not None
    assert b"secret-key" not in caught.value.answer.json
    for config in ("", "[]", '{"klarna": {}}', '{"kustom": {"environment": "live"}}'):
        with pytest.raises(paysession.InvalidConfig):
            paysession.Client(config)


SECRET = "qwertzuiop-asdfghjkl-yxcvbnm"


class Odd(Mapping[str, Any]):
    """A mapping that fails while it is read."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield "kustom"

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return SECRET


def _shown(error: BaseException | None) -> Iterator[str]:
    """What a report says of the variables in each frame that is not of this file, and of the error."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.args))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename != __file__:
                for name, value in frame.f_locals.items():
                    yield f"{name}: {value!r} {value!s}"
        for entry in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
            if entry.filename != __file__:
                yield from (entry.locals or {}).values()
        error = error.__cause__ or error.__context__


def _circle(secret: str) -> dict[str, Any]:
    circle: dict[str, Any] = {"api_key": secret}
    circle["kustom"] = circle
    return circle


@pytest.mark.parametrize(
    "config",
    [
        '{"kustom": {"environment": "live", "api_key": "%s"}, "timeout_ms": "soon"}' % SECRET,
        '{"ledyer": {"environment": "live", "token": "%s", "x": 1}}' % SECRET,
        '{"kustom": {"api_key": "%s"' % SECRET,
        f'/etc/{SECRET}',
        {"kustom": {"environment": "live", "api_key": SECRET}, "timeout_ms": "soon"},
        MappingProxyType({"kustom": MappingProxyType({"api_key": SECRET})}),
        # What is found before the library has it.
        {"kustom": {"api_key": SECRET.encode()}},
        {"kustom": {"api_key": SECRET}, "timeout_ms": float("nan")},
        {"kustom": {"api_key": SECRET}, ("a", "b"): 1},
        SECRET + "\0", SECRET + "\udc80", SECRET.encode(), [SECRET], Odd(),
        _circle(SECRET),
    ],
)
def test_no_secret_in_a_report_of_an_exception(config: Any) -> None:
    with pytest.raises((paysession.InvalidConfig, TypeError, ValueError, KeyError)) as caught:
        paysession.Client(config)
    # Nor a part of one, where a repr() is cut off.
    said = "\n".join(_shown(caught.value))
    assert not [SECRET[at:at + 6] for at in range(len(SECRET) - 5) if SECRET[at:at + 6] in said]
    assert Path(caught.traceback[-1].path).name in ("_client.py", "_calls.py")
    # What the caller was at when it asked is its own.
    assert caught.value.__context__ is None


def test_an_exception_tells_of_the_one_before() -> None:
    with pytest.raises(TypeError) as caught:
        try:
            raise LookupError("before")
        except LookupError:
            paysession.Client([])  # type: ignore[arg-type]
    assert isinstance(caught.value.__context__, LookupError)
    assert not caught.value.__suppress_context__


def test_no_secret_in_a_report_of_a_call() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        client = paysession.Client({
            "attempts": 1, "kustom": {"base_url": address, "api_key": SECRET},
            "ledyer": {"base_url": address, "auth_url": address, "client_id": "shop",
                       "client_secret": SECRET}})
        calls: list[Callable[[], object]] = [
            lambda: client.get("kustom:a"), lambda: client.wait("ledyer:a", timeout_ms=1),
            lambda: client.get("nonsense"), lambda: client.get("inbank:a/b"), lambda: client.get("\0"),
            lambda: client.get_kustom("a", expect={"amount": "many"}),  # type: ignore[arg-type]
            lambda: client.batch(in_flight=-1), lambda: list(client.read_many([5])),  # type: ignore[list-item]
        ]
        for closed in (False, True):
            if closed:
                client.close()
            for call in calls:
                with pytest.raises((paysession.PaySessionError, ValueError, TypeError)) as caught:
                    call()
                assert SECRET[:6] not in "\n".join(_shown(caught.value))


def test_calls_that_send_nothing(valid: Valid) -> None:
    with paysession.Client({}) as client:
        calls: list[Callable[[], object]] = [
            lambda: client.get("kustom:1"), lambda: client.get_inbank("1", "2"),
            lambda: client.get_kustom("1"), lambda: client.get_ledyer("1"),
            lambda: client.get_dintero("T12345678", "1", "2"),
        ]
        for call in calls:
            with pytest.raises(paysession.NotConfigured) as caught:
                call()
            assert caught.value.answer is not None and caught.value.answer.exchange is None
            valid(caught.value.answer.json)
        for reference in ("", "kustom", "kustom:", "klarna:1", "kustom:.."):
            with pytest.raises(paysession.InvalidArgument):
                client.get(reference)
        client.cancel()
        assert isinstance(client.report(), dict)


def test_close() -> None:
    client = paysession.Client({})
    assert repr(client) == "<paysession.Client, open>"
    client.close()
    client.close()
    client.cancel()
    assert repr(client) == "<paysession.Client, closed>"
    calls: list[Callable[[], object]] = [lambda: client.get("kustom:1"), client.report]
    for call in calls:
        with pytest.raises(ValueError, match="closed"):
            call()


def test_close_leaves_the_last_call_the_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    client = paysession.Client({})
    real = _loaded.library
    class Spy:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def session_client_close(self, handle: Any) -> None:
            closed.append(handle)
            real.session_client_close(handle)

    monkeypatch.setattr(_client, "library", Spy())
    with client._entered():
        client.close()
        assert closed == []
    assert len(closed) == 1
    client.close()
    assert len(closed) == 1


def test_every_answer_is_freed_with_the_object_that_has_it() -> None:
    freed = []

    def free(pointer: Any) -> None:
        freed.append(bool(pointer))
        _loaded.library.session_answer_free(pointer)

    gc.collect()  # those of other tests
    assert _answer._Reply.__del__.__defaults__ == (_loaded.library.session_answer_free,)
    _answer._Reply.__del__.__defaults__ = (free,)
    try:
        answer = paysession.normalize("kustom", KUSTOM)
        copied = copy.copy(answer)
        assert freed == [] and answer.is_paid
        del answer
        gc.collect()
        assert freed == [True] and copied.is_paid
        with pytest.raises(paysession.Malformed):
            paysession.normalize("kustom", "")
        gc.collect()
        assert freed == [True, True]
        del copied
        gc.collect()
        assert freed == [True, True, False]
    finally:
        _answer._Reply.__del__.__defaults__ = (_loaded.library.session_answer_free,)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_while_another_thread_is_in_a_call() -> None:
    client = paysession.Client({})
    client._calls.append(None)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            client.close()
            code = 0 if client._handles == [] else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    client._calls.pop()
    client.close()
    assert os.waitstatus_to_exitcode(status) == 0


def test_the_verdict_says_what_the_library_says() -> None:
    library = _loaded.library
    for document in (KUSTOM, '{"status": "ACTIVE"}', '{"status": "new"}', "[]"):
        pointer = AnswerPointer()
        text = document.encode()
        number = library.session_normalize(b"kustom", text, None, ctypes.byref(pointer))
        answer = reply_of(number, pointer)
        told = json.loads(answer.json)
        assert isinstance(answer.result, paysession.Result)
        assert library.session_answer_result(pointer) == number == answer.result.number
        assert (told["result"], told["decision"]) == (answer.result, answer.next)
        if told["session"]:
            assert (told["session"]["status"], told["session"]["paid"]) == (answer.status, answer.paid)


def test_words_are_the_librarys() -> None:
    library = _loaded.library
    for result in paysession.Result:
        assert library.session_result_name(result.number).decode() == result.value
    for status in paysession.Status:
        assert library.session_status_name(status.number).decode() == status.value
    for paid in paysession.Paid:
        assert library.session_paid_name(paid.number).decode() == paid.value
    for each in paysession.Next:
        assert library.session_decision_name(each.number).decode() == each.value


def test_words() -> None:
    assert paysession.Paid.YES and not paysession.Paid.NO and not paysession.Paid.UNKNOWN
    assert f"{paysession.Status.COMPLETED}" == str(paysession.Status.COMPLETED) == "completed"
    assert f"{paysession.Paid.NO:>4}" == "  no"
    assert paysession.Status.of("new") is paysession.Status.of(99) is paysession.Status.UNKNOWN
    assert paysession.Paid.of("new") is paysession.Paid.of(99) is paysession.Paid.UNKNOWN
    assert json.dumps(paysession.Paid.YES) == '"yes"'


def test_a_newer_library() -> None:
    """Its words stay what they are, and none of them is good news."""
    told = json.loads(paysession.normalize("kustom", KUSTOM).json)
    told["novel"] = told["session"]["novel"] = told["session"]["amount"]["novel"] = 1
    told["result"], told["session"]["status"], told["decision"] = "novel", "novel", "novel"
    told["session"]["holds"] = ["novel"]

    def newer(kind: type[_answer._Reply], code: int) -> Any:
        text = json.dumps(told, separators=(",", ":")).encode()
        return _travelled(kind, code, text, (99, 99, 99))

    answer = newer(paysession.Answer, 98)
    assert answer.result == "novel"
    assert answer.status is answer.session.status is paysession.Status.UNKNOWN
    assert answer.next is paysession.Next.HOLD and not answer.is_paid
    assert answer.session.holds == ("novel",) and answer.to_dict()["session"]["status"] == "novel"
    assert not hasattr(answer.session, "novel")
    told["error"] = {"message": "it is new", "http_status": None, "provider_code": None, "advice": "",
                     "provider_message": None, "retryable": False, "retry_after_ms": None}
    error = exception_of(newer(paysession.Failure, 99))
    assert type(error) is paysession.PaySessionError and str(error) == "it is new"
    assert error.result == "novel"
    del told["session"]["paid"]
    with pytest.raises(KeyError):
        newer(paysession.Answer, 0).session


def test_repr_shows_no_customer() -> None:
    answer = paysession.normalize("inbank", INBANK)
    assert answer.session is not None
    for value in (answer, answer.session, answer.session.customer):
        assert "Maasikas" not in repr(value) and "example.com" not in repr(value)


def test_answers_and_errors_travel() -> None:
    answer = paysession.normalize("inbank", INBANK)
    assert pickle.loads(pickle.dumps(answer)) == answer == copy.deepcopy(answer)
    with pytest.raises(paysession.Mismatched) as caught:
        paysession.normalize("inbank", INBANK, id="other")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is paysession.Mismatched and again.answer == caught.value.answer
    assert again.result is paysession.Result.MISMATCHED and str(again) == str(caught.value)


def test_answers_are_frozen() -> None:
    answer = paysession.normalize("inbank", INBANK)
    with pytest.raises(AttributeError):
        answer.result = paysession.Result.OK  # type: ignore[misc]


KINDS: list[type[Value]] = Value.__subclasses__()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_values_are_frozen_dataclasses(kind: Any) -> None:
    """To all who use them, as the module dataclasses itself would make them."""
    fields = [(one.name, one.type, dataclasses.field(repr=one.repr)) for one in dataclasses.fields(kind)]
    real: Any = dataclasses.make_dataclass(kind.__name__, fields, frozen=True)
    names = [name for name, *_ in fields]
    assert names == list(kind.__annotations__) and kind in vars(paysession).values()
    made: Any = kind(*names)
    same: Any = real(*names)
    assert repr(made) == repr(same) and hash(made) == hash(same) and vars(made) == vars(same)
    assert inspect.signature(kind) == inspect.signature(real)
    if sys.version_info >= (3, 10):
        assert kind.__match_args__ == real.__match_args__
    assert dataclasses.asdict(made) == dataclasses.asdict(same)
    other = dataclasses.replace(made, **{names[-1]: 7})
    assert made == kind(**dict(zip(names, names))) != other and made != same and getattr(other, names[-1]) == 7
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(again) is kind and again == made
    changes: list[Callable[[], object]] = [
        lambda: setattr(made, names[0], 1), lambda: setattr(made, "novel", 1), lambda: delattr(made, names[0])]
    for change in changes:
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    wrong: list[Callable[[], object]] = [
        kind, lambda: kind(*names, 1), lambda: kind(*names[1:], novel=1),
        lambda: kind(*names[:-1], **{names[0]: 1})]
    for call in wrong:
        with pytest.raises(TypeError, match=rf"^{kind.__name__}\(\) takes each of these once: {names[0]}, "):
            call()


def test_a_kind_of_customer_is_not_shown_either() -> None:
    class Buyer(paysession.Customer):
        """A shop's own."""

    buyer = Buyer("Mari", "Maasikas", "mari@example.com", None, None)
    assert repr(buyer).endswith("Buyer()") and buyer.email == "mari@example.com"


def test_versions() -> None:
    assert paysession.version() == paysession.__version__
    assert paysession.abi_version() == 1


def _import(**environment: str) -> subprocess.CompletedProcess[str]:
    source = str(Path(paysession.__file__).resolve().parents[1])
    return subprocess.run(
        [sys.executable, "-c", "import paysession; print(paysession.version())"],
        env={**os.environ, "PYTHONPATH": source, **environment}, text=True, capture_output=True)


def _elsewhere(package: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Imports the package from where it stands, without $PAYSESSION_LIBRARY."""
    environment = {key: value for key, value in os.environ.items() if key != "PAYSESSION_LIBRARY"}
    return subprocess.run(
        [sys.executable, "-B", "-c", "import paysession"], text=True, capture_output=True,
        env={**environment, "PYTHONPATH": str(package.parent)}, **more)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One with a library that says so when it is loaded, and is none."""
    root = tmp_path / "checkout"
    for folder in ("Include", "build/lib"):
        (root / folder).mkdir(parents=True)
    shutil.copy(REPOSITORY / "Include" / "paysession.h", root / "Include")
    source = '#include <unistd.h>\n__attribute__((constructor)) static void loaded(void) ' \
        '{ if (write(1, "loaded", 6)) {} }'
    subprocess.run(["cc", "-x", "c", "-", "-shared", "-fPIC", "-o", root / "build/lib" / SONAME],
                   input=source, text=True, check=True)
    return root


def _copied(*parts: str | Path) -> Path:
    package = Path(*parts) / "paysession"
    shutil.copytree(Path(paysession.__file__).parent, package,
                    ignore=shutil.ignore_patterns("__pycache__"))
    return package


def test_the_library_of_a_checkout(checkout: Path) -> None:
    done = _elsewhere(_copied(checkout, "bindings", "python", "src"))
    assert done.stdout == "loaded" and f"{SONAME} (this source checkout, built by make): " in done.stderr


@pytest.mark.parametrize("below", ["a/b/c", "bindings/python/lib", "site-packages/python/src"])
def test_a_package_that_stands_in_no_checkout(checkout: Path, below: str) -> None:
    """What is some folders above it may be /tmp, where anybody can put a library."""
    done = _elsewhere(_copied(checkout, below))
    assert done.stdout == "" and "this source checkout" not in done.stderr


@pytest.mark.parametrize("open_to_all", [".", "build", "build/lib", f"build/lib/{SONAME}"])
def test_a_checkout_that_everyone_can_write(checkout: Path, open_to_all: str) -> None:
    os.chmod(checkout / open_to_all, 0o1777)
    done = _elsewhere(_copied(checkout, "bindings", "python", "src"))
    assert done.stdout == ""
    assert f"{checkout / open_to_all} can be written by everyone" in done.stderr
    assert f"{SONAME} (the loader's search path): " in done.stderr or done.returncode == 0


def test_a_checkout_of_somebody_else(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody, me = 4242, os.geteuid()
    if me == 0:
        os.chown(checkout / "build", somebody, -1)
    else:  # Only root can give a folder away; so it is told that it is another, and this file root's.
        somebody = me
        monkeypatch.setattr(os, "geteuid", lambda: 4243)
    paths = (checkout, checkout / "build") if me == 0 else (checkout,)
    objection = _library._objection("/", *map(str, paths))
    assert objection == f"{paths[-1]} belongs to user {somebody}"
    # Its owner's own files it may load, and root's.
    assert _library._objection(str(checkout / "build"), *map(str, paths[1:])) is None


AT = """
import importlib.util, sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] != "paysession":
            return None
        file = (name.partition(".")[2] or "__init__") + ".py"
        spec = importlib.util.spec_from_file_location(
            name, sys.argv[1] + "/" + file, submodule_search_locations=None if "." in name else [])
        spec.origin = sys.argv[2] + "/" + file
        return spec
sys.meta_path.insert(0, Finder)
import paysession
print(paysession.__file__, paysession.version())
"""


@pytest.mark.parametrize("place", ["/app/paysession", "/paysession", "/var/task/paysession", "/a/b/c/paysession"])
def test_a_package_near_the_root(place: str) -> None:
    """As in containers. Only the name of each file is such: not everyone may write there."""
    package, library = Path(paysession.__file__).parent, Path(_loaded.library._name)
    done = subprocess.run(
        [sys.executable, "-B", "-c", AT, package, place], text=True, capture_output=True,
        env={key: value for key, value in os.environ.items() if key != "PAYSESSION_LIBRARY"}
        | {"LD_LIBRARY_PATH": str(library.parent)})
    assert done.stdout == f"{place}/__init__.py {paysession.version()}\n", done.stderr


def test_a_named_library_that_is_not_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "libpaysession.so.0")
    done = _import(PAYSESSION_LIBRARY=missing)
    assert done.returncode == 1
    assert "ImportError: libpaysession was not found" in done.stderr
    assert f"{missing} ($PAYSESSION_LIBRARY" in done.stderr


def test_a_named_library_that_is_another() -> None:
    done = _import(PAYSESSION_LIBRARY="libc.so.6")
    assert done.returncode == 1
    assert "libc.so.6 ($PAYSESSION_LIBRARY" in done.stderr and "session_abi_version" in done.stderr


def test_a_named_library() -> None:
    done = _import(PAYSESSION_LIBRARY=_loaded.library._name)
    assert (done.returncode, done.stdout) == (0, "0.1.0\n"), done.stderr


# ---- Version 0.2 --------------------------------------------------------------------------------


def test_a_client_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text('{"kustom": {"environment": "live", "api_key": "kco_live_0123456789"}}')
    file.chmod(0o600)
    for path in (file, str(file)):
        with paysession.Client.from_file(path) as client:
            assert client.report()["configuration"]["file"] == str(file)
    file.write_text('{\n"kustom": 7}')
    with pytest.raises(paysession.InvalidConfig, match=rf"^{re.escape(str(file))}:2:1: kustom: expected"):
        paysession.Client.from_file(file)
    with pytest.raises(ValueError, match="^path contains a NUL$"):
        paysession.Client.from_file("a\0b")


def test_the_usual_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSESSION_CONFIG", str(tmp_path / "none.json"))
    with pytest.raises(paysession.InvalidConfig, match=r"none\.json: expected a configuration file, there is none$"):
        paysession.Client.from_file()


@pytest.mark.parametrize(("document", "decision"), [
    ('{"session_id": "a", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "SEK"}', "ship"),
    ('{"session_id": "a", "status": "ACTIVE"}', "wait"),
    ('{"session_id": "a", "status": "EXPIRED"}', "release"),
    ('{"session_id": "a", "status": "?"}', "hold"),
])
def test_decision(document: str, decision: str) -> None:
    answer = paysession.normalize("kustom", document)
    assert answer.next is paysession.Next.of(decision)
    assert f"{answer.next}" == decision


@pytest.mark.parametrize("word", ["", "SHIP", "dispatch", 7, -1])
def test_a_decision_that_nobody_knows_is_held(word: str | int) -> None:
    assert paysession.Next.of(word) is paysession.Next.HOLD


def test_an_option_that_is_none_is_no_argument() -> None:
    with paysession.Client({}) as client:
        for call, function in (
            (client.get, "get"), (client.wait, "wait"), (client.get_kustom, "get_kustom"),
        ):
            with pytest.raises(TypeError, match=rf"{function}\(\) got an unexpected keyword argument 'expct'$"):
                call("kustom:x", expct={})  # type: ignore[call-arg]
        with pytest.raises(TypeError, match=r"^batch\(\) got an unexpected keyword argument 'interval_ms'$"):
            client.batch(interval_ms=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^normalize\(\) got an unexpected keyword argument 'timeout_ms'$"):
        paysession.normalize("kustom", "{}", timeout_ms=1)  # type: ignore[call-arg]


def test_providers() -> None:
    told = paysession.providers()
    assert [one["name"] for one in told] == ["inbank", "kustom", "dintero", "ledyer"]
    assert told[2]["reference"] == "dintero:ACCOUNT_ID/ORDER_ID/SESSION_ID"


# ---- What is decoded, and when -------------------------------------------------------------------


def test_a_verdict_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shop decides on comes from the library's accessors, not from its JSON."""
    answer = paysession.normalize("kustom", KUSTOM)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded")

    for name in ("decode", "raw_decode"):
        monkeypatch.setattr(json.JSONDecoder, name, refuse)
    assert answer.is_paid and answer.paid is paysession.Paid.YES and answer.next is paysession.Next.SHIP
    assert answer.status is paysession.Status.COMPLETED and answer.json.startswith(b'{"result":"ok"')
    for name in ("session", "raw", "reference", "exchange"):
        with pytest.raises(AssertionError, match="decoded"):
            getattr(answer, name)


def test_the_providers_document_is_decoded_when_it_is_asked_for() -> None:
    """Half of a surrogate pair is no reason to lose the rest."""
    answer = paysession.normalize("kustom", KUSTOM.replace('"order-2"', '"\\ud83d"'))
    assert answer.session is not None and answer.raw is answer.raw
    assert answer.raw["merchant_reference1"] == "\ud83d"


@pytest.mark.parametrize("value", [
    paysession.normalize("kustom", KUSTOM), paysession.normalize("kustom", KUSTOM).session])
def test_an_answer_is_neither_true_nor_false(value: object) -> None:
    calls: list[Callable[[], object]] = [
        lambda: bool(value), lambda: not value, lambda: 1 if value else 0]
    for call in calls:
        with pytest.raises(TypeError, match="decide on answer.is_paid"):
            call()


def test_a_failure_is_neither_true_nor_false() -> None:
    with pytest.raises(paysession.Malformed) as caught:
        paysession.normalize("kustom", "[]")
    with pytest.raises(TypeError, match="decide on answer.is_paid"):
        bool(caught.value.answer)


def test_to_dict_is_the_librarys_json_without_the_providers_document() -> None:
    answer = paysession.normalize("inbank", INBANK)
    told = json.loads(answer.json)
    del told["raw"]
    assert answer.to_dict() == told == json.loads(json.dumps(answer.to_dict()))
    answer.to_dict()["result"] = "changed"
    assert answer.result is paysession.Result.OK


@pytest.mark.parametrize(("text", "microseconds"), [
    ("2024-01-15T10:30:00Z", 0), ("2024-01-15T10:30:00.5Z", 500_000), ("2024-01-15T10:30:00.123456789Z", 123_456)])
def test_points_in_time(text: str, microseconds: int) -> None:
    document = json.dumps({"uuid": "u", "status": "completed", "createdAt": text})
    session = paysession.normalize("inbank", document).session
    assert session.created_at == text
    assert session.created == datetime(2024, 1, 15, 10, 30, 0, microseconds, tzinfo=timezone.utc)
    assert session.updated is session.started is session.completed is session.expires is None


def test_a_leap_second() -> None:
    assert moment("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=timezone.utc)


def test_normalize_takes_what_raw_gives() -> None:
    """Amounts as they are spelt: 300.00 is another text than 300.0, and neither is a float."""
    for provider, document in (("inbank", INBANK), ("kustom", KUSTOM), ("dintero", DINTERO), ("ledyer", LEDYER)):
        answer = paysession.normalize(provider, document)
        again = paysession.normalize(provider, answer.raw)
        assert again.to_dict() == answer.to_dict() and again.raw == answer.raw
    assert b"300.00" in paysession.normalize("inbank", {"totalAmount": Decimal("300.00")}).json
    with pytest.raises(TypeError, match="^document: float is not what Answer.raw gives; a fraction is a Decimal$"):
        paysession.normalize("inbank", {"totalAmount": 300.0})


def test_decide_never_raises_for_what_a_customer_can_cause() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        client = paysession.Client({"attempts": 1, "kustom": {"base_url": address, "api_key": "kco_test_x"}})
        told = client.decide("kustom:a")
    assert (told.next, told.result) == (paysession.Next.WAIT, paysession.Result.UNREACHABLE)
    assert told.reference == "kustom:a" and told.why and isinstance(told.answer, paysession.Failure)
    for reference, why in (("kustom", "reference"), ("kustom:a\0", "reference contains a NUL"),
                           ("kustom:\udc80", "reference contains a lone surrogate"), ("inbank:a/b", "inbank")):
        told = client.decide(reference)
        assert told.next is paysession.Next.HOLD and told.why.startswith(why), told
        assert told.result in (paysession.Result.INVALID_ARGUMENT, paysession.Result.NOT_CONFIGURED)
    with pytest.raises(TypeError):
        client.decide(7)  # type: ignore[arg-type]
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.decide("kustom:a")
    with pytest.raises(ValueError, match="closed"):
        client.__enter__()


def test_what_exceptions_are_besides() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with paysession.Client({"attempts": 1, "kustom": {"base_url": address, "api_key": "kco_test_x"}}) as client:
            with pytest.raises(ConnectionError) as caught:
                client.get("kustom:a")
    error = caught.value
    assert isinstance(error, paysession.Unreachable) and error.next is paysession.Next.WAIT
    assert (error.reference, error.provider, error.http_status, error.retry_after) == ("kustom:a", "kustom", None, None)
    assert str(error) == f"{error.message} (kustom:a)"
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, paysession.Unreachable) and str(again) == str(error)
    assert issubclass(paysession.TimedOut, TimeoutError) and issubclass(paysession.TimedOut, OSError)
    for name in paysession.__all__:
        assert getattr(getattr(paysession, name), "__module__", "paysession") in ("paysession", "typing"), name


def test_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with paysession.Client({"kustom": {"environment": "live", "api_key": SECRET}}) as client:
        client.decide("inbank:a/b")
        assert caplog.records == []  # nobody asked to hear it
        with caplog.at_level(logging.INFO, "paysession"):
            client.decide("inbank:a/b")
            client.decide("no\nreference")
            list(client.read_many(["inbank:c/d"]))
    assert [record.getMessage() for record in caplog.records] == [
        "inbank:a/b: not_configured, hold, 0 ms, attempts: 0",
        "'no\\nreference': invalid_argument, hold, 0 ms, attempts: 0",
        "inbank:c/d: not_configured, hold, 0 ms, attempts: 0"]
    assert SECRET not in caplog.text


def test_many_are_more_than_one() -> None:
    with paysession.Client({}) as client:
        for one in ("kustom:x", b"kustom:x"):
            with pytest.raises(TypeError, match="^references: expected an iterable of references, got one$"):
                client.read_many(one)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="got a tuple of 1$"):
            list(client.read_many([("kustom:x",)]))  # type: ignore[list-item]
        tags = [tag for tag, _ in client.read_many([
            "kustom:a", ("kustom:b", {"amount": 1}), (7, "kustom:c", None), (None, "kustom:d", {"currency": "EUR"})])]
    assert sorted(tags, key=str) == [7, None, "kustom:a", "kustom:b"]


def test_paths_in_a_configuration(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("kco_live_0123456789")
    paysession.Client({"kustom": {"environment": "live", "api_key": {"file": key}}}).close()
    with pytest.raises(paysession.InvalidConfig, match="^ca_file: "):
        paysession.Client({"ca_file": tmp_path / "none.pem"})


def test_the_types_of_a_configuration_are_the_librarys() -> None:
    """Each provider's section takes what the library says that it takes."""
    for provider in paysession.providers():
        kind = getattr(paysession, provider["name"].capitalize() + "Config")
        told = {*provider["credentials"], *provider["alternative_credentials"], *provider["settings"]}
        if provider["environments"]:
            told.add("environment")
        assert set(kind.__annotations__) >= told, provider["name"]
        assert paysession.Config.__annotations__[provider["name"]]
    with pytest.raises(paysession.InvalidConfig, match="unknown key, expected one of") as caught:
        paysession.Client({"x": 1})
    keys = str(caught.value).partition("expected one of ")[2].split(", ")
    assert sorted(keys) == sorted(paysession.Config.__annotations__)
    for provider in paysession.providers():
        with pytest.raises(paysession.InvalidConfig, match="unknown key") as caught:
            paysession.Client({provider["name"]: {**VALID[provider["name"]], "x": 1}})
        keys = str(caught.value).partition("expected one of ")[2].split(", ")
        kind = getattr(paysession, provider["name"].capitalize() + "Config")
        assert set(keys) <= set(kind.__annotations__), provider["name"]


VALID: dict[str, dict[str, Any]] = {
    "inbank": {"environment": "demo", "country": "pl", "api_key": "k"}, "kustom": {"environment": "live", "api_key": "k"},
    "dintero": {"client_id": "i", "client_secret": "s"},
    "ledyer": {"environment": "live", "client_id": "i", "client_secret": "s"},
}


def test_importing_it_imports_no_event_loop() -> None:
    """asyncio takes as long as all the rest, and a shop without it has no use for it."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, paysession; print('asyncio' in sys.modules); paysession.AsyncClient; "
         "print('asyncio' in sys.modules, paysession.AsyncClient.__module__, 'AsyncClient' in dir(paysession))"],
        env={**os.environ, "PYTHONPATH": str(Path(paysession.__file__).resolve().parents[1])},
        text=True, capture_output=True, check=True)
    assert done.stdout == "False\nTrue paysession True\n"
    with pytest.raises(AttributeError, match="^module 'paysession' has no attribute 'Novel'$"):
        paysession.Novel


def test_what_importing_it_imports() -> None:
    """No module that takes long and that a call does not need."""
    slow = ["asyncio", "dataclasses", "inspect", "logging", "pathlib", "re", "subprocess", "urllib.parse"]
    program = f"import json, sys; known = {{*sys.modules}}; import paysession; print(({{*sys.modules}} - known) & {{*{slow}}})"
    done = subprocess.run(
        [sys.executable, "-c", program], text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(paysession.__file__).resolve().parents[1])})
    assert done.stdout == "set()\n"
