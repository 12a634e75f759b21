# SPDX-License-Identifier: MIT
"""The shipped library, called as directly as Python can: bytes in, judgement out."""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

MARK, BLANK = b"\xef\xbb\xbf", b" \t\r\n"
BUILT = Path(__file__).resolve().parents[2] / "build/lib/libpaysession.so.0"


class Answer(NamedTuple):
    """What one call said: its JSON without `raw` and `proof.raw`, and the words of the accessors."""

    body: dict[str, Any]
    raw: bytes
    proof_raw: bytes | None
    returned: str
    result: str
    status: str
    paid: str


class Library:
    """PAYSESSION_LIBRARY if that is set, or else the library that `make` left."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or os.environ.get("PAYSESSION_LIBRARY") or str(BUILT)
        self._c = ctypes.CDLL(self.path)
        text, pointer = ctypes.c_char_p, ctypes.c_void_p
        for name, returns, arguments in (
            ("session_normalize", ctypes.c_int, [text, text, text, pointer]),
            ("session_status_normalized", ctypes.c_int, [text, text]),
            ("session_paid_normalized", ctypes.c_int, [text, text]),
            ("session_answer_result", ctypes.c_int, [pointer]),
            ("session_answer_status", ctypes.c_int, [pointer]),
            ("session_answer_paid", ctypes.c_int, [pointer]),
            ("session_answer_json", pointer, [pointer, pointer]),
            ("session_answer_free", None, [pointer]),
            ("session_result_name", text, [ctypes.c_int]),
            ("session_status_name", text, [ctypes.c_int]),
            ("session_paid_name", text, [ctypes.c_int]),
        ):
            function = getattr(self._c, name)
            function.restype, function.argtypes = returns, arguments
        self._results = [self._c.session_result_name(n).decode() for n in range(64)]
        self._statuses = [self._c.session_status_name(n).decode() for n in range(16)]
        self._paids = [self._c.session_paid_name(n).decode() for n in range(8)]
        self._answer = ctypes.c_void_p()
        self._length = ctypes.c_size_t()
        self._answer_at = ctypes.addressof(self._answer)
        self._length_at = ctypes.addressof(self._length)

    def judge(self, provider: str, document: bytes, options: bytes | None) -> Answer:
        """session_normalize() and every accessor. C text ends at a NUL: there must be none."""
        assert b"\0" not in document and (options is None or b"\0" not in options)
        c = self._c
        returned = c.session_normalize(provider.encode(), document, options, self._answer_at)
        handle = self._answer.value
        text = ctypes.string_at(c.session_answer_json(handle, self._length_at), self._length.value)
        result = c.session_answer_result(handle)
        status = c.session_answer_status(handle)
        paid = c.session_answer_paid(handle)
        c.session_answer_free(handle)
        # Quotes inside texts are escaped, so the first of these is the key. What stands behind it
        # is the provider's own, which the library did not write.
        head, found, raw = text.partition(b',"raw":')
        assert found and raw.endswith(b"}"), text
        body, raw, proof_raw = json.loads(head + b"}"), raw[:-1], None
        # Behind what came, if that is all that raw is, the proof.
        came = b"null" if body["session"] is None else document.removeprefix(MARK).strip(BLANK)
        if raw.startswith(came + b',"proof":'):
            raw, proof = came, raw[len(came) + 9:]
            told, found, proof_raw = proof.partition(b',"raw":')
            body["proof"] = json.loads(told + b"}" if found else told)
            assert not found or proof_raw.endswith(b"}"), text
            proof_raw = proof_raw[:-1] if found else None
        return Answer(body, raw, proof_raw, self._results[returned],
                      self._results[result], self._statuses[status], self._paids[paid])

    def short(self, provider: str, document: bytes) -> tuple[str, str]:
        """session_status_normalized() and session_paid_normalized()."""
        name = provider.encode()
        return (self._statuses[self._c.session_status_normalized(name, document)],
                self._paids[self._c.session_paid_normalized(name, document)])
