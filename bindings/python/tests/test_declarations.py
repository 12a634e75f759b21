# SPDX-License-Identifier: MIT
"""paysession.h and this package say the same. Needs no library: both modules are loaded alone."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import sys
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pycparser import c_ast, c_parser

PACKAGE = Path(__file__).resolve().parents[1]
HEADER = PACKAGE.parents[1] / "Include" / "paysession.h"


def _module(name: str) -> ModuleType:
    """A module of the package without the package, whose __init__ loads the library."""
    path = PACKAGE / "src" / "paysession" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"alone{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


declarations = _module("_declarations")
words = _module("_words")


def _parsed() -> c_ast.FileAST:
    text = re.sub(r"/\*.*?\*/", " ", HEADER.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
    text = text.replace("PAYSESSION_MUST_USE", "")
    known = "typedef unsigned long size_t; typedef unsigned uint32_t;"
    known += "typedef long int64_t; typedef unsigned long uint64_t;"
    return c_parser.CParser().parse(known + text)


AST = _parsed()

VALUES: dict[str, Any] = {
    "void": None,
    "int": ctypes.c_int,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "session_result": ctypes.c_int,
    "session_status": ctypes.c_int,
    "session_paid": ctypes.c_int,
    "session_decision": ctypes.c_int,
    "session_client": "SessionClient",
    "session_answer": "SessionAnswer",
    "session_batch": "SessionBatch",
}


def _ctype(node: Any) -> Any:
    """The ctypes class for a C type."""
    if isinstance(node, c_ast.PtrDecl):
        target = node.type
        names = getattr(getattr(target, "type", None), "names", None)
        if names == ["char"]:
            assert "const" in target.quals, "the interface writes into no caller's text"
            return ctypes.c_char_p
        return ctypes.POINTER(_ctype(target))
    value = VALUES[node.type.names[0]]
    return getattr(declarations, value) if isinstance(value, str) else value


def _header_functions() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    found = {}
    for node in AST.ext:
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            arguments = [_ctype(argument.type) for argument in node.type.args.params]
            found[node.name] = _ctype(node.type.type), tuple(a for a in arguments if a is not None)
    return found


def _header_enum(name: str) -> dict[str, int]:
    for node in AST.ext:
        if isinstance(node, c_ast.Typedef) and node.name == name:
            return {one.name: int(one.value.value) for one in node.type.type.values.enumerators}
    raise AssertionError(f"{name} is not in the header")


def test_the_header_was_read() -> None:
    assert len(_header_functions()) >= 22


def test_the_same_functions_in_the_same_order() -> None:
    assert list(declarations.FUNCTIONS) == list(_header_functions())


@pytest.mark.parametrize("name", _header_functions())
def test_types(name: str) -> None:
    # ctypes caches POINTER(x), so equal types are one object.
    assert declarations.FUNCTIONS[name] == _header_functions()[name]


def test_pointers_are_told_apart() -> None:
    with pytest.raises(TypeError):
        declarations.ClientPointer.from_param(declarations.AnswerPointer())


@pytest.mark.parametrize(
    ("name", "prefix", "enum"),
    [
        ("session_result", "SESSION_", words.Result),
        ("session_status", "SESSION_STATUS_", words.Status),
        ("session_paid", "SESSION_PAID_", words.Paid),
        ("session_decision", "SESSION_", words.Next),
    ],
)
def test_enums(name: str, prefix: str, enum: type[Enum]) -> None:
    ours = {prefix + one.name: one.number for one in enum}  # type: ignore[attr-defined]
    assert list(ours.items()) == list(_header_enum(name).items())
    for one in enum:
        assert one.value == one.name.lower()


def test_version() -> None:
    numbers = re.findall(r"PAYSESSION_VERSION_[A-Z]+ +(\d+)", HEADER.read_text("utf-8"))
    version = ".".join(numbers)
    init = (PACKAGE / "src" / "paysession" / "__init__.py").read_text("utf-8")
    assert f'\n__version__ = "{version}"\n' in init
