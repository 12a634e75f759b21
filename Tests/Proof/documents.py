# SPDX-License-Identifier: MIT
"""Documents that a provider might send, and many that it should not, from a seeded random.Random.

Everything is built as text, token by token, since what matters often cannot be said with objects: a
key twice, an escape, a number that no type holds. No document holds a NUL byte: C text ends there.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tarfile
import unicodedata
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from oracle import PROVIDERS, WORDS

sys.path[:0] = (str(Path(__file__).resolve().parents[1] / each) for each in ("Cases", "Sandbox/src"))

from cases import CASES  # noqa: E402
from paysession_sandbox.provider import Provider, put_at  # noqa: E402
from paysession_sandbox.providers import PROVIDERS as SANDBOX  # noqa: E402

CORPUS = Path(__file__).resolve().parents[1] / "Fuzz" / "corpus"

# A UUID, whose letter case is free, or any other name.
IDS = {provider: ("5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "se_1xE2fCIbZXHqB2tZctuZGlyCKnQ")[nth % 2]
       for nth, provider in enumerate(PROVIDERS)}
ORDER_ID = "or_1xE2fDBg9rRwh6nENMA3ly3B3Qg"
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
GOOD = {name: provider.good for name, provider in SANDBOX.items() if provider.good}
# How often a document says what it need not say; all the rest it says always.
SAID = {"created_at": 0.45, "processed_at": 0.9, "success": 0.3, "locale": 0.2, "items": 0.2}
PAIRS = 0.35  # Of all.
EVERY_WORD = sorted({word for words in WORDS.values() for word in words}
                    | {"paid", "rejected", "success", "AUTHORIZED", "COMPLETED", "approved"})
LOOKALIKES = str.maketrans({
    "a": "а", "c": "с", "e": "е", "o": "о", "p": "р", "i": "і", "A": "А", "E": "Е", "I": "Ι",
    "N": "Ν", "Z": "Ζ", "d": "ⅾ", "l": "ⅼ", "t": "ｔ", "m": "ⅿ", "F": "Ｆ", "D": "Ⅾ", "L": "Ⅼ"})
BESIDE = [" ", "\t", "\n", "\r", "\0", "\x01", "\x7f", "\xa0", "\xad", "\u0301", "\u200b", "\u200d",
          "\u202e", "\u2060", "\ufeff", "\ufe0f", "\U000e0020", ".", ",", ";", "é", "0", "_", "/"]
OTHER_TYPES = ["null", "true", "false", "0", "1", "-1", "[]", "{}", '""', "1e2", "NaN"]
CURRENCIES = ["EUR", "SEK", "PLN", "NOK", "JPY", "KWD", "CLF", "BHD", "UYW", "ISK", "HUF", "VES"]
NOT_CURRENCIES = ["xau", "XAU", "XXX", "XTS", "ZZZ", "EU", "EURO", "EUR ", " EUR", "ＥＵＲ", "ＥＵＲ",
                  "ЕUR", "978", "", "EUR\0", "€", "HRK", "DEM", "ſek", "ısk", "ﬁm", "ß"]
REFERENCES = ["1001", "1001", "1001", "1002", "0", "-7", "-0", "1001.0", "1e3", "1001e0",
              "123456789012345678901234567890", "true", "null", '""', '["ORDER-1001"]']
SUCCESSES = ["true", "true", "false", "false", "null", "0", "1", '"false"', '"true"', '"no"', '""',
             "[]", "[false]", "{}", "0.0", '"\\ud83d"']
METHODS = ["invoice", "card", "serviceInvoice", "bankTransfer", "partPayment", "advanceInvoice",
           "advanceInvoice", "advanceInvoice", "advance_invoice", "AdvanceInvoice",
           "ADVANCEINVOICE", "Invoice", "klarna", "", "null", "true"]
HALVES = ["\\ud83d", "\\ude00", "\\uD800", "\\uDBFF", "\\uDFFF", "\\ud83d\\ud83d",
          "\\ude00\\ud83d", "\\ud83d\\ud83d\\ude00"]
MARK = "\ufeff"
PASSING = ["", " ", "\r\n\t", MARK, MARK + "\n", "<html></html>", "<", " \n<!DOCTYPE html>",
           MARK + "<html>", MARK + " <", " " + MARK + "<", MARK + MARK, MARK + MARK + "<", "\x0c",
           "\xa0", "OK <html>", "Service Unavailable", ">", "\x00<"]
NUMBERS = """
0 -0 0.0 -0.0 0e0 0e99999999999999999999 -0e-99999999999999999999 1 -1 2 300 300.0 300.00 300.000
299.99 299.990 299.999 300.001 3e2 3E2 3e+2 3E-2 30000e-2 3000000e-4 0.3e3 0.003e5 1.15 0.1 0.01
0.001 0.0001 0.00001 1e-1 1e-2 1e-3 1e-4 1e-5 1e17 1e18 1e19 1e999 1e-999 -1e999 1e400 1e308 1e309
1e99999999999999999999 1e-99999999999999999999 1e00000000000000000002 1e-00000000000000000002
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
92233720368547758.07 92233720368547758.08 -92233720368547758.08 -92233720368547758.09
9223372036854775.807 9223372036854775.808 922337203685477.5807 922337203685477.5808
9223372036854775807e-2 9223372036854775807000e-5 18446744073709551615 18446744073709551616
36893488147419103232 9007199254740993 90071992547409.93 2147483647 2147483648 4294967296 4294967297
99999999999999999999 1000000000000000000 1000000000000000000e-1 123456789012345678901234567890
0.000000000000000000000000000000000000001 300.0000000000000000000000000000000000000000000000000001
300.0000000000000000000000000000000000000000000000000000 29999.99999999999999999999999999999999999
1234567890123456789012345678901234567890123456789012345678901
2000.0 2000.5 2000.000000000000000000000 2e3 20000e-1 20001e-1 200000.0e-2 2E+3 0.2e4
2000.0000000000002 -2000 -2000.0 -0.01 -1e0 299.99000000000001 19.899999999999999
9223372036854775807.0 9223372036854775808.0
922337203685477580.7e1 922337203685477580.8e1 -922337203685477580.8e1 9223372036854775807e0
92233720368547758070e-1 92233720368547758071e-1 0.5 0e1 -0.0e5 1e-0
""".split()
# Of a usual number: other spellings of the same, and some of what is nearly that.
SPELLINGS = """
%s.0 %s.00 %se0 %s0e-1 %s00E-2 %s.000000000000000000000000 -%s -%s.0 %s.5 %s1e-1 %s.0000000000001
"%s" "%s" "%s" "00%s" "-%s" "+%s" "%s.0" "%s.00" "%s.005" "%s," "%s,00" "%s." ".%s" "_%s" "%s_"
"%se0" "%s.0.0" "--%s" "-0%s" "%s\\u0030" "\\u002d%s" "%s\\ud83d" "0x%s" "１%s" "" "-" "." "-0" "-0.00"
"0" "000" "9223372036854775807" "9223372036854775808"
"92233720368547758.07" "92233720368547758.08"
"00000000000000000000000000000000%s" "%s00000000000000000000000000000000"
"%s.0000000000000000000000000000000000000000" "-92233720368547758.08"
""".replace("_", " ").split("\n")
SPELLINGS = [each for line in SPELLINGS for each in re.findall(r'"[^"]*"|\S+', line)]
NOT_NUMBERS = ["00", "01", "-01", "+1", ".5", "1.", "1.e2", "1e", "1e+", "-", "--1", "0x10",
               "1_000", "1,000", "NaN", "Infinity", "-Infinity", "nan", "１", "1 0",
               "1.2.3", "1e1.5", "'1'"]
MOMENTS = [moment.replace("_", " ") for moment in """
2023-11-07T05:31:56Z 2023-11-07t05:31:56z 2023-11-07_05:31:56Z 2024-01-15T10:30:00+02:00
2024-01-15T10:30:00+0200 2024-01-15T10:30:00+02 2024-01-15T10:30:00-05:30 2024-01-15T10:30:00
2024-01-15 2024-01-15T10:30Z 2024-01-15T24:00:00Z 2016-12-31T23:59:60Z 2023-02-29T00:00:00Z
2024-02-29T00:00:00Z 2100-02-29T00:00:00Z 2000-02-29T00:00:00Z 1900-02-29T00:00:00Z
2024-01-15T10:30:00.1Z 2024-01-15T10:30:00.123456789Z 2024-01-15T10:30:00.1234567890Z
2024-01-15T10:30:00.Z 2024-01-15T10:30:00,5Z 2024-01-15T10:30:00+23:59 2024-01-15T10:30:00+24:00
2024-01-15T10:30:00+00:60 2024-01-15T10:30:00-00:00 2024-13-01T00:00:00Z 2024-00-01T00:00:00Z
2024-04-31T00:00:00Z 0000-01-01T00:00:00Z 0000-01-01T00:00:00+00:01 0000-01-01T00:00:00-00:01
0001-01-01T00:00:00Z 0001-01-01T00:00:00+01:00 0000-02-29T00:00:00Z 9999-12-31T23:59:59Z
9999-12-31T23:59:59-00:01 9999-12-31T23:59:59+00:01 10000-01-01T00:00:00Z 2024-01-15T10:30:00ZZ
2024-1-15T10:30:00Z 24-01-15T10:30:00Z +2024-01-15T10:30:00Z 2024-01-15T1０:30:00Z
1970-01-01T00:00:00Z 1970-01-01T00:00:00+00 1899-12-30T00:00:00Z 2038-01-19T03:14:07Z
2014-12-31T23:59:59Z 2014-12-31T23:59:59.999999999Z 2014-12-31T23:59:60Z 2015-01-01T00:00:00Z
2015-01-01T00:59:59+01 2015-01-01T01:00:00+01 2014-12-31T23:00:00-01 2014-12-31T22:59:59-01
2099-12-31T23:59:59Z 2099-12-31T23:59:59.999999999Z 2099-12-31T23:59:60.5Z 2100-01-01T00:00:00Z
2100-01-01T00:59:59+01:00 2100-01-01T01:00:00+0100 2099-12-31T23:00:00-01 9999-12-31T23:59:60Z
2024-01-15T10:30:00+1 2024-01-15T10:30:00+012 2024-01-15T10:30:00+01: 2024-01-15T10:30:00-23
2024-01-15T10:30:00+24 2024-01-15T10:30:60Z 2024-01-15T10:30:60.123+05:30 2024-01-15T10:30:61Z
2024-01-15T10:30:60 2023-11-07T05:31:55Z 2023-11-07T05:31:56.0Z 2023-11-07T05:31:57Z
2023-11-07T06:31:56+01 2023-11-07T05:31:55.999999999Z 2023-11-07T05:31:56.000000001Z
""".split()]
# Of pairs: the resource that proves payment, beside the session.
TRANSACTION = "T12345678.4AqLkqEzvSGWK8Zbo4XbQs"
LINKS = [UUID, UUID, UUID, ORDER_ID, "770e8400-e29b-41d4-a716-44665544000", "o", "o" * 128, "\u00e9" * 64, "a/../b?#%"]
NO_LINKS = ["null", '""', "7", "true", "[]", "{}", '"."', '".."', '"..."', '"%2e%2e"', '"o\\u0007"', '"o\\u0080"',
            '"o\\u009f"', '"o\\u00a0"', '"o\\u007f"', '"o\\n"', '"\\ud83d"', '"o\\ud83d"', '" "',
            f'"{"o" * 128}"', f'"{"o" * 129}"', '"%s"' % ("\u00e9" * 64), '"%s"' % ("\u00e9" * 64 + "o")]
PROOF_WORDS = sorted({word for provider in SANDBOX.values() for word, _ in provider.proof_states}
                     | {"paid", "PAID", "completed", "terminated", "CAPTURE", "PARTIALLY_CAPTURED_", ""})
FRAUDS = ["ACCEPTED", "ACCEPTED", "PENDING", "PENDING", "PENDING", "REJECTED", "STOPPED", "accepted", "Pending", ""]
REFERENCE = "A-1001"
BROKEN_BYTES = [
    b"\xff", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xb0\x80",
    b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"\xc3",
    b"\xe2\x82", b"\xf0\x9f\x98", b"\xef\xbb\xbf", b"\xef\xbf\xbe", b"\xc2\xa0", b"\x0b", b"\x0c",
    b"\x1f", b"\x7f", b"\xe2\x80\xa8", b"\\ud800", b"\\udc00", b"\\ud83d\\ude00",
    b"\\ude00\\ud83d", b"\\u0000", b"\\x41", b"\\", b'"', b"//", b"/**/", b",", b":", b"{", b"}",
    b"[", b"]", b"'", b"\n", b"\t", b"\r", b" ", b"0", b"-", b".", b"e", b"null",
]
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null', re.S)


class Token(str):
    """A value in JSON already, which need not be right."""


Object = dict[str, Any]


def text(value: str) -> str:
    """As json.dumps(value, ensure_ascii=False) writes it, without a new encoder for each."""
    return encode_basestring(value)


def found_by_fuzzing() -> list[tuple[str, bytes, bytes | None]]:
    """What libFuzzer kept for its targets `document` and `options`, as those two read it."""
    def kept(target: str) -> list[bytes]:
        with tarfile.open(CORPUS / f"{target}.tar.xz") as archive:
            files = [archive.extractfile(member) for member in archive]
            return [file.read() for file in files if file]

    options = (None, b'{"expect":{"amount":2000,"currency":"SEK","reference":"r"}}', b'{"id":"s"}',
               b'{"trust_processed_at":true}')
    count = len(PROVIDERS)
    return [(PROVIDERS[data[0] % count], data[1:].partition(b"\0")[0], options[data[0] // count % 4])
            for data in kept("document") if data] + [
        ("dintero", b'{"id":"s"}', data.partition(b"\0")[0]) for data in kept("options")]


class Maker:
    """An endless supply of (provider, document, options); so many of them pairs."""

    def __init__(self, seed: int | str, pairs: float = PAIRS) -> None:
        self.pairs = pairs
        self.random = random.Random(seed)
        self.seeds: dict[str, list[tuple[bytes, bytes | None]]] = {each: [] for each in PROVIDERS}
        for case in CASES:
            if b"\0" not in case.body:
                options = None if case.options is None else case.options.encode()
                self.seeds[case.provider].append((case.body, options))
        self.proven = [(provider, *seed) for provider, seeds in self.seeds.items() for seed in seeds
                       if seed[1] and b'"proof"' in seed[1]]
        self.finds = found_by_fuzzing()

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    # ---- Tokens ---------------------------------------------------------------------------------

    def written(self, value: str) -> str:
        """One of the ways to write this text in JSON; all say the same, but for a few that have
        half a surrogate pair in them."""
        if self.chance(0.008):
            return self.halved(value)
        if self.chance(0.85):
            return text(value)
        some = self.random.choice((0.1, 0.5, 1.0))
        out = []
        for character in value:
            if not self.chance(some):
                out.append(text(character)[1:-1])
                continue
            for unit in range(0, len(units := character.encode("utf-16-be")), 2):
                escape = "\\u" + units[unit:unit + 2].hex()
                out.append(escape if self.chance(0.5) else "\\u" + escape[2:].upper())
        return '"' + "".join(out) + '"'

    def halved(self, value: str) -> str:
        """Half a surrogate pair somewhere in it."""
        at = self.random.choice((0, len(value), self.random.randrange(len(value) + 1)))
        return text(value[:at])[:-1] + self.random.choice(HALVES) + text(value[at:])[1:]

    def shown(self, value: str) -> str:
        """A token for a text that nothing hangs on."""
        return self.halved(value) if self.chance(0.3) else self.word(value)

    def near(self, value: str) -> str:
        """A text that looks like this one, and is another (or, by another way, the same)."""
        pick, at = self.random.choice, self.random.randrange(len(value) + 1)
        kind = self.random.randrange(11)
        if kind == 0:
            return value + pick(BESIDE)
        if kind == 1:
            return pick(BESIDE) + value
        if kind == 2:
            return value[:at] + pick(BESIDE) + value[at:]
        if kind == 3:
            return pick((value.upper(), value.lower(), value.title(), value.swapcase()))
        if kind == 4:
            return value.translate(LOOKALIKES)
        if kind == 5:
            return value[:at] + value[at:].translate(LOOKALIKES)
        if kind == 6:
            return value[:at] + value[at + 1:]
        if kind == 7:
            return value + value[-1:] if self.chance(0.5) else value + value
        if kind == 8 and value:
            at = min(at, len(value) - 1)
            flipped = chr(ord(value[at]) ^ (1 << self.random.randrange(6)))
            return value[:at] + flipped + value[at + 1:]
        if kind == 9:
            return unicodedata.normalize(pick(("NFC", "NFD", "NFKC", "NFKD")), value)
        return value[:at]

    def odd(self, token: str) -> str:
        """Another type in place of this token, or around it."""
        return self.random.choice([*OTHER_TYPES, f"[{token}]", f'{{"":{token}}}', text(token)])

    def word(self, value: str, right: float = 0.7) -> str:
        """A token for a field that should say this."""
        way = self.random.random()
        if way < right:
            return self.written(value)
        if way < right + (1 - right) * 0.7:
            return self.written(self.near(value))
        return self.odd(text(value))

    def name(self, value: str, right: float = 0.7) -> str:
        """A token for an identifier: if it is a UUID its letter case is free."""
        if self.chance(0.2):
            value = self.random.choice((value.upper(), value.swapcase(), value.title()))
        return self.word(value, right)

    def code(self, right: float = 0.9) -> str:
        """A token for a currency, in any letter case."""
        value = self.random.choice(CURRENCIES)
        if self.chance(0.08):
            return self.written(self.random.choice(NOT_CURRENCIES))
        if self.chance(0.15):
            value = self.random.choice((value.lower(), value.title(), value[:2] + value[2].lower()))
        return self.word(value, right)

    def reference(self) -> str:
        if self.chance(0.2):
            return self.random.choice(REFERENCES)
        return self.word("ORDER-1001", 0.8)

    def number(self, usual: str) -> str:
        way = self.random.random()
        if way < 0.4:
            return usual
        if way < 0.6:
            return self.random.choice(SPELLINGS).replace("%s", usual)
        if way < 0.78:
            number = self.random.choice(NUMBERS)
            return number if self.chance(0.85) else text(number)
        if way < 0.88:
            return self.digits()
        return self.odd(usual) if way < 0.97 else self.random.choice(NOT_NUMBERS)

    def digits(self) -> str:
        """A number of any length, with the point anywhere."""
        draw = self.random
        whole = str(draw.getrandbits(draw.choice((3, 10, 20, 62, 63, 64, 65, 130))))
        out = "-" * self.chance(0.2) + whole
        if self.chance(0.5):
            fraction = draw.choice(("0", "5", "25", "125", "1234", str(draw.getrandbits(40))))
            out += "." + fraction + "0" * draw.choice((0, 0, 1, 30))
        if self.chance(0.3):
            out += draw.choice("eE") + draw.choice(("", "+", "-")) + str(draw.randrange(24))
        return out

    def moment(self) -> str:
        found = self.random.choice(MOMENTS)
        if self.chance(0.4):
            found = "%04d-%02d-%02dT%02d:%02d:%02d%s%s" % (
                self.random.choice((0, 1, 1970, 2000, 2014, 2015, 2023, 2024, 2099, 2100, 9999)),
                self.random.randrange(14), self.random.randrange(33), self.random.randrange(26),
                self.random.choice((0, 30, 59, 60)), self.random.choice((0, 30, 59, 60, 61)),
                self.random.choice(("", "", ".5", ".123456789", ".1234567890")),
                self.random.choice(
                    ("Z", "z", "", "+00:00", "-23:59", "+23:59", "+0100", "+01", "-00", "+1")))
        return found

    def close(self) -> str:
        """A moment within a second of the usual one, before or after it, or the same."""
        fraction = self.random.choice(
            ("", ".0", ".000000000", ".000000001", ".5", ".50", ".999999999"))
        zone = self.random.choice((("05", "Z"), ("05", "z"), ("06", "+01"), ("04", "-01:00")))
        second = self.random.choice((55, 56, 56, 56, 57))
        return f"2023-11-07T{zone[0]}:31:{second}{fraction}{zone[1]}"

    def time(self, right: float = 0.85) -> str:
        """A token for a timestamp."""
        way = self.random.random()
        usual = "2023-11-07T05:31:56Z"
        found = usual if way < 0.4 else self.close() if way < 0.65 else self.moment()
        return self.word(found, right)

    def method(self) -> str:
        """A token for Ledyer's payment method: an object that has a type, or what is none."""
        kind = self.random.choice(METHODS)
        token = kind if kind in ("null", "true") else self.written(kind)
        if self.chance(0.1):
            token = self.odd(token)
        provider = ',"provider":"ledyer"' if self.chance(0.2) else ""
        way = self.random.random()
        if way < 0.8:
            return f'{{"type":{token}{provider}}}'
        return token if way < 0.88 else "{}" if way < 0.92 else self.odd(f'{{"type":{token}}}')

    # ---- Documents ------------------------------------------------------------------------------

    def members(self, provider: str) -> list[tuple[str, str]]:
        """Keys and tokens of a session, most often a paid one."""
        about = SANDBOX[provider]
        within: dict[str, list[tuple[str, str]]] = {"": []}
        for what, places in about.places.items():
            for nth, place in enumerate([places] if isinstance(places, str) else places):
                if self.chance(SAID.get(what, 1.0) if nth == 0 else 0.2):
                    way, _, key = place.rpartition(".")
                    within.setdefault(way, []).append((key, self.token(what, about)))
        out = within.pop("")
        for key, members in within.items():
            if self.chance(0.97):
                out.append((key, self.parent(members)))
        return out

    def token(self, what: str, about: Provider) -> str:
        """One for what stands at that place of a document."""
        pick = self.random.choice
        if what == "id":
            other = "order_id" in about.places and self.chance(0.1)
            return self.name(UUID, 0.9) if other else self.name(IDS[about.name], 0.8)
        if what == "order_id":
            return self.name(pick((ORDER_ID, ORDER_ID, UUID)), 0.8)
        if what == "status":
            return self.word(GOOD[about.name] if self.chance(0.65) else pick(EVERY_WORD), 0.8)
        if what == "amount":
            return self.number(pick(("300", "30000", "1249.9", "1234", "0.3")) if about.is_major else "30000")
        if what == "locale":
            return self.shown("et-EE")
        if what == "success":
            return pick(SUCCESSES)
        if what == "items":
            return "[]"
        tokens = {"currency": self.code, "reference": self.reference, "created_at": self.time,
                  "processed_at": self.time, "method": self.method}
        return tokens[what]()

    def parent(self, members: list[tuple[str, str]]) -> str:
        """A token for the object that these stand in; or one of them in its place."""
        way, (_, one) = self.random.random(), self.random.choice(members)
        return self.object(members) if way < 0.92 else one if way < 0.96 else self.odd(one)

    def object(self, members: list[tuple[str, str]]) -> str:
        draw = self.random
        if self.chance(0.5):
            draw.shuffle(members)
        while members and self.chance(0.1):
            members.pop()
        if members and self.chance(0.04):  # A key twice, or nearly.
            key, token = draw.choice(members)
            other = draw.choice((token, "null", self.odd(token)))
            members.insert(draw.randrange(len(members) + 1),
                           (key if self.chance(0.7) else self.near(key), other))
        blank = draw.choice(("", "", " ", "\n", "\t \r\n"))
        inner = f",{blank}".join(f"{self.written(key)}{blank}:{token}" for key, token in members)
        return f"{{{blank}{inner}{blank}}}"

    def built(self, provider: str) -> bytes:
        draw = self.random
        members = self.members(provider)
        if self.chance(0.1):  # The same keys, where nobody should look for them.
            other = draw.choice(PROVIDERS)
            inner = self.object(self.members(other))
            key = draw.choice(("session", "data", "metadata", "order", "customer", "", "Status"))
            members.append((key, inner if self.chance(0.7) else f"[{inner}]"))
        if self.chance(0.04):
            members.append(("extra", self.nested()))
        if self.chance(0.04):
            members.append(("note", self.written(self.near("[[[{{{\"\\🙂e\u0301\u2028"))))
        out = self.object(members)
        if self.chance(0.03):
            out = draw.choice((f"[{out}]", f'{{"session":{out}}}', out + out, out + ",", text(out),
                               out + "\n//", out + "\x0c", f" \r\n\t{out}\n "))
        out = self.marked(out, 0.06)
        if self.chance(0.015):
            out = draw.choice(PASSING)
        return out.encode("utf-8", "surrogatepass").replace(b"\0", b"\\u0000")

    def marked(self, out: str, part: float) -> str:
        """Some of them with byte order marks: of these, one at the very start is none too many."""
        if not self.chance(part):
            return out
        kind = self.random.choice(("%s", "%s", "%s", "%s \r\n\t", "%s%s", " %s", "\n%s", "{%s"))
        return kind.replace("%s", MARK) + out if self.chance(0.93) else out + MARK

    def nested(self) -> str:
        levels = self.random.choice((3, 126, 127, 127, 128, 128, 129, 500))
        kinds = [self.random.choice(("[]", "{}")) for _ in range(levels)]
        opening = "".join("[" if kind == "[]" else '{"]}":' for kind in kinds)
        return opening + "0" + "".join(kind[1] for kind in reversed(kinds))

    def swapped(self, document: bytes) -> bytes:
        """One token of the document replaced by another one."""
        found = list(TOKEN.finditer(document[:4000]))
        if not found:
            return document
        one = self.random.choice(found)
        old = one.group().decode("utf-8", "replace")
        if old.startswith('"') and self.chance(0.6):
            try:
                new = self.word(json.loads(old), 0.2)
            except ValueError:
                new = '"completed"'
        elif self.chance(0.5):
            new = self.number(self.random.choice(NUMBERS))
        else:
            new = self.odd(self.random.choice((old, *map(text, GOOD.values()))))
        new_bytes = new.encode("utf-8", "surrogatepass")
        return document[:one.start()] + new_bytes + document[one.end():]

    def damaged(self, document: bytes) -> bytes:
        draw = self.random
        for _ in range(draw.choice((1, 1, 1, 2, 4))):
            at, size = draw.randrange(len(document) + 1), draw.randrange(1, 9)
            kind = draw.randrange(7)
            if kind == 0 and at < len(document):
                flipped = bytes([document[at] ^ (1 << draw.randrange(8))])
                document = document[:at] + flipped + document[at + 1:]
            elif kind == 1:
                document = document[:at] + draw.choice(BROKEN_BYTES) + document[at:]
            elif kind == 2:
                document = document[:at] + document[at + size:]
            elif kind == 3:
                document = document[:at]
            elif kind == 4:
                document = document[:at] + document[at:at + size] + document[at:]
            elif kind == 5:
                document = document[:at] + bytes([draw.randrange(1, 256)]) + document[at + 1:]
            elif self.chance(0.2):
                other = draw.choice(self.seeds[draw.choice(PROVIDERS)])[0]
                document = document[:at] + other[:200] + document[at:]
            else:
                document = draw.choice(BROKEN_BYTES) + document
        return document

    # ---- Options --------------------------------------------------------------------------------

    def options(self, provider: str) -> bytes | None:
        draw = self.random
        about = SANDBOX[provider]
        if self.chance(0.15 if about.trust else 0.35):
            return None
        members: list[tuple[str, str]] = []
        if self.chance(0.9 if about.trust else 0.01):
            trust = "true" if self.chance(0.9) else draw.choice(("false", "null", "1", '"true"'))
            members.append(("trust_processed_at", trust))
        if self.chance(0.5):
            name = IDS[provider]
            if "order_id" in about.places and self.chance(0.5):
                name = draw.choice((ORDER_ID, UUID))
            members.append(("id", self.name(name, 0.88)))
        if self.chance(0.5):
            expect = []
            if self.chance(0.6):
                usual = draw.choice(("30000", "30000", "30000", "29999", "30001", "124990", "300"))
                expect.append(("amount", self.number(usual) if self.chance(0.2) else usual))
            if self.chance(0.5):
                expect.append(("currency", self.code(0.98)))
            if self.chance(0.5):
                usual = "1001" if self.chance(0.2) else "ORDER-1001"
                expect.append(("reference", self.word(usual, 0.88)))
            members.append(("expect", self.object(expect)))
        if self.chance(0.01):
            members.append((draw.choice(("timeout_ms", "ID", "expected", "")), "1"))
        out = self.marked(self.object(members), 0.04).encode("utf-8", "surrogatepass")
        return (self.damaged(out) if self.chance(0.01) else out).replace(b"\0", b" ")

    # ---- Pairs ----------------------------------------------------------------------------------

    def pair(self) -> tuple[str, bytes, bytes]:
        """A session, and options with the resource that proves its payment: the two belong together,
        but for what is broken then, which is most often one thing."""
        draw = self.random
        if self.chance(0.15):
            provider, document, options = draw.choice(self.proven)
            assert options
            if self.chance(0.8):
                options = self.swapped(options)
            if self.chance(0.3):
                document = self.swapped(document)
        else:
            provider = draw.choice(PROVIDERS)
            session, proof, asks, amount = self.belonging(provider)
            for _ in range(draw.choice((0, 0, 1, 1, 1, 1, 1, 2, 2, 3))):
                draw.choice(self.breaks(provider))(session, proof, asks, amount)
            if provider == "inbank":
                proof = self.wrapped(proof)
            asks = {"proof": {"document": proof}, **asks}
            document, options = (self.rendered(each).encode("utf-8", "surrogatepass") for each in (session, asks))
            document, options = (each.replace(b"\0", b"\\u0000") for each in (document, options))
        if self.chance(0.03):
            options = self.damaged(options)
        if self.chance(0.02):
            document = self.damaged(document)
        if self.chance(0.005):
            provider = draw.choice(PROVIDERS)
        return provider, document.replace(b"\0", b" "), options.replace(b"\0", b" ")

    def belonging(self, provider: str) -> tuple[Object, Object, Object, int]:
        """A session that is completed, what confirms it, how to ask, and the amount in minor units."""
        draw, about = self.random, SANDBOX[provider]
        link = draw.choice(LINKS)
        amount = draw.choice((2000, 2000, 2000, 30000, 1, 0, 2**63 - 1))
        currency = draw.choice(("SEK", "EUR", "NOK", "JPY", "KWD"))
        session = about.saying(
            id=IDS[provider], status=about.good, amount=amount, currency=currency, items=[],
            processed_at="2023-11-07T05:31:56Z", reference=REFERENCE if self.chance(0.5) else None)
        if about.proof_link:
            session = put_at({"link": about.proof_link}, session, {"link": link})
        word = draw.choice([word for word, state in about.proof_states if state in ("secured", "captured")])
        proof = put_at(about.proof_places, {}, {
            "id": link if about.proof_link else TRANSACTION, "status": word, "amount": amount, "currency": currency,
            "reference": REFERENCE})
        asks: Object = {}
        if provider == "dintero":
            asks["expect"] = {"reference": REFERENCE}
            if self.chance(0.3):
                proof["events"] = self.events(amount)
        elif self.chance(0.15):
            asks["expect"] = {"amount": amount * 100 if about.is_major and currency not in ("JPY", "KWD") else amount}
        if provider == "dintero" and self.chance(0.3) or self.chance(0.1):
            asks.setdefault("expect", {})["currency"] = currency
        if provider == "kustom" and self.chance(0.4):
            captured = draw.choice((0, 0, amount // 3, amount))
            proof.update(captured_amount=captured, remaining_authorized_amount=amount - captured)
        if provider == "kustom" and self.chance(0.4):
            proof.update(fraud_status="ACCEPTED", refunded_amount=0)
        if provider == "ledyer" and self.chance(0.4):
            session["customer"] = {"paymentMethod": {"type": draw.choice(METHODS[:6])}}
        if self.chance(0.15):
            asks["id"] = IDS[provider]
        return session, proof, asks, amount

    def breaks(self, provider: str) -> list[Any]:
        """The ways to break a pair of that provider; what breaks most often stands in it twice."""
        money = [self.break_amount, self.break_amount, self.break_currency]
        ways = [self.break_word, self.break_word, self.break_word, self.break_asking, self.break_session]
        ways += {
            "inbank": [self.break_end, self.break_identity], "ledyer": [self.break_method],
            "kustom": [*money, self.break_fraud, self.break_fraud, self.break_sums, self.break_sums,
                       self.break_sums, self.break_identity],
            "dintero": [*money, self.break_reference, self.break_reference, self.break_events, self.break_identity],
        }[provider]
        return ways + ([self.break_link] if SANDBOX[provider].proof_link else [])

    def break_word(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        proof["status"] = Token(self.word(self.random.choice(PROOF_WORDS), 0.9))
        if self.chance(0.05):
            proof["status"] = None

    def break_identity(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        key = next(key for key in ("uuid", "order_id", "id") if key in proof)
        link = str(proof[key])
        proof[key] = Token(self.random.choice((
            self.name(link, 0.4), self.written(link.upper()), self.written(link.swapcase()), '""', "null", "7",
            self.written(UUID), self.written(self.random.choice(LINKS)), self.written(self.near(link)))))
        if self.chance(0.2):
            proof[key] = None

    def break_link(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        key = next(key for key in ("creditContractUuid", "order_id", "orderId") if key in session)
        link = str(session[key])
        session[key] = Token(self.random.choice((
            self.random.choice(NO_LINKS), self.random.choice(NO_LINKS), self.name(link, 0.5), self.written(link.upper()))))
        if self.chance(0.1):
            session[key] = None

    def break_amount(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        where, key = self.random.choice(
            [(each, key) for each in (session, proof, proof) for key in ("amount", "order_amount") if key in each])
        nearly = str(amount + self.random.choice((-1, 1, 0)))
        where[key] = Token(self.random.choice((nearly, nearly, self.number(nearly), self.number(str(amount)))))
        if self.chance(0.05):
            where[key] = None

    def break_currency(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        where, key = self.random.choice([(each, key) for each in (session, proof, proof, asks.get("expect", {}))
                                         for key in ("currency", "purchase_currency") if key in each])
        told = str(where[key])
        where[key] = Token(self.random.choice((self.code(), self.written(told.lower()), self.word(told, 0.3))))
        if self.chance(0.1):
            where[key] = None

    def break_reference(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        expect = asks["expect"] if isinstance(asks.get("expect"), dict) else {}
        where, key = self.random.choice(
            ((proof, "merchant_reference"), (proof, "merchant_reference"), (expect, "reference")))
        way = self.random.random()
        if way < 0.2:
            where[key] = None
        elif way < 0.5:  # A number on one side or on both.
            number = self.random.choice(REFERENCES)
            where[key] = Token(number)
            expect["reference"] = number if self.chance(0.7) else REFERENCE
        else:
            where[key] = Token(self.word(REFERENCE, 0.1))

    def break_fraud(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        word = self.random.choice(FRAUDS)
        proof["fraud_status"] = Token(self.random.choice(("null", "1", "true")) if self.chance(0.1)
                                      else self.word(word, 0.85))

    def break_sums(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        draw = self.random
        for key in draw.sample(("captured_amount", "remaining_authorized_amount", "refunded_amount"), draw.choice((1, 1, 2, 3))):
            nearly = draw.choice((0, 1, -1, amount, amount - 1, amount + 1, amount // 2, 2**63 - 1, 2**63))
            proof[key] = Token(str(nearly) if self.chance(0.75) else self.number(str(amount)))
            if self.chance(0.1):
                proof[key] = Token(draw.choice(("null", '""', '"0"', "0.0", "-0", '"1"', "1.0", "10e-1")))

    def break_end(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        proof["terminatedAt"] = Token(self.random.choice(
            ("null", "null", '""', "0", "false", "[]", "{}", '"\\ud83d"', self.time(), self.time())))

    def break_events(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        proof["events"] = self.events(amount) if self.chance(0.8) else Token(self.random.choice(OTHER_TYPES[:-1]))
        if self.chance(0.5):
            proof["updated_at"] = Token(self.time())

    def break_method(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        session[self.random.choice(("paymentMethod", "customer"))] = Token(self.method())

    def break_asking(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        draw, expect = self.random, asks.setdefault("expect", {})
        way = draw.randrange(6) if isinstance(expect, dict) else 5
        if way == 0:
            expect["amount"] = Token(self.number(str(amount)) if self.chance(0.3) else str(amount + draw.choice((0, 0, 1, -1))))
        elif way == 1:
            expect["currency"] = draw.choice(("SEK", "NOK", "sek", "EUR", "eur", "JPY"))
        elif way == 2:
            expect["reference"] = draw.choice((REFERENCE, "A-1002", "a-1001", "1001"))
        elif way == 3:
            asks["trust_processed_at"] = self.chance(0.8)
        elif way == 4:
            asks["id"] = Token(self.name(draw.choice(list(IDS.values())), 0.9))
        else:
            asks["expect"] = Token(draw.choice(("{}", "null", "[]", '{"total":1}')))

    def break_session(self, session: Object, proof: Object, asks: Object, amount: int) -> None:
        """One of its own fields, or all that it says."""
        draw = self.random
        if "processed_at" in session:
            key = draw.choice(("processed_at", "processed_at", "success", "created_at", "id", "amount"))
            session[key] = Token(draw.choice(SUCCESSES) if key == "success" else self.name(str(session["id"]), 0.2)
                                 if key == "id" else self.number("2000") if key == "amount" else self.time())
            return
        key = draw.choice(list(session))
        told = session[key]
        if key in ("status", "state"):
            session[key] = Token(self.word(draw.choice(EVERY_WORD), 0.9))
        elif isinstance(told, str):
            session[key] = Token(self.word(told, 0.2))
        else:
            session[key] = Token(self.odd(self.rendered(told)))

    def events(self, amount: int) -> list[Any]:
        draw, out = self.random, []
        for _ in range(draw.choice((0, 1, 1, 2, 3))):
            event: Object = {"event": draw.choice(("CAPTURE", "CAPTURE", "REFUND", "AUTHORIZE")), "success": True,
                             "amount": draw.choice((amount, amount // 2, 1))}
            way = draw.random()
            if way < 0.15:
                event["success"] = Token(draw.choice(SUCCESSES))
            elif way < 0.3:
                event["amount"] = Token(self.number(str(amount)))
            elif way < 0.35:
                event["event"] = Token(self.word(event["event"], 0.2))
            elif way < 0.4:
                event[draw.choice(list(event))] = None
            elif way < 0.45:
                event = Token(draw.choice(OTHER_TYPES[:-1]))  # type: ignore[assignment]
            out.append(event)
        return out

    def wrapped(self, proof: Object) -> Object:
        """Inbank's contract under "contract", as it is, or both."""
        way = self.random.random()
        if way < 0.5:
            return proof
        if way < 0.85:
            return {"contract": proof}
        other: Object = {"uuid": self.random.choice((UUID, str(proof.get("uuid")))),
                         "status": self.random.choice(("activated", "signed", "unsigned"))}
        if way < 0.95:
            return {"contract": proof, **other} if self.chance(0.5) else {"contract": other, **proof}
        return {"contract": Token(self.random.choice(OTHER_TYPES[:-1])), **proof}

    def rendered(self, value: Any) -> str:
        """As JSON, its objects in any order; what is None is left out."""
        if isinstance(value, Token):
            return str(value)
        if isinstance(value, dict):
            members = [(key, each) for key, each in value.items() if each is not None]
            if self.chance(0.3):
                self.random.shuffle(members)
            blank = self.random.choice(("", "", " ", "\n\t"))
            return f"{{{blank}" + f",{blank}".join(
                f"{text(key)}:{blank}{self.rendered(each)}" for key, each in members) + f"{blank}}}"
        if isinstance(value, list):
            return f"[{','.join(map(self.rendered, value))}]"
        if isinstance(value, str) and not self.chance(0.1):
            return text(value)
        return json.dumps(value, ensure_ascii=True)

    def next(self) -> tuple[str, bytes, bytes | None]:
        if self.chance(self.pairs):
            return self.pair()
        provider = self.random.choice(PROVIDERS)
        way = self.random.random()
        if way < 0.6:
            document, options = self.built(provider), self.options(provider)
            if way < 0.06:
                document = self.damaged(document)
        else:
            document, options = self.random.choice(self.seeds[provider])
            if len(document) > 6000 and not self.chance(0.02):
                document, options = self.seeds[provider][-1]
            document = self.swapped(document) if way < 0.85 else self.damaged(document)
            if self.chance(0.3):
                options = self.options(provider)
            if self.chance(0.2):
                provider, document, options = self.random.choice(self.finds)
                document = document if self.chance(0.2) else self.damaged(document)
            if self.chance(0.02):
                provider = self.random.choice(PROVIDERS)
        return provider, document.replace(b"\0", b" "), options
