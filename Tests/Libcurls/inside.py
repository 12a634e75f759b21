# SPDX-License-Identifier: MIT
"""Runs a command inside another system: inside.py ROOT COMMAND...

Started with mounts and processes of its own, see systems.py: the kernel takes all of them back when
the first process ends, however it ends. Standard library only: this is still the host's Python when the host's files are gone.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

MS_BIND, MS_REC, MNT_DETACH = 4096, 16384, 2
SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x41

libc = ctypes.CDLL(None, use_errno=True)


def done(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source: str, target: str, kind: str | None = None, flags: int = 0) -> None:
    done(libc.mount(source.encode(), target.encode(), kind.encode() if kind else None,
                    ctypes.c_ulong(flags), None))


def enter(root: str) -> None:
    """Not chroot: in a chroot nobody may make a user namespace, and tests do."""
    mount(root, root, flags=MS_BIND)
    os.chdir(root)
    mount("proc", "proc", "proc")
    mount("/dev", "dev", flags=MS_BIND | MS_REC)
    mount("tmpfs", "tmp", "tmpfs")
    done(libc.pivot_root(b".", b"."))
    done(libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def loopback_up() -> None:
    """Of a network namespace of its own, where it is down; where it is up, nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_AND_RUNNING))


def main(root: str, *command: str) -> int:
    loopback_up()
    enter(root)
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
