# SPDX-License-Identifier: MIT
"""The sandbox as a pytest fixture: `pytest_plugins = ["sandbox.testing"]`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .processes import started

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
    with started(command, ready=(directory / "ready").exists, log=directory / "log",
                 env={**os.environ, "PYTHONPATH": str(HERE)}):
        yield RunningSandbox(directory)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as started:
        yield started
