# SPDX-License-Identifier: MIT
"""Finds libpaysession and loads it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from pathlib import Path

from ._declarations import declare

ABI_VERSION = 1
SONAME = "libpaysession.so.0"
VARIABLE = "PAYSESSION_LIBRARY"


def load() -> ctypes.CDLL:
    """Returns the library with its functions declared.

    Raises one ImportError that lists every candidate tried and why it was not taken. A CDLL gives
    up the GIL while a call lasts: other threads run on during a session_get.
    """
    reasons: list[str] = []
    for origin, path in _candidates():
        try:
            library = ctypes.CDLL(path)
            declare(library)
        except (OSError, AttributeError) as error:
            reasons.append(f"{path} ({origin}): {error}")
            continue
        abi_version: int = library.session_abi_version()
        if abi_version == ABI_VERSION:
            return library
        reasons.append(f"{path} ({origin}): has ABI version {abi_version}, not {ABI_VERSION}")
    raise ImportError(
        "libpaysession was not found. Install it, or name the file in "
        f"${VARIABLE}. Tried:\n  " + "\n  ".join(reasons)
    )


def _candidates() -> Iterator[tuple[str, str]]:
    """(where the idea comes from, what to load), in the order of trying."""
    named = os.environ.get(VARIABLE)
    if named:
        # Whoever names a file means that file: another version must not slip in for it.
        yield f"${VARIABLE}, so nothing else was tried", named
        return
    repository = Path(__file__).resolve().parents[4]
    if (repository / "Include" / "paysession.h").is_file():
        yield "this source checkout, built by make", str(repository / "build" / "lib" / SONAME)
    yield "the loader's search path", SONAME
    found = ctypes.util.find_library("paysession")
    if found is not None and found != SONAME:
        yield "ctypes.util.find_library", found
