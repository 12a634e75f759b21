# SPDX-License-Identifier: MIT
"""The job on Spark: every reference has one answer, and the right one, whoever is killed on the way; a rerun asks for
what is not final, and for nothing else."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import until
from compiling import REPOSITORY
from nginx import Nginx, nginx, reference  # noqa: F401
from paysession_sandbox.processes import free_port, started
from paysession_sandbox.testing import RunningSandbox

EXAMPLE = REPOSITORY / "examples" / "spark"
INSTALLED = "make spark installs it"
#: For a job of seconds a compiler that is quick is the better one.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SPARK = ["--master", "local[4, 4]", "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=4"]
#: What a job may take on a machine that has others to run beside it.
SECONDS = 120
#: Nothing that Spark would hide by itself, as it hides what has the word secret in it.
KEY = "open-sesame-0123456789abcdef"


def module(name: str) -> Any:
    """One of the example, or of what it needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.fail(f"{error.name} is needed: {INSTALLED}")


def environment() -> dict[str, str]:
    return {**os.environ, "PYSPARK_PYTHON": sys.executable, "JDK_JAVA_OPTIONS": JAVA, "SPARK_LOCAL_IP": "127.0.0.1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY / "bindings" / "python" / "src")}


# ---- Who asks how fast ---------------------------------------------------------------------------


@pytest.mark.parametrize("rates, tasks, wanted", [
    ({"kustom": 200}, 8, {"kustom": [25] * 8}),
    ({"kustom": 10}, 4, {"kustom": [3, 3, 2, 2]}),
    ({"kustom": 3}, 8, {"kustom": [1, 1, 1]}),  # less than one a second for each: not all of them ask
    ({"kustom": 1600, "ledyer": 400}, 4, {"kustom": [534, 533, 533], "ledyer": [400]}),
    ({"kustom": 1000, "ledyer": 1}, 2, {"kustom": [1000], "ledyer": [1]}),
])
def test_a_rate_is_shared_out_whole(rates: dict[str, int], tasks: int, wanted: dict[str, list[int]]) -> None:
    made = module("plan").lanes(dict.fromkeys(rates, 1), rates, tasks, 1)
    assert {lane.provider: lane.rates() for lane in made} == wanted
    assert [lane.first for lane in made] == [0, len(wanted["kustom"])][:len(made)]


def complaints(stderr: str) -> str:
    """What Spark says beside its progress and the stacks of Java."""
    return "\n".join(line for line in stderr.splitlines()
                     if not re.match(r"\s+at |\d\d/\d\d/\d\d [\d:]+ (INFO|WARN) ", line))[-3000:]


def test_a_round_takes_as_long_as_it_is_to() -> None:
    rows = {"kustom": 100_000_000, "ledyer": 360_001}
    kustom, ledyer = module("plan").lanes(rows, {"kustom": 200, "ledyer": 200}, 4, 30)
    assert (kustom.rounds, ledyer.rounds) == (278, 2)  # of 360,000 each


def planned(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, EXAMPLE / "plan.py", *arguments], capture_output=True, text=True, timeout=60)


def test_a_provider_without_a_rate_is_not_asked() -> None:
    done = planned("--rows", "ledyer=1", "--rate", "kustom=5", "--tasks", "4")
    assert done.returncode == 2
    assert done.stderr.endswith("error: --rate: how many requests a second does ledyer allow?\n")


def test_a_rate_is_a_whole_number() -> None:
    for rate in ("kustom", "kustom=0", "kustom=0.5", "kustom=-1"):
        done = planned("--rows", "kustom=1", "--rate", rate, "--tasks", "4")
        assert done.returncode == 2 and f"{rate}: expected NAME=NUMBER, a whole number from 1 on" in done.stderr


def test_the_plan_on_paper(tmp_path: Path) -> None:
    """By a job that keeps 2,000 bytes of 100 answers the first time, and finds nothing to ask for the second."""
    job = tmp_path / "job.py"
    job.write_text(f"""
import json, pathlib
folder = pathlib.Path({str(tmp_path / "run=1")!r})
told = {{"folder": str(folder), "rows": 0 if folder.exists() else 100, "worker_mib": 150}}
folder.mkdir(exist_ok=True)
(folder / "part-0.parquet").write_bytes(b"x" * 2000)
print(json.dumps(told))
""")
    arguments = ["--rows", "kustom=100000000", "--rate", "kustom=200", "--tasks", "8", sys.executable, str(job)]
    done = planned(*arguments)
    assert done.stderr == ""
    # 1e8 / 200 s; 1e8 / 278 rounds / 8 tasks; four of them; 1e8 / 28,800 s.
    assert done.stdout.startswith("""kustom: 100,000,000 at 200 a second: 138.9 hours, in 278 rounds of 30 minutes
  tasks: 8, of 25 requests a second, and of 44,965 references in a round
  asked again where an executor of 4 cores is killed: 179,860 at most
  in one night of 8 hours: 3,473 a second would have to be allowed
measured: 100 cost """)
    # 4 cores of 150 MiB; 20 bytes each; 8 tasks in 278 rounds.
    assert "\n  executors of 4 cores: 2, with 600 MiB for Python in each; cores busy: " in done.stdout
    assert "\n  answers: 2,000 MB, in 2,224 files of 899 kB\n" in done.stdout
    (tmp_path / "run=1" / "part-0.parquet").unlink()
    job.write_text(job.read_text().replace("0 if folder.exists() else 100", "100"))
    assert planned(*arguments).stderr == "no figures come of a run that leaves 100 references to be asked again\n"


# ---- What a task does ----------------------------------------------------------------------------


def asked(config: Path, *frames: list[tuple[str, dict[str, str]]], rate: int = 1000) -> list[dict[str, Any]]:
    """Rows of what a task gives for those references and expectations."""
    pandas = module("pandas")
    given = [pandas.DataFrame([(reference, json.dumps(expect), rate) for reference, expect in rows],
                              columns=["reference", "expect", "rate"]) for rows in frames]
    task = module("task")
    told: list[dict[str, Any]] = pandas.concat([*task.ask(iter(given), str(config))]).to_dict("records")
    task.client_of.cache_clear()  # a server that ends waits for its clients
    return told


@pytest.mark.apart
def test_what_is_final(sandbox: RunningSandbox) -> None:
    usual = {"amount": "2000", "currency": "SEK"}
    told = asked(sandbox.directory / "config.json", [
        ("kustom:finalized", usual), ("kustom:created", usual), ("kustom:finalized", {**usual, "amount": "1999"}),
        ("kustom:finalized", {**usual, "amount": ""}), ("kustom:error-401", usual), ("kustom:error-404", usual),
    ], [("", usual), ("kustom:final\0ized", usual)])
    wanted = Counter([
        ("kustom:finalized", "2000", "ok", "completed", "yes", "ship", "", True),
        ("kustom:created", "2000", "ok", "open", "no", "wait", "", False),
        ("kustom:finalized", "1999", "ok", "completed", "unknown", "hold", "amount_mismatch", True),
        ("kustom:finalized", "", "invalid_argument", "unknown", "unknown", "hold",
         "expect.amount: expected a whole number in minor units, 0 or more", True),
        ("kustom:error-401", "2000", "unauthorized", "unknown", "unknown", "hold", "...", False),
        ("kustom:error-404", "2000", "not_found", "unknown", "unknown", "hold", "...", True),
        ("", "2000", "invalid_argument", "unknown", "unknown", "hold",
         "reference: expected PROVIDER:..., there is no colon", True),
        ("kustom:final\0ized", "2000", "invalid_argument", "unknown", "unknown", "hold",
         "reference: expected percent-encoded UTF-8 in part 1", True)])
    assert Counter(
        (row["reference"], json.loads(row["expect"])["amount"], row["result"], row["status"], row["paid"],
         row["decision"], "..." if row["result"] in ("unauthorized", "not_found") else row["why"], row["final"])
        for row in told) == wanted
    for row in told:
        was_asked = row["result"] != "invalid_argument"
        assert (row["attempts"] > 0) == was_asked == (row["asked_at"] is not module("pandas").NaT)


@pytest.mark.apart
def test_a_provider_that_is_down_is_left_alone(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"proxy": "", "attempts": 1, "kustom": {
        "base_url": f"http://127.0.0.1:{free_port()}", "api_key": "kco_test_0123456789abcdef"}}))
    told = asked(config, [(f"kustom:{number}", {"amount": "1"}) for number in range(300)])
    assert len({row["reference"] for row in told}) == len(told) == 300
    assert Counter(row["result"] for row in told) == {"unreachable": 100, "aborted": 200}
    assert {(row["decision"], row["final"]) for row in told} == {("wait", False)}
    assert {row["why"] for row in told if row["result"] == "aborted"} == {"not asked: 100 in a row had no answer"}


# ---- The job -------------------------------------------------------------------------------------


def submit(*arguments: str | Path) -> list[str | Path]:
    """The command of a job, as README has it."""
    if shutil.which("java") is None:
        pytest.fail(f"Java 17 is needed: {INSTALLED}")
    module("pyspark")
    return ["spark-submit", *SPARK, *arguments]


def expected(amount: object = 2000, currency: str = "SEK") -> str:
    """As the job keeps it."""
    return json.dumps({"amount": str(amount), "currency": currency}, separators=(",", ":"))


#: Rows of the table that ask for no session, and why.
POISONED = {
    ("", expected()): "reference: expected PROVIDER:..., there is no colon",
    ("paypal:1", expected()): "reference: expected one of inbank, kustom, dintero, ledyer before the colon",
    ("kustom:a/b", expected()): "a reference of kustom has the form kustom:SESSION_ID",
    ("kustom:text", expected("20.00")): "expect.amount: expected a whole number in minor units, 0 or more",
    ("kustom:none", expected("")): "expect.amount: expected a whole number in minor units, 0 or more",
    ("kustom:money", expected(currency="Kr")): 'expect.currency: expected a currency code of ISO 4217, such as "EUR"',
}


def kustom(kind: str, count: int) -> list[tuple[str, str]]:
    return [(reference("kustom", f"{kind}{number:05}"), expected()) for number in range(count)]


PAID, FAILING, STRANGERS, GONE = kustom("s", 15_894), kustom("e500-", 60), kustom("wrong-", 20), kustom("e404-", 19)
CHEAPER = [(reference("kustom", "s00000"), expected(1999))]  # of another order, and the same session
LEDYER = [(reference("ledyer", f"s{number:04}"), expected()) for number in range(4000)]
TABLE = [*PAID, *FAILING, *STRANGERS, *GONE, *CHEAPER, *LEDYER, *POISONED]

Key = tuple[str, str]


def answers(folder: Path, run: str = "*") -> dict[Key, dict[str, Any]]:
    """By reference and expectation; none is there twice in a run."""
    parquet = module("pyarrow.parquet")
    rows = [row for file in folder.glob(f"run={run}/*.parquet") for row in parquet.read_table(file).to_pylist()]
    told = {(row["reference"], row["expect"]): row for row in rows}
    assert len(told) == len(rows)
    return told


def family(process: int) -> Iterator[int]:
    """All that it has started, and that those have."""
    with contextlib.suppress(OSError):
        for file in Path(f"/proc/{process}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                yield child
                yield from family(child)


def spent(process: int) -> dict[int, int]:
    """What each of Spark's Python workers has used of the processor, in ticks."""
    ticks = {}
    for child in family(process):
        with contextlib.suppress(OSError):
            if b"pyspark.daemon" in Path(f"/proc/{child}/cmdline").read_bytes():
                ticks[child] = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11])
    return ticks


def kill_a_busy_worker(process: int) -> None:
    """One that is asking; others are through, or wait for their next task."""
    before = spent(process)
    time.sleep(0.5)
    after = spent(process)
    os.kill(max(after, key=lambda child: after[child] - before.get(child, 0)), signal.SIGKILL)


def stages(events: Path) -> list[dict[str, Any]]:
    """Those that ran, by Spark's event log."""
    told = [json.loads(line) for file in events.rglob("events_*") for line in file.read_text().splitlines()]
    return [event["Stage Info"] for event in told if event["Event"] == "SparkListenerStageCompleted"]


@pytest.mark.apart
def test_a_killed_worker_loses_nothing_and_a_rerun_asks_for_the_rest(
        nginx: Nginx, tmp_path: Path) -> None:  # noqa: F811
    config, table, kept, events = (tmp_path / name for name in ("config.json", "table.csv", "answers", "events"))
    events.mkdir()
    assert len(TABLE) == 20_000
    lines = ["merchant_reference,reference,currency,amount_minor"]  # by name, in whatever order
    for name, expect in [*TABLE, PAID[0]]:
        lines.append(f",{name},{json.loads(expect)['currency']},{json.loads(expect)['amount']}")
    table.write_text("\n".join(lines))
    job = submit("--conf", "spark.eventLog.enabled=true", "--conf", f"spark.eventLog.dir={events}",
                 "--conf", "spark.eventLog.compress=false", EXAMPLE / "reconcile.py", "--format", "csv",
                 "--config", config, "--rate", "kustom=1600", "--rate", "ledyer=400", "--minutes", "0.1", table, kept)

    # Ledyer is down. In the second round of two a worker is killed that asks Kustom.
    settings = nginx.config(attempts=1)
    settings["kustom"]["api_key"] = KEY
    config.write_text(json.dumps(settings | {
        "ledyer": {**settings["ledyer"], "base_url": f"http://127.0.0.1:{free_port()}"}}))
    log = nginx.directory / "access.log"
    with started(job, env=environment(), log=tmp_path / "first.log", cwd=tmp_path) as running:
        until(lambda: running.poll() is not None or log.read_bytes().count(b"\n") > 11_000, SECONDS)
        if running.poll() is None:
            kill_a_busy_worker(running.pid)
        status, first = running.wait(SECONDS), (tmp_path / "first.log").read_text()
    assert status == 0, first[-3000:]
    # A machine that is lost takes nothing along that a task reads: nothing of a shuffle.
    asking = [stage for stage in stages(events) if "MapInPandas" in json.dumps(stage)]
    assert len(asking) == 2 and not any(stage["Parent IDs"] for stage in asking)
    assert "Python worker exited unexpectedly (crashed)" in first
    asked = [one["uri"].rpartition("/")[2] for one in nginx.requests() if one["method"] == "GET"]
    assert len(asked) > len(set(asked)) + 100  # what the killed one had asked for was asked for again

    told = answers(kept)
    assert told.keys() == set(TABLE)
    wanted = {
        **dict.fromkeys(PAID, ("ok", "completed", "yes", "ship", "", True)),
        **dict.fromkeys(CHEAPER, ("ok", "completed", "unknown", "hold", "amount_mismatch", True)),
        **{key: ("invalid_argument", "unknown", "unknown", "hold", why, True) for key, why in POISONED.items()}}
    for key, outcome in wanted.items():
        assert tuple(told[key][name] for name in ("result", "status", "paid", "decision", "why", "final")) == outcome
    results = {"provider_error": FAILING, "mismatched": STRANGERS, "not_found": GONE}
    for result, keys in results.items():
        assert {(told[key]["result"], told[key]["final"]) for key in keys} == {(result, result != "provider_error")}
    assert {(told[key]["decision"], told[key]["final"]) for key in LEDYER} == {("wait", False)}
    assert {told[key]["result"] for key in LEDYER} == {"unreachable", "aborted"}

    # Ledyer is back, and the next night the table comes as Parquet.
    config.write_text(json.dumps(settings))
    pyarrow, parquet = module("pyarrow"), module("pyarrow.parquet")
    sound = [(name, json.loads(expect)) for name, expect in TABLE if (name, expect) not in POISONED]
    parquet.write_table(pyarrow.table({
        "reference": [name for name, _ in sound], "amount_minor": [int(expect["amount"]) for _, expect in sound],
        "currency": [expect["currency"] for _, expect in sound],
        "merchant_reference": pyarrow.nulls(len(sound), pyarrow.string())}), tmp_path / "table.parquet", compression="zstd")
    job[job.index("--format") + 1], job[job.index(table)] = "parquet", tmp_path / "table.parquet"
    before = len(nginx.requests())
    done = subprocess.run(job, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, complaints(done.stderr)
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["rows"], said["ship"], said["wait"], said["open"]) == (4060, 4000, 60, 60)
    again = Counter(one["uri"].rpartition("/")[2] for one in nginx.requests()[before:] if one["method"] == "GET")
    assert again == Counter(re.split("[:/]", name)[-1] for name, _ in [*LEDYER, *FAILING])
    second = answers(kept, Path(said["folder"]).name.partition("=")[2])
    assert {key for key, row in second.items() if row["decision"] == "ship"} == set(LEDYER)
    assert {key for key, row in second.items() if row["result"] == "provider_error"} == set(FAILING)

    # What is secret stays in the configuration.
    written = [first, done.stderr, *(file.read_text(errors="replace") for folder in (events, kept)
                                     for file in folder.rglob("*") if file.is_file())]
    assert any(str(config) in text for text in written)
    assert not [text for text in written if KEY in text or "nginx-secret-of-" in text]


@pytest.mark.apart
def test_the_first_run_as_printed(sandbox: RunningSandbox, tmp_path: Path) -> None:
    submit()
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    (lines,) = re.findall(r"^```bash\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    # What stands in build is others' too: the table, the answers and the sandbox are this test's.
    for name in ("orders.csv", "answers"):
        lines = lines.replace(f"build/{name}", str(tmp_path / name))
    lines = lines.replace("build/sandbox", str(sandbox.directory)).replace("$PWD/build/venv/bin/python", sys.executable)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], cwd=REPOSITORY, env=environment(),
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, complaints(done.stderr)
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["rows"], said["ship"], said["open"]) == (300, 300, 0)
    # 300 at 100 a second are dealt out to four tasks: some 75 to each, 25 of them a second.
    parquet = module("pyarrow.parquet")
    tasks = [parquet.read_table(file).to_pylist() for file in (tmp_path / "answers").glob("run=*/*.parquet")]
    assert len(tasks) == 4
    for rows in tasks:
        assert {row["decision"] for row in rows} == {"ship"} and 50 < len(rows) < 100
        asked = [row["asked_at"] for row in rows]
        # A second and a half is for those that come at once when the connection is there.
        assert (max(asked) - min(asked)).total_seconds() > len(rows) / 25 - 1.5
    assert not (tmp_path / "answers" / "_rounds").exists()
