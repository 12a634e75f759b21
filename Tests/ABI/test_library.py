# SPDX-License-Identifier: MIT
"""The shipped library from outside: what it exports, what it needs, how large it is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "build" / "lib" / "libpaysession.so"
HEADER = REPOSITORY / "Include" / "paysession.h"


def readelf(*options: str) -> str:
    command = ["readelf", "--wide", *options, str(LIBRARY)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols() -> list[list[str]]:
    """Rows of .dynsym: Num Value Size Type Bind Vis Ndx Name."""
    rows = [line.split() for line in readelf("--dyn-syms").splitlines()]
    return [row for row in rows if len(row) >= 8 and row[0][:-1].isdigit()]


def declared() -> set[str]:
    """The functions of the header, by a C parser of the poorest kind: comments off, NAME(."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text("utf-8"), flags=re.DOTALL)
    return set(re.findall(r"\b(session_\w+)\s*\(", text))


def test_exports_what_the_header_declares_and_nothing_else() -> None:
    exported = {row[7].split("@")[0] for row in symbols() if row[6] != "UND"}
    assert exported == declared()


def test_needs_nothing_but_libcurl_jansson_and_the_c_library() -> None:
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("--dynamic")))
    assert {"libcurl.so.4", "libjansson.so.4"} <= needed
    assert needed <= {"libcurl.so.4", "libjansson.so.4", "libc.so.6", "libm.so.6",
                      "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def test_leaves_no_symbol_to_be_found_elsewhere() -> None:
    """Every undefined symbol names the library version it is bound to, or is weak."""
    loose = [row[7] for row in symbols() if row[6] == "UND" and row[4] != "WEAK"
             and "@" not in row[7] and not row[7].startswith("json_")]
    assert loose == []
    subprocess.run(["ldd", "-r", str(LIBRARY)], check=True, capture_output=True)
    assert "undefined" not in subprocess.run(
        ["ldd", "-r", str(LIBRARY)], capture_output=True, text=True).stdout


def test_is_named_by_its_interface_and_stays_mapped() -> None:
    dynamic = readelf("--dynamic")
    assert "Library soname: [libpaysession.so.0]" in dynamic
    assert re.search(r"\(FLAGS_1\).*NODELETE", dynamic)
    assert "RUNPATH" not in dynamic and "RPATH" not in dynamic


def test_is_read_only_where_it_can_be_once_it_is_loaded() -> None:
    """RELRO, and all of it: with BIND_NOW the table of functions is filled before it is sealed."""
    headers, sections = readelf("--program-headers").split("Section to Segment mapping:")
    kinds = [line.split()[0] for line in headers.partition("Program Headers:")[2].splitlines()
             if re.match(r"  [A-Z]", line)][1:]
    assert "GNU_RELRO" in kinds
    (sealed,) = re.findall(rf"^ +{kinds.index('GNU_RELRO'):02} +(.+)$", sections, flags=re.MULTILINE)
    assert {".data.rel.ro", ".dynamic", ".got", ".got.plt"} <= set(sealed.split())
    dynamic = readelf("--dynamic")
    assert re.search(r"\(FLAGS\).*BIND_NOW", dynamic)
    assert re.search(r"\(FLAGS_1\).*NOW", dynamic)


def test_links_lead_to_the_versioned_file() -> None:
    assert os.readlink(LIBRARY) == "libpaysession.so.0"
    assert re.fullmatch(r"libpaysession\.so\.0\.\d+\.\d+",
                        os.readlink(LIBRARY.parent / "libpaysession.so.0"))


def test_is_at_most_360_kilobytes() -> None:
    """Callbacks, with hashes of their own, and what is to follow: the bound of version 0.2."""
    assert LIBRARY.stat().st_size <= 360_000


def test_has_no_executable_stack_and_no_text_relocations() -> None:
    stack = next(line for line in readelf("--program-headers").splitlines() if "GNU_STACK" in line)
    assert " RWE " not in stack
    assert "TEXTREL" not in readelf("--dynamic")


def test_version_is_the_same_everywhere() -> None:
    text = HEADER.read_text("utf-8")
    parts = [re.search(rf"PAYSESSION_VERSION_{part} (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
    version = ".".join(part[1] for part in parts if part)
    assert os.path.realpath(LIBRARY).endswith(f".so.{version}")
    for file, pattern in (
        ("Sources/PaySession/Values/Library.swift", f'"{version}"'),
        ("bindings/python/src/paysession/__init__.py", f'__version__ = "{version}"'),
        ("bindings/python/pyproject.toml", f'"paysession-binary == {version}"'),
        ("VERSION", f"{version}\n"),
        ("CHANGELOG.md", f"## {version}"),
    ):
        assert pattern in (REPOSITORY / file).read_text("utf-8"), file
    import paysession

    assert paysession.version() == version
