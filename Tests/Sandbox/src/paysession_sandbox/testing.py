# SPDX-License-Identifier: MIT
"""The sandbox in tests: the fixture `paysession_sandbox`, which pytest finds once the package is installed,
and `running()`, for whoever wants one of their own.

    def test_a_paid_order(paysession_sandbox):
        session = paysession_sandbox.create("kustom", amount=4200, currency="SEK", reference="A1")
        paysession_sandbox.move(session["session"], "completed")
        with paysession.Client(paysession_sandbox.config) as client:
            assert client.get(session["session"]).is_paid
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

import httpx
import pytest

from .processes import started

HERE = Path(__file__).resolve().parents[1]


class RunningSandbox:
    """One that is listening. `config` is a configuration for paysession, `config_file` the file with it, `page`
    the address of the page for people, and `references` says what must come of each ready-made session."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config_file = directory / "config.json"
        self.config: dict[str, Any] = json.loads(self.config_file.read_bytes())
        self.page: str = json.loads((directory / "sandbox.json").read_bytes())["page"]
        listed = json.loads((directory / "references.json").read_bytes())
        self.references: dict[str, Any] = {entry["reference"]: entry for entry in listed}
        self._http = httpx.Client(base_url=f"{self.page}/sandbox/", trust_env=False, timeout=60)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Its interface over HTTP, below /sandbox: the JSON of the answer. Raises `RuntimeError` with the
        sentence that the sandbox says."""
        response = self._http.request(method, path, **({} if body is None else {"json": body}))
        told: Any = response.json() if response.content else None
        if response.is_error:
            raise RuntimeError(told["error"])
        return told

    def create(self, provider: str, **wanted: Any) -> dict[str, Any]:
        """Makes a session: amount (minor units), currency, reference, status, replies, items, customer,
        return_url, callback, proof, action_replies. `["session"]` of what is returned is the reference for paysession."""
        created: dict[str, Any] = self.ask("POST", "sessions", {"provider": provider, **wanted})
        return created

    def move(self, session: str, status: str) -> dict[str, Any]:
        """To a state, by its provider's word or paysession's."""
        return self.change(session, status=status)

    def change(self, session: str, **changes: Any) -> dict[str, Any]:
        """The same keys as `create`, but items and customer."""
        changed: dict[str, Any] = self.ask("PATCH", f"sessions/{quote(session, safe=':/%')}", changes)
        return changed

    def prove(self, session: str, status: Optional[str], **more: Any) -> dict[str, Any]:
        """What proves payment of a session becomes that, by its provider's word or paysession's; None: it follows the
        session again. `fields` and `replies` are told beside it."""
        return self.change(session, proof={"status": status, **more})

    def call(self, session: str, **callback: Any) -> list[dict[str, Any]]:
        """Calls the shop again about the state that a session is in: `signature`, `stale_s`, `moved_to`, `twice`, `url`.
        What became of it, which has the shop's HTTP status."""
        came: list[dict[str, Any]] = self.ask("POST", "callbacks", {"session": session, "callback": callback or None})
        return came

    def tokens(self, provider: str, action: str, times: Optional[int] = None) -> None:
        """`expire`, `refuse` or `accept`."""
        self.ask("POST", "tokens", {"provider": provider, "action": action, "times": times})

    def journal(self, count: int = 100, **only: Any) -> list[dict[str, Any]]:
        """The newest requests, oldest first; of one `provider`, of one `session`, or `after` a number."""
        told = self._http.get("journal", params={"n": count, **only})
        told.raise_for_status()
        entries: list[dict[str, Any]] = told.json()["entries"]
        return entries

    @property
    def counts(self) -> dict[str, int]:
        """How many requests there were, as `kustom session`, `ledyer token`."""
        counts: dict[str, int] = self.ask("GET", "journal?n=1")["counts"]
        return counts

    def reset(self) -> None:
        """As it was at start."""
        self.ask("POST", "reset")


@contextmanager
def running(directory: Path, *options: str) -> Iterator[RunningSandbox]:
    """Starts one that leaves its files in `directory`, on ports that are free, and ends it by its own process id.
    `options` are those of `paysession-sandbox serve`."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "paysession_sandbox", "serve", "--port", "0", "--directory", str(directory), *options]
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    with started(command, ready=(directory / "ready").exists, log=directory / "log",
                 env={**os.environ, "PYTHONPATH": path}):
        yield RunningSandbox(directory)


@pytest.fixture(scope="session")
def paysession_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One for the whole run of tests; `reset()` makes it as it was."""
    with running(tmp_path_factory.mktemp("sandbox")) as started:
        yield started
