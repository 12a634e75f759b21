# SPDX-License-Identifier: MIT
"""Proxies: by configuration with a password, by the usual environment variables, with `no_proxy`;
what is between does not get to see a key, and what it says is no provider's answer. And nginx in
front of a provider, over HTTP/2: its own pages are failures.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import KEY, apart, ask, keyed, told
from nginx import early_log
from paysession_sandbox.processes import free_port, listening, started
from servers import (
    LONGEST,
    Authority,
    Connection,
    Request,
    Server,
    as_asked,
    by_http2,
    in_turn,
    kustom,
    reply,
    say_nothing,
)

USER, PASSWORD = "shop", "pr0xy-p4ssword"


@pytest.fixture(scope="module")
def provider(authority: Authority) -> Iterator[Server]:
    """Behind the proxies, over TLS."""
    with Server(as_asked, tls=authority.server("127.0.0.1", "localhost")) as server:
        yield server


@pytest.fixture
def asked(provider: Server) -> Server:
    """The same, having heard nothing."""
    provider.requests.clear()
    return provider


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is missing: apt-get install {name}"
    return found


class Tinyproxy:
    def __init__(self, port: int, log: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.authorized = f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"
        self._log = log

    def tunnels(self) -> int:
        """How many it has opened so far."""
        return self._log.read_text("utf-8").count("Established connection to host")

    def log(self) -> str:
        return self._log.read_text("utf-8")


@pytest.fixture(scope="module")
def tinyproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tinyproxy]:
    """A CONNECT proxy that wants a password."""
    directory = tmp_path_factory.mktemp("tinyproxy")
    port = free_port()
    log = directory / "tinyproxy.log"
    configuration = directory / "tinyproxy.conf"
    configuration.write_text(f"""
Port {port}
Listen 127.0.0.1
Timeout 20
MaxClients 20
StartServers 20
LogLevel Info
LogFile "{log}"
PidFile "{directory}/pid"
Allow 127.0.0.1
BasicAuth {USER} {PASSWORD}
""")
    log.touch()
    command = [program("tinyproxy"), "-d", "-c", str(configuration)]
    with started(command, ready=listening(port), log=directory / "output"):
        yield Tinyproxy(port, log)


def through(
    proxy: str | None, provider: Server, authority: Authority, /, **more: Any,
) -> dict[str, Any]:
    if proxy is not None:
        more["proxy"] = proxy
    return keyed(provider.https, ca_file=authority.file, **more)


# ---- tinyproxy -----------------------------------------------------------------------------------


def test_a_proxy_with_a_password(tinyproxy: Tinyproxy, asked: Server, authority: Authority) -> None:
    before = tinyproxy.tunnels()
    ended = ask(through(tinyproxy.authorized, asked, authority), "kustom:x")
    assert ended.paid == "yes" and ended.exchange["http_status"] == 200
    assert len(asked.requests) == 1 and tinyproxy.tunnels() == before + 1
    assert KEY not in tinyproxy.log()


def test_http_2_through_a_proxy_connection_after_connection(
    tinyproxy: Tinyproxy, authority: Authority,
) -> None:
    """Each tunnel begins with the proxy's HTTP/1. A call that has no second try does without one."""
    context = authority.server()
    context.set_alpn_protocols(["h2"])
    body = json.dumps(kustom("x")).encode()
    with Server(on_connection=lambda one: by_http2(one, body), tls=context) as server, \
            paysession.Client(through(tinyproxy.authorized, server, authority, attempts=1, http2=True)) as client:
        ended = [told(lambda: client.get("kustom:x")) for _ in range(5)]
    assert [one.paid for one in ended] == ["yes"] * 5, [one.error for one in ended]
    assert [one.exchange["http_version"] for one in ended] == ["2"] * 5


# To credentials that it does not know tinyproxy says 401 up to 1.11.1, and 407 from then on.
@pytest.mark.parametrize(("credentials", "statuses"), [
    (f"{USER}:wr0ng-p4ssword@", {"401", "407"}), ("", {"407"}), ("nobody:@", {"401", "407"})])
def test_a_proxy_that_refuses(
    credentials: str, statuses: set[str], tinyproxy: Tinyproxy, asked: Server, authority: Authority,
) -> None:
    proxy = tinyproxy.address.replace("://", "://" + credentials)
    ended = ask(through(proxy, asked, authority), "kustom:x")
    # That is the proxy's word, not the provider's.
    assert ended.result == "unreachable" and ended.error["http_status"] is None
    assert ended.tries == ["unreachable"] and ended.error["retryable"] is False
    assert set(re.findall(r"HTTP (\d+)", ended.error["message"])) <= statuses
    assert "HTTP 40" in ended.error["message"] and tinyproxy.address[7:] in ended.error["message"]
    assert "wr0ng-p4ssword" not in str(ended.answer) and USER + ":" not in str(ended.answer)
    assert asked.requests == []


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_by_environment(
    name: str, tinyproxy: Tinyproxy, asked: Server, authority: Authority,
) -> None:
    before = tinyproxy.tunnels()
    (ended,) = apart(through(None, asked, authority), "kustom:x",
                     environment={name: tinyproxy.authorized})
    assert ended["session"]["paid"] == "yes" and tinyproxy.tunnels() == before + 1


@pytest.mark.slow
@pytest.mark.parametrize(("environment", "more", "is_used"), [
    ({"no_proxy": "127.0.0.1"}, {}, False),
    ({"NO_PROXY": "example.com,127.0.0.1"}, {}, False),
    ({"no_proxy": "*"}, {}, False),
    ({"no_proxy": "example.com"}, {}, True),
    ({}, {"no_proxy": "127.0.0.1"}, False),
    ({}, {"no_proxy": "127.0.0.0/8"}, False),
    ({}, {"no_proxy": "example.com"}, True),
    ({"no_proxy": "127.0.0.1"}, {"no_proxy": "example.com"}, True),  # the configuration counts
    ({"no_proxy": "127.0.0.1"}, {"no_proxy": ""}, True),
    ({}, {"proxy": ""}, False),
    ({"all_proxy": "http://127.0.0.1:9"}, {"proxy": ""}, False),
])
def test_without_the_environments_proxy(
    environment: dict[str, str], more: dict[str, str], is_used: bool, tinyproxy: Tinyproxy,
    asked: Server, authority: Authority,
) -> None:
    before = tinyproxy.tunnels()
    (ended,) = apart(through(None, asked, authority, **more), "kustom:x",
                     environment={"https_proxy": tinyproxy.authorized, **environment})
    assert ended["session"]["paid"] == "yes"
    assert tinyproxy.tunnels() == before + is_used


@pytest.mark.slow
def test_the_configurations_proxy_stands_before_the_environments(
    tinyproxy: Tinyproxy, asked: Server, authority: Authority,
) -> None:
    with Server(as_asked) as other:
        everywhere = {name: other.http for name in ("https_proxy", "HTTPS_PROXY", "all_proxy")}
        (ended,) = apart(through(tinyproxy.authorized, asked, authority), "kustom:x",
                         environment=everywhere)
        assert ended["session"]["paid"] == "yes" and other.connections == 0


def test_no_proxy_for_a_configured_one(
    tinyproxy: Tinyproxy, asked: Server, authority: Authority,
) -> None:
    before = tinyproxy.tunnels()
    config = through("http://127.0.0.1:9", asked, authority, no_proxy="127.0.0.1,example.com")
    assert ask(config, "kustom:x").paid == "yes"
    elsewhere = {**config, "no_proxy": "example.com", "attempts": 1}
    assert ask(elsewhere, "kustom:x").result == "unreachable"
    assert tinyproxy.tunnels() == before


# ---- A proxy that looks, or goes wrong -----------------------------------------------------------


seen: list[bytes] = []  # what has gone through tunnels towards the provider


def tunnel(connection: Connection, request: Request) -> None:
    """Opens the tunnel that was asked for, and passes on what goes through it."""
    assert request.method == "CONNECT"
    host, _, port = request.target.rpartition(":")
    with socket.create_connection((host, int(port)), LONGEST) as far:
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def pass_back() -> None:
            try:
                while data := far.recv(65536):
                    connection.socket.sendall(data)
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        back = threading.Thread(target=pass_back, daemon=True)
        back.start()
        while data := connection.socket.recv(65536):
            seen.append(data)
            far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        back.join(LONGEST)


def test_what_a_proxy_gets_to_see(asked: Server, authority: Authority) -> None:
    seen.clear()
    with Server(tunnel) as proxy:
        address = proxy.http.replace("://", f"://{USER}:{PASSWORD}@")
        with paysession.Client(through(address, asked, authority)) as client:
            trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            for name in ("first-session", "second-session"):
                assert told(lambda: client.get("kustom:" + name, traceparent=trace)).paid == "yes"
        (connect,) = proxy.requests
    assert connect.target == f"127.0.0.1:{asked.port}"
    assert connect.all("proxy-authorization") == [
        "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()]
    assert connect.authorization == "" and connect.all("traceparent") == []
    names = {name.lower() for name, _ in connect.headers}
    assert names <= {"host", "proxy-authorization", "user-agent", "proxy-connection"}
    everything = connect.head + b"".join(seen)
    assert len(everything) > 500
    for secret in (KEY, "first-session", "kustom", "traceparent: 00", "GET /"):
        assert secret.encode() not in everything, secret
    for request in asked.requests:
        assert request.authorization == f"Basic {KEY}" and request.all("proxy-authorization") == []


def refuse(status: int, *headers: tuple[str, str]) -> bytes:
    return reply(kustom("x"), status, headers)


def reset_tunnel(connection: Connection, _: Request) -> None:
    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    connection.socket.recv(65536)
    connection.reset()


def answer_itself(connection: Connection, _: Request) -> None:
    """A session in plain text where TLS should begin."""
    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n" + reply(kustom("x")))
    connection.say_nothing()


@pytest.mark.parametrize("broken", [
    refuse(403), refuse(404), refuse(401), refuse(429), refuse(500), refuse(502), refuse(503),
    refuse(407), refuse(407, ("Proxy-Authenticate", 'Basic realm="x"')),
    refuse(302, ("Location", "http://127.0.0.1:9/")), refuse(200), b"garbage", b"",
], ids=lambda answer: answer[9:12].decode() if len(answer) > 12 else answer.decode() or "nothing")
def test_a_proxys_answer_is_not_the_providers(
    broken: bytes, asked: Server, authority: Authority,
) -> None:
    """Whatever it says, nothing was heard of the provider."""
    def answer(connection: Connection, _: Request) -> None:
        connection.send(broken)
        connection.socket.shutdown(socket.SHUT_WR)
        connection.say_nothing()

    with Server(answer) as proxy:
        ended = ask(through(proxy.http, asked, authority, attempts=1), "kustom:x")
    results = ["unreachable"]
    if b" 200 " in broken:
        results.append("tls_failed")
    elif broken == b"garbage":  # half a line that cannot become one
        results.append("malformed")
    assert ended.result in results
    assert ended.error["http_status"] is None and ended.error["provider_message"] is None
    assert asked.requests == []


def at(proxy: Server) -> str:
    return proxy.http.replace("://", f"://{USER}:{PASSWORD}@")


@pytest.mark.parametrize(("status", "attempts"), [(407, 1), (403, 1), (502, 3), (503, 3)])
def test_a_proxys_refusal_names_proxy_and_status(
    status: int, attempts: int, asked: Server, authority: Authority,
) -> None:
    """What is wrong with us stays so; what is wrong behind it may pass."""
    with Server(refuse(status, ("Connection", "close"))) as proxy:
        ended = ask(through(at(proxy), asked, authority), "kustom:x")
        assert len(proxy.requests) == attempts
    words = ended.error["message"]
    assert ended.result == "unreachable" and ended.tries == ["unreachable"] * attempts
    assert ended.error["retryable"] is (attempts > 1) and ended.error["http_status"] is None
    assert "proxy" in words and f"127.0.0.1:{proxy.port}" in words and str(status) in words
    assert PASSWORD not in str(ended.answer) and "@" not in words and asked.requests == []


@pytest.mark.parametrize("status", [502, 503])
def test_a_proxy_that_refuses_once(status: int, asked: Server, authority: Authority) -> None:
    with Server(in_turn(refuse(status, ("Connection", "close")), tunnel)) as proxy:
        ended = ask(through(at(proxy), asked, authority), "kustom:x")
    assert ended.paid == "yes" and ended.tries == ["unreachable", "ok"]


def test_a_proxy_that_refuses_the_way_to_a_token(asked: Server, authority: Authority) -> None:
    config = {"ca_file": authority.file, "ledyer": {
        "base_url": asked.https, "auth_url": asked.https + "/token", "client_id": "a",
        "client_secret": "b"}}
    with Server(refuse(407, ("Connection", "close"))) as proxy:
        ended = ask({**config, "proxy": at(proxy)}, "ledyer:x")
    words = ended.error["message"]
    assert ended.tries == ["unreachable"] and "token endpoint" in words
    assert "proxy" in words and f"127.0.0.1:{proxy.port}" in words and "407" in words
    assert PASSWORD not in str(ended.answer) and asked.requests == []


@pytest.mark.parametrize("line", [
    b"HTTP/1.1 200x OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1 200\tOK",
    b"HTTP/1.1 2000 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 20 OK", b"HTTP/2 200", b"HTTP/7.3 200 OK",
    b"http/1.1 200 OK", b"ICY 200 OK", b"HTTP/1.1 200 O\0K", b"garbage", b"HTTP/1.1 407x No",
])
def test_a_proxys_status_line_is_none(line: bytes, asked: Server, authority: Authority) -> None:
    """By the rule of test_http.py. Nothing goes through a tunnel that was opened so."""
    def open_so(connection: Connection, request: Request) -> None:
        first, connection.send = (  # type: ignore[method-assign]
            connection.send, lambda data: first(line + b"\r\n\r\n"))
        tunnel(connection, request)

    with Server(open_so) as proxy:
        ended = ask(through(at(proxy), asked, authority, timeout_ms=5000), "kustom:x")
    assert ended.result == "malformed" and ended.tries == ["malformed"]
    assert ended.error["http_status"] is None and ended.error["retryable"] is False
    assert asked.requests == [] and PASSWORD not in str(ended.answer)


@pytest.mark.parametrize(("broken", "results"), [
    (reset_tunnel, ["unreachable"]), (answer_itself, ["tls_failed", "unreachable"])])
def test_a_tunnel_that_is_none(
    broken: Any, results: list[str], asked: Server, authority: Authority,
) -> None:
    with Server(broken) as proxy:
        ended = ask(through(proxy.http, asked, authority, attempts=1), "kustom:x")
    assert ended.result in results and ended.error["http_status"] is None


def test_a_proxy_that_reads_along_is_found_out(
    asked: Server, authority: Authority, tmp_path: Path,
) -> None:
    """A tunnel to itself, with a certificate that nobody trusts."""
    with Server(as_asked, tls=Authority(tmp_path).server()) as impostor:
        def divert(connection: Connection, request: Request) -> None:
            tunnel(connection, Request("CONNECT", f"127.0.0.1:{impostor.port}", [], b"", b"", 0))

        with Server(divert) as proxy:
            ended = ask(through(proxy.http, asked, authority), "kustom:x")
        assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]
        assert impostor.requests == []


def drip(connection: Connection, _: Request) -> None:
    connection.drip(b"HTTP/1.1 200 Connection established\r\n\r\n", 0.05)


@pytest.mark.parametrize("stalling", [say_nothing, drip])
def test_a_proxy_that_stalls(stalling: Any, asked: Server, authority: Authority) -> None:
    with Server(stalling) as proxy:
        for _ in range(2):
            ended = ask(through(proxy.http, asked, authority, timeout_ms=300), "kustom:x")
            assert ended.result == "timed_out" and ended.seconds >= 0.3
            if ended.seconds < 0.4:
                return
    raise AssertionError(f"{ended.seconds} s, twice more than 100 ms late")


@pytest.mark.slow
def test_headers_of_a_proxy_are_limited(asked: Server, authority: Authority) -> None:
    def flood(connection: Connection, _: Request) -> None:
        connection.send(b"HTTP/1.1 200 Connection established\r\n")
        connection.pour(b"X-Padding: " + b"p" * 1000 + b"\r\n", 1 << 20)

    with Server(flood) as proxy:
        (ended,) = apart(through(proxy.http, asked, authority, timeout_ms=3000), "kustom:x")
    assert ended["result"] in ("too_large", "unreachable") and ended["grown"] < 50 * 1024


@pytest.mark.slow
def test_a_proxy_that_is_not_there(asked: Server, authority: Authority) -> None:
    """Nobody at its port, or nowhere at all: it is the one that is named, not the provider."""
    for address in ("127.0.0.1:9", "proxy.invalid:3128"):
        ended = ask(through(f"http://{USER}:{PASSWORD}@{address}", asked, authority), "kustom:x")
        assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 3
        words = ended.error["message"]
        assert "proxy" in words and address in words and "@" not in words
        assert PASSWORD not in str(ended.answer) and asked.requests == []


def test_a_proxy_of_the_environment_is_named_too(asked: Server, authority: Authority) -> None:
    (ended,) = apart(through(None, asked, authority, attempts=1), "kustom:x",
                     environment={"https_proxy": f"http://{USER}:{PASSWORD}@127.0.0.1:9"})
    words = ended["error"]["message"]
    assert "proxy" in words and "127.0.0.1:9" in words
    assert PASSWORD not in str(ended) and "@" not in words


def test_a_proxy_over_tls(asked: Server, authority: Authority, tmp_path: Path) -> None:
    """Its password is safe on the way as well, and it has to be who it says."""
    for tls, result in ((authority.server(), "ok"), (Authority(tmp_path).server(), "tls_failed"),
                        (authority.server("proxy.example.com"), "tls_failed")):
        with Server(tunnel, tls=tls) as proxy:
            ended = ask(through(proxy.https, asked, authority), "kustom:x")
            assert ended.result == result
            assert len(proxy.requests) == (result == "ok")


def socks(connection: Connection) -> None:
    """RFC 1928, without authentication, names resolved here."""
    sock = connection.socket
    assert sock.recv(2)[:1] == b"\x05"
    sock.recv(255)
    sock.sendall(b"\x05\x00")
    kind = sock.recv(4)[3]
    length = {1: 4, 4: 16}.get(kind) or sock.recv(1)[0]
    name = sock.recv(length)
    port = int.from_bytes(sock.recv(2), "big")
    with connection.server.lock:
        connection.server.requests.append(Request("SOCKS", f"{kind}:{port}", [], name, b"", 0))
    sock.sendall(b"\x05\x00\x00\x01" + bytes(6))
    connection.send = lambda data: None  # type: ignore[method-assign]
    tunnel(connection, Request("CONNECT", f"127.0.0.1:{port}", [], b"", b"", 0))


def test_a_socks_proxy_that_looks_names_up(asked: Server, authority: Authority) -> None:
    with Server(on_connection=socks) as proxy:
        config = through(f"socks5h://127.0.0.1:{proxy.port}", asked, authority)
        config["kustom"]["base_url"] = f"https://localhost:{asked.port}"
        assert ask(config, "kustom:x").paid == "yes"
        (request,) = proxy.requests
        assert (request.target, request.body) == (f"3:{asked.port}", b"localhost")  # 3: a name


@pytest.mark.parametrize("proxy", [
    "ftp://127.0.0.1", "file:///etc/passwd", "socks4://127.0.0.1", "http://", "http://a b",
    "http://a\nb"])
def test_what_is_no_proxy(proxy: str) -> None:
    with pytest.raises(paysession.InvalidConfig, match="^proxy"):
        paysession.Client({"proxy": proxy})


# ---- nginx in front of a provider ----------------------------------------------------------------


@contextmanager
def nginx(directory: Path, authority: Authority, backend: Server) -> Iterator[dict[str, Any]]:
    """HTTP/2 and TLS towards us, plain HTTP/1.1 towards the provider. Gives a configuration."""
    port = free_port()
    issued = authority.issue("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(directory / "server.pem"))
    (directory / "nginx.conf").write_text(f"""
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.pem;
        location / {{
            proxy_pass {backend.http};
            proxy_http_version 1.1;
            proxy_read_timeout 1s;
            proxy_buffering off;
        }}
    }}
}}
""")
    binary = program("nginx")
    command = [binary, *early_log(binary, directory / "error.log"), "-p", str(directory),
               "-c", str(directory / "nginx.conf")]
    with started(command, ready=listening(port), log=directory / "output"):
        yield keyed(f"https://127.0.0.1:{port}", ca_file=authority.file)


def test_http_2_is_used(authority: Authority, tmp_path: Path) -> None:
    with Server(as_asked) as backend, nginx(tmp_path, authority, backend) as config, \
            paysession.Client({**config, "http2": True}) as client:
        ended = [told(lambda: client.get(f"kustom:{number}")) for number in range(3)]
        assert [one.paid for one in ended] == ["yes"] * 3
        assert [one.exchange["http_version"] for one in ended] == ["2"] * 3
        assert [one.exchange["reused_connection"] for one in ended] == [False, True, True]
        assert all(request.authorization == f"Basic {KEY}" for request in backend.requests)
        # What an identifier holds arrives there as well as over HTTP/1.1.
        odd = "a/../b?c#d%2e \u00f8"
        assert told(lambda: client.get_kustom(odd)).paid == "yes"


def test_a_page_of_the_reverse_proxy_is_no_answer(authority: Authority, tmp_path: Path) -> None:
    with Server(as_asked) as gone:
        pass
    with nginx(tmp_path, authority, gone) as config:
        ended = ask({**config, "http2": True}, "kustom:x")
    assert ended.result == "provider_error" and ended.error["http_status"] == 502
    assert ended.tries == ["provider_error"] * 3
    assert ended.exchange["http_version"] == "2" and ended.error["provider_message"] is None


@pytest.mark.slow
def test_a_backend_that_goes_wrong(authority: Authority, tmp_path: Path) -> None:
    def cut(connection: Connection, _: Request) -> None:
        connection.send(reply(kustom("x"))[:-1])
        connection.socket.shutdown(socket.SHUT_WR)
        connection.say_nothing()

    def reset(connection: Connection, _: Request) -> None:
        connection.reset()

    going = in_turn(reset, cut, say_nothing, reply(kustom("y")), reply(kustom("x")))
    with Server(going) as backend, nginx(tmp_path, authority, backend) as config:
        told_of = [ask({**config, "attempts": 1}, "kustom:x") for _ in range(5)]
    assert [(one.result, one.error.get("http_status")) for one in told_of] == [
        ("provider_error", 502),
        ("unreachable", None),  # the stream breaks off in the body
        ("provider_error", 504),
        ("mismatched", 200),
        ("ok", None),
    ]
