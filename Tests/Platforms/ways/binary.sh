#!/bin/bash
# SPDX-License-Identifier: MIT
# By pip with the extra "binary": on a system that has no libcurl, and with its certificates wherever it keeps them.
# shellcheck source=/dev/null
. /try/common.sh

get python3-venv
is_absent libcurl.so.4
python3 -m venv /try/venv
/try/venv/bin/pip install -q --no-index --find-links /dist 'paysession[binary]' 2> pip.log || { cat pip.log; exit 1; }
python_works /try/venv/bin/python
/try/venv/bin/python - << 'PYTHON'
import paysession
loaded = {line.split()[-1] for line in open("/proc/self/maps") if "libcurl" in line}
assert len(loaded) == 1 and "/site-packages/paysession_binary/libcurl.so.4" in loaded.pop()
with paysession.Client.from_file("/try/config.json") as client:
    told = client.report()["transport"]
assert told["ends_floods"], told
print("well: its own libcurl,", told["libcurl"])
PYTHON

# Without a ca_file whom it trusts is the system's to say.
cp -p config.json trusting.json
/try/venv/bin/python - << 'PYTHON'
import json
told = json.load(open("/try/trusting.json"))
del told["ca_file"]
json.dump(told, open("/try/config.json", "w"))
PYTHON
places=(/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem)
rm -f "${places[@]}"
trusts_nobody() { # WHERE
    told=$(/try/venv/bin/python -c "
import paysession
with paysession.Client.from_file('/try/config.json') as client:
    try:
        client.get('$PAID')
    except paysession.TLSFailed as error:
        print(error.result.name)" 2>&1)
    [[ $told == TLS_FAILED ]] || { echo "$1: $told"; exit 1; }
}

trusts_nobody "without certificates"
SSL_CERT_FILE=/try/other.pem trusts_nobody "with another's"
SSL_CERT_FILE=/try/ca.pem python_works /try/venv/bin/python > /dev/null
for place in "${places[@]}"; do
    mkdir -p "$(dirname "$place")"
    cp ca.pem "$place"
    python_works /try/venv/bin/python > /dev/null
    SSL_CERT_FILE=/try/other.pem trusts_nobody "$place, and SSL_CERT_FILE names another"
    rm "$place"
done
trusts_nobody "without certificates"
well "certificates: SSL_CERT_FILE, ${places[*]}"

# Where there is a libcurl of the system, it is used.
get libcurl4
/try/venv/bin/python - << 'PYTHON'
import paysession
assert not [line for line in open("/proc/self/maps") if "/paysession_binary/" in line]
PYTHON
cp trusting.json config.json
python_works /try/venv/bin/python
well "the system's libcurl, where it has one"
