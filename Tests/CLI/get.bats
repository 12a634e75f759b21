# SPDX-License-Identifier: MIT
# get, wait: what they print and what they exit with.

load common
setup() { use_sandbox; }

@test "each outcome has its exit status" {
    exits 0 paysession get -q kustom:finalized
    exits 0 paysession get -q "$INBANK/completed"
    exits 1 paysession get -q kustom:active
    exits 1 paysession get -q ledyer:pendingSca
    exits 2 paysession get -q kustom:failed
    exits 2 paysession get -q "$INBANK/declined"
    exits 3 paysession get -q ledyer:advance
    exits 3 paysession get -q "$DINTERO/processed"
    exits 3 paysession get -q "$DINTERO/unprocessed"
    exits 3 paysession get -q kustom:unheard-of
    exits 4 paysession get -q kustom:another
    exits 4 paysession get -q kustom:error-404
    exits 4 paysession get -q kustom:not-json
    exits 4 paysession get -q -t 300 kustom:slow
    exits 5 paysession get -q kustom:error-401
    exits 5 paysession get -q kustom:error-403
    exits 64 paysession get -q nobody:x
}

@test "of several the highest counts" {
    exits 0 paysession get -q kustom:finalized ledyer:authorized
    exits 1 paysession get -q kustom:finalized kustom:active
    exits 2 paysession get -q kustom:failed kustom:active kustom:finalized
    exits 4 paysession get -q kustom:finalized kustom:error-404 kustom:active
    exits 64 paysession get -q kustom:finalized nonsense
}

@test "zero never comes for what is not paid, whatever the reference looks like" {
    local ref
    for ref in "" " " - -- --help --hel --usage --version -h -V -q "-?" --format=json "--expect=amount=1" \
        -qqq help version "kustom:finalized " " kustom:finalized" kustom:finalized/x kustom: "kustom:..%2f" \
        '$(true)' "kustom:finalized kustom:finalized" $'kustom:finalized\n'; do
        run paysession get -q "$ref"
        [[ $status != 0 ]] || { echo "zero for '$ref'"; false; }
        run paysession get -q -- "$ref"
        [[ $status != 0 ]] || { echo "zero for '$ref' behind --"; false; }
        run paysession wait -q -t 200 "$ref"
        [[ $status != 0 ]] || { echo "zero for '$ref', wait"; false; }
    done
}

@test "if get; then ship; fi holds for every reference of the sandbox" {
    use_sandbox
    python3 - "$SERVERS/sandbox/references.json" > "$BATS_TEST_TMPDIR/wanted" << 'PYTHON'
import json, sys
for entry in json.load(open(sys.argv[1])):
    if entry["result"] not in ("timed_out",) and "/moving" not in entry["reference"]:
        print(entry["reference"], entry["paid"])
PYTHON
    local ref paid shipped=0
    while read -r ref paid; do
        if paysession get -q -t 5000 "$ref" 2> /dev/null; then
            [[ $paid == yes ]] || { echo "shipped $ref"; false; }
            shipped=$((shipped + 1))
        else
            [[ $paid != yes ]] || { echo "not shipped $ref"; false; }
        fi
    done < "$BATS_TEST_TMPDIR/wanted"
    ((shipped >= 4))
}

@test "without a usable configuration nothing is shipped" {
    PAYSESSION_CONFIG= exits 64 paysession get -q kustom:finalized
    PAYSESSION_CONFIG=/nonexistent exits 64 paysession get -q kustom:finalized
    echo '{' > "$BATS_TEST_TMPDIR/broken"
    exits 64 paysession get -q -c "$BATS_TEST_TMPDIR/broken" kustom:finalized
    echo '{"kustom": {"base_url": "http://127.0.0.1:1", "api_key": "k"}}' > "$BATS_TEST_TMPDIR/dead"
    exits 4 paysession get -q -t 500 -c "$BATS_TEST_TMPDIR/dead" kustom:finalized
    exits 5 paysession get -q -c "$BATS_TEST_TMPDIR/dead" ledyer:authorized
    : > "$BATS_TEST_TMPDIR/empty"
    exits 64 paysession get -q -c "$BATS_TEST_TMPDIR/empty" kustom:finalized
}

@test "one byte order mark before a configuration is no part of it" {
    { printf '\xef\xbb\xbf'; cat "$PAYSESSION_CONFIG"; } > "$BATS_TEST_TMPDIR/marked"
    exits 0 paysession get -q -c "$BATS_TEST_TMPDIR/marked" kustom:finalized
    { printf '\xef\xbb\xbf'; cat "$BATS_TEST_TMPDIR/marked"; } > "$BATS_TEST_TMPDIR/twice"
    exits 64 paysession get -q -c "$BATS_TEST_TMPDIR/twice" kustom:finalized
}

@test "a configuration with a NUL in it is not read up to there" {
    { cat "$PAYSESSION_CONFIG"; printf '\0{"proxy": "http://127.0.0.1:1"}'; } > "$BATS_TEST_TMPDIR/nul"
    run -64 --separate-stderr paysession get -c "$BATS_TEST_TMPDIR/nul" kustom:finalized
    [[ -z $output && $stderr == *"nul: expected text, there is a NUL byte in it"* ]]
    { cat "$PAYSESSION_CONFIG"; printf '\0'; } > "$BATS_TEST_TMPDIR/nul"
    PAYSESSION_CONFIG=$BATS_TEST_TMPDIR/nul exits 64 paysession batch -q /dev/null
    PAYSESSION_CONFIG=$BATS_TEST_TMPDIR/nul exits 64 paysession doctor
}

@test "the configuration is found where the manual says" {
    local home=$BATS_TEST_TMPDIR/home
    mkdir -p "$home/xdg/paysession" "$home/.config/paysession"
    cp "$PAYSESSION_CONFIG" "$home/xdg/paysession/config.json"
    PAYSESSION_CONFIG= XDG_CONFIG_HOME=$home/xdg exits 0 paysession get -q kustom:finalized
    PAYSESSION_CONFIG= XDG_CONFIG_HOME=relative HOME=$home exits 64 paysession get -q kustom:finalized
    cp "$PAYSESSION_CONFIG" "$home/.config/paysession/config.json"
    PAYSESSION_CONFIG= XDG_CONFIG_HOME= HOME=$home exits 0 paysession get -q kustom:finalized
    # The nearer one counts.
    PAYSESSION_CONFIG=/nonexistent exits 0 paysession get -q -c "$home/xdg/paysession/config.json" kustom:finalized
    PAYSESSION_CONFIG= XDG_CONFIG_HOME=$home/none HOME=$home run paysession get -q kustom:finalized
    [[ $output == "paysession: $home/none/paysession/config.json: expected a configuration file, there is none;"*"'paysession config' prints a template" ]]
    PAYSESSION_CONFIG=/nonexistent run paysession get -q kustom:finalized
    [[ $output == "paysession: /nonexistent: expected a configuration file, there is none; 'paysession config' prints a template" ]]
    PAYSESSION_CONFIG= XDG_CONFIG_HOME= HOME= run paysession get -q kustom:finalized
    [[ $output == *"'paysession config' prints a template" ]]
}

@test "output that cannot be written is no success" {
    exits 74 paysession get kustom:finalized > /dev/full
    exits 74 paysession get -f status kustom:finalized > /dev/full
    exits 74 paysession get kustom:finalized >&-
    # Nothing is printed, nothing can fail; and no connection became stdout.
    exits 0 paysession get -q kustom:finalized >&-
    exits 0 paysession get -q kustom:finalized <&- >&- 2>&-
    exits 74 paysession --version > /dev/full
}

@test "no connection takes the place of a descriptor that was closed" {
    paysession get -q kustom:slow <&- >&- 2>&- 3>&- &
    local pid=$! fd tries
    for ((tries = 0; tries < 200; tries++)); do
        # It has a connection.
        [[ $(readlink "/proc/$pid/fd/"*) == *socket:* ]] && break
        sleep 0.05
    done
    for fd in 0 1 2; do [[ $(readlink "/proc/$pid/fd/$fd") == /dev/null ]]; done
    kill "$pid"
    wait "$pid" || true
}

@test "killed in the middle is not zero" {
    local signal status
    for signal in TERM INT KILL; do
        status=0
        timeout -s "$signal" 0.3 env -u PAYSESSION_X bash -c 'exec paysession get -q kustom:slow' || status=$?
        [[ $status != 0 ]]
    done
}

@test "json is the library's answer on one line, byte for byte but for line ends" {
    paysession get "$INBANK/completed" kustom:finalized > "$BATS_TEST_TMPDIR/out"
    [[ $(wc -l < "$BATS_TEST_TMPDIR/out") == 2 ]]
    judge "$BATS_TEST_TMPDIR/out" '[list(a) for a in answers] == [["result", "provider", "reference", "decision",
        "session", "error", "exchange", "raw"]] * 2'
    judge "$BATS_TEST_TMPDIR/out" 'answers[0]["raw"]["status"] == "completed" and answers[1]["session"]["paid"] == "yes"'
}

@test "status and table" {
    run -2 paysession get -f status kustom:failed kustom:finalized
    [[ ${lines[0]} == $'kustom:failed\tfailed\tno' && ${lines[1]} == $'kustom:finalized\tcompleted\tyes' ]]
    run -4 --separate-stderr paysession get --format=table kustom:finalized ledyer:advance kustom:error-404
    [[ ${lines[0]} =~ ^REFERENCE\ +STATUS\ +PAID\ +AMOUNT\ +NOTE$ ]]
    [[ ${lines[1]} =~ ^kustom:finalized\ +completed\ +yes\ +[0-9.]+\ SEK$ ]]
    [[ ${lines[2]} =~ ^ledyer:advance\ +completed\ +unknown\ +[0-9.]+\ SEK\ +advance_invoice$ ]]
    [[ ${lines[3]} =~ ^kustom:error-404\ +not_found\ +unknown\ +-\ +the\ session\ endpoint ]]
    run -64 paysession get -f yaml kustom:finalized
    [[ $output == "paysession: --format yaml: expected json, table, status or words" ]]
}

@test "what is expected is held to" {
    local amount currency
    read -r amount currency < <(paysession get kustom:finalized | python3 -c '
import json, sys
amount = json.load(sys.stdin)["session"]["amount"]
print(amount["minor"], amount["currency"])')
    exits 0 paysession get -q -e "amount=$amount,currency=$currency" kustom:finalized
    exits 0 paysession get -q -e "currency=${currency,,}" kustom:finalized
    exits 3 paysession get -q -e "amount=$((amount + 1))" kustom:finalized
    exits 3 paysession get -q -e currency=EUR kustom:finalized
    exits 3 paysession get -q -e currency=eur kustom:finalized
    exits 3 paysession get -q -e "amount=$amount,reference=a,b=c" kustom:finalized
    local bad
    for bad in amount= amount=1.0 amount=1e3 amount=+1 amount=-1 amount=99999999999999999999 amount currency= \
        currency=eu currency=xxx x=1 amount=1,amount=1 'amount=1,' ,amount=1 "" reference= $'reference=\xff'; do
        exits 64 paysession get -q -e "$bad" kustom:finalized
    done
}

@test "wait ends when the session is final, and not later than the timeout" {
    exits 0 paysession wait -q kustom:finalized
    local start=$EPOCHREALTIME end
    exits 1 paysession wait -q -t 700 --interval-ms 100 kustom:active
    end=$EPOCHREALTIME
    ((${end/./} - ${start/./} < 3000000))
    exits 64 paysession wait -q kustom:active kustom:active
    exits 64 paysession wait -q -t 0 kustom:active
}

@test "complaints name what is wrong, on stderr" {
    run -64 --separate-stderr paysession get --bogus kustom:x
    [[ $stderr == *"unrecognized option '--bogus'"* && -z $output ]]
    run -64 --separate-stderr paysession get $'--\e[31mred' kustom:x
    [[ $stderr == *"unrecognized option '--\\x1b[31mred'"* && $stderr != *$'\e'* ]]
    run -64 --separate-stderr paysession get $'-\e' kustom:x
    [[ $stderr == *"invalid option -- '\\x1b'"* && $stderr != *$'\e'* ]]
    run -64 --separate-stderr paysession get $'--quiet=\e' kustom:x
    [[ $stderr == *"option '--quiet' doesn't allow an argument"* && $stderr != *$'\e'* ]]
    run -64 --separate-stderr paysession batch $'--re=\e' kustom:x
    [[ $stderr == *"option '--re' is ambiguous; possibilities: '--requests-per-second' '--resume'"* ]]
    run -64 --separate-stderr paysession get --config
    [[ $stderr == *"option '--config' requires an argument"* ]]
    run -64 --separate-stderr paysession get -qc
    [[ $stderr == *"option requires an argument -- 'c'"* ]]
    # Neither what turns the direction of writing, nor half a character.
    run -64 --separate-stderr paysession get -q $'kustom:\u202e\u2066\u061c\xe2\x80'
    [[ $stderr == *'kustom:\u202e\u2066\u061c\xe2\x80'* ]]
    run -64 --separate-stderr paysession nonsense
    [[ $stderr == *"nonsense: no such command"* ]]
    run -64 --separate-stderr paysession get
    [[ $stderr == *"get: expected REF..."* ]]
    run -64 --separate-stderr paysession get -t soon kustom:x
    [[ $stderr == "paysession: --timeout soon: expected a time such as 15s, 500ms or 2m; a plain number is in milliseconds" ]]
    run -64 --separate-stderr paysession get -q $'kustom:\e[31m'
    [[ $stderr != *$'\e'* ]]
    run -64 paysession
}

@test "a mistake is told on stderr, with what it is about, whoever finds it" {
    # The library: of several references only the one that is none.
    run -64 --separate-stderr paysession get kustom:finalized kustom ledyer:authorized
    [[ ${#lines[@]} == 3 && $stderr == "paysession: kustom: reference: expected PROVIDER:..., there is no colon" ]]
    run -64 --separate-stderr paysession get -f table kustom:finalized kustom: "kustom:a b"$'\t'
    [[ ${#stderr_lines[@]} == 2 && ${stderr_lines[0]} == "paysession: kustom:: session_id: expected an identifier, it is empty" ]]
    [[ ${stderr_lines[1]} == 'paysession: kustom:a b\x09: '* ]]
    # An option once, however many references it is said for, in the user's words and not as the key that it became.
    run -64 --separate-stderr paysession get -t 0 kustom:a kustom:b
    [[ ${#lines[@]} == 2 && $stderr == "paysession: --timeout 0: expected an integer from 1 to 600000 milliseconds" ]]
    run -64 --separate-stderr paysession get -q --timeout=11m kustom:a kustom:b
    [[ $stderr == "paysession: --timeout 11m: expected an integer from 1 to 600000 milliseconds" ]]
    run -64 --separate-stderr paysession wait --interval 0s kustom:a
    [[ $stderr == "paysession: --interval 0s: expected an integer from 1 to 60000 milliseconds" ]]
    run -64 --separate-stderr paysession get -e amount=1,currency=eu kustom:a kustom:b
    [[ $stderr == 'paysession: --expect amount=1,currency=eu: currency: expected a currency code of ISO 4217, such as "EUR"' ]]
    # The tool.
    run -64 --separate-stderr paysession get -e amount=20.00 kustom:a
    [[ -z $output && $stderr == "paysession: --expect amount=20.00: amount: expected an integer in minor units, such as 30000" ]]
    run -64 --separate-stderr paysession normalize stripe <<< '{}'
    [[ $stderr == "paysession: stripe: provider: expected one of "*kustom* ]]
    run -64 --separate-stderr paysession normalize --id "" kustom <<< '{}'
    [[ $stderr == "paysession: --id : expected an identifier of 1 to 128 bytes" ]]
    run -64 --separate-stderr paysession wait kustom:a kustom:b
    [[ -z $output && $stderr == "paysession: wait: expected REF, got 2 arguments; 'paysession help wait' says more" ]]
    # What is no mistake of the user's is the answer's to say.
    run -4 --separate-stderr paysession get kustom:error-404
    [[ -n $output && -z $stderr ]]
}

@test "times have units" {
    local start end time
    for time in 700ms 700 1s; do
        start=$EPOCHREALTIME
        exits 1 paysession wait -q -t $time --interval 100ms kustom:active
        end=$EPOCHREALTIME
        # Cut off too early, nothing would have been read.
        ((${end/./} - ${start/./} < 10000000))
    done
    for time in 2m 1min 15s 500ms 9000; do exits 0 paysession get -q --timeout $time kustom:finalized; done
    exits 0 paysession get -q --timeout-ms=9000 kustom:finalized
    exits 1 paysession wait -q --timeout-ms 300 --interval-ms 100 kustom:active
    for time in "" s 1h 1.5s -1 "1 s" 1S 99999999999999999999 9223372036854775807s; do
        run -64 --separate-stderr paysession get --timeout "$time" kustom:finalized
        [[ -z $output && $stderr == "paysession: --timeout $time: expected a time such as 15s, 500ms or 2m; "* ]]
    done
}

@test "help is there for who asks, and exits with zero where no order is judged" {
    local word
    for word in --help -h help; do
        run -0 paysession "$word"
        [[ ${lines[0]} == "Usage: paysession COMMAND "* ]]
    done
    for word in --version -V; do
        run -0 paysession "$word"
        [[ $output == "paysession 0.1.0" ]]
    done
    for word in get wait batch normalize explain callback approve refuse doctor config help; do
        run -0 paysession help "$word"
        [[ ${lines[0]} == "Usage: paysession $word [OPTION...]"* ]]
    done
    for word in batch doctor config help; do
        run -0 paysession "$word" --help
        run -0 paysession "$word" -h
    done
    # Where zero means paid it says why it is not.
    for word in get wait normalize explain; do
        run -64 paysession "$word" --help
        [[ ${lines[-2]} == "'paysession $word --help' exits with 64, since 0 would mean paid;" ]]
        [[ ${lines[-1]} == "'paysession help $word' exits with 0." ]]
    done
    run -64 --separate-stderr paysession help nonsense
    [[ -z $output && $stderr == "paysession: nonsense: no such command; 'paysession help' lists them" ]]
}

@test "did you mean" {
    local word
    for word in gte GET gett gt et; do
        run -64 --separate-stderr paysession $word kustom:finalized
        [[ -z $output && $stderr == "paysession: $word: no such command; did you mean 'get'?" ]]
    done
    run -64 --separate-stderr paysession help normalise
    [[ $stderr == *"did you mean 'normalize'?" ]]
    run -64 --separate-stderr paysession get --timeuot=1s kustom:x
    [[ $stderr == "paysession: get: unrecognized option '--timeuot'; did you mean '--timeout'?" ]]
    run -64 --separate-stderr paysession get --jsn kustom:x
    [[ $stderr == "paysession: get: unrecognized option '--jsn'; did you mean '--format=json'?" ]]
    run -64 --separate-stderr paysession doctor --acount P12345678
    [[ $stderr == *"did you mean '--account'?" ]]
    run -64 --separate-stderr paysession config kustum
    [[ -z $output && $stderr == "paysession: config: kustum: no such provider; did you mean 'kustom'?" ]]
    # Nothing is guessed from afar.
    for word in x ship zzzzzzzz "$(printf 'g%.0s' {1..99})"; do
        run -64 --separate-stderr paysession "$word"
        [[ $stderr != *"did you mean"* ]]
        run -64 --separate-stderr paysession get "--$word" kustom:x
        [[ $stderr != *"did you mean"* ]]
    done
}

@test "verbose tells each try on stderr" {
    run -4 --separate-stderr paysession get -v -f status kustom:error-503
    [[ $output == $'kustom:error-503\tprovider_error\tunknown' && ${#stderr_lines[@]} == 3 ]]
    [[ ${stderr_lines[0]} =~ ^paysession:\ kustom:error-503:\ try\ 1,\ session\ request:\ provider_error,\ HTTP\ 503,\ [0-9]+\ ms,\ then\ a\ pause\ of\ [0-9]+\ ms$ ]]
    [[ ${stderr_lines[2]} =~ ^paysession:\ kustom:error-503:\ try\ 3,\ session\ request:\ provider_error,\ HTTP\ 503,\ [0-9]+\ ms$ ]]
    run -0 --separate-stderr paysession get -q --verbose kustom:finalized
    [[ $stderr =~ ^paysession:\ kustom:finalized:\ try\ 1,\ session\ request:\ ok,\ HTTP\ 200,\ [0-9]+\ ms$ ]]
    echo '{"proxy": "", "attempts": 1, "kustom": {"base_url": "http://127.0.0.1:1", "api_key": "k"}}' > "$BATS_TEST_TMPDIR/dead"
    run -4 --separate-stderr paysession get -v -c "$BATS_TEST_TMPDIR/dead" kustom:finalized
    [[ $stderr =~ ^paysession:\ kustom:finalized:\ try\ 1,\ session\ request:\ unreachable,\ [0-9]+\ ms$ ]]
}

@test "what is wrong in a configuration is told with file, line and column" {
    local broken=$BATS_TEST_TMPDIR/broken.json
    printf '{\n  "kustom": {"environment": "playground",\n    "api_key": "kco_test_x",}\n}\n' > "$broken"
    run -64 --separate-stderr paysession get -c "$broken" kustom:x
    [[ -z $output && $stderr == "paysession: $broken:3:29: "* ]]
    printf '{\n  "timeout_ms": 5000,\n  "kustom": {"environment": "nowhere", "api_key": "k"}\n}\n' > "$broken"
    PAYSESSION_CONFIG=$broken run -64 --separate-stderr paysession doctor
    [[ -z $output && $stderr == "paysession: $broken:3:14: kustom.environment: expected "* ]]
    # What is read only once has no name of its own, or its descriptor's.
    run -64 --separate-stderr paysession get -c - kustom:x < "$broken"
    [[ $stderr == "paysession: standard input: kustom.environment: expected "* ]]
    exits 0 paysession get -q -c - kustom:finalized < "$PAYSESSION_CONFIG"
    exits 0 paysession get -q -c <(cat "$PAYSESSION_CONFIG") kustom:finalized
    # Others could have credentials sent to an address of theirs.
    cp "$PAYSESSION_CONFIG" "$broken"
    chmod 666 "$broken"
    run -64 --separate-stderr paysession get -c "$broken" kustom:finalized
    [[ -z $output && $stderr == "paysession: $broken: expected a file that only its owner may write"* ]]
}

@test "no secret in anything that is printed" {
    local key
    key=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["kustom"]["api_key"])' "$PAYSESSION_CONFIG")
    [[ ${#key} -ge 8 ]]
    { paysession get kustom:finalized kustom:error-401 kustom:error-403; paysession doctor; paysession explain kustom:error-401; } \
        > "$BATS_TEST_TMPDIR/all" 2>&1 || true
    [[ -s $BATS_TEST_TMPDIR/all ]]
    run ! grep -F -- "$key" "$BATS_TEST_TMPDIR/all"
}
