# SPDX-License-Identifier: MIT
"""The toy as a fifth provider: what has to be added to a tree, file by file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import toy_cases

ADDED = Path(__file__).resolve().parent / "added"
CASES = "Tests/Cases/toyco"


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """The words of each old text stand there once, however their lines are broken."""
    for old, new in changes:
        pattern = r"[\s*]+".join(map(re.escape, old.split()))
        text, count = re.subn(pattern, lambda _: new, text)  # noqa: B023
        assert count == 1, f"{old!r} is there {count} times"
    return text


def header(text: str) -> str:
    return replaced(
        text, ("four payment providers (Inbank, Kustom, Dintero, Ledyer)",
               "five payment providers\n * (Inbank, Kustom, Dintero, Ledyer, Toyco)"),
        ("ledyer:SESSION_ID", "ledyer:SESSION_ID\n *     toyco:TOY_ID"),
        ('{"environment": "sandbox"|"live", "client_id", "client_secret"}',
         '{"environment": "sandbox"|"live", "client_id",\n'
         ' *                                     "client_secret"}\n'
         ' *   toyco               absent       {"environment": "sandpit"|"live", "api_key"}'),
        ("`provider` is inbank, kustom, dintero or ledyer.",
         "`provider` is inbank, kustom,\n * dintero, ledyer or toyco."))


def schema(text: str) -> str:
    return replaced(
        text, ('"ledyer",\n        null', '"ledyer",\n        "toyco",\n        null'),
        ("dintero id; ledyer id.", "dintero id; ledyer id; toyco toy."),
        ("ledyer state; dintero:", "ledyer state; toyco phase; dintero:"),
        ("ledyer order.totalOrderAmount with order.currency",
         "ledyer order.totalOrderAmount with order.currency; toyco coins with coin"),
        ("settlement (order.settlementReference).", "settlement (order.settlementReference); toyco shelf (shelf)."))


def manual(text: str) -> str:
    return replaced(
        text, ("(Inbank, Kustom, Dintero, Ledyer)", "(Inbank, Kustom, Dintero, Ledyer, Toyco)"),
        (".BI ledyer: SESSION_ID", ".BI ledyer: SESSION_ID\n.BI toyco: TOY_ID"))


def readme(text: str) -> str:
    """One row more, of as many columns as the one before."""
    row = next(line for line in text.splitlines() if line.startswith("| Ledyer |"))
    more = ["Toyco", "`toyco:TOY_ID`", *["toys"] * (row.count("|") - 3)]
    return replaced(text, (row, f"{row}\n| {' | '.join(more)} |"))


def oracle(text: str) -> str:
    return replaced(
        text, ('"cancelled": "cancelled", "expired": "expired",\n    },\n}\nSTATUS_FIELD',
               '"cancelled": "cancelled", "expired": "expired",\n    },\n'
               '    "toyco": {"wrapped": "open", "posted": "pending", "played": "completed", '
               '"returned": "cancelled",\n              "broken": "failed"},\n}\nSTATUS_FIELD'),
        ('"ledyer": "state"}', '"ledyer": "state", "toyco": "phase"}'),
        ('"ledyer": ["id", "orderId"],', '"ledyer": ["id", "orderId"],\n    "toyco": ["toy"],'),
        ('"ledyer": "createdAt",\n}', '"ledyer": "createdAt",\n    "toyco": "made",\n}'),
        ('if provider == "kustom":\n        minor, code = integer(',
         'if provider == "toyco":\n'
         '        minor, code = integer(document.get("coins")), document.get("coin")\n'
         '    elif provider == "kustom":\n        minor, code = integer('),
        ('elif provider == "kustom":\n        told = document.get("merchant_reference1")',
         'elif provider == "toyco":\n        told = document.get("label")\n'
         '    elif provider == "kustom":\n        told = document.get("merchant_reference1")'),
        ('elif provider == "kustom":\n        ids = ',
         'elif provider == "toyco":\n'
         '        ids = [came.get("toy")]\n'
         '        listed = came.get("phase") == "played"\n'
         '        amount, code, reference = came.get("coins"), came.get("coin"), came.get("label")\n'
         '    elif provider == "kustom":\n        ids = '))


#: What becomes of each file; None makes it from the one of `added`.
FILES: dict[str, Callable[[str], str] | None] = {
    "Sources/PaySession/Providers/Toyco.swift": None,
    "Sources/PaySession/Providers/All.swift": lambda text: replaced(text, (".ledyer]", ".ledyer, .toyco]")),
    "Tests/Sandbox/src/paysession_sandbox/providers/toyco.py": None,
    "README.md": readme,
    "Include/paysession.h": header,
    "Include/paysession.schema.json": schema,
    "Sources/paysession-cli/paysession.1": manual,
    "Tests/Proof/oracle.py": oracle,
}


def add(tree: Path, path: str) -> None:
    change, file = FILES[path], tree / path
    if change is None:
        shutil.copy(ADDED / file.name, file)
    else:
        file.write_text(change(file.read_text("utf-8")), "utf-8")


def add_cases(tree: Path) -> None:
    toy_cases.write(tree / CASES, json.loads((tree / "Include/paysession.schema.json").read_bytes()))
