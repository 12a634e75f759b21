# SPDX-License-Identifier: MIT
"""session_approve and session_refuse: one request at most, whatever happens to it, and what the session says then.
The far end counts them."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import threading
import time
from typing import Any

import pytest
from asking import KEY
from programs import RESULTS, interface
from servers import Connection, Request, Server, reply

SESSION = {"uuid": "pos", "totalAmount": 300, "currency": "EUR", "creditContractUuid": "c-1"}
EXPECT = {"amount": 30_000, "currency": "EUR"}
CONTRACT = "/partner/v3/shops/shop/contracts/c-1"
PATHS = {"approve": CONTRACT + "/merchant-approval", "refuse": CONTRACT + "/cancel"}
GOALS = {"approve": "completed", "refuse": "cancelled"}
EACH = pytest.mark.parametrize("verb", PATHS)


class Shop(Server):
    """One session, which a POST brings to its goal; `post` is what happens to that instead or besides."""

    def __init__(self, status: str = "granted", post: str = "204", carried_out: bool = True, **more: Any) -> None:
        self.status = status
        self.session = {**SESSION, **more}
        self.reads_until_done = 0
        self.readings = 0

        def answer(connection: Connection, request: Request) -> bytes | None:
            if request.method == "GET":
                self.readings += 1
                if self.readings <= self.reads_until_done:
                    return reply({**self.session, "status": "granted"})
                return reply({**self.session, "status": self.status})
            if carried_out:
                self.status = "completed" if request.target.endswith("approval") else "cancelled"
            if post == "reset":
                connection.reset()
                return None
            if post == "silence":
                connection.say_nothing()
                return None
            if post == "half":
                connection.send(b"HTTP/1.1 204 No Content\r\nX-Half:")
                connection.reset()
                return None
            if post == "422":
                return reply({"message": ["can_not_approve"]}, 422)
            return reply(b"", int(post))

        super().__init__(answer)

    def __enter__(self) -> Shop:
        super().__enter__()
        return self

    @property
    def posts(self) -> list[str]:
        return [request.target for request in self.requests if request.method == "POST"]

    @property
    def config(self) -> dict[str, Any]:
        return {"timeout_ms": 3_000, "inbank": {"base_url": self.http, "api_key": KEY, "approvals": True}}


class Client:
    """The C interface, which this is about."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.library = interface()
        self.pointer = ctypes.c_void_p()
        answer = ctypes.c_void_p()
        code = self.library.session_client_open(
            json.dumps(config).encode(), ctypes.byref(self.pointer), ctypes.byref(answer))
        assert code == 0, self.taken(answer)
        self.taken(answer)

    def taken(self, answer: ctypes.c_void_p) -> dict[str, Any]:
        self.library.session_answer_json.restype = ctypes.c_char_p
        told: dict[str, Any] = json.loads(self.library.session_answer_json(answer, None))
        self.library.session_answer_free(answer)
        return told

    def settle(self, verb: str, reference: str = "inbank:shop/pos", **options: Any) -> dict[str, Any]:
        if verb == "approve":
            options.setdefault("expect", EXPECT)
        given = json.dumps({name: value for name, value in options.items() if value is not None})
        answer = ctypes.c_void_p()
        code = getattr(self.library, "session_" + verb)(
            self.pointer, reference.encode(), given.encode(), ctypes.byref(answer))
        told = self.taken(answer)
        assert RESULTS[told["result"]] == code
        return told

    def cancel(self) -> None:
        self.library.session_client_cancel(self.pointer)

    def close(self) -> None:
        self.library.session_client_close(self.pointer)


def settle(shop: Shop, verb: str, reference: str = "inbank:shop/pos", **options: Any) -> dict[str, Any]:
    client = Client(shop.config)
    try:
        return client.settle(verb, reference, **options)
    finally:
        client.close()


def approval(told: dict[str, Any]) -> tuple[bool, int | None]:
    assert told["approval"]["wanted"] in ("approved", "refused")
    return told["approval"]["sent"], told["approval"]["http_status"]


# ---- Its way ---------------------------------------------------------------------------------------


@EACH
def test_what_waits_is_brought_to_its_goal(verb: str) -> None:
    with Shop() as shop:
        told = settle(shop, verb)
        assert shop.posts == [PATHS[verb]]
        (request,) = (request for request in shop.requests if request.method == "POST")
        assert request.authorization == f"Bearer {KEY}" and request.body == b""
        assert request.all("content-length") == ["0"] and request.all("content-type") == []
        assert request.all("expect") == []
    assert told["result"] == "ok" and told["session"]["status"] == GOALS[verb]
    assert approval(told) == (True, 204)
    assert told["decision"] == {"approve": "ship", "refuse": "release"}[verb]


@EACH
def test_each_request_has_the_trace(verb: str) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with Shop() as shop:
        settle(shop, verb, traceparent=trace)
        assert [request.all("traceparent") for request in shop.requests] == [[trace]] * 3


@EACH
def test_it_is_read_until_it_is_final(verb: str) -> None:
    with Shop() as shop:
        shop.reads_until_done = 3
        told = settle(shop, verb, interval_ms=20)
        assert shop.readings == 4 and len(shop.posts) == 1
    assert told["session"]["status"] == GOALS[verb]


@EACH
def test_what_is_not_final_in_time_is_the_last_answer(verb: str) -> None:
    with Shop(carried_out=False) as shop:
        told = settle(shop, verb, interval_ms=20, timeout_ms=500)
        assert len(shop.posts) == 1
    assert told["result"] == "ok" and told["session"]["status"] == "action_required"
    assert approval(told) == (True, 204) and told["decision"] == "wait"


@EACH
def test_what_is_so_already_is_not_asked_for_again(verb: str) -> None:
    with Shop(GOALS[verb]) as shop:
        told = settle(shop, verb)
        assert shop.posts == [] and shop.readings == 1
    assert told["result"] == "ok" and approval(told) == (False, None)


@pytest.mark.parametrize(("verb", "status"), [
    *((verb, status) for verb in PATHS for status in ("pending", "declined", "expired", "APPROVED", None)),
    ("approve", "cancelled"), ("refuse", "completed")])
def test_what_does_not_wait_is_left_alone(verb: str, status: Any) -> None:
    with Shop(status) as shop:
        told = settle(shop, verb)
        assert shop.posts == []
    assert told["result"] == "not_waiting" and told["session"] is None
    assert approval(told) == (False, None)


@EACH
@pytest.mark.parametrize("link", [None, "", 7, "..", "x" * 129])
def test_without_a_contract_there_is_nothing_to_approve(verb: str, link: Any) -> None:
    with Shop(creditContractUuid=link) as shop:
        assert settle(shop, verb)["result"] == "not_waiting"
        assert shop.posts == []


@pytest.mark.parametrize("link", ["../x", "x/cancel", "x?y", "x#y"])
def test_a_hostile_contract_is_one_segment(link: str) -> None:
    with Shop(creditContractUuid=link) as shop:
        settle(shop, "approve")
        (target,) = shop.posts
    assert target.startswith("/partner/v3/shops/shop/contracts/") and target.endswith("/merchant-approval")
    assert target.count("/") == PATHS["approve"].count("/") and "?" not in target and "#" not in target


@pytest.mark.parametrize(("expect", "hold"), [
    ({**EXPECT, "amount": 29_999}, "amount_mismatch"), ({**EXPECT, "currency": "PLN"}, "currency_mismatch"),
    ({**EXPECT, "reference": "A-1"}, "reference_not_provided")])
@EACH
def test_what_differs_is_held_and_not_sent(verb: str, expect: dict[str, Any], hold: str) -> None:
    with Shop() as shop:
        told = settle(shop, verb, expect=expect)
        assert shop.posts == []
    assert told["result"] == "ok" and told["session"]["holds"] == [hold]
    assert told["decision"] == "hold" and approval(told) == (False, None)


def test_a_session_that_says_no_amount_is_not_approved() -> None:
    with Shop(totalAmount=None) as shop:
        told = settle(shop, "approve")
        assert shop.posts == []
    assert told["session"]["holds"] == ["amount_not_provided"]


def test_a_session_that_names_none_is_not_approved() -> None:
    with Shop(uuid=None) as shop:
        told = settle(shop, "approve")
        assert shop.posts == []
    assert told["session"]["holds"] == ["unidentified"]


# ---- Refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("expect", [None, {}, {"amount": 30_000}, {"currency": "EUR"}, {"reference": "A-1"}])
def test_nothing_is_approved_unchecked(expect: Any) -> None:
    with Shop() as shop:
        told = settle(shop, "approve", expect=expect)
        assert shop.requests == []
    assert told["result"] == "invalid_argument" and "expect" in told["error"]["message"]


@EACH
@pytest.mark.parametrize("switch", [{}, {"approvals": False}])
def test_it_is_off_unless_the_configuration_says_so(verb: str, switch: dict[str, Any]) -> None:
    with Shop() as shop:
        client = Client({"inbank": {"base_url": shop.http, "api_key": KEY, **switch}})
        told = client.settle(verb)
        client.close()
        assert shop.requests == []
    assert told["result"] == "not_configured" and "inbank.approvals" in told["error"]["message"]


@EACH
def test_other_providers_have_none(verb: str) -> None:
    with Shop() as shop:
        client = Client({**shop.config, "kustom": {"base_url": shop.http, "api_key": KEY}})
        told = client.settle(verb, "kustom:x")
        client.close()
        assert shop.requests == []
    assert told["result"] == "invalid_argument"


@EACH
@pytest.mark.parametrize("status", [401, 403, 404, 400, 302])
def test_a_refusal_is_the_answer(verb: str, status: int) -> None:
    with Shop(post=str(status), carried_out=False) as shop:
        told = settle(shop, verb)
        assert len(shop.posts) == 1 and shop.readings == 1
    assert told["result"] == {401: "unauthorized", 403: "forbidden", 404: "not_found"}.get(status, "unexpected_http")
    assert told["error"]["http_status"] == status and approval(told) == (True, status)


@EACH
def test_a_422_that_has_not_been_carried_out(verb: str) -> None:
    with Shop(post="422", carried_out=False) as shop:
        told = settle(shop, verb)
        assert len(shop.posts) == 1 and shop.readings == 2
    assert told["result"] == "not_waiting" and told["error"]["provider_code"] == "can_not_approve"


@EACH
def test_a_422_of_what_is_so_already(verb: str) -> None:
    """Somebody else was quicker, between the reading and the request."""
    with Shop(post="422") as shop:
        told = settle(shop, verb)
        assert len(shop.posts) == 1 and shop.readings == 2
    assert told["result"] == "ok" and told["session"]["status"] == GOALS[verb]


@EACH
def test_a_422_and_then_nothing(verb: str) -> None:
    """Whether it was so already, nobody has told: that is not "not waiting"."""
    posted = threading.Event()

    def answer(_: Connection, request: Request) -> bytes:
        if request.method == "POST":
            posted.set()
            return reply({"message": ["can_not_approve"]}, 422)
        return reply(b"", 500) if posted.is_set() else reply({**SESSION, "status": "granted"})

    with Server(answer) as server:
        client = Client({"timeout_ms": 500, "inbank": {"base_url": server.http, "api_key": KEY, "approvals": True}})
        told = client.settle(verb, interval_ms=50)
        client.close()
    assert told["result"] == "provider_error" and approval(told) == (True, 422)


@EACH
def test_cancelled_while_it_is_read_again(verb: str) -> None:
    with Shop(post="500", carried_out=False) as shop:
        client = Client({**shop.config, "timeout_ms": 9_000})

        def cancel() -> None:
            while shop.readings < 3:
                time.sleep(0.01)
            client.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        told = client.settle(verb, interval_ms=20)
        thread.join()
        client.close()
    assert told["result"] == "aborted" and approval(told) == (True, 500)


# ---- What is lost on the way -------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("post", ["500", "503", "reset", "half"])
def test_what_was_carried_out_is_found_by_reading(verb: str, post: str) -> None:
    with Shop(post=post) as shop:
        shop.reads_until_done = 2
        told = settle(shop, verb, interval_ms=20)
        assert len(shop.posts) == 1
    assert told["result"] == "ok" and told["session"]["status"] == GOALS[verb]
    assert told["approval"]["sent"] is True


@EACH
@pytest.mark.parametrize(("post", "result"), [("500", "provider_error"), ("reset", "unreachable")])
def test_what_was_not_is_the_failure_once_time_is_over(verb: str, post: str, result: str) -> None:
    with Shop(post=post, carried_out=False) as shop:
        begun = time.monotonic()
        told = settle(shop, verb, interval_ms=50, timeout_ms=600)
        assert len(shop.posts) == 1 and shop.readings > 2
        assert time.monotonic() - begun < 1.5
    assert told["result"] == result and told["session"] is None
    assert told["error"]["advice"] == "It may have been carried out: read the session."
    assert told["approval"]["sent"] is True


@EACH
def test_a_far_end_that_says_nothing(verb: str) -> None:
    with Shop(post="silence") as shop:
        begun = time.monotonic()
        told = settle(shop, verb, timeout_ms=700)
        assert time.monotonic() - begun < 1.5 and len(shop.posts) == 1
    assert told["result"] == "timed_out" and approval(told) == (True, None)


@EACH
def test_nothing_listens_any_more(verb: str) -> None:
    """The reading comes through, and then there is no connection to send it over."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        connection, _ = listener.accept()
        listener.close()
        with connection:
            connection.recv(65536)
            connection.sendall(reply({**SESSION, "status": "granted"}, headers=[("Connection", "close")]))

    thread = threading.Thread(target=answer_once)
    thread.start()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = Client({"timeout_ms": 2000, "inbank": {"base_url": base, "api_key": KEY, "approvals": True}})
    told = client.settle(verb)
    client.close()
    thread.join()
    assert told["result"] == "unreachable" and approval(told) == (False, None)


@EACH
def test_a_connection_that_died_is_not_sent_over_again(verb: str) -> None:
    """The connection of the reading is there to be used, and dies as soon as something comes over it."""
    shop = Shop(post="reset", carried_out=False)
    with shop:
        client = Client(shop.config)
        for _ in range(5):
            client.settle(verb, timeout_ms=300, interval_ms=50)
        client.close()
        assert len(shop.posts) == 5


def test_cancelled_while_it_waits() -> None:
    with Shop(post="silence") as shop:
        client = Client(shop.config)

        def cancel() -> None:
            while not shop.posts:
                time.sleep(0.01)
            client.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        begun = time.monotonic()
        told = client.settle("approve")
        assert time.monotonic() - begun < 2
        thread.join()
        client.close()
        assert len(shop.posts) == 1
    assert told["result"] == "aborted" and told["approval"]["sent"] is True


@EACH
def test_twenty_at_once(verb: str) -> None:
    """Each call sends one at most."""
    with Shop() as shop:
        shop.reads_until_done = 30
        client = Client({**shop.config, "timeout_ms": 10_000})
        barrier = threading.Barrier(20)
        answers: list[dict[str, Any]] = []

        def one() -> None:
            barrier.wait()
            answers.append(client.settle(verb, interval_ms=20))

        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
        assert len(shop.posts) == sum(told["approval"]["sent"] for told in answers) <= 20
    assert {told["session"]["status"] for told in answers} == {GOALS[verb]}


def test_forked_while_it_waits() -> None:
    """A child forked while another thread waits for the answer sends nothing of its parent's."""
    begun, go_on = threading.Event(), threading.Event()

    def answer(_: Connection, request: Request) -> bytes:
        if request.method == "GET":
            return reply({**SESSION, "status": "completed" if go_on.is_set() else "granted"})
        begun.set()
        go_on.wait(20)
        return reply(b"", 204)

    with Server(answer) as server:
        client = Client({"timeout_ms": 9000, "inbank": {"base_url": server.http, "api_key": KEY, "approvals": True}})
        told: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: told.append(client.settle("approve")))
        thread.start()
        assert begun.wait(20)
        child = os.fork()
        if child == 0:
            client.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        time.sleep(0.2)
        go_on.set()
        thread.join()
        client.close()
        assert [request.method for request in server.requests].count("POST") == 1
    assert told[0]["session"]["status"] == "completed"


def test_a_secret_that_is_quoted_back_is_redacted() -> None:
    def answer(_: Connection, request: Request) -> bytes:
        if request.method == "GET":
            return reply({**SESSION, "status": "granted"})
        return reply({"message": request.authorization}, 403)

    with Server(answer) as server:
        client = Client({"timeout_ms": 9000, "inbank": {"base_url": server.http, "api_key": KEY, "approvals": True}})
        told = client.settle("approve")
        client.close()
    assert told["result"] == "forbidden" and KEY not in json.dumps(told) and "[redacted]" in json.dumps(told)


