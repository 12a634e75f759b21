# SPDX-License-Identifier: MIT
"""batch --resume: what is asked again, and what the whole file comes to. No session that was never read is
behind a zero."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from paysession_sandbox.processes import started
from servers import Connection, Request, Server, kustom, reply
from tool import CLI, environment, run, written


class Shop:
    """Kustom, in which what is named "late-..." answers with `status` until that is 200; and the rest at
    once, by its first word."""

    def __init__(self) -> None:
        self.status = 503
        self.server = Server(self.answer)

    def answer(self, connection: Connection, request: Request) -> bytes | None:
        name = unquote(request.target.rpartition("/")[2])
        kind = name.partition("-")[0]
        if kind == "hang":
            connection.say_nothing()
            return None
        if kind == "late" and self.status != 200 or kind == "gone":
            told: bytes = reply(b"{}", 404 if kind == "gone" else self.status)
            return told
        words = {"open": "CREATED", "odd": "???"}
        told = reply(kustom(name, words.get(kind, "FINALIZED")))
        return told

    def asked(self) -> list[str]:
        """What was asked since the last time."""
        names = [unquote(target.rpartition("/")[2]) for target in self.server.targets]
        self.server.requests.clear()
        return sorted(names)


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with shop.server:
        yield shop


@pytest.fixture
def config(shop: Shop, tmp_path: Path) -> Path:
    return written(tmp_path, attempts=1, timeout_ms=20_000,
                   kustom={"base_url": shop.server.http, "api_key": "kco_test_x"})


def batch(config: Path, *arguments: object, names: str = "") -> tuple[int, str]:
    """The exit status, and what was said."""
    text = "".join(f"kustom:{name}\n" for name in names.split())
    done = run("batch", "--ordered", *arguments, text=text, config=config)
    assert done.stdout == b"", "answers belong in the file"
    return done.returncode, done.stderr.decode()


def lines(path: Path) -> list[tuple[str, str]]:
    told = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [(one["input"].partition(":")[2], one["result"]) for one in told]


def crafted(path: Path, *texts: tuple[str, str], expect: str = "null") -> None:
    """A file with lines of these inputs and answers, as batch writes them."""
    path.write_text("".join(
        f'{{"input":{json.dumps(name)},"expect":{expect},"result":{rest}}}\n' for name, rest in texts))
    path.chmod(0o600)


# ---- What is asked again -------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "result", "code"), [
    (503, "provider_error", 4), (429, "rate_limited", 4), (408, "unexpected_http", 4),
    # Wrong was the key, and the shop can mend that.
    (401, "unauthorized", 5), (403, "forbidden", 5)])
def test_what_may_be_read_now_is_asked_again(
    status: int, result: str, code: int, shop: Shop, config: Path, tmp_path: Path,
) -> None:
    out, shop.status = tmp_path / "out", status
    for _ in range(2):
        ended, told = batch(config, "--resume", out, names="good-1 late-1 good-2 late-2")
        assert ended == code
        assert told == (f"paysession: {out}: 2 yes, 0 no, 0 unknown, 2 failed; "
                        "the same command asks 2 of them again\n")
    assert shop.asked() == ["good-1", "good-2", "late-1", "late-1", "late-2", "late-2"]
    shop.status = 200
    ended, told = batch(config, "--resume", out, names="good-1 late-1 good-2 late-2")
    assert (ended, told) == (0, f"paysession: {out}: 4 yes, 0 no, 0 unknown, 0 failed\n")
    assert shop.asked() == ["late-1", "late-2"]
    # The last line of an input is what counts.
    assert lines(out) == [
        ("good-1", "ok"), ("late-1", result), ("good-2", "ok"), ("late-2", result),
        ("late-1", result), ("late-2", result), ("late-1", "ok"), ("late-2", "ok")]
    assert batch(config, "--resume", out, names="good-1 late-1 good-2 late-2")[0] == 0
    assert shop.asked() == []


def test_what_timed_out_is_asked_again(shop: Shop, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert batch(config, "--resume", out, "-t", "300", names="hang-1")[0] == 4
    assert shop.asked() == ["hang-1", "hang-1"]


def test_what_is_missing_for_good_is_not_asked_again_and_not_forgotten(
    shop: Shop, config: Path, tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        ended, told = batch(config, "--resume", out, names="good-1 gone-1 open-1 odd-1")
        assert (ended, told) == (4, f"paysession: {out}: 1 yes, 1 no, 1 unknown, 1 failed\n")
    assert shop.asked() == ["gone-1", "good-1", "odd-1", "open-1"]


def test_a_zero_is_of_the_whole_file(shop: Shop, config: Path, tmp_path: Path) -> None:
    """Whatever list it is run with, an empty one too."""
    out = tmp_path / "out"
    assert batch(config, "--resume", out, names="good-1 late-1")[0] == 4
    assert batch(config, "--resume", out, names="good-2")[0] == 4
    assert batch(config, "--resume", out)[0] == 4
    shop.status = 200
    assert batch(config, "--resume", out)[0] == 4
    assert batch(config, "--resume", out, names="late-1")[0] == 0
    assert batch(config, "--resume", out)[0] == 0


def test_with_keep_failed_what_failed_counts_as_read_and_still_shows(
    shop: Shop, config: Path, tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert batch(config, "--resume", out, names="good-1 late-1")[0] == 4
    shop.status = 200
    ended, told = batch(config, "--resume", out, "--keep-failed", names="good-1 late-1")
    assert (ended, told) == (4, f"paysession: {out}: 1 yes, 0 no, 0 unknown, 1 failed\n")
    assert shop.asked() == ["good-1", "late-1"]
    done = run("batch", "--keep-failed", text="kustom:good-1\n", config=config)
    assert done.returncode == 64 and done.stdout == b""
    assert done.stderr == b"paysession: --keep-failed: expected --resume, whose file it is about\n"


def test_one_that_stands_twice_is_asked_again_as_often_as_it_failed(
    shop: Shop, config: Path, tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert batch(config, "--resume", out, names="late-1 late-1 good-1 good-1")[0] == 4
    shop.asked()
    shop.status = 200
    assert batch(config, "--resume", out, names="late-1 late-1 good-1 good-1")[0] == 0
    assert shop.asked() == ["late-1", "late-1"]


def test_the_last_line_of_an_input_counts_whatever_was_expected(
    shop: Shop, config: Path, tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert batch(config, "--resume", out, names="late-1")[0] == 4
    shop.status = 200
    assert batch(config, "--resume", out, "-e", "amount=1", names="late-1") == (
        0, f"paysession: {out}: 0 yes, 0 no, 1 unknown, 0 failed\n")
    shop.status = 503
    assert batch(config, "--resume", out, "-e", "amount=2000", names="late-1")[0] == 4


@pytest.mark.parametrize(("answer", "code", "counts"), [
    ('"ok"', 0, "0 yes, 0 no, 1 unknown, 0 failed"),
    ('"ok","session":{"id":"x","paid":"yes"}', 0, "1 yes, 0 no, 0 unknown, 0 failed"),
    ('"ok","session":{"id":"x","paid":"no"}', 0, "0 yes, 1 no, 0 unknown, 0 failed"),
    ('"invalid_argument"', 64, "0 yes, 0 no, 0 unknown, 1 failed"),
    ('"not_configured"', 5, "0 yes, 0 no, 0 unknown, 1 failed; the same command asks 1 of them again"),
    ('"tls_failed"', 4, "0 yes, 0 no, 0 unknown, 1 failed; the same command asks 1 of them again"),
    ('"mismatched"', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    # A word of a later version, and what is no word.
    ('"unheard_of"', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    ('"unknown"', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    ('"okay"', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    ("null", 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    ('"malformed","error":{"message":"m","retryable":true}', 4,
     "0 yes, 0 no, 0 unknown, 1 failed; the same command asks 1 of them again"),
    # What a text says is not what the line says; what the provider wrote neither.
    ('"malformed","error":{"message":",\\"retryable\\":true","retryable":false}', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
    ('"ok","session":{"id":",\\"paid\\":\\"yes\\"","paid":"no"}', 0, "0 yes, 1 no, 0 unknown, 0 failed"),
    ('"ok","session":{"id":"x"},"raw":{"a":1,"paid":"yes"}', 0, "0 yes, 0 no, 1 unknown, 0 failed"),
    ('"malformed","error":{"message":"m"},"raw":{"a":1,"retryable":true}', 4, "0 yes, 0 no, 0 unknown, 1 failed"),
])
def test_each_answer_of_a_file_counts_as_what_it_is(
    answer: str, code: int, counts: str, config: Path, tmp_path: Path,
) -> None:
    crafted(tmp_path / "out", ("kustom:x", answer))
    assert batch(config, "--resume", tmp_path / "out") == (code, f"paysession: {tmp_path / 'out'}: {counts}\n")


def test_an_input_that_looks_like_an_answer_is_none(config: Path, tmp_path: Path) -> None:
    crafted(tmp_path / "out", ('x","expect":null,"result":"ok', '"not_found"'), ('x\\","result":"ok"', '"not_found"'))
    assert batch(config, "--resume", tmp_path / "out") == (
        4, f"paysession: {tmp_path / 'out'}: 0 yes, 0 no, 0 unknown, 2 failed\n")


def test_lines_of_0_1_count_too(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    crafted(out, ("kustom:x", '"not_found"'), ("kustom:y", '"ok","session":{"id":"y","paid":"yes"}'))
    out.write_text(out.read_text().replace('"expect":null,', ""))
    assert batch(config, "--resume", out) == (4, f"paysession: {out}: 1 yes, 0 no, 0 unknown, 1 failed\n")
    assert batch(config, "--resume", out, names="x")[0] == 0, "asked again, and read"


# ---- What is said --------------------------------------------------------------------------------


def test_a_quiet_one_says_nothing(config: Path, tmp_path: Path) -> None:
    assert batch(config, "--resume", tmp_path / "out", "-q", names="late-1") == (4, "")


def test_without_a_file_only_a_terminal_is_told(config: Path) -> None:
    done = run("batch", "-f", "status", text="kustom:good-1\nkustom:gone-1\n", config=config)
    assert (done.returncode, done.stderr) == (4, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_says_what_it_has_and_how_to_go_on(number: signal.Signals, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert batch(config, "--resume", out, names=" ".join(f"good-{n}" for n in range(1200)))[0] == 0
    with started([CLI, "batch", "--resume", out], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                 env=environment(config)) as process:
        assert process.stdin and process.stderr
        process.stdin.write(b"kustom:good-a\nkustom:good-b\nkustom:good-b\nkustom:hang-a\nkustom:good-0\n")
        process.stdin.close()
        for _ in range(400):
            if out.read_bytes().count(b"\n") == 1203:
                break
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(10) == -number
        assert process.stderr.read().decode() == f"paysession: {out}: 1,203 written; the same command goes on\n"


def test_a_file_larger_than_memory_is_gone_on_with(config: Path, tmp_path: Path) -> None:
    """20,000 lines, 60 MB of them, in 24 MB of data."""
    out, refs = tmp_path / "out", tmp_path / "refs"
    rest = '"ok","session":{"id":"x","paid":"yes"},"raw":{"a":"' + 3000 * "x" + '"}'
    crafted(out, *((f"kustom:good-{number}", rest) for number in range(20_000)))
    refs.write_text("".join(f"kustom:good-{number}\n" for number in range(20_001)))
    assert out.stat().st_size > 60_000_000

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (24 << 20, 24 << 20))

    done = subprocess.run([CLI, "batch", "--resume", out, refs], capture_output=True, timeout=60, preexec_fn=bounded,
                          env=environment(config))
    assert done.stderr.decode() == f"paysession: {out}: 20,001 yes, 0 no, 0 unknown, 0 failed\n"
    assert done.returncode == 0
