# SPDX-License-Identifier: MIT
"""The process it runs in: loading the library and calling it leaves signals, locale, threads,
streams, folder, limits and environment as they were. No SIGPIPE ends the host, small stacks
suffice, memory and descriptors are given back, and having none left gives a result, not a crash.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme
from nginx import Nginx, nginx
from programs import LIBRARIES, RESULTS, program, run
from servers import Connection, Server, kustom, reply

pytestmark = pytest.mark.slow

__all__ = ["nginx"]


def stages(file: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("--- "):
            found[line[4:]] = []
        else:
            found[list(found)[-1]].append(line)
    return found


def settled(line: str) -> str:
    """Without what is the C library's own: a flag (SA_RESTORER) that it sets of a signal whenever
    it is told its disposition, even the one that was there; and two signals that it keeps to
    itself, caught as soon as there is a thread, and so when libcurl looks up a name. And without how
    many signals wait for all processes of this user; those that wait for this one, SigPnd and ShdPnd
    tell."""
    name, _, value = line.partition("\t")
    if name == "SigQ:":
        return name
    if name == "SigCgt:":
        return f"{name} {int(value, 16) & ~(0b11 << 31):016x}"
    return line.replace(" 4000000", " 0")


def failing_configurations() -> dict[str, Any]:
    """Each in its own way: nobody there, no such name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = {"api_key": "kco_test_x"}
    return {
        "refused": {"attempts": 2, "kustom": {"base_url": f"http://127.0.0.1:{port}", **key}},
        # A name is looked up on a thread of libcurl's, which must be gone afterwards.
        "nameless": {"timeout_ms": 1500, "proxy": "", "attempts": 1,
                     "kustom": {"base_url": "https://nobody.invalid", **key}},
    }


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_host_is_left_as_it_was(locale: str, nginx: Nginx, tmp_path: Path) -> None:
    """Compared from /proc and by the host's own calls: when loaded, after calls that end well and
    badly, with TLS and without, after unloading and loading again."""
    files = []
    untrusted = {**nginx.config(), "attempts": 1}
    del untrusted["ca_file"]
    configs = {"good": nginx.config(max_response_bytes=100_000, timeout_ms=2500),
               "untrusted": untrusted, **failing_configurations()}
    for name, config in configs.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(config))
    out = tmp_path / "out"
    done = subprocess.run(
        [program("host"), LIBRARIES / "libpaysession.so.0", out, locale, *files],
        capture_output=True, timeout=60, stdin=subprocess.DEVNULL, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    told = stages(out)
    assert list(told) == ["before", "loaded", "called 1", "called 2", "called 3", "called 4",
                          "loaded again", "unloaded"]
    before = {settled(line) for line in told.pop("before")}
    assert "Threads:\t1" in before
    assert "SigCgt: 0000000000014400" in before  # the host's own three
    if locale != "C":
        assert f"locale: {locale}" in before
    for stage, lines in told.items():
        changed = sorted({settled(line) for line in lines} ^ before)
        assert changed == [], stage


def test_nothing_is_started_with_the_library() -> None:
    """No constructor of ours runs: no thread, no file, no handler, by what the loader calls."""
    sections = subprocess.run(
        ["readelf", "--wide", "--sections", LIBRARIES / "libpaysession.so"], capture_output=True,
        text=True, check=True).stdout
    sizes = {line.split("]", 1)[1].split()[0]: int(line.split("]", 1)[1].split()[4], 16)
             for line in sections.splitlines() if re.match(r"\s+\[\s*\d+\] \.", line)}
    # One pointer, if any: the compiler's own frame_dummy.
    assert sizes.get(".init_array", 0) <= 8
    undefined = subprocess.run(
        ["readelf", "--wide", "--dyn-syms", LIBRARIES / "libpaysession.so"], capture_output=True,
        text=True, check=True).stdout
    for name in ("signal", "sigaction", "setlocale", "pthread_create", "atexit", "setenv", "putenv",
                 "umask", "chdir", "setrlimit", "sigaltstack", "fork", "system"):
        assert not re.search(rf"UND {name}(@|$)", undefined, re.MULTILINE), name


# ---- SIGPIPE -------------------------------------------------------------------------------------


def abrupt(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def answer_then_reset(connection: Connection) -> None:
    """One answer, and the connection, which the client keeps for the next, is reset."""
    request = connection.read_request()
    if request is not None:
        connection.send(reply({"access_token": "t-o-k-e-n", "expires_in": 1})
                        if request.method == "POST" else reply(kustom("x")))
    abrupt(connection.socket)


def close_unread(connection: Connection) -> None:
    """Whatever is sent meets a closed socket."""
    abrupt(connection.socket)


def read_then_close(connection: Connection) -> None:
    connection.read_request()
    connection.socket.close()


def certificates(directory: Path) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(directory / "ca.pem")
    return context, directory / "ca.pem"


@pytest.mark.parametrize("behaviour", [answer_then_reset, close_unread, read_then_close])
@pytest.mark.parametrize("secured", [False, True])
def test_no_sigpipe_ends_the_host(behaviour: Any, secured: bool, tmp_path: Path) -> None:
    """Servers that hang up on session requests (GET) and token requests (POST). The program would
    be dead: SIGPIPE is at its default."""
    context, authority = certificates(tmp_path)
    with Server(on_connection=behaviour, tls=context if secured else None) as server:
        base = server.https if secured else server.http
        config = tmp_path / "client.json"
        config.write_text(json.dumps({
            "timeout_ms": 3000, "attempts": 1, "ca_file": str(authority), "proxy": "",
            "kustom": {"base_url": base, "api_key": "kco_test_x"},
            "ledyer": {"base_url": base, "auth_url": base + "/token", "client_id": "me",
                       "client_secret": "x" * 20_000}}))
        told = run("pipe", config, 200)
    assert told.pop("pending") == 0
    assert sum(told.values()) == 200
    # An answer that came is an answer, though the connection ended after it. None is waited for in
    # vain: timeout_ms is for servers that say nothing.
    assert set(told) == ({"ok"} if behaviour is answer_then_reset else {"unreachable"})


def test_sigpipe_is_what_it_was(nginx: Nginx, tmp_path: Path) -> None:
    """libcurl ignores SIGPIPE while it closes connections, for the whole process, and puts back
    what it found: two threads that close clients at once must not find each other's."""
    told = run("pipe_closing", nginx.write_config(tmp_path), 2)
    assert told["changed_in_the_end"] == 0


# ---- Stacks, memory, descriptors -----------------------------------------------------------------


def test_stacks_of_128_kib_suffice(nginx: Nginx, tmp_path: Path) -> None:
    run("stacks", nginx.write_config(tmp_path), 128 * 1024)


def test_valgrind_finds_nothing(nginx: Nginx, tmp_path: Path) -> None:
    """Every function, well and badly used, over TLS and HTTP/2: no invalid access, no use of what
    was never set, nothing lost."""
    if shutil.which("valgrind") is None:
        pytest.fail("valgrind is not installed: apt-get install valgrind")
    config = nginx.write_config(tmp_path, max_response_bytes=100_000, attempts=2)
    done = subprocess.run(
        ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite",
         "--error-exitcode=9", "--track-fds=yes", str(program("all")), str(config)],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-6000:]
    assert "ERROR SUMMARY: 0 errors" in done.stderr
    lost = re.search(r"definitely lost: ([\d,]+) bytes", done.stderr)
    assert lost is None or lost[1] == "0"


def test_no_descriptors_left_gives_a_result(nginx: Nginx, tmp_path: Path) -> None:
    """RLIMIT_NOFILE so low that there is room for nothing, then for one more, and so on. SESSION_OK
    or a failure that says so; never another; and all is well when there is room again."""
    rounds = run("scarce", nginx.write_config(tmp_path, attempts=1))["rounds"]
    good = RESULTS["ok"]
    refused = {RESULTS[name] for name in ("out_of_memory", "unreachable", "tls_failed")}
    # Opening needs a descriptor and no peer: for want of it there is one result (paysession.h, 5).
    assert rounds[0]["open"] == RESULTS["out_of_memory"]
    for one in rounds:
        assert one["open"] in (good, RESULTS["out_of_memory"]), one
        assert one["get"] in {good, -1, *refused}, one
        assert one["next"] in {good, -1, *refused}, one
        assert one["child"] in {good, RESULTS["timed_out"], *refused}, one
        assert one["later"] == good, one
        assert one["left"] == 0, one
    last = rounds[-1]
    assert [last[key] for key in ("open", "get", "batch", "next", "child")] == [good] * 5
