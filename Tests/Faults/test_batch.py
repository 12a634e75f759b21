# SPDX-License-Identifier: MIT
"""A batch beside other users of its client: nobody waits for one that is not driven, nothing spins,
nothing is held up by a rate that does not apply."""

from __future__ import annotations

import json
import select
import threading
import time
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import paysession
import pytest
from asking import keyed, told
from nginx import Nginx, nginx
from programs import RESULTS, Handle, descriptors, run
from servers import Authority, Connection, Request, Server, in_turn, kustom, reply
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import RunningSandbox


def test_nobody_waits_for_a_token_that_a_resting_batch_asked_for(sandbox: RunningSandbox) -> None:
    """The batch has begun to ask, and goes on only when it is driven."""
    with paysession.Client({**sandbox.config, "timeout_ms": 2000}) as client:
        with client.batch() as batch, client.batch() as other:
            assert batch.add("ledyer:authorized", 1)
            assert client.get("ledyer:authorized").is_paid
            assert other.add("ledyer:authorized", 2)
            assert other.next(1000)
            tag, told = batch.next() or (None, None)
            assert tag == 1 and isinstance(told, paysession.Answer) and told.is_paid


@pytest.mark.slow
def test_calls_after_a_batch_sleep_while_they_wait(sandbox: RunningSandbox) -> None:
    """A batch's descriptor has a timer in it; what inherits its connections must not be woken by it."""
    with paysession.Client(sandbox.config) as client:
        with client.batch() as batch:
            batch.fileno()
            batch.add("kustom:slow", 1)
            assert batch.next(20) is None
        before = time.process_time()
        with pytest.raises(paysession.TimedOut):
            client.get("kustom:slow", timeout_ms=1500)
        assert time.process_time() - before < 0.3


@pytest.mark.slow
def test_the_descriptor_rests_when_there_is_nothing_more(sandbox: RunningSandbox) -> None:
    with paysession.Client(sandbox.config) as client, client.batch() as batch:
        poll = select.poll()
        poll.register(batch.fileno(), select.POLLIN)
        batch.add("kustom:finalized", 1)
        assert batch.next() and batch.next(0) is None
        client.cancel()  # wakes every loop of the client, also this one
        rounds = 0
        end = time.monotonic() + 0.5
        while poll.poll(max(0, (end - time.monotonic()) * 1000)):
            assert batch.next(0) is None
            rounds += 1
            assert rounds < 50


def test_a_cancelled_batch_comes_back_at_once_whatever_its_rate(sandbox: RunningSandbox) -> None:
    with paysession.Client(sandbox.config) as client:
        with client.batch(requests_per_second=2) as batch:
            for tag in range(20):
                batch.add("kustom:slow", tag)
            batch.next(10)
            client.cancel()
            begun = time.monotonic()
            ended = [batch.next(5000) for _ in range(20)]
            assert time.monotonic() - begun < 1
        assert all(one and isinstance(one[1], paysession.Aborted) for one in ended)


@pytest.mark.slow
def test_a_provider_that_quotes_a_key_without_end_costs_nothing() -> None:
    key = "kco_test_0123456789abcdef"
    body = json.dumps({"detail": f"ünd {key}" * 100_000}).encode()
    with Server(reply(body, status=400)) as server:
        begun = time.monotonic()
        ended = told(lambda: paysession.Client(keyed(server.http, attempts=1)).get("kustom:x"))
        assert time.monotonic() - begun < 1
    message = ended.answer["error"]["provider_message"]
    assert ended.result == "unexpected_http"
    assert key not in message and "[redacted]" in message
    # At most 1024 bytes, cut between two letters, and said to be cut.
    assert 1000 < len(message.encode()) <= 1024 and message.endswith("…")


class Crowd:
    """A server that counts how many ask at once; each waits a little, so that they meet."""

    def __init__(self, patience: float = 0.02) -> None:
        self.lock = threading.Lock()
        self.patience = patience
        self.now = self.most = 0

    def answer(self, _: Connection, request: Request) -> bytes:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.patience)
        with self.lock:
            self.now -= 1
        session = request.target.rpartition("/")[2]
        return reply(PROVIDERS["inbank"].paid(session) if "inbank" in request.target else kustom(session))


@pytest.mark.slow
@pytest.mark.parametrize("in_flight", [1, 3, 8])
def test_no_more_than_in_flight_are_asked_at_once_of_each_provider(in_flight: int) -> None:
    crowd, other = Crowd(), Crowd()
    with Server(crowd.answer) as server, Server(other.answer) as others:
        config = {"kustom": {"base_url": server.http, "api_key": "kco_test_x"},
                  "inbank": {"base_url": others.http + "/inbank", "api_key": "key-0123456789"}}
        with paysession.Client(config) as client, client.batch(in_flight=in_flight) as batch:
            for number in range(40):
                assert batch.add(f"kustom:s{number}", number)
                assert batch.add(f"inbank:shop/s{number}", 100 + number)
            tags = []
            while (answered := batch.next()) is not None:
                assert isinstance(answered[1], paysession.Answer), answered
                tags.append(answered[0])
    assert sorted(tags) == [*range(40), *range(100, 140)]
    assert (crowd.most, other.most) == (in_flight, in_flight)


def test_a_provider_that_hangs_fills_its_own_room_only() -> None:
    """1,024 references of each wait beside those in flight, and nobody stands in line behind another's."""
    def answer(connection: Connection, request: Request) -> bytes | None:
        if "inbank" not in request.target:
            connection.say_nothing()
            return None
        return reply(PROVIDERS["inbank"].paid(request.target.rpartition("/")[2]))

    with Server(answer) as server:
        handle = Handle({"timeout_ms": 20_000, "kustom": {"base_url": server.http, "api_key": "kco_test_x"},
                         "inbank": {"base_url": server.http + "/inbank", "api_key": "key-0123456789"}})
        batch = handle.batch(in_flight=4)
        added = [batch.add(f"kustom:s{number}", number) for number in range(1300)]
        assert added == [RESULTS["ok"]] * 1028 + [RESULTS["again"]] * 272
        begun = time.monotonic()
        for number in range(2000, 2040):
            assert batch.add(f"inbank:shop/s{number}", number) == RESULTS["ok"]
        tags = [batch.next()[1] for _ in range(40)]
        assert time.monotonic() - begun < 1
        assert sorted(tags) == [*range(2000, 2040)]
        # What names no provider has room of its own, too.
        assert batch.add("nonsense", 3000) == RESULTS["ok"]
        assert batch.add("kustom:more", 3001) == RESULTS["again"]
        result, tag, answered = batch.next(1000)
        assert (result, tag, answered["result"]) == (RESULTS["invalid_argument"], 3000, "invalid_argument")
        # One that is taken out makes room for one.
        handle.cancel()
        assert batch.next()[2]["result"] == "aborted"
        assert [batch.add("kustom:more", 3002) for _ in range(2)] == [RESULTS["ok"], RESULTS["again"]]
        batch.close()
        handle.close()


@pytest.mark.slow
def test_requests_keep_their_rate() -> None:
    with Server(in_turn(*[reply(kustom(f"s{number}")) for number in range(12)])) as server:
        config = {"kustom": {"base_url": server.http, "api_key": "kco_test_x"}}
        with paysession.Client(config) as client, client.batch(requests_per_second=20, in_flight=1) as batch:
            begun = time.monotonic()
            for number in range(12):
                batch.add(f"kustom:s{number}", number)
            while batch.next() is not None:
                pass
            # The first goes out at once, eleven wait a twentieth of a second each.
            assert 0.5 < time.monotonic() - begun < 5


@pytest.mark.slow
def test_many_at_once_share_a_connection(nginx: Nginx) -> None:
    """More than fit on it, too: libcurl before 8.0 would open one for each of those, 157 here."""
    with paysession.Client(nginx.config(timeout_ms=20000, http2=True)) as client:
        client.get("kustom:s")  # all wait for a first connection, but no more if there is one
        answers = list(client.read_many((f"kustom:s-{number}" for number in range(900)), in_flight=256))
        opened = client.report()["connections"]["opened"]
    paid = [answer.paid for _, answer in answers if isinstance(answer, paysession.Answer)]
    assert paid == ["yes"] * 900
    assert opened <= 3  # a hundred on each


@pytest.mark.slow
def test_by_http_1_each_has_a_connection_and_none_stays(authority: Authority) -> None:
    """A TLS handshake tells what the provider speaks; then as many are read at once as were asked for."""
    crowd = Crowd(patience=1)
    with Server(crowd.answer, tls=authority.server()) as server:
        config = keyed(server.https, ca_file=authority.file, timeout_ms=20000)
        with paysession.Client(config) as client:
            before = len(descriptors())
            answers = list(client.read_many((f"kustom:s-{number}" for number in range(400)), in_flight=150))
            until = time.monotonic() + 5
            # The server, which is in this process, closes its ends when it notices.
            while (kept := len(descriptors()) - before) > 24 and time.monotonic() < until:
                time.sleep(0.02)
            assert kept <= 24
    paid = [answer.paid for _, answer in answers if isinstance(answer, paysession.Answer)]
    assert paid == ["yes"] * 400
    assert 100 < crowd.most <= 150


@pytest.mark.slow
def test_what_many_at_once_needed_is_not_kept(nginx: Nginx, tmp_path: Path) -> None:
    """libcurl keeps 20 KiB and more in each handle, while others are on its connection. A client that
    had 256 of them for a while is not 20 MiB larger ever after."""
    held = run("held", nginx.write_config(tmp_path, attempts=1, timeout_ms=20000), 256)
    assert max(held["whole"], held["half"], held["again"]) < held["single"] + 1024, held


def all_but_the_first(connection: Connection, count: int, body: bytes) -> None:
    """By HTTP/2: when so many have asked, each part of each answer in a TLS record of its own."""
    talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    talk.initiate_connection()
    streams: list[int] = []
    while True:
        connection.send(talk.data_to_send())
        for event in talk.receive_data(connection.socket.recv(65536)):
            if isinstance(event, h2.events.ConnectionTerminated):
                return
            if isinstance(event, h2.events.RequestReceived):
                streams.append(event.stream_id)
        if len(streams) < count:
            continue
        time.sleep(0.3)
        for stream in streams[1:]:
            talk.send_headers(stream, [(":status", "200")])
            connection.send(talk.data_to_send())
        for stream in streams[1:]:
            talk.send_data(stream, body, end_stream=True)
            connection.send(talk.data_to_send())
        streams.clear()


@pytest.mark.slow
def test_a_host_that_is_busy_elsewhere_loses_no_answer(authority: Authority) -> None:
    """One reference's deadline passes meanwhile; what came for the others on its connection was in time."""
    count = 32
    context = authority.server()
    context.set_alpn_protocols(["h2"])
    body = json.dumps(kustom("x")).encode()

    def serve(connection: Connection) -> None:
        all_but_the_first(connection, count, body)

    with Server(on_connection=serve, tls=context) as server:
        config = keyed(server.https, ca_file=authority.file, attempts=1)
        with paysession.Client(config) as client, client.batch(in_flight=count) as batch:
            assert batch.add("kustom:x", 0, timeout_ms=400)
            for tag in range(1, count):
                assert batch.add("kustom:x", tag)
            assert batch.next(150) is None  # asks
            time.sleep(0.6)
            ended = {}
            while (given := batch.next(5000)) is not None:
                ended[given[0]] = given[1]
    good = {tag for tag, one in ended.items() if isinstance(one, paysession.Answer) and one.is_paid}
    assert good == set(range(1, count)), ended


@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_second_answer_is_not_for_what_is_added_next(pause: float) -> None:
    """It comes unasked, while nothing is under way, and says paid; nor is it after another is added."""
    def twice(connection: Connection, request: Request) -> None:
        connection.send(reply(kustom("x", "ACTIVE")) + (b"" if pause else reply(kustom("x"))))
        if pause:
            time.sleep(pause)
            connection.send(reply(kustom("x")))

    with Server(twice) as server:
        handle = Handle(json.dumps(keyed(server.http, attempts=1)))
        batch = handle.batch(in_flight=2, http2=False)
        for tag in range(4):
            assert batch.add("kustom:x", tag) == RESULTS["ok"]
            result, told, answer = batch.next()
            assert (result, told, answer["session"]["paid"]) == (RESULTS["ok"], tag, "no"), answer
            time.sleep(2 * pause)  # until it is there
        batch.close()
        handle.close()
        assert len(server.requests) == 4


@pytest.mark.parametrize("ending", ["silence", "a byte", "the end", "a reset"])
@pytest.mark.parametrize("http2", [False, True])
def test_what_happens_on_a_connection_at_rest_wakes_nobody_again(
    ending: str, http2: bool, authority: Authority
) -> None:
    """One provider has answered and speaks, or hangs up, while the other is waited for: no answer is lost, none comes
    late, and nobody spins on what nobody reads."""
    def answer_and(connection: Connection) -> None:
        request = connection.read_request()
        assert request is not None
        connection.send(reply(kustom(request.target.rsplit("/", 1)[1])))
        time.sleep(0.1)
        if ending == "a byte":
            connection.send(b"x")
        elif ending == "a reset":
            connection.reset()
        if ending in ("silence", "a byte"):
            connection.say_nothing()

    def late(_: Connection, request: Request) -> bytes:
        time.sleep(0.8)
        return reply(PROVIDERS["inbank"].paid(request.target.rsplit("/", 1)[1]))

    with Server(on_connection=answer_and, tls=authority.server()) as early, \
            Server(late, tls=authority.server()) as slow, paysession.Client({
                **keyed(early.https), "ca_file": str(authority.file), "proxy": "", "http2": http2,
                "inbank": {"base_url": slow.https, "api_key": "key-0123456789"}}) as client:
        used, begun = time.thread_time(), time.monotonic()
        found = dict(client.read_many(["kustom:a", "inbank:shop/b"]))
        used, took = time.thread_time() - used, time.monotonic() - begun
        assert all(isinstance(told, paysession.Answer) and told.is_paid for told in found.values()), found
        assert took < 1.5 and used < 0.3, (took, used)
        if ending != "silence":  # by a connection of its own, where the other is of no use
            assert client.get("kustom:c").is_paid

