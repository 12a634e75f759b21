# SPDX-License-Identifier: MIT
"""The proof of payment, over the wire: the resource that is read behind a session, by the same call, under the same
deadline, and what comes of each fault of that second request. (What its words mean is Tests/Cases/*/proof-*.)"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

import paysession
import pytest
from asking import KEY, Told, told
from programs import Handle
from servers import Answer, Connection, Request, Server, in_turn, reply, say_nothing

SECRET = "s3cret-of-the-shop"
ORDER = "770e8400-e29b-41d4-a716-446655440002"

#: A reference, the option, where the session and its proof are asked for, and a good one of each.
PROVIDERS: dict[str, tuple[str, Any, str, str, dict[str, Any], dict[str, Any]]] = {
    "inbank": (
        "inbank:shop/pos", True, "/partner/v3/shops/shop/pos-sessions/pos", "/partner/v3/shops/shop/contracts/c-1",
        {"uuid": "pos", "status": "completed", "totalAmount": 300, "currency": "EUR", "creditContractUuid": "c-1"},
        {"uuid": "c-1", "status": "activated"}),
    "kustom": (
        "kustom:x", True, "/ipp/v1/sessions/x", f"/ordermanagement/v1/orders/{ORDER}",
        {"session_id": "x", "status": "FINALIZED", "order_amount": 2000, "purchase_currency": "SEK", "order_id": ORDER},
        {"order_id": ORDER, "status": "AUTHORIZED", "order_amount": 2000, "purchase_currency": "SEK"}),
    "ledyer": (
        "ledyer:se_1", True, "/v1/sessions/se_1", "/v1/orders/or_1/paymentstatus",
        {"id": "se_1", "orderId": "or_1", "state": "authorized", "order": {"totalOrderAmount": 5, "currency": "SEK"}},
        {"status": "paymentConfirmed"}),
    "dintero": (
        "dintero:T12345678/A-1/s", {"transaction": "T12345678.4Aq"},
        "/v1/accounts/T12345678/shopping/orders/A-1/sessions/s", "/v1/transactions/T12345678.4Aq",
        {"id": "s", "amount": 2000, "created_at": "2026-01-02T03:04:05Z", "processed_at": "2026-01-02T03:05:00Z"},
        {"id": "T12345678.4Aq", "status": "AUTHORIZED", "amount": 2000, "currency": "NOK", "merchant_reference": "A-1"}),
}
EACH = pytest.mark.parametrize("name", PROVIDERS)
SESSION: dict[str, Any] = PROVIDERS["kustom"][4]
PROOF: dict[str, Any] = PROVIDERS["kustom"][5]


def is_proof(request: Request) -> bool:
    return "/contracts/" in request.target or "/orders/" in request.target and "/shopping/" not in request.target \
        or "/transactions/" in request.target


class Far(Server):
    """Sessions, their proofs and tokens in one place. Each is an answer as a `Server` takes it."""

    def __init__(self, session: Answer | dict[str, Any], proof: Answer | dict[str, Any], token: Answer = b"") -> None:
        tokens = token or reply({"access_token": "t0ken-of-the-shop", "token_type": "Bearer", "expires_in": 3600})

        def answer(connection: Connection, request: Request) -> bytes | None:
            chosen = proof if is_proof(request) else tokens if request.method == "POST" else session
            if isinstance(chosen, dict):
                chosen = reply(chosen)
            return chosen if isinstance(chosen, bytes) else chosen(connection, request)

        super().__init__(answer)

    def __enter__(self) -> Far:
        super().__enter__()
        return self

    @property
    def config(self) -> dict[str, Any]:
        token = {"base_url": self.http, "client_id": "shop", "client_secret": SECRET}
        return {
            "timeout_ms": 10_000, "inbank": {"base_url": self.http, "api_key": KEY},
            "kustom": {"base_url": self.http, "api_key": KEY}, "dintero": token,
            "ledyer": {**token, "auth_url": self.http + "/oauth/token"}}

    @property
    def proofs(self) -> list[Request]:
        return [request for request in self.requests if is_proof(request)]

    @property
    def reads(self) -> list[str]:
        return [request.target for request in self.requests if request.method == "GET"]


def ask(far: Far, reference: str = "kustom:x", proof: Any = True, **options: Any) -> Told:
    with paysession.Client({**far.config, **options.pop("config", {})}) as client:
        return told(lambda: client.get(reference, proof=proof, **options))


def steps(ended: Told) -> list[tuple[str, str, int | None]]:
    return [(one["step"], one["result"], one["http_status"]) for one in ended.exchange["tries"]]


# ---- Asked for -----------------------------------------------------------------------------------


@EACH
def test_the_proof_is_read_behind_the_session(name: str) -> None:
    reference, option, at, proof_at, session, proof = PROVIDERS[name]
    with Far(session, proof) as far:
        ended = ask(far, reference, option)
        assert far.reads == [at, proof_at]
        first, second = (request for request in far.requests if request.method == "GET")
        assert first.authorization == second.authorization != ""
        # On the connection that is there.
        assert far.connections == 1 and ended.exchange["reused_connection"] is True
    assert ended.paid == "yes" and ended.answer["decision"] == "ship"
    assert ended.answer["proof"]["raw"] == proof
    assert [step for step in steps(ended) if step[0] != "token"] == [("session", "ok", 200), ("proof", "ok", 200)]


@EACH
def test_nothing_more_is_read_unless_it_is_asked_for(name: str) -> None:
    reference, _, at, _, session, proof = PROVIDERS[name]
    with Far(session, proof) as far:
        for option in (False, None):
            ended = ask(far, reference, option) if option is False else ask_plainly(far, reference)
            assert "proof" not in ended.answer
        assert far.reads == [at, at]


def ask_plainly(far: Far, reference: str) -> Told:
    with paysession.Client(far.config) as client:
        return told(lambda: client.get(reference))


@EACH
def test_a_session_that_is_not_completed_is_one_request(name: str) -> None:
    reference, option, at, _, session, proof = PROVIDERS[name]
    unfinished: dict[str, dict[str, Any]] = {
        "inbank": {"status": "granted"}, "kustom": {"status": "ACTIVE"}, "ledyer": {"state": "open"},
        "dintero": {"processed_at": None}}
    with Far({**session, **unfinished[name]}, proof) as far:
        ended = ask(far, reference, option)
        assert far.reads == [at]
    assert ended.result == "ok" and ended.answer["proof"] is None and ended.paid != "yes"


@pytest.mark.parametrize("other", ["T12345679.4Aq", "T123456789.4Aq", "T12345678", "P12345678.4Aq"])
def test_another_accounts_transaction_is_not_asked_for(other: str) -> None:
    reference, _, _, _, session, proof = PROVIDERS["dintero"]
    with Far(session, proof) as far:
        ended = ask(far, reference, {"transaction": other})
        assert far.requests == []
    assert ended.result == "mismatched"


@pytest.mark.parametrize("name", ["inbank", "kustom", "ledyer"])
@pytest.mark.parametrize("link", [None, "", "..", "o" * 129, "o\u0007", 7])
def test_a_session_that_names_nothing_is_held_and_nothing_more_is_read(link: Any, name: str) -> None:
    reference, option, at, _, session, proof = PROVIDERS[name]
    key = {"inbank": "creditContractUuid", "kustom": "order_id", "ledyer": "orderId"}[name]
    with Far({**session, key: link}, proof) as far:
        ended = ask(far, reference, option)
        assert far.reads == [at]
    assert ended.result == "ok" and ended.answer["session"]["holds"] == ["proof_unnamed"]
    assert ended.answer["proof"] is None


def test_dinteros_transactions_have_an_address_of_their_own() -> None:
    reference, option, at, proof_at, session, proof = PROVIDERS["dintero"]
    with Far(session, reply(b"", 404)) as far, Far(reply(b"", 404), proof) as checkout:
        there = {**far.config["dintero"], "checkout_url": checkout.http}
        ended = ask(far, reference, option, config={"dintero": there})
        assert (far.reads, checkout.reads) == ([at], [proof_at])
    assert ended.paid == "yes"


@pytest.mark.parametrize(("told", "expected", "holds"), [
    ("A-1", None, []), ("SHOP-1", "SHOP-1", []), ("A-1", "SHOP-1", ["reference_not_provided"]),
    ("SHOP-1", None, ["no_payment_state", "proof_reference_mismatch"]),
    ("SHOP-1", "SHOP-2", ["no_payment_state", "reference_not_provided", "proof_reference_mismatch"])])
def test_whose_a_transaction_is(told: str, expected: str | None, holds: list[str]) -> None:
    """The reference's order or the shop's own; the number of the one does not confirm the other."""
    reference, option, _, _, session, proof = PROVIDERS["dintero"]
    with Far(session, {**proof, "merchant_reference": told}) as far:
        ended = ask(far, reference, option, **({"expect": {"reference": expected}} if expected else {}))
    assert ended.answer["session"]["holds"] == holds and (ended.paid == "yes") is not bool(holds)


@pytest.mark.parametrize("link", ["../../ipp/v1/sessions/x", "x?status=paid", "a#b", "%2e%2e", "ö"])
def test_a_hostile_link_is_one_segment_of_the_path(link: str) -> None:
    with Far({**SESSION, "order_id": link}, {**PROOF, "order_id": link}) as far:
        ended = ask(far)
        (request,) = far.proofs
    before, _, segment = request.target.rpartition("/")
    assert before == "/ordermanagement/v1/orders"
    assert not set(segment) & set("/?#") and segment != link
    assert ended.paid == "yes"


# ---- Faults of the second request ------------------------------------------------------------------


@EACH
def test_what_is_not_there_is_an_answer_that_holds(name: str) -> None:
    reference, option, _, _, session, _ = PROVIDERS[name]
    with Far(session, reply({"message": "no"}, 404)) as far:
        ended = ask(far, reference, option)
        assert len(far.proofs) == 1
    assert ended.result == "ok" and ended.answer["decision"] == "hold"
    assert "proof_not_found" in ended.answer["session"]["holds"]
    assert ended.answer["proof"]["raw"] is None and ended.exchange["http_status"] == 404


@EACH
@pytest.mark.parametrize(("status", "result"), [(403, "forbidden"), (400, "unexpected_http"), (301, "unexpected_http")])
def test_half_an_answer_is_none(name: str, status: int, result: str) -> None:
    reference, option, _, _, session, _ = PROVIDERS[name]
    with Far(session, reply(b"", status)) as far:
        ended = ask(far, reference, option)
        assert len(far.proofs) == 1
    assert ended.result == result and ended.answer["proof"] is None
    assert "proof" in ended.error["message"]
    assert steps(ended)[-1] == ("proof", result, status)


@pytest.mark.parametrize("fault", [reply(b"", 500), reply(b"", 429), reply(b"", 200)])
def test_what_passes_is_tried_again_and_the_session_is_not(fault: Answer) -> None:
    with Far(SESSION, in_turn(fault, reply(PROOF))) as far:
        ended = ask(far)
        assert len(far.reads) == 3 and len(far.proofs) == 2
    assert ended.paid == "yes"
    assert [step for step, _, _ in steps(ended)] == ["session", "proof", "proof"]


def test_each_request_has_its_tries() -> None:
    with Far(in_turn(reply(b"", 500), reply(SESSION)), reply(b"", 500)) as far:
        ended = ask(far, config={"attempts": 2})
        assert len(far.reads) == 4
    assert ended.result == "provider_error" and ended.error["retryable"] is True
    assert [result for _, result, _ in steps(ended)] == ["provider_error", "ok", "provider_error", "provider_error"]


def test_one_deadline_for_both() -> None:
    def late(_: Connection, __: Request) -> bytes:
        time.sleep(0.3)
        return reply(SESSION)

    with Far(late, say_nothing) as far:
        ended = ask(far, timeout_ms=800)
    assert ended.result == "timed_out" and 0.7 < ended.seconds < 1.1
    assert "proof" in ended.error["message"] and ended.answer["session"] is None


def test_a_token_that_is_refused_between_the_two_is_renewed() -> None:
    reference, option, _, _, session, proof = PROVIDERS["dintero"]
    tokens = in_turn(*(reply({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600})
                       for number in (1, 2)))

    def only_the_second(_: Connection, request: Request) -> bytes:
        return reply(proof) if request.authorization == "Bearer token-2" else reply(b"", 401)

    with Far(session, only_the_second, tokens) as far:
        ended = ask(far, reference, option)
        assert len(far.proofs) == 2 and len(far.requests) == 5
    assert ended.paid == "yes"


def test_a_token_is_renewed_once_for_each_of_the_two() -> None:
    reference, option, _, _, session, proof = PROVIDERS["dintero"]
    tokens = in_turn(*(reply({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600})
                       for number in (1, 2, 3)))

    def only(number: int, good: dict[str, Any]) -> Answer:
        return lambda _, request: reply(good) if request.authorization == f"Bearer token-{number}" else reply(b"", 401)

    with Far(only(2, session), only(3, proof), tokens) as far:
        ended = ask(far, reference, option)
        assert len(far.proofs) == 2 and len(far.reads) == 4
    assert ended.paid == "yes"


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"order_id": "a", "order_id": "a"}'])
def test_what_is_no_document_is_malformed(body: bytes) -> None:
    with Far(SESSION, reply(body)) as far:
        ended = ask(far)
    assert ended.result == "malformed" and ended.answer["raw"] is None


def test_another_order_is_mismatched() -> None:
    with Far(SESSION, {**PROOF, "order_id": "another"}) as far:
        assert ask(far).result == "mismatched"


def test_a_proof_that_is_too_long() -> None:
    with Far(SESSION, {**PROOF, "more": "x" * 70_000}) as far:
        ended = ask(far, config={"max_response_bytes": 65_536})
    assert ended.result == "too_large" and steps(ended)[-1][0] == "proof"


@pytest.mark.parametrize("name", ["kustom", "dintero"])
def test_what_quotes_a_secret_back_is_redacted(name: str) -> None:
    reference, option, _, _, session, _ = PROVIDERS[name]

    def quoting(_: Connection, request: Request) -> bytes:
        words = request.authorization
        return reply({"error": {"message": words}, "detail": words}, 403)

    with Far(session, quoting) as far:
        ended = ask(far, reference, option)
    text = json.dumps(ended.answer)
    assert "[redacted]" in text and KEY not in text and "t0ken" not in text and SECRET not in text


# ---- Cancel and fork -------------------------------------------------------------------------------


def test_cancelled_between_the_two() -> None:
    with Far(SESSION, say_nothing) as far, paysession.Client(far.config) as client:
        def cancel() -> None:
            while not far.proofs:
                time.sleep(0.01)
            client.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        ended = told(lambda: client.get("kustom:x", proof=True))
        thread.join()
    assert ended.result == "aborted" and ended.answer["session"] is None and ended.answer["proof"] is None


def test_forked_between_the_two() -> None:
    """A child that is forked while another thread waits for a proof reads one itself."""
    begun, go_on = threading.Event(), threading.Event()

    def first_waits(_: Connection, __: Request) -> bytes:
        if not begun.is_set():
            begun.set()
            go_on.wait(20)
        return reply(PROOF)

    with Far(SESSION, first_waits) as far, paysession.Client(far.config) as client:
        ended: list[Told] = []
        thread = threading.Thread(target=lambda: ended.append(told(lambda: client.get("kustom:x", proof=True))))
        thread.start()
        assert begun.wait(20)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if client.get("kustom:x", proof=True).is_paid else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        go_on.set()
        thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert ended[0].paid == "yes"


# ---- Many, and again ---------------------------------------------------------------------------------


def test_a_wait_goes_on_while_the_payment_is_pending() -> None:
    pending = {**PROOF, "fraud_status": "PENDING"}
    with Far(SESSION, in_turn(reply(pending), reply(b"", 503), reply(pending), reply(PROOF))) as far:
        with paysession.Client({**far.config, "attempts": 1}) as client:
            ended = told(lambda: client.wait("kustom:x", proof=True, interval_ms=20))
        assert len(far.reads) == 8  # both, each time
    assert ended.paid == "yes"


def test_a_wait_in_c_goes_on_while_the_payment_is_pending() -> None:
    """session_wait() itself: Python's wait() is a loop of its own."""
    pending = {**PROOF, "fraud_status": "PENDING"}
    with Far(SESSION, in_turn(reply(pending), reply(pending), reply(PROOF))) as far:
        client = Handle(far.config)
        answer = client.wait("kustom:x", proof=True, interval_ms=20)
        client.close()
        assert len(far.reads) == 6
    assert answer["decision"] == "ship"


@pytest.mark.parametrize("proof", [{"status": "CANCELLED"}, {"status": "CLOSED"}, {"fraud_status": "REJECTED"}])
def test_a_wait_ends_with_what_is_settled(proof: dict[str, Any]) -> None:
    with Far(SESSION, {**PROOF, **proof}) as far, paysession.Client(far.config) as client:
        ended = told(lambda: client.wait("kustom:x", proof=True, interval_ms=20))
        assert len(far.reads) == 2
    assert ended.answer["decision"] == "hold"


def test_a_wait_that_runs_out_gives_the_last_answer() -> None:
    with Far(SESSION, {**PROOF, "fraud_status": "PENDING"}) as far, paysession.Client(far.config) as client:
        ended = told(lambda: client.wait("kustom:x", proof=True, interval_ms=100, timeout_ms=700))
    assert ended.result == "ok" and ended.answer["session"]["holds"] == ["proof_pending"]


def paid_of(answers: list[tuple[Any, paysession.Answer | paysession.PaySessionError] | None]) -> list[Any]:
    """The tags of those that are paid."""
    return [one[0] for one in answers if one is not None and isinstance(one[1], paysession.Answer) and one[1].is_paid]


def test_the_rate_of_a_batch_counts_proofs() -> None:
    times: list[float] = []

    def noted(answer: dict[str, Any]) -> Answer:
        def note(_: Connection, __: Request) -> bytes:
            times.append(time.monotonic())
            return reply(answer)
        return note

    with Far(noted(SESSION), noted(PROOF)) as far, paysession.Client(far.config) as client:
        with client.batch(requests_per_second=40) as batch:
            for tag in range(20):
                batch.add("kustom:x", tag, proof=True)
            answers = [batch.next(10_000) for _ in range(20)]
    assert len(paid_of(answers)) == 20
    assert len(times) == 40
    # 40 requests at 40 a second: the first two at once, the last two 19 * 50 ms later.
    assert 0.9 < max(times) - min(times) < 2


def test_the_rate_of_a_batch_counts_proofs_before_they_are_read() -> None:
    """However late they are answered: what waits for them has its turn only after both."""
    times: list[float] = []

    def noted(_: Connection, __: Request) -> bytes:
        times.append(time.monotonic())
        return reply(SESSION)

    def late(_: Connection, __: Request) -> bytes:
        time.sleep(0.6)
        return reply(PROOF)

    with Far(noted, late) as far, paysession.Client(far.config) as client:
        with client.batch(requests_per_second=40, in_flight=10) as batch:
            for tag in range(10):
                batch.add("kustom:x", tag, proof=True)
            assert len(paid_of([batch.next(10_000) for _ in range(10)])) == 10
    # One session each 50 ms, not 25, and none waits for a proof.
    assert 0.4 < max(times) - min(times)


def test_what_has_no_proof_to_read_pays_for_none() -> None:
    times: list[float] = []

    def pending(_: Connection, __: Request) -> bytes:
        times.append(time.monotonic())
        return reply({**SESSION, "status": "ACTIVE"})

    with Far(pending, PROOF) as far, paysession.Client(far.config) as client:
        with client.batch(requests_per_second=40, in_flight=1) as batch:
            for tag in range(20):
                batch.add("kustom:x", tag, proof=True)
            assert all(batch.next(10_000) is not None for _ in range(20))
    assert len(times) == 20
    assert 0.4 < max(times) - min(times) < 0.85


def test_a_batch_of_all_providers() -> None:
    sessions = {at: session for _, _, at, _, session, _ in PROVIDERS.values()}
    proofs = {at: proof for _, _, _, at, _, proof in PROVIDERS.values()}
    with Far(lambda _, request: reply(sessions[request.target]), lambda _, request: reply(proofs[request.target])) as far:
        with paysession.Client(far.config) as client, client.batch() as batch:
            for tag in range(200):
                reference, option, *_ = list(PROVIDERS.values())[tag % 4]
                batch.add(reference, tag, proof=option)
            answers = [batch.next(10_000) for _ in range(200)]
    assert sorted(paid_of(answers)) == list(range(200))


def test_the_report_counts_proofs_and_what_nobody_knows_in_them() -> None:
    answers = in_turn(
        reply(PROOF), reply(b"", 404), reply(b"", 403), reply({**PROOF, "status": "ON_ICE", "captured_amount": "x"}))
    with Far(SESSION, answers) as far, paysession.Client(far.config) as client:
        for _ in range(4):
            told(lambda: client.get("kustom:x", proof=True))
        told(lambda: client.get("kustom:x"))
        report = client.report()
    kustom = report["providers"]["kustom"]
    assert kustom["calls"] == {"ok": 4, "forbidden": 1}
    assert kustom["proofs"] == {"ok": 2, "forbidden": 1, "not_found": 1}
    assert kustom["unknown_statuses"] == {"ON_ICE": 1}
    assert kustom["unreadable_fields"] == {"proof.captured_amount": 1}
    assert report["providers"]["inbank"]["proofs"] == {}
