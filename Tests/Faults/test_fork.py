# SPDX-License-Identifier: MIT
"""Fork: a client opened before fork works in parent and child. The child drops the connections it
inherited without touching them on the wire, keeps the tokens, and never reads another's answer;
this for an idle client, for one that other threads are using at that moment, and under what forks
in practice: gunicorn --preload and multiprocessing. A started program inherits nothing.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import paysession
import pytest
from nginx import Nginx, nginx, serving
from programs import program, run
from relay import Relay
from paysession_sandbox.processes import started
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import running

__all__ = ["nginx"]
BINDING = Path(paysession.__file__).resolve().parents[1]


def parent_and_children(config: Path, children: int, calls: int) -> tuple[Any, Any, Any]:
    """What the parent saw before, what the children saw, what the parent saw after."""
    with started(
        [program("fork_idle"), str(config), str(children), str(calls)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out, error = process.communicate("go\ngo\n", timeout=90)
    assert process.returncode == 0, error
    assert error == ""
    first, second, third = (json.loads(line) for line in out.splitlines())
    return first, second, third


@pytest.mark.slow
def test_an_idle_client_serves_a_parent_and_eight_children_at_once(
    nginx: Nginx, tmp_path: Path
) -> None:
    """Each answer is checked against its request by the program itself."""
    tokens_before = nginx.token_requests()
    before, during, after = parent_and_children(
        nginx.write_config(tmp_path, http2=True), 8, 100)
    warm = before["warm"]
    assert warm["answer"]["exchange"]["http_version"] == "2"
    children = during["children"]
    assert len(children) == 8
    # Nobody used the parent's connection, nor one of a sister's.
    used = [connection for child in children for connection in child["connections"]]
    assert len(set(used)) == len(used) == 8
    assert warm["connection"] not in used
    # The parent never noticed.
    assert after["after"]["connection"] == warm["connection"]
    assert after["after"]["answer"]["exchange"]["reused_connection"] is True
    assert after["report"]["report"]["connections"]["opened"] == 1
    # One token of Ledyer and one of Dintero, for nine processes.
    assert nginx.token_requests() - tokens_before == 2
    assert after["token"]["answer"]["exchange"]["token_refreshed"] is False


@pytest.mark.slow
def test_a_child_closes_what_it_inherited(nginx: Nginx, tmp_path: Path) -> None:
    _, during, _ = parent_and_children(nginx.write_config(tmp_path), 3, 4)
    for child in during["children"]:
        # Also libcurl's own: a socket pair inside its multi handle is a socket.
        assert (child["sockets"], child["polls"]) == (0, 0)


@pytest.mark.slow
def test_tokens_are_kept_in_the_child(tmp_path: Path) -> None:
    """Against the sandbox, which knows its tokens and counts the requests for them."""
    with running(tmp_path) as sandbox:
        with paysession.Client({**sandbox.config, "timeout_ms": 30_000}) as client:
            client.get("ledyer:authorized")
            children = []
            for _ in range(8):
                child = os.fork()
                if child == 0:
                    good = client.get("ledyer:authorized").is_paid
                    os._exit(0 if good else 1)
                children.append(child)
            assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
        counts = sandbox.counts
    assert counts["ledyer token"] == 1
    assert counts["ledyer session"] == 9


@pytest.fixture
def relay(nginx: Nginx) -> Iterator[Relay]:
    with Relay(nginx.port) as started:
        yield started


@pytest.mark.slow
def test_not_a_byte_on_the_wire(nginx: Nginx, relay: Relay, tmp_path: Path) -> None:
    """Children end in every way; on the parent's connections nothing is sent and nothing is closed:
    no TLS alert, no HTTP/2 GOAWAY, no FIN."""
    config = nginx.config()
    for name in PROVIDERS:
        for key in ("base_url", "auth_url"):
            if key in config[name]:
                config[name][key] = config[name][key].replace(str(nginx.port), str(relay.port))
    file = tmp_path / "client.json"
    file.write_text(json.dumps(config))
    with started(
        [program("fork_silent"), str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout and process.stderr
        assert process.stdout.readline() == "warm\n"
        time.sleep(0.2)  # what is on its way arrives: HTTP/2 settings are acknowledged
        before = relay.sent
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "gone\n", process.stderr.read()
        time.sleep(0.2)
        after = relay.sent
        out, error = process.communicate("\n", timeout=60)
    assert process.returncode == 0, error
    assert len(before) == 2 and all(ending == "" for _, ending in before)
    assert after == before
    seen = json.loads(out)
    assert seen["before"] == seen["after"] != ""


@pytest.mark.slow
@pytest.mark.parametrize("token_seconds", [3600, 1])
def test_a_busy_client_forks(token_seconds: int, tmp_path: Path) -> None:
    """Four threads never stop reading while eight children at a time are forked. With tokens that
    are over at once, a request for one is nearly always under way as well."""
    with serving(tmp_path, token_seconds=token_seconds) as server:
        told = run("fork_busy", server.write_config(tmp_path), 8, timeout=120)
        asked = server.requests()
    report = told["report"]["report"]
    assert told["calls"] > 100
    assert report["connections"]["opened"] <= 4
    assert sum(one["calls"]["ok"] for one in report["providers"].values()) == told["calls"]
    assert all(list(one["calls"]) == ["ok"] for one in report["providers"].values())
    # fork waits for the work between two waits, not for answers.
    assert told["longest_fork_s"] < 2
    # And the children really were there.
    assert len({one["connection"] for one in asked}) >= 8 * 8


@pytest.mark.slow
def test_a_batch_belongs_to_the_process_that_opened_it(nginx: Nginx, tmp_path: Path) -> None:
    assert run("fork_batch", nginx.write_config(tmp_path)) == {"missing": 0}


@pytest.mark.slow
def test_an_answer_is_freed_whatever_is_locked() -> None:
    """By a host whose fork handlers take a lock, with that lock held, and in the handlers themselves."""
    assert run("fork_handlers") == {"forks": 500}


@pytest.mark.slow
@pytest.mark.parametrize(("when", "result"), [("before", 1), ("after", 0)])
def test_a_fork_handler_that_calls_all_the_same(when: str, result: int) -> None:
    """Not allowed, and no harm: where the fork has shut the gate already, it is refused."""
    assert run("fork_calls", when) == {"prepare": result, "parent": result, "child": result}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fork", "vfork", "posix_spawn", "exec"])
def test_a_started_program_inherits_no_descriptor(how: str, nginx: Nginx, tmp_path: Path) -> None:
    done = subprocess.run(
        [program("exec"), str(nginx.write_config(tmp_path)), how], capture_output=True, text=True,
        timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    # What the shell has open itself: the three of every program.
    inherited = [line for line in done.stdout.splitlines()
                 if line.split(" ")[0] not in "012" and line.split(" ")[1]]
    assert inherited == []


def test_a_subprocess_of_python_inherits_no_descriptor(nginx: Nginx, tmp_path: Path) -> None:
    """In a process of its own, where no client of another test is open or goes in between."""
    script = tmp_path / "children.py"
    script.write_text(textwrap.dedent(f"""
        import os, socket, stat, subprocess, sys
        sys.path.insert(0, {str(BINDING)!r})
        import paysession

        # By the shell alone: it starts nothing, and so opens no pipe while it looks.
        def inherited():
            listing = ["/bin/sh", "-c", "cd /proc/$$/fd && echo *"]
            return subprocess.run(listing, capture_output=True, close_fds=False, text=True).stdout

        print(inherited(), end="")
        client = paysession.Client.from_file(sys.argv[1])
        client.get("kustom:x")
        for name in os.listdir("/proc/self/fd"):
            # libcurl's own wake-up pair, as in c/exec.c.
            if os.path.exists(f"/proc/self/fd/{{name}}") and stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                with socket.socket(fileno=os.dup(int(name))) as one:
                    if one.family == socket.AF_UNIX:
                        os.set_inheritable(int(name), False)
        print(inherited(), end="")
        os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)
        print(inherited(), end="")
    """))
    done = subprocess.run(
        [sys.executable, str(script), str(nginx.write_config(tmp_path))], capture_output=True, text=True,
        timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    before, during, control = done.stdout.splitlines()
    assert during == before and control != before


@pytest.mark.slow
def test_multiprocessing_by_fork(nginx: Nginx, tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(textwrap.dedent(f"""
        import json, multiprocessing, os, sys
        sys.path.insert(0, {str(BINDING)!r})
        import paysession
        client = paysession.Client(open(sys.argv[1]).read())

        def read(name):
            answer = client.get("ledyer:" + name)
            return name, answer.session.id, answer.raw["connection"], os.getpid()

        if __name__ == "__main__":
            multiprocessing.set_start_method("fork")
            mine = read("mine")
            with multiprocessing.Pool(8) as pool:
                got = pool.map(read, ["m-%d" % n for n in range(800)], chunksize=5)
            again = read("mine")
            print(json.dumps([mine, got, again, client.report()["connections"]["opened"]]))
    """))
    done = subprocess.run(
        [sys.executable, str(script), str(nginx.write_config(tmp_path))], capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    mine, got, again, opened = json.loads(done.stdout)
    assert len(got) == 800
    assert [name for name, session, *_ in got if name != session] == []
    processes = {(process, connection) for _, _, connection, process in got}
    assert len(processes) == len({process for process, _ in processes})  # one connection each
    assert mine[2] not in {connection for _, connection in processes}
    assert again == mine and opened == 1


@pytest.mark.slow
def test_gunicorn_preloads(nginx: Nginx, tmp_path: Path) -> None:
    """The client is opened, and used, in the master; four workers serve with it."""
    (tmp_path / "shop.py").write_text(textwrap.dedent(f"""
        import json, os, sys
        sys.path.insert(0, {str(BINDING)!r})
        import paysession
        client = paysession.Client(open({str(nginx.write_config(tmp_path))!r}).read())
        master = client.get("ledyer:master")

        def application(environ, start_response):
            name = environ["PATH_INFO"][1:]
            answer = client.get("ledyer:" + name)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({{
                "id": answer.session.id, "paid": answer.is_paid, "pid": os.getpid(),
                "connection": answer.raw["connection"], "master": master.raw["connection"],
                "tokens": client.report()["tokens"]["fetched"]}}).encode()]
    """))
    # In a file, where a gunicorn before 25.1 passes over what it does not know.
    (tmp_path / "gunicorn.conf.py").write_text("control_socket_disable = True\n")
    address = tmp_path / "socket"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "4", "--bind",
               f"unix:{address}", "shop:application"]
    with started(command, ready=address.exists, log=tmp_path / "log", cwd=tmp_path), httpx.Client(
            transport=httpx.HTTPTransport(uds=str(address), retries=3), timeout=30) as browser:
        def visit(number: int) -> tuple[str, Any]:
            return f"g-{number}", browser.get(f"http://shop/g-{number}").json()

        with ThreadPoolExecutor(8) as crowd:
            got = list(crowd.map(visit, range(600)))
    assert [name for name, told in got if told["id"] != name or not told["paid"]] == []
    workers = {(told["pid"], told["connection"]) for _, told in got}
    assert len({pid for pid, _ in workers}) == len(workers) >= 2
    assert got[0][1]["master"] not in {connection for _, connection in workers}
    assert {told["tokens"] for _, told in got} == {1}


def test_a_shared_client_is_the_same_in_the_child(nginx: Nginx) -> None:
    """And a child that closes it leaves the parent's alone."""
    config = json.dumps(nginx.config(shared=True))
    with paysession.Client(config) as client:
        mine = client.get("kustom:x").raw
        child = os.fork()
        if child == 0:
            with paysession.Client(config) as again:
                good = again.report()["connections"]["requests"] == 1
            client.close()
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert mine and (client.get("kustom:x").raw or {})["connection"] == mine["connection"]


def test_threads_of_a_child_share_the_client_too(nginx: Nginx) -> None:
    with paysession.Client(nginx.config()) as client:
        client.get("ledyer:x")
        child = os.fork()
        if child == 0:
            wrong: list[str] = []

            def work(number: int) -> None:
                for nth in range(50):
                    name = f"c-{number}-{nth}"
                    answer = client.get("ledyer:" + name)
                    if answer.session is None or answer.session.id != name:
                        wrong.append(name)

            workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(30)
            os._exit(1 if wrong or any(worker.is_alive() for worker in workers) else 0)
        assert os.waitpid(child, 0)[1] == 0
