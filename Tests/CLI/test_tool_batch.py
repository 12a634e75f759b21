# SPDX-License-Identifier: MIT
"""batch: what ends it, who waits for whom, and a file to resume that somebody has prepared."""

from __future__ import annotations

import ctypes
import functools
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from paysession_sandbox.processes import started
from servers import Connection, Request, Server, as_asked
from tool import CLI, REPOSITORY, environment, preload, run, written


def answer(connection: Connection, request: Request) -> bytes | None:
    """Kustom is silent about identifiers that begin with "hang"; all else is paid."""
    name = unquote(request.target.rpartition("/")[2])
    if name.startswith("hang"):
        connection.say_nothing()
        return None
    return as_asked(connection, request)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Server(answer) as server:
        yield written(
            tmp_path_factory.mktemp("batch"), attempts=1, timeout_ms=20_000,
            kustom={"base_url": server.http, "api_key": "kco_test_x"},
            ledyer={"base_url": server.http, "token": "t"})


@contextmanager
def begun(config: Path, *arguments: object, text: str = "", **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A batch that goes on while the test does something to it."""
    with started([CLI, "batch", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, env=environment(config, **more)) as process:
        assert process.stdin
        process.stdin.write(text.encode())
        process.stdin.close()
        yield process


def come(path: Path, lines: int = 0) -> None:
    for _ in range(400):
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.02)
    pytest.fail(f"{path.name} has not come")


# ---- What ends it --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [
    (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGHUP), (signal.SIGHUP, signal.SIGTERM)])
def test_a_second_signal_ends_a_call_that_does_not_come_back(
    first: signal.Signals, second: signal.Signals, config: Path, tmp_path: Path,
) -> None:
    stuck = tmp_path / "stuck"
    with begun(config, text="kustom:a\n", LD_PRELOAD=preload("tool_batch"), TOOL_STUCK=str(stuck)) as process:
        come(stuck)
        # timeout(1) sends its signal to the process and to its group: that is one.
        start = time.monotonic()
        process.send_signal(first)
        process.send_signal(first)
        is_one = time.monotonic() - start < 0.05
        time.sleep(0.4)
        if not is_one:
            pytest.skip("a busy machine came between the two")
        assert process.poll() is None
        process.send_signal(second)
        assert process.wait(5) == -second


def test_the_first_signal_ends_what_is_asked(config: Path, tmp_path: Path) -> None:
    """And what is known by then is kept; of what was not, nothing is said."""
    out = tmp_path / "out"
    names = [f"kustom:{kind}-{number}" for number in range(5) for kind in ("good", "hang")]
    with begun(config, "--resume", out, text="\n".join(names)) as process:
        come(out, 5)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
        assert time.monotonic() - start < 3
    told = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert sorted(one["input"] for one in told) == [name for name in names if "good" in name]
    assert {one["result"] for one in told} == {"ok"}


@pytest.mark.parametrize("nth", [1, 7, 20])
def test_a_signal_inside_of_a_call_loses_no_answer(nth: int, config: Path) -> None:
    names = "".join(f"kustom:good-{number}\n" for number in range(20)) + "kustom:hang\n"
    done = run("batch", text=names, config=config, LD_PRELOAD=preload("tool_batch"), TOOL_STOP=str(nth))
    assert done.returncode == -signal.SIGTERM
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) >= nth and {one["result"] for one in told} == {"ok"}


def test_what_the_parent_ignores_stays_ignored(config: Path) -> None:
    usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ExitStack() as stack:
        try:
            process = stack.enter_context(begun(config, text="kustom:good\nkustom:hang\n"))
        finally:
            signal.signal(signal.SIGHUP, usual)
        assert process.stdout and process.stdout.readline()
        for _ in range(3):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.15)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(3) == -signal.SIGINT


# ---- Who waits for whom --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("ordered", [False, True], ids=["as they come", "ordered"])
def test_lines_behind_a_full_provider_are_read(ordered: bool, config: Path, tmp_path: Path) -> None:
    """The library as it will say it: two of each provider, and for more of that one "again"."""
    added = tmp_path / "added"
    names = [*(f"kustom:hang-{number}" for number in range(4)), "ledyer:a", "nonsense", "ledyer:b", "ledyer:c",
             *(f"kustom:hang-{number}" for number in range(4, 6)), "ledyer:d"]
    done = run("batch", *(["--ordered"] if ordered else []), "-f", "status", "-t", "1000", text="\n".join(names),
               config=config, LD_PRELOAD=preload("tool_batch"), TOOL_ROOM="2", TOOL_ADDED=str(added))
    assert done.returncode == 64, done.stderr
    told = [line.split("\t")[0] for line in done.stdout.decode().splitlines()]
    assert sorted(told) == sorted(names)
    if ordered:
        assert told == names
    else:
        assert {name for name in told[:5]} == {"ledyer:a", "ledyer:b", "ledyer:c", "ledyer:d", "nonsense"}
    # Of each provider in the order of the lines.
    taken = added.read_text().splitlines()
    for provider in ("kustom:", "ledyer:"):
        assert [name for name in taken if name.startswith(provider)] == [
            name for name in names if name.startswith(provider)]


@pytest.mark.slow
def test_what_is_read_ahead_is_bounded(config: Path, tmp_path: Path) -> None:
    """A pipe whose reader goes on for ever would take the list as a whole."""
    names = "".join(f"kustom:hang-{number:06}\n" for number in range(40_000)).encode()
    with started([CLI, "batch", "-q"], stdin=subprocess.PIPE,
                 env=environment(config, LD_PRELOAD=preload("tool_batch"), TOOL_ROOM="2")) as process:
        assert process.stdin
        descriptor = process.stdin.fileno()
        os.set_blocking(descriptor, False)
        sent, until = 0, time.monotonic() + 2
        while time.monotonic() < until and sent < len(names):
            try:
                sent += os.write(descriptor, names[sent:sent + 65536])
            except BlockingIOError:
                time.sleep(0.05)
        # What it holds, what its buffer and the pipe hold.
        assert sent < (4096 + 2) * 19 + 3 * 65536, sent


def test_a_slow_provider_holds_no_other_back(config: Path) -> None:
    """1,300 references of a provider that hangs before one of a fast one. Needs a library that counts
    the room of a batch for each provider."""
    names = "".join(f"kustom:hang-{number}\n" for number in range(1300)) + "ledyer:a\n"
    start = time.monotonic()
    with begun(config, "-f", "status", "-t", "4000", text=names) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ledyer:a\tcompleted\tyes\n"
        assert time.monotonic() - start < 2


# ---- A file to resume ----------------------------------------------------------------------------

# SipHash-2-4 of 0, 1, ... 63 bytes 00 01 02 ..., under the key 00 01 ... 0f: vectors.h of its authors.
VECTORS = """
726fdb47dd0e0e31 74f839c593dc67fd 0d6c8009d9a94f5a 85676696d7fb7e2d cf2794e0277187b7 18765564cd99a68d
cbc9466e58fee3ce ab0200f58b01d137 93f5f5799a932462 9e0082df0ba9e4b0 7a5dbbc594ddb9f3 f4b32f46226bada7
751e8fbc860ee5fb 14ea5627c0843d90 f723ca908e7af2ee a129ca6149be45e5 3f2acc7f57c29bdb 699ae9f52cbe4794
4bc1b3f0968dd39c bb6dc91da77961bd bed65cf21aa2ee98 d0f2cbb02e3b67c7 93536795e3a33e88 a80c038ccd5ccec8
b8ad50c6f649af94 bce192de8a85b8ea 17d835b85bbb15f3 2f2e6163076bcfad de4daaaca71dc9a5 a6a2506687956571
ad87a3535c49ef28 32d892fad841c342 7127512f72f27cce a7f32346f95978e3 12e0b01abb051238 15e034d40fa197ae
314dffbe0815a3b4 027990f029623981 cadcd4e59ef40c4d 9abfd8766a33735c 0e3ea96b5304a7d0 ad0c42d6fc585992
187306c89bc215a9 d4a60abcf3792b95 f935451de4f21df2 a9538f0419755787 db9acddff56ca510 d06c98cd5c0975eb
e612a3cb9ecba951 c766e62cfcadaf96 ee64435a9752fe72 a192d576b245165a 0a8787bf8ecb74b2 81b3e73d20b49b6f
7fa8220ba3b2ecea 245731c13ca42499 b78dbfaf3a8d83bd ea1ad565322a1a0b 60e61c23a3795013 6606d7e446282b93
6ca4ecb15c5f91e1 9f626da15c9625f3 e51b38608ef25f57 958a324ceb064572
""".split()

# Pairs of letters that bring FNV-1a (32 bits) from "kustom:" and any earlier pairs to the same value.
PAIRS = [
    ("cqotjs", "jckwra"), ("ulvbiy", "surtql"), ("fahlhd", "jyvyyp"),
    ("uuvypp", "lcohby"), ("ayszqn", "nkctlp"), ("jiwoub", "kxaamd"),
    ("kraeag", "zfzssa"), ("xraoxz", "cydzos"), ("xdexap", "qslngs")]


def test_the_hash_is_the_published_one(tmp_path: Path) -> None:
    library = tmp_path / "siphash.so"
    subprocess.run(["cc", "-std=c99", "-shared", "-fPIC", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", str(library),
                    str(REPOSITORY / "Sources" / "paysession-cli" / "siphash.c")], check=True)
    siphash = ctypes.CDLL(str(library)).siphash
    siphash.restype, siphash.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    assert [f"{siphash(bytes(range(16)), bytes(range(length)), length):016x}" for length in range(64)] == VECTORS


def fnv(text: str) -> int:
    return functools.reduce(lambda value, byte: (value ^ byte) * 16777619 & 0xFFFFFFFF, text.encode(), 2166136261)


def test_lines_made_to_collide_cost_what_others_do(config: Path, tmp_path: Path) -> None:
    names = ["kustom:" + "".join(choice) for choice in itertools.product(*PAIRS)]
    assert len(set(names)) == 512 and len({fnv(name) for name in names}) == 1
    out, refs, reads = tmp_path / "out", tmp_path / "refs", tmp_path / "reads"
    out.write_text("".join(f'{{"input":"{name}","expect":null,"result":"ok"}}\n' for name in names))
    out.chmod(0o600)
    refs.write_text("\n".join(names))
    done = run("batch", "--resume", out, refs, config=config, LD_PRELOAD=preload("tool_batch"),
               TOOL_READS=str(reads))
    assert done.returncode == 0, done.stderr
    assert out.read_bytes().count(b"\n") == 512  # nothing was asked
    # One for each line that is left out: that is the one it was compared with.
    assert 512 <= int(reads.read_text()) < 520
