# SPDX-License-Identifier: MIT
"""A shop that sells coffee: an order, a payment page, and back. To be played against the sandbox.

    python shop.py CONFIG [--port 5000] [--database FILE]

The customer's return and the provider's callback both end in settle(), which reads the session and acts on the
library's decision. What either of them says is never believed.
"""

import argparse
import json
import secrets
import sqlite3
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Optional

import flask

import paysession

PRICE = 4200  # minor units: 42.00
CURRENCY = {"inbank": "EUR", "kustom": "SEK", "dintero": "SEK", "ledyer": "SEK"}
#: What an order becomes by a decision. To wait changes nothing.
STATES = {"ship": "shipped", "release": "released", "hold": "held"}
WORDS = {
    "shipped": "Paid. Your coffee is on its way.",
    "waiting": "Not paid yet. This page looks again by itself.",
    "unheard": "We cannot see yet whether it is paid. This page looks again by itself.",
    "released": "The payment did not come about, and your order is cancelled. Nothing was charged.",
    "held": "We are looking at your payment by hand, and write to you.",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{ title }}</title><link rel="icon" href="data:,">
{% if again %}<meta http-equiv="refresh" content="2">{% endif %}
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem }
button { font: inherit; padding: .5rem 1rem; margin: 0 .25rem .5rem 0 }</style></head>
<body><main><h1>{{ title }}</h1>{% if words %}<p>{{ words }}</p>{% endif %}
{% if providers %}<form method="post" action="/buy">
{% for name in providers %}<button name="provider" value="{{ name }}">Buy with {{ name|capitalize }}</button>
{% endfor %}</form>{% else %}<p><a href="/">Back to the shop</a></p>{% endif %}</main></body></html>"""

parser = argparse.ArgumentParser()
parser.add_argument("config", type=Path, help="the library's; the sandbox leaves one in its directory")
parser.add_argument("--port", type=int, default=5000)
parser.add_argument("--database", type=Path, help="shop.db, beside the configuration")
given = parser.parse_args()
try:
    client = paysession.Client.from_file(str(given.config))
except paysession.PaySessionError as error:
    sys.exit(str(error))
app = flask.Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 256 * 1024  # more than any form and any callback has


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """A connection, and a transaction on it, for as long as the block lasts."""
    with closing(sqlite3.connect(given.database or given.config.with_name("shop.db"), timeout=10)) as opened, opened:
        opened.row_factory = sqlite3.Row
        yield opened


with database() as db:
    db.execute("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, address TEXT UNIQUE, provider TEXT, "
               "amount_minor INTEGER, currency TEXT, session TEXT, state TEXT DEFAULT 'waiting', why TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS shipments (id TEXT)")


def find(address: str) -> sqlite3.Row:
    """The order at that address, as it is now."""
    with database() as db:
        order: Optional[sqlite3.Row] = db.execute("SELECT * FROM orders WHERE address = ?", [address]).fetchone()
    return order or flask.abort(404)


def open_session(order: sqlite3.Row) -> tuple[str, str]:
    """A new payment session: its reference for the library, and where the customer pays. This is the one function
    that a real shop replaces by its provider's own create call. Raises OSError."""
    sandbox = json.loads(given.config.with_name("sandbox.json").read_text())["page"]
    shop = f"http://localhost:{given.port}"
    wanted = {"provider": order["provider"], "amount": order["amount_minor"], "currency": order["currency"],
              "reference": order["id"], "return_url": f"{shop}/order/{order['address']}",
              "callback": {"url": f"{shop}/callback/{order['address']}"}}
    request = urllib.request.Request(f"{sandbox}/sandbox/sessions", json.dumps(wanted).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        made = json.load(response)
    return made["session"], made["pay_url"]


def settle(address: str) -> tuple[str, bool]:
    """Reads the session of an order and does what the library decides: the order's state, and whether there was
    an answer. However often and from wherever it is called, a parcel is sent once."""
    order = find(address)
    if order["state"] in ("shipped", "released"):  # for good
        return order["state"], True
    if order["session"] is None:  # a callback was quicker than the answer of open_session()
        return order["state"], False
    expect: paysession.Expect = {"amount": order["amount_minor"]}
    if order["provider"] != "dintero":  # whose order sessions tell neither of these
        expect |= {"currency": order["currency"], "reference": order["id"]}
    try:
        answer = client.get(order["session"], expect=expect, timeout_ms=5000)
    except paysession.PaySessionError as error:
        # No answer is not "not paid": the order stays as it is, and whoever runs the shop reads why.
        app.logger.warning("%s: %s. %s", order["id"], error, error.advice)
        return order["state"], False
    if answer.next in STATES:
        state, why = STATES[answer.next], ", ".join(answer.session.holds)
        with database() as db:
            # One of many at the same moment changes the row; the others find it changed.
            changed = db.execute("UPDATE orders SET state = ?, why = ? WHERE id = ? AND state IN ('waiting', 'held')",
                                 [state, why, order["id"]]).rowcount
            if changed and state == "shipped":
                db.execute("INSERT INTO shipments VALUES (?)", [order["id"]])
    return find(address)["state"], True


def page(title: str, words: Optional[str] = None, *, again: bool = False, providers: Iterable[str] = ()) -> str:
    return flask.render_template_string(PAGE, title=title, words=words, again=again, providers=providers)


@app.get("/")
def front() -> str:
    return page(f"Coffee, {PRICE // 100}.{PRICE % 100:02}", providers=CURRENCY)


@app.post("/buy")
def buy() -> flask.typing.ResponseReturnValue:
    provider = flask.request.form.get("provider", "")
    if provider not in CURRENCY:
        flask.abort(400)
    address = secrets.token_urlsafe(16)  # nobody guesses it: who has it sees the order
    with database() as db:
        db.execute("INSERT INTO orders (id, address, provider, amount_minor, currency) "
                   "SELECT 'A-' || (1001 + COUNT(*)), ?, ?, ?, ? FROM orders",
                   [address, provider, PRICE, CURRENCY[provider]])
    try:
        session, pay_url = open_session(find(address))
    except OSError as error:
        app.logger.error("no session: %s", error)
        return page("Not bought", "The payment provider cannot be reached. Nothing was charged."), 502
    with database() as db:
        db.execute("UPDATE orders SET session = ? WHERE address = ?", [session, address])
    return flask.redirect(pay_url, 303)


@app.get("/order/<address>")
def order(address: str) -> str:
    state, is_answered = settle(address)
    words = WORDS["unheard" if state == "waiting" and not is_answered else state]
    return page("Your order", words, again=state == "waiting")


@app.route("/callback/<address>", methods=["GET", "POST"])
def callback(address: str) -> flask.typing.ResponseReturnValue:
    """The provider called, or somebody who says so: a reason to look at the session that is stored for this order,
    whichever one the callback names. Where nothing was learnt, it may come again. Ledyer and Inbank sign nothing that
    could be checked: theirs are a reason to look too."""
    order = find(address)
    try:
        client.callback(order["provider"], *paysession.Incoming.from_flask(flask.request, f"http://localhost:{given.port}"))
    except paysession.NotGenuine as error:
        # Too old or too new, it was signed by the provider: an old one is sent again, or a clock is wrong.
        is_alarm = error.callback.reason in ("too_old", "too_new")
        app.logger.error("%s: %s: %s", order["id"], "ALARM, a genuine callback is refused" if is_alarm
                         else "no callback of the provider", error)
        return "", 400
    except paysession.Mismatched:  # genuine, and another account's
        return "", 200
    except paysession.DocumentError:
        return "", 400
    _, is_answered = settle(address)
    return "", 200 if is_answered else 503


@app.after_request
def private(response: flask.Response) -> flask.Response:
    """An order's address is its key: no cache keeps the page, and no other site hears where the customer was."""
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


if __name__ == "__main__":
    app.run(port=given.port, threaded=True)
