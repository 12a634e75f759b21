# SPDX-License-Identifier: MIT
"""A run: it binds before it writes, keeps its authority, lives beside others, and ends without a word."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from paysession_sandbox.processes import end, started
from paysession_sandbox.testing import HERE, RunningSandbox, running

import paysession

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "paysession_sandbox", *map(str, words)]


def said(*words: object, seconds: float = 20) -> tuple[int, str, str]:
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_a_taken_port_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option, other in (("--port", "--page-port"), ("--page-port", "--port")):
            status, out, error = said(option, port, other, 0, "--directory", tmp_path / "d")
            assert (status, out) == (1, "")
            assert error == (f"paysession-sandbox: port {port} of 127.0.0.1 is taken or not allowed (Address already in use); "
                             f"{option} takes another, and {option} 0 one that is free\n")
    assert not (tmp_path / "d").exists()


@pytest.mark.slow
def test_what_is_no_port_or_no_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words, sentence in (
        (("--port", 65_536), "--port 65536: expected 0 to 65535"),
        (("--port", 0, "--page-port", -1), "--page-port -1: expected 0 to 65535"),
        (("--port", 0, "--directory", tmp_path / "file"), f"{tmp_path}/file: File exists; --directory takes another"),
        (("--port", 0, "--directory", tmp_path / "file" / "d"),
         f"{tmp_path}/file/d: Not a directory; --directory takes another"),
    ):
        assert said(*words) == (1, "", f"paysession-sandbox: {sentence}\n")


def test_a_second_one_leaves_the_first_alone(fresh: RunningSandbox) -> None:
    """In the same directory: refused, and not a byte of the first one's files is changed."""
    before = {file.name: file.read_bytes() for file in fresh.directory.iterdir() if file.name != "log"}
    status, _, error = said("--port", 0, "--directory", fresh.directory)
    assert status == 1
    assert error == (f"paysession-sandbox: {fresh.directory} is another sandbox's, which runs; --directory takes another\n")
    assert {file.name: file.read_bytes() for file in fresh.directory.iterdir() if file.name != "log"} == before


@pytest.mark.slow
def test_two_run_side_by_side(fresh: RunningSandbox, tmp_path: Path) -> None:
    with running(tmp_path) as other:
        mine, theirs = fresh.create("kustom", amount=100), other.create("kustom", amount=200)
        for sandbox, made, amount in ((fresh, mine, 100), (other, theirs, 200)):
            with paysession.Client(sandbox.config) as client:
                answer = client.get(made["session"])
                assert answer.session is not None and answer.session.amount is not None
                assert answer.session.amount.minor == amount
        with paysession.Client(fresh.config) as client, pytest.raises(paysession.NotFound):
            client.get(theirs["session"])


@pytest.mark.slow
def test_the_authority_stays_and_the_key_does_not(tmp_path: Path) -> None:
    """A client that trusted it before trusts it after another start."""
    with running(tmp_path) as first:
        authority, server = (tmp_path / "ca.pem").read_bytes(), (tmp_path / "server.pem").read_bytes()
        kept = dict(first.config)
    with running(tmp_path) as second:
        assert (tmp_path / "ca.pem").read_bytes() == authority
        assert (tmp_path / "server.pem").read_bytes() != server
        with paysession.Client({**second.config, "ca_file": kept["ca_file"]}) as client:
            assert client.get("kustom:finalized").is_paid
    (tmp_path / "ca.key").write_text("nothing")
    with running(tmp_path) as third, paysession.Client(third.config) as client:
        assert (tmp_path / "ca.pem").read_bytes() != authority
        assert client.get("kustom:finalized").is_paid


def test_files_with_a_secret_are_their_owners_alone(fresh: RunningSandbox) -> None:
    for name in ("config.json", "ca.key", "server.pem"):
        assert stat.S_IMODE((fresh.directory / name).stat().st_mode) == 0o600, name
    assert (fresh.directory / ".gitignore").read_text() == "*\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_without_a_word(number: signal.Signals, tmp_path: Path) -> None:
    """After a batch that was broken off, too."""
    log = tmp_path / "log"
    with started(command("serve", "--port", 0, "--directory", tmp_path, "--quiet"), ready=(tmp_path / "ready").exists,
                 log=log, env=ENVIRONMENT) as process:
        sandbox = RunningSandbox(tmp_path)
        with paysession.Client(sandbox.config) as client, client.batch() as batch:
            for index in range(64):
                batch.add(f"kustom:delay-5000-then-finalized-ref-{index}")
            batch.next(300)
        before = log.read_text()
        process.send_signal(number)
        assert process.wait(10) == 0
    assert log.read_text() == before
    assert not (tmp_path / "ready").exists() and not (tmp_path / "sandbox.json").exists()


@pytest.mark.slow
def test_a_seed_gives_the_same_state(tmp_path: Path) -> None:
    seen: list[Any] = []
    for run in ("a", "b"):
        with running(tmp_path / run, "--seed", "7") as sandbox:
            for name in ("inbank", "kustom", "dintero", "ledyer"):
                made = sandbox.create(name, amount=4200)
                sandbox.move(made["session"], "completed")
            told = sandbox.ask("GET", "sessions")
            for session in told:
                session.pop("pay_url")
            seen.append(told)
    assert seen[0] == seen[1]
    assert seen[0][0]["created_at"].startswith("2026-01-01T00:00:")


@pytest.mark.slow
def test_without_a_seed_it_does_not(fresh: RunningSandbox) -> None:
    first = fresh.create("kustom")["session"]
    fresh.reset()
    assert fresh.create("kustom")["session"] != first


# ---- What it prints -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningSandbox, str]]:
    directory = tmp_path_factory.mktemp("printed")
    with running(directory) as sandbox:
        yield sandbox, (directory / "log").read_text()


def test_the_readme_counts_what_is_ready(printed: tuple[RunningSandbox, str]) -> None:
    sandbox, text = printed
    count = len(sandbox.references)
    assert f"{count} sessions are there to be read" in text
    readme = (REPOSITORY / "Tests" / "Sandbox" / "README.md").read_text("utf-8")
    assert f"{count} references are ready" in readme


def test_a_short_start(printed: tuple[RunningSandbox, str]) -> None:
    sandbox, text = printed
    lines = text.replace(str(sandbox.directory), "D").splitlines()
    assert len(lines) < 25 and max(map(len, lines)) < 120


#: A program in each language that asks for what is not there: that a 404 comes is the trust.
PROGRAMS = {
    "PHP": ("shop.php", """<?php
$context = stream_context_create(["http" => ["ignore_errors" => true]]);
file_get_contents("{url}", false, $context);
echo explode(" ", $http_response_header[0])[1];"""),
    "Node": ("shop.js", "fetch('{url}').then(response => console.log(response.status))"),
    "Java": ("Shop.java", """import java.net.URI;
import java.net.http.*;
class Shop {{
    public static void main(String[] arguments) throws Exception {{
        var request = HttpRequest.newBuilder(URI.create("{url}")).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }}
}}"""),
}


@pytest.mark.slow
@pytest.mark.parametrize("language", PROGRAMS)
def test_a_language_trusts_it_as_printed(
    language: str, printed: tuple[RunningSandbox, str], tmp_path: Path,
) -> None:
    if shutil.which(language.lower()) is None:
        pytest.skip(f"there is no {language} here")
    sandbox, text = printed
    lines = re.search(rf"^  {language} +(.*\n(?: {{11}}.*\n)*)", text, re.MULTILINE)
    assert lines is not None
    file, program = PROGRAMS[language]
    (tmp_path / file).write_text(program.format(url=sandbox.config["kustom"]["base_url"]))
    done = subprocess.run(["bash", "-euc", lines[1]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "404", done.stderr


def test_what_to_try_does_what_it_says(printed: tuple[RunningSandbox, str]) -> None:
    sandbox, text = printed
    tried = [line.strip() for line in text.splitlines() if line.startswith(("  curl ", "  paysession "))]
    assert len(tried) == 3
    done = subprocess.run(["bash", "-euc", "\n".join(tried)], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PATH": f"{REPOSITORY / 'build' / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert '"pay_url":' in done.stdout and '"paid":"yes"' in done.stdout and '"scripted":"503"' in done.stdout
    # A line for each request.
    log = (sandbox.directory / "log").read_text()
    assert re.findall(r"^[\d:]{8} GET session kustom:503-then-finalized-amount-4200-ref-A1 (\d+) \d+ ms", log, re.M) == [
        "503", "200"]


def test_a_server_that_is_gone_is_told(tmp_path: Path) -> None:
    status, _, error = said("list", "--directory", tmp_path)
    assert (status, error) == (
        1, f"paysession-sandbox: no sandbox runs in {tmp_path}: --directory, --url or $PAYSESSION_SANDBOX names one\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    status, _, error = said("list", "--url", url)
    assert status == 1 and error.startswith(f"paysession-sandbox: {url}: ")
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor() as pool:
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        told = pool.submit(said, "list", "--url", url)
        connection, _ = other.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        assert told.result() == (
            1, "", f"paysession-sandbox: {url} is no sandbox: it answered HTTP 200 without its JSON\n")


# ---- The command line -----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_session_from_the_command_line(fresh: RunningSandbox) -> None:
    def asked(*words: object) -> Any:
        status, out, error = said(*words, "--directory", fresh.directory)
        assert (status, error) == (0, "")
        return json.loads(out) if out else None

    made = asked("create", "kustom", "--amount", 4200, "--currency", "SEK", "--reference", "A1", "--reply", "503",
                 "--return-url", "http://localhost:1/back")
    assert (made["amount"], made["currency"], made["reference"], made["replies"]) == (4200, "SEK", "A1", ["503"])
    reference = made["session"]
    assert asked("move", reference, "completed")["status"] == "FINALIZED"
    assert asked("replies", reference, "cut", "delay-20")["replies"] == ["cut", "delay_ms 20"]
    with paysession.Client(fresh.config) as client:
        answer = client.get(reference, expect={"amount": 4200, "currency": "SEK", "reference": "A1"})
        assert answer.is_paid and answer.exchange is not None and answer.exchange.attempts == 2
        assert asked("show", reference)["reads"] == 2
        assert [entry["scripted"] for entry in asked("journal", "-n", 2)["entries"]] == ["cut", "delay_ms 20"]
        assert [session["session"] for session in asked("list")] == [reference]
        asked("tokens", "kustom", "refuse", 1)
        with pytest.raises(paysession.Unauthorized):
            client.get(reference)
        asked("delete", reference)
        with pytest.raises(paysession.NotFound):
            client.get(reference)
    waits = asked("create", "kustom", "--callback-url", "http://127.0.0.1:9/hook", "--status", "FINALIZED")["session"]
    assert asked("prove", waits, "captured")["proof"]["status"] == "CAPTURED"
    assert asked("prove", waits)["proof"]["status"] == "AUTHORIZED"
    told = asked("call", waits, "--twice", "--signature", "wrong", "--stale", 600, "--moved-to", waits, "--to", "http://localhost:9/x")
    assert [(one["scripted"], one["url"], one["status"]) for one in told] == [
        (f"forged, signed 600 s ago, moved to {waits}", "http://localhost:9/x", None)] * 2
    assert [one["scripted"] for one in asked("call", waits)] == [None]
    asked("create", "ledyer")
    asked("reset")
    assert asked("list") == []
    status, out, error = said("create", "klarna", "--directory", fresh.directory)
    assert (status, out) == (1, "")
    assert error == "paysession-sandbox: provider: expected one of dintero, inbank, kustom, ledyer, got 'klarna'\n"


def test_a_mistake_on_the_command_line_is_told() -> None:
    status, _, error = said("--prot", "1")
    assert status == 2 and error.endswith("unrecognized arguments: --prot 1\n")
    status, out, _ = said("--help")
    assert status == 0 and "COMMAND --help says more" in out


# ---- The package ----------------------------------------------------------------------------------

OF_ITS_OWN = '''
import httpx

def test_a_paid_order(paysession_sandbox):
    made = paysession_sandbox.create("kustom", amount=4200, currency="SEK", reference="A1", replies=["404"])
    paysession_sandbox.move(made["session"], "completed")
    assert httpx.get(paysession_sandbox.page + "/").status_code == 200
    assert httpx.get(made["pay_url"]).status_code == 200
    assert paysession_sandbox.ask("GET", "sessions/" + made["session"])["final"]
'''


@pytest.mark.slow
def test_it_is_installed_by_pip_without_swift(tmp_path: Path) -> None:
    """Into an empty environment, from the checkout; a test of somebody else's finds the fixture."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv" / "bin"
    # Nothing of the environment around it: no compiler is needed, and none is found.
    bare = {"PATH": f"{programs}", "HOME": str(tmp_path),
            **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy") or name.startswith(
                ("PIP_", "SSL_", "REQUESTS_"))}}
    source = tmp_path / "source"
    shutil.copytree(REPOSITORY / "Tests" / "Sandbox", source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([programs / "pip", "install", "-q", "--disable-pip-version-check", f"{source}[test]"], check=True,
                   timeout=300, env=bare)
    (tmp_path / "test_shop.py").write_text(OF_ITS_OWN)
    done = subprocess.run([programs / "pytest", "-q", "test_shop.py"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=120, env=bare)
    assert done.returncode == 0, done.stdout
    process = subprocess.Popen([programs / "paysession-sandbox", "--port", "0", "--directory", "d"], cwd=tmp_path,
                               stdout=subprocess.DEVNULL, env=bare)
    try:
        until = time.monotonic() + 30
        while not (tmp_path / "d" / "ready").exists() and time.monotonic() < until:
            time.sleep(0.05)
        told = json.loads((tmp_path / "d" / "sandbox.json").read_bytes())
        assert httpx.get(told["page"] + "/sandbox/providers").status_code == 200
    finally:
        end(process)
    assert process.returncode == 0
