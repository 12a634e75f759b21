# SPDX-License-Identifier: MIT
"""Figures as files, with the day and the commit they are true of.

A run leaves one file in build/proof. take() brings it to Tests/Proof/figures, where each target has one file with
its latest figures, and lets in only what others can measure again: figures of a clean commit that HEAD builds on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]

# Written from the figures, so no source of theirs.
OUTCOME = ("Tests/Proof/figures", "Tests/PROOF.md")

# Targets that can be run in parts, and the key that names the part in a row: the latest run of each part counts.
PARTS = {"fuzz": "target", "mutants": "about", "libcurls": "release"}


class Figures(NamedTuple):
    commit: str
    date: str
    figures: Any
    #: What git calls the folder Sources of that commit: where it is the same, nothing shipped has changed since.
    sources: str | None = None


# The figures of each target, by part; the whole of what has no parts is the part "".
Kept = dict[str, dict[str, Figures]]


# ---- Commits -------------------------------------------------------------------------------------

def git(*arguments: str, repository: Path = REPOSITORY) -> str | None:
    """What git prints; None where it fails or is missing."""
    try:
        done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit(repository: Path = REPOSITORY) -> str:
    """Of the sources in `repository`; ends in "-dirty" if they are not what was committed, new files included."""
    name = git("rev-parse", "--short", "HEAD", repository=repository)
    if not name:
        return "no commit"
    others = git("status", "--porcelain", "--", ".", *(f":!{each}" for each in OUTCOME), repository=repository)
    return name if others == "" else f"{name}-dirty"


def commits_since(name: str, repository: Path = REPOSITORY) -> int | None:
    """How many commits HEAD is ahead of one that it builds on; None if it does not build on it."""
    if git("merge-base", "--is-ancestor", name, "HEAD", repository=repository) is None:
        return None
    return int(git("rev-list", "--count", f"{name}..HEAD", repository=repository) or 0)


# A long run is of the sources that it began with.
STARTED = commit()


# ---- Files ---------------------------------------------------------------------------------------

def write(file: Path, figures: Any) -> None:
    of = STARTED if commit() == STARTED else f"{STARTED.removesuffix('-dirty')}-dirty"
    whole = {"commit": of, "date": time.strftime("%Y-%m-%d", time.gmtime()), "figures": figures}
    file.write_text(json.dumps(whole, indent=1) + "\n")


def target_of(file: Path) -> str:
    """mutants-2.json is of the target mutants: a run in parts may leave several files."""
    return file.stem.partition("-")[0]


def read(file: Path) -> dict[str, Figures]:
    """By part. What a run of parts left has them in a list; what take() wrote is a list of Figures."""
    key = PARTS.get(target_of(file))
    content = json.loads(file.read_bytes())
    told = [Figures(**each) for each in (content if isinstance(content, list) else [content])]
    if not key:
        return {"": told[0]}
    return {row[key]: whole._replace(figures=row) for whole in told
            for row in (whole.figures if isinstance(whole.figures, list) else [whole.figures])}


def read_all(folder: Path) -> Kept:
    return {file.stem: read(file) for file in sorted(folder.glob("*.json"))}


def take(left: Path, kept: Path, current: Mapping[str, Collection[str]], repository: Path = REPOSITORY) -> list[str]:
    """Brings `kept` up to date with what runs have left in `left`, and says what it kept out and why.

    Of each part the run nearest to HEAD counts. A part that is not in `current` any more goes.
    """
    kept_out: dict[str, None] = {}
    latest: Kept = {}
    distances: dict[str, int | None] = {}
    images = []
    for file in [*sorted(kept.glob("*.json")), *sorted(left.glob("*.json"))]:
        target = target_of(file)
        parts = latest.setdefault(target, {})
        for part, figures in read(file).items():
            name = figures.commit
            if name not in distances:
                distances[name] = None if name.endswith("-dirty") else commits_since(name, repository)
            distance = distances[name]
            if distance is None:
                why = ("which has changes that nobody can see" if name.endswith("-dirty")
                       else "on which this commit does not build")
                kept_out[f"{file.parent.name}/{file.name}: measured at {name}, {why}"] = None
            elif part in current.get(target, [part]):
                before = distances[parts[part].commit] if part in parts else None
                if before is None or distance <= before:
                    sources = git("rev-parse", "--short=12", f"{name}:Sources", repository=repository)
                    parts[part] = figures._replace(sources=sources)
                    if file.parent == left and (image := file.with_suffix(".png")).exists():
                        images.append(image)
    for file in kept.glob("*.json"):
        file.unlink()
    for target, parts in latest.items():
        if parts:
            content = [each._asdict() for each in parts.values()]
            (kept / f"{target}.json").write_text(
                json.dumps(content if target in PARTS else content[0], indent=1) + "\n")
    for image in images:
        shutil.copy(image, kept / f"{target_of(image)}.png")
    for image in kept.glob("*.png"):
        if not image.with_suffix(".json").exists():
            image.unlink()
    return list(kept_out)
