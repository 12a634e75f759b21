# SPDX-License-Identifier: MIT
"""paysession-ffi.h: the header's declarations alone, for languages that parse C themselves."""

from __future__ import annotations

import os
import subprocess

import cffi
import paysession
import pytest
from interface import HEADER, LIBRARY, REPOSITORY, TYPES, interface
from pycparser import c_ast, c_parser

FFI = REPOSITORY / "build" / "include" / "paysession-ffi.h"


def declarations() -> str:
    """As the README says for everyone but PHP: without the lines that begin with #."""
    return "".join(line for line in FFI.open(encoding="utf-8") if line[0] != "#")


def test_is_declarations_and_two_lines_for_php() -> None:
    lines = FFI.read_text("utf-8").splitlines()
    assert [line for line in lines if "#" in line] == lines[:2] == [
        '#define FFI_SCOPE "paysession"', '#define FFI_LIB "libpaysession.so.0"']
    assert not any("/*" in line or "//" in line or "extern" in line or not line.strip() for line in lines)


def test_declares_what_the_header_declares() -> None:
    here = interface(FFI)
    assert here == interface(HEADER)
    assert len(here["functions"]) > 20 and len(here["enums"]) == 4
    named = {node.name for node in c_parser.CParser().parse(TYPES + declarations()).ext
             if isinstance(node, c_ast.Typedef)}
    assert named == {"size_t", "uint32_t", "uint64_t", "int64_t", *here["enums"], "session_client",
                     "session_batch", "session_answer"}


def test_python_cffi_takes_it() -> None:
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    library = ffi.dlopen(str(LIBRARY))
    assert ffi.string(library.session_version()).decode() == paysession.version()
    assert library.session_paid_normalized(b"kustom", b"{}") == library.SESSION_PAID_UNKNOWN
    for name in interface(HEADER)["functions"]:
        assert getattr(library, name)


@pytest.mark.parametrize("arguments", [
    ["-d", "ffi.enable=1", "-r", f"$pay = FFI::load('{FFI}');"],
    ["-d", f"ffi.preload={FFI}", "-r", "$pay = FFI::scope('paysession');"],
    ["-d", "ffi.enable=1", "-r", f"$pay = FFI::cdef(file_get_contents('{FFI}'), '{LIBRARY}');"],
], ids=["load", "preload", "cdef"])
def test_php_takes_it(arguments: list[str]) -> None:
    arguments[-1] += """
        $answer = $pay->new('session_answer *');
        $result = $pay->session_normalize('kustom', '[]', null, FFI::addr($answer));
        echo $pay->session_version(), ' ', $result === $pay->SESSION_MALFORMED ? 'malformed' : $result, ' ',
            $pay->session_answer_json($answer, null)[0] ?? '';
        $pay->session_answer_free($answer);"""
    done = subprocess.run(["php", *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LD_LIBRARY_PATH": str(LIBRARY.parent)})
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{paysession.version()} malformed {{", "")
