# SPDX-License-Identifier: MIT
# callback: what came to the shop, and what is read next.

load common
CASES=$ROOT/Tests/Callbacks
setup() {
    cd "$BATS_TEST_TMPDIR"
    printf '{"kustom": {"base_url": "http://localhost", "api_key": "k",
        "callback_secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
        "ledyer": {"base_url": "http://localhost", "token": "t"},
        "inbank": {"base_url": "http://localhost", "api_key": "k"}}' > config
    chmod 600 config
    export PAYSESSION_CONFIG=$PWD/config
}

callback() { # CASE OPTION...
    local case=$1
    shift
    paysession callback "${case%/*}" --request "$CASES/$case/request.json" --body "$CASES/$case/body" \
        --received-at 2025-06-15T15:06:41Z "$@"
}

@test "each case exits by its result, and prints its answer" {
    local case code
    while read -r case code; do
        run "-$code" --separate-stderr callback "$case"
        printf '%s\n' "$output" > out
        judge out "answers[0]['callback'] is None or answers[0]['session'] is None"
        judge out "answers[0]['result'] == json.load(open('$CASES/$case/answer.json'))['result']"
    done << 'END'
kustom/finalized 0
kustom/event-order-created 0
kustom/mac-last-letter 2
kustom/no-headers 2
kustom/malformed-html 4
kustom/request-too-long 64
kustom/request-empty 64
ledyer/order-create 1
ledyer/malformed-empty 4
inbank/empty 1
END
}

@test "the reference alone, for what reads it" {
    run -0 --separate-stderr callback kustom/finalized --reference
    [[ $output == kustom:0f8b6c1e-9a51-4c1c-8f5a-2b6f0c1d2e3f && -z $stderr ]]
    run -1 --separate-stderr callback ledyer/order-create --reference
    [[ $output == ledyer:or_2YH1 && $stderr == *"there is no signature to check"* ]]
    run -0 --separate-stderr callback kustom/event-order-created --reference
    [[ -z $output && -z $stderr ]]
    run -2 --separate-stderr callback kustom/mac-last-letter --reference
    [[ -z $output && $stderr == "paysession: kustom: the request's signature was made with none of the secrets"* ]]
    run -2 --separate-stderr callback kustom/mac-last-letter -q
    [[ -z $output && $stderr == *"none of the secrets"* ]]
}

@test "by the clock, and by what is said instead" {
    run -2 --separate-stderr paysession callback --request "$CASES/kustom/finalized/request.json" \
        --body "$CASES/kustom/finalized/body" kustom
    [[ $output == *'"reason":"too_old"'* ]]
    run -2 callback kustom/time-300-seconds-old --received-at 2025-06-15T15:11:41Z -q
    run -0 callback kustom/time-300-seconds-old --received-at 2025-06-15T15:11:41Z --tolerance 301 -q
    run -64 --separate-stderr callback kustom/finalized --tolerance 901
    [[ $stderr == "paysession: --tolerance 901: expected an integer from 1 to 900" ]]
    run -64 --separate-stderr callback kustom/finalized --received-at yesterday
    [[ $stderr == "paysession: --received-at yesterday: expected a point in time"* ]]
}

@test "standard input, and what is not there" {
    exits 0 paysession callback kustom --request - --body "$CASES/kustom/finalized/body" -q \
        --received-at 2025-06-15T15:06:41Z < "$CASES/kustom/finalized/request.json"
    exits 0 paysession callback kustom --body - --request "$CASES/kustom/finalized/request.json" -q \
        --received-at 2025-06-15T15:06:41Z < "$CASES/kustom/finalized/body"
    exits 64 paysession callback kustom --request - --body - < /dev/null
    exits 64 paysession callback kustom --request "$CASES/kustom/finalized/request.json"
    exits 64 paysession callback kustom --request none --body none
    exits 64 paysession callback --request "$CASES/kustom/finalized/request.json" --body /dev/null
    run -64 callback kustom/finalized --body again
    exits 5 paysession callback dintero --request "$CASES/dintero/published/request.json" --body /dev/null
    exits 64 paysession callback acme --request "$CASES/kustom/finalized/request.json" --body /dev/null
}

@test "explain says that it is no session" {
    callback kustom/finalized > out
    run -3 --separate-stderr paysession explain out
    [[ $output == *"no session was read, so nothing is known of payment"*"paid       unknown"* ]]
}

@test "a body goes byte for byte" {
    printf '{"type":"x\0\xff"}' > body
    exits 2 paysession callback kustom --request "$CASES/kustom/finalized/request.json" --body body -q
    run -4 callback kustom/malformed-nul-and-invalid-utf-8
}
