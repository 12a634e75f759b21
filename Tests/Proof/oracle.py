# SPDX-License-Identifier: MIT
"""What the contract says to a document, worked out a second time and knowing nothing of the first.

`judge` answers as session_normalize() should. `property_holds` states the one sentence that all of
this is for, in its own words and with its own reading of the bytes. Both take the provider's name,
the bytes as they came and the options' text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from currencies import MINOR_DIGITS

INT64 = range(-(2**63), 2**63)
DEEPEST = 128

WORDS = {
    "inbank": {
        "pending": "pending", "granted": "action_required", "completed": "completed",
        "cancelled": "cancelled", "declined": "declined", "expired": "expired",
    },
    "kustom": {
        "CREATED": "open", "ACTIVE": "pending", "FINALIZED": "completed",
        "CANCELLED": "cancelled", "EXPIRED": "expired", "FAILED": "failed",
    },
    "ledyer": {
        "open": "open", "locked": "pending", "pendingSca": "action_required",
        "awaitingSignatory": "action_required", "authorized": "completed",
        "cancelled": "cancelled", "expired": "expired",
    },
}
STATUS_FIELD = {"inbank": "status", "kustom": "status", "ledyer": "state"}
NAMES = {
    "inbank": ["uuid"], "kustom": ["session_id"], "dintero": ["id"], "ledyer": ["id", "orderId"],
}
PROVIDERS = tuple(NAMES)
FINAL = {"completed", "declined", "failed", "cancelled", "expired"}


class Verdict(NamedTuple):
    """What is compared with the library's answer; everything after `result` only if that is ok."""

    result: str
    status: str = "unknown"
    paid: str = "unknown"
    final: bool | None = None
    holds: tuple[str, ...] | None = None
    minor: int | None = None
    currency: str | None = None
    expectations: tuple[str | None, str | None, str | None] | None = None
    id: str | None = None
    reference: str | None = None


# ---- JSON, RFC 8259 to the letter ---------------------------------------------------------------


class Malformed(Exception):
    """Not JSON, or JSON that the contract refuses."""


class Number(str):
    """A number as it was written: no float, no limit, no rounding."""


def refuse(_: str) -> None:
    raise Malformed("NaN and Infinity are no JSON")


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a key twice")
    for key in found:
        if "\0" in key:
            raise Malformed("a NUL in a key")  # Silent in the contract; Tests/Cases nul-in-key.
    return found


DECODER = json.JSONDecoder(
    object_pairs_hook=object_of, parse_int=Number, parse_float=Number, parse_constant=refuse)
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.S)
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
BLANK = " \t\r\n"


def depth(text: str) -> int:
    """Levels of nesting; for text that is known to be JSON."""
    level = deepest = 0
    for match in BRACKETS.finditer(text):
        character = text[match.start()]
        if character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def half_a_pair(value: Any) -> bool:
    """Whether a lone surrogate stands anywhere: JSON can escape one, UTF-8 cannot say it."""
    if type(value) is str:
        return any("\ud800" <= character <= "\udfff" for character in value)
    if type(value) is dict:
        return any(half_a_pair(key) or half_a_pair(each) for key, each in value.items())
    return type(value) is list and any(map(half_a_pair, value))


def read(document: bytes) -> dict[str, Any]:
    """The document as an object, or Malformed."""
    try:
        text = document.decode("utf-8", "strict").strip(BLANK)
        value, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if end != len(text) or type(value) is not dict:
        raise Malformed("more than one value, or no object")
    if text.count("[") + text.count("{") > DEEPEST and depth(text) > DEEPEST:
        raise Malformed("too deep")
    if SURROGATE.search(text) and half_a_pair(value):
        raise Malformed("half a surrogate pair")
    return value


def inside(value: Any, *keys: str) -> Any:
    for key in keys:
        if type(value) is not dict:
            return None
        value = value.get(key)
    return value


def words(value: Any, *keys: str) -> str | None:
    """A text that says something: an empty one names nothing, another type is no text."""
    found = inside(value, *keys)
    return found if type(found) is str and found else None


# ---- Money and time -----------------------------------------------------------------------------


def integer(value: Any) -> int | None:
    """Minor units are written as an integer; a fraction or an exponent makes it something else."""
    if type(value) is not Number or len(value) > 20 or set(value) & set(".eE"):
        return None
    found = int(value)
    return found if found in INT64 else None


NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?", re.A)


def scaled(value: Any, digits: int) -> int | None:
    """Major units in minor ones, exactly or not at all: only the digits are moved."""
    if type(value) is not Number:
        return None
    match = NUMBER.fullmatch(value)
    assert match, value
    sign, whole, fraction, exponent_sign, exponent = (part or "" for part in match.groups())
    mantissa = (whole + fraction).lstrip("0")
    if not mantissa:
        return 0
    kept = mantissa.rstrip("0")
    # 18 digits of exponent move the point further than any document is long.
    power = int(exponent.lstrip("0")[:18] or "0") if exponent else 0
    if len(exponent.lstrip("0")) > 18:
        power = 10**18
    power = (-power if exponent_sign == "-" else power) - len(fraction) + digits
    power += len(mantissa) - len(kept)
    if power < 0 or len(kept) + power > 19:
        return None
    found = int(sign + kept + "0" * power)
    return found if found in INT64 else None


TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|([+-])(\d\d):?(\d\d))",
    re.A)


def is_timestamp(text: str | None) -> bool:
    """A moment that can be told in UTC with four digits of year."""
    match = TIMESTAMP.fullmatch(text) if text else None
    if not match:
        return False
    *parts, sign, hours, minutes = match.groups()
    year, *rest = map(int, parts)
    # The calendar repeats every 400 years; datetime ends at 1 and 9999, where offsets go further.
    shift = 400 if year < 5000 else -400
    try:
        moment = datetime(year + shift, *rest)
    except ValueError:
        return False
    if not sign:
        return True
    if int(hours) > 23 or int(minutes) > 59:
        return False
    away = timedelta(hours=int(hours), minutes=int(minutes))
    moment = moment - away if sign == "+" else moment + away
    return 0 <= moment.year - shift <= 9999


# ---- Options ------------------------------------------------------------------------------------


class Options(NamedTuple):
    """What was asked; None where it was not."""

    id: str | None = None
    trust: bool = False
    expect: Mapping[str, Any] | None = None


class Invalid(Exception):
    """SESSION_INVALID_ARGUMENT."""


def is_identifier(value: Any) -> bool:
    return (type(value) is str and value not in ("", ".", "..")
            and len(value.encode("utf-8")) <= 128
            and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value))


def asked(provider: str, text: bytes | None) -> Options:
    """The options, or Invalid. The contract names the keys and what they mean; it is silent on what
    is wrong with them, apart from identifiers. There this follows the library: an unknown key (a
    known one that this provider has no use for included), a wrong type, null, a negative amount, an
    empty reference and a code without minor unit are all refused, never ignored."""
    if text is None:
        return Options()
    try:
        options = read(text)
    except Malformed as error:
        raise Invalid from error
    known = {"id", "expect"} | ({"trust_processed_at"} if provider == "dintero" else set())
    expect = options.get("expect", {})
    if set(options) - known or type(expect) is not dict:
        raise Invalid
    if set(expect) - {"amount", "currency", "reference"}:
        raise Invalid
    if "id" in options and not is_identifier(options["id"]):
        raise Invalid
    if type(options.get("trust_processed_at", False)) is not bool:
        raise Invalid
    told: dict[str, Any] = {}
    if "amount" in expect:
        told["amount"] = integer(expect["amount"])
        if told["amount"] is None or told["amount"] < 0:
            raise Invalid
    if "currency" in expect:
        told["currency"] = expect["currency"]
        if type(told["currency"]) is not str or told["currency"] not in MINOR_DIGITS:
            raise Invalid
    if "reference" in expect:
        told["reference"] = expect["reference"]
        if type(told["reference"]) is not str or not told["reference"]:
            raise Invalid
    return Options(options.get("id"), options.get("trust_processed_at", False), told or None)


# ---- The judgement ------------------------------------------------------------------------------


def compare(expect: Mapping[str, Any], key: str, found: Any) -> str | None:
    if key not in expect:
        return None
    if found is None:
        return "not_provided"
    return "match" if found == expect[key] else "mismatch"


def status_of(provider: str, document: dict[str, Any]) -> str:
    if provider != "dintero":
        return WORDS[provider].get(words(document, STATUS_FIELD[provider]) or "", "unknown")
    if document.get("success") is False:
        return "failed"
    return "completed" if is_timestamp(words(document, "processed_at")) else "pending"


def money_of(provider: str, document: dict[str, Any]) -> tuple[int | None, str | None]:
    """The amount in minor units, and the currency; each None where it cannot be read."""
    if provider == "dintero":
        return integer(document.get("amount")), None
    code = {
        "inbank": words(document, "currency"),
        "kustom": words(document, "purchase_currency"),
        "ledyer": words(document, "order", "currency"),
    }[provider]
    if code not in MINOR_DIGITS:
        return None, None
    if provider == "inbank":
        return scaled(document.get("totalAmount"), MINOR_DIGITS[code]), code
    if provider == "kustom":
        return integer(document.get("order_amount")), code
    return integer(inside(document, "order", "totalOrderAmount")), code


def reference_of(provider: str, document: dict[str, Any]) -> str | None:
    if provider == "inbank":
        return words(document, "purchase", "purchaseReference")
    if provider == "kustom":
        return words(document, "merchant_reference1")
    return words(document, "order", "reference") if provider == "ledyer" else None


def judge(provider: str, bytes_: bytes, options: bytes | None) -> Verdict:
    try:
        wanted = asked(provider, options)
    except Invalid:
        return Verdict("invalid_argument")
    try:
        document = read(bytes_)
    except Malformed:
        return Verdict("malformed")

    names = [name for name in (words(document, key) for key in NAMES[provider]) if name]
    if wanted.id is not None and names and wanted.id not in names:
        return Verdict("mismatched")

    status = status_of(provider, document)
    minor, currency = money_of(provider, document)
    reference = reference_of(provider, document)
    expect = wanted.expect
    told = None
    if expect is not None:
        told = (compare(expect, "amount", minor), compare(expect, "currency", currency),
                compare(expect, "reference", reference))

    completed = status == "completed"
    method = words(document, "customer", "paymentMethod", "type")
    doubts = {
        "unidentified": completed and not names,
        "amount_unreadable": completed and minor is None,
        "no_payment_state": provider == "dintero" and status != "failed" and not wanted.trust,
        "advance_invoice": completed and provider == "ledyer" and method == "advanceInvoice",
    }
    for key, outcome in zip(("amount", "currency", "reference"), told or ()):
        if outcome in ("mismatch", "not_provided"):
            doubts[f"{key}_{outcome}"] = completed
    holds = tuple(hold for hold, holding in doubts.items() if holding)

    if holds or status == "unknown":
        paid = "unknown"
    else:
        paid = "yes" if completed else "no"
    return Verdict("ok", status, paid, status in FINAL, holds, minor,
                   None if minor is None else currency, told,
                   words(document, NAMES[provider][0]), reference)


def told_by(answer: Mapping[str, Any]) -> Verdict:
    """The library's answer, as JSON without `raw`, in the same form."""
    session = answer["session"]
    if session is None:
        return Verdict(answer["result"])
    amount, expectations = session["amount"] or {}, session["expectations"]
    return Verdict(
        answer["result"], session["status"], session["paid"], session["final"],
        tuple(session["holds"]), amount.get("minor"), amount.get("currency"),
        expectations and tuple(expectations[key] for key in ("amount", "currency", "reference")),
        session["id"], session["merchant_reference"])


# ---- The property -------------------------------------------------------------------------------


class Token:
    """A number; its value is asked for only where it counts, since Decimal too has an end."""

    def __init__(self, written: str) -> None:
        self.written = written

    def exactly(self) -> Decimal | None:
        if not re.search("[1-9]", re.split("[eE]", self.written)[0]):
            return Decimal(0)
        try:
            return Decimal(self.written)
        except ArithmeticError:
            return None


def strictly(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), "the bytes say something twice"
    return dict(pairs)


def property_holds(
    provider: str, bytes_: bytes, options: bytes | None, answer: Mapping[str, Any]
) -> bool:
    """`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the
    listed value, the amount can be read, and no hold applies.

    One way only: what is not "yes" is never unsafe. It shares no line with `judge`."""
    session = answer["session"]
    if not session or session["paid"] != "yes":
        return True
    try:
        text = bytes_.decode()
        came = json.loads(text, parse_float=Token, parse_int=Token, parse_constant=lambda _: 1 / 0,
                          object_pairs_hook=strictly)
        asking = json.loads(options or b"{}", object_pairs_hook=strictly)
        text.encode(), json.dumps(came, default=str, ensure_ascii=False).encode()
    except (ValueError, ArithmeticError, AssertionError, RecursionError):
        return False
    expect = asking.get("expect", {}) if isinstance(asking, dict) else None
    if not isinstance(came, dict) or not isinstance(expect, dict):
        return False
    if answer["result"] != "ok" or session["holds"]:
        return False
    order = came.get("order") if isinstance(came.get("order"), dict) else {}
    customer = came.get("customer") if isinstance(came.get("customer"), dict) else {}
    purchase = came.get("purchase") if isinstance(came.get("purchase"), dict) else {}
    if provider == "inbank":
        ids = [came.get("uuid")]
        listed = came.get("status") == "completed"
        amount, code = came.get("totalAmount"), came.get("currency")
        reference = purchase.get("purchaseReference")
    elif provider == "kustom":
        ids = [came.get("session_id")]
        listed = came.get("status") == "FINALIZED"
        amount, code = came.get("order_amount"), came.get("purchase_currency")
        reference = came.get("merchant_reference1")
    elif provider == "ledyer":
        ids = [came.get("id"), came.get("orderId")]
        method = customer.get("paymentMethod")
        prepaid = isinstance(method, dict) and method.get("type") == "advanceInvoice"
        listed = came.get("state") == "authorized" and not prepaid
        amount, code = order.get("totalOrderAmount"), order.get("currency")
        reference = order.get("reference")
    else:
        ids = [came.get("id")]
        # The offset's digits may stand without a colon: datetime reads both, and refuses 60.
        moment = came.get("processed_at")
        try:
            fraction_cut = re.sub(r"\.\d{1,9}(?=[zZ+-])", "", str(moment), count=1)
            listed = datetime.fromisoformat(fraction_cut.upper()).tzinfo is not None
        except ValueError:
            listed = str(moment).startswith("0000-")  # A year that datetime does not know.
        listed = (listed and isinstance(moment, str) and came.get("success") is not False
                  and asking.get("trust_processed_at") is True)
        amount, code, reference = came.get("amount"), None, None

    named = [each for each in ids if isinstance(each, str) and each]
    if not listed or not named or ("id" in asking and asking["id"] not in named):
        return False
    if not isinstance(amount, Token) or (provider != "dintero" and str(code) not in MINOR_DIGITS):
        return False
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 999999, 999999, -999999
        told = session["amount"]
        exponent = MINOR_DIGITS[code] if provider == "inbank" else 0
        if told["currency"] != code or Decimal(told["minor"]).scaleb(-exponent) != amount.exactly():
            return False
    return (expect.get("amount", told["minor"]) == told["minor"] and told["minor"] in INT64
            and expect.get("currency", code) == code
            and expect.get("reference", reference) == reference)
