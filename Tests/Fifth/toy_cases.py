# SPDX-License-Identifier: MIT
"""The toy's cases: Tests/Cases/toyco, written out from here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAID = {"toy": "t-1", "phase": "played", "coins": 2000, "coin": "SEK", "label": "ORDER-1",
        "made": "2024-01-15T10:30:00Z"}
STATUSES = {"wrapped": "open", "posted": "pending", "played": "completed", "returned": "cancelled",
            "broken": "failed"}


def session(paid: str, decision: str, /, **differs: Any) -> dict[str, Any]:
    """The answer to PAID, or to one that differs from it; None for what is not told."""
    whole = {
        "id": "t-1", "status": "completed", "paid": paid, "final": True,
        "evidence": {"field": "phase", "value": "played", "basis": "reported"}, "holds": [],
        "amount": {"minor": 2000, "currency": "SEK", "decimal": "20.00"}, "merchant_reference": "ORDER-1",
        "created_at": "2024-01-15T10:30:00Z", **differs}
    return {"result": "ok", "provider": "toyco", "decision": decision,
            "session": {key: value for key, value in whole.items() if value is not None}}


def failure(result: str, *, retryable: bool = False, **more: Any) -> dict[str, Any]:
    error = {"http_status": more.get("http_status"), "provider_message": more.get("said"), "retryable": retryable}
    return {"result": result, "provider": "toyco", "reference": more.get("reference"),
            "decision": "wait" if retryable else "hold",
            "error": {key: value for key, value in error.items() if value is not None}}


def phase(word: str, status: str) -> tuple[dict[str, Any], dict[str, Any]]:
    final = status not in ("open", "pending")
    paid = "yes" if status == "completed" else "no"
    decision = {"yes": "ship"}.get(paid, "release" if final else "wait")
    return {**PAID, "phase": word}, session(paid, decision, status=status, final=final, evidence={
        "field": "phase", "value": word, "basis": "reported"})


def held(*holds: str, **differs: Any) -> dict[str, Any]:
    return session("unknown", "hold", holds=list(holds), **differs)


#: By name: the response, and the answer to it.
DOCUMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "seed": (PAID, session("yes", "ship")),
    **{f"status-{word}": phase(word, status) for word, status in STATUSES.items()},
    "status-unheard-of": ({**PAID, "phase": "lost"}, held(
        "status_unknown", status="unknown", final=False,
        evidence={"field": "phase", "value": "lost", "basis": "reported"})),
    "status-missing": ({**PAID, "phase": None}, held(
        "status_unknown", status="unknown", final=False, evidence={"field": "phase", "basis": "absent"})),
    "identifier": ({**PAID, "shelf": "s-9"}, session("yes", "ship", identifiers={"shelf": "s-9"})),
    "id-absent": ({**PAID, "toy": None}, held("unidentified", id=None)),
    "amount-half": ({**PAID, "coins": 2000.5}, held("amount_unreadable", amount=None)),
    "amount-text": ({**PAID, "coins": "2000"}, session("yes", "ship")),
    "amount-negative": ({**PAID, "coins": -2000}, held(
        "amount_negative", amount={"minor": -2000, "currency": "SEK", "decimal": "-20.00"})),
    "currency-unknown": ({**PAID, "coin": "XXX"}, held("currency_unreadable", amount=None)),
    "time-text": ({**PAID, "made": "soon"}, session("yes", "ship", created_at=None)),
    "array": ([], failure("malformed")),
}
#: By name: the status, the response, and the answer to it.
ERRORS: dict[str, tuple[int, Any, dict[str, Any]]] = {
    "http-404-sorry": (404, {"sorry": "no such toy"}, failure(
        "not_found", http_status=404, said="no such toy", reference="toyco:t-1")),
    "http-503-sorry": (503, {"sorry": "at lunch"}, failure(
        "provider_error", retryable=True, http_status=503, said="at lunch", reference="toyco:t-1")),
}


def write(folder: Path, schema: dict[str, Any]) -> None:
    """All of them; of an answer, what this schema has."""
    folder.mkdir()
    (folder / "identifiers.json").write_text('["shelf"]\n')
    about: dict[str, Any] = {"about": "A toy.", "source": "Nobody"}
    several = [(name, {**about, "options": None}, response, answer)
               for name, (response, answer) in DOCUMENTS.items()]
    several += [(name, {**about, "options": None, "http_status": status, "reference": "toyco:t-1"}, response, answer)
                for name, (status, response, answer) in ERRORS.items()]
    for name, case, response, answer in several:
        (folder / name).mkdir()
        (folder / name / "response").write_text(json.dumps(response))
        (folder / name / "case.json").write_text(json.dumps(case))
        (folder / name / "answer.json").write_text(json.dumps(
            {key: value for key, value in answer.items() if value is not None and key in schema["properties"]}))
