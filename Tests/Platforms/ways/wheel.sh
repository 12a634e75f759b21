#!/bin/bash
# SPDX-License-Identifier: MIT
# By pip: the wheel, first where there is no libcurl.
# shellcheck source=/dev/null
. /try/common.sh

get python3-venv
is_absent libcurl.so.4
python3 -m venv /try/venv
/try/venv/bin/pip install -q --no-index /dist/paysession-*-manylinux_*_"$(uname -m)".whl 2> pip.log || { cat pip.log; exit 1; }
told=$(/try/venv/bin/python -c 'import paysession' 2>&1) && exit 1
[[ $told == *ImportError*libcurl.so.4*"apt-get install libcurl4"* ]] || { echo "$told"; exit 1; }
well "without libcurl, an ImportError that names the package"
get libcurl4
python_works /try/venv/bin/python
is_absent libjansson.so.4
well "no jansson of the system"
