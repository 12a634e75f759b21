# SPDX-License-Identifier: MIT
"""The long run: as many documents as the time allows, each judged by the library and the oracle.

    python Tests/Proof/attack.py --seconds 600 --json figures.json

About a third of them are pairs: a session, and in the options what proves its payment.

A process of its own does the judging, so that a crash or a hang is a finding like any other: the
document that it was at is kept in memory that both share. Ends with 1 if anything disagreed.
"""

from __future__ import annotations

import argparse
import collections
import json
import mmap
import os
import secrets
import signal
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import record
from comparison import disagreements, smallest
from documents import PAIRS, Maker
from shipped import Library

STILL_S = 60  # Longer than this on one document is a hang.
SPACE = 1 << 22
KEPT = 3  # Of each kind of finding: the same fields wrong at the same provider.
HEAD = struct.Struct("=QII16s")


class Desk:
    """The document under judgement, where the other process sees it."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, SPACE)

    def put(self, count: int, provider: str, document: bytes, options: bytes | None) -> None:
        asked = options or b""
        end = HEAD.size + len(document)
        if end + len(asked) <= SPACE:
            HEAD.pack_into(self.memory, 0, count, len(document), len(asked), provider.encode())
            self.memory[HEAD.size:end] = document
            self.memory[end:end + len(asked)] = asked

    def get(self) -> dict[str, Any]:
        count, size, asked, provider = HEAD.unpack_from(self.memory)
        end = HEAD.size + size
        return {"count": count, "provider": provider.rstrip(b"\0").decode(),
                "document": repr(bytes(self.memory[HEAD.size:end])),
                "options": repr(bytes(self.memory[end:end + asked]))}


def kinds(wrong: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in wrong]


def finding(
    library: Library, provider: str, document: bytes, options: bytes | None, wrong: list[str]
) -> dict[str, Any]:
    def same(cut: bytes) -> bool:
        return kinds(wrong) == kinds(disagreements(library, provider, cut, options)[1])

    document = smallest(document, same)
    if options:
        options = smallest(options, lambda cut: kinds(wrong) == kinds(
            disagreements(library, provider, document, cut)[1]))
    return {"provider": provider, "document": repr(document), "options": repr(options),
            "disagreements": disagreements(library, provider, document, options)[1]}


def attack(seconds: float, seed: int, desk: Desk, pairs: float) -> dict[str, Any]:
    library, maker = Library(), Maker(seed, pairs)
    tally: dict[str, collections.Counter[str]] = {
        name: collections.Counter() for name in ("provider", "result", "status", "paid", "hold", "state")}
    findings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    count = judged_together = disagreed = 0
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        for _ in range(256):
            provider, document, options = maker.next()
            count += 1
            desk.put(count, provider, document, options)
            right, wrong = disagreements(library, provider, document, options)
            tally["provider"][provider] += 1
            tally["result"][right.result] += 1
            if right.result == "ok":
                tally["status"][right.status] += 1
                tally["paid"][right.paid] += 1
                tally["hold"].update(right.holds or ())
            judged_together += right.proof_asked
            if right.proof:
                tally["state"][right.proof.state] += 1
            if wrong:
                disagreed += 1
                kept = findings.setdefault((provider, *kinds(wrong)), [])
                if len(kept) < KEPT:
                    kept.append(finding(library, provider, document, options, wrong))
    took = time.monotonic() - started
    return {"seed": seed, "seconds": round(took, 1), "documents": count, "pairs": judged_together,
            "per_second": round(count / took), "disagreements": disagreed,
            **{f"by_{name}": dict(each.most_common()) for name, each in tally.items()},
            "findings": [each for kept in findings.values() for each in kept]}


def watched(seconds: float, seed: int, pairs: float = PAIRS) -> dict[str, Any]:
    """attack(), in a child whose death or silence is told like a disagreement."""
    desk = Desk()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 70
        try:
            os.close(reading)
            told = json.dumps(attack(seconds, seed, desk, pairs)).encode()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(told)
            status = 0
        except BaseException:  # It must end here, and not in the caller's code a second time.
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    os.set_blocking(reading, False)
    chunks, before, quiet_since = [], -1, time.monotonic()
    while True:
        time.sleep(0.2)
        try:
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                break
            chunks.append(chunk)
        except BlockingIOError:
            pass
        count = desk.get()["count"]
        if count != before:
            before, quiet_since = count, time.monotonic()
        elif time.monotonic() - quiet_since > STILL_S:
            os.kill(child, signal.SIGKILL)
            break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 0:
        found: dict[str, Any] = json.loads(b"".join(chunks))
        return found
    last = desk.get()
    why = {-signal.SIGKILL: "hung, or was killed", 70: "the attack itself failed"}.get(
        code, f"died of signal {-code}")
    return {"seed": seed, "documents": last["count"], "disagreements": 1,
            "findings": [{**last, "disagreements": [why]}]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="one is drawn, and told, without this")
    parser.add_argument("--pairs", type=float, default=PAIRS, help="the part of them that are pairs, 0 to 1")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures here as well")
    arguments = parser.parse_args()
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {Library().path}", flush=True)
    figures = watched(arguments.seconds, seed, arguments.pairs)
    if arguments.json:
        record.write(arguments.json, figures)
    print(json.dumps(figures, indent=2))
    return 1 if figures["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
