# SPDX-License-Identifier: MIT
"""Other releases of Debian as folders, made with mmdebstrap from where this machine's apt gets its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests" / "Sandbox" / "src"))

from paysession_sandbox.processes import end  # noqa: E402

KEPT = REPOSITORY / "build" / "libcurls"

# The name of each release, and whether it has a security archive.
RELEASES = {"bullseye": ("Debian 11", True), "bookworm": ("Debian 12", True),
            "trixie": ("Debian 13", True), "sid": ("Debian sid", False)}

# tinyproxy-bin: the program without what starts it with the machine.
PACKAGES = ["libcurl4-openssl-dev", "libjansson-dev", "ca-certificates", "gcc", "libc6-dev", "make",
            "pkg-config", "python3", "python3-venv", "curl", "nginx-light", "tinyproxy-bin", "valgrind",
            "openssl"]

# What the tests that run there import.
REQUIREMENTS = ["pytest", "h2", "httpx", "trustme", "jsonschema", "Hypercorn", "starlette", "fastapi", "Jinja2",
                "gunicorn"]

MAKING_SECONDS = 1200

#: How Debian's qemu-user-static has programs of arm64 run.
EMULATING_ARM64 = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")

# Mounts and processes of its own: all of them end with the first process, and that with this one.
APART = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]


def requirements() -> list[str]:
    """As Tests/requirements.txt pins them; an older Python gets the newest that still knows it."""
    pins: dict[str, str] = {}
    for file in ("Tests/requirements.txt", "Tests/Sandbox/requirements.txt"):
        pins.update(re.findall(r"^([\w-]+)==(\S+)$", (REPOSITORY / file).read_text("utf-8"), re.MULTILINE))
    return [f"{name}<={pins[name]}" for name in REQUIREMENTS]


def archives() -> dict[str, str]:
    """Where this machine's apt gets Debian and its security updates from, by the archive's label."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)"], check=True,
                            capture_output=True, text=True).stdout
    found = dict(line.split("|", 1) for line in listed.splitlines())
    if "Debian" not in found:
        sys.exit("libcurls: this machine's apt knows no archive of Debian")
    return found


def apt_settings() -> str:
    """This machine's (a proxy, certificates), and no date: what an archive says of sid may be old."""
    dumped = subprocess.run(["apt-config", "dump", "Acquire"], check=True, capture_output=True, text=True)
    return dumped.stdout + 'Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n'


def pip_settings() -> dict[str, str]:
    """This machine's, as environment: pip's files and PIP_* alike, and what names a proxy."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    found = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in
             re.findall(r"^[\w:.]+?\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE)}
    return {**found, **{name: value for name, value in os.environ.items()
                        if name.startswith("PIP_") or name.lower().endswith("_proxy")}}


def recipe(release: str) -> str:
    """Changes when the system has to be made anew."""
    told = json.dumps([release, PACKAGES, requirements()])
    return hashlib.sha256(told.encode()).hexdigest()


def within(root: Path, *, network: bool, emulating: Path | None) -> list[str]:
    """What a command begins with that is to run there. What emulates another machine is registered for it alone,
    in a user namespace of its own: a file of binfmt.d says how."""
    here = Path(__file__).parent
    owned = [sys.executable, str(here / "owned.py")] if emulating else []
    told = ["--emulating", str(emulating)] if emulating else []
    return [*APART[:3], *owned, *APART[3:], *([] if network else ["--net"]), sys.executable, str(here / "inside.py"),
            *told, str(root)]


def inside(root: Path, *command: str, network: bool = False, environment: dict[str, str] | None = None,
           emulating: Path | None = None, **more: Any) -> subprocess.Popen[bytes]:
    """Starts a command there, with mounts, processes and, unless told otherwise, a network of its own
    that is loopback and nothing else. Ending the process that this gives ends all of it."""
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [*within(root, network=network, emulating=emulating), *command],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **(environment or {})},
        stdin=subprocess.DEVNULL, **more)
    return process


def run(root: Path, *command: str, log: Path, seconds: float, network: bool = False,
        environment: dict[str, str] | None = None, emulating: Path | None = None) -> int:
    """The exit status of a command there, 124 when its time was over; what it prints is added to `log`."""
    with log.open("ab") as file:
        process = inside(root, *command, network=network, environment=environment, emulating=emulating,
                         stdout=file, stderr=file)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return 124
        finally:
            end(process, at_once=True)


def bootstrap(release: str, root: Path, packages: Iterable[str], log: Path, *, variant: str = "essential",
              architecture: str | None = None, emulating: Path | None = None) -> None:
    """Fills that folder with a release and these packages, of another architecture if told so. The variant "extract"
    unpacks them and no more; every other one runs their programs, and needs `emulating` there."""
    found, keys = archives(), "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = [f"deb [signed-by={keys}] {found['Debian']} {release} main"]
    if RELEASES[release][1] and "Debian-Security" in found:
        sources.append(f"deb [signed-by={keys}] {found['Debian-Security']} {release}-security main")
    settings = root.with_name(f"{root.name}.apt.conf")
    settings.write_text(apt_settings())
    command = ["mmdebstrap", "--mode=root", f"--variant={variant}", "--format=directory", f"--aptopt={settings}",
               "--include=" + ",".join(packages), release, str(root), "-"]
    if architecture:
        command[1:1] = [f"--architectures={architecture}", "--skip=check/qemu"]
    apart = within(Path("/"), network=True, emulating=emulating) if emulating else [*APART, "--mount-proc"]
    with log.open("wb") as file:
        done = subprocess.run([*apart, *command], input="\n".join(sources).encode(), stdout=file, stderr=file,
                              timeout=MAKING_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{RELEASES[release][0]} could not be made, see {log}")


def made(release: str) -> Path:
    """The folder of that release; made first if it is not there whole, as it should be today."""
    root = KEPT / release
    stamp = root / "made-of"
    if stamp.exists() and stamp.read_text() == recipe(release):
        return root
    print(f"libcurls: making {RELEASES[release][0]} in {root.relative_to(REPOSITORY)}", flush=True)
    new, log = KEPT / f"{release}.new", KEPT / f"{release}.making.log"
    for old in (root, new):
        shutil.rmtree(old, ignore_errors=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    bootstrap(release, new, PACKAGES, log)
    links_within(new)
    packages_of_python(new, log)
    # Whole by now, and not a moment before.
    (new / "made-of").write_text(recipe(release))
    new.rename(root)
    return root


def links_within(root: Path) -> None:
    """A linker on this machine that follows an absolute link ends up in this machine's libraries."""
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    for name in ("lib64", "lib", f"lib/{triplet}", f"usr/lib/{triplet}"):
        folder = root / name
        for link in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
            if link.is_symlink() and os.readlink(link).startswith("/"):
                target = os.path.relpath(root / os.readlink(link)[1:], folder)
                link.unlink()
                link.symlink_to(target)


def reaching_indexes(root: Path) -> dict[str, str]:
    """What pip there has to have in its environment. Names are looked up, and certificates believed, as here."""
    settings = pip_settings()
    for name in ("/etc/resolv.conf", "/etc/hosts"):
        shutil.copyfile(name, root / name[1:])
    for key, value in settings.items():
        if value.startswith("/") and Path(value).is_file():
            # Where no package of that system puts a file of its own.
            settings[key] = f"/etc/as-on-the-host/{Path(value).name}"
            (root / "etc" / "as-on-the-host").mkdir(exist_ok=True)
            shutil.copyfile(value, root / settings[key][1:])
    return settings


def packages_of_python(root: Path, log: Path) -> None:
    settings = reaching_indexes(root)
    for command in (["python3", "-m", "venv", "/venv"],
                    ["/venv/bin/pip", "install", "-q", *requirements()]):
        if run(root, *command, log=log, seconds=MAKING_SECONDS, network=True, environment=settings) != 0:
            sys.exit(f"libcurls: no Python packages, see {log}")
