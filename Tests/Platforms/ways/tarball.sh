#!/bin/bash
# SPDX-License-Identifier: MIT
# By tar: library, tool and what a compiler wants in /usr/local; Python by pip from its source, PHP by Composer.
# shellcheck source=/dev/null
. /try/common.sh
HAS_PHP=$1

get libcurl4 xz-utils
tar -C /usr/local --strip-components=1 --no-same-owner -xf /dist/libpaysession-*-linux-"$(uname -m)".tar.xz
ldconfig
tool_works
# Another TLS, and symbols that no version of libcurl's is in: GnuTLS's under the usual name.
gnutls=libcurl3-gnutls
if apt-cache show libcurl4-gnutls > /dev/null 2>&1; then gnutls=libcurl4-gnutls; fi # from Debian 14 on
get "$gnutls"
mkdir gnutls
ln -s "$(ldconfig -p | sed -n 's|.*=> \(.*libcurl-gnutls.so.4\)$|\1|p')" gnutls/libcurl.so.4
told=$(LD_LIBRARY_PATH=/try/gnutls paysession doctor -c config.json 2>&1)
[[ $told == *GnuTLS* ]] || { echo "$told"; exit 1; }
LD_LIBRARY_PATH=/try/gnutls tool_works
well "GnuTLS's libcurl too"
manuals_are_there /usr/local
get gcc libc6-dev pkg-config cmake make
c_works
cmake_works
get python3-venv
python3 -m venv /try/venv
/try/venv/bin/pip install -q /dist/paysession-[0-9]*.tar.gz 2> pip.log || { cat pip.log; exit 1; }
python_works /try/venv/bin/python
if [[ $HAS_PHP == yes ]]; then
    get php-fpm php-cli php-zip composer libfcgi-bin unzip
    mkdir -p shop
    {
        echo '{"config": {"allow-plugins": false}}' > shop/composer.json
        export COMPOSER_ALLOW_SUPERUSER=1
        composer -n -q -d shop config repositories.packagist.org false
        composer -n -q -d shop config repositories.paysession artifact /dist
        composer -n -q -d shop require paysession/paysession
    } 2> composer.log || { cat composer.log; exit 1; }
    shop_page /try/shop/vendor/autoload.php
    [[ $(php page.php) == "decided: Ship Release" ]]
    shop/vendor/bin/paysession-php doctor > doctor.log || { cat doctor.log; exit 1; }
    printf 'opcache.preload=/usr/local/share/paysession/php/preload.php\nopcache.preload_user=www-data\n' \
        > "/etc/php/$(php_version)/fpm/conf.d/90-paysession.ini"
    chmod -R a+rX shop
    fpm_works
fi
