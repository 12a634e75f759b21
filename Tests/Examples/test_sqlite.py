# SPDX-License-Identifier: MIT
"""The SQLite extension, in a real sqlite3 against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from compiling import REPOSITORY
from paysession_sandbox.testing import RunningSandbox
from servers import Server, as_asked, in_turn, kustom, reply

ORDERS = """
    CREATE TABLE orders(ref TEXT, amount_minor INT);
    INSERT INTO orders VALUES ('kustom:finalized', 2000), ('kustom:failed', 1),
        ('kustom:error-404', 1), ('nonsense', 1), (NULL, 1), ('ledyer:advance', 1);
"""


def sqlite(extension: Path, script: str, config: Path | str | None = None,
           through: Sequence[str] = ()) -> tuple[list[str], str]:
    environment = {key: value for key, value in os.environ.items() if key != "PAYSESSION_CONFIG"}
    if config is not None:
        environment["PAYSESSION_CONFIG"] = str(config)
    done = subprocess.run(
        [*through, "sqlite3", ":memory:"], input=f".load {extension.with_suffix('')}\n{script}\n",
        env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done
    return done.stdout.splitlines(), done.stderr


def test_a_table_of_orders(extension: Path, sandbox: RunningSandbox) -> None:
    lines, errors = sqlite(
        extension, ORDERS + "SELECT ref, session_status(ref), session_paid(ref) FROM orders;",
        sandbox.directory / "config.json")
    assert errors == ""
    assert lines == ["kustom:finalized|completed|yes", "kustom:failed|failed|no",
                     "kustom:error-404|unknown|unknown", "nonsense|unknown|unknown", "||",
                     "ledyer:advance|completed|unknown"]


def test_the_script(extension: Path, sandbox: RunningSandbox) -> None:
    script = REPOSITORY / "examples/sqlite/reconcile.sql"
    lines, errors = sqlite(extension, f"{ORDERS}\n.read {script}", sandbox.directory / "config.json")
    assert errors == ""
    assert "kustom:finalized|completed|yes|[]" in lines
    assert 'ledyer:advance|completed|unknown|["advance_invoice","amount_mismatch"]' in lines


def test_the_configuration(extension: Path, sandbox: RunningSandbox, tmp_path: Path) -> None:
    good = sandbox.directory / "config.json"
    (tmp_path / "broken").write_text('{"kustom": {"api_key": "hush-hush-hush", "x": 1}}')
    lines, errors = sqlite(extension, "SELECT session_paid('kustom:finalized');")
    assert lines == [] and "call session_open(path) first" in errors
    lines, errors = sqlite(extension, f"""
        SELECT session_open('/nonexistent');
        SELECT session_open('{tmp_path}/broken');
        SELECT session_open('{good}');
        SELECT session_paid('kustom:finalized');
        SELECT session_open('{tmp_path}/broken');
        SELECT session_paid('kustom:finalized');""")
    assert lines == ["", "yes", "yes"]
    assert errors.count("/nonexistent: expected a configuration file, there is none") == 1
    assert errors.count(f"{tmp_path}/broken:1:2: kustom.environment: expected") == 1
    assert errors.count("has its configuration already") == 1
    assert "hush-hush-hush" not in errors


def test_a_statement_does_not_choose_the_configuration(
        extension: Path, sandbox: RunningSandbox, tmp_path: Path) -> None:
    """It would say which host is believed, and which secrets are sent there."""
    with Server(as_asked) as server:
        (tmp_path / "evil").write_text(json.dumps(
            {"kustom": {"base_url": server.http, "api_key": {"env": "HOME"}}}))
        evil = f"SELECT session_open('{tmp_path}/evil');\nSELECT session_paid('kustom:failed');"
        config = sandbox.directory / "config.json"
        lines, errors = sqlite(extension, evil, config)
        assert lines == ["no"] and "$PAYSESSION_CONFIG names the configuration" in errors
        lines, errors = sqlite(extension, f"SELECT session_paid('kustom:failed'); {evil}", config)
        assert lines == ["no", "no"] and "has its configuration already" in errors
        lines, errors = sqlite(extension, f"SELECT session_open('{config}'); {evil}")
        assert lines == ["", "no"] and "has its configuration already" in errors
        assert server.requests == []


def test_what_the_shop_does_next_and_why(extension: Path, sandbox: RunningSandbox) -> None:
    lines, errors = sqlite(extension, """
        SELECT session_decision('kustom:finalized'), session_decision('kustom:active'),
            session_decision('kustom:failed'), session_decision('ledyer:advance'),
            session_decision('kustom:error-503'), session_decision(NULL) IS NULL,
            session_decision('kustom:finalized', '{"expect":{"amount":1}}');
        SELECT session_text('kustom:finalized', '/session/amount/minor'),
            session_text('kustom:finalized', '/raw/status'),
            session_text('kustom:finalized', '/error') IS NULL,
            session_text('kustom:finalized', NULL) IS NULL,
            session_text('kustom:finalized', '/session/holds/0', '{"expect":{"amount":1}}'),
            session_text('kustom:error-404', '/error/http_status'),
            session_text('kustom:finalized', '/result', NULL);""", sandbox.directory / "config.json")
    assert errors == ""
    assert lines == ["ship|wait|release|hold|wait|1|hold",
                     "2000|FINALIZED|1|1|amount_mismatch|404|invalid_argument"]


def test_the_proof_of_payment(extension: Path, sandbox: RunningSandbox) -> None:
    """An option like the others: what one row asks with it is not answered from what it asked without."""
    over = sandbox.create("kustom", status="finalized", proof={"status": "CANCELLED"})["session"]
    dintero = sandbox.create("dintero", status="processed")
    session, transaction = dintero["session"], dintero["proof"]["path"].rpartition("/")[2]
    document = '{"session_id":"s","status":"FINALIZED","order_amount":5,"purchase_currency":"SEK"}'
    proof = '{"order_id":"o","status":"CAPTURED","order_amount":5.0,"purchase_currency":"SEK"}'
    lines, errors = sqlite(extension, f"""
        SELECT session_paid(ref), session_paid(ref, '{{"proof":true}}'),
            session_text(ref, '/proof/state', '{{"proof":true}}'), session_text(ref, '/proof/state') IS NULL
            FROM (SELECT '{over}' AS ref);
        SELECT session_paid(ref), session_paid(ref, json_object('proof', json_object('transaction', own))),
            session_text(ref, '/result', json_object('proof', json_object('transaction', 'T99999999.x')))
            FROM (SELECT '{session}' AS ref, '{transaction}' AS own);
        SELECT session_text('kustom:finalized', '/result', '{{"proof":{{"transaction":"T1.x"}}}}');
        SELECT substr(session_normalize('kustom', '{document[:-1]},"order_id":"o"}}',
            '{{"proof":{{"document":{proof}}}}}'), -{len(proof) + 2});""",
        sandbox.directory / "config.json")
    assert errors == ""
    assert lines == ["yes|unknown|ended|1", "unknown|yes|mismatched", "invalid_argument", proof + "}}"]


def test_a_failed_configuration_leaves_none(extension: Path) -> None:
    lines, errors = sqlite(extension, """
        SELECT session_open('/etc/passwd');
        SELECT session_paid('kustom:z');
        SELECT session_open(NULL);
        SELECT session_paid('kustom:z');""")
    assert lines == [] and errors.count("call session_open(path) first") == 2
    assert errors.count("/etc/passwd:1:") == 1 and errors.count("the path is NULL") == 1
    # A variable that is there and empty names nothing.
    assert "call session_open(path) first" in sqlite(
        extension, "SELECT session_paid('kustom:z');", "")[1]


def test_only_a_whole_file_is_a_configuration(extension: Path, tmp_path: Path) -> None:
    """Whoever names a pipe does not stop the database; nothing is cut off."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "nul").write_text('{"timeout_ms": 500}\0{"timeout_ms": 600}')
    (tmp_path / "long").write_text('{"timeout_ms": 500}' + " " * (1 << 20))
    (tmp_path / "fits").write_text('{"timeout_ms": 500}'.ljust(1 << 20))
    begun = time.monotonic()
    lines, errors = sqlite(extension, "\n".join(
        f"SELECT session_open('{path}');" for path in (
            tmp_path / "fifo", "/dev/zero", "/dev/tty", tmp_path, tmp_path / "nul", tmp_path / "long",
            tmp_path / "fits")))
    assert time.monotonic() - begun < 5
    assert lines == [""]
    said = [line.partition("session_open: ")[2] for line in errors.splitlines() if "session_open: " in line]
    irregular = "the configuration is no regular file"
    assert said[:2] == [irregular] * 2 and said[3] == irregular
    assert said[2] == irregular
    assert said[4:] == [
        f"{tmp_path}/nul: expected text, there is a NUL byte in it",
        f"{tmp_path}/long: expected a configuration file, it cannot be read, or is longer than 1 MiB"]
    # Nor is what the host names, where it is no file.
    assert "no regular file" in sqlite(extension, "SELECT session_paid('kustom:a');", tmp_path / "fifo")[1]


@pytest.mark.slow
def test_one_row_asks_once(extension: Path, tmp_path: Path) -> None:
    answers = [reply(kustom("x")), reply(kustom("x", "FAILED")), reply(kustom("x", "EXPIRED"))]
    with Server(in_turn(*answers)) as server:
        config = {"kustom": {"base_url": server.http, "api_key": "kco_test_x"}}
        (tmp_path / "config").write_text(json.dumps(config))
        lines, _ = sqlite(extension, """
            SELECT session_status(ref), session_paid(ref), session_answer(ref) LIKE '%FINALIZED%'
                FROM (SELECT 'kustom:x' AS ref);
            SELECT session_status('kustom:x', '{"timeout_ms":5000}');
.shell sleep 1.2
            SELECT session_status('kustom:x', '{"timeout_ms":5000}');""", tmp_path / "config")
        assert lines == ["completed|yes|1", "failed", "expired"]
        assert len(server.targets) == 3


def test_documents(extension: Path) -> None:
    document = '{"session_id":"s","status":"FINALIZED","order_amount":5,"purchase_currency":"SEK"}'
    lines, errors = sqlite(extension, f"""
        SELECT json_extract(session_normalize('kustom', '{document}'), '$.session.paid');
        SELECT json_extract(session_normalize('kustom', '{document}', '{{"id":"other"}}'), '$.result');
        SELECT json_extract(session_normalize('stripe', '{{}}'), '$.result');
        SELECT session_normalize('kustom', NULL) IS NULL;
        SELECT json_extract(session_normalize('kustom', '{document}' || char(0)), '$.result');""")
    assert errors == ""
    assert lines == ["yes", "mismatched", "invalid_argument", "1", "invalid_argument"]


def test_an_expectation_is_never_lost(extension: Path, sandbox: RunningSandbox) -> None:
    """What concatenation gives for an order without an amount is NULL; a NUL would cut the text."""
    document = '{"session_id":"s","status":"FINALIZED","order_amount":5,"purchase_currency":"SEK"}'
    lines, errors = sqlite(extension, f"""
        SELECT session_paid('kustom:finalized', '{{"expect":{{"amount":' || NULL || '}}}}');
        SELECT session_status('kustom:finalized', NULL);
        SELECT session_answer('kustom:finalized', NULL) LIKE '%"invalid_argument"%options%';
        SELECT session_paid('kustom:finalized', char(0));
        SELECT session_paid('kustom:finalized', '{{}}' || char(0) || '{{"expect":{{"amount":1}}}}');
        SELECT session_paid('kustom:finalized', '');
        SELECT json_extract(session_normalize('kustom', '{document}', NULL), '$.result');
        SELECT json_extract(session_normalize('kustom', '{document}', '{{}}' || char(0)), '$.result');
        SELECT session_paid('kustom:finalized', '{{}}');""", sandbox.directory / "config.json")
    assert errors == ""
    assert lines == ["unknown", "unknown", "1", "unknown", "unknown", "unknown",
                     "invalid_argument", "invalid_argument", "yes"]


PROGRAM = r"""
#include <sqlite3.h>
#include <stdio.h>

static void other(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count, (void)values;
    sqlite3_result_text(context, "other", -1, SQLITE_STATIC);
}

static int print(void *unused, int count, char **values, char **names)
{
    (void)unused, (void)count, (void)names;
    return printf("%s\n", values[0]) < 0;
}

int main(int count, char **arguments)
{
    sqlite3 *database;

    return count != 3 || sqlite3_open(":memory:", &database)
        || sqlite3_enable_load_extension(database, 1)
        || sqlite3_load_extension(database, arguments[1], NULL, NULL)
        || sqlite3_create_function(database, "session_open", 1, SQLITE_UTF8, NULL, other, NULL, NULL)
        || sqlite3_exec(database, arguments[2], print, NULL, NULL) || sqlite3_close(database);
}
"""


@pytest.mark.slow
def test_a_function_of_the_host_instead_of_ours(extension: Path, sandbox: RunningSandbox,
                                                tmp_path: Path) -> None:
    """SQLite lets go of a function that is defined anew; the others still have their client."""
    (tmp_path / "host.c").write_text(PROGRAM)
    subprocess.run(["cc", "host.c", "-o", "host", "-lsqlite3"], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(
        ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full",
         "--errors-for-leak-kinds=definite", "./host", extension.with_suffix(""),
         "SELECT session_open(1); SELECT session_paid('kustom:finalized');"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PAYSESSION_CONFIG": str(sandbox.directory / "config.json")})
    assert (done.returncode, done.stdout) == (0, "other\nyes\n"), done.stderr


def test_not_from_a_view(extension: Path, sandbox: RunningSandbox) -> None:
    lines, errors = sqlite(extension, """
        CREATE VIEW v AS SELECT session_paid('kustom:finalized') AS paid;
        SELECT paid FROM v;""", sandbox.directory / "config.json")
    assert lines == [] and "unsafe use of session_paid()" in errors


@pytest.mark.slow
def test_memory(extension: Path, sandbox: RunningSandbox, tmp_path: Path) -> None:
    report = tmp_path / "report"
    sqlite(extension, ORDERS + """
        SELECT session_answer(ref), session_paid(ref, '{}') FROM orders;
        SELECT session_open('/nonexistent');""", sandbox.directory / "config.json",
        ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite",
         f"--log-file={report}"])
    assert report.read_text() == ""


HOST = r"""
#include <sqlite3.h>
#include <stdio.h>
static void own(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, (void)v; sqlite3_result_int(c, 1); }
int main(int count, char **arguments) {
    sqlite3 *database;
    char load[4096];
    (void)count;
    sqlite3_open(":memory:", &database);
    sqlite3_create_function(database, "session_normalize", 3, SQLITE_UTF8, NULL, own, NULL, NULL);
    sqlite3_enable_load_extension(database, 1);
    snprintf(load, sizeof load, "SELECT load_extension('%s')", arguments[1]);
    if (sqlite3_exec(database, load, NULL, NULL, NULL) == SQLITE_OK) return 2;
    sqlite3_exec(database, "SELECT session_status('nonsense')", NULL, NULL, NULL);
    return sqlite3_close(database);
}
"""


def test_a_host_with_a_function_of_the_same_name_stays_alive(extension: Path, tmp_path: Path) -> None:
    """SQLite registers what it can, says no to the rest, and unloads the extension."""
    host = tmp_path / "host"
    subprocess.run(["cc", "-x", "c", "-", "-o", str(host), "-lsqlite3"], input=HOST, text=True, check=True)
    done = subprocess.run([str(host), str(extension)], timeout=60)
    assert done.returncode == 0
