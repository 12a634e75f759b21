# SPDX-License-Identifier: MIT
# normalize and explain: documents and answers without a request.

load common
setup() { cd "$BATS_TEST_TMPDIR"; }

document() { # STATUS
    printf '{"session_id": "s1",\n "status": "%s", "order_amount": 2000,\n "purchase_currency": "SEK"}\n' "$1"
}

@test "normalize judges a document" {
    exits 0 paysession normalize -q kustom <<< "$(document FINALIZED)"
    exits 1 paysession normalize -q kustom <<< "$(document ACTIVE)"
    exits 2 paysession normalize -q kustom <<< "$(document EXPIRED)"
    exits 3 paysession normalize -q kustom <<< "$(document finalized)"
    exits 3 paysession normalize -q --expect amount=1 kustom <<< "$(document FINALIZED)"
    exits 0 paysession normalize -q --id s1 kustom <<< "$(document FINALIZED)"
    exits 4 paysession normalize -q --id s2 kustom <<< "$(document FINALIZED)"
    exits 4 paysession normalize -q kustom <<< '{'
    exits 64 paysession normalize -q stripe <<< '{}'
    exits 64 paysession normalize -q kustom /nonexistent
    document FINALIZED > file
    exits 0 paysession normalize kustom file > out
    [[ $(wc -l < out) == 1 ]]
    judge out 'answers[0]["session"]["amount"] == {"minor": 2000, "currency": "SEK", "decimal": "20.00"}'
    judge out 'answers[0]["raw"]["status"] == "FINALIZED"'
    printf '{"id": "d", "amount": 5, "processed_at": "2024-01-15T10:30:00Z"}' > dintero
    exits 3 paysession normalize -q dintero dintero
    exits 0 paysession normalize -q --trust-processed-at dintero dintero
}

@test "what is expected adds up, and is said once" {
    document FINALIZED > file
    exits 0 paysession normalize -q --expect amount=2000 --expect currency=SEK kustom file
    exits 3 paysession normalize -q --expect amount=1 --expect currency=SEK kustom file
    exits 3 paysession normalize -q --ex amount=1 -e currency=SEK --expect reference=X kustom file
    exits 3 paysession explain --provider kustom --expect amount=1 --expect currency=SEK file
    local twice
    for twice in "--expect amount=2000 --expect amount=2000" "--ex amount=1 --exp amount=2000" \
        "--expect currency=SEK,amount=2000 -e currency=SEK" "--expect reference=a -e reference=a"; do
        # shellcheck disable=SC2086
        run -64 --separate-stderr paysession normalize $twice kustom file
        [[ -z $output && $stderr == *"said more than once"* ]] || { echo "$twice: $stderr"; false; }
    done
}

@test "of what names a thing there is one, of a setting the last counts" {
    document FINALIZED > file
    run -64 --separate-stderr paysession normalize --id s1 --id s1 kustom file
    [[ -z $output && $stderr == *"--id: said more than once"* ]]
    run -64 --separate-stderr paysession explain --provider kustom --prov kustom file
    [[ -z $output && $stderr == *"--provider: said more than once"* ]]
    run -64 --separate-stderr paysession get -c file --config file kustom:x
    [[ -z $output && $stderr == *"--config: said more than once"* ]]
    run -64 --separate-stderr paysession batch --resume out --resume out /dev/null
    [[ -z $output && $stderr == *"--resume: said more than once"* && ! -e out ]]
    run -64 --separate-stderr paysession doctor --account T12345678 --account T12345678
    [[ -z $output && $stderr == *"--account: said more than once"* ]]
    run -0 paysession normalize -f json -qf status --format table kustom file
    [[ -z $output ]]
    run -0 paysession normalize -f json -f status kustom file
    [[ $output == $'kustom\tcompleted\tyes' ]]
}

@test "options stand before the first argument" {
    document FINALIZED > file
    document FINALIZED > -q
    local words
    for words in "normalize --expect amount=1 kustom --expect=amount=2000" "normalize kustom -q" "normalize kustom file -q" \
        "normalize kustom --id s1" "normalize kustom -- file" "explain file --provider=kustom" "explain file -h" \
        "get -q kustom:x --expect=amount=1" "get -q -c file kustom:x --config=other" "get -q -c -- kustom:x -q" \
        "wait kustom:x -t1" "batch file --ordered" "batch - -q" "doctor x -c file" "doctor x -- y"; do
        # shellcheck disable=SC2086
        run -64 --separate-stderr paysession $words < file
        [[ -z $output && ${words#doctor x -} != "$words" ]] \
            || [[ -z $output && $stderr == *"stands behind an argument: options come first, and -- in front of the first"* ]] \
            || { echo "$words: $output $stderr"; false; }
    done
    # Behind -- nothing is an option, and - alone never is.
    exits 0 paysession normalize -- kustom -q
    exits 0 paysession normalize --id s1 -- kustom < file
    exits 0 paysession normalize kustom - < file
    POSIXLY_CORRECT=1 exits 64 paysession normalize kustom file -q
}

@test "one byte order mark before a document is no part of it" {
    { printf '\xef\xbb\xbf'; document FINALIZED; } > file
    exits 0 paysession normalize kustom file > out
    judge out 'answers[0]["raw"]["status"] == "FINALIZED"'
    exits 0 paysession explain --provider kustom file
    { printf '\xef\xbb\xbf'; cat file; } > twice
    exits 4 paysession normalize -q kustom twice
}

@test "a document with a NUL is no JSON, however good its beginning" {
    { document FINALIZED; printf '\0'; } > file
    exits 4 paysession normalize -q kustom file
    exits 4 paysession explain --provider kustom file
    printf '\0' > only
    exits 4 paysession normalize -q kustom only
}

@test "numbers that fit no type do not keep the rest from being told" {
    printf '{"session_id": "s1", "status": "FINALIZED", "order_amount": 2000, "purchase_currency": "SEK", "n": 1e999, "m": %0200d}' 1 \
        | sed 's/"m": 0*/"m": 9999999999999999999999999999999/' > file
    run -0 paysession normalize -f table kustom file
    [[ ${lines[1]} == *"20.00 SEK"* ]]
    run -0 paysession explain --provider kustom file
    [[ $output == *"20.00 SEK"* ]]
}

@test "explain says field, rule, result and hold" {
    document FINALIZED > file
    run -0 paysession explain --provider kustom file
    [[ $output == *'field      status is "FINALIZED", as the provider reports it'* ]]
    [[ $output == *"rule       kustom's \"FINALIZED\" means completed"* ]]
    [[ $output == *"result     completed: the session reached its good end; final"* ]]
    [[ $output == *"so         the goods can be shipped"* ]]
    run -3 paysession explain --provider kustom --expect amount=1,currency=EUR file
    [[ $output == *"held       amount_mismatch: the amount differs"* && $output == *"held       currency_mismatch"* ]]
    [[ $output == *"so         hold the order and look"* ]]
    run -3 paysession explain --provider kustom <(document "done")
    [[ $output == *"nothing is guessed"* ]]
    run -2 paysession explain --provider kustom <(document EXPIRED)
    [[ $output == *"so         do not ship"* ]]
    run -1 paysession explain --provider kustom <(document CREATED)
    [[ $output == *"do not ship yet"* ]]
    run -3 paysession explain --provider dintero <(printf '{"id": "d", "amount": 5}')
    [[ $output == *"held       no_payment_state: Dintero"* ]]
}

@test "explain reads what get printed, and vouches for none of it" {
    use_sandbox
    paysession get kustom:finalized > answer
    run -3 paysession explain answer
    [[ ${lines[0]} == "reference  kustom:finalized" && ${lines[-2]} == "paid       yes" ]]
    [[ ${lines[-1]} == "so         this file is explained, not vouched for" && $output != *shipped* ]]
    # Also written over several lines.
    python3 -m json.tool answer indented
    diff <(paysession explain indented) <(paysession explain answer)
    run -0 paysession explain kustom:finalized
    run -4 paysession explain kustom:error-404
    [[ $output == *"result     not_found"* && $output == *"do not take it for an unpaid order"* ]]
    run -64 paysession explain <(echo '{}')
    run -64 paysession explain <(echo 'x')
    run -64 paysession explain /nonexistent
    { cat answer; printf '\0'; } > nul
    run -64 paysession explain nul
    [[ $output == *"nul: expected text, there is a NUL byte in it"* ]]
    # What comes from outside cannot speak to the terminal.
    printf '{"session_id": "\\u001b[2J", "status": "\\u009b31m"}' > hostile
    run -3 paysession explain --provider kustom hostile
    [[ $output == *'\x1b[2J'* && $output != *$'\e'* && $output != *$'\xc2\x9b'* ]]
}

@test "explain says a word for each line of a file, and what is no answer" {
    use_sandbox
    printf 'kustom:finalized\nkustom:error-404\nnonsense\nkustom:active\n' \
        | exits 64 paysession batch --ordered > answers 2> complaints
    run -3 --separate-stderr paysession explain answers
    [[ -z $stderr ]]
    cat > wanted << 'WORDS'
reference  kustom:finalized
paid       yes

reference  kustom:error-404
paid       unknown
advice

input      nonsense
paid       unknown
advice

reference  kustom:active
paid       no
so         this file is explained, not vouched for
WORDS
    grep -E '^(reference|input|paid|advice|so|$)' <<< "$output" | sed 's/^advice .*/advice/' | diff wanted -
    diff <(paysession explain answers) <(paysession explain - < answers)
    # A line that is none is named, and the rest is explained.
    { printf '\n'; head -n 1 answers; printf '{}\r\n  \n'; tail -n 1 answers; printf ' '; } > mixed
    run -64 --separate-stderr paysession explain mixed
    [[ $stderr == "paysession: mixed:3: expected an answer of paysession, or --provider for a document" ]]
    [[ $(grep -c ^reference <<< "$output") == 2 ]]
    # Of a file that is something else, one complaint.
    printf 'a\nb\nc\n' > other
    run -64 --separate-stderr paysession explain other
    [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == "paysession: other:1: expected an answer"* ]]
    run -64 --separate-stderr paysession explain <(echo)
    [[ -z $output && $stderr == *": expected an answer of paysession, there is none" ]]
}

@test "explain refuses the options that it cannot apply" {
    use_sandbox
    paysession get kustom:finalized > answer
    document FINALIZED > file
    local words
    while read -r words; do
        # shellcheck disable=SC2086
        run -64 --separate-stderr paysession explain $words
        [[ -z $output && $stderr == "paysession: explain: --"*" does not apply to "* ]] || { echo "$words: $output $stderr"; false; }
    done << 'OPTIONS'
-e amount=1 answer
--id finalized answer
-t 1s answer
-c answer answer
--trust-processed-at answer
-t 1s --provider kustom file
-c file --provider kustom file
--id finalized kustom:finalized
--trust-processed-at kustom:finalized
OPTIONS
    run -64 --separate-stderr paysession explain -e amount=1 answer
    [[ $stderr == "paysession: explain: --expect does not apply to answer, an answer in a file" ]]
    exits 3 paysession explain --color never answer
    exits 0 paysession explain -e amount=2000 --id s1 --provider kustom file
    exits 3 paysession explain -e amount=1 -t 10s -c "$PAYSESSION_CONFIG" kustom:finalized
}

@test "explain tells a mistake on stderr alone, with what it is about" {
    use_sandbox
    document FINALIZED > file
    run -64 --separate-stderr paysession explain kustom:
    [[ -z $output && $stderr == "paysession: kustom:: "* ]]
    run -64 --separate-stderr paysession explain -t 0 kustom:finalized
    [[ -z $output && $stderr == "paysession: --timeout 0: expected "* ]]
    run -64 --separate-stderr paysession explain -e currency=zzz --provider kustom file
    [[ -z $output && $stderr == "paysession: --expect currency=zzz: currency: expected "* ]]
    run -64 --separate-stderr paysession explain --provider stripe file
    [[ -z $output && $stderr == "paysession: stripe: "* ]]
    run -64 --separate-stderr paysession explain kustm:finalized
    [[ -z $output && $stderr == "paysession: explain: kustm:finalized: no such file, and no provider's reference"* ]]
}

@test "explain has words for each status and basis of the schema" {
    use_sandbox
    paysession get kustom:finalized > answer
    local kind word count=0
    while read -r kind word; do
        sed "s/\"$kind\":\"[a-z_]*\"/\"$kind\":\"$word\"/" answer > changed
        paysession explain changed > words || true
        case $kind in
            status) grep -qE "^result +$word: [a-z ,:]+; final$" words ;;
            basis) grep -qE '^field +status is "FINALIZED", [a-z ]+$' words ;;
        esac || { echo "no words for $kind $word"; false; }
        count=$((count + 1))
    done < <(python3 -c '
import json, sys
session = json.load(open(sys.argv[1]))["$defs"]["session"]["properties"]
evidence = session["evidence"]
print(*(f"status {word}" for word in session["status"]["enum"]), sep="\n")
print(*(f"basis {word}" for word in evidence["properties"]["basis"]["enum"]), sep="\n")' \
        "$ROOT/Include/paysession.schema.json")
    [[ $count == 12 ]]
}

@test "config says what each key means" {
    paysession config > template 2> words
    # A key, its default, and words: one that the tool has no words for has blanks at its end.
    run ! grep -E '^#   [a-z_]+ +$' words
    grep -q '^#   approvals  *false  *whether' words
}
