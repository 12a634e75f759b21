# SPDX-License-Identifier: MIT
"""make install puts a library where pkg-config, the compiler and the loader find it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_program_builds_and_runs_against_what_was_installed(tmp_path: Path) -> None:
    stage, prefix = tmp_path / "stage", tmp_path / "prefix"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    subprocess.run(
        ["make", "-s", "-C", str(REPOSITORY), "install", f"PREFIX={prefix}", f"DESTDIR={stage}"],
        check=True, env=environment, stdout=subprocess.DEVNULL, timeout=300)
    # What was staged is meant to be moved there: no path of the stage may be in it.
    os.rename(f"{stage}{prefix}", prefix)
    environment["PKG_CONFIG_PATH"] = str(prefix / "lib" / "pkgconfig")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "paysession"], check=True, text=True,
                           capture_output=True, env=environment).stdout.split()
    assert str(stage) not in " ".join(flags)
    program = tmp_path / "paid"
    subprocess.run(["cc", str(REPOSITORY / "examples" / "c" / "paid.c"), *flags, "-o", str(program)],
                   check=True)
    environment["LD_LIBRARY_PATH"] = str(prefix / "lib")
    done = subprocess.run([str(program), "{}", "kustom:x"], capture_output=True, text=True,
                          env=environment, timeout=30)
    assert done.stdout.splitlines()[1].startswith("kustom:x: not_configured")
    assert {file.name for file in (prefix / "include").iterdir()} == {
        "paysession.h", "paysession-ffi.h", "paysession.schema.json"}
