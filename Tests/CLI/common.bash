# SPDX-License-Identifier: MIT
# What several files need.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
INBANK=inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213
DINTERO=dintero:T12345678/order

bats_require_minimum_version 1.5.0

use_sandbox() { export PAYSESSION_CONFIG=$SERVERS/sandbox/config.json; }
use_nginx() { export PAYSESSION_CONFIG=$SERVERS/nginx/client.json; }

# The names of the providers, as the help has them from the library.
providers() { paysession help | sed -n 's/^  \([a-z]*\):[A-Z_/]*$/\1/p'; }

# The exit status of a command must be this one.
exits() { # STATUS COMMAND...
    local wanted=$1 status=0
    shift
    timeout 60 "$@" || status=$?
    [[ $status == "$wanted" ]] || {
        echo "exit status $status, expected $wanted: $*"
        return 1
    }
}

# Python as the judge of JSON: each line of a file is bound to `answers`.
judge() { # FILE EXPRESSION
    python3 - "$@" << 'PYTHON'
import json, sys
answers = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
if not eval(f"({sys.argv[2]})"):
    sys.exit(f"not so: {sys.argv[2]}\nof {len(answers)} answers, the first: {str(answers[:1])[:500]}")
PYTHON
}
