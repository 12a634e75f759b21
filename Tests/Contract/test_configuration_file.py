# SPDX-License-Identifier: MIT
"""session_client_open_file(): where the configuration is looked for, who else may touch it, and what
is said of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ctypes import byref, c_void_p
from pathlib import Path
from typing import Any

import paysession
import pytest
from programs import interface, taken

KEY = "kco_test_0123456789abcdef"
CONFIG = {"timeout_ms": 5, "kustom": {"environment": "playground", "api_key": KEY}}


def opened(path: str | Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of it, and what the report says of the file."""
    client, answer = c_void_p(), c_void_p()
    interface().session_client_open_file(
        None if path is None else os.fsencode(path), byref(client), byref(answer))
    told = taken(answer)
    assert (client.value is None) is (told["result"] != "ok")
    if told["result"] != "ok":
        assert KEY not in json.dumps(told)
        return told, {}
    interface().session_client_report(client, byref(answer))
    report = taken(answer)["report"]["configuration"]
    interface().session_client_close(client)
    return told, report


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(CONFIG))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("mode", "readable"), [
    (0o600, False), (0o400, False), (0o640, False), (0o644, True), (0o604, True),
])
def test_it_is_opened_and_told(file: Path, mode: int, readable: bool) -> None:
    file.chmod(mode)
    told, report = opened(file)
    assert told["result"] == "ok"
    assert report == {"file": str(file), "readable_by_others": readable}


@pytest.mark.parametrize("mode", [0o620, 0o660, 0o602, 0o666, 0o622])
def test_others_may_not_write_to_where_credentials_are_sent(file: Path, mode: int) -> None:
    file.chmod(mode)
    told, _ = opened(file)
    assert told["result"] == "invalid_config"
    assert told["error"]["message"] == (
        f"{file}: expected a file that only its owner may write, since it says where credentials are "
        "sent; its group or others may")
    # Nor where the key stands elsewhere: it would be sent to another address all the same.
    file.write_text(json.dumps({"kustom": {"environment": "playground", "api_key": {"env": "HOME"}}}))
    assert opened(file)[0]["result"] == "invalid_config"
    # Without a provider there is nothing to be sent.
    file.write_text('{"timeout_ms": 5}')
    assert opened(file)[0]["result"] == "ok"


def test_what_cannot_be_read_is_named(tmp_path: Path, file: Path) -> None:
    missing = tmp_path / "missing.json"
    for path, why in ((missing, "there is none"), (tmp_path, "it is a directory"),
                      (file / "below", "there is none")):
        told, _ = opened(path)
        assert told["result"] == "invalid_config"
        assert told["error"]["message"] == f"{path}: expected a configuration file, {why}"
    file.write_bytes(b'{"timeout_ms": 5}\0{')
    assert opened(file)[0]["error"]["message"] == f"{file}: expected text, there is a NUL byte in it"
    file.write_bytes(b" " * ((1 << 20) + 1))
    assert "longer than 1 MiB" in opened(file)[0]["error"]["message"]


def test_a_mistake_has_its_line_and_column(file: Path) -> None:
    file.write_text('{\n  "kustom": {"environment": "live",\n             "api_key": "%s"},\n}' % KEY)
    told, _ = opened(file)
    # The bracket that was not expected.
    assert told["error"]["message"].startswith(f"{file}:4:1: configuration: expected a JSON object")
    file.write_text('{\n  "kustom": {"environment": "live",\n             "api_key": "%s"}\n}' % KEY)
    told, _ = opened(file)
    assert told["error"]["message"].startswith(f"{file}:2:14: kustom.environment: expected \"playground\"")


def test_a_pipe_will_do(tmp_path: Path) -> None:
    """Somebody has written into it already: a pipe into which nobody writes is empty."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeps_it = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    pipe.write_text(json.dumps(CONFIG))
    told, report = opened(pipe)
    os.close(keeps_it)
    assert told["result"] == "ok"
    assert report == {"file": str(pipe), "readable_by_others": None}


def test_the_text_of_a_client_has_no_file() -> None:
    with paysession.Client(CONFIG) as client:
        assert client.report()["configuration"] == {"file": None, "readable_by_others": None}


def test_path_and_client_are_needed(file: Path) -> None:
    answer = c_void_p()
    assert interface().session_client_open_file(os.fsencode(file), None, byref(answer)) == 1
    assert taken(answer)["error"]["message"] == "client: expected a value, got NULL"


@pytest.mark.parametrize(("environment", "wanted"), [
    ({"PAYSESSION_CONFIG": "{0}/named.json", "XDG_CONFIG_HOME": "{0}/xdg", "HOME": "{0}"}, "named.json"),
    ({"XDG_CONFIG_HOME": "{0}/xdg", "HOME": "{0}"}, "xdg/paysession/config.json"),
    ({"PAYSESSION_CONFIG": "", "XDG_CONFIG_HOME": "xdg", "HOME": "{0}"}, ".config/paysession/config.json"),
    ({"HOME": "{0}"}, ".config/paysession/config.json"),
])
def test_the_usual_places(tmp_path: Path, environment: dict[str, str], wanted: str) -> None:
    for name in ("named.json", "xdg/paysession/config.json", ".config/paysession/config.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    told = apart(tmp_path, {name: value.format(tmp_path) for name, value in environment.items()})
    assert told == str(tmp_path / wanted)


def test_nowhere_to_look(tmp_path: Path) -> None:
    assert apart(tmp_path, {}).startswith("configuration: expected a path, or one in the environment")
    assert apart(tmp_path, {"HOME": str(tmp_path)}) == (
        f"{tmp_path}/.config/paysession/config.json: expected a configuration file, there is none")


def apart(directory: Path, environment: dict[str, str]) -> str:
    """Opens the usual file in a process of that environment."""
    source = Path(paysession.__file__).resolve().parents[1]
    program = ("import paysession\ntry: print(paysession.Client.from_file().report()['configuration']['file'])\n"
               "except paysession.InvalidConfig as error: print(error)")
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(source), **environment}, cwd=directory,
        capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()
