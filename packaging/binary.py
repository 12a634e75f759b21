# SPDX-License-Identifier: MIT
"""The wheel of paysession[binary]: libcurl for a system that has none, with OpenSSL, nghttp2 and zlib inside.

Built from Debian's sources against the oldest Debian there is a package for, and no more than libpaysession asks of
it: HTTP over TLS 1.2 and 1.3, proxies, gzip. It is kept, and built anew where a source or this file has changed.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import archives
from machines import BUILD, HERE, MACHINES, REPOSITORY, STAGES, TOOLCHAIN, Machine, run

PACKAGE = HERE / "binary"
SOURCES = BUILD / "sources"
#: What is inside, and its licence.
INSIDE = {"curl": "COPYING", "openssl": "LICENSE.txt", "nghttp2": "COPYING", "zlib": "LICENSE"}
PLATFORM = "manylinux_2_26_{}"
#: glibc's of before 2.34 has threads, and looking for libraries, in libraries of their own; libpaysession looks.
LIBRARIES = ("-Wl,--no-as-needed", "-lpthread", "-ldl", "-Wl,--as-needed")
CODE = ("-Os", "-fPIC", "-ffunction-sections", "-fdata-sections", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2",
        "-DNDEBUG")

#: Neither an administrator's configuration, which is that of another OpenSSL, nor modules, nor what asks a terminal;
#: no protocol but TLS 1.2 and 1.3, and of the ciphers those that they have. Client keys may be packed with DES.
WITHOUT = """
    shared tests apps docs makedepend dso module engine legacy autoload-config ui-console filenames deprecated
    comp zlib tls1 tls1_1 ssl3 dtls quic srp srtp psk nextprotoneg ssl-trace sslkeylog async
    cms cmp ts ocsp ct rfc3779 integrity-only-ciphers weak-ssl-ciphers
    aria bf blake2 camellia cast gost idea md4 mdc2 ocb rc2 rc4 rc5 rmd160 scrypt argon2 seed siphash siv sm2 sm3 sm4
    whirlpool dsa ml-dsa slh-dsa ec2m
""".split()

CURL = {
    "BUILD_CURL_EXE": "OFF", "BUILD_SHARED_LIBS": "OFF", "BUILD_STATIC_LIBS": "ON", "BUILD_TESTING": "OFF",
    "BUILD_LIBCURL_DOCS": "OFF", "BUILD_MISC_DOCS": "OFF", "ENABLE_CURL_MANUAL": "OFF",
    "HTTP_ONLY": "ON", "CURL_USE_OPENSSL": "ON", "USE_NGHTTP2": "ON", "CURL_ZLIB": "ON", "CURL_USE_PKGCONFIG": "OFF",
    # The system's certificates: see binary/authorities.c.
    "CURL_CA_BUNDLE": "none", "CURL_CA_PATH": "none", "CURL_CA_FALLBACK": "ON",
    "CURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG": "ON",
    # It makes fcntl() a name that glibc has since 2.28, and nothing else: files of these machines have 64 bits.
    "HAVE_FILE_OFFSET_BITS": "0",
    **{f"CURL_{name}": "OFF" for name in ("BROTLI", "ZSTD", "USE_LIBPSL", "USE_LIBSSH2", "USE_LIBSSH", "USE_GSSAPI")},
    "USE_LIBIDN2": "OFF",
    **{f"CURL_DISABLE_{name}": "ON" for name in (
        "ALTSVC", "AWS", "DOH", "FORM_API", "GETOPTIONS", "HSTS", "KERBEROS_AUTH", "MIME", "NEGOTIATE_AUTH", "NETRC", "NTLM",
        "SRP", "WEBSOCKETS")},
}


@dataclass(frozen=True)
class Binary:
    machine: Machine

    @property
    def folder(self) -> Path:
        return STAGES / self.machine.name / "binary"

    @property
    def root(self) -> Path:
        """Where the parts are installed for each other, headers and static libraries."""
        return self.folder / "root" / "usr"

    @property
    def library(self) -> Path:
        return self.folder / "libcurl.so.4"

    def compiler(self) -> Path:
        """By a name, and with paths, that say nothing of this machine: OpenSSL keeps how it was compiled."""
        at = self.folder / "bin" / "cc"
        at.parent.mkdir(parents=True)
        words = [*self.machine.clang, *CODE, f"-ffile-prefix-map={REPOSITORY}=."]
        at.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        at.chmod(0o755)
        return at

    def openssl(self) -> None:
        """As Debian would look for its files; its libraries are not installed, so none of them is found."""
        at = self.folder / "openssl"
        at.mkdir()
        told = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "SOURCE_DATE_EPOCH": "0",
                "CC": "cc", "CFLAGS": "-Os", "AR": str(TOOLCHAIN / "llvm-ar"), "RANLIB": str(TOOLCHAIN / "llvm-ranlib")}
        commands: list[list[str | Path]] = [
            ["perl", SOURCES / "openssl" / "Configure", f"linux-{self.machine.name}", "--prefix=/usr", "--libdir=lib",
             "--openssldir=/etc/ssl", "--release", *(f"no-{name}" for name in WITHOUT)],
            ["make", f"-j{os.cpu_count()}", "build_libs"],
            ["make", "install_dev", f"DESTDIR={self.root.parent}"],
        ]
        for command in commands:
            self.logged(command, at, told)

    def zlib(self) -> None:
        """By hand: it has ten files, and Debian leaves out what its CMakeLists.txt needs."""
        at, source, environment = self.folder / "zlib", SOURCES / "zlib", dict(os.environ)
        at.mkdir()
        files = [file for file in sorted(source.glob("*.c")) if not file.name.startswith("gz")]
        self.logged([self.folder / "bin" / "cc", "-std=gnu99", "-DHAVE_UNISTD_H", "-c", *files], at, environment)
        self.logged([TOOLCHAIN / "llvm-ar", "rcs", self.root / "lib" / "libz.a", *sorted(at.iterdir())], at, environment)
        for header in ("zlib.h", "zconf.h"):
            shutil.copyfile(source / header, self.root / "include" / header)

    def cmake(self, name: str, **options: str) -> None:
        at, found = self.folder / name, f"{self.root};{self.machine.sysroot}"
        settings = {
            "CMAKE_C_COMPILER": self.folder / "bin" / "cc", "CMAKE_SYSTEM_NAME": "Linux",
            "CMAKE_SYSTEM_PROCESSOR": self.machine.name, "CMAKE_AR": TOOLCHAIN / "llvm-ar",
            "CMAKE_RANLIB": TOOLCHAIN / "llvm-ranlib", "CMAKE_BUILD_TYPE": "None", "CMAKE_INSTALL_PREFIX": self.root,
            "CMAKE_INSTALL_LIBDIR": "lib", "CMAKE_FIND_ROOT_PATH": found, "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM": "NEVER",
            **{f"CMAKE_FIND_ROOT_PATH_MODE_{kind}": "ONLY" for kind in ("LIBRARY", "INCLUDE", "PACKAGE")}, **options}
        environment = {**os.environ, "PKG_CONFIG_LIBDIR": "/nowhere"}
        self.logged(["cmake", "-S", SOURCES / name, "-B", at, *(f"-D{key}={value}" for key, value in settings.items())],
                    self.folder, environment)
        self.logged(["cmake", "--build", at, "-j", str(os.cpu_count()), "--target", "install"], self.folder, environment)

    def logged(self, command: list[str | Path], at: Path, environment: dict[str, str]) -> None:
        log = self.folder / "log"
        with log.open("ab") as file:
            done = subprocess.run(command, cwd=at, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed, see {log.relative_to(REPOSITORY)}")

    def link(self) -> None:
        lib, new = self.root / "lib", self.folder / "libcurl.new"
        run(self.folder / "bin" / "cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-shared",
            "-Wl,-soname,libcurl.so.4", f"-Wl,--version-script={PACKAGE / 'libcurl.map'}", "-Wl,--wrap=X509_get_default_cert_file",
            *(f"-Wl,-z,{word}" for word in ("defs", "now", "relro", "nodelete", "noexecstack")), "-Wl,-Bsymbolic",
            "-Wl,--gc-sections", "-Wl,--icf=safe", "-Wl,-O2", "-Wl,--build-id=none", "-Wl,--strip-all",
            PACKAGE / "authorities.c", "-Wl,--whole-archive", lib / "libcurl.a", "-Wl,--no-whole-archive",
            lib / "libnghttp2.a", lib / "libssl.a", lib / "libcrypto.a", lib / "libz.a", *LIBRARIES, "-o", new)
        new.rename(self.library)

    def recipe(self) -> str:
        """Changes when it has to be built anew. What is unpacked has the times of long ago."""
        made_of = [HERE / "binary.py", PACKAGE / "authorities.c", PACKAGE / "libcurl.map",
                   *(SOURCES / name / "debian" / "changelog" for name in INSIDE)]
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in made_of)).hexdigest()

    def build(self) -> None:
        """Whole or not at all."""
        recipe, stamp = self.recipe(), self.folder / "made-of"
        if self.library.exists() and stamp.exists() and stamp.read_text() == recipe:
            return
        print(f"building libcurl, OpenSSL and nghttp2 for {self.machine.name}", flush=True)
        start = time.monotonic()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.compiler()
        self.openssl()
        self.zlib()
        self.cmake("nghttp2", ENABLE_LIB_ONLY="ON", ENABLE_STATIC_LIB="ON", ENABLE_SHARED_LIB="OFF", ENABLE_DOC="OFF")
        self.cmake("curl", CMAKE_C_FLAGS="-DNGHTTP2_STATICLIB", **CURL)
        self.link()
        stamp.write_text(recipe)
        print(f"{self.library.stat().st_size / 1e6:.1f} MB in {time.monotonic() - start:.0f} s", flush=True)

    def wheel(self, to: Path) -> Path:
        files, made = self.folder / "files", self.folder / "wheel"
        for folder in (files, made):
            shutil.rmtree(folder, ignore_errors=True)
        files.mkdir()
        shutil.copyfile(self.library, files / self.library.name)
        for name, licence in INSIDE.items():
            shutil.copyfile(SOURCES / name / licence, files / f"LICENSE.{name}")
        subprocess.run([sys.executable, "-m", "build", "-qq", "--no-isolation", "--wheel", "--outdir", made, PACKAGE],
                       check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(archives.moment()),
                                        "PAYSESSION_WHEEL_FILES": str(files),
                                        "PAYSESSION_WHEEL_PLATFORM": PLATFORM.format(self.machine.name)})
        (found,) = made.iterdir()
        return Path(shutil.move(found, to / found.name))


def wheel(machine: Machine, to: Path) -> Path:
    """Into that folder; libcurl is built first, if it is not there."""
    binary = Binary(machine)
    binary.build()
    return binary.wheel(to)


if __name__ == "__main__":
    for each in MACHINES:
        if each.name in (sys.argv[1:] or [each.name]):
            print(wheel(each, BUILD / "dist"))
