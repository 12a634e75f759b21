#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the pictures of the README: pictures.py FOLDER"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "src"), str(HERE.parent / "Browser"), str(HERE.parents[1] / "bindings" / "python" / "src")]

from browser import browsing  # noqa: E402
from paysession_sandbox.testing import running  # noqa: E402

import paysession  # noqa: E402

ITEMS = [{"name": "Coffee, 250 g", "quantity": 2, "unit_price": 1500}, {"name": "Cup", "unit_price": 1200}]
RETURN = "http://localhost:5000/return"
HOOK = "http://localhost:5000/callback"


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as directory, running(Path(directory), "--seed", "1") as sandbox, \
            browsing() as browser:
        bought = sandbox.create("kustom", amount=4200, currency="SEK", reference="A-1001", items=ITEMS,
                                replies=["503", "cut"], return_url=RETURN, callback={"url": HOOK, "signature": "wrong"})
        signed = sandbox.create("ledyer", amount=510_000, currency="SEK", reference="A-1002")
        sandbox.move(signed["session"], "pendingSca")
        granted = sandbox.create("inbank", amount=30_000, currency="EUR", reference="A-1003", status="granted")
        with paysession.Client(sandbox.config) as client:
            for session in (granted, signed, bought):
                client.get(session["session"])
        for name, dark in (("page", False), ("page-dark", True)):
            browser.show(1100, 900, dark=dark)
            browser.open(sandbox.page)
            browser.picture(folder / f"{name}.png")
        browser.show(360, 660)
        browser.open(bought["pay_url"])
        browser.picture(folder / "pay.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
