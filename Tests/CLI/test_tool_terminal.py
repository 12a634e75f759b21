# SPDX-License-Identifier: MIT
"""What comes from outside cannot speak to a terminal; into pipes and files it goes as it came."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from paysession_sandbox.processes import started
from servers import Server, kustom, reply
from tool import CLI, environment, run, written

# DEL, C1 at both ends, and Unicode's controls of the direction of writing.
OBEYED = ("\x7f\x80\x9b\x9f\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Their neighbours, which are only shown.
SHOWN = "~\xa0\u061b\u061d\u200d\u2010\u2029\u202f\u2065\u206a\U0001F600é"
HOSTILE = {**kustom("a"), "merchant_reference1": "x" + OBEYED + SHOWN, "\u202e\x9b": OBEYED}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("terminal")
    document = json.dumps(HOSTILE, ensure_ascii=False).encode()
    (folder / "document.json").write_bytes(document)
    with Server(reply(document)) as server:
        yield written(folder, attempts=1, kustom={"base_url": server.http, "api_key": "kco_test_x"})


def on_terminal(config: Path, *arguments: object, text: str = "", **more: str) -> bytes:
    """What the tool prints where stdout is a terminal; stderr is none."""
    ours, its = pty.openpty()
    with started([CLI, *map(str, arguments)], stdin=subprocess.PIPE, stdout=its, stderr=subprocess.PIPE,
                 env=environment(config, **more)) as process:
        os.close(its)
        assert process.stdin and process.stderr
        process.stdin.write(text.encode())
        process.stdin.close()
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # EIO: nobody has the other end any more
            pass
        os.close(ours)
        assert process.wait(20) in (0, 64), process.stderr.read()
    return seen.replace(b"\r\n", b"\n")


def without_times(line: bytes) -> dict[str, object]:
    told: dict[str, object] = json.loads(line)
    told["exchange"] = None
    return told


@pytest.mark.parametrize(("arguments", "text"), [
    (["normalize", "--format=json", "kustom", "DOCUMENT"], ""),
    (["get", "--format=json", "kustom:a"], ""),
    (["batch"], f"kustom:a reference=x{OBEYED}"),
    (["batch", "--ordered", "-e", f"reference=x{OBEYED}{SHOWN}"], "kustom:a"),
], ids=["normalize", "get", "lines", "command"])
def test_json_on_a_terminal_is_the_same_and_obeyed_by_nobody(
    arguments: list[str], text: str, config: Path,
) -> None:
    words = [str(config.parent / "document.json") if one == "DOCUMENT" else one for one in arguments]
    shown = on_terminal(config, *words, text=text)
    piped = run(*words, text=text, config=config).stdout
    assert not [character for character in OBEYED if character in shown.decode()]
    assert without_times(shown) == without_times(piped)
    assert all(f"\\u{ord(character):04x}".encode() in shown for character in OBEYED)
    assert SHOWN in shown.decode()
    # The provider's object is there byte for byte, where no terminal is.
    document = (config.parent / "document.json").read_bytes()
    assert piped.endswith(b'"raw":' + document + b"}\n") and document not in shown


def test_a_file_to_resume_is_no_terminal(config: Path, tmp_path: Path) -> None:
    assert on_terminal(config, "batch", "--resume", tmp_path / "out", text=f"kustom:a reference=x{OBEYED}") == b""
    line = (tmp_path / "out").read_bytes()
    assert line.startswith(f'{{"input":"kustom:a reference=x{OBEYED}","expect":{{"reference":"x{OBEYED}"}},'.encode())
    assert b'"raw":' + (config.parent / "document.json").read_bytes() in line


@pytest.mark.parametrize("arguments", [
    ["explain", "--provider", "kustom", "DOCUMENT"], ["explain", "kustom:a"],
    ["normalize", "-f", "table", "kustom", "DOCUMENT"], ["get", "-f", "status", f"kustom:{OBEYED}"],
    ["get", "-f", "words", "kustom:a"],
    ["get", "-f", "table", "kustom:" + quote(OBEYED)]])
def test_words_and_tables_show_them_wherever_they_go(arguments: list[str], config: Path) -> None:
    words = [str(config.parent / "document.json") if one == "DOCUMENT" else one for one in arguments]
    done = run(*words, config=config)
    for told in (done.stdout, done.stderr):
        assert not [character for character in OBEYED if character in told.decode()]
    if OBEYED in arguments[-1]:
        wanted = "".join(f"\\x{ord(c):02x}" if c < "\xa0" else f"\\u{ord(c):04x}"
                         for c in OBEYED)
        assert wanted in done.stdout.decode()


@pytest.mark.parametrize(("arguments", "environment_", "is_colored"), [
    ([], {}, True),
    ([], {"TERM": "dumb"}, False),
    ([], {"NO_COLOR": "1"}, False),
    ([], {"NO_COLOR": ""}, True),
    (["--color=never"], {}, False),
    (["--color=always"], {"TERM": "dumb", "NO_COLOR": "1"}, True),
])
def test_colours_on_a_terminal(
    arguments: list[str], environment_: dict[str, str], is_colored: bool, config: Path,
) -> None:
    told = {"TERM": "xterm", "NO_COLOR": "", **environment_}
    for words in (["get", *arguments, "kustom:a"], ["get", *arguments, "--format=table", "kustom:a"],
                  ["explain", *arguments, "kustom:a"]):
        seen = on_terminal(config, *words, **told)
        assert (b"\x1b[32myes\x1b[0m" in seen) == is_colored
        assert (b"\x1b" in seen) == is_colored


def test_colours_in_a_pipe_only_where_they_are_asked_for(config: Path) -> None:
    for command in (["get", "-f", "table"], ["get", "-f", "words"], ["explain"]):
        assert b"\x1b" not in run(*command, "kustom:a", config=config, TERM="xterm").stdout
        assert b"\x1b[32myes\x1b[0m" in run(*command, "--color", "always", "kustom:a", config=config).stdout
    # What programs read has none.
    for format_ in ("json", "status"):
        assert b"\x1b" not in run("get", "-f", format_, "--color=always", "kustom:a", config=config).stdout
