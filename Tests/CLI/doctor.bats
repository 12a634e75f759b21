# SPDX-License-Identifier: MIT
# doctor: against providers that are well, wrong, and gone.

load common
setup() { cd "$BATS_TEST_TMPDIR"; }

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
    [[ $output == *"FAIL  kustom reachable"* ]]
    echo '{}' > none
    run -5 paysession doctor -c none
    [[ $output == *"FAIL  providers                  none is configured"* ]]
    run -64 paysession doctor -c /nonexistent
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
