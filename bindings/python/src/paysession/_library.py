# SPDX-License-Identifier: MIT
"""Finds libpaysession and loads it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import stat
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
    for origin, path, objection in _candidates():
        if objection is not None:
            reasons.append(f"{path} ({origin}): {objection}")
            continue
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


def _candidates() -> Iterator[tuple[str, str, str | None]]:
    """(where the idea comes from, what to load, why it must not be), in the order of trying."""
    named = os.environ.get(VARIABLE)
    if named:
        # Whoever names a file means that file: another version must not slip in for it.
        yield f"${VARIABLE}, so nothing else was tried", named, None
        return
    here = Path(__file__).resolve()
    # Anywhere else, what stands that many folders above is nobody's checkout: in
    # /tmp/x/a/b/paysession it would be /tmp, and in /app/paysession there is no such folder.
    if here.parts[-5:-1] == ("bindings", "python", "src", "paysession"):
        checkout = here.parents[4]
        folder = checkout / "build" / "lib"
        if (checkout / "Include" / "paysession.h").is_file() and folder.is_dir():
            yield ("this source checkout, built by make", str(folder / SONAME),
                   _objection(here, checkout, checkout / "build", folder, folder / SONAME))
    yield "the loader's search path", SONAME, None
    found = ctypes.util.find_library("paysession")
    if found is not None and found != SONAME:
        yield "ctypes.util.find_library", found, None


def _objection(here: Path, *paths: Path) -> str | None:
    """Why somebody else may have put the last of `paths` there; None if nobody else could.

    Whoever owns this file needs no library to run what they like.
    """
    trusted = {0, os.geteuid(), here.stat().st_uid}
    for path in paths:
        try:
            about = path.stat()
        except OSError:
            continue  # not there: loading it says so
        if about.st_uid not in trusted:
            return f"{path} belongs to user {about.st_uid}"
        if about.st_mode & stat.S_IWOTH:
            return f"{path} can be written by everyone"
    return None
