# SPDX-License-Identifier: MIT
"""Pages."""
from __future__ import annotations
from starlette.routing import Route
from .sandbox import Sandbox

def pages(sandbox: Sandbox) -> list[Route]:
    return []
