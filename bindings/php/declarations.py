#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the declarations of Include/paysession.h into Native.php, as `make` has derived them for FFI; with --check
says whether they are there."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NATIVE = HERE / "src" / "Native.php"
HEADER = HERE.parents[1] / "build" / "include" / "paysession-ffi.h"
BEGIN, END = "<<<'C'\n", "        C;\n"


def declared() -> str:
    """Without the lines for FFI::load(), indented as the heredoc is."""
    lines = [line for line in HEADER.read_text("utf-8").splitlines() if not line.startswith("#")]
    return "".join(f"        {line}\n" if line else "\n" for line in lines)


def main() -> int:
    text = NATIVE.read_text("utf-8")
    before, found, after = text.partition(BEGIN)
    _, end, rest = after.partition(END)
    assert found and end, f"{NATIVE} has no heredoc for them"
    wanted = before + BEGIN + declared() + END + rest
    if sys.argv[1:] == ["--check"]:
        return 0 if wanted == text else f"{NATIVE} is not of this header: {__file__} writes it"  # type: ignore[return-value]
    NATIVE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
