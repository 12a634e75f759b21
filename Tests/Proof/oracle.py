# SPDX-License-Identifier: MIT
"""What the contract says to a document, worked out a second time and knowing nothing of the first.

`judge` answers as session_normalize() should. `property_holds` states the one sentence that all of
this is for, in its own words and with its own reading of the bytes. Both take the provider's name,
the bytes as they came and the options' text, in which the resource that proves payment may stand.
"""

from __future__ import annotations

import json
import re
import unicodedata
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

# What proves payment: what it is, where the session names it, and what its words mean.
RESOURCE = {
    "inbank": "contract", "kustom": "order", "ledyer": "payment_status", "dintero": "transaction",
}
LINK = {"inbank": "creditContractUuid", "kustom": "order_id", "ledyer": "orderId"}
IDENTITY = {"inbank": "uuid", "kustom": "order_id", "dintero": "id"}
STATES = {
    "inbank": {"activated": "captured", "unsigned": "pending", "signed": "pending"},
    "kustom": {
        "AUTHORIZED": "secured", "PART_CAPTURED": "secured", "CAPTURED": "captured",
        "CANCELLED": "ended", "EXPIRED": "ended", "CLOSED": "refunded",
    },
    "ledyer": {
        "paymentConfirmed": "secured", "orderCaptured": "captured", "orderInitiated": "pending",
        "orderPending": "pending", "paymentPending": "pending", "orderRefunded": "refunded",
        "orderCancelled": "ended",
    },
    "dintero": {
        "AUTHORIZED": "secured", "PARTIALLY_CAPTURED": "secured", "CAPTURED": "captured",
        "REFUNDED": "refunded", "PARTIALLY_REFUNDED": "refunded",
        "PARTIALLY_CAPTURED_REFUNDED": "refunded", "INITIATED": "pending", "ON_HOLD": "pending",
        "DECLINED": "ended", "FAILED": "ended", "AUTHORIZATION_VOIDED": "ended",
    },
}
# Dintero's transaction is also the session's status; of the words that are not here, a known one
# means completed.
TRANSACTION = {
    "INITIATED": "pending", "ON_HOLD": "pending", "DECLINED": "declined", "FAILED": "failed",
    "AUTHORIZATION_VOIDED": "cancelled",
}
CONFIRMS = {"secured", "captured"}


class Proof(NamedTuple):
    """What the answer says of the resource; `checks` are identity, amount, currency, reference."""

    resource: str
    id: str | None
    state: str
    evidence: tuple[str, str | None, str]
    checks: tuple[str | None, str | None, str | None, str | None]
    minor: int | None = None
    currency: str | None = None
    captured: int | None = None
    refunded: int | None = None
    updated_at: str | None = None
    readable: bool = True  # In no answer: whether its own amount and sums are.


class Verdict(NamedTuple):
    """What is compared with the library's answer: after `result`, `retryable`, `decision` and
    whether a proof was asked for if that is not ok, everything but `retryable` if it is."""

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
    proof_asked: bool = False
    proof: Proof | None = None


def failed(result: str, retryable: bool, proof_asked: bool = False) -> Verdict:
    """No answer: what a later attempt may mend is waited for, with everything else somebody looks."""
    return Verdict(
        result, retryable, decision="wait" if retryable else "hold", proof_asked=proof_asked)


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
    proof: dict[str, Any] | None = None


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
    empty reference and a code without minor unit are all refused, never ignored; and so is a proof
    that is not exactly an object with a document in it. Numbers, and the letter case of a currency,
    are read as in a document. That the levels of such a document count from the options' own is
    silent in the contract, too."""
    if text is None:
        return Options()
    try:
        options = read(text)
    except Malformed as error:
        raise Invalid from error
    known = {"id", "expect", "proof"} | ({"trust_processed_at"} if provider == "dintero" else set())
    expect = options.get("expect", {})
    if set(options) - known or type(expect) is not dict:
        raise Invalid
    if set(expect) - {"amount", "currency", "reference"}:
        raise Invalid
    if "id" in options and not is_identifier(options["id"]):
        raise Invalid
    if type(options.get("trust_processed_at", False)) is not bool:
        raise Invalid
    proof = None
    if "proof" in options:
        proof = inside(options, "proof", "document")
        if type(proof) is not dict or len(options["proof"]) != 1:
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
    return Options(options.get("id"), options.get("trust_processed_at", False), told or None, proof)


# ---- The judgement ------------------------------------------------------------------------------


EXPECTED = ("amount", "currency", "reference")


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


def named(told: Any) -> str | None:
    """A name: a text, or an integer, which stands for its digits."""
    if type(told) is Number:
        return str(told) if re.fullmatch("-?[0-9]+", told) else None
    return exact(told) or None


def reference_of(provider: str, document: dict[str, Any]) -> str | None:
    """The shop's own name of the order."""
    if provider == "inbank":
        purchase = document.get("purchase")
        told = purchase.get("purchaseReference") if type(purchase) is dict else purchase
    elif provider == "kustom":
        told = document.get("merchant_reference1")
    else:
        told = inside(document, "order", "reference") if provider == "ledyer" else None
    return named(told)


NOTHING = (None, "")


def method_doubt(document: dict[str, Any]) -> str | None:
    """Ledyer: why the payment method holds a completed session, of which only some are known to be
    paid then. A method may stand at two places, and nobody can say which one counts."""
    places = (inside(document.get("customer"), "paymentMethod"), document.get("paymentMethod"))
    told = [method.get("type") for method in places if type(method) is dict]
    if "advanceInvoice" in told:
        return "advance_invoice"
    return beside_advance(document)


def beside_advance(document: dict[str, Any]) -> str | None:
    """What is in doubt of the payment method, an advance invoice aside: a confirmed payment settles that, and
    nothing that stands beside it."""
    customer = document.get("customer")
    told, readable = [], customer in NOTHING or type(customer) is dict
    for method in (inside(customer, "paymentMethod"), document.get("paymentMethod")):
        if type(method) is dict:
            told.append(method.get("type"))
        else:
            readable = readable and method in NOTHING
    told = [word for word in told if word not in (*NOTHING, "advanceInvoice")]
    known = all(type(word) is str and word in METHODS for word in told)
    return None if readable and known else "payment_method_unknown"


# ---- The proof ----------------------------------------------------------------------------------


def evidence_in(document: dict[str, Any], field: str) -> tuple[str, str | None, str]:
    told = exact(document.get(field))
    return field, told, "absent" if told is None else "reported"


def state_of(provider: str, document: dict[str, Any]) -> tuple[str, tuple[str, str | None, str]]:
    """The state, and what it was read from. The contract is silent on an empty terminatedAt, which
    is none here as every empty text is, and on which of Kustom's three fields comes first: what is
    over stays over, a word in no table means nothing whatever stands beside it, and what was
    refunded waits for nobody."""
    word = words(document, "status")
    state = STATES[provider].get(word or "", "unknown")
    if provider == "inbank" and document.get("terminatedAt") not in NOTHING:
        return "ended", ("terminatedAt", exact(document["terminatedAt"]), "derived")
    if provider == "kustom" and state in CONFIRMS:
        refunded = sum_of(document, "refunded_amount")
        if refunded is not None and refunded > 0:
            return "refunded", ("refunded_amount", named(document["refunded_amount"]), "derived")
        if document.get("fraud_status") == "PENDING":
            return "pending", ("fraud_status", "PENDING", "reported")
    return state, evidence_in(document, "status")


def sum_of(document: dict[str, Any], key: str) -> int | None:
    """A sum beside the amount; None where it is not told, and where it is none."""
    found = integer(document.get(key))
    return None if found is None or found < 0 else found


def transacted(document: dict[str, Any], kind: str) -> int | None:
    """What Dintero's successful events of a kind come to; None if one of them cannot be read, or
    one that could be of this kind."""
    events = document.get("events")
    if type(events) is not list:
        return None
    total = 0
    for event in events:
        word, success = exact(inside(event, "event")), inside(event, "success")
        if word is None or type(success) is not bool:
            return None
        if word == kind and success:
            amount = sum_of(event, "amount")
            if amount is None:
                return None
            total += amount
    return total if total in INT64 else None


SUMS = ("captured_amount", "remaining_authorized_amount", "refunded_amount")


def are_readable(document: dict[str, Any]) -> bool:
    return all(document.get(key) is None or sum_of(document, key) is not None for key in SUMS)


def falls_short(document: dict[str, Any], minor: int) -> bool:
    """What is captured and what is still reserved, where either is told, do not reach the amount."""
    told = [found for key in SUMS[:2] if (found := sum_of(document, key)) is not None]
    return bool(told) and sum(told) < minor


def agrees(one: Any, other: Any) -> str:
    return "match" if one == other else "mismatch"


def proven(
    provider: str, wanted: Options, session: dict[str, Any], money: Money, link: str | None
) -> Proof | None:
    """What the resource says beside the session; None if it is another than the one asked for."""
    document = wanted.proof
    assert document is not None
    expect = wanted.expect or {}
    if provider == "inbank" and type(document.get("contract")) is dict:
        document = document["contract"]
    state, evidence = state_of(provider, document)
    identity = None
    if provider in IDENTITY:
        name = words(document, IDENTITY[provider])
        if name is None:
            identity = "not_provided"
        elif link is not None:
            if not same(link, name):
                return None
            identity = "match"
        else:
            link = name
    if provider in ("inbank", "ledyer"):
        return Proof(RESOURCE[provider], link, state, evidence, (identity, None, None, None))

    of_kustom = provider == "kustom"
    minor = integer(document.get("order_amount" if of_kustom else "amount"))
    code = folded(document.get("purchase_currency" if of_kustom else "currency"))
    minor = minor if code else None
    amount: str | None = "not_provided"
    currency: str | None = "not_provided"
    readable = minor is not None and (not of_kustom or are_readable(document))
    if minor is not None and readable:
        amount = "not_provided" if money.minor is None else agrees(minor, money.minor)
        currency = None if money.currency is None else agrees(code, money.currency)
        if of_kustom and money.minor is not None and falls_short(document, minor):
            amount = "mismatch"
        if not of_kustom:
            currency = agrees(code, expect["currency"]) if "currency" in expect else None
    reference = None
    if not of_kustom:
        told = named(document.get("merchant_reference"))
        reference = "not_provided" if told is None else agrees(told, expect.get("reference"))
    return Proof(
        RESOURCE[provider], link, state, evidence, (identity, amount, currency, reference), minor,
        None if minor is None else code,
        sum_of(document, "captured_amount") if of_kustom else transacted(document, "CAPTURE"),
        sum_of(document, "refunded_amount") if of_kustom else transacted(document, "REFUND"),
        None if of_kustom else moment(words(document, "updated_at")), readable)


def may_be_another(proof: Proof) -> bool:
    """What came to nothing may not have been this payment, unless its amount is the session's: of one
    that tells no amount the contract says that it is held."""
    return proof.checks[1] != "match" or proof.checks[2] == "mismatch" or not proof.readable


def is_fraud(document: dict[str, Any]) -> bool:
    return document.get("fraud_status") not in (None, "ACCEPTED", "PENDING")


# ---- Both together ------------------------------------------------------------------------------


def judge(provider: str, bytes_: bytes, options: bytes | None) -> Verdict:
    try:
        wanted = asked(provider, options)
    except Invalid:
        return failed("invalid_argument", False)
    asks = wanted.proof is not None
    try:
        document = read(bytes_)
    except Malformed:
        return failed("malformed", is_passing(bytes_), asks)

    names = [(key, name) for key in NAMES[provider] if (name := words(document, key))]
    if wanted.id is not None and names and not any(
            same(wanted.id, name) for key, name in names
            # A session's order is not the session: it is asked for as or_... .
            if key != "orderId" or wanted.id.startswith("or_")):
        return failed("mismatched", False, asks)

    status, dintero = status_of(provider, document), provider == "dintero"
    evidence = evidence_of(provider, document)
    money = money_of(provider, document)
    reference = reference_of(provider, document)
    created = moment(words(document, CREATED[provider]))
    processed = words(document, "processed_at") if dintero and status == "completed" else None

    # Only what is completed by itself is followed.
    follows, proof = wanted.proof is not None and status == "completed", None
    link = words(document, LINK[provider]) if follows and not dintero else None
    is_unnamed = follows and not dintero and not is_identifier(link)
    if follows and not is_unnamed:
        proof = proven(provider, wanted, document, money, link)
        if proof is None:
            return failed("mismatched", False, asks)
    identity, amount, currency, referring = proof.checks if proof else (None,) * 4
    decides = dintero and referring == "match" and identity is None
    confirmed = (money.minor, money.currency, reference)
    if proof and decides:
        evidence = ("proof.status", proof.evidence[1], "derived")
        if proof.state == "unknown":
            status = "unknown"
        else:
            status = TRANSACTION.get(proof.evidence[1] or "", "completed")
        if proof.state == "ended" and may_be_another(proof):
            status = "unknown"
        confirmed = (money.minor, proof.currency, (wanted.expect or {}).get("reference"))

    expect = wanted.expect
    told = None
    if expect is not None:
        told = (compare(expect, "amount", confirmed[0]), compare(expect, "currency", confirmed[1]),
                compare(expect, "reference", confirmed[2]))
    completed = status == "completed"
    doubt = method_doubt(document) if provider == "ledyer" and completed else None
    state = proof.state if proof else "secured"
    if doubt == "advance_invoice" and proof and state in CONFIRMS:
        doubt = beside_advance(document)
    was_created = words(document, "created_at")
    said = document.get("success")
    doubts = {
        "unidentified": completed and not names or identity == "not_provided",
        "status_unknown": status == "unknown" and not dintero,
        "success_unreadable": dintero and not (said is None or said is True or said is False),
        "time_unreadable": dintero and status == "unknown" and not decides,
        "time_implausible": processed is not None and is_implausible(processed, was_created),
        **{hold: completed and why for hold, why in money_doubts(provider, money).items()},
        "no_payment_state": dintero and status != "failed" and not decides and not wanted.trust,
        "advance_invoice": doubt == "advance_invoice",
        "payment_method_unknown": doubt == "payment_method_unknown",
    }
    for key, outcome in zip(EXPECTED, told or ()):
        for why in ("mismatch", "not_provided"):
            doubts[f"{key}_{why}"] = completed and outcome == why
    doubts["proof_unnamed"] = is_unnamed
    for each in ("pending", "ended", "refunded", "unknown"):
        doubts[f"proof_{each}"] = state == each and status in ("completed", "unknown")
    doubts |= {
        "proof_amount_mismatch": amount == "mismatch",
        "proof_amount_unreadable": proof is not None and not proof.readable,
        "proof_currency_mismatch": currency == "mismatch",
        "proof_reference_mismatch": referring in ("mismatch", "not_provided"),
        "proof_fraud": bool(proof) and provider == "kustom" and is_fraud(wanted.proof or {}),
    }
    # What came to nothing is in no doubt.
    nothing = status in FINAL and not completed
    holds = tuple(hold for hold, holding in doubts.items() if holding and not nothing)

    paid = "unknown" if holds else "yes" if completed else "no"
    decision = {"yes": "ship", "no": "release" if status in FINAL else "wait"}.get(paid, "hold")
    if proof:
        proof = proof._replace(readable=True)
    return Verdict(
        "ok", None, status, paid, status in FINAL, holds, money.minor,
        None if money.minor is None else money.currency, told, words(document, NAMES[provider][0]),
        reference, evidence, created,
        shown(document, "order", "locale") if provider == "ledyer"
        else shown(document, "locale") if provider == "inbank" else None, decision, asks, proof)


def told_by(answer: Mapping[str, Any]) -> Verdict:
    """The library's answer, as JSON without `raw`, in the same form."""
    session = answer["session"]
    if session is None:
        return Verdict(answer["result"], answer["error"]["retryable"],
                       decision=answer["decision"], proof_asked="proof" in answer)
    amount, expectations = session["amount"] or {}, session["expectations"]
    evidence = session["evidence"]
    return Verdict(
        answer["result"], None, session["status"], session["paid"], session["final"],
        tuple(session["holds"]), amount.get("minor"), amount.get("currency"),
        expectations and tuple(expectations[key] for key in EXPECTED),
        session["id"], session["merchant_reference"],
        (evidence["field"], evidence["value"], evidence["basis"]), session["created_at"],
        session["locale"], answer["decision"], "proof" in answer, proof_told(answer.get("proof")))


def proof_told(proof: Mapping[str, Any] | None) -> Proof | None:
    if proof is None:
        return None
    amount, evidence = proof["amount"] or {}, proof["evidence"]
    return Proof(
        proof["resource"], proof["id"], proof["state"],
        (evidence["field"], evidence["value"], evidence["basis"]),
        tuple(proof["checks"][key] for key in ("identity", *EXPECTED)),
        amount.get("minor"), amount.get("currency"), proof["captured_minor"],
        proof["refunded_minor"], proof["updated_at"])


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


def is_settled(came: dict[str, Any], proven: bool) -> bool:
    """Whether nothing is said of how it is paid, or only what counts as paid; an advance invoice once it is proven."""
    paid = ["bankTransfer", "card", "invoice", "partPayment", "serviceInvoice"]
    return all(kind in paid or proven and kind == "advanceInvoice"
               for kind in said_of_method(came))


def said_of_method(came: dict[str, Any]) -> list[Any]:
    """What is said of it, at either place; of what is no such thing, None."""
    customer, said = came.get("customer"), [came.get("paymentMethod")]
    kinds: list[Any] = []
    if isinstance(customer, dict):
        said.append(customer.get("paymentMethod"))
    elif customer is not None and customer != "":
        kinds.append(None)
    for method in said:
        kind = method.get("type") if isinstance(method, dict) else None
        silent = kind is None or kind == ""
        if silent and isinstance(method, dict) or method is None or method == "":
            continue
        kinds.append(kind)
    return kinds


GOOD_WORDS = {
    "inbank": ["activated"], "kustom": ["AUTHORIZED", "CAPTURED", "PART_CAPTURED"],
    "ledyer": ["orderCaptured", "paymentConfirmed"],
    "dintero": ["AUTHORIZED", "CAPTURED", "PARTIALLY_CAPTURED"],
}


def proof_confirms(provider: str, came: dict[str, Any], asking: dict[str, Any]) -> bool:
    """The same sentence for what proves payment: it is the one that the session names, carries
    exactly a word for money that is there, is of this amount and order, and was not taken back."""
    proof = asking["proof"]
    proof = proof.get("document") if isinstance(proof, dict) else None
    if not isinstance(proof, dict):
        return False
    if isinstance(proof.get("contract"), dict) and provider == "inbank":
        proof = proof["contract"]
    if not is_sayable(proof.get("status")) or proof["status"] not in GOOD_WORDS[provider]:
        return False
    key = {"inbank": "creditContractUuid", "kustom": "order_id", "ledyer": "orderId"}.get(provider)
    if key:
        link: Any = came.get(key)
        if not is_sayable(link) or link in (".", "..") or len(link.encode()) > 128:
            return False
        if any(unicodedata.category(character) == "Cc" for character in link):
            return False
        other: Any = link if provider == "ledyer" else proof.get("uuid" if provider == "inbank" else key)
        if not is_sayable(other) or spelt_as_one(other) != spelt_as_one(link):
            return False
    if provider == "inbank":
        return proof.get("terminatedAt") is None or proof["terminatedAt"] == ""
    if provider == "ledyer":
        return True

    amount, code = ("order_amount", "purchase_currency") if key else ("amount", "currency")
    wanted, money = worth(came.get(amount), False), proof.get(code)
    if wanted is None or worth(proof.get(amount), False) != wanted:
        return False
    if not isinstance(money, str) or not money.isascii() or money.upper() not in MINOR_DIGITS:
        return False
    if provider == "dintero":
        expect = asking.get("expect", {})
        return (is_sayable(proof.get("id")) and is_sayable(expect.get("reference"))
                and named_order(proof.get("merchant_reference")) == expect["reference"]
                and str(expect.get("currency", money)).upper() == money.upper())
    sums = [proof.get(f"{each}_amount") for each in ("captured", "remaining_authorized", "refunded")]
    values = [worth(each, False) for each in sums if each is not None]
    if any(value is None or value < 0 or value % 1 for value in values):
        return False
    if not (sums[0] is sums[1] is None) and sum(worth(each, False) or 0 for each in sums[:2]) < wanted:
        return False
    return (not worth(sums[2], False) and money.upper() == str(came.get(code)).upper()
            and proof.get("fraud_status") in (None, "ACCEPTED"))


def property_holds(
    provider: str, bytes_: bytes, options: bytes | None, answer: Mapping[str, Any]
) -> bool:
    """`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the
    listed value, the amount can be read and is none below zero, no hold applies, and what proves
    payment, if that was asked for, confirms it.

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
    proven = "proof" in asking
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 999999, 999999, -999999
        if proven and not proof_confirms(provider, came, asking):
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
        listed = came.get("state") == "authorized" and is_settled(came, proven)
        amount, code = order.get("totalOrderAmount"), order.get("currency")
        reference = order.get("reference")
    else:
        ids = [came.get("id")]
        listed = was_processed(came) and (proven or asking.get("trust_processed_at") is True)
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
    if provider == "dintero" and proven:
        return True  # Its transaction has been compared with what is expected.
    if "currency" in expect and str(expect["currency"]).upper() != code:
        return False
    return "reference" not in expect or (
        is_sayable(expect["reference"]) and expect["reference"] == named_order(reference))
