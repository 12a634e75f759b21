# SPDX-License-Identifier: MIT
"""Servers that go wrong as they are told: raw sockets on loopback, TLS or not, one thread a
connection.

    with Server(in_turn(reply(status=503), reply(kustom("x")))) as server:
        ask(keyed(server.http), "kustom:x")
    assert len(server.requests) == 2

What a server does is a function of a connection, or, more often, an answer to each request. All
of them end with their `with` block, and on their own after LONGEST seconds.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.events
import trustme
from paysession_sandbox.providers import PROVIDERS

LONGEST = 30.0


@dataclass
class Request:
    """As it came: nothing decoded, nothing put right."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    head: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def authorization(self) -> str:
        return ", ".join(self.all("authorization"))


class Connection:
    """One accepted connection, TLS done if there is any."""

    def __init__(self, server: Server, sock: socket.socket, number: int) -> None:
        self.server = server
        self.socket = sock
        self.number = number
        self._buffer = b""

    def read_request(self) -> Request | None:
        """The next request, also noted in server.requests; None when the peer has gone."""
        while b"\r\n\r\n" not in self._buffer:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
        while len(self._buffer) < length:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._buffer += data
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        request = Request(method, target, headers, body, head, self.number)
        with self.server.lock:
            self.server.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)
        with self.server.lock:
            self.server.sent += len(data)

    def drip(self, data: bytes, pause: float) -> None:
        for index in range(len(data)):
            self.send(data[index:index + 1])
            if self.server.stopping.wait(pause):
                return

    def pour(self, piece: bytes, times: int) -> None:
        """As much of `times` pieces as the peer takes."""
        for _ in range(times):
            if self.server.stopping.is_set():
                return
            self.send(piece)

    def say_nothing(self) -> None:
        """Until the peer goes or the test ends."""
        self.socket.settimeout(0.05)
        end = time.monotonic() + LONGEST
        while not self.server.stopping.is_set() and time.monotonic() < end:
            try:
                if not self.socket.recv(65536):
                    return
            except socket.timeout:  # TimeoutError itself only from Python 3.10 on
                continue

    def reset(self) -> None:
        """RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


OnConnection = Callable[[Connection], None]
OnRequest = Callable[[Connection, Request], Optional[bytes]]
Answer = Union[bytes, OnRequest]


class Server:
    """Listens on 127.0.0.1 while its `with` block lasts.

    `answer` is bytes to be sent for each request, or a function that returns them, or does
    something else with the connection and returns None. `on_connection` has the whole connection
    instead. With `tls` either begins when the handshake is done.
    """

    def __init__(
        self, answer: Answer = b"", *, on_connection: OnConnection | None = None,
        tls: ssl.SSLContext | None = None, port: int = 0,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.sent = 0
        self.refused_handshakes: list[Exception] = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self._mistakes: list[BaseException] = []
        self._tls = tls
        self._on_connection = on_connection or self._converse
        self._answer = answer
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._listener.getsockname()[1]

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        # close() alone would leave the other thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.lock:
            open_sockets = list(self._sockets)
        for sock in open_sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(5)
        if error is None and self._mistakes:
            raise self._mistakes[0]

    def _start(self, function: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(LONGEST)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self._sockets.add(sock)
            self._start(self._serve, sock, self.connections)

    def _serve(self, plain: socket.socket, number: int) -> None:
        sock = plain
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(
                    plain, server_side=True, do_handshake_on_connect=False)
                with self.lock:
                    self._sockets.discard(plain)
                    self._sockets.add(sock)
                try:
                    sock.do_handshake()
                except (OSError, ValueError) as error:
                    with self.lock:
                        self.refused_handshakes.append(error)
                    self._let_read(sock)
                    return
            self._on_connection(Connection(self, sock, number))
        except OSError:
            pass  # the client is gone, which is what it may do at any time
        except BaseException as error:  # a mistake in the test itself: told at the end
            self._mistakes.append(error)
        finally:
            with self.lock:
                self._sockets.discard(sock)
                self._sockets.discard(plain)
            sock.close()
            plain.close()

    @staticmethod
    def _let_read(sock: socket.socket) -> None:
        """Leaves a peer the time to read why it was refused: a close with something of his unread
        would be a reset, and take that with it."""
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(2)
        while sock.recv(65536):
            pass

    def _converse(self, connection: Connection) -> None:
        while (request := connection.read_request()) is not None:
            answer = self._answer
            told = answer if isinstance(answer, bytes) else answer(connection, request)
            if told is not None:
                connection.send(told)
            if connection.socket.fileno() < 0 or (told and b"\r\nConnection: close\r\n" in told):
                return


# ---- Answers ------------------------------------------------------------------------------------


def reply(
    body: bytes | dict[str, Any] = b"", status: int | str = 200,
    headers: Iterable[tuple[str, str]] = (), *, length: int | str | None = -1,
) -> bytes:
    """An HTTP/1.1 answer. `length` is the Content-Length to tell: the true one unless given, and
    None for none at all."""
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X" if isinstance(status, int) else status]
    lines += [f"{name}: {value}" for name, value in headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def in_turn(*answers: Answer) -> OnRequest:
    """The first request gets the first answer, and so on; the last one stays."""
    lock = threading.Lock()
    waiting = list(answers)

    def answer(connection: Connection, request: Request) -> bytes | None:
        with lock:
            chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return chosen if isinstance(chosen, bytes) else chosen(connection, request)

    return answer


def say_nothing(connection: Connection, _: Request) -> None:
    connection.say_nothing()


def reset(connection: Connection, _: Request) -> None:
    connection.reset()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


# ---- Sessions that a shop would ship on, if only they were believed ------------------------------


#: Most faults are shown with one provider, which stands for all.
kustom = PROVIDERS["kustom"].paid


def as_asked(_: Connection, request: Request) -> bytes:
    """A paid session of just the id that the path asks for, of the provider whose path it is."""
    name = unquote(request.target.rpartition("/")[2])
    theirs = [provider for provider in PROVIDERS.values() if provider.is_target(request.target)]
    return reply(max(theirs, key=lambda provider: len(provider.path)).paid(name) if theirs else kustom(name))


# ---- Certificates --------------------------------------------------------------------------------


def by_http2(connection: Connection, body: bytes) -> None:
    """Answers one request, and ends the connection."""
    talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    talk.initiate_connection()
    while True:
        connection.send(talk.data_to_send())
        for event in talk.receive_data(connection.socket.recv(65536)):
            if isinstance(event, h2.events.RequestReceived):
                talk.send_headers(event.stream_id, [(":status", "200")])
                talk.send_data(event.stream_id, body, end_stream=True)
                talk.close_connection()
                connection.send(talk.data_to_send())
                return


class Authority:
    """A certificate authority of our own, and what it signs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._authority = trustme.CA()
        self.file = str(directory / "ca.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def server(self, *names: str, **more: Any) -> ssl.SSLContext:
        """For a server that is called by these names, 127.0.0.1 unless given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issue(*(names or ("127.0.0.1",)), **more).configure_cert(context)
        return context

    def issue(self, *names: str, **more: Any) -> trustme.LeafCert:
        return self._authority.issue_cert(*names, **more)

    def demand_of_clients(self, context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        self._authority.configure_trust(context)

    def client(self, name: str) -> tuple[str, str, str]:
        """Paths of a client's certificate, its key, and both in one file."""
        issued = self.issue(f"{name}@example.com")
        certificate, key, both = (
            str(self.directory / f"{name}-{part}.pem") for part in ("certificate", "key", "both"))
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        issued.private_key_and_cert_chain_pem.write_to_path(both)
        return certificate, key, both
