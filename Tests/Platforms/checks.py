# SPDX-License-Identifier: MIT
"""What arm64.py and musl.py share: rows of their table, and checks through the shell tool and the C example."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / folder) for folder in
                ("packaging", "Tests/Libcurls", "Tests/Cases", "Tests/Faults", "Tests/Sandbox/src")]

import trustme  # noqa: E402
from cases import DOCUMENTS, Case  # noqa: E402
from paysession_sandbox.testing import RunningSandbox  # noqa: E402

KEPT = REPOSITORY / "build" / "platforms"
SECONDS = 60
AT_A_TIME = 2
SHOWN = 3


@dataclass
class Row:
    what: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_well(self) -> bool:
        return bool(self.passed) and not self.failed

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """One check: it passes unless something is raised."""
        try:
            yield
        except Exception as error:
            self.failed.append(f"{name}: {type(error).__name__}: {error}")
        else:
            self.passed += 1

    def each(self, checks: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """All of them, as many at a time as there are cores."""
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            jobs = [(name, pool.submit(check)) for name, check in checks]
            for name, job in jobs:
                with self.one(name):
                    job.result()


class Table:
    def __init__(self, about: str) -> None:
        self.about = about
        self.rows: list[Row] = []

    @contextmanager
    def row(self, what: str) -> Iterator[Row]:
        row, start = Row(what), time.monotonic()
        self.rows.append(row)
        try:
            yield row
        except Exception as error:
            row.failed.append(f"{type(error).__name__}: {error}")
        row.seconds = time.monotonic() - start
        print(f"{self.about}: {what}: {'well' if row.is_well else 'FAILED'}", flush=True)

    def end(self) -> int:
        """Prints it all; 0 if nothing failed, and each row has something that passed."""
        print(f"\n{self.about:48}  passed  failed  skipped  seconds")
        for row in self.rows:
            print(f"{row.what:48}  {row.passed:6}  {len(row.failed):6}  {len(row.skipped):7}  {row.seconds:7.0f}")
        for row in self.rows:
            for told in row.failed[:SHOWN]:
                print(f"{row.what}: failed {told}")
            if len(row.failed) > SHOWN:
                print(f"{row.what}: and {len(row.failed) - SHOWN} more")
            if not (row.passed or row.failed):
                print(f"{row.what}: nothing ran")
        return 0 if self.rows and all(row.is_well for row in self.rows) else 1


@dataclass(frozen=True)
class Program:
    """One that is run on this machine, by whatever it takes to run it."""

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def run(self, *words: str | Path, seconds: float = SECONDS) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run([*self.command, *map(str, words)], capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=seconds, env={"PATH": "/usr/bin:/bin", **dict(self.environment)})
        assert 0 <= done.returncode < 126, f"ended with {done.returncode}: {last(done.stderr)}"
        return done


def by_qemu(program: Path, root: Path, *libraries: Path) -> Program:
    """One of arm64, with the loader and what else there is in `root`, and these folders' libraries before."""
    return Program(("qemu-aarch64-static", "-L", str(root), "-E",
                    f"LD_LIBRARY_PATH={':'.join(map(str, libraries))}", str(program)))


def last(text: bytes) -> str:
    return text.decode("utf-8", "replace")[-1000:]


class OneLine(Case):
    """As the tool shows it, which writes each answer on one line."""

    @property
    def body(self) -> bytes:
        return super().body.replace(b"\n", b" ").replace(b"\r", b" ")


def as_words(options: dict[str, Any]) -> list[str] | None:
    """As the tool is told it; None for what only a program can say."""
    expect = options.get("expect")
    if (options.get("trust_processed_at") is False or expect == {}
            or expect and not isinstance(expect.get("amount", 1), int)):
        return None
    words = ["--trust-processed-at"] if options.get("trust_processed_at") else []
    words += [f"--id={options['id']}"] if "id" in options else []
    for name, value in (expect or {}).items():
        words += ["--expect", f"{name}={value}"]
    return words


def documents(row: Row, tool: Program) -> None:
    """`normalize` over every offline case."""
    def check(case: Case, words: list[str]) -> Callable[[], None]:
        def run() -> None:
            done = tool.run("normalize", "-f", "json", *words, case.provider, case.folder / "response")
            OneLine(*case).check(done.stdout.removesuffix(b"\n"))
        return run

    checks = []
    for case in DOCUMENTS:
        words = as_words(case.about["options"] or {})
        if words is None:
            row.skipped.append(f"{case.name}: only a program can say these options")
        else:
            checks.append((case.name, check(case, words)))
    row.each(checks)


def sessions(row: Row, asked: Callable[[RunningSandbox, str], dict[str, Any]], sandbox: RunningSandbox) -> None:
    """Every reference that the sandbox has ready, and what it says must come of it."""
    def check(reference: str, expected: dict[str, Any]) -> Callable[[], None]:
        def run() -> None:
            told = asked(sandbox, reference)
            session = told["session"] or {}
            came = (told["result"], session.get("status", "unknown"), session.get("paid", "unknown"))
            assert came == tuple(expected[key] or "unknown" for key in ("result", "status", "paid")), came
        return run

    row.each([(reference, check(reference, expected)) for reference, expected in sandbox.references.items()
              if not reference.endswith("moving")])  # what that says depends on how often it was read


def by_tool(tool: Program) -> Callable[[RunningSandbox, str], dict[str, Any]]:
    def asked(sandbox: RunningSandbox, reference: str) -> dict[str, Any]:
        patience = ["-t", "300ms"] if reference.endswith("slow") else []
        told: dict[str, Any] = json.loads(
            tool.run("get", "-f", "json", "-c", sandbox.config_file, *patience, reference).stdout)
        return told

    return asked


def by_example(example: Program) -> Callable[[RunningSandbox, str], dict[str, Any]]:
    """examples/c/paid.c, which prints the answer and then a line in words."""
    def asked(sandbox: RunningSandbox, reference: str) -> dict[str, Any]:
        file = config(sandbox, **({"timeout_ms": 300} if reference.endswith("slow") else {}))
        answer, _, words = example.run(file, reference).stdout.rstrip(b"\n").rpartition(b"\n")
        told: dict[str, Any] = json.loads(answer)
        assert words.decode().startswith(f"{reference}: {told['result']}, paid "), words
        return told

    return asked


def config(sandbox: RunningSandbox, **more: Any) -> Path:
    """The sandbox's, with more in it."""
    name = "-".join(f"{key}-{str(value).rpartition('/')[2]}" for key, value in more.items()) or "plain"
    file = sandbox.directory / f"config-{name}.json"
    if not file.exists():
        whole = file.with_suffix(f".{time.monotonic_ns()}")
        whole.touch(0o600)
        whole.write_text(json.dumps({**sandbox.config, **more}))
        whole.rename(file)
    return file


def strangers(row: Row, tool: Program, sandbox: RunningSandbox) -> None:
    """Who signed the sandbox's certificate is not believed: neither by an authority of another's, nor by none."""
    other = sandbox.directory / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for reference in ("kustom:finalized", "ledyer:authorized"):
        with row.one(f"{reference} by another's authority"):
            done = tool.run("get", "-f", "json", "-c", config(sandbox, ca_file=str(other), attempts=1), reference)
            told = json.loads(done.stdout)
            assert told["result"] == "tls_failed" and done.returncode == 4, (done.returncode, told)
