# SPDX-License-Identifier: MIT
"""nginx as all the providers at once, over TLS and HTTP/2: fast, and each answer
echoes its request.

    def test_something(nginx: Nginx) -> None:      # after `from nginx import nginx`
        ...
        answer["raw"]["connection"]    # nginx's own number of the connection that carried it

A session's identifier decides what comes: see LOCATIONS. Every document carries the identifier that
was asked for, so an answer that went astray is found out.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

# This is also a program of its own, for tests in other languages.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Sandbox" / "src"))

from paysession_sandbox.processes import NotReady, free_port, listening, started  # noqa: E402
from paysession_sandbox.provider import WithTokens  # noqa: E402
from paysession_sandbox.providers import PROVIDERS  # noqa: E402

TOKEN = "nginx-token-0123456789abcdef"

# Where sessions are asked for, by provider, up to the identifier; and where tokens are.
PATHS = {name: f"/{name}{provider.target('')}" for name, provider in PROVIDERS.items()}
TOKEN_PATHS = {name: f"/{name}{provider.token_target}" for name, provider in PROVIDERS.items()
               if isinstance(provider, WithTokens)}

# What comes for an identifier that begins like this; any other is a paid session of just that name.
LOCATIONS = {
    "wrong-": 'return 200 {wrong};',
    "page-": 'default_type text/html; return 200 "<html>sorry</html>";',
    "cut-": 'return 200 {cut};',
    "e400-": 'return 400;',
    "e401-": 'return 401;',
    "e403-": 'return 403;',
    "e404-": 'return 404;',
    "e418-": 'return 418;',
    "e302-": 'return 302 https://elsewhere.invalid/;',
    "e429-": 'return 429;',
    "e500-": 'return 500;',
    "e502-": 'return 502;',
    "later-": 'add_header Retry-After 5 always; return 503;',
    "huge-": 'rewrite ^ /huge last;',
    "gone-": 'return 444;',  # nginx closes the connection without a word
}


def documents(session: str) -> dict[str, dict[str, Any]]:
    """A good end of each provider; nginx fills in what begins with $."""
    more = {"connection": "$connection", "nth": "$connection_requests", "over": "$server_protocol"}
    return {name: provider.paid(session, **more) for name, provider in PROVIDERS.items()}


def reference(provider: str, session: str) -> str:
    return PROVIDERS[provider].reference(session)


#: Sessions for measurements, by the beginning of their identifiers: how many bytes their documents have at least.
FULL = {"full": 0, "full4": 4096, "full64": 65536}


def full_document(length: int) -> dict[str, Any]:
    """Kustom's documented session, with as many lines as that takes."""
    seed = Path(__file__).resolve().parents[1] / "Cases" / "kustom" / "seed" / "response"
    document = {**json.loads(seed.read_bytes()), "session_id": "$session"}
    line = document["order_items"][0]
    while len(json.dumps(document)) < length:
        document["order_items"].append(line)
    return document


def quoted(document: dict[str, Any]) -> str:
    """As a word of nginx's configuration."""
    return word(json.dumps(document))


def word(text: str) -> str:
    """In a word, a backslash stands for the next character."""
    return "'" + text.replace("\\", "\\\\") + "'"


def returned(document: dict[str, Any]) -> str:
    """What answers with it: a word of nginx's has at most 4,096 bytes."""
    text = json.dumps(document)
    parts = [text[start:start + 3000] for start in range(0, len(text), 3000)]
    names = [f"$part{number}" for number in range(len(parts))]
    return " ".join(f"set {name} {word(part)};" for name, part in zip(names, parts)) + f" return 200 '{''.join(names)}';"


class Nginx:
    """One that is listening."""

    def __init__(self, directory: Path, port: int, ca_file: Path) -> None:
        self.directory = directory
        self.port = port
        self.ca_file = ca_file

    @property
    def base(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def config(self, **more: Any) -> dict[str, Any]:
        return {
            "timeout_ms": 30_000, "connect_timeout_ms": 20_000, "proxy": "",
            "ca_file": str(self.ca_file),
            **{name: provider.section(f"{self.base}/{name}", f"nginx-secret-of-{name}")
               for name, provider in PROVIDERS.items()},
            **more,
        }

    def write_config(self, directory: Path, **more: Any) -> Path:
        file = directory / "client.json"
        file.write_text(json.dumps(self.config(**more)))
        return file

    def requests(self) -> list[dict[str, str]]:
        """What was asked since nginx began: method, uri, connection, protocol."""
        lines = (self.directory / "access.log").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def token_requests(self) -> int:
        return sum(one["method"] == "POST" for one in self.requests())


def configuration(directory: Path, port: int, token_seconds: int) -> str:
    locations = []
    for provider, path in PATHS.items():
        good = documents("$session")[provider]
        wrong = quoted(documents("another")[provider])
        for prefix, words in LOCATIONS.items():
            words = words.replace("{wrong}", wrong).replace("{cut}", quoted(good)[:-2] + "'")
            locations.append(f'location ~ "^{path}{prefix}" {{ {words} }}')
        locations.append(f'location ~ "^{path}(?<session>[^/]+)$" {{ return 200 {quoted(good)}; }}')
    for name, length in FULL.items():
        full = f"^{PATHS['kustom']}(?<session>{name}-[^/]+)$"
        locations.insert(0, f'location ~ "{full}" {{ {returned(full_document(length))} }}')
    token = quoted({"access_token": TOKEN, "expires_in": token_seconds, "token_type": "Bearer"})
    locations += [f"location = {path} {{ return 200 {token}; }}" for path in TOKEN_PATHS.values()]
    newline = "\n        "
    return f"""
daemon off;
pid {directory}/pid;
error_log {directory}/error.log warn;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    # $connection is nginx's; a client has to come back on the same one to see the same number.
    log_format line escape=json '{{"method": "$request_method", "uri": "$request_uri", '
        '"connection": "$connection", "over": "$server_protocol", "status": "$status"}}';
    access_log {directory}/access.log line;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    default_type application/json;
    keepalive_requests 10000000;
    keepalive_timeout 120s;
    http2_max_concurrent_streams 256;
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=1024;
        ssl_certificate {directory}/server.pem;
        ssl_certificate_key {directory}/server.pem;
        ssl_session_cache shared:all:1m;
        location = /huge {{ root {directory}; try_files /huge =404; }}
        {newline.join(locations)}
    }}
}}
"""


@contextmanager
def serving(directory: Path, *, token_seconds: int = 3600) -> Iterator[Nginx]:
    """Starts one that keeps all its files in `directory`, and ends it by its own process id."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        pytest.fail("nginx is not installed: apt-get install nginx-light")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    (directory / "huge").write_text('{"pad": "' + "x" * 8_000_000 + '"}')
    (directory / "access.log").touch()
    # Its workers give up root where it has it, and have to reach all this.
    for place in [directory, *directory.parents]:
        if place.owner() == directory.owner() and place != Path(place.anchor):
            place.chmod(place.stat().st_mode | 0o055)
    for file in directory.iterdir():
        file.chmod(0o644)
    # Somebody else may take the port between the two.
    with ExitStack() as stack:
        for left in reversed(range(5)):
            port = free_port()
            (directory / "nginx.conf").write_text(configuration(directory, port, token_seconds))
            # Not left behind by a test that crashes the process it runs in.
            command = ["setpriv", "--pdeathsig", "TERM",
                       binary, *early_log(binary, directory / "error.log"), "-p", str(directory),
                       "-c", str(directory / "nginx.conf")]
            try:
                stack.enter_context(started(
                    command, ready=listening(port), within=10, log=directory / "log"))
                break
            except NotReady as error:
                if not left:
                    raise NotReady(str(error) + (directory / "error.log").read_text("utf-8")) from None
        yield Nginx(directory, port, directory / "ca.pem")


def early_log(binary: str, file: Path) -> list[str]:
    """Where it says what goes wrong before it has read its configuration; told so from 1.19.5 on."""
    knows = "-e filename" in subprocess.run([binary, "-h"], capture_output=True, text=True).stderr
    return ["-e", str(file)] if knows else []


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with serving(tmp_path_factory.mktemp("nginx")) as started:
        yield started


def session_of(text: str) -> str:
    """The identifier at the end of a reference."""
    return re.split("[:/]", text)[-1]


def main(directory: Path) -> None:
    """Serves until it is told to end, for tests in other languages; `client.json` is ready then."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with serving(directory) as running:
        unready = directory / "client.json.new"
        unready.write_text(json.dumps(running.config()))
        unready.rename(directory / "client.json")
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
