# SPDX-License-Identifier: MIT
# The sandbox and nginx, once for all files; ended by their own process ids.

wait_for() { # FILE PID
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        [[ -e $1 ]] && return
        kill -0 "$2" || break
        sleep 0.05
    done
    echo "$1 has not come" >&2
    return 1
}

setup_suite() {
    local root
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    export SERVERS=$BATS_SUITE_TMPDIR PAYSESSION_CONFIG= XDG_CONFIG_HOME=$BATS_SUITE_TMPDIR/none
    export PATH=$root/build/bin:$root/build/venv/bin:$PATH
    unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY http_proxy
    mkdir "$SERVERS/sandbox" "$SERVERS/nginx"

    PYTHONPATH=$root/Tests/Sandbox/src python3 -m paysession_sandbox --port 0 --directory "$SERVERS/sandbox" \
        > "$SERVERS/sandbox.log" 2>&1 3>&- &
    echo $! > "$SERVERS/pids"
    python3 "$root/Tests/Faults/nginx.py" "$SERVERS/nginx" > "$SERVERS/nginx.log" 2>&1 3>&- &
    echo $! >> "$SERVERS/pids"
    wait_for "$SERVERS/sandbox/ready" "$(sed -n 1p "$SERVERS/pids")"
    wait_for "$SERVERS/nginx/client.json" "$(sed -n 2p "$SERVERS/pids")"
}

teardown_suite() {
    local pid
    while read -r pid; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done < "$SERVERS/pids"
}
