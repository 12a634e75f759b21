# SPDX-License-Identifier: MIT
"""`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the
listed value, the amount can be read, and no hold applies.

Hypothesis looks for a document on which the library and the oracle differ, and shrinks it; a short
attack of the long run's kind follows. The last tests break the oracle on purpose: each break must
be noticed, or all the agreement above means nothing. `attack.py` is the same without an end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import currencies
import oracle
import pytest
from attack import watched
from comparison import disagreements, smallest
from documents import (
    CASES, CURRENCIES, EVERY_WORD, GOOD, IDS, MOMENTS, NUMBERS, ORDER_ID, Maker, found_by_fuzzing)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from hypothesis.configuration import set_hypothesis_home_dir
from shipped import BUILT, Library

# What it keeps between runs is no part of the sources.
set_hypothesis_home_dir(BUILT.parents[1] / "hypothesis")
LIBRARY = Library()
bounded = settings(max_examples=500, deadline=None, database=None, derandomize=True,
                   suppress_health_check=list(HealthCheck))

# ---- Structured documents, which shrink ---------------------------------------------------------

plain = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
numbers = some.one_of(
    some.sampled_from(NUMBERS), some.integers(-(2**65), 2**65).map(str),
    some.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    some.from_regex(
        r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,25})?", fullmatch=True))


@some.composite
def spelt(draw: Any, texts: Any) -> str:
    """A JSON text, any of its characters as an escape."""
    value = draw(texts)
    if not draw(some.booleans()):
        return json.dumps(value, ensure_ascii=False)
    escaped = draw(some.sets(some.integers(0, max(0, len(value) - 1)), max_size=3))
    return '"' + "".join(
        "".join(f"\\u{unit:04x}" for unit in memoryview(character.encode("utf-16-le")).cast("H"))
        if at in escaped else json.dumps(character, ensure_ascii=False)[1:-1]
        for at, character in enumerate(value)) + '"'


def key_of(pair: tuple[str, str]) -> str:
    return str(json.loads(pair[0]))


anything = some.recursive(
    some.one_of(some.sampled_from(["null", "true", "false"]), numbers, spelt(plain)),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3).map(lambda each: f"[{','.join(each)}]"),
        some.lists(some.tuples(spelt(plain), inner), max_size=3, unique_by=key_of).map(
            lambda pairs: "{" + ",".join(f"{key}:{token}" for key, token in pairs) + "}")),
    max_leaves=6)


def field(*texts: str) -> Any:
    """Most often what belongs there, or a text that is nearly that."""
    word = some.sampled_from(texts)
    right = spelt(word)
    around = spelt(some.tuples(plain, word, plain).map("".join))
    other_case = spelt(word.map(str.swapcase))
    return some.one_of(*[right] * 12, around, other_case, spelt(plain), anything)


@some.composite
def objects(draw: Any, members: dict[str, Any]) -> str:
    keys = draw(some.permutations(list(members)))
    dropped = draw(some.sampled_from([*[None] * 20, *keys]))
    pairs = [(json.dumps(key), draw(members[key])) for key in keys if key != dropped]
    if draw(some.integers(0, 19)) == 7:
        extra = some.one_of(spelt(some.sampled_from(keys)), spelt(plain))
        pairs.insert(draw(some.integers(0, len(pairs))), (draw(extra), draw(anything)))
    blank = draw(some.sampled_from(["", " ", "\r\n\t"]))
    return blank + "{" + ",".join(f"{key}:{blank}{token}" for key, token in pairs) + "}" + blank


def status(provider: str) -> Any:
    return some.one_of(field(GOOD[provider]), field(GOOD[provider]), field(*EVERY_WORD))


amount = some.one_of(*[some.just("30000")] * 6, some.just("300"), numbers, anything)
currency = field(*CURRENCIES)
reference = field("ORDER-1001")
DOCUMENTS = {
    "inbank": objects({
        "uuid": field(IDS["inbank"]), "status": status("inbank"),
        "totalAmount": amount, "currency": currency,
        "purchase": some.one_of(*[objects({"purchaseReference": reference})] * 6, anything)}),
    "kustom": objects({
        "session_id": field(IDS["kustom"]), "status": status("kustom"),
        "order_amount": amount, "purchase_currency": currency, "merchant_reference1": reference}),
    "dintero": objects({
        "id": field(IDS["dintero"]), "amount": amount, "items": some.just("[]"),
        "processed_at": some.one_of(field("2023-11-07T05:31:56Z"), field(*MOMENTS)),
        "success": some.one_of(*[some.just("true")] * 6, some.just("false"), anything)}),
    "ledyer": objects({
        "id": field(IDS["ledyer"]), "orderId": field(ORDER_ID),
        "state": status("ledyer"),
        "order": some.one_of(*[objects({
            "totalOrderAmount": amount, "currency": currency,
            "reference": reference})] * 6, anything),
        "customer": some.one_of(*[objects({"paymentMethod": objects({
            "type": field("card", "card", "advanceInvoice")})})] * 6, anything)}),
}


def asking(provider: str) -> Any:
    usual = some.sampled_from(["30000", "30000", "29999", "30001"])
    members = {
        "id": field(*[IDS[provider]] * 5, ORDER_ID),
        "expect": some.one_of(objects({"amount": usual}), objects({
            "amount": some.one_of(usual, usual, numbers),
            "currency": spelt(some.sampled_from(CURRENCIES)),
            "reference": spelt(some.sampled_from(["ORDER-1001", "ORDER-1002", "order-1001"]))}))}
    if provider == "dintero":
        members["trust_processed_at"] = some.sampled_from(["true"] * 10 + ["false", "null"])
    return some.one_of(some.none(), objects(members))


def agree(provider: str, document: bytes, options: bytes | None) -> None:
    verdict, wrong = disagreements(LIBRARY, provider, document, options)
    assert not wrong, f"{provider} {document!r} {options!r}: {'; '.join(wrong)} ({verdict})"


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_no_document_is_judged_otherwise_than_by_the_oracle(provider: str) -> None:
    @bounded
    @given(DOCUMENTS[provider], asking(provider))
    @example("{}", None)
    @example("", None)
    def look(document: str, options: str | None) -> None:
        agree(provider, document.encode(), None if options is None else options.encode())

    look()


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_no_bytes_are_judged_otherwise_than_by_the_oracle(provider: str) -> None:
    @bounded
    @given(DOCUMENTS[provider], some.integers(0, 400), some.integers(0, 6), some.binary(max_size=4))
    def look(document: str, at: int, size: int, put: bytes) -> None:
        came = document.encode()
        agree(provider, (came[:at] + put + came[at + size:]).replace(b"\0", b" "), None)

    look()


# ---- The finds, the cases, the table, the attack -------------------------------------------------


def test_no_find_of_libfuzzer_is_judged_otherwise_than_by_the_oracle() -> None:
    finds = found_by_fuzzing()
    for find in finds:
        agree(*find)
    assert len(finds) > 1000


def test_the_oracle_gives_the_answers_that_were_written_by_hand() -> None:
    seen = 0
    for file in sorted(CASES.glob("*/*/case.json")):
        case = json.loads(file.read_text())
        if "http_status" in case:
            continue
        provider, response = file.parent.parent.name, (file.parent / "response").read_bytes()
        options = case["options"] and json.dumps(case["options"]).encode()
        answer = json.loads((file.parent / "answer.json").read_text())
        assert oracle.judge(provider, response, options) == oracle.told_by(answer), file
        assert oracle.property_holds(provider, response, options, answer), file
        seen += 1
    assert seen > 500


@pytest.mark.parametrize("order", [1, -1])
def test_a_key_is_no_other_that_begins_like_it(order: int) -> None:
    """The library tells keys apart by their hash first: among so many, some have the same."""
    keys = ["session_id", "status", "order_amount", "purchase_currency"]
    tokens = dict(zip(keys, ('"a"', '"FINALIZED"', "10000", '"SEK"')))
    for number in range(400):
        members = {**tokens, **{f"{key}{number}": "null" for key in keys}}
        document = ",".join(f'"{key}":{token}' for key, token in list(members.items())[::order])
        agree("kustom", f"{{{document}}}".encode(), None)
        assert LIBRARY.judge("kustom", f"{{{document}}}".encode(), None).paid == "yes"


def test_every_three_letters_are_the_currency_that_iso_4217_says() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for code in (one + two + three for one in letters for two in letters for three in letters):
        document = ('{"session_id":"a","status":"FINALIZED","order_amount":10000,'
                    f'"purchase_currency":"{code}"}}').encode()
        told = LIBRARY.judge("kustom", document, None).body["session"]["amount"]
        digits = told and len(told["decimal"].partition(".")[2])
        assert digits == currencies.MINOR_DIGITS.get(code), code


def test_an_attack_finds_nothing() -> None:
    figures = watched(seconds=10, seed=4217)
    assert figures["disagreements"] == 0, json.dumps(figures["findings"], indent=1)
    assert figures["documents"] > 2000
    # Every answer that there is was among them: agreement on nothing would be worth nothing.
    assert set(figures["by_result"]) == {"ok", "malformed", "mismatched", "invalid_argument"}
    assert set(figures["by_paid"]) == {"yes", "no", "unknown"}
    assert len(figures["by_status"]) == 9 and len(figures["by_hold"]) == 10


# ---- Broken on purpose --------------------------------------------------------------------------


def noticed(documents: int = 20_000) -> bool:
    """Whether the attack, from a fixed seed, sees that library and oracle differ."""
    maker = Maker(seed=1)
    return any(disagreements(LIBRARY, *maker.next())[1] for _ in range(documents))


def without_case(provider: str, document: dict[str, Any]) -> str:
    if provider == "dintero":
        return STATUS_OF(provider, document)
    word = str(oracle.words(document, oracle.STATUS_FIELD[provider])).lower()
    return {each.lower(): status for each, status in oracle.WORDS[provider].items()}.get(
        word, "unknown")


def rounded(value: Any, digits: int) -> int | None:
    if type(value) is not oracle.Number or len(value) > 15 or "e" in value.lower():
        return SCALED(value, digits)
    return round(float(value) * 10**digits)


STATUS_OF, SCALED = oracle.status_of, oracle.scaled
BROKEN: dict[str, tuple[str, Any]] = {
    "status words in any case": ("status_of", without_case),
    "amounts by way of doubles": ("scaled", rounded),
    "a key twice, the last one counts": ("object_of", dict),
    "129 levels": ("DEEPEST", 129),
    "half a surrogate pair": ("half_a_pair", lambda value: False),
    "one more than an int64": ("INT64", range(-(2**63), 2**63 + 1)),
    "any text is a timestamp": ("is_timestamp", bool),
    "yen have cents": ("MINOR_DIGITS", {**currencies.MINOR_DIGITS, "JPY": 2}),
    "an order is no name": ("NAMES", {**oracle.NAMES, "ledyer": ["id"]}),
    "what is not provided matches": (
        "compare", lambda expect, key, found: None if key not in expect else
        "match" if found in (None, expect[key]) else "mismatch"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_oracle_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute, broken = BROKEN[name]
    monkeypatch.setattr(oracle, attribute, broken)
    if attribute == "object_of":
        decoder = json.JSONDecoder(
            object_pairs_hook=dict, parse_int=oracle.Number, parse_float=oracle.Number,
            parse_constant=oracle.refuse)
        monkeypatch.setattr(oracle, "DECODER", decoder)
    assert noticed()


PAID = {
    "inbank": b'{"uuid":"%s","status":"completed","totalAmount":300,"currency":"EUR"}',
    "kustom": b'{"session_id":"%s","status":"FINALIZED","order_amount":30000,'
              b'"purchase_currency":"EUR"}',
    "dintero": b'{"id":"%s","amount":30000,"processed_at":"2023-11-07T05:31:56Z"}',
    "ledyer": b'{"id":"%s","state":"authorized",'
              b'"order":{"totalOrderAmount":30000,"currency":"EUR"}}',
}


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_a_false_yes_breaks_the_property(provider: str) -> None:
    """The sentence refuses a "yes" over each document that misses one of its parts."""
    paid = PAID[provider].replace(b"%s", b"S")
    asked: dict[str, Any] = {"id": "S", "expect": {"amount": 30000}}
    if provider == "dintero":
        asked["trust_processed_at"] = True

    def holds(document: bytes, claimed: dict[str, Any] | None = None, **more: Any) -> bool:
        options = json.dumps({**asked, **more}).encode()
        return oracle.property_holds(provider, document, options, claimed or yes)

    yes = LIBRARY.judge(provider, paid, json.dumps(asked).encode()).body
    assert yes["session"]["paid"] == "yes" and holds(paid)
    assert not holds(paid, id="s")
    assert not holds(paid.replace(b'"S"', b'""'))
    assert not holds(paid.replace(b'"S"', b'"S "'))
    assert not holds(paid.replace(b'"S"', b'["S"]'))
    assert not holds(paid.replace(b"300", b"299"))
    assert not holds(paid.replace(b"3", b'"3"', 1))
    assert not holds(paid, id=["S"])
    assert not holds(paid, expect=[])
    assert not holds(paid, expect={"amount": 30001})
    assert not holds(paid, expect={"currency": "USD"})
    assert not holds(paid, expect={"reference": "ORDER-1001"})
    assert not holds(paid[:-1])
    assert not holds(b"\xef\xbb\xbf" + paid)
    assert not holds(paid[:-1] + b',"":"\\ud800"}')
    assert not holds(paid[:-1] + b',"a":1,"\\u0061":1}')
    assert not holds(paid, {**yes, "session": {**yes["session"], "holds": ["unidentified"]}})
    if provider == "dintero":
        assert not holds(paid, trust_processed_at=False)
        assert not holds(paid[:-1] + b',"success":false}')
        assert not holds(paid.replace(b"05:31", b"25:31"))
    else:
        assert not holds(paid.replace(GOOD[provider].encode(), GOOD[provider].swapcase().encode()))
        assert not holds(paid.replace(b"EUR", b"eur"))
        assert not holds(paid.replace(b'"EUR"', b'["EUR"]'))
    if provider == "ledyer":
        prepaid = b',"customer":{"paymentMethod":{"type":"advanceInvoice"}}}'
        assert not holds(paid[:-1] + prepaid)


def test_a_finding_is_cut_down_to_what_it_needs() -> None:
    needs: Callable[[bytes], bool] = lambda document: b"x" in document and b"y" in document
    assert smallest(b"aaaaxbbbbbbbbbycc", needs) == b"xy"
