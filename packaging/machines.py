# SPDX-License-Identifier: MIT
"""What packages are made for, and how the library and the tool are built for it.

Two kinds of build. For Debian: linked with versions of symbols and the system's jansson, against the oldest
Debian there is a package for. For any system: one library for glibc and musl, without versions, jansson inside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
BUILD = REPOSITORY / "build"
STAGES = BUILD / "packages"
VERSION = (REPOSITORY / "VERSION").read_text("utf-8").strip()
TOOLCHAIN = Path(os.path.realpath(shutil.which("swiftc") or "swiftc")).parent
CLANG = TOOLCHAIN / "clang"

#: Calls of ours that packaging/portable.c answers.
WRAPPED = ("stat", "fstat", "pthread_atfork", "pthread_rwlockattr_setkind_np", "pthread_rwlock_rdlock",
           "pthread_rwlock_wrlock")
#: clang's own of arm64 take their choice from what musl does not have (__getauxval).
ARM64 = ("-mno-outline-atomics",)


@dataclass(frozen=True)
class Machine:
    name: str  # as Linux, Python and musl say it
    debian: str  # as Debian does
    loader: str  # of glibc

    @property
    def triple(self) -> str:
        return f"{self.name}-unknown-linux-gnu"

    @property
    def multiarch(self) -> str:
        return f"{self.name}-linux-gnu"

    @property
    def sysroot(self) -> Path:
        return BUILD / "sysroot" / self.debian

    @property
    def is_ours(self) -> bool:
        return os.uname().machine == self.name

    @property
    def clang(self) -> list[str]:
        return [str(CLANG), f"--target={self.triple}", f"--sysroot={self.sysroot}", "-fuse-ld=lld",
                "-Wno-unused-command-line-argument", *(ARM64 if self.name == "aarch64" else ())]


MACHINES = (
    Machine("x86_64", "amd64", "/lib64/ld-linux-x86-64.so.2"),
    Machine("aarch64", "arm64", "/lib/ld-linux-aarch64.so.1"),
)
CODE = ("-Os", "-fPIC", "-fvisibility=hidden", "-ffunction-sections")


def run(*command: str | Path, quiet: bool = False) -> None:
    subprocess.run([str(word) for word in command], check=True, cwd=REPOSITORY, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL if quiet else None)


def is_older(made: Path, sources: Iterable[Path]) -> bool:
    return not made.exists() or any(source.stat().st_mtime > made.stat().st_mtime for source in sources)


def swift_objects(machine: Machine) -> list[Path]:
    """What `make` has compiled for this machine; for another one compiled here.

    Swift carries Embedded modules for x86-64 alone among Linux. Those of bare arm64 have the same code; what
    the C headers say is that system's.
    """
    sources = sorted((REPOSITORY / "Sources" / "PaySession").rglob("*.swift"))
    if machine.is_ours:
        return [REPOSITORY / ".build" / "release" / "PaySession.build" / f"{source.name}.o" for source in sources]
    made = STAGES / machine.name / "PaySession.o"
    headers = [*(REPOSITORY / "Include").iterdir(), *(REPOSITORY / "Sources").glob("C*/*")]
    if is_older(made, [*sources, *headers, HERE / "machines.py"]):
        print(f"compiling Swift for {machine.name}", flush=True)
        made.parent.mkdir(parents=True, exist_ok=True)
        system = machine.sysroot / "usr" / "include"
        imported = [f"-I{folder}" for folder in ("Include", "Sources/CPlatform", "Sources/CCurl", "Sources/CJansson")]
        clang = [f"--target={machine.triple}", f"--sysroot={machine.sysroot}", "-isystem",
                 str(system / machine.multiarch), "-isystem", str(system), *ARM64]
        run(TOOLCHAIN / "swiftc", "-target", f"{machine.name}-none-none-elf", "-module-name", "PaySession",
            "-swift-version", "6", "-enable-experimental-feature", "Embedded", "-wmo", "-parse-as-library",
            "-Osize", "-Xfrontend", "-function-sections", "-enforce-exclusivity=unchecked", *imported,
            *(word for option in clang for word in ("-Xcc", option)),
            "-c", *(source.relative_to(REPOSITORY) for source in sources), "-o", made)
        made.touch()  # the compiler leaves it alone where nothing changed
    return [made]


def jansson(machine: Machine) -> Path:
    """Debian's, as a static library that can go into a shared one, which Debian's own cannot. Returns its folder."""
    folder = STAGES / machine.name / "jansson"
    if not (folder / "lib" / "libjansson.a").exists():
        print(f"building jansson for {machine.name}", flush=True)
        run("cmake", "-S", BUILD / "sources" / "jansson", "-B", folder, f"-DCMAKE_C_COMPILER={CLANG}",
            f"-DCMAKE_C_COMPILER_TARGET={machine.triple}", f"-DCMAKE_SYSROOT={machine.sysroot}",
            "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_BUILD_TYPE=None", "-DJANSSON_BUILD_SHARED_LIBS=OFF",
            "-DJANSSON_BUILD_DOCS=OFF", "-DJANSSON_WITHOUT_TESTS=ON", "-DJANSSON_EXAMPLES=OFF",
            "-DCMAKE_C_FLAGS=" + " ".join((*CODE, "-DNDEBUG", "-fuse-ld=lld", *machine.clang[5:])), quiet=True)
        run("cmake", "--build", folder, quiet=True)
    return folder


def stub(machine: Machine, name: str, soname: str, folder: Path) -> None:
    """A library that has the names in packaging/symbols/NAME, to link against, and nothing in them."""
    lines = ["        .text"]
    for line in (HERE / "symbols" / name).read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        symbol, _, size = line.partition(" ")
        lines += [f"        .globl {symbol}", f"        .type {symbol}, {'%object' if size else '%function'}"]
        lines += ["        .bss", "        .balign 8", f"{symbol}: .zero {size}", f"        .size {symbol}, {size}",
                  "        .text"] if size else [f"{symbol}:"]
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"{name}.s"
    source.write_text("\n".join(lines) + "\n")
    run(*machine.clang, "-shared", "-nostdlib", f"-Wl,-soname,{soname}", source, "-o", folder / f"{name}.so")


@dataclass(frozen=True)
class Build:
    """One build: its folder has lib, bin, man and include, as build has."""

    machine: Machine
    kind: str

    @property
    def folder(self) -> Path:
        return STAGES / self.machine.name / self.kind

    @property
    def library(self) -> Path:
        return self.folder / "lib" / f"libpaysession.so.{VERSION}"

    @property
    def tool(self) -> Path:
        return self.folder / "bin" / "paysession"

    def make(self, *arguments: str) -> None:
        run("make", "-s", "--no-print-directory", "-o", "build", "-o", "deps", f"BUILD={self.folder.relative_to(REPOSITORY)}",
            f"TARGET={self.machine.triple}", f"SYSROOT={self.machine.sysroot}", *arguments)

    def make_library(self, *arguments: str) -> None:
        objects = " ".join(str(each) for each in swift_objects(self.machine))
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bridge.o").unlink(missing_ok=True)
        self.make("link", f"SWIFT_OBJECTS={objects}", *arguments)
        self.make(str((self.folder / "include" / "paysession-ffi.h").relative_to(REPOSITORY)))

    def make_tool(self, linked: Iterable[str], *arguments: str) -> None:
        """Its configuration's manual is what it prints, which this machine's own prints alike."""
        self.tool.unlink(missing_ok=True)
        compiler = " ".join([*self.machine.clang, "-fPIC", "-pie", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,--gc-sections",
                             "-Wl,--build-id=none"])
        self.make(str(self.tool.relative_to(REPOSITORY)), f"CC={compiler}", f"JANSSON={' '.join(linked)}", *arguments)
        run(TOOLCHAIN / "llvm-objcopy", "--strip-all", self.tool)
        manual = self.folder / "man" / "paysession-config.5"
        manual.parent.mkdir(exist_ok=True)
        shutil.copyfile(BUILD / "man" / "paysession-config.5", manual)


def for_debian(machine: Machine) -> Build:
    build = Build(machine, "debian")
    build.make_library()
    build.make_tool(["-ljansson", "-D_FORTIFY_SOURCE=2"], "RUNPATH=")
    return build


def for_any(machine: Machine) -> tuple[Build, Build]:
    """With the tool for glibc, and with that for musl: a program names its loader, a library does not."""
    common = STAGES / machine.name / "portable"
    stub(machine, "libc", "libc.so.6", common)
    stub(machine, "libcurl", "libcurl.so.4", common)
    for source in ("portable", "start"):
        run(*machine.clang, "-std=gnu11", "-D_GNU_SOURCE", *CODE, "-Wall", "-Wextra", "-pedantic", "-Werror", "-c",
            HERE / f"{source}.c", "-o", common / f"{source}.o")
    built, start = jansson(machine), str(common / "start.o")
    linked = ["-nostdlib", str(common / "portable.o"), *(f"-Wl,--wrap={name}" for name in WRAPPED),
              str(built / "lib" / "libjansson.a"), f"-L{common}", "-lc"]
    library = Build(machine, "glibc")
    library.make_library("LIBRARIES=" + " ".join([*linked, "-lcurl"]))
    library.make_tool([f"-I{built / 'include'}", start, *linked, f"-Wl,-dynamic-linker,{machine.loader}"])
    musl = Build(machine, "musl")
    shutil.rmtree(musl.folder, ignore_errors=True)
    shutil.copytree(library.folder, musl.folder, symlinks=True)
    musl.make_tool([f"-I{built / 'include'}", start, *linked,
                    f"-Wl,-dynamic-linker,/lib/ld-musl-{machine.name}.so.1"])
    return library, musl
