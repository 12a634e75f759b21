# SPDX-License-Identifier: MIT
"""The binary interface as a record: prototypes, numbers, exported names.

    python interface.py > releases/VERSION/interface.json     (once, when VERSION is released)

Beside it stand the header and examples/c/paid.c of that release.

A program that was linked against a release must go on working: what a record holds may be added to,
and never changed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pycparser import c_ast, c_generator, c_parser

REPOSITORY = Path(__file__).resolve().parents[2]
HEADER = REPOSITORY / "Include" / "paysession.h"
LIBRARY = REPOSITORY / "build" / "lib" / "libpaysession.so"

# What the header takes from <stddef.h> and <stdint.h>.
TYPES = "typedef unsigned long size_t; typedef unsigned int uint32_t; " \
        "typedef unsigned long uint64_t; typedef long int64_t;\n"


def parsed(header: Path) -> c_ast.FileAST:
    text = re.sub(r"/\*.*?\*/", " ", header.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = text.replace("PAYSESSION_MUST_USE", "")
    return c_parser.CParser().parse(TYPES + text)


def interface(header: Path, library: Path | None = None) -> dict[str, Any]:
    """Functions with their prototypes, enums with their numbers, and what the library exports."""
    write = c_generator.CGenerator().visit
    functions: dict[str, str] = {}
    enums: dict[str, dict[str, int]] = {}
    for node in parsed(header).ext:
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            for parameter in node.type.args.params if node.type.args else ():
                name_off(parameter.type)  # a parameter's name is not part of the interface
                parameter.name = None
            functions[node.name] = " ".join(write(node).split())
        elif isinstance(node, c_ast.Typedef) and isinstance(node.type.type, c_ast.Enum):
            enums[node.name] = {entry.name: int(entry.value.value)
                                for entry in node.type.type.values.enumerators}
    record: dict[str, Any] = {"functions": functions, "enums": enums}
    if library:
        listed = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True,
                                capture_output=True, text=True).stdout
        record["exports"] = sorted(line.split()[-1] for line in listed.splitlines())
    return record


def name_off(node: c_ast.Node) -> None:
    while not isinstance(node, c_ast.TypeDecl):
        node = node.type
    node.declname = None


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What of the old is not in the new as it was; additions are no changes."""
    found = []
    for name, prototype in old["functions"].items():
        if new["functions"].get(name) != prototype:
            found.append(f"{prototype} became {new['functions'].get(name)}")
    for enum, numbers in old["enums"].items():
        for name, number in numbers.items():
            if new["enums"].get(enum, {}).get(name) != number:
                found.append(f"{name} = {number} became {new['enums'].get(enum, {}).get(name)}")
    found += [f"{name} is no longer exported" for name in old["exports"] if name not in new["exports"]]
    return found


if __name__ == "__main__":
    json.dump(interface(HEADER, LIBRARY), sys.stdout, indent=2)
    print()
