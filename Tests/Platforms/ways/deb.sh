#!/bin/bash
# SPDX-License-Identifier: MIT
# By apt: the Debian packages, used, upgraded from the release before, and purged.
# shellcheck source=/dev/null
. /try/common.sh
HAS_PHP=$1

find / -xdev -path /dist -prune -o -path /try -prune -o -path /var/cache -prune -o -iname '*paysession*' -print > before
packages=(/dist/libpaysession0_*.deb /dist/libpaysession-dev_*.deb /dist/paysession_*.deb /dist/python3-paysession_*.deb)
[[ $HAS_PHP == no ]] || packages+=(/dist/php-paysession_*.deb)
architecture=$(dpkg --print-architecture)
chosen=()
for package in "${packages[@]}"; do
    case $package in *_"$architecture".deb | *_all.deb) chosen+=("$package") ;; esac
done
get "${chosen[@]}"
well "installed by apt: ${#chosen[@]} packages"
tool_works
manuals_are_there /usr
python_works python3
get gcc libc6-dev pkg-config cmake make
c_works
cmake_works
if [[ $HAS_PHP == yes ]]; then
    get php-fpm php-cli libfcgi-bin
    shop_page /usr/share/php/PaySession/autoload.php
    [[ $(php page.php) == "decided: Ship Release" ]]
    paysession-php doctor > doctor.log || { cat doctor.log; exit 1; }
    version=$(php_version)
    ln -s /usr/share/paysession/php/paysession.ini "/etc/php/$version/mods-available/"
    phpenmod -v "$version" -s fpm paysession
    fpm_works
fi
names=()
for package in "${chosen[@]}"; do names+=("$(dpkg-deb -f "$package" Package)"); done
apt-get purge -y -qq "${names[@]}" > /dev/null
find / -xdev -path /dist -prune -o -path /try -prune -o -path /var/cache -prune -o -iname '*paysession*' -print > after
grep -v '^/var/lib/php/modules/' after > left || true # what phpenmod remembers
diff before left
if [[ $HAS_PHP == yes ]]; then
    # It was enabled, and does not keep php-fpm from starting.
    "php-fpm$version" -t 2> fpm.log || { cat fpm.log; exit 1; }
fi
well "purged, and nothing left"
