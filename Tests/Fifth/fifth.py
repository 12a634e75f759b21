#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds a fifth provider to a copy of this tree, builds that and asks it through every face; then leaves
out each of the files that were touched, and shows which test goes red. Exit 1 unless it takes 8 files
or fewer, every face answers, and nothing can be left out unnoticed.

    fifth.py        the copy stays in build/fifth, for the next time to be quicker
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "Tests" / "Sandbox" / "src")]

from addition import CASES, FILES, add, add_cases  # noqa: E402
from paysession_sandbox.processes import started  # noqa: E402

TREE = REPOSITORY / "build" / "fifth"
PYTHON = REPOSITORY / "build" / "venv" / "bin" / "python"
MOST = 8


class Failed(Exception):
    """A command did, or did not, end as it should; has the end of what it printed."""


def command(*words: object, seconds: float = 900, wanted: int = 0, given: str = "", **environment: str) -> str:
    """Run in the copy: what it prints, if its exit status is the wanted one."""
    done = subprocess.run(
        [*map(str, words)], cwd=TREE, input=given, text=True, timeout=seconds, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment})
    if done.returncode != wanted:
        raise Failed(f"{' '.join(map(str, words))[:200]}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def pytest(*words: str) -> str:
    """One line of what became of these tests."""
    return command(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words).strip().rpartition("\n")[2]


def copied() -> None:
    """The files of this tree, as git knows them; what has not changed keeps its time, and is not built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"], cwd=REPOSITORY,
                            stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    names = {name for name in listed if name and (REPOSITORY / name).is_file()}
    # What was there before and is not any more, the last time's toy above all.
    for folder in ("Sources", "Include", "Tests", "bindings", "examples"):
        for file in (TREE / folder).rglob("*"):
            if file.is_file() and str(file.relative_to(TREE)) not in names:
                file.unlink()
    shutil.rmtree(TREE / CASES, ignore_errors=True)
    for name in names:
        restored(name)
    (TREE / "build").mkdir(exist_ok=True)
    if not (TREE / "build" / "venv").exists():
        (TREE / "build" / "venv").symlink_to(REPOSITORY / "build" / "venv")


def restored(name: str) -> None:
    """As it is without the toy."""
    origin, copy = REPOSITORY / name, TREE / name
    if not origin.exists():
        copy.unlink()
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    if not copy.exists() or copy.read_bytes() != origin.read_bytes():
        shutil.copyfile(origin, copy)
        shutil.copymode(origin, copy)


def touched() -> list[str]:
    """What differs from this tree, the cases apart."""
    found = []
    for folder in ("Sources", "Include", "Tests", "bindings", "examples", "."):
        files = (TREE / folder).glob("*") if folder == "." else (TREE / folder).rglob("*")
        for file in files:
            name = str(file.relative_to(TREE))
            if not file.is_file() or "__pycache__" in name or name.startswith(CASES):
                continue
            origin = REPOSITORY / name
            if not origin.exists() or origin.read_bytes() != file.read_bytes():
                found.append(name)
    return sorted(found)


def build() -> None:
    command("make", "-s", "build", "cli", "examples")


@contextmanager
def sandbox() -> Iterator[str]:
    """The copy's: the path of its configuration."""
    with tempfile.TemporaryDirectory(prefix="paysession-fifth-") as name:
        directory = Path(name)
        with started([PYTHON, "-m", "paysession_sandbox", "--directory", directory], ready=(directory / "ready").exists,
                     log=directory / "log", env={**os.environ, "PYTHONPATH": str(TREE / "Tests" / "Sandbox" / "src")}):
            yield str(directory / "config.json")


def holds(condition: object, what: object) -> None:
    if not condition:
        raise Failed(str(what))


# ---- Faces --------------------------------------------------------------------------------------

TOOL = "build/bin/paysession"


def the_list() -> str:
    told = command(PYTHON, "-c", f"import sys; sys.path.insert(0, {str(TREE / 'Tests/Faults')!r})\n"
                   "from programs import listed; print(listed()[-1])")
    holds("'toyco'" in told and "toyco:TOY_ID" in told, told)
    return "session_providers() ends with it"


def the_example_in_c() -> str:
    with sandbox() as config:
        told = command("build/examples/paid", config_for_the_example(config), "toyco:played")
    return told.strip().rpartition("\n")[2]


def config_for_the_example(file: str) -> str:
    """A path where it takes one, else what is in the file."""
    takes_a_path = "session_client_open_file" in (TREE / "examples/c/paid.c").read_text("utf-8")
    return file if takes_a_path else Path(file).read_text("utf-8")


def the_shell_tool() -> str:
    with sandbox() as config:
        answer = command(TOOL, "get", "-c", config, "toyco:played", seconds=30)
        holds('"provider":"toyco"' in answer and '"paid":"yes"' in answer, answer)
        command(TOOL, "get", "-q", "-c", config, "toyco:posted", wanted=1)
        told = command(TOOL, "explain", "-c", config, "toyco:played")
        holds("phase" in told and "toyco" in told, told)
        told = command(TOOL, "batch", "-c", config, "-f", "status", wanted=4,
                       given="toyco:played\nkustom:created\ntoyco:lost\n")
        holds(sorted(told.splitlines()) == sorted([
            "toyco:played\tcompleted\tyes", "kustom:created\topen\tno", "toyco:lost\tnot_found\tunknown"]), told)
        # It explains what anybody may have written, and vouches for nothing.
        told = command(TOOL, "explain", "-", given=answer, wanted=3)
        holds("phase" in told and "toyco" in told, told)
        told = command(TOOL, "doctor", "-c", config, "--account", "T12345678")
        holds(re.search("ok +toyco reachable", told) and re.search("ok +toyco credentials", told), told)
    told = command(TOOL, "explain", "--provider", "toyco", "-", given='{"toy": "x", "phase": "played"}', wanted=3)
    holds("phase" in told, told)
    return "get, explain, doctor"


def its_help_and_completion() -> str:
    told = command(TOOL, "--help") + command(TOOL, "help", "normalize")
    holds("toyco" in told, told)
    folder = "Sources/paysession-cli"
    told = command("bash", "-c", f"PATH=$PWD/build/bin:$PATH; source {folder}/paysession.bash; "
                   "COMP_WORDS=(paysession explain --provider toy) COMP_CWORD=3; "
                   "COMP_LINE=${COMP_WORDS[*]}; COMP_POINT=${#COMP_LINE}; "
                   "$(complete -p paysession | sed 's/.*-F \\([^ ]*\\).*/\\1/') paysession; echo ${COMPREPLY[*]}")
    holds("toyco" in told, told)
    return "toyco is offered"


def cases_in_python() -> str:
    return command(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "bindings/python/pyproject.toml",
                   "bindings/python/tests/test_cases.py", "bindings/python/tests/test_client_sandbox.py",
                   ).strip().rpartition("\n")[2]


def cases_everywhere() -> str:
    return pytest("Tests/Examples/test_faces.py")


def the_oracle() -> str:
    return pytest("Tests/Proof/test_property.py", "-k", "toyco or by_hand or not_paid")


def the_attack() -> str:
    told = json.loads(command(PYTHON, "Tests/Proof/attack.py", "--seconds", "10", "--seed", "1").partition("\n")[2])
    holds(told["by_provider"]["toyco"] > 1000, told)
    return f"{told['by_provider']['toyco']} documents, {told['disagreements']} disagreements"


def the_fuzzers_choice() -> str:
    program = TREE / "build" / "choice"
    command(os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-IInclude", "-Wl,--wrap=session_normalize", "-o", program,
            "Tests/Fifth/choice.c", "Tests/Fuzz/document.c", "-Lbuild/lib", "-lpaysession",
            f"-Wl,-rpath,{TREE / 'build' / 'lib'}")
    chosen = Counter(command(program).split())
    holds(chosen["toyco"] > 256 // len(chosen) - 2, str(chosen))
    return f"{chosen['toyco']} of 256 first bytes"


def servers_that_go_wrong() -> str:
    return pytest("Tests/Faults/test_http.py", "Tests/Contract/test_results.py", "Tests/Contract/test_reading.py",
                  "-k", "toyco or answers_of_no_use")


FACES: list[Callable[[], str]] = [
    the_list, the_example_in_c, the_shell_tool, its_help_and_completion, cases_in_python, cases_everywhere,
    the_oracle, the_attack, the_fuzzers_choice, servers_that_go_wrong]


# ---- Left out -----------------------------------------------------------------------------------

LISTS = "Tests/ABI/test_providers.py"


def red_without(path: str) -> str:
    """What goes red when this one has been forgotten; an empty text if nothing does."""
    if path == CASES:
        shutil.rmtree(TREE / CASES)
    else:
        restored(path)
    try:
        if path.endswith(".swift"):
            try:
                build()
            except Failed as error:
                found = re.findall("error: .*", str(error))
                holds(found, str(error))
                return f"make: {found[0]}"
        return red_tests()
    finally:
        if path == CASES:
            add_cases(TREE)
        else:
            add(TREE, path)


def red_tests() -> str:
    try:
        pytest(LISTS)
    except Failed as error:
        names = sorted(set(re.findall(r"^(?:FAILED|ERROR) \S+?::(\w+)", str(error), re.M)))
        holds(names, str(error))
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        return f"{LISTS}: {', '.join(names[:2])}{more}"
    return ""


def main() -> int:
    wrong = 0
    copied()
    for path in FILES:
        add(TREE, path)
    add_cases(TREE)
    files = touched()
    print(f"A fifth provider, toyco, touches {len(files)} files beside its cases (at most {MOST}):")
    print("".join(f"  {name}\n" for name in files))
    wrong += len(files) > MOST or files != sorted(FILES)
    build()
    print("It is asked through every face:")
    for face in FACES:
        begun = time.monotonic()
        try:
            told = face()
        except Failed as error:
            wrong += 1
            told = f"FAILED\n{error}"
        print(f"  {face.__name__.replace('_', ' '):26} {time.monotonic() - begun:4.0f} s  {told}", flush=True)
    print("\nWithout one of them a test is red:")
    # What changes the library goes last.
    for path in sorted([*FILES, CASES], key=lambda path: path.endswith(".swift")):
        red = red_without(path)
        wrong += not red
        print(f"  {path:44} {red or 'NOTHING'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
