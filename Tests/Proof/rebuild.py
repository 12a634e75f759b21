# SPDX-License-Identifier: MIT
"""Builds again, in a directory that is called otherwise."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
PRODUCTS = ["lib/libpaysession.so", "bin/paysession"]


class Product(NamedTuple):
    name: str
    bytes: int
    sha256: str
    sha256_elsewhere: str


def rebuilt(directory: Path) -> list[Product]:
    """What `make` gives here and in a folder below `directory`."""
    elsewhere = directory / "a-folder-that-is-called-otherwise"
    elsewhere.mkdir()
    for name in ("Include", "Sources", "Tests", "Makefile", "Package.swift", "VERSION"):
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, elsewhere / name)
        else:
            shutil.copy(source, elsewhere)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    subprocess.run(["make", "build", "cli"], cwd=elsewhere, env=environment, check=True, timeout=600,
                   stdout=subprocess.DEVNULL)
    told = []
    for product in PRODUCTS:
        here, there = ((place / "build" / product).read_bytes() for place in (REPOSITORY, elsewhere))
        told.append(Product(product, len(here), hashlib.sha256(here).hexdigest(),
                            hashlib.sha256(there).hexdigest()))
    return told
