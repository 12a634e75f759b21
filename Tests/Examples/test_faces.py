# SPDX-License-Identifier: MIT
"""One suite, all faces: what the C interface answers to each of Tests/Cases, the packages for Python and PHP,
the shell tool, the bash builtin and the SQLite extension answer byte for byte. (That the C interface
answers rightly is shown by hand-written answers, in the binding's tests and in Swift's.)
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import paysession
import pytest
from cases import DOCUMENTS, EXCHANGES, SCHEMA, Case
from compiling import REPOSITORY
from programs import interface
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply

CLI = REPOSITORY / "build" / "bin" / "paysession"
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
#: Connections of one call to come and go; it is about answers, not about patience.
PATIENCE = {"attempts": 1, "timeout_ms": 20_000, "proxy": ""}


def answer_of(function: str, *arguments: Any) -> bytes:
    """What a function of the C interface puts into its last argument."""
    import ctypes

    library = interface()
    answer = ctypes.c_void_p()
    getattr(library, function)(*arguments, ctypes.byref(answer))
    json_of = library.session_answer_json
    json_of.restype = ctypes.c_char_p
    text: bytes = json_of(answer, None)
    library.session_answer_free(answer)
    return text


@pytest.fixture(scope="module")
def by_c() -> list[bytes]:
    return [answer_of("session_normalize", case.provider.encode(), case.body,
                      None if case.options is None else case.options.encode())
            for case in DOCUMENTS]


def compare(told: list[bytes], wanted: list[bytes], cases: list[Case]) -> None:
    assert len(told) == len(wanted) == len(cases)
    differing = [case.folder for case, one, other in zip(cases, told, wanted) if one != other]
    assert differing == []


def without_exchange(answer: bytes) -> bytes:
    """Only times and numbers of attempts are in it; on failure only null comes behind."""
    return re.sub(rb'"exchange":\{.*\},"raw":null\}\n?$', b'"raw":null}', answer, flags=re.DOTALL)


def on_one_line(answer: bytes) -> bytes:
    return answer.replace(b"\n", b" ").replace(b"\r", b" ")


def test_there_are_enough() -> None:
    assert len(DOCUMENTS) > 500 and len(EXCHANGES) > 100


@pytest.mark.slow
def test_every_answer_is_valid(by_c: list[bytes]) -> None:
    for case, answer in zip(DOCUMENTS, by_c):
        if b"1e999" not in answer:  # Python would read infinity, which no schema knows
            VALIDATOR.validate(json.loads(answer))
        assert answer.startswith(b'{"result":"'), case.folder


def test_python(by_c: list[bytes]) -> None:
    told = []
    for case in DOCUMENTS:
        try:
            told.append(paysession.normalize(case.provider, case.body, **case.keywords).json)
        except paysession.PaySessionError as error:
            assert error.answer is not None
            told.append(error.answer.json)
    compare(told, by_c, DOCUMENTS)


def php_options(case: Case) -> dict[str, Any]:
    """A document is its text."""
    options = case.keywords
    if "proof" in options:
        options["proof"] = options["proof"]["document"]
    return options


def shell_options(options: dict[str, Any] | None, folder: Path) -> list[str]:
    words = []
    for key, value in (options or {}).items():
        if key == "id":
            words.append(f"--id={value}")
        elif key == "trust_processed_at":
            words += ["--trust-processed-at"] if value else []
        elif key == "proof":
            file = folder / "proof"
            file.write_text(json.dumps(value["document"]))
            words.append(f"--proof-document={file}")
        else:
            assert key == "expect"
            # A reference comes last.
            parts = sorted(value.items(), key=lambda part: part[0] == "reference")
            if parts:  # nothing expected is no option
                words.append("--expect=" + ",".join(f"{name}={part}" for name, part in parts))
    return words


def has_plain_amounts(case: Case) -> bool:
    """Its amounts are integers: other spellings of a number are JSON's."""
    expect = (case.about["options"] or {}).get("expect", {})
    return type(expect.get("amount", 0)) is int


@pytest.mark.slow
def test_the_shell_tool(by_c: list[bytes], tmp_path: Path) -> None:
    told = []
    pairs = [(case, answer) for case, answer in zip(DOCUMENTS, by_c) if has_plain_amounts(case)]
    for case, wanted in pairs:
        done = subprocess.run(
            [CLI, "normalize", *shell_options(case.about["options"], tmp_path), case.provider,
             str(case.folder / "response")], stdout=subprocess.PIPE, timeout=30)
        assert done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 1
        told.append(done.stdout[:-1])
        # Zero if and only if it is paid, in the library's own words.
        assert (done.returncode == 0) == (b'"paid":"yes","final":true' in wanted), case.folder
    compare(told, [on_one_line(answer) for _, answer in pairs], [case for case, _ in pairs])


@pytest.mark.slow
def test_the_bash_builtin(by_c: list[bytes], builtin: Path, tmp_path: Path) -> None:
    script = [f"enable -f {shlex.quote(str(builtin))} paysession || exit 99"]
    for number, case in enumerate(DOCUMENTS):
        options = "" if case.options is None else "-o " + shlex.quote(case.options)
        script.append(f"paysession normalize {options} {case.provider} "
                      f"< {shlex.quote(str(case.folder / 'response'))} > {tmp_path}/{number}")
    script.append("exit 0")
    (tmp_path / "script").write_text("\n".join(script))
    subprocess.run(["bash", str(tmp_path / "script")], check=True, timeout=120)
    told = [(tmp_path / str(number)).read_bytes()[:-1] for number in range(len(DOCUMENTS))]
    compare(told, by_c, DOCUMENTS)


def by_php(asked: list[dict[str, Any]], *config: Path) -> list[bytes]:
    done = subprocess.run(
        ["php", REPOSITORY / "bindings" / "php" / "tests" / "faces.php", *config], check=True, timeout=120,
        input="".join(json.dumps(one) + "\n" for one in asked).encode(), stdout=subprocess.PIPE,
        env={**os.environ, "PAYSESSION_LIBRARY": str(REPOSITORY / "build" / "lib" / "libpaysession.so.0")})
    return [base64.b64decode(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_php(by_c: list[bytes]) -> None:
    pairs = [(case, answer) for case, answer in zip(DOCUMENTS, by_c) if has_plain_amounts(case)]
    told = by_php([{"provider": case.provider, "file": str(case.folder / "response"), **php_options(case)}
                   for case, _ in pairs])
    compare(told, [answer for _, answer in pairs], [case for case, _ in pairs])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.slow
def test_the_sqlite_extension(by_c: list[bytes], extension: Path, tmp_path: Path) -> None:
    script = [f".load {extension.with_suffix('')}"]
    for number, case in enumerate(DOCUMENTS):
        document = f"CAST(readfile({quoted(str(case.folder / 'response'))}) AS TEXT)"
        options = "" if case.options is None else ", " + quoted(case.options)
        script.append(f"SELECT writefile('{tmp_path}/{number}', session_normalize("
                      f"'{case.provider}', {document}{options}));")
    subprocess.run(["sqlite3", ":memory:"], input="\n".join(script), text=True, check=True,
                   stdout=subprocess.DEVNULL, timeout=120)
    told = [(tmp_path / str(number)).read_bytes() for number in range(len(DOCUMENTS))]
    compare(told, by_c, DOCUMENTS)


# ---- Over HTTP ----------------------------------------------------------------------------------


class Exchanges:
    """A server that answers each request as the case says whose turn it is."""

    def __init__(self, directory: Path) -> None:
        self.case = EXCHANGES[0]
        self.server = Server(self.answer)
        self.file = directory / "config.json"

    def answer(self, _: Connection, __: Request) -> bytes:
        return reply(self.case.body, self.case.about["http_status"])

    def write(self) -> None:
        self.file.write_text(json.dumps({**PATIENCE, **{
            name: provider.ready(self.server.http, "0123456789")
            for name, provider in PROVIDERS.items()}}))

    def all(self, ask: Callable[[str], bytes]) -> list[bytes]:
        told = []
        for case in EXCHANGES:
            self.case = case
            told.append(without_exchange(ask(case.about["reference"])))
        return told


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchanges]:
    made = Exchanges(tmp_path_factory.mktemp("exchanges"))
    with made.server:
        made.write()
        yield made


@pytest.mark.slow
def test_exchanges_are_the_same_through_all_faces(
    exchanges: Exchanges, builtin: Path, extension: Path) -> None:
    import ctypes

    client = ctypes.c_void_p()
    assert interface().session_client_open(
        exchanges.file.read_bytes(), ctypes.byref(client), None) == 0
    wanted = exchanges.all(lambda reference: answer_of("session_get", client, reference.encode(), None))
    interface().session_client_close(client)
    for answer in wanted:
        assert b'"exchange"' not in answer
    environment = {**os.environ, "PAYSESSION_CONFIG": str(exchanges.file)}

    def output(command: list[str | Path], given: str | None = None) -> bytes:
        done = subprocess.run(command, input=None if given is None else given.encode(), env=environment,
                              stdout=subprocess.PIPE, timeout=30)
        return bytes(done.stdout)

    compare(exchanges.all(lambda reference: output([CLI, "get", reference])), wanted, EXCHANGES)
    compare(exchanges.all(lambda reference: output(
        ["bash", "-c", f'enable -f {builtin} paysession; paysession get "$1"', "bash", reference])),
        wanted, EXCHANGES)
    compare(exchanges.all(lambda reference: by_php([{"reference": reference}], exchanges.file)[0]), wanted, EXCHANGES)
    compare(exchanges.all(lambda reference: output(
        ["sqlite3", ":memory:"],
        f".load {extension.with_suffix('')}\nSELECT session_answer({quoted(reference)});")),
        wanted, EXCHANGES)
