# SPDX-License-Identifier: MIT
# doctor: against providers that are well, wrong, and gone.

load common
setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { [[ -z ${SERVING-} ]] || kill "$SERVING" 2> /dev/null || true; }

# A provider behind a TLS, or a proxy, that goes wrong in that way: its configuration is in the file config.
serve() { # tls|proxy KIND
    rm -f port config
    PYTHONPATH=$ROOT/Tests/Faults:$ROOT/Tests/Sandbox/src:$ROOT/bindings/python/src python3 -W ignore - "$@" << 'PYTHON' > server.log 2>&1 3>&- &
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

# The sandbox's configuration, with more in it, as a file of that mode.
configure() { # MODE CHANGE
    use_sandbox
    python3 - "$PAYSESSION_CONFIG" "$2" << 'PYTHON' > shop.json
import json, sys
config = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(config, sys.stdout)
PYTHON
    chmod "$1" shop.json
}

# The sandbox's configuration names it, for callbacks.
WITHOUT_ACCOUNT='for key in ("account_id", "callback_secret"): del config["dintero"][key]'

@test "all is well" {
    configure 600 "$WITHOUT_ACCOUNT"
    export PAYSESSION_CONFIG=$PWD/shop.json
    run -0 paysession doctor --account T12345678
    [[ ${lines[0]} == "ok    configuration              $PWD/shop.json, mode 600" ]]
    [[ $output == *"ok    libcurl"* && $output == *"ok    TLS"* ]]
    [[ $output == *"ok    trusted certificates       $SERVERS/sandbox/ca.pem"* ]]
    [[ $output == *"ok    proxy                      none"* ]]
    local provider
    for provider in $(providers); do
        [[ $output == *"ok    $provider reachable"* && $output == *"ok    $provider credentials"*accepted* ]]
        [[ $output =~ ok\ +$provider\ clock\ +[+-][01]\ s ]]
    done
    [[ $output != *FAIL* && $output != *warn* ]]
    run -0 paysession doctor
    [[ $output == *"warn  dintero credentials        not checked: say --account, or account_id in the configuration"* ]]
}

@test "the account can stand in the configuration" {
    configure 600 'config["dintero"]["account_id"] = "T12345678"'
    run -0 paysession doctor -c shop.json
    [[ $output == *"ok    dintero credentials        accepted"* ]]
    # What is said counts more.
    run -64 paysession doctor -c shop.json --account X
    [[ $output == *"FAIL  dintero credentials        account_id: expected P or T and eight digits"* ]]
}

@test "it says who else may read the configuration" {
    configure 644 ''
    run -0 paysession doctor -c "$PWD/shop.json"
    [[ ${lines[0]} == "warn  configuration              $PWD/shop.json, mode 644: everybody on this machine may read it; chmod 600 ends that" ]]
    chmod 640 shop.json
    run -0 paysession doctor -c "$PWD/shop.json"
    [[ ${lines[0]} == "ok    configuration              $PWD/shop.json, mode 640: its group may read it" ]]
    run -0 paysession doctor -c - < shop.json
    [[ ${lines[0]} == "ok    configuration              standard input" ]]
}

@test "one object for programs" {
    configure 600 'config["dintero"]["account_id"] = "T12345678"'
    run -0 paysession doctor -c shop.json --format json
    echo "$output" > out
    judge out 'len(answers) == 1 and list(answers[0]) == ["verdict", "exit_status", "checks"]'
    judge out 'answers[0]["verdict"] == "ok" and answers[0]["exit_status"] == 0'
    judge out 'all(list(c) == ["verdict", "provider", "check", "detail"] and c["verdict"] == "ok" for c in answers[0]["checks"])'
    judge out '{c["provider"] for c in answers[0]["checks"]} == {None, *"'"$(providers | tr '\n' ' ')"'".split()}'
    judge out '[c["check"] for c in answers[0]["checks"] if c["provider"] == "ledyer"] == ["address", "reachable", "credentials", "clock"]'
    configure 644 "$WITHOUT_ACCOUNT"$'\nconfig["kustom"]["api_key"] = "kco_test_wrong"'
    run -5 paysession doctor -c shop.json -f json
    echo "$output" > out
    judge out 'answers[0]["verdict"] == "fail" and answers[0]["exit_status"] == 5'
    judge out '{(c["provider"], c["check"]): c["verdict"] for c in answers[0]["checks"] if c["verdict"] != "ok"} == {
        (None, "configuration"): "warn", ("kustom", "credentials"): "fail", ("dintero", "credentials"): "warn"}'
    [[ $output != *kco_test_wrong* ]]
    run -64 --separate-stderr paysession doctor -c shop.json -f table
    [[ -z $output && $stderr == "paysession: --format table: expected json, or no --format" ]]
}

@test "a template that can be read back, for all providers and for each" {
    local provider variable
    paysession config > shop.json 2> comments
    # What it leaves to the environment.
    for variable in $(grep -oE '"env": "[A-Z_]+"' shop.json | cut -d'"' -f4); do export "$variable=secret"; done
    [[ $KUSTOM_API_KEY == secret && $LEDYER_CLIENT_SECRET == secret ]]
    exits 64 paysession get -q -c shop.json nonsense 2> told
    [[ $(< told) == *"reference: expected"* && $(< comments) != *paysession:* ]]
    judge <(python3 -c 'import json; print(json.dumps(json.load(open("shop.json"))))') \
        'list(answers[0]) == "'"$(providers | tr '\n' ' ')"'".split()'
    for provider in $(providers); do
        paysession config "$provider" > one.json 2> comments
        exits 64 paysession get -q -c one.json nonsense 2> told
        [[ $(< told) == *"reference: expected"* ]]
        [[ $(grep -c '^# In "' comments) == 1 && $(< comments) == *"# In \"$provider\", for "* ]]
    done
    unset KUSTOM_API_KEY
    run -64 --separate-stderr paysession get -q -c shop.json kustom:x
    [[ $stderr == *KUSTOM_API_KEY* ]]
    run -64 --separate-stderr paysession config stripe
    [[ -z $output && $stderr == "paysession: config: stripe: no such provider; 'paysession help' lists them" ]]
}

@test "config says which configuration is in use" {
    configure 600 ''
    PAYSESSION_CONFIG=$PWD/shop.json run -0 --separate-stderr paysession config kustom
    [[ ${stderr_lines[0]} == "# The configuration in use: $PWD/shop.json" ]]
    PAYSESSION_CONFIG= XDG_CONFIG_HOME=$PWD run -0 --separate-stderr paysession config kustom
    [[ ${stderr_lines[0]} == "# No configuration is in use: $PWD/paysession/config.json: expected a configuration file, there is none" ]]
    echo '{' > broken
    PAYSESSION_CONFIG=$PWD/broken run -0 --separate-stderr paysession config kustom
    [[ ${stderr_lines[0]} == "# No configuration is in use: $PWD/broken:"* ]]
    echo '{}' > none
    PAYSESSION_CONFIG=$PWD/none run -5 paysession doctor
    [[ $output == *"FAIL  providers                  none is configured; 'paysession config' prints a template"* ]]
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
