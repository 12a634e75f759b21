# SPDX-License-Identifier: MIT
# doctor: against providers that are well, wrong, and gone.

load common
setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { [[ -z ${SERVING-} ]] || kill "$SERVING" 2> /dev/null || true; }

# A provider behind a TLS, or a proxy, that goes wrong in that way: its configuration is in the file config.
serve() { # tls|proxy KIND
    rm -f port config
    PYTHONPATH=$ROOT/Tests/Faults:$ROOT/bindings/python/src python3 -W ignore - "$@" << 'PYTHON' > server.log 2>&1 3>&- &
import json, os, pathlib, ssl, sys, time
from servers import Authority, Server, as_asked, reply
from test_tls import peer

what, kind = sys.argv[1:]
here = pathlib.Path.cwd()
(here / "other").mkdir(exist_ok=True)
authority, tls = Authority(here), None
if what == "tls" and kind == "version":
    tls = authority.server()
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
elif what == "tls" and kind == "client certificate":
    tls = authority.server()
    authority.demand_of_clients(tls)
elif what == "tls":
    tls = peer({"name": "wrong host", "issuer": "unknown authority"}.get(kind, kind), authority, here / "other")
refusal = reply(status=int(kind), headers=[("Connection", "close")]) if what == "proxy" else None
with Server(refusal or as_asked, tls=tls) as server:
    config = {"attempts": 1, "ca_file": authority.file, "kustom": {"base_url": server.https, "api_key": "kco_test_x"}}
    if what == "proxy":
        config["proxy"] = server.http.replace("://", "://shop:hush@")
        config["kustom"]["base_url"] = "https://pay.invalid"
    pathlib.Path("port").write_text(str(server.port))
    pathlib.Path("new").write_text(json.dumps(config))
    os.rename("new", "config")
    time.sleep(60)
PYTHON
    SERVING=$!
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        [[ -e config ]] && return
        sleep 0.05
    done
    cat server.log
    return 1
}

@test "all is well" {
    use_sandbox
    run -0 paysession doctor --account T12345678
    [[ $output == *"ok    libcurl"* && $output == *"ok    TLS"* ]]
    [[ $output == *"ok    trusted certificates       $SERVERS/sandbox/ca.pem"* ]]
    [[ $output == *"ok    proxy                      none"* ]]
    local provider
    for provider in inbank kustom dintero ledyer; do
        [[ $output == *"ok    $provider reachable"* && $output == *"ok    $provider credentials"*accepted* ]]
        [[ $output =~ ok\ +$provider\ clock\ +[+-][01]\ s ]]
    done
    [[ $output != *FAIL* && $output != *warn* ]]
    run -0 paysession doctor
    [[ $output == *"warn  dintero credentials        not checked: say --account"* ]]
}

@test "what is wrong is named" {
    use_sandbox
    python3 - "$PAYSESSION_CONFIG" << 'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
json.dump({**config, "kustom": {**config["kustom"], "api_key": "kco_test_wrong"}}, open("key", "w"))
json.dump({**config, "inbank": {**config["inbank"], "base_url": "https://127.0.0.1:1"}}, open("gone", "w"))
json.dump({key: value for key, value in config.items() if key != "ca_file"}, open("trust", "w"))
PYTHON
    run -5 paysession doctor -c key
    [[ $output == *"FAIL  kustom credentials"* && $output == *"ok    ledyer credentials"* ]]
    run -4 paysession doctor -c gone -t 2000
    [[ $output == *"FAIL  inbank reachable"* && $output == *"warn  inbank credentials         not checked"* ]]
    run -4 paysession doctor -c trust
    local reachable
    reachable=$(grep "^FAIL  kustom reachable " <<< "$output")
    [[ $reachable == *issuer* ]]
    echo '{}' > none
    run -5 paysession doctor -c none
    [[ $output == *"FAIL  providers                  none is configured"* ]]
    run -64 paysession doctor -c /nonexistent
}

@test "why a peer cannot be verified" {
    local kind
    for kind in expired "not yet valid" name issuer version "client certificate"; do
        serve tls "$kind"
        run -4 paysession doctor -c "$BATS_TEST_TMPDIR/config"
        [[ $(grep "^FAIL  kustom reachable " <<< "$output") == *"$kind"* ]] || { echo "$kind: $output"; false; }
        kill "$SERVING"
    done
}

@test "a proxy that refuses, without its password" {
    local code reachable
    for code in 403 407 502 503; do
        serve proxy "$code"
        run -4 paysession doctor -c "$BATS_TEST_TMPDIR/config"
        reachable=$(grep "^FAIL  kustom reachable " <<< "$output")
        [[ $reachable == *proxy* && $reachable == *"127.0.0.1:$(< port)"* && $reachable == *"$code"* ]] \
            || { echo "$code: $output"; false; }
        [[ $output != *hush* && $reachable != *@* ]]
        kill "$SERVING"
    done
}

@test "the proxy in effect, without its password" {
    echo '{"proxy": "http://shop:hush@proxy.test:3128", "no_proxy": "a.test"}' > config
    run -5 paysession doctor -c config
    [[ $output == *"http://proxy.test:3128 (configuration)"* && $output != *hush* && $output == *"a.test"* ]]
    echo '{}' > config
    https_proxy=http://u:hush@p.test:1 run -5 paysession doctor -c config
    [[ $output == *"http://p.test:1 (\$https_proxy)"* && $output != *hush* ]]
    echo '{"proxy": ""}' > config
    https_proxy=http://p.test:1 run -5 paysession doctor -c config
    [[ $output == *"ok    proxy                      none (configuration)"* ]]
}

@test "no part of a proxy's user or password, whatever they hold" {
    local secret
    echo '{}' > config
    for secret in 'hush/sh' 'hush?sh' 'hush#sh' 'hush@sh' 'u/hush@sh/ush' 'hush://sh' 'http://hush@hush:x'; do
        https_proxy="http://user:$secret@127.0.0.1:3128" run -5 paysession doctor -c config
        [[ $output == *"http://127.0.0.1:3128 (\$https_proxy)"* && $output != *hush* && $output != *user* ]] \
            || { echo "$secret: $output"; false; }
        https_proxy="user:$secret@127.0.0.1:3128" run -5 paysession doctor -c config
        [[ $output == *" 127.0.0.1:3128 (\$https_proxy)"* && $output != *hush* && $output != *user* ]] \
            || { echo "$secret: $output"; false; }
    done
}

@test "a configuration that can be read only once" {
    local config='{"proxy": "http://shop:hush@proxy.test:3128", "no_proxy": "a.test"}'
    run -5 paysession doctor -c - <<< "$config"
    [[ $output == *"http://proxy.test:3128 (configuration)"* && $output == *"a.test"* ]]
    run -5 paysession doctor -c <(echo "$config")
    [[ $output == *"http://proxy.test:3128 (configuration)"* && $output == *"a.test"* ]]
}

@test "it says whether a flood over TLS is ended" {
    printf '{}' > config
    run -5 paysession doctor -c config
    tls=$(curl -V | head -n 1)
    if [[ $tls == *\ OpenSSL/* ]]; then
        [[ $output == *$'\nok    floods over TLS            ended before the deadline\n'* ]]
    else
        [[ $output == *$'\nwarn  floods over TLS            not with this TLS library: '* ]]
    fi
}
