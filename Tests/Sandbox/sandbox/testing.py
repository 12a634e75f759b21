# SPDX-License-Identifier: MIT
"""The sandbox as a pytest fixture: `pytest_plugins = ["sandbox.testing"]`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parents[1]


class RunningSandbox:
    """One that is listening: its configuration, and what each reference must give."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config: dict[str, Any] = json.loads((directory / "config.json").read_bytes())
        listed = json.loads((directory / "references.json").read_bytes())
        self.references: dict[str, Any] = {entry["reference"]: entry for entry in listed}


@contextmanager
def running(directory: Path, *options: str) -> Iterator[RunningSandbox]:
    """Starts one that leaves its files in `directory`, and ends it by its own process id."""
    command = [sys.executable, "-m", "sandbox", "--directory", str(directory), *options]
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(HERE)}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (directory / "ready").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("no sandbox:\n" + (directory / "log").read_text("utf-8"))
            time.sleep(0.02)
        yield RunningSandbox(directory)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as started:
        yield started
