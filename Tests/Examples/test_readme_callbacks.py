# SPDX-License-Identifier: MIT
"""The two lines of the README that take a callback and read its session, as printed, in C, Python, PHP and the
shell: a signed request of Kustom's about a session of the sandbox, and one that is forged."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from compiling import LIBRARIES, REPOSITORY
from paysession_sandbox.testing import RunningSandbox

README = (REPOSITORY / "README.md").read_text("utf-8")
SECTION = re.search(r"^## What comes to the shop\n(.*?)^## ", README, flags=re.DOTALL | re.MULTILINE)
BODY = json.dumps({"type": "ipp.session.finalized", "data": {"session_id": "finalized"}}).encode()
KEY = bytes(range(32))
URL = "https://shop.example/hook"


def printed(language: str) -> str:
    assert SECTION is not None
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", SECTION[1], flags=re.DOTALL | re.MULTILINE)
    return str(block)


def headers(key: bytes = KEY) -> dict[str, str]:
    stamp = str(int(time.time()))
    code = base64.b64encode(hmac.digest(key, f"m.{stamp}.".encode() + BODY, "sha256")).decode()
    return {"Webhook-Id": "m", "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{code}"}


@pytest.fixture
def config(sandbox: RunningSandbox, tmp_path: Path) -> Path:
    told = {**sandbox.config, "kustom": {
        **sandbox.config["kustom"], "callback_secret": "whsec_" + base64.b64encode(KEY).decode()}}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(told))
    file.chmod(0o600)
    return file


@pytest.fixture(params=[KEY, b"x" * 32], ids=["genuine", "forged"])
def request_files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A folder with request.json and body, and what the shop does."""
    (tmp_path / "request.json").write_text(json.dumps({"method": "POST", "url": URL, "headers": headers(request.param)}))
    (tmp_path / "body").write_bytes(BODY)
    return tmp_path, "ship" if request.param == KEY else "nothing"


def run(command: list[str], config: Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, env={
        **os.environ, "PAYSESSION_CONFIG": str(config), "PATH": f"{REPOSITORY / 'build' / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY / "bindings/python/src")})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_shell(request_files: tuple[Path, str], config: Path) -> None:
    folder, wanted = request_files
    lines = f"ship() {{ echo ship; }}\n{printed('bash')} || echo nothing"
    # The list of commands ends with a line end in the README.
    lines = lines.replace("\n || echo nothing", " || echo nothing")
    assert run(["bash", "-c", lines], config, folder) == wanted


C = r"""
#include <paysession.h>
#include <stdio.h>
static char request[65536], body[65536];
static size_t contents(const char *path, char *room)
{
    FILE *file = fopen(path, "rb");
    size_t length = fread(room, 1, 65535, file);
    fclose(file);
    return length;
}
int main(void)
{
    session_client *client;
    session_answer *call, *answer = NULL;
    session_result result;
    const char *expected = "{\"expect\": {\"amount\": 2000, \"currency\": \"SEK\"}}";
    size_t length = contents("body", body);
    contents("request.json", request);
    if (session_client_open_file(NULL, &client, NULL) != SESSION_OK)
        return 1;
    LINES
    puts(session_answer_paid(call) == SESSION_PAID_UNKNOWN
         && session_answer_decision(answer) == SESSION_SHIP ? "ship" : "nothing");
    session_answer_free(call);
    session_answer_free(answer);
    session_client_close(client);
    return 0;
}
"""


def test_c(request_files: tuple[Path, str], config: Path) -> None:
    folder, wanted = request_files
    lines = "".join(f"    {line}\n" for line in printed("c").splitlines())
    (folder / "shop.c").write_text(C.replace("    LINES\n", lines))
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{REPOSITORY / 'Include'}", "shop.c", "-o", "shop",
                    f"-L{LIBRARIES}", "-lpaysession", f"-Wl,-rpath,{LIBRARIES}"], cwd=folder, check=True)
    assert run([str(folder / "shop")], config, folder) == wanted


PYTHON = """
import json, pathlib, sys
import flask, paysession
from flask import request
told = json.loads(pathlib.Path("request.json").read_text())
expected = {"amount": 2000, "currency": "SEK"}
app = flask.Flask(__name__)

@app.post("/hook")
def hook():
    try:
        with paysession.Client.from_file() as client:
LINES
    except paysession.NotGenuine as error:
        assert error.callback.reason == "signature_mismatch"
        return "nothing", 400
    return str(decision.next)

print(app.test_client().post(told["url"], headers=told["headers"], data=pathlib.Path("body").read_bytes()).text)
"""


def test_python(request_files: tuple[Path, str], config: Path) -> None:
    folder, wanted = request_files
    lines = "".join(f"            {line}\n" for line in printed("python").splitlines())
    (folder / "shop.py").write_text(PYTHON.replace("LINES\n", lines))
    assert run([sys.executable, "shop.py"], config, folder) == wanted


PHP = """<?php
require '%s/bindings/php/autoload.php';
use PaySession\\{Client, Expect, NotGenuine};
$pay = Client::fromArray(json_decode(file_get_contents(__DIR__ . '/config.json'), true));
$expected = new Expect(amount: 2000, currency: 'SEK');
try {
LINES
    echo $decision->next->value;
} catch (NotGenuine $error) {
    http_response_code(400);
    echo 'nothing';
}
"""


@pytest.mark.skipif(not shutil.which("php"), reason="there is no PHP")
def test_php(request_files: tuple[Path, str], config: Path) -> None:
    folder, wanted = request_files
    (folder / "hook.php").write_text((PHP % REPOSITORY).replace("LINES", printed("php")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["php", "-d", "ffi.enable=1", "-S", f"127.0.0.1:{port}", "hook.php"], cwd=folder, stderr=subprocess.DEVNULL,
        env={**os.environ, "PAYSESSION_LIBRARY": str(LIBRARIES / "libpaysession.so.0")})
    try:
        told = json.loads((folder / "request.json").read_text())
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/hook", data=BODY, headers={
            **told["headers"], "Content-Type": "application/json"})
        for _ in range(100):
            try:
                with urllib.request.urlopen(asked, timeout=20) as answer:
                    said = answer.read().decode()
                break
            except urllib.error.HTTPError as error:
                assert error.code == 400
                said = error.read().decode()
                break
            except OSError:
                time.sleep(0.05)
        assert said == wanted
    finally:
        server.kill()
        server.wait()
