# SPDX-License-Identifier: MIT
"""The library, loaded once. With ctypes.CDLL, which gives up the GIL while a call lasts, so threads
really read sessions side by side."""

from __future__ import annotations

from ._library import load

library = load()
