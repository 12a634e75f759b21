# SPDX-License-Identifier: MIT
"""The shell tool as a process of its own, with a preload of Tests/Faults/c in it where one is wanted."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
CLI = Path(os.environ.get("PAYSESSION_TOOL", REPOSITORY / "build" / "bin" / "paysession"))
SOURCES = REPOSITORY / "Tests" / "Faults" / "c"

_kept = tempfile.TemporaryDirectory(prefix="paysession-tool-")


@functools.lru_cache(maxsize=None)
def preload(name: str) -> str:
    """c/NAME.c as a library for LD_PRELOAD, compiled once."""
    library = Path(_kept.name) / f"{name}.so"
    subprocess.run(
        [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
         f"-I{REPOSITORY / 'Include'}", str(SOURCES / f"{name}.c"), "-o", str(library), "-ldl"], check=True)
    return str(library)


def environment(config: Path | None = None, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items()
            if key not in ("PAYSESSION_CONFIG", "XDG_CONFIG_HOME") and not key.lower().endswith("_proxy")}
    return {**kept, "XDG_CONFIG_HOME": "/nonexistent", **({"PAYSESSION_CONFIG": str(config)} if config else {}),
            **more}


def run(*arguments: Any, text: str = "", config: Path | None = None, seconds: float = 30,
        **more: str) -> subprocess.CompletedProcess[bytes]:
    """The tool, run to its end."""
    return subprocess.run([CLI, *map(str, arguments)], input=text.encode(), capture_output=True,
                          timeout=seconds, env=environment(config, **more))


def written(directory: Path, **config: Any) -> Path:
    """A configuration of just these keys, in a file."""
    path = directory / "config.json"
    path.write_text(json.dumps({"proxy": "", **config}))
    return path
