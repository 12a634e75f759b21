# SPDX-License-Identifier: MIT
"""The header alone, as the compilers of its users see it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEADER = REPOSITORY / "Include" / "paysession.h"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("standard", "ending"), [("c99", "c"), ("c11", "c"), ("c++17", "cpp")])
def test_compiles_alone(compiler: str, standard: str, ending: str, tmp_path: Path) -> None:
    source = tmp_path / f"alone.{ending}"
    source.write_text("#include <paysession.h>\n#include <paysession.h>\nint unused;\n")
    command = [compiler, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror",
               f"-I{HEADER.parent}", "-fsyntax-only", str(source)]
    subprocess.run(command, check=True)


def test_every_function_is_explained_where_it_is_declared() -> None:
    """The header is the manual: before each declaration a comment that begins with its name."""
    text = HEADER.read_text("utf-8")
    for name in re.findall(r"^\w[\w *]*?\b(session_\w+)\(", text, flags=re.MULTILINE):
        assert re.search(rf"/\*\s*(?:\* )?{name}\(\)", text), name


def test_every_result_of_the_schema_is_in_the_header() -> None:
    import json

    schema = json.loads((HEADER.parent / "paysession.schema.json").read_text("utf-8"))
    text = HEADER.read_text("utf-8")
    enums = {
        "SESSION_": schema["properties"]["result"]["enum"],
        "SESSION_STATUS_": schema["$defs"]["session"]["properties"]["status"]["enum"],
        "SESSION_PAID_": schema["$defs"]["session"]["properties"]["paid"]["enum"],
    }
    for prefix, words in enums.items():
        for word in words:
            assert re.search(rf"\b{prefix}{word.upper()} = \d+", text), word


def test_plain_enough_for_parsers_of_foreign_languages() -> None:
    code = re.sub(r"/\*.*?\*/", "", HEADER.read_text("utf-8"), flags=re.DOTALL)
    assert "..." not in code  # no variable arguments
    assert "inline" not in code and "_Nullable" not in code
    assert re.findall(r"#include <(.+)>", code) == ["stddef.h", "stdint.h"]
    assert not re.search(r"\w+\s*:\s*\d+;", code)  # no bit-fields
