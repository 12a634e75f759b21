# SPDX-License-Identifier: MIT
"""A server of raw HTTP that goes wrong by the name that is asked for, in a process of its own: fast
enough for thousands of calls, of which each may end the connection.

    python faulty.py        prints its port, serves until its standard input ends
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def good(name: str) -> bytes:
    return json.dumps({"session_id": name, "status": "FINALIZED", "order_amount": 2000,
                       "purchase_currency": "SEK"}).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection. It is kept as long as HTTP allows: a fault must not spoil the next answer."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
            word = name.partition("-")[0]
            whole = answer(good(name))
            if word in ("good", "x"):
                writer.write(whole)
                await writer.drain()
                continue
            if word == "wrong":
                writer.write(answer(good("another")))
                await writer.drain()
                continue
            if word == "silent":
                await reader.read()
            elif word == "drip":
                for index in range(len(whole)):
                    writer.write(whole[index:index + 1])
                    await writer.drain()
                    await asyncio.sleep(0.05)
            elif word == "reset":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif word == "garbage":
                writer.write(b"\x00\xffthis is no HTTP\r\n\r\n" + good(name))
            elif word == "cut":  # the promised length never comes, though the JSON is whole
                writer.write(whole.replace(b"Content-Length: ", b"Content-Length: 9"))
            elif word == "headless":
                writer.write(whole[:20])
            elif word == "page":
                writer.write(answer(b"<html>502</html>", "502 Bad Gateway"))
            elif word == "twice":
                writer.write(answer(good(name)[:-1] + b', "status": "FINALIZED"}'))
            elif word == "latin":
                writer.write(answer(good(name)[:-1] + b', "x": "\xe5"}'))
            elif word == "deep":
                writer.write(answer(b'{"a":' * 5000 + b"1" + b"}" * 5000))
            elif word == "huge":
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(100):
                    writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                    await writer.drain()
            elif word == "headers":
                writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: " + b"x" * 90_000 + b"\r\n\r\n")
            elif word == "after":  # more than one answer at once: the second belongs to nobody
                writer.write(whole + answer(good("another")))
            await writer.drain()
            break
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # the client is gone, which is what it may do at any time
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
