# SPDX-License-Identifier: MIT
"""What it costs in Python to ask whether an order is paid: through the package, and by hand with pycurl, urllib3,
httpx, requests and aiohttp; in turn, in cpu time (user and system), as ratios.

    python python.py BUILD

BUILD holds the compiled programs. nginx is the provider, over TLS on this machine. All ask for the same sessions on a
connection that is kept, and compare status, amount, currency and identifier, the others by hand. First whole processes,
whose cost is told in two parts: up to the first answer, and each one more. Then the same calls in one process, in small
turns, where differences are steadier. Then batches. For people to look at; the machine may be noisy.
"""

# What is imported up here is part of each program's start.
from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from typing import Any

    #: Whether that session is paid.
    Call = Callable[[str], bool]
    #: How many of those sessions are paid.
    Batch = Callable[[Iterable[str]], int]
    #: What runs a program with so many sessions.
    Program = Callable[[int], list[str]]
    #: Milliseconds of cpu: up to the first answer, and for each one more.
    Cost = tuple[float, float]

#: What an order comes to, as the shop knows it.
AMOUNT, CURRENCY = 2000, "SEK"
IN_FLIGHT = 32


# ---- One call after another: each returns what asks for one session -----------------------------------


def is_paid(body: bytes, session: str) -> bool:
    """What a shop compares that does it by hand."""
    told = json.loads(body)
    paid: bool = (told["status"] == "FINALIZED" and told["order_amount"] == AMOUNT
                  and told["purchase_currency"] == CURRENCY and told["session_id"] == session)
    return paid


def c_call(config: dict[str, Any]) -> Call:
    """session_get() with nothing around it: what Python cannot do without."""
    import ctypes

    library = ctypes.CDLL(os.environ["PAYSESSION_LIBRARY"])
    client, answer = ctypes.c_void_p(), ctypes.c_void_p()
    get, paid, free = library.session_get, library.session_answer_paid, library.session_answer_free
    get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
    there = ctypes.byref(answer)
    if library.session_client_open(json.dumps(config).encode(), ctypes.byref(client), None):
        raise SystemExit("the configuration is refused")

    def call(session: str) -> bool:
        get(client, b"kustom:" + session.encode(), None, there)
        yes: bool = paid(answer) == 1
        free(answer)
        return yes

    return call


def package(config: dict[str, Any]) -> Call:
    """Nothing but the verdict."""
    import paysession

    client = paysession.Client(config)
    return lambda session: client.get("kustom:" + session).is_paid


def package_expecting(config: dict[str, Any]) -> Call:
    import paysession

    client = paysession.Client(config)
    return lambda session: client.get("kustom:" + session, expect={"amount": AMOUNT, "currency": CURRENCY}).is_paid


def package_reading_all(config: dict[str, Any]) -> Call:
    """Every field of the answer becomes an object."""
    import paysession

    client = paysession.Client(config)

    def call(session: str) -> bool:
        answer = client.get("kustom:" + session)
        told = answer.session
        assert told is not None and told.id == session and told.items and told.customer and told.evidence
        assert told.amount and answer.exchange and answer.error is None and answer.raw
        return answer.is_paid

    return call


def by_pycurl(config: dict[str, Any]) -> Call:
    import pycurl

    url, key, ca_file = provider(config)
    handle = pycurl.Curl()
    handle.setopt(pycurl.CAINFO, ca_file)
    handle.setopt(pycurl.HTTPHEADER, ["Authorization: Basic " + key])
    handle.setopt(pycurl.TIMEOUT, 10)
    # One after another is cheaper so than by HTTP/2, which it would take.
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)

    def call(session: str) -> bool:
        handle.setopt(pycurl.URL, url + session)
        body = handle.perform_rb()
        return handle.getinfo(pycurl.RESPONSE_CODE) == 200 and is_paid(body, session)

    return call


def by_requests(config: dict[str, Any]) -> Call:
    import requests

    url, key, ca_file = provider(config)
    http = requests.Session()
    http.headers["Authorization"] = "Basic " + key

    def call(session: str) -> bool:
        response = http.get(url + session, timeout=10, verify=ca_file)
        return response.status_code == 200 and is_paid(response.content, session)

    return call


def by_httpx(config: dict[str, Any]) -> Call:
    import ssl

    import httpx

    url, key, ca_file = provider(config)
    http = httpx.Client(
        verify=ssl.create_default_context(cafile=ca_file), headers={"Authorization": "Basic " + key}, timeout=10)

    def call(session: str) -> bool:
        response = http.get(url + session)
        return response.status_code == 200 and is_paid(response.content, session)

    return call


def by_urllib3(config: dict[str, Any]) -> Call:
    import urllib3

    url, key, ca_file = provider(config)
    http = urllib3.PoolManager(ca_certs=ca_file, headers={"Authorization": "Basic " + key}, timeout=10)

    def call(session: str) -> bool:
        response = http.request("GET", url + session)
        return response.status == 200 and is_paid(response.data, session)

    return call


def provider(config: dict[str, Any]) -> tuple[str, str, str]:
    """The address of a session without its identifier, the key, the certificates."""
    section = config["kustom"]
    return f"{section['base_url']}/ipp/v1/sessions/", section["api_key"], config["ca_file"]


# ---- Many at once: each returns what asks for many sessions ---------------------------------------------


def is_ours(told: Any) -> bool:
    """What read_many() gave: an error is raised."""
    if isinstance(told, Exception):
        raise told
    paid: bool = told.is_paid
    return paid


def package_batch(config: dict[str, Any]) -> Batch:
    import paysession

    client = paysession.Client(config)
    return lambda sessions: sum(is_ours(told) for _, told in client.read_many("kustom:" + each for each in sessions))


def package_batch_expecting(config: dict[str, Any]) -> Batch:
    import paysession

    client = paysession.Client(config)
    expect = {"amount": AMOUNT, "currency": CURRENCY}
    return lambda sessions: sum(
        is_ours(told) for _, told in client.read_many(("kustom:" + each, expect) for each in sessions))


def package_async(config: dict[str, Any]) -> Batch:
    import asyncio

    import paysession

    async def ask(sessions: Iterable[str]) -> int:
        async with paysession.AsyncClient(config) as client:
            references = ("kustom:" + each for each in sessions)
            return sum([is_ours(told) async for _, told in client.read_many(references)])

    return lambda sessions: asyncio.run(ask(sessions))


def package_awaited(config: dict[str, Any]) -> Batch:
    import asyncio

    import paysession

    async def ask(sessions: Iterable[str]) -> int:
        async with paysession.AsyncClient(config) as client:
            async def call(session: str) -> bool:
                return (await client.get("kustom:" + session)).is_paid

            return await by_workers(call, sessions)

    return lambda sessions: asyncio.run(ask(sessions))


def by_aiohttp(config: dict[str, Any]) -> Batch:
    import asyncio
    import ssl

    import aiohttp

    url, key, ca_file = provider(config)

    async def ask(sessions: Iterable[str]) -> int:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file), limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector, headers={"Authorization": "Basic " + key}) as http:
            async def call(session: str) -> bool:
                async with http.get(url + session) as response:
                    return response.status == 200 and is_paid(await response.read(), session)

            return await by_workers(call, sessions)

    return lambda sessions: asyncio.run(ask(sessions))


def by_httpx_2(config: dict[str, Any]) -> Batch:
    import asyncio
    import ssl

    import httpx

    url, key, ca_file = provider(config)

    async def ask(sessions: Iterable[str]) -> int:
        async with httpx.AsyncClient(http2=True, verify=ssl.create_default_context(cafile=ca_file),
                                     headers={"Authorization": "Basic " + key}, timeout=30) as http:
            async def call(session: str) -> bool:
                response = await http.get(url + session)
                return response.status_code == 200 and is_paid(response.content, session)

            return await by_workers(call, sessions)

    return lambda sessions: asyncio.run(ask(sessions))


async def by_workers(call: Callable[[str], Awaitable[bool]], sessions: Iterable[str]) -> int:
    """So many tasks that each take the next: cheaper than a task for each session."""
    import asyncio

    waiting = iter(sessions)

    async def worker() -> int:
        return sum([await call(session) for session in waiting])

    return sum(await asyncio.gather(*(worker() for _ in range(IN_FLIGHT))))


# ---- What is measured: in a process of its own ----------------------------------------------------------

IN_C, BY_CTYPES, NOTHING = "in C", "session_get() by ctypes", "Python, that asks nothing"
PAID, EXPECTING, ALL, MANY, AIOHTTP = (
    "get(), is_paid", "get(), expecting, is_paid", "get(), every field", "read_many(), is_paid", "aiohttp")
CALLS: dict[str, Callable[[dict[str, Any]], Call]] = {
    BY_CTYPES: c_call, PAID: package, EXPECTING: package_expecting, ALL: package_reading_all,
    "pycurl": by_pycurl, "urllib3": by_urllib3, "httpx": by_httpx, "requests": by_requests}
BATCHES: dict[str, Callable[[dict[str, Any]], Batch]] = {
    MANY: package_batch, "read_many(), expecting": package_batch_expecting, "AsyncClient.read_many()": package_async,
    "AsyncClient.get(), awaited": package_awaited, AIOHTTP: by_aiohttp, "httpx, HTTP/2": by_httpx_2}


def sessions(count: int) -> Iterator[str]:
    return (f"full-{number}" for number in range(count))


def one(name: str, config: str, count: str) -> None:
    """A whole program: asks for so many sessions, and each is paid."""
    if name == NOTHING:
        return
    told = json.loads(config)
    if name in CALLS:
        paid = sum(map(CALLS[name](told), sessions(int(count))))
    else:
        paid = BATCHES[name](told)(sessions(int(count)))
    if paid != int(count):
        raise SystemExit(f"{name}: {paid} of {count} are paid")


def in_turn(config: str, count: str) -> None:
    """All that ask one after another, 50 calls each in turn: prints the microseconds of a call in each turn."""
    from time import process_time

    calls = {name: made(json.loads(config)) for name, made in CALLS.items()}
    used: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(2 + int(count) // 50):
        for name, call in calls.items():
            since = process_time()
            paid = sum(map(call, sessions(50)))
            used[name].append((process_time() - since) * 1e6 / 50)
            if paid != 50:
                raise SystemExit(f"{name}: {paid} of 50 are paid")
    print(json.dumps({name: turns[2:] for name, turns in used.items()}))  # the first fill the caches


# ---- Measuring -----------------------------------------------------------------------------------------

ROUNDS, ROUNDS_OF_BATCHES = 5, 3
#: Calls in one process, and sessions in one batch, after the first.
CALLED, BATCHED = 2_000, 20_000
#: What the package may cost: microseconds above the C call; and of each other, one after another, and in a batch.
MOST_FOR_PAID, MOST_FOR_ALL = 15, 80
MOST_OF_ANOTHER, MOST_OF_AIOHTTP = 1.0, 0.25


def running(function: str, *arguments: object) -> list[str]:
    """By an import, which finds this file compiled, as a shop's own files are."""
    start = f"import sys; sys.path[0] = {os.path.dirname(__file__)!r}; import python; python.{function}(*sys.argv[1:])"
    return [sys.executable, "-c", start, *map(str, arguments)]


def program(name: str, config: str) -> Program:
    return lambda count: running("one", name, config, count)


def costs(programs: dict[str, Program], count: int, rounds: int) -> dict[str, Cost]:
    import statistics

    from bench import cpu_ms

    taken: dict[tuple[str, int], list[float]] = {(name, length): [] for name in programs for length in (1, 1 + count)}
    for name in programs:  # fills the page cache
        cpu_ms(programs[name](1))
    for turn in range(rounds):
        for name, length in list(taken)[::-1 if turn % 2 else 1]:
            taken[name, length].append(cpu_ms(programs[name](length)))
    first, all_ = ({name: statistics.median(taken[name, length]) for name in programs} for length in (1, 1 + count))
    return {name: (first[name], (all_[name] - first[name]) / count) for name in programs}


def table(told: dict[str, Cost], count: int, ours: str, bounds: dict[str, float]) -> Iterator[str]:
    yield f"  {'':28} first answer   each more   all {count:,}"
    total = {name: first + each * (count - 1) for name, (first, each) in told.items()}
    for name, (first, each) in told.items():
        line = f"  {name:28} {first:9.0f} ms {each * 1000:8.0f} us {total[name]:7.0f} ms"
        if name in bounds:
            line += (f"   {ours} is {total[ours] / total[name]:.2f} of it, each more {told[ours][1] / each:.2f}"
                     f" (at most {bounds[name]})")
        yield line


def differences(config: str) -> Iterator[str]:
    import statistics
    import subprocess

    done = subprocess.run(running("in_turn", config, CALLED * 2), check=True, stdout=subprocess.PIPE)
    turns: dict[str, list[float]] = json.loads(done.stdout)
    for name in CALLS:
        line = f"  {name:28} {statistics.median(turns[name]):6.0f} us"
        if name != BY_CTYPES:
            line += f"   {statistics.median(us - c for us, c in zip(turns[name], turns[BY_CTYPES])):+.0f}"
        if name in (PAID, ALL):
            line += f" (at most {MOST_FOR_PAID if name == PAID else MOST_FOR_ALL})"
        yield line


def main(build: str) -> None:
    from pathlib import Path

    from bench import server

    repository = Path(__file__).resolve().parents[2]
    os.environ["PYTHONPATH"] = str(repository / "bindings" / "python" / "src")
    # As in a shop, whose modules are compiled once: where this runs they may have to be compiled in each process.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(repository / "build" / "pycache")
    os.environ["PAYSESSION_LIBRARY"] = str(repository / "build" / "lib" / "libpaysession.so.0")
    with server() as nginx:
        config = json.dumps({key: value for key, value in nginx.config().items() if key in ("kustom", "ca_file")})
        print(f"One call after another on a kept connection, cpu of whole processes, medians of {ROUNDS}:", flush=True)
        told = costs({NOTHING: program(NOTHING, config), IN_C: lambda count: [f"{build}/calls", config, str(count)],
                      **{name: program(name, config) for name in CALLS}}, CALLED, ROUNDS)
        others = [name for name in CALLS if "get()" not in name and name != BY_CTYPES]
        for line in table(told, 1_000, EXPECTING, dict.fromkeys(others, MOST_OF_ANOTHER)):
            print(line, flush=True)
        print("The same in one process, in turn, cpu of a call, and what it is above the C call; medians:", flush=True)
        for line in differences(config):
            print(line, flush=True)
        print(f"{BATCHED:,} in a batch, {IN_FLIGHT} at once, cpu of whole processes, medians of {ROUNDS_OF_BATCHES}:",
              flush=True)
        told = costs({IN_C: lambda count: [f"{build}/batch", config, str(count)],
                      **{name: program(name, config) for name in BATCHES}}, BATCHED, ROUNDS_OF_BATCHES)
        for line in table(told, BATCHED, MANY, {AIOHTTP: MOST_OF_AIOHTTP, "httpx, HTTP/2": MOST_OF_ANOTHER}):
            print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
