# SPDX-License-Identifier: MIT
"""Runs a command inside another system: inside.py [--emulating FILE] ROOT COMMAND...

Started with mounts and processes of its own, see systems.py: the kernel takes all of them back when
the first process ends, however it ends. Standard library only: this is still the host's Python when the
host's files are gone.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
import warnings  # noqa: F401  os.execvp() asks for it, when the host's files are gone

MS_BIND, MS_REC, MNT_DETACH = 4096, 16384, 2
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP, IFF_UP_AND_RUNNING = 0x8913, 0x8914, 0x1, 0x41

libc = ctypes.CDLL(None, use_errno=True)


def done(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source: str, target: str, kind: str | None = None, flags: int = 0) -> None:
    done(libc.mount(source.encode(), target.encode(), kind.encode() if kind else None,
                    ctypes.c_ulong(flags), None))


def emulate(file: str) -> None:
    """Has programs of another machine run by what that file of binfmt.d names, which is this system's and is opened
    now. Holds as long as it is mounted, so in the /proc that stays."""
    mount("binfmt_misc", "proc/sys/fs/binfmt_misc", "binfmt_misc")
    with open(file, "rb") as told, open("proc/sys/fs/binfmt_misc/register", "wb", buffering=0) as register:
        register.write(told.read())


def enter(root: str, emulating: str | None) -> None:
    """Not chroot: in a chroot nobody may make a user namespace, and tests do."""
    if root == "/":
        os.chdir("/")
        mount("proc", "proc", "proc")
        if emulating:
            emulate(emulating)
        return
    mount(root, root, flags=MS_BIND)
    os.chdir(root)
    mount("proc", "proc", "proc")
    if emulating:
        emulate(emulating)
    mount("/dev", "dev", flags=MS_BIND | MS_REC)
    mount("tmpfs", "tmp", "tmpfs")
    done(libc.pivot_root(b".", b"."))
    done(libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def loopback_up() -> None:
    """Of a network namespace of its own, where it is down; where it is up, nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        told = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0))
        if not struct.unpack("16sh", told)[1] & IFF_UP:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_AND_RUNNING))


def main(*words: str) -> int:
    emulating = words[1] if words[0] == "--emulating" else None
    root, *command = words[2:] if emulating else words
    loopback_up()
    enter(root, emulating)
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    # The first process is the parent of every orphan, and has to bury them.
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.exit(code if code >= 0 else 128 - code)
