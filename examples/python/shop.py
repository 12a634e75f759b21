# SPDX-License-Identifier: MIT
"""A shop that sells coffee: an order, a payment page, and back. To be played against the sandbox.

    python shop.py CONFIG [--port 5000] [--database shop.db]

The customer's return and the provider's callback both end in settle(), which reads the session and acts on the
library's decision. What either of them says is never believed.
"""

import argparse
import json
import secrets
import sqlite3
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import flask

import paysession

AMOUNT = 4200  # minor units: 42.00
CURRENCY = {"inbank": "EUR", "kustom": "SEK", "dintero": "SEK", "ledyer": "SEK"}
STATES = {"ship": "shipped", "wait": "waiting", "release": "released", "hold": "held"}
WORDS = {
    "shipped": "Paid. Your coffee is on its way.",
    "waiting": "Not paid yet. This page looks again by itself.",
    "released": "The payment did not come about, and your order is cancelled. Nothing was charged.",
    "held": "We are looking at your payment by hand, and write to you.",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{{ title }}</title><link rel="icon" href="data:,">
{% if again %}<meta http-equiv="refresh" content="2">{% endif %}
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem }
button { font: inherit; padding: .5rem 1rem; margin: 0 .25rem .5rem 0 }</style></head>
<body><h1>{{ title }}</h1>{% if words %}<p>{{ words }}</p>{% endif %}
{% if providers %}<form method="post" action="/buy">
{% for name in providers %}<button name="provider" value="{{ name }}">Buy with {{ name|capitalize }}</button>
{% endfor %}</form>{% else %}<p><a href="/">Back to the shop</a></p>{% endif %}</body></html>"""

parser = argparse.ArgumentParser()
parser.add_argument("config", type=Path)
parser.add_argument("--port", type=int, default=5000)
parser.add_argument("--database", default="shop.db")
given = parser.parse_args()
try:
    client = paysession.Client.from_file(str(given.config))
except paysession.PaySessionError as error:
    sys.exit(str(error))
app = flask.Flask(__name__)


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """A connection, and a transaction on it, for as long as the block lasts."""
    with closing(sqlite3.connect(given.database, timeout=10)) as opened, opened:
        yield opened


with database() as db:
    db.execute("CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, address TEXT UNIQUE, provider TEXT, "
               "session TEXT, state TEXT DEFAULT 'waiting', why TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS shipments (number INTEGER PRIMARY KEY)")


def open_session(provider: str, number: int, address: str) -> tuple[str, str]:
    """A new payment session: its reference, and where the customer pays. A real shop calls its provider here, and
    this is all that it does differently."""
    sandbox = json.loads((given.config.parent / "sandbox.json").read_text())["page"]
    shop = f"http://localhost:{given.port}"
    wanted = {"provider": provider, "amount": AMOUNT, "currency": CURRENCY[provider], "reference": f"A-{number}",
              "return_url": f"{shop}/order/{address}", "callback": {"url": f"{shop}/callback/{address}"}}
    request = urllib.request.Request(f"{sandbox}/sandbox/sessions", json.dumps(wanted).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        made = json.load(response)
    return made["session"], made["pay_url"]


def settle(address: str) -> tuple[str, bool]:
    """Reads the session of an order and does what the library decides: the order's state, and whether there was
    an answer. However often and from wherever it is called, a parcel is sent once."""
    with database() as db:
        order = db.execute("SELECT number, provider, session, state FROM orders WHERE address = ?", [address]).fetchone()
    if order is None:
        flask.abort(404)
    number, provider, session, state = order
    if state in ("shipped", "released"):
        return state, True
    if session is None:  # a callback was quicker than the answer of open_session()
        return state, False
    expect: paysession.Expect = {"amount": AMOUNT}
    if provider != "dintero":  # whose order sessions tell neither of these
        expect |= {"currency": CURRENCY[provider], "reference": f"A-{number}"}
    try:
        answer = client.get(session, expect=expect, timeout_ms=5000)
    except paysession.PaySessionError as error:
        if error.answer is None:
            raise
        answer = error.answer  # no answer of the provider, which is not "not paid"
    state = STATES[answer.decision]
    why = answer.error.message if answer.error else ", ".join(answer.session.holds if answer.session else ())
    with database() as db:
        # One of many at the same moment changes the row; the others find it changed.
        changed = db.execute("UPDATE orders SET state = ?, why = ? WHERE number = ? AND state IN ('waiting', 'held')",
                             [state, why, number]).rowcount
        if changed and state == "shipped":
            db.execute("INSERT INTO shipments VALUES (?)", [number])
        (state,) = db.execute("SELECT state FROM orders WHERE number = ?", [number]).fetchone()
    return state, answer.error is None


@app.get("/")
def front() -> str:
    return flask.render_template_string(PAGE, title="Coffee, 42.00", words=None, again=False, providers=CURRENCY)


@app.post("/buy")
def buy() -> flask.typing.ResponseReturnValue:
    provider = flask.request.form.get("provider", "")
    if provider not in CURRENCY:
        flask.abort(400)
    address = secrets.token_urlsafe(16)  # nobody guesses it
    with database() as db:
        number = db.execute("INSERT INTO orders (address, provider) VALUES (?, ?)", [address, provider]).lastrowid
    assert number is not None
    session, pay_url = open_session(provider, number, address)
    with database() as db:
        db.execute("UPDATE orders SET session = ? WHERE number = ?", [session, number])
    return flask.redirect(pay_url, 303)


@app.get("/order/<address>")
def order(address: str) -> str:
    state, _ = settle(address)
    return flask.render_template_string(
        PAGE, title="Your order", words=WORDS[state], again=state == "waiting", providers=None)


@app.route("/callback/<address>", methods=["GET", "POST"])
def callback(address: str) -> flask.typing.ResponseReturnValue:
    """Whoever calls, and whatever it says: it is a reason to look. Where nothing was learnt, it may come again."""
    _, is_answered = settle(address)
    return "", 204 if is_answered else 503


if __name__ == "__main__":
    app.run(port=given.port, threaded=True)
