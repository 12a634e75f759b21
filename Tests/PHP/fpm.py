# SPDX-License-Identifier: MIT
"""Debian's php-fpm with nginx in front, as a shop runs them: a master that is root where the test is, workers that
are not, and PHP's defaults. Each in a folder of its own, with a copy of the package and of the library."""

from __future__ import annotations

import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import httpx
from paysession_sandbox.processes import free_port, listening, started

REPOSITORY = Path(__file__).resolve().parents[2]
USER = "www-data"

#: What a page of a shop does; its query says which.
PAGE = """<?php
declare(strict_types=1);
require __DIR__ . '/package/autoload.php';
use PaySession\\{Client, Expect};
$config = json_decode(file_get_contents(__DIR__ . '/client.json'), true);
header('Content-Type: application/json');
$pay = Client::fromArray($config);
$reference = $_GET['ref'];
$decision = $pay->decide($reference);
echo json_encode(['next' => $decision->next->value, 'why' => $decision->why, 'worker' => getmypid(),
    'id' => $decision->answer()->session?->id, 'memory' => (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4,
    'descriptors' => count(scandir('/proc/self/fd')) - 3]);
switch ($_GET['end'] ?? '') {
    case 'fatal': nothing_of_this_name();
    case 'memory': $text = str_repeat('x', PHP_INT_MAX >> 8);
    case 'time': set_time_limit(1); while (true);
    case 'exit': exit(0);
}
"""


@dataclass
class Shop:
    """One that is listening."""

    directory: Path
    url: str
    master: subprocess.Popen[Any]

    def get(self, page: str = "index.php", **query: str) -> httpx.Response:
        return httpx.get(f"{self.url}/{page}", params=query, trust_env=False, timeout=30)

    def decided(self, reference: str) -> dict[str, Any]:
        response = self.get(ref=reference)
        assert response.status_code == 200, f"{response.status_code} {response.text}\n{self.log}"
        told: dict[str, Any] = response.json()
        return told

    @property
    def log(self) -> str:
        return (self.directory / "fpm.log").read_text("utf-8", "replace")

    def reload(self) -> None:
        """New workers; with process_control_timeout the old ones end what they are at."""
        os.kill(self.master.pid, signal.SIGUSR2)


def binary() -> str:
    found = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))
    assert found, "php-fpm is needed: make test-deps installs it"
    return found[-1]


@contextmanager
def folder() -> Iterator[Path]:
    """One that workers reach: pytest's own are closed to other users, again with each run that begins."""
    with tempfile.TemporaryDirectory(prefix="paysession-php-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def readable(directory: Path) -> None:
    """For the workers, whatever the umask is."""
    for place in directory.rglob("*"):
        place.chmod(0o755 if place.is_dir() else 0o644)


def prepared(directory: Path, config: Mapping[str, Any], pages: Mapping[str, str]) -> None:
    """A document root with the package, the library and a configuration."""
    root = directory / "shop"
    root.mkdir()
    shutil.copytree(REPOSITORY / "bindings" / "php", root / "package",
                    ignore=shutil.ignore_patterns("tests", "vendor"))
    shutil.copy(REPOSITORY / "build" / "lib" / "libpaysession.so.0", root)
    shutil.copy(config["ca_file"], root / "ca.pem")
    (root / "client.json").write_text(json.dumps({**config, "ca_file": str(root / "ca.pem")}))
    (root / "index.php").write_text(PAGE)
    shutil.copy(root / "package" / "doctor.php", root / "doctor.php")
    (root / "doctor.php").write_text((root / "doctor.php").read_text().replace("/autoload.php", "/package/autoload.php"))
    for name, text in pages.items():
        (root / name).write_text(text)
    readable(root)


def pool(directory: Path, settings: Mapping[str, str]) -> str:
    own = {
        "listen": f"{directory}/fpm.sock", "listen.owner": USER, "listen.group": USER, "user": USER, "group": USER,
        "pm": "static", "pm.max_children": "1", "catch_workers_output": "yes",
        "env[PAYSESSION_LIBRARY]": f"{directory}/shop/libpaysession.so.0", **settings}
    if os.geteuid() != 0:
        for name in ("listen.owner", "listen.group", "user", "group"):
            own.pop(name, None)
    lines = "\n".join(f"{name} = {value}" for name, value in own.items())
    return (f"[global]\nerror_log = {directory}/fpm.log\ndaemonize = no\nprocess_control_timeout = 10\n"
            f"[www]\n{lines}\n")


def front(directory: Path, root: Path, port: int) -> str:
    user = f"user {USER};" if os.geteuid() == 0 else ""
    return f"""
daemon off; {user}
pid {directory}/front.pid;
error_log {directory}/front.log warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {root};
        location / {{
            fastcgi_pass unix:{directory}/fpm.sock;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_index index.php;
            fastcgi_read_timeout 60s;
        }}
    }}
}}
"""


def php(directory: Path, ini: Mapping[str, str]) -> list[str]:
    return [binary(), "-F", "-y", str(directory / "fpm.conf"),
            *(f"-d{name}={value}" for name, value in ini.items())]


def preloading(directory: Path) -> dict[str, str]:
    """The two lines that a shop adds."""
    told = {"opcache.preload": f"{directory}/shop/package/preload.php"}
    return {**told, "opcache.preload_user": USER} if os.geteuid() == 0 else told


@contextmanager
def running(
    directory: Path, config: Mapping[str, Any], *, ini: Optional[Mapping[str, str]] = None,
    settings: Optional[Mapping[str, str]] = None, pages: Optional[Mapping[str, str]] = None, root: str = "shop",
) -> Iterator[Shop]:
    """A shop; `ini` is php.ini beside Debian's, preloading without it; `settings` are the pool's; `root` is the folder
    that nginx shows."""
    if not (directory / "shop").exists():
        prepared(directory, config, pages or {})
    port = free_port()
    (directory / "fpm.conf").write_text(pool(directory, {
        "env[SHOP_ADDRESS]": f"http://localhost:{port}", **(settings or {})}))
    (directory / "front.conf").write_text(front(directory, directory / root, port))
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    assert nginx, "nginx is needed: make test-deps installs it"
    command = php(directory, preloading(directory) if ini is None else ini)
    with started(command, ready=(directory / "fpm.sock").exists, log=directory / "fpm.out") as master, started(
            [nginx, "-p", str(directory), "-c", str(directory / "front.conf")], ready=listening(port),
            log=directory / "front.out"):
        yield Shop(directory, f"http://127.0.0.1:{port}", master)


APACHE = """
ServerName localhost
ServerRoot {directory}
PidFile {directory}/apache.pid
Listen 127.0.0.1:{port}
ErrorLog {directory}/apache.log
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule php_module {module}
PHPINIDir {directory}
StartServers 1
MaxRequestWorkers 2
SetEnv PAYSESSION_LIBRARY {directory}/shop/libpaysession.so.0
DocumentRoot {directory}/shop
<FilesMatch "\\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
"""


@contextmanager
def in_apache(directory: Path, config: Mapping[str, Any]) -> Iterator[str]:
    """The same shop under mod_php, with the two lines in php.ini: its address."""
    prepared(directory, config, {})
    (module,) = glob.glob("/usr/lib/apache2/modules/libphp[0-9]*.so")
    (directory / "php.ini").write_text("".join(f"{name}={value}\n" for name, value in preloading(directory).items()))
    port = free_port()
    user = f"User {USER}\nGroup {USER}\n" if os.geteuid() == 0 else ""
    (directory / "apache.conf").write_text(user + APACHE.format(directory=directory, port=port, module=module))
    # It ends with its whole process group: one of its own.
    with started(["/usr/sbin/apache2", "-DFOREGROUND", "-f", str(directory / "apache.conf")], ready=listening(port),
                 log=directory / "apache.out", start_new_session=True):
        yield f"http://127.0.0.1:{port}"


def refused(directory: Path, config: Mapping[str, Any], ini: Mapping[str, str]) -> tuple[int, str]:
    """What php-fpm ends with that does not start: its exit status and all that it says."""
    prepared(directory, config, {})
    (directory / "fpm.conf").write_text(pool(directory, {}))
    done = subprocess.run(php(directory, ini), capture_output=True, text=True, timeout=30)
    log = directory / "fpm.log"
    return done.returncode, done.stdout + done.stderr + (log.read_text() if log.exists() else "")
