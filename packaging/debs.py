# SPDX-License-Identifier: MIT
"""The Debian packages, from what `make install` puts into a folder.

dpkg-deb packs them. Debian's own helpers build for a machine's Debian with the tools of that Debian, which has
no Swift, and would have to be told of each file twice.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archives import entries, moment
from machines import HERE, REPOSITORY, VERSION, Build

CHANGELOG = HERE / "debian" / "changelog"
REVISED = re.findall(r"\((\S+)\)", CHANGELOG.read_text("utf-8"))[0]
MAINTAINER = "the libpaysession authors <paysession@packages.invalid>"
ABOUT = (
    "libpaysession reads the session of a payment provider (Inbank, Kustom, Dintero, Ledyer), says its state in one "
    'vocabulary, and never says "paid" when it is not sure.')


@dataclass(frozen=True)
class Deb:
    name: str
    section: str
    summary: str
    description: str
    depends: Sequence[str]
    files: Sequence[str]  # patterns below the root
    all: bool = False
    suggests: Sequence[str] = ()
    meta: dict[str, str] = field(default_factory=dict)  # beside control

    def architecture(self, build: Build) -> str:
        return "all" if self.all else build.machine.debian


SAME = f"libpaysession0 (= {REVISED})"

DEBS = (
    Deb("libpaysession0", "libs", "Is this order paid, may the goods ship? - shared library",
        "This package has the shared library, which needs no runtime of Swift's.",
        ["{libc}", "libcurl4 (>= 7.62)", "libjansson4 (>= 2.13)"], ["usr/lib/*/libpaysession.so.*"],
        meta={"triggers": "activate-noawait ldconfig\n", "shlibs": f"libpaysession 0 libpaysession0 (>= {VERSION})\n"}),
    Deb("libpaysession-dev", "libdevel", "Is this order paid, may the goods ship? - development files",
        "This package has the header, which is also the manual, the JSON schema of an answer, and what pkg-config "
        "and CMake want.",
        [SAME], ["usr/include/*", "usr/lib/*/libpaysession.so", "usr/lib/*/pkgconfig/*", "usr/lib/*/cmake/*/*"]),
    Deb("paysession", "utils", "Is this order paid, may the goods ship? - shell tool",
        "This package has the shell tool: one session, thousands of them, why a verdict is what it is, and what is "
        "wrong with a machine or a configuration.",
        [SAME, "{libc}", "libjansson4 (>= 2.13)"],
        ["usr/bin/paysession", "usr/share/man/man*/paysession.1", "usr/share/man/man*/paysession-config.5",
         "usr/share/bash-completion/completions/*", "usr/share/zsh/vendor-completions/*", "usr/share/fish/vendor_completions.d/*"]),
    Deb("python3-paysession", "python", "Is this order paid, may the goods ship? - Python 3 package",
        "This package has the Python package: clients for threads and for asyncio, typed.",
        [f"libpaysession0 (>= {VERSION})", "python3:any (>= 3.9)"], ["usr/lib/python3/dist-packages/*"], all=True),
    Deb("php-paysession", "php", "Is this order paid, may the goods ship? - PHP package",
        "This package has the PHP package, which calls the library by FFI, and a configuration for PHP's preloading "
        "that is ready to be enabled: README.Debian says how.",
        [f"libpaysession0 (>= {VERSION})", "php-cli (>= 2:8.1)"],
        ["usr/share/paysession/php/*", "usr/share/php/PaySession/*", "usr/bin/paysession-php",
         "usr/share/man/man1/paysession-php.1"], all=True,
        suggests=["php-fpm | libapache2-mod-php", "php-psr-log"]),
)


def newest_glibc(files: Sequence[Path]) -> str:
    """What libc6 has to be, as the files themselves say."""
    minors = {int(minor) for file in files for minor in re.findall(rb"GLIBC_2\.(\d+)", file.read_bytes())}
    return f"libc6 (>= 2.{max(minors)})"


def put(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def symbols(library: Path) -> str:
    """Each function and the version it came with, as dpkg-shlibdeps reads it."""
    listed = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True, capture_output=True, text=True).stdout
    names = sorted(line.split()[-1] for line in listed.splitlines())
    return "".join([f"libpaysession.so.0 libpaysession0 (>= {VERSION})\n", *(f" {name}@Base {VERSION}\n" for name in names)])


def assembled(deb: Deb, root: Path, stage: Path) -> Path:
    """The package's folder, taken from the root that everything was installed in."""
    shutil.rmtree(stage, ignore_errors=True)
    found = {pattern: sorted(root.glob(pattern)) for pattern in deb.files}
    if missing := [pattern for pattern, paths in found.items() if not paths]:
        raise SystemExit(f"{deb.name}: {root} has no {', '.join(missing)}")
    for path in (path for paths in found.values() for path in paths):
        place = stage / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, place, symlinks=True)
        else:
            shutil.copy2(path, place, follow_symlinks=False)
    documents = stage / "usr" / "share" / "doc" / deb.name
    put(documents / "copyright", (HERE / "debian" / "copyright").read_text("utf-8"))
    put(documents / "changelog.Debian.gz", packed(CHANGELOG.read_bytes()))
    put(documents / "changelog.gz", packed((REPOSITORY / "CHANGELOG.md").read_bytes()))
    readme = HERE / "debian" / f"{deb.name}.README.Debian"
    if readme.exists():
        put(documents / "README.Debian", readme.read_text("utf-8"))
    for page in (stage / "usr" / "share" / "man").glob("man*/*.[0-9]"):
        put(page.with_name(page.name + ".gz"), packed(page.read_bytes()))
        page.unlink()
    for path in [stage, *entries(stage)]:
        if not path.is_symlink():
            is_program = path.parent.name == "bin" or path.is_dir()
            path.chmod(0o755 if is_program else 0o644)
    return stage


def control(deb: Deb, build: Build, stage: Path) -> str:
    programs = [path for path in entries(stage) if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    depends = [each.format(libc=newest_glibc(programs)) if "{" in each else each for each in deb.depends]
    size = sum(path.stat().st_size for path in entries(stage) if path.is_file() and not path.is_symlink())
    fields = [("Package", deb.name), ("Source", "libpaysession"), ("Version", REVISED),
              ("Architecture", deb.architecture(build)), ("Maintainer", MAINTAINER), ("Installed-Size", str(-(-size // 1024))),
              ("Depends", ", ".join(depends)), ("Suggests", ", ".join(deb.suggests)),
              ("Section", deb.section), ("Priority", "optional"),
              ("Multi-Arch", "same" if deb.section.startswith("lib") else "foreign"), ("Description", deb.summary)]
    told = [*textwrap.wrap(ABOUT, 76), ".", *textwrap.wrap(deb.description, 76)]
    return "".join([*(f"{name}: {value}\n" for name, value in fields if value), *(f" {line}\n" for line in told)])


def pack(deb: Deb, root: Path, build: Build, stages: Path, to: Path) -> Path:
    stage = assembled(deb, root, stages / deb.name)
    meta = stage / "DEBIAN"
    text = control(deb, build, stage)
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(stage)}\n"
                   for path in entries(stage) if path.is_file() and not path.is_symlink())
    put(meta / "control", text)
    put(meta / "md5sums", sums)
    for name, told in deb.meta.items():
        put(meta / name, told)
    for script in (HERE / "debian").glob(f"{deb.name}.p*"):
        put(meta / script.suffix[1:], script.read_text("utf-8"), 0o755)
    if deb.name == "libpaysession0":
        put(meta / "symbols", symbols(build.library))
    meta.chmod(0o755)
    file = to / f"{deb.name}_{REVISED}_{deb.architecture(build)}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(stage), str(file)], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(moment())})
    return file
