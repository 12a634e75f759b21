# SPDX-License-Identifier: MIT
"""The bash builtin, in a real bash against the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from compiling import REPOSITORY
from sandbox.testing import RunningSandbox

DOCUMENT = ('{"session_id":"s","status":"FINALIZED","order_amount":2000,"purchase_currency":"SEK"}')


class Bash:
    def __init__(self, builtin: Path, config: Path) -> None:
        self.builtin = builtin
        self.environment = {**os.environ, "PAYSESSION_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def start(self, script: str) -> subprocess.Popen[str]:
        script = f"enable -f {self.builtin} paysession || exit 99\n{script}"
        return subprocess.Popen(["bash", "-c", script], env=self.environment, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

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


def test_answers_are_the_librarys(bash: Bash) -> None:
    _, out, _ = bash.run("paysession get kustom:finalized")
    assert json.loads(out)["session"]["paid"] == "yes"
    _, out, _ = bash.run('paysession get -v answer kustom:failed; echo "$? $answer"')
    assert out.startswith("2 {") and json.loads(out[2:])["session"]["status"] == "failed"
    # A document from stdin; what is behind a NUL would not be seen.
    assert bash.run("paysession normalize -q kustom", DOCUMENT)[0] == 0
    assert bash.run("paysession normalize -q kustom", DOCUMENT + "\0")[0] == 4


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


@pytest.mark.parametrize(("trap", "ends"), [("trap 'echo trapped' INT;", 0), ("", -signal.SIGINT)])
def test_ctrl_c_ends_a_call_at_once(bash: Bash, trap: str, ends: int) -> None:
    with bash.start(f"{trap} echo ready; paysession get -q kustom:slow; echo $?") as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < 2
    assert process.returncode == ends
    assert out == ("trapped\n130\n" if trap else "")


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
