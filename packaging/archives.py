# SPDX-License-Identifier: MIT
"""Archives that have the same bytes whenever and wherever they are made from the same files."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import subprocess
import tarfile
import zipfile
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from machines import REPOSITORY


@cache
def moment() -> int:
    """The time that everything is of: SOURCE_DATE_EPOCH, or that of the last commit."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return int(done.stdout)


def entries(folder: Path) -> list[Path]:
    """What is below a folder, each before what is in it."""
    return sorted(folder.rglob("*"))


def described(path: Path, name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime = moment()
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
    elif path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    else:
        entry.size, entry.mode = path.stat().st_size, 0o755 if os.access(path, os.X_OK) else 0o644
    return entry


def tar(files: dict[str, Path]) -> bytes:
    """By the names that they have in it; no owner, no clock."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, path in sorted(files.items()):
            entry = described(path, name)
            if entry.isreg():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)
    return content.getvalue()


def tar_gz(files: dict[str, Path], to: Path) -> None:
    with gzip.GzipFile("", "wb", fileobj=to.open("wb"), mtime=moment()) as packed:
        packed.write(tar(files))


def tar_xz(folder: Path, to: Path) -> None:
    """A folder and all that is in it, by its own name."""
    files = {folder.name: folder, **{f"{folder.name}/{each.relative_to(folder)}": each for each in entries(folder)}}
    to.write_bytes(lzma.compress(tar(files), preset=9))


def zipped(files: dict[str, Path], to: Path) -> None:
    time = datetime.fromtimestamp(moment(), timezone.utc)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, time.timetuple()[:6])
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())


def listed(*below: str) -> list[Path]:
    """The project's files, as git knows them, those included that are not committed yet."""
    done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *below],
                          cwd=REPOSITORY, check=True, capture_output=True)
    names = sorted(set(filter(None, done.stdout.decode().split("\0"))))
    return [REPOSITORY / name for name in names if (REPOSITORY / name).exists()]
