# SPDX-License-Identifier: MIT
"""The library of release 0.1.0, built from the commit that put its interface on record, as a Debian package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "packaging"))

import debs  # noqa: E402
import machines  # noqa: E402

KEPT = REPOSITORY / "build" / "platforms" / "previous"
RECORD = "Tests/ABI/releases/0.1.0/interface.json"
#: Older than any of today's.
REVISED = "0.1.0-0"


def made() -> Path:
    """The package; made once. `SystemExit` where git does not reach back that far."""
    file = KEPT / f"libpaysession0_{REVISED}_{machines.MACHINES[0].debian}.deb"
    if file.exists():
        return file
    commit = subprocess.run(["git", "log", "--format=%H", "--diff-filter=A", "--", RECORD], cwd=REPOSITORY,
                            capture_output=True, text=True).stdout.split()
    if len(commit) != 1:
        raise SystemExit(f"previous: git knows no commit that added {RECORD}")
    print(f"platforms: building the library of 0.1.0, {commit[0][:7]}, in {KEPT.relative_to(REPOSITORY)}", flush=True)
    shutil.rmtree(KEPT, ignore_errors=True)
    sources = KEPT / "sources"
    sources.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", commit[0]], cwd=REPOSITORY, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", sources], input=archive, check=True)
    with (KEPT / "log").open("wb") as log:
        subprocess.run(["make", "-s", "build"], cwd=sources, check=True, stdout=log, stderr=log, timeout=900)
    libraries = KEPT / "root" / "usr" / "lib" / machines.MACHINES[0].multiarch
    libraries.mkdir(parents=True)
    for path in (sources / "build" / "lib").glob("libpaysession.so.0*"):
        if not path.name.endswith(".debug"):
            shutil.copy2(path, libraries, follow_symlinks=False)

    class Previous(machines.Build):
        @property
        def library(self) -> Path:
            return libraries / "libpaysession.so.0.1.0"

    debs.REVISED = REVISED
    return debs.pack(debs.DEBS[0], KEPT / "root", Previous(machines.MACHINES[0], "previous"), KEPT / "stages", KEPT)
