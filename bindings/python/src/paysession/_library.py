# SPDX-License-Identifier: MIT
"""Finds libpaysession and loads it."""

from __future__ import annotations

import ctypes
import os
import re
import stat
from collections.abc import Iterator

from ._declarations import declare

ABI_VERSION = 1
SONAME = "libpaysession.so.0"
VARIABLE = "PAYSESSION_LIBRARY"
OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")

#: What the library needs, by the ID and ID_LIKE of os-release. Since Debian 13 the first package is
#: libcurl4t64, which apt-get takes for libcurl4.
PACKAGES = {
    "debian": "apt-get update && apt-get install libcurl4 libjansson4",
    "fedora": "dnf install libcurl jansson",
    "alpine": "apk add libcurl jansson",
}
#: Has a libcurl inside: the extra "binary". There is none for musl.
BINARY = "paysession_binary"
LIBCURL = "libcurl.so.4"


def load() -> ctypes.CDLL:
    """Returns the library with its functions declared.

    Raises one ImportError that lists every candidate tried and why it was not taken. A CDLL gives
    up the GIL while a call lasts: other threads run on during a session_get.
    """
    reasons: list[str] = []
    missing: str | None = None
    for origin, path, objection in _candidates():
        if objection is not None:
            reasons.append(f"{path} ({origin}): {objection}")
            continue
        try:
            library = _opened(path)
            declare(library)
        except (OSError, AttributeError) as error:
            reasons.append(f"{path} ({origin}): {error}")
            missing = missing or _missing(error)
            continue
        abi_version: int = library.session_abi_version()
        if abi_version == ABI_VERSION:
            return library
        reasons.append(f"{path} ({origin}): has ABI version {abi_version}, not {ABI_VERSION}")
    raise ImportError("\n  ".join([_advice(missing), *reasons]))


def _opened(path: str) -> ctypes.CDLL:
    """With the system's libcurl; where there is none, with that of paysession[binary].

    The loader takes a library that is there by the name which the other asks for. Whatever is
    loaded later and asks for libcurl gets the same one, which knows HTTP alone: so where the system
    has one for pycurl and others, ours stays out of the way.
    """
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        libcurl = _binary() if _missing(error) == LIBCURL else None
        if libcurl is None:
            raise
    ctypes.CDLL(libcurl)
    return ctypes.CDLL(path)


def _binary() -> str | None:
    """The libcurl of paysession[binary]; None where that is not installed."""
    from importlib.util import find_spec  # only where there is no libcurl

    spec = find_spec(BINARY)
    return os.path.join(os.path.dirname(spec.origin), LIBCURL) if spec and spec.origin else None


def _missing(error: Exception) -> str | None:
    """The library that libpaysession needs and the loader did not find, as the loader names it."""
    found = re.search(r"(?<!/)\blib(?:curl|jansson)\.so\.\d+(?=:)", str(error))
    return found and found[0]


def _advice(missing: str | None) -> str:
    """What to do where no library can be loaded, up to the list of those that were tried."""
    if missing is None:
        return f"""\
libpaysession was not found. There are two ways to get it:
  a wheel of this package for this system, which has it inside: make wheel, in the sources
  the library, installed for all languages: make && sudo make install, in the sources
Where it is elsewhere, name the file in ${VARIABLE}. Tried:"""
    distributions = _distributions()
    commands = [PACKAGES[name] for name in PACKAGES if name in distributions] or [*PACKAGES.values()]
    if missing.startswith("libcurl.") and "alpine" not in distributions:
        commands.append("or, of the same release as this package: pip install paysession_binary-*.whl")
    return "\n  ".join(
        [f"libpaysession needs {missing}, which is not installed:", *commands]) + "\nTried:"


def _distributions() -> set[str]:
    """What this system is and what it is like, in the words of os-release; {} if it has none."""
    import shlex  # where it has failed, and then it may take its time

    for path in OS_RELEASE:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            about = dict(word.split("=", 1) for word in shlex.split(text, comments=True))
        except (OSError, ValueError):
            continue  # not there, or not as the shell reads it
        return {*about.get("ID", "").split(), *about.get("ID_LIKE", "").split()}
    return set()


def _candidates() -> Iterator[tuple[str, str, str | None]]:
    """(where the idea comes from, what to load, why it must not be), in the order of trying."""
    named = os.environ.get(VARIABLE)
    if named:
        # Whoever names a file means that file: another version must not slip in for it.
        yield f"${VARIABLE}, so nothing else was tried", named, None
        return
    # A wheel's own. Whoever can write there can write this file too.
    yield "this package", os.path.join(os.path.dirname(__file__), SONAME), None
    here = os.path.realpath(__file__)
    checkout = os.path.normpath(os.path.join(here, "../../../../.."))
    # Anywhere else, what stands that many folders above is nobody's checkout: in
    # /tmp/x/a/b/paysession it would be /tmp, and in /app/paysession there is no such folder.
    if here == os.path.join(checkout, "bindings/python/src/paysession", os.path.basename(here)):
        build = os.path.join(checkout, "build")
        folder = os.path.join(build, "lib")
        library = os.path.join(folder, SONAME)
        if os.path.isfile(os.path.join(checkout, "Include", "paysession.h")) and os.path.isdir(folder):
            yield ("this source checkout, built by make", library,
                   _objection(here, checkout, build, folder, library))
    yield "the loader's search path", SONAME, None
    from ctypes.util import find_library  # for the last resort: it imports subprocess and more

    found = find_library("paysession")
    if found is not None and found != SONAME:
        yield "ctypes.util.find_library", found, None


def _objection(here: str, *paths: str) -> str | None:
    """Why somebody else may have put the last of `paths` there; None if nobody else could.

    Whoever owns this file needs no library to run what they like.
    """
    trusted = {0, os.geteuid(), os.stat(here).st_uid}
    for path in paths:
        try:
            about = os.stat(path)
        except OSError:
            continue  # not there: loading it says so
        if about.st_uid not in trusted:
            return f"{path} belongs to user {about.st_uid}"
        if about.st_mode & stat.S_IWOTH:
            return f"{path} can be written by everyone"
    return None
