# SPDX-License-Identifier: MIT
"""What more than one of these files needs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from servers import Authority


@pytest.fixture(scope="session")
def preload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """preload.c, compiled."""
    library = tmp_path_factory.mktemp("preload") / "preload.so"
    source = Path(__file__).with_name("preload.c")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(source),
         "-o", str(library), "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that clients here are told to trust."""
    return Authority(tmp_path_factory.mktemp("authority"))
