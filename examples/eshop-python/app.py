# SPDX-License-Identifier: MIT
"""The shop's pages. $SHOP_CONFIG names the library's configuration, beside which the sandbox leaves its own,
$SHOP_DATABASE the file of the orders, and $SHOP_ADDRESS where customers and callbacks find the shop."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import flask
from flask.typing import ResponseReturnValue
from orders import CURRENCIES, PRICE, Order, Orders

import paysession

CONFIG = Path(os.environ["SHOP_CONFIG"])
#: Never the request's Host: whoever sends one could have customers and callbacks led elsewhere.
ADDRESS = os.environ.get("SHOP_ADDRESS", "http://localhost:5002")

WORDS = {
    "shipped": "Paid. Your coffee is on its way.",
    "waiting": "Not paid yet. This page looks again by itself.",
    "unheard": "We cannot see yet whether it is paid. This page looks again by itself.",
    "released": "The payment did not come about, and your order is cancelled. Nothing was charged.",
    "held": "We are looking at your payment by hand, and write to you.",
}
#: Seconds after which the page of an order looks again; a person is slower than a payment.
AGAIN = {"waiting": 2, "held": 30}

app = flask.Flask(__name__)
#: More than any form and any callback has: nobody fills the memory with one request.
app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
pay = paysession.Client.from_file(CONFIG)
orders = Orders(Path(os.environ["SHOP_DATABASE"]), pay)


def open_session(order: Order) -> tuple[str, str]:
    """A new payment session: its reference for the library, and where the customer pays. This is the one function
    that a real shop replaces by its provider's own create call. Raises OSError."""
    sandbox = json.loads(CONFIG.with_name("sandbox.json").read_bytes())["page"]
    wanted = {"provider": order.provider, "amount": order.amount_minor, "currency": order.currency,
              "reference": order.id, "return_url": f"{ADDRESS}/order/{order.address}",
              "callback": {"url": f"{ADDRESS}/callback/{order.address}"}}
    request = urllib.request.Request(f"{sandbox}/sandbox/sessions", json.dumps(wanted).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        made = json.load(response)
    return made["session"], made["pay_url"]


@app.get("/")
def front() -> str:
    return flask.render_template("front.html", title=f"Coffee, {PRICE // 100}.{PRICE % 100:02}", providers=CURRENCIES)


@app.post("/buy")
def buy() -> ResponseReturnValue:
    provider = flask.request.form.get("provider", "")
    if provider not in CURRENCIES:
        flask.abort(400)
    order = orders.add(provider)
    try:
        session, pay_url = open_session(order)
    except OSError as error:
        app.logger.error("%s: no session: %s", order.id, error)
        return flask.render_template("page.html", title="Not bought", words="The payment provider cannot be reached. "
                                     "Nothing was charged."), 502
    orders.pay_by(order, session)
    return flask.redirect(pay_url, 303)


@app.get("/order/<address>")
def returned(address: str) -> str:
    """The customer is back, whatever the outcome."""
    now, is_answered = orders.settle(orders.find(address) or flask.abort(404))
    words = WORDS["unheard" if now.state == "waiting" and not is_answered else now.state]
    return flask.render_template("page.html", title="Your order", words=words, again=AGAIN.get(now.state))


@app.route("/callback/<address>", methods=["GET", "POST"])
def callback(address: str) -> ResponseReturnValue:
    """The provider called, or somebody who says so: a reason to look at the session that the shop itself has stored for
    this order, whichever one the callback names. Once more is no harm, so no callback's `id` is kept. The answers: 200,
    of which Ledyer wants no other; 503 where nothing was learnt, for it to come again; 400, which Dintero never tries
    again, only for what is not to be believed."""
    order = orders.find(address) or flask.abort(404)
    try:
        # By the address that the provider was given, not by the one in the request: a proxy may have changed that.
        # One that nothing can be checked by (Ledyer, Inbank) comes back like a genuine one, and is a reason to look too.
        pay.callback(order.provider, *paysession.Incoming.from_flask(flask.request, ADDRESS))
    except paysession.NotGenuine as error:
        if error.callback.reason in ("too_old", "too_new"):
            # Signed by the provider: somebody sends an old one again, or a clock is wrong and callbacks are lost.
            app.logger.error("%s: ALARM, a genuine callback is refused: %s", order.id, error)
        else:
            app.logger.warning("%s: no callback of %s: %s", order.id, order.provider, error)
        return "", 400
    except paysession.Mismatched:  # genuine, and another account's
        return "", 200
    except paysession.DocumentError:
        return "", 400
    _, is_answered = orders.settle(order)
    return "", 200 if is_answered else 503


@app.cli.command("settle")
def settle() -> None:
    """Looks at each order that is not settled: each night, for those whose customer and callback never came."""
    for each in orders.unsettled():
        orders.settle(each)


@app.after_request
def private(response: flask.Response) -> flask.Response:
    """An order's address is its key: no cache keeps the page, and no other site hears where the customer was."""
    response.headers.update({
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response
