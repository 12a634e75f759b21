# SPDX-License-Identifier: MIT
"""The bash builtin, in a real bash against the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from compiling import REPOSITORY
from paysession_sandbox.processes import started
from paysession_sandbox.testing import RunningSandbox
from servers import Server, as_asked

DOCUMENT = ('{"session_id":"s","status":"FINALIZED","order_amount":2000,"purchase_currency":"SEK"}')


class Bash:
    def __init__(self, builtin: Path, config: Path) -> None:
        self.builtin = builtin
        self.environment = {**os.environ, "PAYSESSION_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def start(
        self, script: str, stdin: int = subprocess.PIPE,
    ) -> AbstractContextManager[subprocess.Popen[str]]:
        script = f"enable -f {self.builtin} paysession || exit 99\n{script}"
        return started(["bash", "-c", script], env=self.environment, text=True,
                       stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, script: str, given: str = "") -> tuple[int, str, str]:
        with self.start(script) as process:
            out, err = process.communicate(given, timeout=60)
            return process.returncode, out, err


@pytest.fixture
def bash(builtin: Path, sandbox: RunningSandbox) -> Bash:
    return Bash(builtin, sandbox.directory / "config.json")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [("get -q kustom:finalized", 0), ("get -q kustom:active", 1), ("get -q kustom:failed", 2),
     ("get -q ledyer:advance", 3), ("get -q kustom:another", 4), ("get -q kustom:error-404", 4),
     ("get -q kustom:error-401", 5), ("get -q nonsense", 64), ("get -q ''", 64), ("get -q", 64),
     ("get -q --help", 64), ("--help", 64), ("get --version", 64), ("get -x kustom:finalized", 64),
     ("", 64), ("other", 64), ("get -q kustom:finalized kustom:active", 1),
     ("get -q -o '{\"expect\":{\"amount\":1}}' kustom:finalized", 3),
     ("get -q -o '[]' kustom:finalized", 64), ("get -q -c /nonexistent kustom:finalized", 64),
     ("get -q -v 1x kustom:finalized", 64), (f"normalize -q kustom '{DOCUMENT}'", 0),
     ("normalize -q kustom '{}'", 3), ("normalize -q stripe '{}'", 64), ("normalize -q", 64),
     ("normalize -q kustom '{'", 4), ("get kustom:finalized > /dev/full", 74)])
def test_exit_statuses(bash: Bash, arguments: str, status: int) -> None:
    assert bash.run(f"paysession {arguments}")[0] == status


@pytest.mark.slow
def test_answers_are_the_librarys(bash: Bash) -> None:
    _, out, _ = bash.run("paysession get kustom:finalized")
    assert json.loads(out)["session"]["paid"] == "yes"
    _, out, _ = bash.run('paysession get -v answer kustom:failed; echo "$? $answer"')
    assert out.startswith("2 {") and json.loads(out[2:])["session"]["status"] == "failed"
    # A document from stdin; what is behind a NUL would not be seen.
    assert bash.run("paysession normalize -q kustom", DOCUMENT)[0] == 0
    assert bash.run("paysession normalize -q kustom", DOCUMENT + "\0")[0] == 4


@pytest.mark.parametrize(
    "declaration", ["readonly answer", "readonly answer=yes", "declare -i answer",
                    "declare -u answer", "readonly other; declare -n answer=other",
                    "declare -n answer", "declare -n answer=other", "declare -n answer='other[0]'",
                    "declare -n answer='other[$(echo ran >&2)0]'",
                    "declare -n further='other[$(echo ran >&2)0]' answer=further"])
def test_a_variable_that_takes_no_answer(bash: Bash, declaration: str) -> None:
    """Zero means paid, and the answer is in the variable; else it is not zero."""
    status, _, err = bash.run(f"{declaration}; paysession get -v answer kustom:finalized; exit $?")
    assert status == 74 and "answer: cannot set variable" in err
    # Nor is the variable evaluated, which a name for another may be a command to bash.
    assert "\nran\n" not in f"\n{err}"


@pytest.mark.parametrize(("command", "wanted"), [
    ("get -p /decision kustom:finalized", (0, "ship\n")),
    ("get -p /decision kustom:active", (1, "wait\n")),
    ("get -p /decision kustom:failed", (2, "release\n")),
    ("get -p /decision ledyer:advance", (3, "hold\n")),
    ("get -p /error/retry_after_ms kustom:error-429", (4, "60000\n")),
    ("get -p /error kustom:finalized", (0, "\n")), ("get -p nonsense kustom:finalized", (0, "\n")),
    ("get -q -p /decision kustom:finalized", (0, "")),
    (f"normalize -p /session/amount/decimal kustom '{DOCUMENT}'", (0, "20.00\n")),
    ('get -v word -p /exchange/asked_at kustom:finalized; [[ $word == 20??-*Z ]]', (0, "")),
])
def test_one_value(bash: Bash, command: str, wanted: tuple[int, str]) -> None:
    """A script needs no JSON parser, and zero means paid whatever is printed."""
    assert bash.run(f"paysession {command}")[:2] == wanted


def test_the_proof_of_payment(bash: Bash, sandbox: RunningSandbox) -> None:
    """An option like the others: another account's transaction does not ship, and a document keeps its spelling."""
    over = sandbox.create("kustom", status="finalized", proof={"status": "CANCELLED"})["session"]
    dintero = sandbox.create("dintero", status="processed")
    session, transaction = dintero["session"], dintero["proof"]["path"].rpartition("/")[2]
    document = '{"order_id":"o","status":"CAPTURED","order_amount":2000.0,"purchase_currency":"SEK"}'
    given = DOCUMENT[:-1] + ',"order_id":"o"}'
    _, out, err = bash.run(f"""
        said() {{ paysession "$1" -p "$2" -o "$3" "${{@:4}}"; echo "$?"; }}
        said get /proof/state '{{"proof":true}}' kustom:finalized
        said get /session/holds/0 '{{"proof":true}}' {over}
        said get /session/holds/1 '{{"proof":true}}' {session}
        said get /proof/resource '{{"proof":{{"transaction":"{transaction}"}}}}' {session}
        said get /result '{{"proof":{{"transaction":"T99999999.x"}}}}' {session}
        paysession normalize -o '{{"proof":{{"document":{document}}}}}' kustom '{given}'""")
    assert err == ""
    *told, answer = out.splitlines()
    assert answer.endswith(f'"raw":{document}}}}}')
    assert told == ["secured", "0", "proof_ended", "3", "proof_unnamed", "3", "transaction", "0",
                    "mismatched", "4"]


def test_wait(bash: Bash) -> None:
    """An open session at first, completed with the third read."""
    status, out, _ = bash.run(
        """paysession wait -p /session/status -o '{"interval_ms": 20}' kustom:created-then-active-then-finalized-ref-bash""")
    assert (status, out) == (0, "completed\n")
    status, out, _ = bash.run(
        """paysession wait -p /session/status -o '{"timeout_ms": 300}' kustom:active""")
    assert (status, out) == (1, "pending\n")


def test_a_configuration_is_read_as_the_library_reads_it(bash: Bash, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{\n  "timeout_ms": 0}')
    status, _, err = bash.run(f"paysession get -q -c {file} kustom:finalized")
    assert status == 64 and f"{file}:2:3: timeout_ms: expected an integer from 1 to 600000" in err
    file.write_text('{"kustom": {"environment": "live", "api_key": "kco_live_x"}}')
    file.chmod(0o660)
    status, _, err = bash.run(f"paysession get -q -c {file} kustom:finalized")
    assert status == 64 and "expected a file that only its owner may write" in err


def test_a_variable_of_each_kind(bash: Bash) -> None:
    _, out, _ = bash.run("""
        declare -a list=(one two); paysession get -v list kustom:finalized; echo "$? ${#list[@]} ${list[0]}"
        declare -A named=([key]=1); paysession get -v named kustom:finalized; echo "$? ${#named[@]} ${named[0]}"
        for word in 'list[0]' 'named[key]' 'list[$(echo ran)0]'; do
            paysession get -v "$word" kustom:finalized; echo "$? ${list[1]} ${named[key]}"
        done""")
    list_, named, *elements = out.splitlines()
    assert list_.startswith("0 2 {") and named.startswith("0 2 {")
    assert elements == ["64 two 1"] * 3


def test_a_local_variable(bash: Bash) -> None:
    _, out, _ = bash.run('f() { local answer; paysession get -v answer kustom:finalized; echo "$answer"; }; f; echo "[$answer]"')
    assert out.startswith("{") and out.endswith("[]\n")


def test_what_was_not_written_is_not_written_later(bash: Bash) -> None:
    status, out, err = bash.run("""
        paysession get kustom:finalized > /dev/full; echo "[$?]"
        paysession get -q kustom:active; echo "[$?]"; paysession get kustom:finalized >&-; echo "[$?]" """)
    assert (status, out) == (0, "[74]\n[1]\n[74]\n") and "write error" in err


def test_a_document_without_an_end(bash: Bash) -> None:
    """What is longer than any answer of a provider is not collected."""
    status, _, err = bash.run("ulimit -v 400000; paysession normalize -q kustom < /dev/zero; exit $?")
    assert status == 64 and "File too large" in err
    status, _, err = bash.run("ulimit -v 400000; paysession get -c /dev/zero kustom:x; exit $?")
    assert status == 64 and "File too large" in err


@pytest.mark.slow
def test_thousands_without_a_fork(bash: Bash) -> None:
    """One process, one connection, memory that stays."""
    status, out, err = bash.run(f"""
        resident() {{ local key value rest; while read -r key value rest; do
            [[ $key == VmRSS: ]] && REPLY=$value; done < /proc/$$/status; }}
        for ((n = 0; n < 2000; n++)); do paysession normalize -q kustom '{DOCUMENT}' || exit 1; done
        for ((n = 0; n < 50; n++)); do paysession get -q kustom:finalized || exit 2; done
        resident; before=$REPLY
        for ((n = 0; n < 2000; n++)); do paysession normalize -q kustom '{DOCUMENT}' || exit 1; done
        for ((n = 0; n < 150; n++)); do paysession get -v answer kustom:finalized || exit 2; done
        resident; echo "$((REPLY - before)) $answer" """)
    assert status == 0, err
    growth, answer = out.split(" ", 1)
    assert int(growth) < 1024
    assert json.loads(answer)["exchange"]["reused_connection"] is True


def test_a_subshell_is_a_fork(bash: Bash) -> None:
    status, out, _ = bash.run("""
        paysession get -q kustom:finalized
        ( paysession get -q kustom:active; echo $? )
        echo "$(paysession get -q kustom:failed; echo $?)"
        paysession get -q kustom:finalized; echo $?""")
    assert (status, out) == (0, "1\n2\n0\n")


def test_descriptors_below_ten_are_the_scripts(bash: Bash, tmp_path: Path) -> None:
    """A script numbers its files from 3 to 9, and what it has open there is not written to by us."""
    # To a file, not a pipe: that of a command substitution would be open in the shell as well.
    status, out, err = bash.run(f"""cd {tmp_path}
        open() {{ ls /proc/$$/fd; }}
        open > before; paysession get -q kustom:finalized; paysession get -q ledyer:authorized; open > after
        for number in 3 4 5 6 7 8 9; do
            echo untouched > report-$number.txt; eval "exec $number<>report-$number.txt"; done
        for reference in kustom:finalized ledyer:authorized; do paysession get -q $reference; echo $?; done
        for number in 3 4 5 6 7 8 9; do eval "exec $number>&-"; done
        paysession get -q kustom:finalized; echo $?; cat report-*.txt | sort -u""")
    before, after = ({int(number) for number in (tmp_path / name).read_text().split()}
                     for name in ("before", "after"))
    assert {number for number in after - before if number < 10} == set()
    assert (status, out, err) == (0, "0\n0\n0\nuntouched\n", "")


def test_a_changed_configuration_is_a_new_client(bash: Bash, tmp_path: Path) -> None:
    original = Path(bash.environment["PAYSESSION_CONFIG"]).read_text()
    (tmp_path / "config").write_text(original)
    (tmp_path / "other").write_text('{"ledyer": {"environment": "live", "token": "0123456789"}}')
    status, out, _ = bash.run(f"""cd {tmp_path}
        paysession get -q -c config kustom:finalized; echo $?
        cp other config; paysession get -q -c config kustom:finalized; echo $?
        echo broken > config; paysession get -q -c config kustom:finalized; echo $?
        enable -d paysession; enable -f {bash.builtin} paysession
        paysession get -q kustom:finalized; echo $?""")
    assert (status, out) == (0, "0\n5\n64\n0\n")


def secrets_sent(bash: Bash, directory: Path, secret: Any, script: str, says: str) -> list[str]:
    """What `get`, asking a server with `secret` as the key, sent when the script called it."""
    with Server(as_asked) as server:
        (directory / "config").write_text(
            f'{{{says}"kustom": {{"base_url": "{server.http}", "api_key": {json.dumps(secret)}}}}}')
        status, out, err = bash.run(f"""cd {directory}
            get() {{ paysession get -q -c config kustom:a; echo $?; }}
            {script}""")
        assert (status, set(out.split())) == (0, {"0"}), err
        return [request.authorization.removeprefix("Basic ") for request in server.requests]


BY_VARIABLE = ({"env": "SHOPKEY"}, "export SHOPKEY=key-of-a; get; SHOPKEY=key-of-b; get; "
                                   "SHOPKEY=key-of-c paysession get -q -c config kustom:a; get")
BY_FILE = ({"file": "key"}, "for one in a b c b; do echo key-of-$one > key; get; done")


@pytest.mark.parametrize(("secret", "script"), [BY_VARIABLE, BY_FILE])
@pytest.mark.parametrize("says", ["", '"shared": true, ', '"shared": false, '])
def test_a_secret_is_read_anew(bash: Bash, tmp_path: Path, secret: Any, script: str, says: str) -> None:
    """The shell of several shops asks with the key of each, and a key that was changed is used at once."""
    assert secrets_sent(bash, tmp_path, secret, script, says) == [
        "key-of-a", "key-of-b", "key-of-c", "key-of-b"]


@pytest.mark.parametrize(
    ("before", "says", "connections"),
    [("", "", 2), (" \n\t", "", 2), ("\ufeff", "", 2), ("\ufeff\r\n ", " ", 2),
     ("", '"shared": true, ', 2), ("", '"sh\\u0061red": true,', 2), ("", '"shared": false, ', 6)])
def test_connections_last_from_command_to_command(
        bash: Bash, tmp_path: Path, before: str, says: str, connections: int) -> None:
    """Also where another configuration is used in between, except where it says that it shall not."""
    with Server(as_asked) as server:
        for name in ("one", "other"):
            config = {"base_url": server.http, "api_key": f"kco_test_{name}"}
            (tmp_path / name).write_text(f'{before}{{{says}"kustom": {json.dumps(config)}}}')
        status, out, err = bash.run(f"""cd {tmp_path}; for config in one other one one other one; do
            paysession get -q -c $config kustom:a; echo $?; done""")
        assert (status, out, err) == (0, "0\n" * 6, "")
        assert len({request.connection for request in server.requests}) == connections
        assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("config", "status", "message"),
    [("{}", 5, ""), ("\ufeff { } ", 5, ""), ("", 64, "this is empty"), ("[{}]", 64, "JSON object"),
     ("{", 64, "not valid JSON"), ('{"timeout_ms": 1', 64, "not valid JSON"), ('"{"', 64, "JSON object"),
     ('{"shared": "often"}', 64, "shared: "), ('{"shared": true, "shared": true}', 64, "key twice"),
     ('{"kustom": {"environment": "live", "api_key": {"env": "NOWHERE"}}}', 64, "NOWHERE")])
def test_configurations_to_which_nothing_can_be_added(
        bash: Bash, tmp_path: Path, config: str, status: int, message: str) -> None:
    """They are told as they are, and no client is left from before."""
    (tmp_path / "config").write_text(config)
    _, out, err = bash.run(f"""paysession get -q kustom:finalized; echo $?
        paysession get -q -c {tmp_path}/config kustom:finalized; echo $?
        paysession get -q kustom:finalized; echo $?""")
    assert out == f"0\n{status}\n0\n" and message in err, err


def holds(process: int, text: str) -> bool:
    """Whether memory of the process that may be written has it somewhere."""
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for place, rights, *_ in (line.split() for line in maps):
            begin, end = (int(number, 16) for number in place.split("-"))
            if "rw" in rights:
                memory.seek(begin)
                if text.encode() in (memory.read(end - begin) or b""):
                    return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("says", ["", '"shared": false, '])
def test_keys_do_not_stay_in_memory(bash: Bash, tmp_path: Path, says: str) -> None:
    """Only that of the configuration in use: not of one before it, nor of one that was read twice, was
    too long, had a NUL in it, was refused, or was not read to its end. Those before it stay with the
    library, unless they say that they are not to be shared."""
    names = ("long", "twice", "nul", "refused", "unfinished", "before", "last")
    behind = {"long": " " * (4 << 20), "nul": "\0", "refused": "}"}
    os.mkfifo(tmp_path / "unfinished")
    configs = {}
    for number, name in enumerate(names):
        # Each is shorter than the one before: read into the same memory, it leaves the other's key.
        configs[name] = (" " * 100 * (len(names) - number) + f'{{{says}"ledyer": {{"environment": "live", '
                         f'"client_id": "shop", "client_secret": "the-secret-of-{name}"}}}}{behind.get(name, "")}')
        if name != "unfinished":
            (tmp_path / name).write_text(configs[name])
    # malloc gives the first long one back to the system, and from then on keeps what is freed.
    with bash.start(f"""cd {tmp_path}; trap : TERM
            for name in long {" ".join(names)}; do
                paysession get -q -c $name nonsense; [[ $name != twice ]] || paysession get -q -c $name nonsense
            done; echo done; read -r""") as process:
        with open(tmp_path / "unfinished", "w") as unfinished:
            unfinished.write(configs["unfinished"])
            unfinished.flush()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.stdout and process.stdout.readline() == "done\n"
        found = {name for name in names if holds(process.pid, "the-secret-of-" + name)}
        _, err = process.communicate("\n", timeout=30)
    assert found == ({"last"} if says else {"twice", "before", "last"}), err
    assert [line.split(": ")[3].partition(":")[0] for line in err.splitlines()] == [
        "long", "long", "nul", "refused", "unfinished"], err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
@pytest.mark.parametrize("command", ["normalize -q kustom", "get -q kustom:slow",
                                     "get -q -c /dev/stdin kustom:finalized"])
@pytest.mark.parametrize("trapped", [True, False])
def test_signals(bash: Bash, name: str, command: str, trapped: bool) -> None:
    """Those that end a shell end its waiting: for a provider, for a document, for a configuration."""
    number = signal.Signals[f"SIG{name}"]
    trap = f"trap 'echo trapped' {name};" if trapped else ""
    stdin, open_all_the_while = os.pipe()
    with bash.start(f"{trap} echo ready; paysession {command}; echo $?", stdin) as process:
        os.close(stdin)
        try:
            assert process.stdout and process.stdout.readline() == "ready\n"
            time.sleep(0.5)
            begun = time.monotonic()
            process.send_signal(number)
            out, _ = process.communicate(timeout=30)
        finally:
            os.close(open_all_the_while)
    assert time.monotonic() - begun < 2
    assert process.returncode == (0 if trapped else -number)
    assert out == (f"trapped\n{128 + number}\n" if trapped else "")


@pytest.mark.slow
def test_an_ignored_interrupt_stays_ignored(bash: Bash) -> None:
    with bash.start("trap '' INT; echo ready; paysession get -q -o '{\"timeout_ms\":900}' kustom:slow; echo $?") as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "4\n"


def test_the_script(builtin: Path, bash: Bash) -> None:
    done = subprocess.run(
        ["bash", str(REPOSITORY / "examples/bash/paid.sh"), str(builtin)], env=bash.environment,
        input="kustom:finalized\nkustom:active\n--help\n", capture_output=True, text=True, timeout=60)
    assert done.stdout == "ship kustom:finalized\nhold kustom:active (1)\nhold --help (64)\n"
