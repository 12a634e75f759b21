# SPDX-License-Identifier: MIT
"""Toyco, which there is not."""

from __future__ import annotations

from typing import Any

from paysession_sandbox.answers import Sample, ok, slow
from paysession_sandbox.provider import WithKey


class Toyco(WithKey):
    name = "toyco"
    path = "toy/v2/sessions/*"
    key = "sandbox-toyco-key"
    states = [
        ("wrapped", "open", "no"),
        ("posted", "pending", "no"),
        ("played", "completed", "yes"),
        ("returned", "cancelled", "no"),
        ("broken", "failed", "no"),
    ]
    places = {"id": "toy", "status": "phase", "amount": "coins", "currency": "coin", "reference": "label",
              "created_at": "made"}

    def error(self, message: Any) -> Any:
        return {"sorry": message}

    def sessions(self) -> list[Sample]:
        one = self.sample
        return [
            *(one(word, f"phase {word}", status, paid, ok(self.paid(word, word)))
              for word, status, paid in self.states),
            one("moving", "posted, then played", "pending", "no",
                *(ok(self.paid("moving", word)) for word in ("posted", "played"))),
            one("unheard-of", "a phase in no documentation", "unknown", "unknown",
                ok(self.paid("unheard-of", "lost"))),
            Sample(self.reference("another"), "answers about another session", "mismatched", None, "unknown",
                   (ok(self.paid("played")),)),
            Sample(self.reference("slow"), "answers after 30 s", "timed_out", None, "unknown",
                   (slow(self.paid("slow")),)),
        ]


PROVIDER = Toyco()
