#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs and uses what `make dist` has made, as a shop does: platforms.py [SYSTEM...]

Each system is a clean Debian in a folder of build/platforms, with apt in it and not much else, no libcurl; each way
(by apt, by pip, by pip with a libcurl, by tar, from 0.1.0 to today's) has a copy of its own, where a script of ways/ says what is typed there. The sandbox
stands in for the providers. Ends well if nothing failed; prints a table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "Tests" / "Libcurls"), str(REPOSITORY / "Tests" / "Sandbox" / "src")]

import previous  # noqa: E402
import systems  # noqa: E402
import trustme  # noqa: E402
from paysession_sandbox.testing import RunningSandbox, running  # noqa: E402

KEPT = REPOSITORY / "build" / "platforms"
DIST = REPOSITORY / "build" / "dist"
WAYS = Path(__file__).resolve().parent / "ways"
ALL = ["deb", "wheel", "binary", "tarball", "upgrade"]
AT_A_TIME, SECONDS = 2, 1800
#: The package wants 8.1; Debian 11 has 7.4.
WITHOUT_PHP = {"bullseye"}
RELEASED = REPOSITORY / "Tests" / "ABI" / "releases" / "0.1.0"


@dataclass(frozen=True)
class System:
    name: str
    release: str
    #: Another machine's, by qemu.
    architecture: str | None = None
    emulating: Path | None = None

    @property
    def label(self) -> str:
        return " ".join(filter(None, (systems.RELEASES[self.release][0], self.architecture)))

    @property
    def ways(self) -> list[str]:
        """The library of 0.1.0 was built for the Debian 12 of this machine."""
        return [way for way in ALL if way != "upgrade" or self.release != "bullseye" and not self.architecture]


SYSTEMS = {name: System(name, name) for name in systems.RELEASES}
SYSTEMS["arm64"] = System("arm64-slim", "bookworm", "arm64", systems.EMULATING_ARM64)


@dataclass
class Outcome:
    system: str
    way: str
    well: list[str]
    problem: str | None
    seconds: float


def base(system: System) -> Path:
    """That system with apt; made once."""
    root = KEPT / system.name
    if not (root / "made").exists():
        print(f"platforms: making {system.label} in {root.relative_to(REPOSITORY)}", flush=True)
        shutil.rmtree(root, ignore_errors=True)
        KEPT.mkdir(parents=True, exist_ok=True)
        systems.bootstrap(system.release, root, ["apt"], KEPT / f"{system.name}.making.log", variant="apt",
                          architecture=system.architecture, emulating=system.emulating)
        (root / "made").touch()
    return root


def tried(system: System, way: str, sandbox: RunningSandbox) -> Outcome:
    start, log = time.monotonic(), KEPT / f"{system.name}.{way}.log"
    root = KEPT / f"{system.name}.{way}"
    log.unlink(missing_ok=True)
    problem = None
    try:
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", base(system), root], check=True)
        (root / "try").mkdir()
        shutil.copytree(DIST, root / "dist")
        for file in (WAYS / "common.sh", WAYS / f"{way}.sh", REPOSITORY / "examples" / "c" / "paid.c",
                     sandbox.directory / "ca.pem"):
            shutil.copy2(file, root / "try")
        if way == "upgrade":
            shutil.copyfile(previous.made(), root / "try" / "previous.deb")
            shutil.copyfile(RELEASED / "paid.c", root / "try" / "paid-0.1.0.c")
            shutil.copytree(RELEASED, root / "try" / "0.1.0")
        trustme.CA().cert_pem.write_to_path(root / "try" / "other.pem")
        (root / "try" / "config.json").write_text(json.dumps({**sandbox.config, "ca_file": "/try/ca.pem"}))
        (root / "try" / "config.json").chmod(0o600)
        status = systems.run(root, f"/try/{way}.sh", "no" if system.release in WITHOUT_PHP else "yes", log=log,
                             seconds=SECONDS, network=True, environment=systems.reaching_indexes(root),
                             emulating=system.emulating)
        problem = f"ended with {status}: {log.relative_to(REPOSITORY)}" if status else None
    except (OSError, subprocess.SubprocessError) as error:
        problem = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(root, ignore_errors=True)
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    told = [line[6:] for line in lines if line.startswith("well: ")]
    print(f"platforms: {system.label}, {way}: {problem or 'well'}", flush=True)
    return Outcome(system.label, way, told, problem, time.monotonic() - start)


def table(outcomes: list[Outcome]) -> str:
    lines = []
    for one in outcomes:
        lines.append(f"{one.system:17}{one.way:9}{one.seconds:5.0f} s  {'FAILED' if one.problem else 'well'}")
        lines += [f"{'':26}{told}" for told in one.well]
        lines += [f"{'':26}{one.problem}"] if one.problem else []
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(SYSTEMS))
    parser.add_argument("--way", action="append", choices=ALL)
    asked = parser.parse_args()
    if unknown := set(asked.systems) - set(SYSTEMS):
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    jobs = [(SYSTEMS[name], way) for name in asked.systems or SYSTEMS for way in SYSTEMS[name].ways
            if way in (asked.way or ALL)]
    for system in dict.fromkeys(system for system, _ in jobs):
        base(system)
    if any(way == "upgrade" for _, way in jobs):
        previous.made()
    with running(KEPT / "sandbox") as sandbox, ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(lambda job: tried(job[0], job[1], sandbox), jobs))
    print("\n" + table(outcomes))
    return int(any(one.problem or not one.well for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
