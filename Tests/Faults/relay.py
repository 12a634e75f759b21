# SPDX-License-Identifier: MIT
"""A wire that can be watched: passes bytes on to a server and counts what the client sends."""

from __future__ import annotations

import select
import socket
import threading
from types import TracebackType


class Relay:
    """Listens on 127.0.0.1 while its `with` block lasts. `sent` holds, for each connection that the
    client made, the bytes it sent and whether it closed: "" open, "fin", "rst"."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._connections: list[list[int | str]] = []
        self._stop_read, self._stop_write = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def sent(self) -> list[tuple[int, str]]:
        with self._lock:
            return [(int(count), str(ending)) for count, ending in self._connections]

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop_write.send(b"x")
        self._thread.join(10)

    def _run(self) -> None:
        peers: dict[socket.socket, socket.socket] = {}
        numbers: dict[socket.socket, int] = {}
        watched = [self._listener, self._stop_read]
        while True:
            for sock in select.select(watched, [], [])[0]:
                if sock is self._stop_read:
                    for one in [self._listener, *peers]:
                        one.close()
                    return
                if sock is self._listener:
                    client, _ = sock.accept()
                    server = socket.create_connection(self._target)
                    peers[client], peers[server] = server, client
                    watched += [client, server]
                    with self._lock:
                        numbers[client] = len(self._connections)
                        self._connections.append([0, ""])
                    continue
                if sock not in peers:
                    continue
                self._pass_on(sock, peers, numbers, watched)

    def _pass_on(
        self, sock: socket.socket, peers: dict[socket.socket, socket.socket],
        numbers: dict[socket.socket, int], watched: list[socket.socket],
    ) -> None:
        ending = "fin"
        try:
            data = sock.recv(65536)
            if data:
                peers[sock].sendall(data)
        except OSError:
            data, ending = b"", "rst"
        with self._lock:
            if sock in numbers:
                entry = self._connections[numbers[sock]]
                entry[0] = int(entry[0]) + len(data)
                if not data:
                    entry[1] = ending
        if not data:
            for one in [sock, peers[sock]]:
                watched.remove(one)
                peers.pop(one)
                one.close()
