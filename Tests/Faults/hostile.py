# SPDX-License-Identifier: MIT
"""Providers that mean harm: what each of them sends, and how it is asked.

    measured(CASES["HTTP/2: PING"], authority, honest.http, "batch")["late"]

A hostile answer needs no fault of ours: it is HTTP that costs its sender little and its reader much,
or that comes slowly enough never to end. None of these may hold a call beyond its deadline, a cancel
or a fork. `python hostile.py` tells how long each of them does, with the libcurl that is loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import functools
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from programs import program
from servers import Authority, Connection, Server, as_asked, chunked, kustom, reply

PAID = json.dumps(kustom("x")).encode()
CHUNKED = ("Transfer-Encoding", "chunked")
GZIP = ("Content-Encoding", "gzip")
OPEN = reply(headers=[CHUNKED], length=None)  # a head, and a body that can go on for ever

# Pieces are sent in lots of about this size: one call of Python's for each, and the peer reads slower
# than they come.
LOT = 1 << 18


@dataclass(frozen=True)
class Case:
    serve: Callable[[Connection], None]
    http2: bool = False  # by HTTP/2, whatever was agreed on
    tls: bool = False
    quiet: bool = False  # costs no processor: may run beside others
    token: bool = False  # the token endpoint does it
    result: str | None = None  # what one of them must come to, where it must
    names: str = ""  # a word of the message then
    records: bool = False  # in TLS records of its own making
    handshake: bool = False  # in place of a TLS handshake


# ---- HTTP/1 --------------------------------------------------------------------------------------


def lots(piece: bytes) -> bytes:
    return piece * (LOT // len(piece) + 1)


def flood(piece: bytes, before: bytes = OPEN) -> Case:
    """`before`, and then `piece` without end."""
    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send(before)
        connection.pour(lots(piece), 1 << 30)

    return Case(serve)


def drip(piece: bytes, before: bytes = b"", pause: float = 0.01) -> Case:
    """`before`, and then `piece` a byte at a time, again and again."""
    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send(before)
        while not connection.server.stopping.is_set():
            connection.drip(piece, pause)

    return Case(serve, quiet=True)


def once(answer: Callable[[], bytes], **more: Any) -> Case:
    """One answer, and the connection stays."""
    def serve(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(answer())
            connection.say_nothing()

    return Case(serve, **more)


GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
EMPTY_BLOCK = b"\0\0\0\xff\xff"  # deflate's stored block of no bytes, and not the last one


@functools.lru_cache(maxsize=None)
def stacked(layers: int, inner: int = 4 << 30) -> bytes:
    """`inner` bytes of deflate that come to nothing, so that no limit of what comes out is ever
    reached, within `layers` - 1 layers of gzip. Made of one piece, which is compressed once: after a
    full flush the next piece comes out the same."""
    length = 5 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(EMPTY_BLOCK * (length // 5)) + packer.flush(zlib.Z_FULL_FLUSH)
    # A stored block of just gzip's head, before all the others.
    head = b"\0" + struct.pack("<HH", len(GZIP_HEAD), len(GZIP_HEAD) ^ 0xFFFF) + GZIP_HEAD
    packed = GZIP_HEAD + head + first * (inner // length)
    for _ in range(layers - 2):
        packed = gzip.compress(packed, 9)
    return packed


# A status has its own result, whatever its body is. A body that nobody may unpack is none.
RESULTS = {200: "malformed", 401: "unauthorized", 429: "rate_limited", 503: "provider_error"}


def coded(layers: int, *headers: tuple[str, str], status: int = 200, token: bool = False) -> Case:
    def answer() -> bytes:
        return reply(stacked(layers), status, headers)

    return once(answer, token=token, result=RESULTS[status],
                names="Content-Encoding" if status == 200 else "")


def coded_in_transfer(layers: int, codings: str) -> Case:
    def answer() -> bytes:
        return reply(headers=[("Transfer-Encoding", codings)], length=None) + (
            chunked(stacked(layers), b"") if codings.endswith("chunked") else stacked(layers))

    return once(answer, result="malformed", names="Transfer-Encoding")


def codings(layers: int) -> tuple[str, str]:
    return ("Content-Encoding", ", ".join(["gzip"] * layers))


def in_chunks(piece: bytes) -> bytes:
    return chunked(lots(piece))


def gzip_flood(piece: bytes, before: bytes) -> Case:
    head = reply(headers=[CHUNKED, GZIP], length=None)
    return flood(in_chunks(piece), head + chunked(before))


def zeros_of_a_chunk(connection: Connection) -> None:
    """The size of one chunk, a digit at a time."""
    connection.read_request()
    connection.send(OPEN)
    while not connection.server.stopping.is_set():
        connection.drip(b"0", 0.01)


CASES: dict[str, Case] = {
    # Codings in codings: a few KB on the wire are GB on the way, and nothing at the end.
    "2 layers of gzip": coded(2, codings(2)),
    "3 layers of gzip": coded(3, codings(3)),
    "4 layers of gzip": coded(4, codings(4)),
    "5 layers of gzip": coded(5, codings(5)),
    "4 layers of gzip, a header each": coded(4, *[GZIP] * 4),
    "4 layers of gzip, two headers": coded(4, codings(2), codings(2)),
    "4 layers of gzip by other names": coded(4, ("content-encoding", "x-gzip ,identity,GZip\t,x-gzip, gzip")),
    "4 layers of gzip, 401": coded(4, codings(4), status=401),
    "4 layers of gzip, 429": coded(4, codings(4), status=429),
    "4 layers of gzip, 503": coded(4, codings(4), status=503),
    "4 layers of gzip, token": coded(4, codings(4), token=True),
    "4 layers of gzip, token, 401": coded(4, codings(4), status=401, token=True),
    "4 layers of gzip in transfer": coded_in_transfer(4, "gzip, gzip, gzip, gzip"),
    "4 layers of gzip in transfer, chunked": coded_in_transfer(4, "gzip, gzip, gzip, gzip, chunked"),
    "gzip in transfer and in content": once(lambda: reply(stacked(4), headers=[
        codings(2), ("Transfer-Encoding", "gzip, gzip")], length=None), result="malformed"),
    # One layer, and no end of it.
    "gzip of empty blocks": gzip_flood(EMPTY_BLOCK, GZIP_HEAD),
    "gzip with a name without end": gzip_flood(b"n", b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"),
    "bytes behind gzip": gzip_flood(b" ", gzip.compress(PAID)),
    "gzip behind gzip": gzip_flood(gzip.compress(b""), gzip.compress(PAID)),
    # Floods.
    "a chunk extension without end": flood(b"e", OPEN + b"5;"),
    "a chunk size of zeros": flood(b"0", OPEN),
    "chunks of a byte": flood(b"1\r\n \r\n"),
    "a header without end": flood(b"h", b"HTTP/1.1 200 OK\r\nX-Header: "),
    "headers without end": flood(b"a:\r\n", b"HTTP/1.1 200 OK\r\n"),
    "folded lines": flood(b" \r\n", b"HTTP/1.1 200 OK\r\nX-Header: a\r\n"),
    "100 without end": flood(b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    "103 without end": flood(b"HTTP/1.1 103 X\r\nA:\r\n\r\n", b""),
    "trailers without end": flood(b"a:\r\n", OPEN + chunked(PAID) + b"0\r\n"),
    "a reason without end": flood(b"r", b"HTTP/1.1 200 "),
    "line ends before the status line": flood(b"\r\n", b""),
    # Drips.
    "a status line that drips": drip(b"HTTP/1.1 200 " + b"r" * 1000),
    "headers that drip": drip(b"X-Header: a\r\n", b"HTTP/1.1 200 OK\r\n"),
    "folded lines that drip": drip(b" \r\n", b"HTTP/1.1 200 OK\r\nX-Header: a\r\n"),
    "100 that drips": drip(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.002),
    "a body that drips": drip(b" ", reply(length=1 << 20), pause=0.002),
    "chunks that drip": drip(b"1\r\n \r\n", OPEN),
    "zeros of a chunk size that drip": Case(zeros_of_a_chunk, quiet=True),
    "a chunk extension that drips": drip(b"e", OPEN + b"5;"),
    "gzip that drips": drip(chunked(EMPTY_BLOCK), reply(headers=[CHUNKED, GZIP], length=None)
                            + chunked(GZIP_HEAD)),
    "trailers that drip": drip(b"a:\r\n", OPEN + chunked(PAID) + b"0\r\n"),
    "a length that never comes": once(lambda: reply(PAID, length=len(PAID) + 1), quiet=True),
    "nothing": Case(Connection.say_nothing, quiet=True),
}


# ---- HTTP/2 --------------------------------------------------------------------------------------

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION, ALTSVC) = range(11)
ORIGIN, PRIORITY_UPDATE, UNKNOWN = 12, 16, 0xBA
END_STREAM = ACK = 1
END_HEADERS, PADDED = 4, 8
STATUS_200, STATUS_103 = b"\x88", b"\x08\x03103"  # HPACK: as in its table, and as a literal
EMPTY_TRAILER = b"\0\x01a\0"


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def tls_of(connection: Connection) -> ssl.SSLSocket:
    assert isinstance(connection.socket, ssl.SSLSocket)
    return connection.socket


def asked_stream(connection: Connection) -> int:
    """Reads up to the first request. Who asks by HTTP/1 is answered as if it had been HTTP/2."""
    data = b""
    while got := connection.socket.recv(65536):
        data += got
        if not data.startswith(b"PRI"):
            return 1
        at = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        while len(data) >= at + 9:
            if data[at + 3] == HEADERS:
                return int.from_bytes(data[at + 5:at + 9], "big")
            at += 9 + int.from_bytes(data[at:at + 3], "big")
    raise ConnectionError


def taken_off(connection: Connection) -> None:
    """Reads what the peer says, beside TLS and not decrypted, for nobody here needs it: libcurl reads no
    more from one whom it cannot write to."""
    def take(raw: socket.socket) -> None:
        raw.settimeout(30)
        with raw, contextlib.suppress(OSError):
            while raw.recv(1 << 20):
                pass

    raw = socket.socket(fileno=os.dup(connection.socket.fileno()))
    threading.Thread(target=take, args=(raw,), daemon=True).start()


def answered(stream: int) -> bytes:
    return frame(HEADERS, END_HEADERS, stream, STATUS_200)


def nothing(_: int) -> bytes:
    return b""


Frames = Callable[[int], bytes]  # of the stream that was asked on


def flood2(piece: Frames, before: Frames = answered) -> Case:
    def serve(connection: Connection) -> None:
        stream = asked_stream(connection)
        taken_off(connection)
        connection.send(frame(SETTINGS) + frame(SETTINGS, ACK) + before(stream))
        connection.pour(lots(piece(stream)), 1 << 30)

    return Case(serve, http2=True, tls=True)


def drip2(piece: Frames, before: Frames = answered, pause: float = 0.002) -> Case:
    """Whole frames, one at a time."""
    def serve(connection: Connection) -> None:
        stream = asked_stream(connection)
        taken_off(connection)
        connection.send(frame(SETTINGS) + frame(SETTINGS, ACK) + before(stream))
        while not connection.server.stopping.wait(pause):
            connection.send(piece(stream))

    return Case(serve, http2=True, tls=True, quiet=True)


def stacked_by_http2(connection: Connection) -> None:
    """4 layers of gzip."""
    stream = asked_stream(connection)
    taken_off(connection)
    value = b"gzip, gzip, gzip, gzip"
    head = STATUS_200 + b"\x0f\x0b" + bytes([len(value)]) + value  # 15 + 11: content-encoding
    connection.send(frame(SETTINGS) + frame(SETTINGS, ACK) + frame(HEADERS, END_HEADERS, stream, head)
                    + frame(DATA, END_STREAM, stream, stacked(4)))
    connection.server.stopping.wait(30)


def hpack_bomb(stream: int) -> bytes:
    """A header of 4,000 bytes, and then the same one again for each byte."""
    header = b"\x40\x01a\x7f" + b"\xa1\x1e" + b"v" * 4000
    return frame(HEADERS, 0, stream, STATUS_200 + header + b"\xbe" * 12_000)


PUSHED = b"\x82\x87\x84\x41\x09127.0.0.1"  # GET https / and an authority
HTTP2: dict[str, Case] = {
    "PING": flood2(lambda _: frame(PING, 0, 0, bytes(8))),
    "PING before an answer": flood2(lambda _: frame(PING, 0, 0, bytes(8)), nothing),
    "PING ACK": flood2(lambda _: frame(PING, ACK, 0, bytes(8))),
    "empty DATA": flood2(lambda stream: frame(DATA, 0, stream)),
    "padded empty DATA": flood2(lambda stream: frame(DATA, PADDED, stream, b"\xff" + bytes(255))),
    "DATA of a padding of no length": flood2(lambda stream: frame(DATA, PADDED, stream, b"\0")),
    # nghttp2 ends a connection that makes it acknowledge a thousand of them in one piece of input.
    "SETTINGS": flood2(lambda _: frame(SETTINGS)),
    "SETTINGS of two values": flood2(
        lambda _: frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535) * 2)),
    "SETTINGS of 30 values": flood2(
        lambda _: frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535) * 30)),
    "SETTINGS ACK": flood2(lambda _: frame(SETTINGS, ACK)),
    "WINDOW_UPDATE": flood2(lambda _: frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1")),
    "WINDOW_UPDATE of the stream": flood2(lambda stream: frame(WINDOW_UPDATE, 0, stream, b"\0\0\0\1")),
    "WINDOW_UPDATE of other streams": flood2(lambda stream: frame(WINDOW_UPDATE, 0, 2, b"\0\0\0\1")),
    "PRIORITY": flood2(lambda stream: frame(PRIORITY, 0, stream, bytes(4) + b"\x10")),
    "PRIORITY_UPDATE": flood2(lambda stream: frame(PRIORITY_UPDATE, 0, 0, struct.pack(">I", stream) + b"u=1")),
    "ALTSVC": flood2(lambda stream: frame(ALTSVC, 0, stream, b"\0\0clear")),
    "ORIGIN": flood2(lambda _: frame(ORIGIN, 0, 0, b"\0\x0ehttps://a.test")),
    "an unknown frame": flood2(lambda stream: frame(UNKNOWN, 0, stream)),
    "an unknown frame of 16 KiB": flood2(lambda _: frame(UNKNOWN, 0, 0, bytes(16384))),
    "RST_STREAM of other streams": flood2(lambda _: frame(RST_STREAM, 0, 2, bytes(4))),
    "DATA of closed streams": flood2(lambda stream: frame(DATA, 0, stream), lambda stream: (
        answered(stream) + frame(DATA, 0, stream, b"{") + frame(RST_STREAM, 0, stream, bytes(4)))),
    "empty CONTINUATION": flood2(
        lambda stream: frame(CONTINUATION, 0, stream),
        lambda stream: frame(HEADERS, 0, stream, STATUS_200)),
    "CONTINUATION": flood2(
        lambda stream: frame(CONTINUATION, 0, stream, EMPTY_TRAILER * 100),
        lambda stream: frame(HEADERS, 0, stream, STATUS_200)),
    "HPACK bomb": flood2(lambda stream: frame(CONTINUATION, 0, stream, b"\xbe" * 16_000), hpack_bomb),
    "103": flood2(lambda stream: frame(HEADERS, END_HEADERS, stream, STATUS_103), nothing),
    "trailers": flood2(
        lambda stream: frame(CONTINUATION, 0, stream, EMPTY_TRAILER),
        lambda stream: answered(stream) + frame(DATA, 0, stream, PAID) + frame(
            HEADERS, END_STREAM, stream, EMPTY_TRAILER)),
    "HEADERS again": flood2(lambda stream: frame(HEADERS, END_HEADERS, stream, EMPTY_TRAILER)),
    "GOAWAY": flood2(lambda stream: frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0))),
    "GOAWAY with a long reason": flood2(
        lambda stream: frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0) + bytes(8000))),
    "PUSH_PROMISE": flood2(lambda stream: frame(PUSH_PROMISE, END_HEADERS, stream, b"\0\0\0\2" + PUSHED)),
    "PING and DATA of a byte": flood2(
        lambda stream: frame(PING, 0, 0, bytes(8)) * 1000 + frame(DATA, 0, stream, b" ")),
    "a bit of everything": flood2(lambda stream: (
        frame(PING, 0, 0, bytes(8)) + frame(DATA, 0, stream) + frame(SETTINGS)
        + frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") + frame(UNKNOWN))),
    "4 layers of gzip": Case(stacked_by_http2, http2=True, tls=True, result="malformed",
                             names="Content-Encoding"),
    # Drips.
    "DATA of a byte that drips, PING between": drip2(
        lambda stream: frame(PING, 0, 0, bytes(8)) * 3 + frame(DATA, 0, stream, b" ")),
    "103 that drips": drip2(lambda stream: frame(HEADERS, END_HEADERS, stream, STATUS_103), nothing),
    "PING that drips before an answer": drip2(lambda _: frame(PING, 0, 0, bytes(8)), nothing),
    "empty CONTINUATION that drips": drip2(
        lambda stream: frame(CONTINUATION, 0, stream),
        lambda stream: frame(HEADERS, 0, stream, STATUS_200)),
}
CASES.update({f"HTTP/2: {name}": case for name, case in HTTP2.items()})


# ---- TLS -----------------------------------------------------------------------------------------


class Records:
    """Records of TLS 1.3, by the server's secret: such as no TLS library would send."""

    def __init__(self, connection: Connection) -> None:
        tls = tls_of(connection)
        secrets = Path(tls.context.keylog_filename).read_bytes().splitlines()
        *_, line = (one for one in secrets if one.startswith(b"SERVER_TRAFFIC_SECRET_0"))
        cipher = tls.cipher()
        assert cipher is not None and cipher[0] == "TLS_AES_256_GCM_SHA384"
        self._socket = socket.socket(fileno=os.dup(tls.fileno()))
        self._socket.settimeout(30)
        is_http2 = tls.selected_alpn_protocol() == "h2"
        self._meaningless = [bytes([byte]) for byte in (frame(UNKNOWN) if is_http2 else b"e")]
        self._use(bytes.fromhex(line.split()[2].decode()))

    def _use(self, secret: bytes) -> None:
        self._secret, self._number = secret, 0
        self._key = AESGCM(self._expanded(b"key", 32))
        self._iv = int.from_bytes(self._expanded(b"iv", 12), "big")

    def _expanded(self, label: bytes, length: int) -> bytes:
        """RFC 8446, 7.1."""
        label = b"tls13 " + label
        return HKDFExpand(hashes.SHA384(), length, struct.pack(">HB", length, len(label)) + label
                          + b"\0").derive(self._secret)

    def record(self, kind: int, content: bytes, padding: int = 0) -> bytes:
        inner = content + bytes([kind]) + bytes(padding)
        head = b"\x17\3\3" + struct.pack(">H", len(inner) + 16)
        nonce = (self._iv ^ self._number).to_bytes(12, "big")
        self._number += 1
        return head + self._key.encrypt(nonce, inner, head)

    def key_update(self) -> bytes:
        made = self.record(HANDSHAKE, b"\x18\0\0\1\0")
        self._use(self._expanded(b"traffic upd", 48))
        return made

    def meaningless(self) -> list[bytes]:
        """Bytes after which the reader still waits: a frame of an unknown kind; a chunk's extension."""
        return self._meaningless

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


HANDSHAKE, APPLICATION = 22, 23


def ticket(nonce: int) -> bytes:
    """A NewSessionTicket, good for an hour."""
    body = struct.pack(">IIBIH", 3600, 0, 4, nonce, 1) + b"t" + b"\0\0"
    return b"\4" + struct.pack(">I", len(body))[1:] + body


def in_records(content: Callable[[Records], bytes]) -> Callable[[Connection], None]:
    """Answers up to the headers, and goes on in records of its own making."""
    def serve(connection: Connection) -> None:
        if tls_of(connection).selected_alpn_protocol() == "h2":
            before = frame(SETTINGS) + frame(SETTINGS, ACK) + answered(asked_stream(connection))
        else:
            connection.read_request()
            before = OPEN + b"5;"
        taken_off(connection)
        records = Records(connection)
        try:
            records.send(records.record(APPLICATION, before))
            while not connection.server.stopping.is_set():
                records.send(content(records))
        finally:
            records.close()

    return serve


def empty_records(records: Records, padding: int, lot: int) -> bytes:
    """OpenSSL takes 32 empty ones in turn for an attack, so after 31 comes one with a byte: of a frame
    that means nothing, or, by HTTP/1, of a chunk's extension."""
    return b"".join(
        b"".join(records.record(APPLICATION, b"", padding) for _ in range(31))
        + records.record(APPLICATION, byte, padding)
        for _ in range(lot) for byte in records.meaningless())


def one_byte_records(records: Records, padding: int, lot: int) -> bytes:
    return b"".join(
        records.record(APPLICATION, byte, padding)
        for _ in range(lot) for byte in records.meaningless())


def updates(records: Records) -> bytes:
    return b"".join(records.key_update() for _ in range(300))


def tickets(records: Records) -> bytes:
    lot = b"".join(map(ticket, range(256))) * 2
    return b"".join(records.record(HANDSHAKE, lot) for _ in range(20))


def one_ticket_each(records: Records) -> bytes:
    return b"".join(records.record(HANDSHAKE, ticket(nonce)) for nonce in range(500))


def dripping_tickets(records: Records) -> bytes:
    """A handshake message a byte at a time."""
    return b"".join(records.record(HANDSHAKE, bytes([byte])) for byte in ticket(0) * 20)


TLS: dict[str, Callable[[Records], bytes]] = {
    "empty records": lambda records: empty_records(records, 0, 10),
    "empty records with padding": lambda records: empty_records(records, 16_000, 1),
    "records of a byte": lambda records: one_byte_records(records, 0, 300),
    "records of a byte with padding": lambda records: one_byte_records(records, 16_000, 20),
    "KeyUpdate": updates,
    "session tickets": tickets,
    "session tickets, a record each": one_ticket_each,
    "session tickets, a byte each": dripping_tickets,
}


def dripping_handshake(connection: Connection) -> None:
    connection.drip(b"\x16\3\3\x20\0" + b"\2" * 8192, 0.01)


def instead_of_a_handshake(record: bytes) -> Case:
    """Anybody on the way can send that: nothing is proved yet."""
    def serve(connection: Connection) -> None:
        connection.socket.recv(65536)
        connection.pour(lots(record), 1 << 30)

    return Case(serve, handshake=True)


CASES.update({f"TLS, HTTP/1: {name}": Case(in_records(content), tls=True, records=True)
              for name, content in TLS.items()})
CASES.update({f"TLS, HTTP/2: {name}": Case(in_records(content), http2=True, tls=True, records=True)
              for name, content in TLS.items()})
CASES.update({
    # A client passes over each HelloRequest in a handshake: four zeros.
    "TLS: HelloRequest": instead_of_a_handshake(b"\x16\3\3\x40\0" + bytes(0x4000)),
    "TLS: HelloRequest, a record each": instead_of_a_handshake(b"\x16\3\3\0\4" + bytes(4)),
    "TLS: ChangeCipherSpec": instead_of_a_handshake(b"\x14\3\3\0\1\1"),
    "TLS: empty handshake records": instead_of_a_handshake(b"\x16\3\3\0\0"),
    "TLS: warnings": instead_of_a_handshake(b"\x15\3\3\0\2\1\x5a"),  # user_canceled
    "TLS: a handshake that drips": Case(dripping_handshake, quiet=True, handshake=True),
    "TLS: a handshake that says nothing": Case(
        Connection.say_nothing, quiet=True, handshake=True),
})


# ---- Exceptions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """What cannot be kept with every libcurl, and why."""

    case: str  # * for any text
    ways: tuple[str, ...]  # of WAYS
    reason: str
    since: tuple[int, ...] = (0,)
    before: tuple[int, ...] = (99,)


KNOWN: list[Known] = []


# ---- Asking --------------------------------------------------------------------------------------

TIMEOUT_MS = 500
HANGS = 6.0  # seconds: whoever is not back by then is ended

# How a hostile provider is asked: what c/hostile.c is told, and what the configuration says besides.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "get": ("get", {}), "batch": ("batch", {}), "get by HTTP/2": ("get", {"http2": True}),
    "wait": ("wait", {})}
# What is asked alone is asked alike, once or again and again: these stand for the others.
WAITED = ("4 layers of gzip", "4 layers of gzip, 503", "4 layers of gzip, token, 401", "gzip of empty blocks",
          "headers that drip", "HTTP/2: PING", "TLS, HTTP/1: session tickets", "TLS: HelloRequest")


def ways(name: str) -> list[str]:
    case = CASES[name]
    alone = ["get", "wait"] if name in WAITED else ["get"]
    if not case.http2:
        return [*alone, "batch"]
    # What is sent in records is the same by HTTP/1 as in the cases of that name.
    return [*([] if case.records else alone), "batch", "get by HTTP/2"]


@contextlib.contextmanager
def served(case: Case, authority: Authority, honest: str, **more: Any) -> Iterator[dict[str, Any]]:
    """That server while the block lasts. Gives a configuration by which it is Kustom and Dintero, and
    `honest` is Ledyer."""
    with tempfile.TemporaryDirectory(prefix="paysession-hostile-") as directory:
        context = authority.server() if case.tls else None
        if context is not None:
            context.set_alpn_protocols(["h2", "http/1.1"] if case.http2 else ["http/1.1"])
        if context is not None and case.records:
            context.keylog_filename = directory + "/secrets"
            context.num_tickets = 0  # records are numbered, and ours are to be the first
        with Server(on_connection=case.serve, tls=context) as server:
            base = server.https if case.tls or case.handshake else server.http
            yield {
                "timeout_ms": TIMEOUT_MS, "attempts": 1, "proxy": "", "ca_file": authority.file,
                "kustom": {"base_url": base, "api_key": "k"},
                "dintero": {"base_url": base, "client_id": "a", "client_secret": "b"},
                "ledyer": {"base_url": honest, "token": "t"}, **more}


def measured(case: Case, authority: Authority, honest: str, way: str, *, cancel: bool = False,
             hangs: float = HANGS) -> dict[str, Any]:
    """What c/hostile.c tells; nothing but `hangs` of one that did not come back."""
    function, more = WAYS[way]
    reference = "dintero:T12345678/o/x" if case.token else "kustom:x"
    with served(case, authority, honest, **more) as config:
        try:
            done = subprocess.run(
                [str(program("hostile")), json.dumps(config), function, reference, str(TIMEOUT_MS),
                 "cancel" if cancel else "deadline"],
                capture_output=True, text=True, timeout=hangs)
        except subprocess.TimeoutExpired:
            return {"hangs": hangs}
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def honest_provider() -> Server:
    return Server(as_asked)


def main() -> None:
    """For each of them the longest that it held a call beyond its deadline, or a cancel, in seconds, and a
    fork; > where the call had to be ended."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--tries", type=int, default=1)
    parser.add_argument("--hangs", type=float, default=HANGS)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("cases", nargs="*", default=["*"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, honest_provider() as honest:
        authority = Authority(Path(directory))
        for name, case in CASES.items():
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in asked.cases):
                continue
            for way in asked.way or ways(name):
                late: dict[str, float] = {"deadline": 0, "cancel": 0, "fork": 0}
                results = set()
                for cancel in (False, True):
                    for _ in range(asked.tries):
                        told = measured(case, authority, honest.http, way, cancel=cancel, hangs=asked.hangs)
                        key = "cancel" if cancel else "deadline"
                        late[key] = max(late[key], told.get("hangs", told.get("late", 0)))
                        late["fork"] = max(late["fork"], told.get("hangs", 0) if cancel else 0,
                                           told.get("fork", 0))
                        if not cancel:
                            results.add(told["answer"]["result"] if "answer" in told else "-")
                words = "  ".join(
                    f"{'>' if value == asked.hangs else ' '}{value:6.2f}" for value in late.values())
                print(f"{name:45}  {way:14}  {words}  {','.join(sorted(results))}", flush=True)


if __name__ == "__main__":
    main()
