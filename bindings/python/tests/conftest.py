# SPDX-License-Identifier: MIT
"""Paths, the schema; the sandbox brings its own fixture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest_plugins = ["paysession_sandbox.testing"]

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def sandbox(paysession_sandbox: Any) -> Any:
    """One for all tests of a run."""
    return paysession_sandbox


@pytest.fixture(scope="session")
def valid() -> Callable[[bytes], Any]:
    """valid(json) parses an answer that paysession.schema.json allows, and fails for others."""
    schema = json.loads((REPOSITORY / "Include" / "paysession.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)

    def check(text: bytes) -> Any:
        answer = json.loads(text)
        validator.validate(answer)
        return answer

    return check
