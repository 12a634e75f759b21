#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Uses the portable library with musl, as Alpine has it: C programs, the shell tool, TLS by mbedTLS: musl.py

Debian's musl, and its sources of mbedTLS and libcurl, built once into build/platforms/musl. On arm64 the tool
judges documents under qemu. Ends well if nothing failed; prints a table.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import checks
from checks import KEPT, REPOSITORY, Program, Row, Table

# checks knows the way to these.
import machines
import nginx
import programs
import servers
import systems
from cases import DOCUMENTS, EXCHANGES, Case
from paysession_sandbox.providers import PROVIDERS
from paysession_sandbox.testing import running

HERE = Path(__file__).resolve().parent
MUSL = KEPT / "musl"
#: What programs there find: libcurl.so.4.
SYSTEM = MUSL / "system"
BUILDING_SECONDS = 600


class Released(machines.Build):
    """What is in the archive that is released for it."""

    @property
    def folder(self) -> Path:
        return MUSL / f"libpaysession-{machines.VERSION}-linux-musl-{self.machine.name}"

    def unpack(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.unpack_archive(machines.BUILD / "dist" / f"{self.folder.name}.tar.xz", MUSL)


X86_64, AARCH64 = (Released(machine, "musl") for machine in machines.MACHINES)

MBEDTLS = ["-DENABLE_TESTING=OFF", "-DENABLE_PROGRAMS=OFF", "-DGEN_FILES=OFF", "-DCMAKE_POSITION_INDEPENDENT_CODE=ON"]
#: Nothing of this machine's, which is glibc's.
CURL = ["-DCURL_USE_MBEDTLS=ON", "-DBUILD_STATIC_LIBS=OFF", "-DCURL_USE_PKGCONFIG=OFF",
        f"-DCMAKE_FIND_ROOT_PATH={SYSTEM}", "-DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY",
        "-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY",
        *(f"-D{option}=OFF" for option in (
            "BUILD_CURL_EXE", "BUILD_TESTING", "BUILD_LIBCURL_DOCS", "BUILD_MISC_DOCS", "ENABLE_CURL_MANUAL",
            "CURL_USE_LIBPSL", "CURL_USE_LIBSSH2", "USE_NGHTTP2", "USE_LIBIDN2", "CURL_ZLIB", "CURL_BROTLI",
            "CURL_ZSTD"))]


def system() -> None:
    """libcurl with mbedTLS, by musl-gcc; made once."""
    stamp, recipe = MUSL / "made-of", json.dumps([MBEDTLS, CURL])
    if stamp.exists() and stamp.read_text() == recipe:
        return
    print("musl: building mbedTLS and libcurl", flush=True)
    shutil.rmtree(MUSL, ignore_errors=True)
    MUSL.mkdir(parents=True)
    with (MUSL / "making.log").open("wb") as log:
        for name, options in (("mbedtls", MBEDTLS), ("curl", CURL)):
            folder = str(MUSL / name)
            for command in (
                [str(REPOSITORY / "packaging" / "source"), name, "trixie"],
                ["cmake", "-S", str(REPOSITORY / "build" / "sources" / name), "-B", folder,
                 "-DCMAKE_C_COMPILER=musl-gcc", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_INSTALL_PREFIX={SYSTEM}",
                 *options],
                ["cmake", "--build", folder, "--parallel", str(checks.AT_A_TIME)],
                ["cmake", "--install", folder],
            ):
                subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               timeout=BUILDING_SECONDS)
            shutil.rmtree(folder)
    stamp.write_text(recipe)


def loader() -> Path:
    """The folder of musl for arm64, as Debian has it; unpacked once."""
    root = KEPT / "musl-arm64"
    if not (root / "made").exists():
        print("musl: unpacking musl for arm64", flush=True)
        systems.bootstrap("bookworm", root, ["musl"], KEPT / "musl-arm64.making.log", variant="extract",
                          architecture=AARCH64.machine.debian)
        (root / "made").touch()
    return root


def compiled(source: Path, folder: Path) -> Program:
    """A C program, against the portable library."""
    libraries = X86_64.folder / "lib"
    made = folder / source.stem
    subprocess.run(
        ["musl-gcc", *programs.WARNINGS, "-D_GNU_SOURCE", "-O1", f"-I{REPOSITORY / 'Include'}",
         f"-I{programs.SOURCES}", f"-DPREFIXES={programs.PREFIXES}", str(source), f"-L{libraries}",
         f"-L{SYSTEM / 'lib'}", "-lpaysession", f"-Wl,-rpath,{libraries}", "-pthread", "-o", str(made)],
        check=True, timeout=checks.SECONDS)
    return ours(made)


def ours(file: Path) -> Program:
    return Program((str(file),), (("LD_LIBRARY_PATH", str(SYSTEM / "lib")),))


def in_c(row: Row, folder: Path) -> None:
    """Every offline case, byte for byte as session_answer_json() gives it."""
    listing = folder / "list"
    listing.write_text("".join(
        f"{case.provider}\t{case.options or ''}\t{case.folder / 'response'}\n" for case in DOCUMENTS), "utf-8")
    done = compiled(HERE / "judge.c", folder).run(listing)
    assert done.returncode == 0, checks.last(done.stderr)
    told = done.stdout
    for case in DOCUMENTS:
        head, _, told = told.partition(b"\n")
        *words, length = head.decode().split()
        answer, told = told[:int(length)], told[int(length) + 1:]
        with row.one(case.name):
            case.check(answer)
            wanted = json.loads(answer)
            session = wanted["session"] or {"status": "unknown", "paid": "unknown"}
            assert words == [wanted["result"], session["status"], session["paid"]], words


def exchanges(row: Row, example: Program, authority: servers.Authority) -> None:
    """Every case that a server answers with an error, over TLS, through the C example."""
    token = servers.reply({"access_token": "token-of-the-tests", "token_type": "Bearer", "expires_in": 3600})

    def check(case: Case) -> Callable[[], None]:
        def run() -> None:
            error = servers.reply(case.body, case.about["http_status"])
            with servers.Server(lambda _, request: token if request.method == "POST" else error,
                                tls=authority.server()) as server:
                # Long, for the library blots out its secrets wherever a provider repeats them.
                config = Path(authority.directory) / f"{server.port}.json"
                config.touch(0o600)
                config.write_text(json.dumps({
                    "attempts": 1, "proxy": "", "ca_file": authority.file,
                    **{name: provider.section(server.https, "secret-of-the-tests")
                       for name, provider in PROVIDERS.items()}}))
                answer, _, _ = example.run(config, case.about["reference"]).stdout.rstrip(b"\n").rpartition(b"\n")
            case.check(answer)
        return run

    row.each([(case.name, check(case)) for case in EXCHANGES])


def forks(row: Row, folder: Path) -> None:
    """As test_fork.py and test_threads.py ask for it; here with what musl has of locks."""
    busy, threads = (compiled(programs.SOURCES / f"{name}.c", folder) for name in ("fork_busy", "threads"))
    for seconds in (3600, 1):
        directory = folder / f"nginx-{seconds}"
        directory.mkdir()
        with nginx.serving(directory, token_seconds=seconds) as server:
            config = server.write_config(directory)
            with row.one(f"eight times eight forks while four threads read, tokens of {seconds} s"):
                told = checked(busy, config, 8)
                report = told["report"]["report"]
                assert told["calls"] > 100 and told["longest_fork_s"] < 2, (told["calls"], told["longest_fork_s"])
                assert all(list(one["calls"]) == ["ok"] for one in report["providers"].values()), report
            with row.one(f"sixteen threads, tokens of {seconds} s"):
                checked(threads, config, 16, 100, 2)


def checked(program: Program, *words: object) -> dict[str, Any]:
    done = program.run(*map(str, words), seconds=120)
    assert done.returncode == 0 and not done.stderr, (done.returncode, checks.last(done.stderr))
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def on_arm64(row: Row) -> None:
    # Nothing is asked for over HTTP: a libcurl that has names alone is enough.
    with TemporaryDirectory() as stub:
        shutil.copyfile(machines.STAGES / AARCH64.machine.name / "portable" / "libcurl.so", Path(stub) / "libcurl.so.4")
        checks.documents(row, checks.by_qemu(AARCH64.tool, loader(), AARCH64.folder / "lib", Path(stub)))


def main() -> int:
    subprocess.run([REPOSITORY / "Tests" / "apt", "cmake", "dpkg-dev", "mmdebstrap", "musl", "musl-dev", "musl-tools",
                    "nginx-light", "qemu-user-static"], check=True)
    system()
    for build in (X86_64, AARCH64):
        build.unpack()
    tool, table = ours(X86_64.tool), Table("musl")
    with TemporaryDirectory() as name, running(Path(name) / "sandbox") as sandbox:
        folder = Path(name)
        with table.row("x86-64, C: offline cases") as row:
            in_c(row, folder)
        with table.row("x86-64, tool: offline cases") as row:
            checks.documents(row, tool)
        with table.row("x86-64, tool: sandbox over TLS") as row:
            checks.sessions(row, checks.by_tool(tool), sandbox)
        with table.row("x86-64, tool: a stranger's certificate") as row:
            checks.strangers(row, tool, sandbox)
        example = compiled(REPOSITORY / "examples" / "c" / "paid.c", folder)
        with table.row("x86-64, C example: sandbox over TLS") as row:
            checks.sessions(row, checks.by_example(example), sandbox)
        with table.row("x86-64, C example: cases over TLS") as row:
            exchanges(row, example, servers.Authority(folder))
        with table.row("x86-64, C: forks and threads under load") as row:
            forks(row, folder)
        with table.row("arm64, tool: offline cases, by qemu") as row:
            on_arm64(row)
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
