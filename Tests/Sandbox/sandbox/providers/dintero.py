# SPDX-License-Identifier: MIT
"""Dintero shopping, "Get Session details" of an order."""

from __future__ import annotations

from typing import Any

from ..answers import Reply, Sample, ok, refusals, slow

CLIENT_ID = "sandbox-dintero"
CLIENT_SECRET = "sandbox-dintero-secret"
ACCOUNTS = ("T12345678", "P12345678")
ORDER = "order"


def document(session_id: str, /, **changes: Any) -> dict[str, Any]:
    """No status, no currency: the order API records what was done elsewhere."""
    whole = {
        "items": [{"line_id": "1", "amount": 20000}, {"line_id": 2, "amount": 7840}],
        "id": session_id,
        "created_at": "2023-11-07T05:31:56Z",
        "created_by": "bd04c959-d159-49b4-a096-2d84e014a8da",
        "amount": 27840,
        "processed_at": "2023-11-07T05:31:56Z",
        "metadata": {},
        "_links": [{"href": "https://example.com", "rel": "draft"}],
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not None}


def error(message: Any) -> Any:
    return {"error": {"code": "SANDBOX ERROR", "message": message}}


def reference(session_id: str) -> str:
    return f"dintero:{ACCOUNTS[0]}/{ORDER}/{session_id}"


def samples() -> list[Sample]:
    def one(name: str, about: str, status: str, paid: str, *replies: Reply) -> Sample:
        return Sample(reference(name), about, "ok", status, paid, replies)

    found = [
        # Without trust_processed_at, as the sandbox's configuration has it.
        one("processed", "processed_at is there", "completed", "unknown", ok(document("processed"))),
        one("unprocessed", "processed_at is not there", "pending", "unknown",
            ok(document("unprocessed", processed_at=None))),
        one("failed", "success is false", "failed", "no", ok(document("failed", success=False))),
        one("moving", "not processed, then processed", "pending", "unknown",
            ok(document("moving", processed_at=None)), ok(document("moving"))),
        one("bare", "only items", "pending", "unknown", ok({"items": []})),
        one("unreadable-amount", "an amount with a fraction", "completed", "unknown",
            ok(document("unreadable-amount", amount=278.4))),
        Sample(reference("another"), "answers about another session", "mismatched", None, "unknown",
               (ok(document("processed")),)),
        Sample(reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
               (slow(document("slow")),)),
    ]
    found += [Sample(reference(name), about, result, None, "unknown", (reply,))
              for name, about, result, reply in refusals(error)]
    return found
