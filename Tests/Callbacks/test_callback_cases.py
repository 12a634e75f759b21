# SPDX-License-Identifier: MIT
"""Every case through the shared library, from C and from Python; and what is true of each, whatever it is."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from ctypes import byref, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from callbacks import CALLBACKS, Callback
from cases import SCHEMA
from programs import LIBRARIES, REPOSITORY, interface, listed, text

EACH = pytest.mark.parametrize("case", CALLBACKS, ids=[case.name for case in CALLBACKS])
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def verified(case: Callback) -> bytes:
    """The answer, by the C interface as ctypes calls it."""
    client, answer = c_void_p(), c_void_p()
    assert interface().session_client_open(text(case.config), byref(client), None) == 0, case.name
    try:
        interface().session_callback_verify(
            client, case.provider.encode(), case.request, case.body, len(case.body), text(case.options), byref(answer))
        length = c_size_t()
        told: bytes = interface().session_answer_json(answer, byref(length))
        assert len(told) == length.value
        return told
    finally:
        interface().session_answer_free(answer)
        interface().session_client_close(client)


@EACH
def test_answers_as_written(case: Callback) -> None:
    told = verified(case)
    case.check(told)
    answer = json.loads(told)
    VALIDATOR.validate(answer)
    # Nothing of it says paid, and nothing of what was forged comes out.
    assert answer["session"] is answer["exchange"] is answer["raw"] is None and answer["decision"] == "hold"
    assert not re.search(rb'"(paid|status|holds)"', told)
    refused = answer["callback"] is not None and answer["callback"]["authenticity"] == "refused"
    if refused or answer["callback"] is None:
        assert answer["reference"] is None
    if refused:
        assert answer["callback"]["id"] is answer["callback"]["event"] is None
        assert set(answer["callback"]["identifiers"].values()) == {None}
    for secret in secrets_of(case):
        assert secret.encode() not in told, "a secret is in the answer"


def secrets_of(case: Callback) -> list[str]:
    given: Any = case.about["config"].get(case.provider, {}).get("callback_secret", [])
    return given if isinstance(given, list) else [given]


def test_answers_as_written_in_c(tmp_path: Path) -> None:
    program = tmp_path / "verify"
    subprocess.run(
        ["cc", "-g", "-std=gnu99", "-Wall", "-Wextra", "-Werror", f"-I{REPOSITORY / 'Include'}",
         str(Path(__file__).parent / "verify.c"), f"-L{LIBRARIES}", "-lpaysession", f"-Wl,-rpath,{LIBRARIES}",
         "-o", program], check=True)
    lines = []
    for number, case in enumerate(CALLBACKS):
        (tmp_path / f"{number}.config").write_text(case.config)
        options = tmp_path / f"{number}.options" if case.options else ""
        if case.options:
            (tmp_path / f"{number}.options").write_text(case.options)
        lines.append(f"{case.provider}\t{tmp_path / f'{number}.config'}\t{case.folder / 'request.json'}\t"
                     f"{case.folder / 'body'}\t{options}\n")
    (tmp_path / "list").write_text("".join(lines))
    done = subprocess.run([program, tmp_path / "list"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == len(CALLBACKS)
    for case, answer in zip(CALLBACKS, answers):
        case.check(answer)


def test_there_are_cases_of_each_provider_and_reason() -> None:
    assert {case.provider for case in CALLBACKS} == {one["name"] for one in listed()}
    told = [case.wanted["callback"] or {} for case in CALLBACKS]
    reasons = SCHEMA["$defs"]["callback"]["properties"]["reason"]["enum"]
    for scheme in ("standard_webhooks", "dintero_signature"):
        found = Counter(one["reason"] for one in told if one and one["scheme"] == scheme)
        assert set(found) == set(reasons), scheme


def test_the_list_of_providers_says_who_signs() -> None:
    signed = {case.provider for case in CALLBACKS if case.wanted["result"] == "ok"}
    assert {one["name"]: one["callbacks"] for one in listed()} == {
        one["name"]: "signed" if one["name"] in signed else "unsigned" for one in listed()}
    assert {one["name"] for one in listed() if "callback_secret" in one["settings"]} == signed
