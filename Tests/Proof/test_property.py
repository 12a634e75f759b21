# SPDX-License-Identifier: MIT
"""`paid` is `yes` only if the bytes that came name the session asked for and carry exactly the
listed value, the amount can be read and is none below zero, and no hold applies.

Hypothesis looks for a document on which the library and the oracle differ, and shrinks it; a short
attack of the long run's kind follows. The last tests break the oracle on purpose: each break must
be noticed, or all the agreement above means nothing. `attack.py` is the same without an end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from cases import DOCUMENTS as BY_HAND
import currencies
import oracle
import pytest
from attack import watched
from comparison import disagreements, smallest
from documents import (
    CURRENCIES, EVERY_WORD, GOOD, HALVES, IDS, METHODS, MOMENTS, NUMBERS, ORDER_ID, PASSING,
    REFERENCES, SPELLINGS, SUCCESSES, TRANSACTION, UUID, Maker, found_by_fuzzing)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from hypothesis.configuration import set_hypothesis_home_dir
from paysession_sandbox.provider import Provider, put_at
from paysession_sandbox.providers import PROVIDERS as SANDBOX
from shipped import BUILT, Library

# What it keeps between runs is no part of the sources.
set_hypothesis_home_dir(BUILT.parents[1] / "hypothesis")
LIBRARY = Library()
bounded = settings(max_examples=500, deadline=None, database=None, derandomize=True,
                   suppress_health_check=list(HealthCheck))

# ---- Structured documents, which shrink ---------------------------------------------------------

def often(times: int, usual: Any) -> list[Any]:
    """So many branches: one_of() takes the same one twice for one."""
    return [usual.map(str) for _ in range(times)]


plain = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
numbers = some.one_of(
    some.sampled_from(NUMBERS), some.integers(-(2**65), 2**65).map(str),
    some.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    some.from_regex(
        r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,25})?", fullmatch=True))


@some.composite
def spelt(draw: Any, texts: Any) -> str:
    """A JSON text, any of its characters as an escape."""
    value: str = draw(texts)
    if not draw(some.booleans()):
        return json.dumps(value, ensure_ascii=False)
    escaped = draw(some.sets(some.integers(0, max(0, len(value) - 1)), max_size=3))
    written = "".join(
        "".join(f"\\u{unit:04x}" for unit in memoryview(character.encode("utf-16-le")).cast("H"))
        if at in escaped else json.dumps(character, ensure_ascii=False)[1:-1]
        for at, character in enumerate(value))
    return f'"{written}{draw(some.sampled_from([""] * 40 + HALVES[:3]))}"'


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
    return some.one_of(*often(12, right), around, other_case, spelt(plain), anything)


@some.composite
def objects(draw: Any, members: dict[str, Any]) -> str:
    keys = draw(some.permutations(list(members)))
    dropped = draw(some.sampled_from([*[None] * 20, *keys]))
    pairs = [(json.dumps(key), draw(members[key])) for key in keys if key != dropped]
    if draw(some.integers(0, 19)) == 7:
        extra = some.one_of(spelt(some.sampled_from(keys)), spelt(plain))
        pairs.insert(draw(some.integers(0, len(pairs))), (draw(extra), draw(anything)))
    blank: str = draw(some.sampled_from(["", " ", "\r\n\t"]))
    return blank + "{" + ",".join(f"{key}:{blank}{token}" for key, token in pairs) + "}" + blank


def status(provider: str) -> Any:
    return some.one_of(field(GOOD[provider]), field(GOOD[provider]), field(*EVERY_WORD))


spellings = some.sampled_from([each.replace("%s", "30000") for each in SPELLINGS])
amount = some.one_of(*often(9, some.just("30000")), some.just("300"), spellings, spellings, numbers,
                     anything)
currency = field(*CURRENCIES, *map(str.lower, CURRENCIES))
reference = some.one_of(*often(4, field("ORDER-1001")), some.sampled_from(REFERENCES))
moments = some.one_of(*often(2, some.just('"2023-11-07T05:31:56Z"')), field(*MOMENTS))
kinds = some.one_of(field("card"), field(*METHODS))
method = some.one_of(*often(6, objects({"type": kinds})), anything)
created = some.one_of(some.just("null"), moments)
success = some.one_of(*often(6, some.just("true")), *often(6, some.just("null")),
                      some.sampled_from(SUCCESSES), anything)
USUAL = {
    "amount": amount, "currency": currency, "reference": reference, "created_at": created,
    "processed_at": moments, "success": success, "locale": field("et-EE"), "method": method,
    "order_id": field(ORDER_ID, UUID, UUID.upper()), "items": some.just("[]")}


def documents_of(provider: Provider) -> Any:
    usual = {**USUAL, "id": field(IDS[provider.name])}
    if provider.good:
        usual["status"] = status(provider.name)
    within: dict[str, dict[str, Any]] = {"": {}}
    for what, places in provider.places.items():
        for nth, place in enumerate([places] if isinstance(places, str) else places):
            way, _, key = place.rpartition(".")
            within.setdefault(way, {})[key] = usual[what] if nth == 0 else some.one_of(
                *often(4, some.just("null")), usual[what])
    whole = within.pop("")
    for key, members in within.items():
        whole[key] = some.one_of(*often(6, objects(members)), [*members.values()][0], anything)
    return objects(whole)


DOCUMENTS = {name: documents_of(provider) for name, provider in SANDBOX.items()}


def asking(provider: str) -> Any:
    usual = some.sampled_from(["30000", "30000", "29999", "30001", "30000.0", '"30000"', "3e4"])
    members = {
        "id": field(*[IDS[provider], IDS[provider].upper()] * 3, ORDER_ID, UUID),
        "expect": some.one_of(objects({"amount": usual}), objects({
            "amount": some.one_of(usual, usual, spellings, numbers),
            "currency": spelt(some.sampled_from([*CURRENCIES, "eur", "sEK"])),
            "reference": spelt(
                some.sampled_from(["ORDER-1001", "ORDER-1002", "order-1001", "1001"]))}))}
    for key in SANDBOX[provider].trust:
        members[key] = some.sampled_from(["true"] * 10 + ["false", "null"])
    # Without that trust it is never paid.
    return some.one_of(
        some.none(), *often(6 if SANDBOX[provider].trust else 1, marked(objects(members))))


def marked(texts: Any) -> Any:
    """Some of them behind byte order marks, of which one may be there."""
    mark = some.sampled_from([""] * 12 + ["\ufeff"] * 3 + ["\ufeff\ufeff", " \ufeff", "\ufeff "])
    return some.tuples(mark, texts).map("".join)


def agree(provider: str, document: bytes, options: bytes | None) -> None:
    verdict, wrong = disagreements(LIBRARY, provider, document, options)
    assert not wrong, f"{provider} {document!r} {options!r}: {'; '.join(wrong)} ({verdict})"


@pytest.mark.slow
@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_no_document_is_judged_otherwise_than_by_the_oracle(provider: str) -> None:
    @bounded
    @given(marked(DOCUMENTS[provider]), asking(provider))
    @example("{}", None)
    @example("", None)
    def look(document: str, options: str | None) -> None:
        agree(provider, document.encode(), None if options is None else options.encode())

    look()


@pytest.mark.slow
@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_no_bytes_are_judged_otherwise_than_by_the_oracle(provider: str) -> None:
    @bounded
    @given(DOCUMENTS[provider], some.integers(0, 400), some.integers(0, 6), some.binary(max_size=4))
    def look(document: str, at: int, size: int, put: bytes) -> None:
        came = document.encode()
        agree(provider, (came[:at] + put + came[at + size:]).replace(b"\0", b" "), None)

    look()


# ---- Pairs --------------------------------------------------------------------------------------

links = field(UUID, UUID.upper(), ORDER_ID)
minors = some.one_of(*often(9, some.just("30000")), some.just("29999"), spellings, numbers, anything)
sums = some.one_of(*often(4, some.just("null")), *often(4, some.just("30000")), some.just("0"), minors)
event = objects({"event": field("CAPTURE", "REFUND", "AUTHORIZE"), "success": success, "amount": minors})
CONTRACT = {"uuid": links, "status": field(*oracle.STATES["inbank"]),
            "terminatedAt": some.one_of(*often(6, some.just("null")), moments, anything)}
PROOFS = {
    "inbank": some.one_of(objects(CONTRACT), objects({"contract": some.one_of(
        *often(6, objects(CONTRACT)), anything), **CONTRACT})),
    "kustom": objects({
        "order_id": links, "status": field(*oracle.STATES["kustom"]), "order_amount": minors, "purchase_currency": currency,
        "fraud_status": some.one_of(some.just("null"), field("ACCEPTED", "ACCEPTED", "PENDING", "REJECTED")),
        "captured_amount": sums, "remaining_authorized_amount": sums,
        "refunded_amount": some.one_of(*often(6, some.just("0")), sums)}),
    "ledyer": objects({"status": field(*oracle.STATES["ledyer"])}),
    "dintero": objects({
        "id": field(TRANSACTION), "status": field(*oracle.STATES["dintero"]), "amount": minors, "currency": currency,
        "merchant_reference": reference, "updated_at": moments,
        "events": some.one_of(some.lists(event, max_size=2).map(lambda each: f"[{','.join(each)}]"), anything)}),
}


def with_link(provider: str) -> Any:
    key = oracle.LINK.get(provider)
    if key is None or provider == "ledyer":  # There it stands in every document.
        return DOCUMENTS[provider]
    return some.tuples(DOCUMENTS[provider], links).map(
        lambda pair: pair[0].replace("{", f'{{"{key}":{pair[1]},', 1))


expecting = some.one_of(*often(3, some.just('{"reference":"ORDER-1001"}')), objects({
    "amount": some.just("30000"), "currency": spelt(some.sampled_from(["EUR", "SEK"])),
    "reference": spelt(some.sampled_from(["ORDER-1001", "1001"]))}))


@pytest.mark.slow
@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_no_pair_is_judged_otherwise_than_by_the_oracle(provider: str) -> None:
    @bounded
    @given(with_link(provider), PROOFS[provider], expecting)
    @example("{}", "{}", "{}")
    def look(document: str, proof: str, expect: str) -> None:
        agree(provider, document.encode(), f'{{"proof":{{"document":{proof}}},"expect":{expect}}}'.encode())

    look()


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_a_false_yes_over_a_pair_breaks_the_property(provider: str) -> None:
    """Each pair misses one part of the sentence, and is not paid; the one that misses none is."""
    about, key = SANDBOX[provider], oracle.LINK.get(provider)
    minor = 300 if about.is_major else 30000
    session = about.saying(id="S", status=about.good, amount=minor, currency="SEK",
                           processed_at="2023-11-07T05:31:56Z")
    if key:
        session[key] = UUID
    proof = put_at(about.proof_places, {}, {
        "id": UUID if key else TRANSACTION, "status": about.proof_states[0][0], "amount": 30000, "currency": "SEK",
        "reference": "A"})
    expect: dict[str, Any] = {} if key else {"reference": "A"}

    def both(told: dict[str, Any], resource: Any, expect: dict[str, Any] = expect) -> tuple[bytes, bytes]:
        return (json.dumps(told).encode(), json.dumps(
            {"proof": {"document": resource}, **({"expect": expect} if expect else {})}).encode())

    def changed(whole: dict[str, Any], **members: Any) -> dict[str, Any]:
        return {name: value for name, value in {**whole, **members}.items() if value is not ...}

    yes = LIBRARY.judge(provider, *both(session, proof)).body

    def holds(pair: tuple[bytes, bytes]) -> bool:
        return oracle.property_holds(provider, *pair, yes)

    def refuses(pair: tuple[bytes, bytes]) -> None:
        assert not holds(pair), pair
        assert LIBRARY.judge(provider, *pair).paid != "yes", pair
        assert oracle.judge(provider, *pair).paid != "yes", pair

    assert yes["session"]["paid"] == "yes" and holds(both(session, proof))

    good = [word for word, state in about.proof_states if state in oracle.CONFIRMS]
    for word in (*EVERY_WORD, *(word for each in SANDBOX.values() for word, _ in each.proof_states)):
        if word not in good:
            refuses(both(session, changed(proof, status=word)))
    refuses(both(session, changed(proof, status=...)))
    refuses(both(session, changed(proof, status=[good[0]])))
    for each in good:
        refuses(both(session, changed(proof, status=each.swapcase())))
        assert holds(both(session, changed(proof, status=each)))
    identity = oracle.IDENTITY.get(provider)
    for nothing in (..., None, "", 7, [UUID]):
        if key:
            refuses(both(changed(session, **{key: nothing}), proof))
        if identity:
            refuses(both(session, changed(proof, **{identity: nothing})))
    for another in (UUID[:-1], UUID.replace("-", ""), UUID[:-1] + "8", ORDER_ID):
        if key and identity:
            refuses(both(changed(session, **{key: another}), proof))
            refuses(both(session, changed(proof, **{identity: another})))
    if key:
        for link in (".", "..", "o\u0007", "o\u0085", "o" * 129, "\u00e9" * 65):
            refuses(both(changed(session, **{key: link}), changed(proof, **({identity: link} if identity else {}))))
    if provider == "inbank":
        assert holds(both(session, {"contract": proof}))
        refuses(both(session, {"contract": changed(proof, status="signed"), **proof}))
        ends: list[Any] = ["2026-01-02T03:04:05Z", 0, False, [], {}]
        for ended in ends:
            refuses(both(session, changed(proof, terminatedAt=ended)))
    if provider in ("kustom", "dintero"):
        amount, code = ("order_amount", "purchase_currency") if key else ("amount", "currency")
        for wrong in (29999, 30001, 30000.5, -30000, "30000.0", None, ...):
            refuses(both(session, changed(proof, **{amount: wrong})))
        for wrong in ("SE", "XTS", "", None, 752, ..., *(["NOK"] if key else [])):
            refuses(both(session, changed(proof, **{code: wrong})))
        assert holds(both(session, changed(proof, **{code: "sek"})))
    if provider == "kustom":
        for fraud in ("PENDING", "REJECTED", "STOPPED", "accepted", "", 1, False):
            refuses(both(session, changed(proof, fraud_status=fraud)))
        for sums in ({"captured_amount": 29999}, {"remaining_authorized_amount": 29999}, {"captured_amount": "x"},
                      {"captured_amount": 1, "remaining_authorized_amount": 29998}, {"refunded_amount": 1},
                      {"captured_amount": -1, "remaining_authorized_amount": 30001}, {"refunded_amount": "0.0"},
                      {"captured_amount": 0, "remaining_authorized_amount": 0}, {"remaining_authorized_amount": 0.5}):
            refuses(both(session, changed(proof, **sums)))
        for enough in ({"captured_amount": 30000}, {"captured_amount": 1, "remaining_authorized_amount": 29999},
                      {"refunded_amount": 0}, {"captured_amount": None, "refunded_amount": None}):
            assert holds(both(session, changed(proof, **enough)))
    if provider == "dintero":
        for told in ("a", "A ", "B", "", None, 7, ["A"], ...):
            refuses(both(session, changed(proof, merchant_reference=told)))
        refuses(both(session, proof, {"amount": 30000}))
        refuses(both(session, proof, {"reference": "A", "currency": "NOK"}))
        refuses(both(session, proof, {"reference": "A", "amount": 29999}))
        refuses(both(changed(session, success=False), proof))
        refuses(both(changed(session, processed_at="1970-01-01T00:00:00Z"), proof))
        assert holds(both(session, changed(proof, merchant_reference=7), {"reference": "7"}))
    if provider == "ledyer":
        for kind, right in (("advanceInvoice", True), ("card", True), ("klarna", False)):
            pair = both(changed(session, paymentMethod={"type": kind}), proof)
            assert holds(pair) is right and (LIBRARY.judge(provider, *pair).paid == "yes") is right


# ---- The finds, the cases, the table, the attack -------------------------------------------------


@pytest.mark.slow
def test_no_find_of_libfuzzer_is_judged_otherwise_than_by_the_oracle() -> None:
    finds = found_by_fuzzing()
    for find in finds:
        agree(*find)
    assert len(finds) > 1000


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
@pytest.mark.parametrize("body", PASSING)
def test_nothing_and_a_page_are_told_from_what_stays_wrong(provider: str, body: str) -> None:
    agree(provider, body.encode().replace(b"\0", b" "), None)


@cache
def written() -> list[tuple[str, str, bytes, bytes | None, dict[str, Any]]]:
    """Name, provider, response, options and answer of what needs no server."""
    return [(case.name, case.provider, case.body,
             None if case.options is None else case.options.encode(), case.wanted())
            for case in BY_HAND]


def unlike_the_oracle() -> list[str]:
    return [name for name, provider, response, options, answer in written()
            if oracle.judge(provider, response, options) != oracle.told_by(answer)]


@pytest.mark.slow
def test_the_oracle_gives_the_answers_that_were_written_by_hand() -> None:
    assert unlike_the_oracle() == []
    for name, provider, response, options, answer in written():
        assert oracle.property_holds(provider, response, options, answer), name
    assert len(written()) > 900


@pytest.mark.slow
def test_a_yes_over_a_case_that_is_not_paid_breaks_the_property() -> None:
    """But for those that are refused for their form alone: the sentence says nothing of them."""
    accepted = []
    for name, provider, response, options, answer in written():
        session = answer["session"] or {}
        amount = session.get("amount") or {
            "minor": 0, "currency": "EUR" if "currency" in SANDBOX[provider].places else None}
        claimed = {"result": "ok", "session": {"paid": "yes", "holds": [], "amount": amount}}
        if session.get("paid") != "yes" and oracle.property_holds(
                provider, response, options, claimed):
            accepted.append(name)
    assert accepted == []


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


@pytest.mark.slow
def test_every_three_letters_are_the_currency_that_iso_4217_says() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for code in (one + two + three for one in letters for two in letters for three in letters):
        document = ('{"session_id":"a","status":"FINALIZED","order_amount":10000,'
                    f'"purchase_currency":"{code}"}}').encode()
        told = LIBRARY.judge("kustom", document, None).body["session"]["amount"]
        digits = told and len(told["decimal"].partition(".")[2])
        assert digits == currencies.MINOR_DIGITS.get(code), code


@pytest.mark.slow
def test_an_attack_finds_nothing() -> None:
    figures = watched(seconds=10, seed=4217)
    assert figures["disagreements"] == 0, json.dumps(figures["findings"], indent=1)
    assert figures["documents"] > 2000
    # Every answer that there is was among them: agreement on nothing would be worth nothing.
    assert set(figures["by_result"]) == {"ok", "malformed", "mismatched", "invalid_argument"}
    assert set(figures["by_paid"]) == {"yes", "no", "unknown"}
    # 28 holds, one of which takes a server: proof_not_found.
    assert len(figures["by_status"]) == 9 and len(figures["by_hold"]) == 27
    assert len(figures["by_state"]) == 6 and figures["pairs"] > 500


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
    return int(round(float(value) * 10**digits))


def strict_integer(value: Any) -> int | None:
    written = type(value) is oracle.Number and not set(value) & set(".eE")
    return INTEGER(value) if written else None


def signed_integer(value: Any) -> int | None:
    signed = type(value) is str and value[:1] == "-" and value[1:].isdecimal()
    return INTEGER(oracle.Number(value) if signed else value)


def only_texts(provider: str, document: dict[str, Any]) -> str | None:
    found = REFERENCE_OF(provider, document)
    return None if found and found.lstrip("-").isdecimal() else found


def any_number(provider: str, document: dict[str, Any]) -> str | None:
    told = document.get("merchant_reference1")
    return str(told) if type(told) is oracle.Number else REFERENCE_OF(provider, document)


def at_the_customer(document: dict[str, Any]) -> str | None:
    return METHOD_DOUBT({"customer": document.get("customer")})


def advance_only(document: dict[str, Any]) -> str | None:
    doubt = METHOD_DOUBT(document)
    return doubt if doubt == "advance_invoice" else None


def never_unread(provider: str, document: dict[str, Any]) -> str:
    found = STATUS_OF(provider, document)
    return "pending" if provider == "dintero" and found == "unknown" else found


def exactly_written(code: Any) -> str | None:
    return code if type(code) is str and code in currencies.MINOR_DIGITS else None


def unicode_folded(code: Any) -> str | None:
    return exactly_written(code.upper()) if type(code) is str else None


def state_in_other_words(**changes: str) -> dict[str, dict[str, str]]:
    """Words of any provider that mean something else than they do."""
    return {provider: {**words, **{word: state for word, state in changes.items() if word in words}}
            for provider, words in oracle.STATES.items()}


def empty_is_no_fraud(document: dict[str, Any]) -> bool:
    return IS_FRAUD(document) and document["fraud_status"] != ""


def flat_only(provider: str, wanted: oracle.Options, *more: Any) -> oracle.Proof | None:
    document = {key: value for key, value in (wanted.proof or {}).items() if key != "contract"}
    return PROVEN(provider, wanted._replace(proof=document), *more)


def any_order(provider: str, wanted: oracle.Options, *more: Any) -> oracle.Proof | None:
    """Whose transaction it is does not matter."""
    found = PROVEN(provider, wanted, *more)
    if found is None or provider != "dintero":
        return found
    return found._replace(checks=(*found.checks[:3], "match"))


def any_amount(provider: str, *more: Any) -> oracle.Proof | None:
    found = PROVEN(provider, *more)
    if found is None or found.checks[1] != "mismatch":
        return found
    return found._replace(checks=(found.checks[0], "match", *found.checks[2:]))


def any_currency(provider: str, *more: Any) -> oracle.Proof | None:
    found = PROVEN(provider, *more)
    if found is None or found.checks[2] != "mismatch":
        return found
    return found._replace(checks=(*found.checks[:2], "match", found.checks[3]))


def another_will_do(
    provider: str, wanted: oracle.Options, session: dict[str, Any], money: oracle.Money, link: str | None
) -> oracle.Proof | None:
    found = PROVEN(provider, wanted, session, money, link)
    return found or PROVEN(provider, wanted, session, money, None)


def nobody_will_do(provider: str, *more: Any) -> oracle.Proof | None:
    found = PROVEN(provider, *more)
    return found and found._replace(checks=(
        None if found.checks[0] == "not_provided" else found.checks[0], *found.checks[1:]))


def never_over(
    provider: str, document: dict[str, Any]
) -> tuple[str, tuple[str, str | None, str]]:
    return STATE_OF(provider, {key: value for key, value in document.items() if key != "terminatedAt"})


def never_refunded(
    provider: str, document: dict[str, Any]
) -> tuple[str, tuple[str, str | None, str]]:
    return STATE_OF(provider, {key: value for key, value in document.items() if key != "refunded_amount"})


def never_waiting(
    provider: str, document: dict[str, Any]
) -> tuple[str, tuple[str, str | None, str]]:
    return STATE_OF(provider, {key: value for key, value in document.items() if key != "fraud_status"})


def below_zero_too(provider: str, money: oracle.Money) -> dict[str, bool]:
    return {**MONEY_DOUBTS(provider, money), "amount_negative": False}


def nameless_is_unreadable(provider: str, money: oracle.Money) -> dict[str, bool]:
    return MONEY_DOUBTS(provider, money._replace(digits=False))


def no_leap_second(text: str | None) -> str | None:
    return None if text and text[17:19] == "60" else MOMENT(text)


def only_whole_offsets(text: str | None) -> str | None:
    return None if text and text[-3:-2] in ("+", "-") else MOMENT(text)


STATUS_OF, SCALED, INTEGER, MOMENT = (
    oracle.status_of, oracle.scaled, oracle.integer, oracle.moment)
REFERENCE_OF, METHOD_DOUBT, MONEY_DOUBTS, READ, IMPLAUSIBLE = (
    oracle.reference_of, oracle.method_doubt, oracle.money_doubts, oracle.read,
    oracle.is_implausible)
PROVEN, STATE_OF, IS_FRAUD, TRANSACTED = (
    oracle.proven, oracle.state_of, oracle.is_fraud, oracle.transacted)
BROKEN: dict[str, tuple[str, Any]] = {
    "status words in any case": ("status_of", without_case),
    "amounts by way of doubles": ("scaled", rounded),
    "a key twice, the last one counts": ("object_of", dict),
    "129 levels": ("DEEPEST", 129),
    "half a surrogate pair is text": ("exact", lambda value: value if type(value) is str else None),
    "half a surrogate pair is dropped": (
        "shown", lambda value, *keys: oracle.words(value, *keys)),
    "one more than an int64": ("INT64", range(-(2**63), 2**63 + 1)),
    "any text is a timestamp": ("moment", lambda text: text or None),
    "yen have cents": ("MINOR_DIGITS", {**currencies.MINOR_DIGITS, "JPY": 2}),
    "an order is no name": ("NAMES", {**oracle.NAMES, "ledyer": ["id"]}),
    "what is not provided matches": (
        "compare", lambda expect, key, found: None if key not in expect else
        "match" if found in (None, expect[key]) else "mismatch"),
    "a byte order mark is no JSON": ("MARK", b"\n"),
    "any number of byte order marks": ("read", lambda came: READ(came.lstrip("\ufeff".encode()))),
    "below zero is paid": ("money_doubts", below_zero_too),
    "without a currency no digits": ("money_doubts", nameless_is_unreadable),
    "an integer has neither point nor exponent": ("integer", strict_integer),
    "a text of digits has a sign": ("integer", signed_integer),
    "identifiers byte for byte": ("same", lambda one, other: one == other),
    "identifiers in any case": ("same", lambda one, other: one.lower() == other.lower()),
    "currencies byte for byte": ("folded", exactly_written),
    "currencies folded by Unicode": ("folded", unicode_folded),
    "a reference is a text": ("reference_of", only_texts),
    "any number is a reference": ("reference_of", any_number),
    "every time is plausible": ("is_implausible", lambda processed, created: False),
    "created_at does not matter": (
        "is_implausible", lambda processed, created: IMPLAUSIBLE(processed, None)),
    "fractions do not matter": ("ordered", lambda utc: utc[:19]),
    "what cannot be read is pending": ("status_of", never_unread),
    "no leap seconds": ("moment", no_leap_second),
    "no offsets of hours": ("moment", only_whole_offsets),
    "one place for the payment method": ("method_doubt", at_the_customer),
    "every way to pay is paid": ("method_doubt", advance_only),
    "one way to pay less": ("METHODS", oracle.METHODS - {"partPayment"}),
    "an empty text is a payment method": ("NOTHING", (None,)),
    "what is malformed stays so": ("is_passing", lambda document: False),
    "what is malformed passes": ("is_passing", lambda document: True),
    **{f"proof: {word} is {state}": ("STATES", state_in_other_words(**{word: state}))
       for word, state in {
           **{word: "unknown" for words in oracle.STATES.values() for word in words},
           "signed": "captured", "CLOSED": "captured", "orderRefunded": "captured", "REFUNDED": "captured",
           "paymentPending": "secured"}.items()},
    **{f"proof: the session of a transaction that is {word} is completed": (
        "TRANSACTION", {each: status for each, status in oracle.TRANSACTION.items() if each != word})
       for word in oracle.TRANSACTION},
    "proof: pending confirms": ("CONFIRMS", oracle.CONFIRMS | {"pending"}),
    "proof: what is captured confirms nothing": ("CONFIRMS", {"secured"}),
    "proof: fraud is not looked at": ("is_fraud", lambda document: False),
    "proof: only words are fraud": (
        "is_fraud", lambda document: IS_FRAUD(document) and type(document["fraud_status"]) is str),
    "proof: an empty word is no fraud": ("is_fraud", empty_is_no_fraud),
    "proof: no contract under contract": ("proven", flat_only),
    "proof: anybody's transaction": ("proven", any_order),
    "proof: any amount": ("proven", any_amount),
    "proof: any currency": ("proven", any_currency),
    "proof: another one will do": ("proven", another_will_do),
    "proof: one of nobody will do": ("proven", nobody_will_do),
    "proof: terminatedAt is not looked at": ("state_of", never_over),
    "proof: refunds are not looked at": ("state_of", never_refunded),
    "proof: a check for fraud is waited for by nobody": ("state_of", never_waiting),
    "proof: sums are not looked at": ("falls_short", lambda document, minor: False),
    "proof: sums may be anything": ("are_readable", lambda document: True),
    "proof: captured alone has to reach the amount": (
        "falls_short", lambda document, minor: (oracle.sum_of(document, "captured_amount") or minor) < minor),
    "proof: it settles whatever stands beside an advance invoice": ("beside_advance", lambda document: None),
    "proof: what came to nothing was this payment": ("may_be_another", lambda proof: False),
    "proof: a link may be anything": (
        "is_identifier", lambda value: type(value) is str and value != ""),
    "proof: events that failed count": (
        "transacted", lambda document, kind: TRANSACTED({**document, "events": [
            {**event, "success": True} if type(event) is dict and type(event.get("success")) is bool else event
            for event in document["events"]]} if type(document.get("events")) is list else document, kind)),
}


def break_oracle(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    attribute, broken = BROKEN[name]
    monkeypatch.setattr(oracle, attribute, broken)
    if attribute == "object_of":
        decoder = json.JSONDecoder(
            object_pairs_hook=dict, parse_int=oracle.Number, parse_float=oracle.Number,
            parse_constant=oracle.refuse)
        monkeypatch.setattr(oracle, "DECODER", decoder)


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_oracle_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_oracle(monkeypatch, name)
    assert noticed()


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_oracle_is_unlike_the_cases(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_oracle(monkeypatch, name)
    assert unlike_the_oracle()


@pytest.mark.parametrize("provider", oracle.PROVIDERS)
def test_a_false_yes_breaks_the_property(provider: str) -> None:
    """The sentence refuses a "yes" over each document that misses one of its parts."""
    about = SANDBOX[provider]
    is_major = about.is_major

    def saying(**more: Any) -> bytes:
        return json.dumps(about.saying(
            id="S", status=about.good, amount=300 if is_major else 30000, currency="EUR",
            processed_at="2023-11-07T05:31:56Z", **more), separators=(",", ":")).encode()

    paid = saying()
    asked: dict[str, Any] = {"id": "S", "expect": {"amount": 30000}, **about.trust}

    def holds(document: bytes, claimed: dict[str, Any] | None = None, **more: Any) -> bool:
        options = json.dumps({**asked, **more}).encode()
        return oracle.property_holds(provider, document, options, claimed or yes)

    def claim(**amount: Any) -> dict[str, Any]:
        told = {**yes["session"], "amount": {**yes["session"]["amount"], **amount}}
        return {**yes, "session": told}

    yes = LIBRARY.judge(provider, paid, json.dumps(asked).encode()).body
    mark, half = "\ufeff".encode(), b"\\ud800"
    assert yes["session"]["paid"] == "yes" and holds(paid)
    assert not holds(paid, id="s")
    assert not holds(paid.replace(b'"S"', b'""'))
    assert not holds(paid.replace(b'"S"', b'"S "'))
    assert not holds(paid.replace(b'"S"', b'["S"]'))
    assert not holds(paid.replace(b'"S"', b'"S' + half + b'"'))
    assert not holds(paid, id="S\ud800")
    assert not holds(paid.replace(b"300", b"299"))
    assert not holds(paid.replace(b"3", b'"3"', 1))
    assert not holds(paid, id=["S"])
    assert not holds(paid, expect=[])
    assert not holds(paid, expect={"amount": 30001})
    assert not holds(paid, expect={"amount": 30000.5})
    assert not holds(paid, expect={"amount": "30000.0"})
    assert not holds(paid, expect={"amount": "-30000"})
    assert not holds(paid, expect={"currency": "USD"})
    assert not holds(paid, expect={"reference": "ORDER-1001"})
    assert not holds(paid[:-1])
    assert not holds(mark + mark + paid)
    assert not holds(b" " + mark + paid)
    assert not holds(paid[:-1] + b',"a":1,"\\u0061":1}')
    assert not holds(paid[:-1] + b',"a' + half + b'":1,"a' + half + b'":1}')
    assert not holds(paid, {**yes, "session": {**yes["session"], "holds": ["unidentified"]}})
    assert holds(mark + paid)
    assert holds(paid[:-1] + b',"":"' + half + b'"}')
    assert holds(paid, expect={"amount": 30000.0}) and holds(paid, expect={"amount": "030000"})

    u, other = b'"7C9E6679-7425-40DE-944B-E07FC1F90AE7"', "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    assert holds(paid.replace(b'"S"', u), id=other)
    assert not holds(paid.replace(b'"S"', u), id=other.replace("-", ""))
    assert not holds(paid.replace(b'"S"', u), id=other[:-1] + "8")
    assert not holds(paid.replace(b'"S"', b'"TILL"'), id="till")

    usual = b"300" if is_major else b"30000"
    expect: dict[str, Any] = {"expect": {}}
    assert not holds(paid.replace(usual, b"-" + usual), claim(minor=-30000), **expect)
    assert holds(paid.replace(usual, b"-0.0"), claim(minor=0), **expect)
    for spelt_otherwise in (b"%s.0", b"%s0e-1", b'"%s"', b'"00%s"'):
        assert holds(paid.replace(usual, spelt_otherwise.replace(b"%s", usual)))
    for wrong in (b"%s.001", b"%s1e-1", b'" %s"', b'"+%s"', b'"%se0"', b'"%s,"', b'"%s."', b'".%s"',
                  b'"%s.0.0"', b'"%s' + half + b'"', b'[%s]', b'""', b"null"):
        assert not holds(paid.replace(usual, wrong.replace(b"%s", usual)))
    in_text = paid.replace(usual, b'"' + usual + b'.0"')
    assert holds(in_text) is is_major
    if provider == "dintero":
        def processed(at: str, before: str = "null") -> bool:
            return holds(paid[:-1].replace(b"2023-11-07T05:31:56Z", at.encode())
                         + b',"created_at":' + before.encode() + b"}")

        assert not holds(paid, trust_processed_at=False)
        assert not holds(paid.replace(b"05:31", b"25:31"))
        for said in (b"false", b"0", b'"true"', b'""', b"[]", b"{}", b'"false"'):
            assert not holds(paid[:-1] + b',"success":' + said + b"}")
        assert holds(paid[:-1] + b',"success":true}') and holds(paid[:-1] + b',"success":null}')
        for at in ("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2014-12-31T23:59:59Z", "soon",
                   "2014-12-31T23:59:60Z", "2015-01-01T00:59:59+01", "2100-01-01T00:00:00Z", "",
                   "9999-12-31T23:59:59Z", "2023-11-07T05:31:56", "2023-11-07T05:31:56+1",
                   "2023-11-07T05:31:61Z", "2023-11-07T05:31:56,5Z", "2023-11-07T05:31:56+00:60"):
            assert not processed(at)
        for at in ("2015-01-01T00:00:00Z", "2099-12-31T23:59:60.9Z", "2023-11-07t05:31:56.5+0100",
                   "2023-11-07 05:31:60z"):
            assert processed(at)
        assert not processed("2023-11-07T05:31:56Z", '"2023-11-07T05:31:56.000000001Z"')
        assert processed("2023-11-07T05:31:56Z", '"2023-11-07T06:31:56.0+01"')
        assert processed("2023-11-07T05:31:56Z", '"soon"')
    else:
        assert not holds(paid.replace(GOOD[provider].encode(), GOOD[provider].swapcase().encode()))
        assert not holds(paid.replace(GOOD[provider].encode(), GOOD[provider].encode() + half))
        assert not holds(paid.replace(b'"EUR"', b'["EUR"]'))
        assert not holds(paid.replace(b'"EUR"', b'"EUR' + half + b'"'))
        assert not holds(paid.replace(b"EUR", "ſek".encode()), claim(currency="SEK"))
        assert holds(paid.replace(b"EUR", b"eUr"))
        assert holds(paid, expect={"currency": "eur"})
        for token, right in (
                (b"1001", True), (b'"1001"', True), (b"1001.0", False), (b"1002", False),
                (b'"1001' + half + b'"', False), (b"[1001]", False)):
            told = saying(reference="%s").replace(b'"%s"', token)
            assert holds(told, expect={"reference": "1001"}) is right
    if provider == "ledyer":
        def by(customer: str, top: str = "null") -> bool:
            return holds(paid[:-1] + f',"customer":{customer},"paymentMethod":{top}}}'.encode())

        for kind in ("advanceInvoice", "advance_invoice", "Card", "klarna", " card", "card\\ud83d"):
            assert not by(f'{{"paymentMethod":{{"type":"{kind}"}}}}')
            assert not by("{}", f'{{"type":"{kind}"}}')
        for none in ('"card"', "[]", "7", "false", '[{"type":"card"}]', '{"type":["card"]}'):
            assert not by(f'{{"paymentMethod":{none}}}') and not by("{}", none)
        for customer in ('"card"', "[]", "7", "false", '[{"type":"card"}]'):
            assert not by(customer)
        for silent in ("null", '""', "{}", '{"type":null}', '{"type":""}', '{"type":"card"}'):
            assert by(f'{{"paymentMethod":{silent}}}') and by("{}", silent)
        assert by("null") and by('""')


def test_a_finding_is_cut_down_to_what_it_needs() -> None:
    needs: Callable[[bytes], bool] = lambda document: b"x" in document and b"y" in document
    assert smallest(b"aaaaxbbbbbbbbbycc", needs) == b"xy"
