# SPDX-License-Identifier: MIT
"""Each allocation of the shell tool fails in turn, once and from then on: what was expected of an order
is never lost, nothing is called paid that is not, and it always comes to an end of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import Server, as_asked, kustom
from tool import preload, run, written

pytestmark = pytest.mark.slow

# An order of 20.00 SEK, of which each of these expects something else.
WRONG = ["--expect", "amount=99999"]
MOST = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("memory")
    (folder / "document.json").write_text(json.dumps(kustom("a")))
    with Server(as_asked) as server:
        written(folder, attempts=1, timeout_ms=5000,
                kustom={"base_url": server.http, "api_key": "kco_test_x"})
        yield folder


@dataclass
class Failure:
    """What came of one: the process, and the file that it was given to write to."""

    done: subprocess.CompletedProcess[bytes]
    file: Path


def failures(folder: Path, *arguments: object, text: str = "", held: bytes = b"", stride: int = 1) -> Iterator[Failure]:
    """Of every STRIDEth, until none fails any more. FILE among the arguments is a file of its own, which
    holds that."""
    library = preload("tool_memory")  # compiled before threads ask for it

    def fail(nth: int, lasting: bool) -> Failure | None:
        told, file = folder / f"told-{nth}", folder / f"file-{nth}"
        told.unlink(missing_ok=True)
        file.write_bytes(held)
        done = run(*(file if one == "FILE" else one for one in arguments), text=text,
                   config=folder / "config.json", LD_PRELOAD=library, FAIL_NTH=str(nth),
                   FAIL_TOLD=str(told), FAIL_LASTING="1" if lasting else "")
        return Failure(done, file) if told.exists() else None

    with ThreadPoolExecutor(2) as pool:
        for lasting in (False, True):
            count: int | None = 0
            first = 1 + (lasting and stride > 1)
            while count is not None and first < MOST:
                block = range(first, first + 16 * stride, stride)
                for nth, failure in zip(block, pool.map(fail, block, [lasting] * 16)):
                    if failure is None:
                        assert count and count > 4, "nothing was made to fail"
                        count = None
                        break
                    done = failure.done
                    about = f"allocation {nth}, {'lasting' if lasting else 'once'}: {done}"
                    assert done.returncode >= 0, about
                    assert b"yes" not in done.stdout and b"can be shipped" not in done.stdout, about
                    count += 1
                    yield failure
                first += 16 * stride
            assert count is None, "there is no end to the allocations"


@pytest.mark.parametrize("arguments", [
    ["normalize", *WRONG, "kustom", "document.json"],
    ["normalize", "-f", "table", *WRONG, "--expect", "currency=SEK", "kustom", "document.json"],
    ["normalize", "-f", "words", *WRONG, "kustom", "document.json"],
    ["get", *WRONG, "--", "kustom:a"],
    ["explain", *WRONG, "--provider", "kustom", "document.json"],
    ["explain", "--id", "other", "--provider", "kustom", "document.json"],
], ids=["normalize", "table", "words", "get", "explain", "explain-id"])
def test_what_is_judged_is_never_zero(arguments: list[str], folder: Path) -> None:
    paths = [str(folder / one) if one.endswith(".json") else one for one in arguments]
    whole = run(*paths, config=folder / "config.json")
    for failure in failures(folder, *paths, stride=3 if "-f" in arguments else 1):
        assert failure.done.returncode != 0, failure.done
        # What could be told all the same is told as it is, without a byte left out.
        if failure.done.returncode == whole.returncode and "get" not in arguments:
            assert failure.done.stdout == whole.stdout, failure.done


def test_a_template_is_whole_or_an_error(folder: Path) -> None:
    whole = run("config", "kustom", config=folder / "config.json")
    for failure in failures(folder, "config", "kustom", stride=2):
        assert failure.done.returncode != 0 or failure.done.stdout == whole.stdout, failure.done


@pytest.mark.parametrize(("options", "text"), [
    ([], "kustom:a amount=99999\nkustom:b amount=99999,currency=SEK\n"),
    (WRONG, "kustom:a\nkustom:b currency=SEK\n"),
    (["--ordered", *WRONG], "kustom:a currency=SEK\nkustom:b\n"),
    (["--csv", "reference,amount"], "reference,amount\nkustom:a,99999\n\"kustom:b\",99999\n"),
], ids=["lines", "command", "ordered", "csv"])
def test_a_batch_leaves_no_line_out_without_saying_so(options: list[str], text: str, folder: Path) -> None:
    for failure in failures(folder, "batch", *options, text=text, stride=3):
        if failure.done.returncode == 0:
            lines = [json.loads(line) for line in failure.done.stdout.splitlines()]
            assert len(lines) == 2, failure.done
            assert all(line["session"]["holds"] == ["amount_mismatch"] for line in lines), failure.done


def test_a_batch_that_goes_on_keeps_what_the_file_holds(folder: Path) -> None:
    earlier = folder / "earlier"
    lines = "".join(f"kustom:a{number} amount=99999\n" for number in range(3))
    done = run("batch", "--resume", earlier, text=lines, config=folder / "config.json")
    whole = earlier.read_bytes()
    assert done.returncode == 0 and whole.count(b"\n") == 3
    for failure in failures(folder, "batch", "--resume", "FILE", text=lines + "kustom:a3 amount=99999\n",
                            held=whole + b'{"input":"kustom:a3 amount=99999","exp', stride=3):
        after = failure.file.read_bytes()
        assert after.startswith(whole), failure.done
        assert b'"yes"' not in after
        if failure.done.returncode == 0:
            assert after.count(b"\n") == 4, failure.done
