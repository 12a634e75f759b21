# SPDX-License-Identifier: MIT
"""The page of figures is what its figures make of it."""

from __future__ import annotations

import report
from mutants import MUTANTS, REPOSITORY


def test_the_page_is_generated() -> None:
    assert report.TARGET.read_text("utf-8") == report.page()


def test_each_break_has_a_line_to_break() -> None:
    assert [one.about for one in MUTANTS
            if one.old not in (REPOSITORY / one.file).read_text("utf-8")] == []
