# SPDX-License-Identifier: MIT
"""A key that stands twice in one object makes a document malformed, as deep as it may be: whoever reads it by the
first and whoever reads it by the last would see two documents."""

from __future__ import annotations

import paysession
import pytest


def document(inside: str, depth: int) -> str:
    """With an object in it at that level."""
    return '{"session_id":"a","status":"FINALIZED","x":' + '{"k":' * (depth - 2) + inside + "}" * (depth - 1)


@pytest.mark.parametrize("depth", [2, 3, 8, 9, 10, 11, 64, 128])
def test_a_key_twice_at_any_depth(depth: int) -> None:
    once, twice = document('{"a":1,"b":2}', depth), document('{"a":1,"b":2,"a":1}', depth)
    assert paysession.normalize("kustom", once).status is paysession.Status.COMPLETED
    with pytest.raises(paysession.Malformed, match="the same key twice"):
        paysession.normalize("kustom", twice)
