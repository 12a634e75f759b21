# SPDX-License-Identifier: MIT
"""The package under php-fpm with PHP's defaults: what works, what does not, and what the doctor says to each."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fpm import REPOSITORY, USER, Shop, folder, in_apache, preloading, prepared, refused, running
from nginx import Nginx, nginx  # noqa: F401

COMMAND = REPOSITORY / "bindings" / "php" / "bin" / "paysession-php"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the master of php-fpm is root in a shop")
pytestmark = pytest.mark.slow


@pytest.fixture
def place() -> Iterator[Path]:
    with folder() as opened:
        yield opened


def doctored(message: str) -> str:
    """What the command says to a message of a log."""
    done = subprocess.run(["php", COMMAND, "doctor", message], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    return done.stdout


def test_two_lines_are_all_it_takes(nginx: Nginx, place: Path) -> None:
    with running(place, nginx.config()) as shop:
        assert shop.get("doctor.php").text.splitlines()[-2:] == [
            "ok    PaySession\\Native is preloaded", "ok    libpaysession 0.1.0"]
        told = shop.decided("kustom:a")
        assert (told["next"], told["id"]) == ("ship", "a")


def test_under_mod_php(nginx: Nginx, place: Path) -> None:
    with in_apache(place, nginx.config()) as url:
        page = httpx.get(f"{url}/doctor.php", trust_env=False).text
        assert page.splitlines()[0].endswith("apache2handler") and "wrong" not in page, page
        told = httpx.get(f"{url}/index.php", params={"ref": "kustom:a"}, trust_env=False).json()
        assert (told["next"], told["id"]) == ("ship", "a")


# What is wrong, by its row: php.ini, settings of the pool; what PHP says; what the doctor's page says.
ROWS: list[Any] = [
    ("nothing", lambda _: {}, {}, "opcache.preload is empty."),
    ("ffi.preload alone", lambda d: {"ffi.preload": f"{d}/shop/alone.h"}, {}, "opcache.preload is empty."),
    ("opcache off", lambda d: {**preloading(d), "opcache.enable": "0"}, {}, "opcache is switched off"),
    ("another script", lambda d: {**preloading(d), "opcache.preload": f"{d}/shop/other.php"}, {},
     "which has not loaded PaySession\\Native"),
    ("off in the pool", preloading, {"php_admin_value[ffi.enable]": "false"}, "ffi.enable is false here"),
    ("preload in the pool", lambda _: {}, {"php_admin_value[opcache.preload]": "/nowhere"}, "opcache.preload is"),
    ("disable_classes", lambda d: {**preloading(d), "disable_classes": "FFI"}, {}, "disable_classes takes FFI away."),
]


@pytest.mark.parametrize(("ini", "settings", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_page_that_cannot_use_it_is_told_why(
    ini: Callable[[Path], dict[str, str]], settings: dict[str, str], said: str, nginx: Nginx, place: Path,
) -> None:
    pages = {"other.php": "<?php", "try.php": PROBE,
             "alone.h": f'#define FFI_LIB "{place}/shop/libpaysession.so.0"\nint session_batch_fd(void *batch);\n'}
    with running(place, nginx.config(), ini=ini(place), settings=settings, pages=pages) as shop:
        page = shop.get("doctor.php").text
        assert said in page and page.count("wrong ") == 1, page
        # The shop hears of it as of a package that is not installed, with the way out.
        told = shop.get("try.php").text
        assert told.startswith("PaySession\\NotInstalled: ") and "`paysession-php doctor` says what to do." in told, told


PROBE = """<?php
require __DIR__ . '/package/autoload.php';
try {
    PaySession\\Client::fromArray(['kustom' => ['base_url' => 'http://127.0.0.1:9', 'api_key' => 'k']]);
    echo 'well';
} catch (Throwable $error) {
    echo get_class($error), ': ', $error->getMessage();
}
"""


def test_ffi_switched_on_for_one_pool_needs_no_preload(nginx: Nginx, place: Path) -> None:
    with running(place, nginx.config(), ini={}, settings={"php_admin_value[ffi.enable]": "true"}) as shop:
        assert "wrong" not in shop.get("doctor.php").text
        assert shop.decided("kustom:a")["next"] == "ship"


def test_a_library_that_is_not_there(nginx: Nginx, place: Path) -> None:
    with running(place, nginx.config(), settings={"env[PAYSESSION_LIBRARY]": "/nowhere/libpaysession.so.0"},
                 pages={"try.php": PROBE}) as shop:
        assert "libpaysession is not there" in shop.get("doctor.php").text
        assert "NotInstalled" in shop.get("try.php").text


def test_a_preloaded_native_of_another_package_is_refused(nginx: Nginx, place: Path) -> None:
    """Hazard 11: what is preloaded stays until PHP is restarted."""
    with running(place, nginx.config(), ini={
            **preloading(place), "opcache.preload": f"{place}/shop/old.php"}, pages={
            "old.php": "<?php eval(str_replace('NUMBER = 3', 'NUMBER = 7', str_replace('<?php', '', "
                       "file_get_contents(__DIR__ . '/package/src/Native.php'))));", "try.php": PROBE}) as shop:
        told = shop.get("try.php").text
        assert "NotInstalled" in told and "(7, not 3): reload PHP" in told, told


def test_another_preload_script_requires_ours(nginx: Nginx, place: Path) -> None:
    """There is one opcache.preload for a server."""
    with running(place, nginx.config(), ini={
            **preloading(place), "opcache.preload": f"{place}/shop/all.php"}, pages={
            "all.php": "<?php require_once __DIR__ . '/package/preload.php';"}) as shop:
        assert shop.decided("kustom:a")["next"] == "ship"


@AS_ROOT
@pytest.mark.parametrize(("ini", "status", "message", "said"), [
    (lambda d: {"opcache.preload": f"{d}/shop/package/preload.php"}, 254,
     '"opcache.preload_user" has not been defined', "php-fpm starts as root, and does not preload as root."),
    (lambda d: {**preloading(d), "opcache.preload_user": "nosuch"}, 254,
     "Preloading failed to getpwnam", "opcache.preload_user names a user that there is not."),
    (lambda d: {**preloading(d), "opcache.preload": f"{d}/nothing.php"}, 70,
     "Failed opening required", "opcache.preload names a file that there is not"),
], ids=["no user", "no such user", "no such file"])
def test_a_master_that_does_not_start(
    ini: Callable[[Path], dict[str, str]], status: int, message: str, said: str, nginx: Nginx, place: Path,
) -> None:
    ended, log = refused(place, nginx.config(), ini(place))
    assert ended == status and message in log, (ended, log)
    (line,) = {line for line in log.splitlines() if message in line} if log.count(message) == 1 else {message}
    assert said in doctored(line)


@AS_ROOT
def test_the_recipe_of_the_manual_does_not_start(nginx: Nginx, place: Path) -> None:
    """FFI::load() in the preload script."""
    prepared(place, nginx.config(), {})
    (place / "shop" / "load.php").write_text("<?php FFI::load('/dev/null');")
    ini = {"opcache.preload": f"{place}/shop/load.php", "opcache.preload_user": USER}
    (place / "again").mkdir()
    ended, log = refused(place / "again", nginx.config(), ini)
    message = "FFI::load() doesn't work in conjunction with \"opcache.preload_user\""
    assert ended == 70 and message in log, (ended, log)
    assert "FFI::load(), which root may not do" in doctored(message)


# ---- Over many requests ---------------------------------------------------------------------------


@contextmanager
def asking(shop: Shop, threads: int = 8) -> Iterator[Callable[[list[str]], list[httpx.Response]]]:
    """Asks for each reference, on so many threads."""
    with httpx.Client(trust_env=False, timeout=60, limits=httpx.Limits(max_connections=threads)) as http:
        with ThreadPoolExecutor(threads) as pool:
            yield lambda references: list(pool.map(
                lambda reference: http.get(f"{shop.url}/index.php", params={"ref": reference}), references))


def test_many_requests_and_reloads(nginx: Nginx, place: Path) -> None:
    """Another session in each: no answer goes astray, none fails, and a worker that lives makes one connection."""
    count = 20_000
    with running(place, nginx.config(timeout_ms=30_000), settings={
            "pm.max_children": "4", "pm.max_requests": "500"}) as shop, asking(shop) as ask:
        seen: list[dict[str, Any]] = []
        for part in range(4):
            references = [f"kustom:s{number}" for number in range(part * count // 4, (part + 1) * count // 4)]
            for reference, response in zip(references, ask(references)):
                assert response.status_code == 200, response.text
                told = response.json()
                assert (told["next"], told["id"]) == ("ship", reference[7:])
                seen.append(told)
            if part < 3:
                shop.reload()
        workers = Counter(told["worker"] for told in seen)
        connections = {one["connection"] for one in nginx.requests() if one["uri"].startswith("/kustom/ipp/v1/sessions/s")}
        assert len(connections) <= len(workers)
        assert len(workers) >= count // 500
    for worker in workers:
        mine = [told for told in seen if told["worker"] == worker]
        if len(mine) > 100:
            # From the tenth request on, by which its caches are filled.
            assert mine[-1]["memory"] - mine[10]["memory"] <= 256, worker
            assert mine[-1]["descriptors"] <= mine[10]["descriptors"], worker


@pytest.mark.parametrize("end", ["fatal", "memory", "exit"])
def test_a_request_that_ends_badly_leaves_nothing_behind(end: str, nginx: Nginx, place: Path) -> None:
    """Hazard 3: fatal errors skip destructors. With a client that is not shared, 200 times."""
    with running(place, nginx.config(shared=False)) as shop:
        # From the first such end on: PHP itself lets go of a descriptor with it.
        shop.get(ref="kustom:a", end=end)
        first = shop.decided("kustom:a")
        for _ in range(200):
            shop.get(ref="kustom:a", end=end)
        last = shop.decided("kustom:a")
        assert last["worker"] == first["worker"] and last["descriptors"] <= first["descriptors"]


def test_a_time_limit_leaves_nothing_behind(nginx: Nginx, place: Path) -> None:
    with running(place, nginx.config(shared=False)) as shop:
        shop.get(ref="kustom:a", end="time")
        first = shop.decided("kustom:a")
        for _ in range(3):
            begun = time.monotonic()
            shop.get(ref="kustom:a", end="time")
            assert time.monotonic() - begun < 5
        last = shop.decided("kustom:a")
        assert last["worker"] == first["worker"] and last["descriptors"] <= first["descriptors"]
    assert re.search("Maximum execution time of 1 second exceeded", shop.log)


def test_a_provider_that_hangs_holds_a_worker_for_three_seconds(nginx: Nginx, place: Path) -> None:
    """Hazard 8: max_execution_time does not end a call."""
    import socket

    config = nginx.config()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config["kustom"]["base_url"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        del config["timeout_ms"], config["connect_timeout_ms"]
        with running(place, config) as shop:
            begun = time.monotonic()
            told = shop.decided("kustom:a")
            assert 2.5 < time.monotonic() - begun < 4.5
            assert told["next"] == "wait"
