# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What each way has in common. It runs in a clean system, as root, with what is released in /dist, a
# configuration for the sandbox on this machine in /try/config.json, and its certificate beside it.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /try
export PAID=kustom:finalized UNPAID=inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/cancelled

get() { apt-get install -y -qq --no-install-recommends "$@" > /try/apt.log 2>&1 || { cat /try/apt.log; return 1; }; }
if ! ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1; then apt-get update -qq; fi
well() { echo "well: $*"; }
is_absent() { if ldconfig -p | grep -F "$1"; then return 1; fi; } # LIBRARY

# One session is paid, one is not, and of a certificate that nobody trusts nothing is believed.
tool_works() {
    export PAYSESSION_CONFIG=/try/config.json
    paysession get -q kustom:finalized inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/completed ledyer:authorized
    [[ $(paysession get -f status "$UNPAID" || true) == *no ]]
    sed 's|/try/ca.pem|/try/other.pem|' config.json > distrusting.json
    [[ $(paysession get -c distrusting.json kustom:finalized || true) == '{"result":"tls_failed"'* ]]
    paysession doctor > doctor.log || { cat doctor.log; return 1; }
    well "shell tool: paid, not paid, TLS with a CA, doctor"
}

manuals_are_there() { # PREFIX
    ls "$1"/share/man/man1/paysession.1* "$1"/share/man/man5/paysession-config.5* \
        "$1"/share/bash-completion/completions/paysession > /dev/null
    well "manuals and completion"
}

c_works() {
    local flags
    flags=$(pkg-config --cflags --libs paysession)
    # Word splitting is wanted: an argument a flag.
    # shellcheck disable=SC2086
    cc -std=c99 -Wall -Wextra -pedantic -Werror paid.c $flags -o paid
    [[ $(./paid config.json kustom:finalized) == *"paid yes: ship" ]]
    well "C by pkg-config"
}

cmake_works() {
    mkdir -p by-cmake
    cat > by-cmake/CMakeLists.txt << 'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(shop C)
find_package(paysession 0.1 CONFIG REQUIRED)
add_executable(paid ../paid.c)
target_link_libraries(paid PRIVATE paysession::paysession)
CMAKE
    if ! { cmake -S by-cmake -B by-cmake/build && cmake --build by-cmake/build; } > cmake.log 2>&1; then
        cat cmake.log
        return 1
    fi
    [[ $(by-cmake/build/paid config.json ledyer:authorized) == *"paid yes: ship" ]]
    well "C by CMake"
}

python_works() { # PYTHON
    "$1" - << 'PYTHON'
import asyncio, os
import paysession
paid, unpaid = os.environ["PAID"], os.environ["UNPAID"]
with paysession.Client.from_file("/try/config.json") as client:
    assert client.get(paid).is_paid
    assert not client.get(unpaid).is_paid
    assert client.decide(unpaid).next is paysession.Next.RELEASE

async def main():
    async with paysession.AsyncClient.from_file("/try/config.json") as client:
        assert (await client.get(paid)).is_paid

asyncio.run(main())
assert paysession.normalize("kustom", '{"status": "FINALIZED"}').json.startswith(b'{"result":"ok"')
from importlib.metadata import version
assert version("paysession") == paysession.__version__ == paysession.version()
PYTHON
    well "Python $("$1" -c 'import platform; print(platform.python_version())')"
}

# A page that says what becomes of an order.
shop_page() { # AUTOLOAD
    cat > page.php << PHP
<?php
require '$1';
\$pay = PaySession\Client::fromArray(json_decode(file_get_contents('/try/config.json'), true));
echo 'decided: ', \$pay->decide('$PAID')->next->name, ' ', \$pay->decide('$UNPAID')->next->name;
PHP
}

php_version() { php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'; }

# The distribution's own php-fpm, root and its default ffi.enable, asked as a web server asks it.
fpm_works() {
    local version socket told
    version=$(php_version)
    socket=/run/php/php$version-fpm.sock
    chmod 755 /try && chmod 644 /try/config.json /try/ca.pem /try/page.php
    mkdir -p /run/php
    "php-fpm$version" --nodaemonize > fpm.log 2>&1 &
    local server=$!
    for _ in {1..100}; do [[ -S $socket ]] && break; sleep 0.1; done
    told=$(SCRIPT_FILENAME=/try/page.php REQUEST_METHOD=GET cgi-fcgi -bind -connect "$socket") || true
    kill "$server"
    wait "$server" || true
    [[ $told == *"decided: Ship Release" ]] || { echo "$told"; cat fpm.log "/var/log/php$version-fpm.log"; return 1; }
    well "php-fpm $version"
}
