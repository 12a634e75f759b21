# SPDX-License-Identifier: MIT
"""Orders in SQLite, and what becomes of them. The customer's return, the provider's callback and a job each night all
end in settle(), which reads the session and acts on the decision. What any of them says is never believed, signed or
not."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

from paysession import Client, Decision, Expect, Next, Result

#: Minor units: 42.00. The price is the shop's, and nothing that a browser sends.
PRICE = 4200
CURRENCIES = {"inbank": "EUR", "kustom": "SEK", "dintero": "SEK", "ledyer": "SEK"}

#: What an order becomes by a decision. To wait changes nothing.
STATES = {Next.SHIP: "shipped", Next.RELEASE: "released", Next.HOLD: "held"}

log = logging.getLogger(__name__)


class Order(NamedTuple):
    """A row. `address` is what its pages are found by, `session` the library's reference once there is one."""

    id: str
    address: str
    provider: str
    amount_minor: int
    currency: str
    session: Optional[str]
    state: str
    why: Optional[str]


class Orders:
    """Any number of threads and processes may share the database."""

    def __init__(self, database: Path, pay: Client) -> None:
        self._path = database
        self._pay = pay
        with self._transaction() as db:
            db.execute("""CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, address TEXT UNIQUE, provider TEXT,
                amount_minor INTEGER, currency TEXT, session TEXT, state TEXT DEFAULT 'waiting', why TEXT)""")
            db.execute("CREATE TABLE IF NOT EXISTS shipments (id TEXT PRIMARY KEY REFERENCES orders)")

    def add(self, provider: str) -> Order:
        """A new order, whose price stands from now on."""
        address = secrets.token_urlsafe(16)  # nobody guesses it: who has it sees the order
        with self._transaction() as db:
            db.execute("INSERT INTO orders (id, address, provider, amount_minor, currency) "
                       "SELECT 'A-' || (1001 + COUNT(*)), ?, ?, ?, ? FROM orders",
                       [address, provider, PRICE, CURRENCIES[provider]])
            return Order(*db.execute("SELECT * FROM orders WHERE address = ?", [address]).fetchone())

    def pay_by(self, order: Order, session: str) -> None:
        """Keeps the reference of the session that its customer pays in."""
        with self._transaction() as db:
            db.execute("UPDATE orders SET session = ? WHERE id = ?", [session, order.id])

    def find(self, address: str) -> Optional[Order]:
        """The order at that address, as it is now."""
        with self._transaction() as db:
            row = db.execute("SELECT * FROM orders WHERE address = ?", [address]).fetchone()
        return row and Order(*row)

    def unsettled(self) -> list[Order]:
        """Those whose state may still change."""
        with self._transaction() as db:
            return [Order(*row) for row in db.execute("SELECT * FROM orders WHERE state IN ('waiting', 'held')")]

    def settle(self, order: Order) -> tuple[Order, bool]:
        """Reads the session of an order and does what the library decides: the order as it is then, and whether there
        was an answer. However often and from wherever it is called, a parcel is sent once."""
        if order.state in ("shipped", "released"):  # for good
            return order, True
        if order.session is None:  # a callback was quicker than the answer of open_session()
            return order, False
        expect: Expect = {"amount": order.amount_minor}
        if order.provider != "dintero":  # whose order sessions tell neither of these
            expect |= {"currency": order.currency, "reference": order.id}
        decision = self._pay.decide(order.session, expect=expect, timeout_ms=5000)
        is_answered = decision.result is Result.OK
        if not is_answered:
            # No answer is not "not paid": the order stays as it is, and whoever runs the shop reads why.
            log.warning("%s: %s", order.id, decision.why)
        elif decision.next in STATES:
            self._become(order, decision)
        return self.find(order.address) or order, is_answered

    def _become(self, order: Order, decision: Decision) -> None:
        """One of many at the same moment changes the row, and ships; the others find it changed."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE orders SET state = ?, why = ? WHERE id = ? AND state IN ('waiting', 'held')",
                [STATES[decision.next], decision.why, order.id]).rowcount
            if changed and decision.next is Next.SHIP:
                db.execute("INSERT INTO shipments VALUES (?)", [order.id])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection, and a transaction on it that takes its lock when it first writes."""
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level="IMMEDIATE")) as opened, opened:
            yield opened
