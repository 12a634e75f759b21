# SPDX-License-Identifier: MIT
# The sandbox from another language: bash with curl makes sessions and says what goes wrong, the tool reads them.

load common

setup() {
    use_sandbox
    cd "$BATS_TEST_TMPDIR"
    PAGE=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["page"])' "$SERVERS/sandbox/sandbox.json")
    SESSIONS=$PAGE/sandbox/sessions
}

# What the sandbox says to a request.
asked() { # JSON CURL-ARGUMENT...
    curl -sS --fail-with-body --noproxy '*' --json "$@"
}

# How many tokens Ledyer was asked for.
tokens() {
    curl -sS --noproxy '*' "$PAGE/sandbox/journal" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["counts"].get("ledyer token", 0))'
}

# Returns when the file has so many lines.
wait_for_lines() { # COUNT FILE
    local tries
    for ((tries = 0; tries < 400; tries++)); do
        (($(wc -l < "$2") >= $1)) && return
        sleep 0.05
    done
    return 1
}

# A value of the JSON on standard input, by its key.
key() { # KEY
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

@test "a session is made, fails twice, and is paid" {
    local session
    session=$(asked '{"provider": "kustom", "amount": 4200, "currency": "SEK", "reference": "A1", "status": "completed",
        "replies": ["503", "503"]}' "$SESSIONS" | key session)
    exits 0 paysession get -e amount=4200,currency=SEK,reference=A1 "$session" > answer
    judge answer 'answers[0]["session"]["paid"] == "yes" and answers[0]["exchange"]["attempts"] == 3'
    curl -sS --noproxy '*' "$PAGE/sandbox/journal?session=$session" > journal
    judge journal '[entry["status"] for entry in answers[0]["entries"]] == [503, 503, 200]'
    # The credential was sent, and is not shown.
    grep -q kco_test_sandbox "$PAYSESSION_CONFIG"
    judge journal 'all(entry["authorization"] == "Basic" for entry in answers[0]["entries"])'
    run ! grep -F kco_test_sandbox journal
}

@test "a session is moved, and a refusal is one sentence" {
    local session
    session=$(asked '{"provider": "inbank"}' "$SESSIONS" | key session)
    exits 1 paysession get -q "$session"
    asked '{"status": "declined"}' -X PATCH "$SESSIONS/$session"
    exits 2 paysession get -q "$session"
    run -22 asked '{"status": "paid"}' -X PATCH "$SESSIONS/$session"
    [[ $output == *'{"error":"status: inbank has pending, granted, completed, cancelled, declined, expired, not '* ]]
    curl -sS --noproxy '*' -X DELETE "$SESSIONS/$session"
    exits 4 paysession get -q "$session"
}

@test "a token that no longer counts is renewed once" {
    local session before
    session=$(asked '{"provider": "ledyer", "status": "authorized"}' "$SESSIONS" | key session)
    before=$(tokens)
    # One client reads twice: what comes through the pipe second is asked for when its token has expired.
    mkfifo references
    paysession batch references > answers &
    exec 5> references
    echo "$session" >&5
    wait_for_lines 1 answers
    (($(tokens) == before + 1))
    asked '{"provider": "ledyer", "action": "expire"}' "$PAGE/sandbox/tokens"
    echo "$session" >&5
    exec 5>&-
    wait $!
    judge answers '[answer["session"]["paid"] for answer in answers] == ["yes", "yes"]'
    (($(tokens) == before + 2))
}

@test "credentials are refused, and counted" {
    local session
    session=$(asked '{"provider": "ledyer", "status": "authorized"}' "$SESSIONS" | key session)
    asked '{"provider": "ledyer", "action": "refuse", "times": 1}' "$PAGE/sandbox/tokens"
    exits 5 paysession get "$session" > answer
    judge answer 'answers[0]["result"] == "unauthorized"'
    exits 0 paysession get -q "$session"
}

@test "a reference says what a session is to do" {
    local session=kustom:503-then-finalized-amount-4200-currency-SEK-ref-by-bash
    exits 0 paysession get -e amount=4200,currency=SEK,reference=by-bash "$session" > answer
    judge answer 'answers[0]["exchange"]["attempts"] == 2'
    exits 3 paysession get -q -e amount=4201 "$session"
    exits 1 paysession get -q kustom:created-then-finalized-ref-by-bash
    exits 0 paysession get -q kustom:created-then-finalized-ref-by-bash
}
