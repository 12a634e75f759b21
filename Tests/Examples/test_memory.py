# SPDX-License-Identifier: MIT
"""The plugins without memory: each allocation of theirs and of the library's fails in turn, once, and
with all after it. Whatever comes of it, it is not "paid", and the process lives."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import REPOSITORY
from servers import Server, as_asked

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
DOCUMENT = '{"session_id":"a","status":"FINALIZED","order_amount":2000,"purchase_currency":"SEK"}'
DIFFERS = '{"expect":{"amount":99999}}'


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """failing.c, compiled as the builtin is."""
    library = tmp_path_factory.mktemp("failing") / "failing.so"
    readme = (REPOSITORY / "examples/bash/README.md").read_text("utf-8")
    (headers,) = re.findall(r"\$\(pkg-config --cflags bash.*loadablesdir bash\)", readme)
    subprocess.run(
        ["sh", "-c", f"cc -std=gnu99 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -fPIC -shared failing.c "
                     f"-o {library} {headers} -ldl"], cwd=HERE, check=True, timeout=60)
    return library


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A client that asks once: what fails shall not be mended by another attempt."""
    path = tmp_path_factory.mktemp("memory") / "config.json"
    with Server(as_asked) as server:
        path.write_text(json.dumps(
            {"attempts": 1, "kustom": {"base_url": server.http, "api_key": "kco_test_memory"}}))
        yield path


@pytest.mark.parametrize("command", [
    f"normalize -o '{DIFFERS}' kustom '{DOCUMENT}'", f"normalize -v answer -o '{DIFFERS}' kustom '{DOCUMENT}'",
    f"normalize -o '{DIFFERS}' kustom <<< '{DOCUMENT}'", f"get -o '{DIFFERS}' -- kustom:a"])
def test_the_builtin(builtin: Path, failing: Path, config: Path, tmp_path: Path, command: str) -> None:
    """In a subshell each time, of a shell that has asked nothing: all is there to fail."""
    agrees = command.replace("99999", "2000")
    script = f"""
        enable -f {failing} failing && enable -f {builtin} paysession || exit 99
        ( paysession {agrees} > agrees; echo agrees $? )
        ( failing 0 once > all; paysession {command} > differs; echo differs $?; failing -1 > all )
        read -r all < all; echo all $all
        for how in once lasting; do for ((count = 1; count <= all; count++)); do
            ( failing $count $how > /dev/null; paysession {command} >> answers ); echo $how $?
        done; done"""
    with open(tmp_path / "errors", "w") as errors:
        out = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=120,
            env={**os.environ, "PAYSESSION_CONFIG": str(config), "LD_PRELOAD": str(failing)}).stdout
    (_, agreed), (_, differed), (_, all_), *failed = (line.split() for line in out.splitlines())
    assert (agreed, differed) == ("0", "3") and int(all_) > 20
    assert len(failed) == 2 * int(all_)
    statuses = Counter(int(status) for _, status in failed)
    # Held, no answer, no configuration, or not written.
    assert set(statuses) <= {3, 4, 64, 74} and statuses[3] < len(failed) / 2, statuses
    assert '"paid":"yes"' not in (tmp_path / "answers").read_text("utf-8")


@pytest.mark.parametrize(("statements", "opens"), [
    (f"SELECT json_extract(session_normalize('kustom', '{DOCUMENT}', '{DIFFERS}'), '$.session.paid')", False),
    (f"SELECT session_status('kustom:b'), CASE WHEN session_answer('kustom:a', '{DIFFERS}') LIKE "
     f"'%\"paid\":\"yes\"%' THEN 'yes' ELSE session_paid('kustom:a', '{DIFFERS}') END", False),
    (f"SELECT session_paid('kustom:a', '{DIFFERS}')", True)])
def test_the_function(
        extension: Path, failing: Path, config: Path, tmp_path: Path, statements: str, opens: bool) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PAYSESSION_CONFIG"}
    if opens:
        statements = f"SELECT session_open('{config}'); {statements}"
    else:
        environment["PAYSESSION_CONFIG"] = str(config)
    subprocess.run(
        ["cc", "-O1", "-Wall", "-Wextra", "-Werror", str(HERE / "failing_sqlite.c"), str(failing),
         f"-Wl,-rpath,{failing.parent}", "-lsqlite3", "-o", "host"], cwd=tmp_path, check=True, timeout=60)

    def told(statements: str) -> list[str]:
        return subprocess.run(
            ["./host", str(extension), statements], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
            text=True, check=True, timeout=120).stdout.splitlines()

    assert told(statements.replace("99999", "2000"))[0] == "yes"
    first, *failed = told(statements)
    assert first == "unknown" and len(failed) > 40
    words = Counter(failed)
    assert set(words) <= {"unknown", "NULL", "error"} and len(words) > 1, words
