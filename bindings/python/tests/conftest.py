# SPDX-License-Identifier: MIT
"""Paths, the schema, and the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def valid() -> Callable[[bytes], Any]:
    """valid(json) parses an answer that paysession.schema.json allows, and fails for others."""
    schema = json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)

    def check(text: bytes) -> Any:
        answer = json.loads(text)
        validator.validate(answer)
        return answer

    return check


class Sandbox:
    """The stand-in for the four providers: its configuration and what each reference must give."""

    def __init__(self, directory: Path) -> None:
        self.config: dict[str, Any] = json.loads((directory / "config.json").read_bytes())
        self.references: dict[str, Any] = json.loads((directory / "references.json").read_bytes())


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    directory = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--directory", str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "Tests" / "Sandbox")}
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (directory / "ready").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("no sandbox:\n" + (directory / "log").read_text("utf-8"))
            time.sleep(0.05)
        yield Sandbox(directory)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
