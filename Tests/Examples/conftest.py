# SPDX-License-Identifier: MIT
"""The plugins, compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import compiled


@pytest.fixture(scope="session")
def builtin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("bash", tmp_path_factory.mktemp("bash"))


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("sqlite", tmp_path_factory.mktemp("sqlite"))
