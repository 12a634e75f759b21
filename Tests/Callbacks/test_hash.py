# SPDX-License-Identifier: MIT
"""The library's SHA-2 and HMAC against Python's, and how long its comparison takes."""

from __future__ import annotations

import hashlib
import hmac
import random
import statistics
import struct
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "Sources"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are shipped, and hashes.swift."""
    made = tmp_path_factory.mktemp("hashes") / "hashes"
    subprocess.run(
        ["swiftc", "-O", "-wmo", "-swift-version", "5", "-parse-as-library", "-I", SOURCES / "CPlatform",
         *sorted((SOURCES / "PaySession/Hash").glob("*.swift")), Path(__file__).parent / "hashes.swift",
         "-o", made], check=True)
    return made


def test_100_000_random_codes(program: Path) -> None:
    chance = random.Random(4231)
    asked, wanted = bytearray(), bytearray()
    for _ in range(100_000):
        # Mostly around the ends of blocks, of 64 and of 128 bytes.
        key = chance.randbytes(chance.choice((chance.randrange(80), chance.randrange(120, 140), chance.randrange(300))))
        text = chance.randbytes(chance.choice((chance.randrange(140), chance.randrange(240, 270), chance.randrange(600))))
        asked += struct.pack("<II", len(key), len(text)) + key + text
        wanted += hmac.digest(key, text, "sha256") + hmac.digest(key, text, "sha512")
    done = subprocess.run([program, "codes"], input=bytes(asked), capture_output=True, check=True)
    assert done.stdout == wanted


def test_a_million_times_a(program: Path) -> None:
    """FIPS 180-4's longest example; Python says the same."""
    done = subprocess.run([program, "millions"], capture_output=True, check=True)
    assert done.stdout[:32].hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    assert done.stdout[32:] == hashlib.sha512(b"a" * 1_000_000).digest()


@pytest.mark.alone
def test_where_a_code_is_wrong_takes_no_time(program: Path) -> None:
    """A million comparisons each, of 64 bytes. One that ended at the first wrong byte would take some 20
    times as long for the last."""
    ratios = []
    for _ in range(5):
        done = subprocess.run([program, "times", "1000000"], capture_output=True, text=True, check=True)
        first, last, same = map(int, done.stdout.split())
        assert same == 0
        ratios.append(last / first)
    assert 0.8 < statistics.median(ratios) < 1.25, ratios
