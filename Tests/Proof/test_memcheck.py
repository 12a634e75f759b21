# SPDX-License-Identifier: MIT
"""The shipped library under valgrind; `make sanitize` has the sanitizers too."""

from __future__ import annotations

import pytest
import sanitizers

pytestmark = pytest.mark.slow


def test_the_c_example_uses_no_memory_wrongly() -> None:
    told = sanitizers.example()
    # Dintero's order session carries no payment state, so one of the four is not paid.
    assert (told["errors"], told["lost_bytes"], told["status"]) == (0, 0, 1), told
    assert told["output"].count("\n") >= 4


def test_no_document_makes_the_library_use_memory_wrongly() -> None:
    told = sanitizers.cases()
    assert (told["errors"], told["lost_bytes"], told["status"]) == (0, 0, 0), told
    assert told["documents"] > 400
