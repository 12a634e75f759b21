# SPDX-License-Identifier: MIT
# mypy: disable-error-code="import-untyped, misc"
# (setuptools says no types.)
"""What pyproject.toml cannot say: the version, which is the project's, and the library that packaging/binary.py has
built, in the folder that PAYSESSION_WHEEL_FILES names for the systems that PAYSESSION_WHEEL_PLATFORM says."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

FILES = Path(os.environ["PAYSESSION_WHEEL_FILES"])
VERSION = Path(__file__).resolve().parents[2] / "VERSION"


class PlatformDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        for file in sorted(FILES.iterdir()):
            self.copy_file(str(file), os.path.join(self.build_lib, "paysession_binary", file.name), preserve_mode=False)


class Wheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", os.environ["PAYSESSION_WHEEL_PLATFORM"]


# Nothing of a build stays in the tree, and nothing of an earlier one gets into the wheel.
with tempfile.TemporaryDirectory() as scratch:
    setup(
        version=VERSION.read_text("utf-8").strip(),
        license="MIT AND curl AND Apache-2.0 AND Zlib",
        distclass=PlatformDistribution,
        cmdclass={"bdist_wheel": Wheel, "build_py": BuildWithLibrary},
        options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}},
    )
