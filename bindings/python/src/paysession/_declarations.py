# SPDX-License-Identifier: MIT
"""The C interface as ctypes knows it: paysession.h, function by function, in the header's order.

Needs no library: tests/test_declarations.py reads the header and compares.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any


class SessionClient(ctypes.Structure):
    """session_client, known by address only."""


class SessionBatch(ctypes.Structure):
    """session_batch, known by address only."""


class SessionAnswer(ctypes.Structure):
    """session_answer, known by address only."""


# One pointer class for each object, so that ctypes refuses an answer where a client is due.
ClientPointer = POINTER(SessionClient)
BatchPointer = POINTER(SessionBatch)
AnswerPointer = POINTER(SessionAnswer)

# C says `enum`, which is an int to the calling convention.
result = status = paid = decision = c_int

FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "session_abi_version": (c_uint32, ()),
    "session_version": (c_char_p, ()),
    "session_result_name": (c_char_p, (result,)),
    "session_status_name": (c_char_p, (status,)),
    "session_paid_name": (c_char_p, (paid,)),
    "session_decision_name": (c_char_p, (decision,)),
    "session_providers": (c_char_p, ()),
    "session_client_open": (result, (c_char_p, POINTER(ClientPointer), POINTER(AnswerPointer))),
    "session_client_open_file": (
        result, (c_char_p, POINTER(ClientPointer), POINTER(AnswerPointer))),
    "session_client_cancel": (None, (ClientPointer,)),
    "session_client_report": (result, (ClientPointer, POINTER(AnswerPointer))),
    "session_client_close": (None, (ClientPointer,)),
    "session_get": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_get_inbank": (
        result, (ClientPointer, c_char_p, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_get_kustom": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_get_dintero": (
        result, (ClientPointer, c_char_p, c_char_p, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_get_ledyer": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_wait": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_approve": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_refuse": (result, (ClientPointer, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_batch_open": (
        result, (ClientPointer, c_char_p, POINTER(BatchPointer), POINTER(AnswerPointer))),
    "session_batch_add": (result, (BatchPointer, c_char_p, c_char_p, c_uint64)),
    "session_batch_next": (
        result, (BatchPointer, c_int64, POINTER(c_uint64), POINTER(AnswerPointer))),
    "session_batch_fd": (c_int, (BatchPointer,)),
    "session_batch_close": (None, (BatchPointer,)),
    "session_normalize": (result, (c_char_p, c_char_p, c_char_p, POINTER(AnswerPointer))),
    "session_status_normalized": (status, (c_char_p, c_char_p)),
    "session_paid_normalized": (paid, (c_char_p, c_char_p)),
    "session_callback_verify": (
        result, (ClientPointer, c_char_p, c_char_p, c_void_p, c_size_t, c_char_p, POINTER(AnswerPointer))),
    "session_answer_result": (result, (AnswerPointer,)),
    "session_answer_status": (status, (AnswerPointer,)),
    "session_answer_paid": (paid, (AnswerPointer,)),
    "session_answer_decision": (decision, (AnswerPointer,)),
    "session_answer_text": (c_char_p, (AnswerPointer, c_char_p)),
    "session_answer_json": (c_char_p, (AnswerPointer, POINTER(c_size_t))),
    "session_answer_reference": (c_char_p, (AnswerPointer,)),
    "session_answer_free": (None, (AnswerPointer,)),
}


def declare(library: ctypes.CDLL) -> None:
    """Gives every function of `library` its types. Raises AttributeError for one it lacks."""
    for name, (restype, argtypes) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = restype
        function.argtypes = argtypes
