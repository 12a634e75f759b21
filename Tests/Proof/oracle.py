# SPDX-License-Identifier: MIT
"""What the contract says to a document, worked out a second time and knowing nothing of the first.

`judge` answers as session_normalize() should. `property_holds` states the one sentence that all of
this is for, in its own words and with its own reading of the bytes. Both take the provider's name,
the bytes as they came and the options' text.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
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
METHODS = {"invoice", "card", "serviceInvoice", "bankTransfer", "partPayment"}
CREATED = {
    "inbank": "createdAt", "kustom": "created_at", "dintero": "created_at", "ledyer": "createdAt",
}


class Verdict(NamedTuple):
    """What is compared with the library's answer: after `result`, `retryable` and `decision` if that
    is not ok, everything but `retryable` if it is."""

    result: str
    retryable: bool | None = None
    status: str = "unknown"
    paid: str = "unknown"
    final: bool | None = None
    holds: tuple[str, ...] | None = None
    minor: int | None = None
    currency: str | None = None
    expectations: tuple[str | None, str | None, str | None] | None = None
    id: str | None = None
    reference: str | None = None
    evidence: tuple[str, str | None, str] | None = None
    created_at: str | None = None
    locale: str | None = None
    decision: str = "hold"


def failed(result: str, retryable: bool) -> Verdict:
    """No answer: what a later attempt may mend is waited for, with everything else somebody looks."""
    return Verdict(result, retryable, decision="wait" if retryable else "hold")


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
BLANK = " \t\r\n"
MARK = "\ufeff".encode()


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


def read(document: bytes) -> dict[str, Any]:
    """The document as an object, or Malformed. One byte order mark may stand before everything:
    another one, or one after a blank, is no JSON. Half a surrogate pair stays in the text that has
    it, or in the key, which is then none that anybody looks for."""
    try:
        text = document.removeprefix(MARK).decode("utf-8", "strict").strip(BLANK)
        value, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if end != len(text) or type(value) is not dict:
        raise Malformed("more than one value, or no object")
    if text.count("[") + text.count("{") > DEEPEST and depth(text) > DEEPEST:
        raise Malformed("too deep")
    return value


def is_passing(document: bytes) -> bool:
    """Nothing at all, or a page of HTML: what a server says while it is not well."""
    return document.removeprefix(MARK).lstrip(BLANK.encode())[:1] in (b"", b"<")


def inside(value: Any, *keys: str) -> Any:
    for key in keys:
        if type(value) is not dict:
            return None
        value = value.get(key)
    return value


HALF = re.compile("[\ud800-\udfff]")  # json has put the whole pairs together.


def exact(value: Any) -> str | None:
    """A text that is compared with others: with half a surrogate pair in it, it is none."""
    return value if type(value) is str and not HALF.search(value) else None


def words(value: Any, *keys: str) -> str | None:
    """A text that says something: an empty one names nothing, another type is no text."""
    return exact(inside(value, *keys)) or None


def shown(value: Any, *keys: str) -> str | None:
    """A text that nothing hangs on: what cannot be said in UTF-8 is replaced."""
    found = inside(value, *keys)
    return HALF.sub("\ufffd", found) if type(found) is str and found else None


# ---- Money and time -----------------------------------------------------------------------------


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


def integer(value: Any) -> int | None:
    """Minor units: a number that is whole, however it is written, or a text of digits alone."""
    if type(value) is str and re.fullmatch("[0-9]+", value):
        value = Number(value)
    return scaled(value, 0)


PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def major(value: Any) -> Number | None:
    """Major units: any number, or a plain decimal as a text."""
    if type(value) is str and PLAIN.fullmatch(value):
        value = Number(value)
    return value if type(value) is Number else None


TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    r"(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)", re.A)


def moment(text: str | None) -> str | None:
    """The moment in UTC, as the answer writes it, if four digits of year can say it."""
    match = TIMESTAMP.fullmatch(text) if text else None
    if not match:
        return None
    *parts, second, fraction, sign, hours, minutes = match.groups()
    year, month, day, hour, minute = map(int, parts)
    if int(second) > 60 or int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    # The calendar repeats every 400 years; datetime ends at 1 and 9999, where offsets go further.
    shift = 400 if year < 5000 else -400
    try:
        local = datetime(year + shift, month, day, hour, minute)
    except ValueError:
        return None
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    utc = local + away if sign == "-" else local - away
    if not 0 <= utc.year - shift <= 9999:
        return None
    # No offset moves the seconds, and a leap second stays one.
    fraction = f".{fraction}" if fraction else ""
    return f"{utc.year - shift:04}-{utc:%m-%dT%H:%M}:{second}{fraction}Z"


def is_implausible(processed: str, created: str | None) -> bool:
    """Before there was anything to process, or not yet; both as they were written. Of what moment()
    wrote, the order of the texts is that of the moments: a leap second comes after the 59th and
    before the next minute. A wrong offset moves a moment by hours and proves nothing: before its
    creation is only what is so by its digits as well."""
    at = moment(processed)
    assert at is not None, processed
    if at < "2015-01-01T00:00:00" or at >= "2100-01-01T00:00:00":
        return True
    before = moment(created)
    return (created is not None and before is not None and ordered(at) < ordered(before)
            and ordered(digits(processed)) < ordered(digits(created)))


def digits(text: str) -> str:
    """Date, time and fraction as they were written, in one spelling, without the offset."""
    fraction = re.match(r"\.\d{1,9}", text[19:])
    return text[:19].upper().replace(" ", "T") + (fraction[0] if fraction else "") + "Z"


def ordered(utc: str) -> str:
    whole, _, fraction = utc.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


# ---- Options ------------------------------------------------------------------------------------


class Options(NamedTuple):
    """What was asked; None where it was not."""

    id: str | None = None
    trust: bool = False
    expect: Mapping[str, Any] | None = None


class Invalid(Exception):
    """SESSION_INVALID_ARGUMENT."""


def is_identifier(value: Any) -> bool:
    return (exact(value) not in (None, "", ".", "..")
            and len(value.encode("utf-8", "surrogatepass")) <= 128
            and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value))


def folded(code: Any) -> str | None:
    """A currency that has a minor unit, in capitals; only ASCII letters have another case here."""
    if type(code) is not str or not code.isascii():
        return None
    return code.upper() if code.upper() in MINOR_DIGITS else None


def asked(provider: str, text: bytes | None) -> Options:
    """The options, or Invalid. The contract names the keys and what they mean; it is silent on what
    is wrong with them, apart from identifiers. There this follows the library: an unknown key (a
    known one that this provider has no use for included), a wrong type, null, a negative amount, an
    empty reference and a code without minor unit are all refused, never ignored. Numbers, and the
    letter case of a currency, are read as in a document."""
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
        told["currency"] = folded(expect["currency"])
        if told["currency"] is None:
            raise Invalid
    if "reference" in expect:
        told["reference"] = words(expect, "reference")
        if told["reference"] is None:
            raise Invalid
    return Options(options.get("id"), options.get("trust_processed_at", False), told or None)


# ---- The judgement ------------------------------------------------------------------------------


def compare(expect: Mapping[str, Any], key: str, found: Any) -> str | None:
    if key not in expect:
        return None
    if found is None:
        return "not_provided"
    return "match" if found == expect[key] else "mismatch"


UUID = re.compile("-".join(f"[0-9A-Fa-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12)))


def same(one: str, other: str) -> bool:
    """The same bytes, or the same UUID."""
    both = UUID.fullmatch(one) and UUID.fullmatch(other)
    return one == other or bool(both) and one.lower() == other.lower()


def status_of(provider: str, document: dict[str, Any]) -> str:
    if provider != "dintero":
        return WORDS[provider].get(words(document, STATUS_FIELD[provider]) or "", "unknown")
    if document.get("success") is False:
        return "failed"
    processed = document.get("processed_at")
    if processed is None or processed == "":
        return "pending"
    return "completed" if moment(exact(processed)) else "unknown"


def evidence_of(provider: str, document: dict[str, Any]) -> tuple[str, str | None, str]:
    if provider != "dintero":
        told = exact(document.get(STATUS_FIELD[provider]))
        return STATUS_FIELD[provider], told, "absent" if told is None else "reported"
    if document.get("success") is False:
        return "success", "false", "reported"
    return "processed_at", exact(document.get("processed_at")), "derived"


class Money(NamedTuple):
    """In minor units; each None where it cannot be read. The digits may be, without a currency."""

    minor: int | None
    currency: str | None
    digits: bool


def money_of(provider: str, document: dict[str, Any]) -> Money:
    if provider == "inbank":
        told, code = major(document.get("totalAmount")), folded(document.get("currency"))
        exactly = scaled(told, MINOR_DIGITS[code]) if code else None
        return Money(exactly, code, told is not None)
    if provider == "dintero":
        minor = integer(document.get("amount"))
        return Money(minor, None, minor is not None)
    if provider == "kustom":
        minor, code = integer(document.get("order_amount")), document.get("purchase_currency")
    else:
        minor = integer(inside(document, "order", "totalOrderAmount"))
        code = inside(document, "order", "currency")
    code = folded(code)
    return Money(minor if code else None, code, minor is not None)


def money_doubts(provider: str, money: Money) -> dict[str, bool]:
    nameless = provider != "dintero" and money.currency is None and money.digits
    return {
        "amount_unreadable": money.minor is None and not nameless,
        "currency_unreadable": nameless,
        "amount_negative": money.minor is not None and money.minor < 0,
    }


def reference_of(provider: str, document: dict[str, Any]) -> str | None:
    """The shop's own name of the order: a text, or an integer, which stands for its digits."""
    if provider == "inbank":
        purchase = document.get("purchase")
        told = purchase.get("purchaseReference") if type(purchase) is dict else purchase
    elif provider == "kustom":
        told = document.get("merchant_reference1")
    else:
        told = inside(document, "order", "reference") if provider == "ledyer" else None
    if type(told) is Number:
        return str(told) if re.fullmatch("-?[0-9]+", told) else None
    return exact(told) or None


NOTHING = (None, "")


def method_doubt(document: dict[str, Any]) -> str | None:
    """Ledyer: why the payment method holds a completed session, of which only some are known to be
    paid then. A method may stand at two places, and nobody can say which one counts."""
    customer = document.get("customer")
    told, readable = [], customer in NOTHING or type(customer) is dict
    for method in (inside(customer, "paymentMethod"), document.get("paymentMethod")):
        if type(method) is dict:
            told.append(method.get("type"))
        else:
            readable = readable and method in NOTHING
    told = [word for word in told if word not in NOTHING]
    if "advanceInvoice" in told:
        return "advance_invoice"
    known = all(type(word) is str and word in METHODS for word in told)
    return None if readable and known else "payment_method_unknown"


def judge(provider: str, bytes_: bytes, options: bytes | None) -> Verdict:
    try:
        wanted = asked(provider, options)
    except Invalid:
        return failed("invalid_argument", False)
    try:
        document = read(bytes_)
    except Malformed:
        return failed("malformed", is_passing(bytes_))

    names = [(key, name) for key in NAMES[provider] if (name := words(document, key))]
    if wanted.id is not None and names and not any(
            same(wanted.id, name) for key, name in names
            # A session's order is not the session: it is asked for as or_... .
            if key != "orderId" or wanted.id.startswith("or_")):
        return failed("mismatched", False)

    status = status_of(provider, document)
    money = money_of(provider, document)
    reference = reference_of(provider, document)
    created = moment(words(document, CREATED[provider]))
    expect = wanted.expect
    told = None
    if expect is not None:
        told = (compare(expect, "amount", money.minor), compare(expect, "currency", money.currency),
                compare(expect, "reference", reference))

    completed, dintero = status == "completed", provider == "dintero"
    processed = words(document, "processed_at") if dintero and completed else None
    was_created = words(document, "created_at")
    doubt = method_doubt(document) if provider == "ledyer" and completed else None
    said = document.get("success")
    doubts = {
        "unidentified": completed and not names,
        "status_unknown": status == "unknown" and not dintero,
        "success_unreadable": dintero and not (said is None or said is True or said is False),
        "time_unreadable": dintero and status == "unknown",
        "time_implausible": processed is not None and is_implausible(processed, was_created),
        **{hold: completed and why for hold, why in money_doubts(provider, money).items()},
        "no_payment_state": dintero and status != "failed" and not wanted.trust,
        "advance_invoice": doubt == "advance_invoice",
        "payment_method_unknown": doubt == "payment_method_unknown",
    }
    for key, outcome in zip(("amount", "currency", "reference"), told or ()):
        if outcome in ("mismatch", "not_provided"):
            doubts[f"{key}_{outcome}"] = completed
    holds = tuple(hold for hold, holding in doubts.items() if holding)

    paid = "unknown" if holds else "yes" if completed else "no"
    decision = {"yes": "ship", "no": "release" if status in FINAL else "wait"}.get(paid, "hold")
    return Verdict(
        "ok", None, status, paid, status in FINAL, holds, money.minor,
        None if money.minor is None else money.currency, told, words(document, NAMES[provider][0]),
        reference, evidence_of(provider, document), created,
        shown(document, "order", "locale") if provider == "ledyer"
        else shown(document, "locale") if provider == "inbank" else None, decision)


def told_by(answer: Mapping[str, Any]) -> Verdict:
    """The library's answer, as JSON without `raw`, in the same form."""
    session = answer["session"]
    if session is None:
        return Verdict(answer["result"], answer["error"]["retryable"], decision=answer["decision"])
    amount, expectations = session["amount"] or {}, session["expectations"]
    evidence = session["evidence"]
    return Verdict(
        answer["result"], None, session["status"], session["paid"], session["final"],
        tuple(session["holds"]), amount.get("minor"), amount.get("currency"),
        expectations and tuple(expectations[key] for key in ("amount", "currency", "reference")),
        session["id"], session["merchant_reference"],
        (evidence["field"], evidence["value"], evidence["basis"]), session["created_at"],
        session["locale"], answer["decision"])


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


def parsed(bytes_: bytes) -> Any:
    if bytes_[:3] == b"\xef\xbb\xbf":
        bytes_ = bytes_[3:]
    return json.loads(bytes_.decode(), parse_float=Token, parse_int=Token,
                      parse_constant=lambda _: 1 / 0, object_pairs_hook=strictly)


def is_sayable(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.encode() != b""
    except UnicodeEncodeError:
        return False


def worth(value: Any, is_major: bool) -> Decimal | None:
    """What a number comes to, or a text of digits; in major units with a sign and a point."""
    if isinstance(value, Token):
        return value.exactly()
    if not isinstance(value, str) or not value.isascii():
        return None
    parts = value.removeprefix("-").split(".") if is_major else [value]
    return Decimal(value) if len(parts) < 3 and all(map(str.isdigit, parts)) else None


def named_order(value: Any) -> str | None:
    if isinstance(value, Token) and value.written.removeprefix("-").isdigit():
        return value.written
    return value if is_sayable(value) else None


def spelt_as_one(name: str) -> str:
    """UUIDs have many spellings; only letter case is no other identifier."""
    try:
        usual = str(uuid.UUID(name))
    except ValueError:
        return name
    return usual if name.isascii() and name.lower() == usual else name


def instant(text: Any) -> tuple[datetime, bool, str] | None:
    """A moment, whether it is in a leap second, and the fraction: in this order they compare."""
    if not isinstance(text, str) or not text.isascii():
        return None
    day, leap = text[:17].upper().replace(" ", "T"), text[17:19] == "60"
    fraction, zone = re.fullmatch(r"(?:\.(\d{1,9}))?(.*)", text[19:], re.S).groups()  # type: ignore
    if re.sub(r"\d", "0", day) != "0000-00-00T00:00:":
        return None
    if len(zone) not in (1, 3, 5, 6) or zone[0] not in "Zz+-":
        return None
    if len(zone) > 3 and zone[-2:] > "59":
        return None
    try:
        told = datetime.fromisoformat(day + ("59" if leap else text[17:19]) + zone.upper())
        return told.astimezone(timezone.utc), leap, (fraction or "").ljust(9, "0")
    except (ValueError, OverflowError):  # Also the years that datetime does not know.
        return None


def was_processed(came: dict[str, Any]) -> bool:
    when, before = instant(came.get("processed_at")), instant(came.get("created_at"))
    success = came.get("success")
    return (when is not None and (success is None or success is True)
            and 2015 <= when[0].year < 2100
            and (before is None or before <= when or at_sight(came, "created_at") <= at_sight(
                came, "processed_at")))


def at_sight(came: dict[str, Any], key: str) -> tuple[str, str]:
    """What a clock on the wall would have shown, whatever zone it hung in."""
    told = str(came[key]).upper().replace(" ", "T")
    fraction = re.match(r"\.(\d+)", told[19:])
    return told[:19], fraction[1].ljust(9, "0") if fraction else ""


def is_settled(came: dict[str, Any]) -> bool:
    """Whether nothing is said of how it is paid, or only what counts as paid."""
    customer, said = came.get("customer"), [came.get("paymentMethod")]
    if isinstance(customer, dict):
        said.append(customer.get("paymentMethod"))
    elif customer is not None and customer != "":
        return False
    for method in said:
        kind = method.get("type") if isinstance(method, dict) else None
        silent = kind is None or kind == ""
        if silent and isinstance(method, dict) or method is None or method == "":
            continue
        if kind not in ["bankTransfer", "card", "invoice", "partPayment", "serviceInvoice"]:
            return False
    return True


def property_holds(
    provider: str, bytes_: bytes, options: bytes | None, answer: Mapping[str, Any]
) -> bool:
    """`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the
    listed value, the amount can be read and is none below zero, and no hold applies.

    One way only: what is not "yes" is never unsafe. It shares no line with `judge`."""
    session = answer["session"]
    if not session or session["paid"] != "yes":
        return True
    try:
        came, asking = parsed(bytes_), parsed(options or b"{}")
    except (ValueError, ArithmeticError, AssertionError, RecursionError):
        return False
    expect = asking.get("expect", {}) if isinstance(asking, dict) else None
    if not isinstance(came, dict) or not isinstance(expect, dict):
        return False
    if answer["result"] != "ok" or session["holds"]:
        return False
    order: Any = came.get("order")
    order = order if isinstance(order, dict) else {}
    if provider == "inbank":
        ids = [came.get("uuid")]
        listed = came.get("status") == "completed"
        amount, code = came.get("totalAmount"), came.get("currency")
        reference = came.get("purchase")
        if isinstance(reference, dict):
            reference = reference.get("purchaseReference")
    elif provider == "kustom":
        ids = [came.get("session_id")]
        listed = came.get("status") == "FINALIZED"
        amount, code = came.get("order_amount"), came.get("purchase_currency")
        reference = came.get("merchant_reference1")
    elif provider == "ledyer":
        ids = [came.get("id"), came.get("orderId")]
        listed = came.get("state") == "authorized" and is_settled(came)
        amount, code = order.get("totalOrderAmount"), order.get("currency")
        reference = order.get("reference")
    else:
        ids = [came.get("id")]
        listed = was_processed(came) and asking.get("trust_processed_at") is True
        amount, code, reference = came.get("amount"), None, None

    named = [spelt_as_one(str(each)) for each in ids if is_sayable(each)]
    if not listed or not named:
        return False
    if "id" in asking and not str(asking["id"]).startswith("or_"):
        named = [spelt_as_one(str(each)) for each in ids[:1] if is_sayable(each)]
    if "id" in asking and not (is_sayable(asking["id"]) and spelt_as_one(asking["id"]) in named):
        return False
    if provider != "dintero":
        code = code.upper() if isinstance(code, str) and code.isascii() else ""
        if code not in MINOR_DIGITS:
            return False
    told = session["amount"]
    if told["currency"] != code or not 0 <= told["minor"] < 2**63:
        return False
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 999999, 999999, -999999
        exponent = MINOR_DIGITS[str(code)] if provider == "inbank" else 0
        if Decimal(told["minor"]).scaleb(-exponent) != worth(amount, provider == "inbank"):
            return False
        if "amount" in expect and worth(expect["amount"], False) != told["minor"]:
            return False
    if "currency" in expect and str(expect["currency"]).upper() != code:
        return False
    return "reference" not in expect or (
        is_sayable(expect["reference"]) and expect["reference"] == named_order(reference))
