# SPDX-License-Identifier: MIT
"""All that is released, into build/dist: python dist.py

Sources, archives for any Linux, Debian packages, wheels, a package for Composer, the bill of materials and the
checksums. The same sources give the same bytes. It builds what `make` has not built; it fetches nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import archives
import binary
import debs
import machines
from machines import BUILD, HERE, MACHINES, REPOSITORY, STAGES, VERSION, Build, Machine

sys.path.insert(0, str(REPOSITORY / "Tests" / "Proof"))

import sbom  # noqa: E402

DIST = BUILD / "dist"
PYTHON = REPOSITORY / "bindings" / "python"
PHP = REPOSITORY / "bindings" / "php"
JANSSON = BUILD / "sources" / "jansson"
#: glibc 2.25 has all that the library asks for; pip and auditwheel know the number after it.
WHEELS = {"glibc": "manylinux_2_26_{}", "musl": "musllinux_1_2_{}"}


def installed(build: Build, root: Path, libraries: str, *more: str) -> None:
    """What `make install` puts there, of that build."""
    shutil.rmtree(root, ignore_errors=True)
    build.make("install", f"DESTDIR={root}", f"LIBDIR={libraries}", *more)


def source() -> Path:
    """The project, with the jansson that goes into the library for any system."""
    name = f"libpaysession-{VERSION}"
    files = {f"{name}/{path.relative_to(REPOSITORY)}": path for path in archives.listed()}
    files |= {f"{name}/packaging/jansson/{path.relative_to(JANSSON)}": path
              for path in archives.entries(JANSSON) if path.is_file() and ".pc" not in path.parts}
    to = DIST / f"{name}.tar.gz"
    archives.tar_gz(files, to)
    return to


def archive(build: Build) -> Path:
    """One for each machine and C library: to be unpacked into /usr/local or anywhere else."""
    system = "linux" if build.kind == "glibc" else "linux-musl"
    name = f"libpaysession-{VERSION}-{system}-{build.machine.name}"
    root, folder = STAGES / "install", STAGES / name
    installed(build, root, "/usr/local/lib", "PREFIX=/usr/local")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(root / "usr" / "local", folder)
    config = folder / "lib" / "pkgconfig" / "paysession.pc"
    config.write_text(config.read_text().replace("prefix=/usr/local\n", "prefix=${pcfiledir}/../..\n", 1))
    documents = folder / "share" / "doc" / "paysession"
    (documents / "docs").mkdir(parents=True)
    for file in ("README.md", "docs/decision.svg", "docs/operations.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / file, documents / file)
    shutil.copyfile(JANSSON / "LICENSE", documents / "LICENSE.jansson")
    to = DIST / f"{name}.tar.xz"
    archives.tar_xz(folder, to)
    return to


def wheel(platform: str, files: Path | None) -> Path:
    """Of the package with the library in it, or without."""
    made = STAGES / "wheel"
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "-qq", "--no-isolation", "--wheel", "--outdir", made, PYTHON],
                   check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(archives.moment()),
                                    "PAYSESSION_WHEEL_FILES": str(files or ""), "PAYSESSION_WHEEL_PLATFORM": platform})
    (found,) = made.iterdir()
    return found


def wheels(build: Build) -> Path:
    files = STAGES / "wheel-files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    shutil.copyfile(build.library, files / "libpaysession.so.0")
    shutil.copyfile(JANSSON / "LICENSE", files / "LICENSE.jansson")
    return Path(shutil.move(wheel(WHEELS[build.kind].format(build.machine.name), files), DIST))


def sdist() -> Path:
    subprocess.run([sys.executable, "-m", "build", "-qq", "--no-isolation", "--sdist", "--outdir", DIST, PYTHON],
                   check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(archives.moment())})
    return DIST / f"paysession-{VERSION}.tar.gz"


def php_files() -> dict[str, Path]:
    """The PHP package by itself: what its composer.json speaks of, and nothing that tests it."""
    below = ["autoload.php", "preload.php", "doctor.php", "composer.json", "README.md", "src", "bin"]
    files = {str(path.relative_to(PHP)): path for path in archives.listed(*(f"bindings/php/{name}" for name in below))}
    return {**files, "LICENSE": REPOSITORY / "LICENSE"}


def composer() -> Path:
    to = DIST / f"paysession-php-{VERSION}.zip"
    # A repository's tags say the version; a file has to say it itself.
    told = json.loads((PHP / "composer.json").read_bytes())
    versioned = STAGES / "composer.json"
    versioned.write_text(json.dumps({**told, "version": VERSION}, indent=4) + "\n")
    archives.zipped({**php_files(), "composer.json": versioned}, to)
    return to


def debian(build: Build, is_first: bool) -> list[Path]:
    """Of one architecture; those that serve all of them once."""
    root, stages = STAGES / "install", STAGES / build.machine.name / "debs"
    installed(build, root, f"/usr/lib/{build.machine.multiarch}", "PREFIX=/usr", "DATADIR=/usr/share")
    vendor = root / "usr" / "share" / "zsh"
    (vendor / "site-functions").rename(vendor / "vendor-completions")  # Debian's name for it
    if is_first:
        shutil.unpack_archive(wheel("", None), root / "usr" / "lib" / "python3" / "dist-packages", "zip")
        for name, path in php_files().items():
            if name not in ("LICENSE", "composer.json", "preload.php"):
                debs.put(root / "usr" / "share" / "php" / "PaySession" / name, path.read_bytes())
        debs.put(root / "usr" / "share" / "man" / "man1" / "paysession-php.1",
                 (HERE / "debian" / "paysession-php.1").read_bytes())
        (root / "usr" / "bin" / "paysession-php").symlink_to("../share/php/PaySession/bin/paysession-php")
        debs.put(root / "usr" / "share" / "paysession" / "php" / "paysession.ini",
                 (HERE / "debian" / "paysession.ini").read_bytes())
    return [debs.pack(deb, root, build, stages, DIST) for deb in debs.DEBS if is_first or not deb.all]


def bills_of_materials(machine: Machine, build: Build) -> list[Path]:
    inside = {name: BUILD / "sources" / name for name in binary.INSIDE}
    told = {
        "paysession": sbom.document(build.folder, {"jansson": JANSSON}),
        "paysession_binary": sbom.bill("paysession-binary", STAGES, [binary.Binary(machine).library], [], inside),
    }
    made = [DIST / f"{name}-{VERSION}.spdx.json" for name in told]
    for to, document in zip(made, told.values()):
        to.write_text(json.dumps(document, indent=2) + "\n")
    return made


def checksums(files: list[Path]) -> Path:
    to = DIST / "SHA256SUMS"
    to.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(files)))
    return to


def main() -> int:
    start = time.monotonic()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    made = [source(), sdist(), composer()]
    for number, machine in enumerate(MACHINES):
        made += debian(machines.for_debian(machine), number == 0)
        glibc, musl = machines.for_any(machine)
        made += [archive(glibc), archive(musl), wheels(glibc), wheels(musl), binary.wheel(machine, DIST)]
        if machine.is_ours:
            made += bills_of_materials(machine, glibc)
    made.append(checksums(made))
    print()
    for file in made:
        print(f"{file.stat().st_size / 1000:9.1f} kB  {file.name}")
    print(f"{len(made)} files in {DIST.relative_to(REPOSITORY)}, {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
