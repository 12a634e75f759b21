# SPDX-License-Identifier: MIT
"""Runs a command in a user namespace of its own, where every id is what it was outside: owned.py COMMAND...

The kernel keeps the programs that stand for other machines (binfmt_misc) by user namespace: what inside.py
registers there is nobody else's. Needs root. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000


def main(*command: str) -> None:
    # Only who stays outside may say which ids are in there.
    waits, tells = os.pipe()
    name = os.getpid()
    helper = os.fork()
    if helper == 0:
        os.close(tells)
        os.read(waits, 1)
        for file in ("uid_map", "gid_map"):
            Path(f"/proc/{name}/{file}").write_text("0 0 4294967295\n", "ascii")
        os._exit(0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"owned.py: unshare: {os.strerror(ctypes.get_errno())}")
    os.close(tells)
    if os.waitpid(helper, 0)[1] != 0:
        sys.exit("owned.py: the ids could not be mapped")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
