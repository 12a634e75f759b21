# SPDX-License-Identifier: MIT
# approve, refuse: what is sent, and how often; what is not.

load common

setup() {
    use_sandbox
    cd "$BATS_TEST_TMPDIR"
    SESSIONS=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["page"])' \
        "$SERVERS/sandbox/sandbox.json")/sandbox/sessions
    umask 077
    sed 's/"inbank": *{/&"approvals": true, /' "$PAYSESSION_CONFIG" > approvals.json
    WITHOUT=$PAYSESSION_CONFIG
    export PAYSESSION_CONFIG=$PWD/approvals.json
}

# A session of Inbank's that waits for the merchant.
made() { # MORE-JSON
    curl -sS --fail-with-body --noproxy '*' --json \
        "{\"provider\": \"inbank\", \"amount\": 30000, \"currency\": \"EUR\", \"status\": \"granted\"${1:-}}" "$SESSIONS" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["session"])'
}

# What was sent to change it, as the sandbox counts it.
sent() { # SESSION
    curl -sS --noproxy '*' "$SESSIONS/$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["actions"])'
}

ORDER=--expect=amount=30000,currency=EUR

@test "without --yes nothing is sent, and what would be is said" {
    local session
    session=$(made)
    run -64 --separate-stderr paysession approve "$session" $ORDER
    [[ -z $output && $stderr == "paysession: approve: nothing was sent; expected --yes, with which $session is read, "*" liable "* ]]
    run -64 --separate-stderr paysession refuse "$session"
    [[ -z $output && $stderr == "paysession: refuse: nothing was sent; expected --yes, with which $session is read, "*" cancelled, "* ]]
    exits 64 paysession refuse --yes -- "$session" --yes
    [[ $(sent "$session") == "{}" ]]
}

@test "what waits is approved, once" {
    local session
    session=$(made)
    exits 0 paysession approve "$session" --yes $ORDER > answer
    judge answer 'answers[0]["approval"] == {"wanted": "approved", "sent": True, "http_status": 204}'
    exits 0 paysession approve --yes --interval 100ms -t 5s $ORDER -- "$session" > again
    judge again 'answers[0]["approval"] == {"wanted": "approved", "sent": False, "http_status": None}'
    exits 0 paysession get -q "$session"
    exits 4 paysession refuse "$session" --yes > refused
    judge refused 'answers[0]["result"] == "not_waiting" and answers[0]["decision"] == "hold"'
    [[ $(sent "$session") == "{'merchant-approval': 1}" ]]
}

@test "what waits is refused, once" {
    local session
    session=$(made)
    run -2 paysession refuse "$session" --yes --format words
    [[ $output == *"request    sent, answered with HTTP 204"* ]]
    run -2 paysession refuse "$session" --yes --format words
    [[ $output == *"request    not sent"* ]]
    run -2 paysession refuse "$session" --yes -q
    [[ -z $output ]]
    exits 4 paysession approve "$session" --yes $ORDER > answer
    judge answer 'answers[0]["result"] == "not_waiting"'
    run -2 paysession get --format words "$session"
    run ! grep request <<< "$output"
    [[ $(sent "$session") == "{'cancel': 1}" ]]
}

@test "what differs from the order is held, and nothing is sent" {
    local session
    session=$(made)
    exits 3 paysession approve "$session" --yes --expect=amount=30001,currency=EUR > answer
    judge answer 'answers[0]["session"]["holds"] == ["amount_mismatch"] and not answers[0]["approval"]["sent"]'
    exits 3 paysession refuse "$session" --yes -e currency=SEK > answer
    [[ $(sent "$session") == "{}" ]]
}

@test "what is not checked, or not configured, is not approved" {
    local session order
    session=$(made)
    for order in "" --expect=amount=30000 --expect=currency=EUR; do
        run -64 --separate-stderr paysession approve "$session" --yes $order
        [[ -z $output || $stderr == *expect* ]]
    done
    exits 5 paysession approve "$session" --yes $ORDER -c "$WITHOUT" > answer
    judge answer 'answers[0]["result"] == "not_configured"'
    run -64 --separate-stderr paysession refuse kustom:finalized --yes
    [[ $stderr == *"kustom has no approval by the merchant"* ]]
    run -64 --separate-stderr paysession refuse "$session" --yes --interval 0
    [[ $stderr == *"--interval 0: expected"* ]]
    exits 64 paysession approve --yes $ORDER
    exits 64 paysession approve --yes $ORDER "$session" "$session"
    exits 64 paysession approve --yes $ORDER --config=other --help
    [[ $(sent "$session") == "{}" ]]
}

@test "whose fate is unknown is sent once, and says so" {
    local session
    session=$(made ', "action_replies": ["done-gone"]')
    run -0 paysession approve "$session" --yes $ORDER --format words
    [[ $output == *"request    sent, or may have been; no answer to it"* ]]
    [[ $(sent "$session") == "{'merchant-approval': 1}" ]]
    session=$(made ', "action_replies": ["503"]')
    exits 4 paysession approve "$session" --yes $ORDER -t 1s --interval 100 > answer
    judge answer 'answers[0]["result"] == "provider_error" and answers[0]["approval"]["sent"]'
    [[ $(sent "$session") == "{'merchant-approval': 1}" ]]
}

@test "they stand apart in the help" {
    paysession help | sed -n '/^What changes a session, only with --yes/,/^$/p' > apart
    [[ $(grep -oE '^  [a-z]+' apart | tr -d '\n') == "  approve  refuse" ]]
    (($(paysession help | grep -cE '^  (approve|refuse) ') == 2))
}
