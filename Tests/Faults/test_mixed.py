# SPDX-License-Identifier: MIT
"""Ten thousand mixed calls from eight threads against servers that go wrong in every way: each ends
in the right result, nothing leaks, nothing crashes, and nobody is told "paid" who is not.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nginx import Nginx, nginx, reference
from programs import run
from paysession_sandbox.processes import started
from paysession_sandbox.providers import PROVIDERS

pytestmark = pytest.mark.slow

__all__ = ["nginx"]
CALLS = 10_000
TIMED = '{"timeout_ms": 60}'

# Over TLS and HTTP/2, by nginx: identifier and what must come of it.
SECURE = {
    "wrong-x": "mismatched", "page-x": "malformed", "cut-x": "malformed", "e401-x": "unauthorized",
    "e403-x": "forbidden", "e404-x": "not_found", "e418-x": "unexpected_http",
    "e302-x": "unexpected_http", "e400-x": "unexpected_http", "e429-x": "rate_limited",
    "e500-x": "provider_error", "e502-x": "provider_error", "huge-x": "too_large",
    "gone-x": "unreachable",
}
# Raw HTTP, by faulty.py. Each spoils a connection of its own.
RAW = {
    "wrong": "mismatched", "reset": "unreachable", "garbage": "malformed", "cut": "unreachable",
    "headless": "unreachable", "page": "provider_error", "twice": "malformed",
    "latin": "malformed", "deep": "malformed", "huge": "too_large", "headers": "too_large",
    "after": "ok",
}


@pytest.fixture
def faulty() -> Iterator[int]:
    script = Path(__file__).resolve().parent / "faulty.py"
    with started([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline())


def plan(seed: int) -> list[tuple[int, str, str, str]]:
    """Configuration, reference, options, right results. Three of ten are good."""
    lines: list[tuple[int, str, str, str]] = []
    for provider in PROVIDERS:
        lines += [(0, reference(provider, name), "{}", right) for name, right in SECURE.items()]
        lines += [(0, reference(provider, f"good-{nth}"), "{}", "ok") for nth in range(6)]
    for word, right in RAW.items():
        lines += [(1, f"kustom:{word}-{nth}", "{}", right) for nth in range(3)]
    lines += [(1, f"kustom:good-{nth}", "{}", "ok") for nth in range(12)]
    lines += [(1, "kustom:silent-x", TIMED, "timed_out"), (1, "kustom:drip-x", TIMED, "timed_out")]
    lines += [(2, reference(provider, "x"), "{}", "unreachable") for provider in PROVIDERS]
    lines += [(3, reference(provider, "x"), "{}", "tls_failed") for provider in PROVIDERS]
    lines += [(0, "kustom:..", "{}", "invalid_argument"), (0, "nobody:x", "{}", "invalid_argument"),
              (1, "ledyer:x", "{}", "not_configured"), (0, "kustom:x", "[]", "invalid_argument")]
    random.Random(seed).shuffle(lines)
    return lines


def test_ten_thousand_mixed_calls(nginx: Nginx, faulty: int, tmp_path: Path) -> None:
    with socket.socket() as reserved:
        # Bound and not listening: nobody else takes the port, and everybody is refused.
        reserved.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        limits = {"attempts": 1, "max_response_bytes": 500_000, "timeout_ms": 30_000,
                  "connect_timeout_ms": 20_000, "proxy": ""}
        secure = nginx.config(**limits)
        for name, provider in PROVIDERS.items():
            secure[name].update(provider.trust)
        refused = nginx.config(**limits)
        for name in PROVIDERS:
            for key in {"base_url", "auth_url"} & set(refused[name]):
                refused[name][key] = nobody
        # The authority of another: nginx's is not in it.
        untrusting = {**nginx.config(**limits), "ca_file": "/etc/ssl/certs/ca-certificates.crt"}
        if not Path(untrusting["ca_file"]).exists():
            del untrusting["ca_file"]
        raw = {**limits, "kustom": {
            "base_url": f"http://127.0.0.1:{faulty}", "api_key": "kco_test_x"}}
        files = []
        for nth, config in enumerate([secure, raw, refused, untrusting]):
            files.append(tmp_path / f"{nth}.json")
            files[-1].write_text(json.dumps(config))
        lines = plan(seed=7)
        (tmp_path / "plan").write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
        told = run("mixed", tmp_path / "plan", CALLS, *files, timeout=120)
    assert told["wrong"] == 0
    assert told["unsent"] < CALLS // 100
    assert told["wrongly_paid"] == 0
    expected = sum("ok" in lines[nth % len(lines)][3].split(",") for nth in range(CALLS))
    assert told["ok"] == expected > CALLS // 4
    assert told["end_kib"] - told["warm_kib"] < 10 * 1024
    # Four clients, eight threads: what they keep open is bounded by that, and all of it goes.
    assert told["end"] - told["before"] <= 4 * (4 * 8 + 1)
    assert told["after"] == told["before"]
