# SPDX-License-Identifier: MIT
"""C programs of Tests/Faults/c, compiled like any program outside, and the C interface by ctypes
for what the Python binding keeps to itself."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint64, c_void_p
from pathlib import Path
from typing import Any

# Scripts that begin elsewhere use this too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Sandbox" / "src"))

from paysession_sandbox.providers import PROVIDERS  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARIES = REPOSITORY / "build" / "lib"
SOURCES = Path(__file__).resolve().parent / "c"
WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]

_kept = tempfile.TemporaryDirectory(prefix="paysession-faults-")


#: For common.h: what references begin with.
PREFIXES = ", ".join(json.dumps(provider.reference("")) for provider in sorted(
    PROVIDERS.values(), key=lambda provider: (provider.token_path is not None, provider.name != "kustom")))


@functools.lru_cache(maxsize=None)
def program(name: str) -> Path:
    """c/NAME.c as a program, linked against the shipped library; compiled once."""
    binary = Path(_kept.name) / name
    # Those that load the library themselves must not be linked to it.
    ours = [] if name == "host" else [f"-L{LIBRARIES}", "-lpaysession", f"-Wl,-rpath,{LIBRARIES}"]
    subprocess.run(
        ["cc", "-g", "-O1", "-D_GNU_SOURCE", *WARNINGS,
         f"-I{REPOSITORY / 'Include'}", f"-DPREFIXES={PREFIXES}", str(SOURCES / f"{name}.c"),
         *ours, "-pthread", "-ldl", "-rdynamic", "-o", str(binary)], check=True)
    return binary


def run(name: str, *arguments: Any, timeout: float = 60, noise: str = "", **more: Any) -> dict[str, Any]:
    """Runs c/NAME.c to its good end. Gives the JSON object that it printed. On stderr there may be
    lines that match `noise`."""
    done = subprocess.run(
        [str(program(name)), *map(str, arguments)], capture_output=True, text=True,
        timeout=timeout, **more)
    assert done.returncode == 0, (
        f"{name} ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    assert all(re.fullmatch(noise, line) for line in done.stderr.splitlines()), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def descriptors() -> dict[int, str]:
    """What this process has open."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass  # the one that lists them
    return found


# ---- The C interface, unwrapped ------------------------------------------------------------------

RESULTS = {
    "ok": 0, "invalid_argument": 1, "invalid_config": 2, "not_configured": 3, "aborted": 4,
    "out_of_memory": 5, "unreachable": 10, "tls_failed": 11, "timed_out": 12, "unauthorized": 20,
    "forbidden": 21, "not_found": 22, "rate_limited": 23, "provider_error": 24,
    "unexpected_http": 25, "malformed": 30, "too_large": 31, "mismatched": 32, "not_genuine": 33,
    "unsigned": 34, "not_waiting": 35, "done": 40, "again": 41,
}


@functools.lru_cache(maxsize=None)
def interface() -> ctypes.CDLL:
    """A CDLL of its own, with types of its own: the binding's declarations stay as they are."""
    library = ctypes.CDLL(str(LIBRARIES / "libpaysession.so.0"))
    out = POINTER(c_void_p)
    for name, arguments in {
        "client_open": (c_char_p, out, out), "client_open_file": (c_char_p, out, out),
        "client_cancel": (c_void_p,),
        "client_report": (c_void_p, out), "client_close": (c_void_p,),
        "get": (c_void_p, c_char_p, c_char_p, out), "wait": (c_void_p, c_char_p, c_char_p, out),
        "batch_open": (c_void_p, c_char_p, out, out),
        "batch_add": (c_void_p, c_char_p, c_char_p, c_uint64),
        "batch_next": (c_void_p, c_int64, POINTER(c_uint64), out), "batch_fd": (c_void_p,),
        "batch_close": (c_void_p,), "normalize": (c_char_p, c_char_p, c_char_p, out),
        "callback_verify": (c_void_p, c_char_p, c_char_p, c_char_p, c_size_t, c_char_p, out),
        "answer_reference": (c_void_p,),
        "answer_result": (c_void_p,), "answer_paid": (c_void_p,), "answer_free": (c_void_p,),
        "answer_json": (c_void_p, POINTER(c_size_t)), "answer_text": (c_void_p, c_char_p),
        "answer_decision": (c_void_p,), "decision_name": (c_int,), "providers": (),
    }.items():
        function = getattr(library, "session_" + name)
        function.argtypes = arguments
        texts = ("answer_json", "answer_text", "answer_reference", "decision_name", "providers")
        function.restype = c_char_p if name in texts else c_int
    return library


@functools.lru_cache(maxsize=None)
def listed() -> list[dict[str, Any]]:
    """The library's own list of its providers."""
    function = interface().session_providers
    function.argtypes, function.restype = (), c_char_p
    found: list[dict[str, Any]] = json.loads(function())
    return found


def text(value: Any) -> bytes | None:
    """A JSON value, or text as it is, as a C string."""
    if value is None or isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def taken(answer: c_void_p) -> Any:
    """The answer's JSON, and the answer freed; None where there is none."""
    if not answer:
        return None
    length = c_size_t()
    told = interface().session_answer_json(answer, byref(length))
    assert len(told) == length.value
    interface().session_answer_free(answer)
    return json.loads(told)


def opened(config: Any) -> dict[str, Any]:
    """What is said of a configuration, whose client is closed again."""
    client, answer = c_void_p(), c_void_p()
    interface().session_client_open(text(config), byref(client), byref(answer))
    interface().session_client_close(client)
    told: dict[str, Any] = taken(answer)
    return told


class Handle:
    """A session_client as C has it: closed when told to, and not before."""

    def __init__(self, config: Any) -> None:
        client, answer = c_void_p(), c_void_p()
        interface().session_client_open(text(config), byref(client), byref(answer))
        self.opened = taken(answer)
        assert self.opened["result"] == "ok", self.opened
        self.pointer = client.value

    def call(self, function: str, *arguments: Any) -> dict[str, Any]:
        answer = c_void_p()
        result = getattr(interface(), "session_" + function)(
            self.pointer, *map(text, arguments), byref(answer))
        told: dict[str, Any] = taken(answer)
        assert RESULTS[told["result"]] == result
        return told

    def get(self, reference: str, **options: Any) -> dict[str, Any]:
        return self.call("get", reference, options or None)

    def wait(self, reference: str, **options: Any) -> dict[str, Any]:
        return self.call("wait", reference, options or None)

    def report(self) -> dict[str, Any]:
        told: dict[str, Any] = self.call("client_report")["report"]
        return told

    def cancel(self) -> None:
        interface().session_client_cancel(self.pointer)

    def close(self) -> None:
        interface().session_client_close(self.pointer)
        self.pointer = None

    def batch(self, **options: Any) -> Batch:
        return Batch(self, options)


class Batch:
    def __init__(self, handle: Handle, options: dict[str, Any] | bytes) -> None:
        batch, answer = c_void_p(), c_void_p()
        interface().session_batch_open(
            handle.pointer, text(options) if options else None, byref(batch), byref(answer))
        told = taken(answer)
        assert told["result"] == "ok", told
        self.pointer = batch.value

    def add(self, reference: str, tag: int, **options: Any) -> int:
        added: int = interface().session_batch_add(
            self.pointer, text(reference), text(options) if options else None, tag)
        return added

    def next(self, timeout_ms: int = -1) -> tuple[int, int, Any]:
        """Result, tag, answer."""
        answer, tag = c_void_p(), c_uint64()
        result = interface().session_batch_next(
            self.pointer, timeout_ms, byref(tag), byref(answer))
        return result, tag.value, taken(answer)

    def close(self) -> None:
        interface().session_batch_close(self.pointer)
        self.pointer = None
