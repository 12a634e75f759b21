# SPDX-License-Identifier: MIT
"""What Embedded Swift brings into the library, and what the library puts in its place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CLANG = Path(shutil.which("swiftc") or "swiftc").resolve().parent / "clang"
MAP = (REPOSITORY / "build" / "libpaysession.map").read_text("utf-8")
BRIDGE = "build/bridge.o"


def objects() -> list[str]:
    """The objects that the library was linked of, ours alone."""
    found = {name for name in re.findall(r"(\S+\.o):\(", MAP) if not os.path.isabs(name)}
    assert BRIDGE in found and ".build/release/PaySession.build/Allocation.swift.o" in found
    return sorted(found)


def run(directory: Path, what: str, linked: list[str]) -> subprocess.CompletedProcess[str]:
    program = directory / "runtime"
    subprocess.run(
        [CLANG, "-std=c11", "-Wall", "-Wextra", "-Werror", REPOSITORY / "Tests/ABI/runtime.c", *linked,
         "-fuse-ld=lld", "-Wl,--gc-sections", "-Wl,--wrap=posix_memalign", "-Wl,--wrap=free",
         "-Wl,--wrap=aligned_alloc", "-lcurl", "-ljansson", "-o", program], cwd=REPOSITORY, check=True)
    return subprocess.run([program, what], capture_output=True, text=True, timeout=60)


def test_a_text_that_is_held_once_more_stays_what_it_is(tmp_path: Path) -> None:
    done = run(tmp_path, "texts", objects())
    assert (done.returncode, done.stdout) == (0, "")


def test_the_toolchain_still_needs_our_retain(tmp_path: Path) -> None:
    done = run(tmp_path, "texts", [name for name in objects() if name != BRIDGE])
    if done.returncode == 0:
        pytest.skip("this Swift has mended it: Sources/Runtime/bridge.c can go with the ones before")
    assert "swift_bridgeObjectRetain: 0x8300000000000000, expected 0xe300000000000000" in done.stdout
    assert "swift_bridgeObjectRetain_n: 0x8300000000000000" in done.stdout


def test_blocks_are_asked_for_in_multiples_of_their_alignment(tmp_path: Path) -> None:
    done = run(tmp_path, "sizes", objects())
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["swift_bridgeObjectRetain", "swift_bridgeObjectRetain_n"])
def test_the_library_has_ours_and_no_other(name: str) -> None:
    found = re.findall(rf"(\S+):\(\.text\.{name}\)$", MAP, flags=re.MULTILINE)
    # What nobody calls is not in it.
    assert found == [BRIDGE] or name.endswith("_n") and found == []
    assert len(re.findall(rf" {name}$", MAP, flags=re.MULTILINE)) == len(found)
