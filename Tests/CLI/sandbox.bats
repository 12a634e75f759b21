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

@test "the proof of payment is read where it is asked for" {
    local session over dintero transaction
    session=$(asked '{"provider": "kustom", "status": "finalized"}' "$SESSIONS" | key session)
    over=$(asked '{"provider": "kustom", "status": "finalized", "proof": {"status": "CANCELLED"}}' "$SESSIONS" | key session)
    exits 0 paysession get --proof "$session" > answer
    judge answer 'answers[0]["proof"]["state"] == "secured"'
    exits 0 paysession get -q "$over"
    exits 3 paysession get --proof "$over" > answer
    judge answer 'answers[0]["proof"]["state"] == "ended" and "proof_ended" in answers[0]["session"]["holds"]'
    exits 3 paysession get --format=words --proof "$over" > words
    grep -q 'by the proof of payment it was cancelled' words
    grep -Eq '^proof +order .*: status is "CANCELLED", ended: ' words
    printf '%s\n' "$session" "$over" > list
    exits 0 paysession batch --proof --ordered list > answers
    judge answers '[answer["proof"]["state"] for answer in answers] == ["secured", "ended"]'
    # Dintero's is the one that the callback names.
    dintero=$(asked '{"provider": "dintero", "status": "processed"}' "$SESSIONS" | key session)
    transaction=$(curl -sS --noproxy '*' "$SESSIONS/$dintero" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["proof"]["path"].rpartition("/")[2])')
    exits 3 paysession get -q --proof "$dintero"
    exits 0 paysession get -q --transaction "$transaction" "$dintero"
    exits 0 paysession wait -q --transaction="$transaction" "$dintero"
    exits 4 paysession get -q --transaction T99999999.x "$dintero"
    exits 64 paysession get -q --transaction "$transaction" "$session" 2> told
    grep -qF -- "--transaction $transaction: only Dintero's transaction is named" told
    grep -qF -- 'expected --proof' told
    exits 64 paysession get -q --proof --transaction "$transaction" "$session" 2> told
    grep -qF -- 'expected --proof' told
    exits 64 paysession get -q --transaction "$transaction" --transaction T12345678.y "$dintero" 2> told
    grep -qF -- '--transaction: said more than once' told
    exits 64 paysession get -q --transaction '' "$dintero" 2> told
    grep -qF -- '--transaction : expected an identifier' told
}

@test "words and the table say what became of the money" {
    local session over answer
    session=$(asked '{"provider": "kustom", "status": "finalized"}' "$SESSIONS" | key session)
    over=$(asked '{"provider": "kustom", "status": "finalized", "proof": {"status": "CANCELLED"}}' "$SESSIONS" | key session)
    exits 0 paysession get --proof "$session" > answer
    exits 0 paysession get -f words --proof "$session" > words
    exits 3 paysession explain answer > explained
    for answer in words explained; do
        grep -qE '^proof +order [0-9a-f-]+: status is "AUTHORIZED", secured: reserved or confirmed$' "$answer"
    done
    exits 0 paysession get -f words "$session" > words
    run ! grep -q '^proof' words
    exits 3 paysession get -f table --proof "$session" "$over" > table
    grep -qE ' yes .* proof secured$' table
    grep -qE ' unknown .*proof_ended' table
    # A session whose state is its proof's, and texts in the document that look like what stands behind it.
    echo '{"id": "s", "processed_at": "2026-01-02T03:05:00Z", "amount": 1, "created_at": "2026-01-02T03:04:05Z", "x": ["]}\", {\\", ",\"proof\":null"]}' > session
    echo '{"id": "T1.x", "status": "CAPTURED", "amount": 1, "currency": "NOK", "merchant_reference": "A", "x": 1e999}' > transaction
    exits 0 paysession normalize -f words --proof-document transaction -e reference=A dintero session > words
    grep -qE '^rule +dintero.* no status field: its proof.s "CAPTURED" means completed$' words
    grep -qE '^proof +transaction T1.x: status is "CAPTURED", captured: collected or financed$' words
}

@test "a document is judged with its proof, and what is no object is refused" {
    echo '{"session_id": "1", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "EUR", "order_id": "o"}' > session
    echo '{"order_id": "o", "status": "CAPTURED", "order_amount": 1, "purchase_currency": "EUR", "x": 1.10}' > order
    exits 0 paysession normalize --proof-document order kustom session > answer
    grep -qF '"raw":{"order_id": "o", "status": "CAPTURED", "order_amount": 1, "purchase_currency": "EUR", "x": 1.10}}}' answer
    exits 0 paysession normalize -q --proof-document order -e amount=1 kustom session
    local text
    # A number that fits no type, half of a surrogate pair, a byte order mark: the library's to judge.
    printf '\xef\xbb\xbf{"order_id": "o", "status": "CAPTURED", "order_amount": 1, "purchase_currency": "EUR", "x": %s}\n' \
        '[1e999, "\ud83d"]' > odd
    exits 0 paysession normalize -q --proof-document odd kustom session
    # What closes the object and goes on would be options of the call.
    for text in '[]' '{' '{} {}' '{}, "x": {}' '{}},"expect":{"amount":1' '{"x": 1e999}}, "expect": {"amount": 1' '"{}"' ''; do
        echo "$text" > other
        exits 64 paysession normalize --proof-document other kustom session 2> told
        grep -q 'expected a JSON object' told
    done
}

@test "nothing is approved without --yes, and what is has been sent once" {
    local session other
    python3 - "$PAYSESSION_CONFIG" > approving.json <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
config["inbank"]["approvals"] = True
print(json.dumps(config))
PYTHON
    chmod 600 approving.json
    session=$(asked '{"provider": "inbank", "status": "granted", "amount": 30000, "currency": "EUR"}' "$SESSIONS" | key session)
    other=$(asked '{"provider": "inbank", "status": "granted", "amount": 30000, "currency": "EUR"}' "$SESSIONS" | key session)
    exits 64 paysession approve -c approving.json -e amount=30000,currency=EUR "$session" 2> told
    grep -q 'approve: nothing was sent; expected --yes' told
    exits 64 paysession approve -c approving.json --yes "$session" 2> told
    grep -q expect told
    exits 5 paysession approve --yes -e amount=30000,currency=EUR "$session"
    exits 1 paysession get -q "$session"
    exits 3 paysession approve -c approving.json --yes -e amount=1,currency=EUR "$session" > answer
    judge answer 'answers[0]["approval"] == {"wanted": "approved", "sent": False, "http_status": None}'
    exits 0 paysession approve -c approving.json --yes -e amount=30000,currency=EUR "$session" > answer
    judge answer 'answers[0]["approval"] == {"wanted": "approved", "sent": True, "http_status": 204}'
    exits 0 paysession approve -c approving.json --yes -q -e amount=30000,currency=EUR "$session"
    exits 2 paysession refuse -c approving.json --yes -q "$other"
    exits 4 paysession refuse -c approving.json --yes "$session" > answer
    judge answer 'answers[0]["result"] == "not_waiting"'
}
