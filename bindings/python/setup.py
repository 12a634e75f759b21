# SPDX-License-Identifier: MIT
"""What pyproject.toml cannot say: the library goes into the wheel, and with it the wheel's tag.

The library is that of the checkout this stands in, built by make, or of the folder that PAYSESSION_WHEEL_FILES
names, for the systems that PAYSESSION_WHEEL_PLATFORM says. Without one, as in an sdist, the wheel is the binding
alone, for any system, and finds the library that is installed there.
"""

from __future__ import annotations

import gzip
import os
import re
import tarfile
import tempfile
import time
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
SONAME = "libpaysession.so.0"
#: Where the library is; named and empty: nowhere. Its licences may lie beside it.
FILES = os.environ.get("PAYSESSION_WHEEL_FILES")
LIBRARY = (Path(FILES) if FILES else CHECKOUT / "build" / "lib") / SONAME
#: Only bindings/python has its own library there. Two folders above an sdist that pip has unpacked
#: is /tmp, where anybody can put one.
HAS_LIBRARY = bool(FILES) or (
    FILES is None
    and HERE.parts[-2:] == ("bindings", "python")
    and (CHECKOUT / "Include" / "paysession.h").is_file()
    and LIBRARY.is_file()
)
MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine in the ELF header


def platform() -> str:
    """The systems that the library runs on, as it says itself: by its machine and newest glibc."""
    if told := os.environ.get("PAYSESSION_WHEEL_PLATFORM"):
        return told
    elf = LIBRARY.read_bytes()
    glibc = [int(minor) for minor in re.findall(rb"\0GLIBC_2\.(\d+)", elf)]
    machine = MACHINES[int.from_bytes(elf[18:20], "little")]
    return f"manylinux_2_{max(glibc)}_{machine}" if glibc else f"linux_{machine}"


class PlatformDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return HAS_LIBRARY


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        # An editable install is used in the checkout, and finds the library where it is.
        if HAS_LIBRARY and not getattr(self, "editable_mode", False):
            for file in [LIBRARY, *LIBRARY.parent.glob("LICENSE.*")]:
                place = os.path.join(self.build_lib, "paysession", file.name)
                self.copy_file(str(file), place, preserve_mode=False)


class Wheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        # ctypes calls the library, so one wheel serves every Python.
        return ("py3", "none", platform()) if HAS_LIBRARY else super().get_tag()


class Sdist(sdist):
    """The same bytes from the same files, which setuptools promises of wheels alone."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        # What stands in the scratch folder is setuptools' own, and is made again from the sdist.
        super().make_release_tree(base_dir, [file for file in files if not os.path.isabs(file)])

    def make_archive(self, base_name: str, *_: object, base_dir: str, **__: object) -> str:
        moment = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))

        def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() else 0o644
            entry.mtime = moment
            return entry

        name = f"{base_name}.tar.gz"
        with gzip.GzipFile(name, "wb", mtime=moment) as packed:
            with tarfile.open(fileobj=packed, mode="w") as archive:
                archive.add(base_dir, filter=plain)
        return name


# Nothing of a build stays in the tree, and nothing of an earlier one gets into the wheel.
with tempfile.TemporaryDirectory() as scratch:
    setup(
        license="MIT",
        distclass=PlatformDistribution,
        cmdclass={"bdist_wheel": Wheel, "build_py": BuildWithLibrary, "sdist": Sdist},
        options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}},
    )
