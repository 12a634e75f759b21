# SPDX-License-Identifier: MIT
"""The page of figures is what its figures make of it."""

from __future__ import annotations

import report


def test_the_page_is_generated() -> None:
    assert report.TARGET.read_text("utf-8") == report.page()
