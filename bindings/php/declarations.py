#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes into Native.php what it uses of Include/paysession.h, out of what `make` has derived for FFI; with --check says
whether that stands there. PHP reads it in each request: all of the header would take it more than twice as long."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
NATIVE = HERE / "src" / "Native.php"
HEADER = HERE.parents[1] / "build" / "include" / "paysession-ffi.h"
BEGIN, END = "<<<'C'\n", "        C;\n"


def declared(used: set[str]) -> str:
    """The types, and these functions. An enumeration is an int: its numbers are Native's business."""
    text = re.sub(r"^#.*\n", "", HEADER.read_text("utf-8"), flags=re.MULTILINE)
    enumerations = re.findall(r"^typedef enum (\w+)", text, re.MULTILINE)
    text = re.sub(r"typedef enum \w+ \{.*?\} \w+;\n", "", text, flags=re.DOTALL)
    text = re.sub(rf"\b({'|'.join(enumerations)})\b", "int", text)
    kept, found = [], set()
    for statement in re.findall(r"[^;]+;\n", text):
        name = re.search(r"\b(session_\w+)\(", statement)
        if name is None or name[1] in used:
            kept.append(textwrap.fill(" ".join(statement.split()), width=110, subsequent_indent="    "))
            found |= {name[1]} if name else set()
    assert found == used, f"{HEADER} has no {', '.join(sorted(used - found))}"
    return "".join(f"        {line}\n" for line in "\n".join(kept).splitlines())


def main() -> int:
    text = NATIVE.read_text("utf-8")
    before, found, after = text.partition(BEGIN)
    _, end, rest = after.partition(END)
    assert found and end, f"{NATIVE} has no heredoc for them"
    wanted = before + BEGIN + declared(set(re.findall(r"->(session_\w+)\(", rest))) + END + rest
    if sys.argv[1:] == ["--check"]:
        if wanted != text:
            print(f"{NATIVE} is not of this header: {__file__} writes it", file=sys.stderr)
        return int(wanted != text)
    NATIVE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
