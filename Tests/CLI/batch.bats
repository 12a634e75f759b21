# SPDX-License-Identifier: MIT
# batch: every reference once, in any order or in theirs, interrupted and gone on with.

load common
setup() {
    use_nginx
    cd "$BATS_TEST_TMPDIR"
}

references() { # COUNT [PREFIX]
    seq -f "kustom:${2:-good}-%.0f" 1 "$1"
}

@test "each line has an answer, whatever is wrong with it" {
    references 300 > refs
    printf '# a comment\n\n   \n  kustom:good-a  \r\nkustom:good-b amount=2000,currency=SEK\nkustom:good-b\tamount=1\n' >> refs
    printf 'nonsense\nkustom:good-c bogus=1\nkustom:go\0od\nkustom:\xff\nkustom:e404-1\n' >> refs
    printf 'kustom:%9000s\n' '' | tr ' ' x >> refs
    printf 'kustom:good-last' >> refs # without a line end
    exits 64 paysession batch refs > out 2> complaints
    judge out 'len(answers) == 310 and list(answers[0])[:3] == ["input", "expect", "result"]'
    judge out 'sum(a["result"] == "ok" for a in answers) == 304'
    judge out '{a["input"][:20]: a["result"] for a in answers if a["result"] != "ok"} == {
        "nonsense": "invalid_argument", "kustom:good-c bogus=": "invalid_argument",
        "kustom:go\ufffdod": "invalid_argument", "kustom:\ufffd": "invalid_argument",
        "kustom:" + "x" * 13: "invalid_argument", "kustom:e404-1": "not_found"}'
    judge out '{a["input"]: a["session"]["paid"] for a in answers if a["input"].startswith("kustom:good-b")}
        == {"kustom:good-b amount=2000,currency=SEK": "yes", "kustom:good-b\tamount=1": "unknown"}'
    judge out 'all(a["reference"] == a["input"].split()[0] for a in answers if a["result"] == "ok")'
    judge out 'any(a["input"] == "kustom:good-a" for a in answers)'
    # What was wrong is said with file and line, whoever found it; what failed otherwise is in the answers.
    sed 's/xx*/x/; s/reference: expected.*/reference: ./' complaints | sort > told
    diff told - << LINES
paysession: refs:307: nonsense: reference: .
paysession: refs:308: kustom:good-c bogus=1: expected amount=, currency= or reference=
paysession: refs:309: kustom:go�od: reference: .
paysession: refs:310: kustom:�: reference: .
paysession: refs:312: kustom:x...: reference: .
LINES
}

@test "a line adds to what the command expects, and takes nothing from it" {
    cat > refs << 'LINES'
kustom:good-plain
kustom:good-sek currency=SEK
kustom:good-eur currency=EUR
kustom:good-reference reference=a,b
kustom:good-twice amount=2000
kustom:good-other amount=1,currency=SEK
LINES
    exits 64 paysession batch --ordered --expect amount=2000 -f status refs > out 2> complaints
    diff out - << 'LINES'
kustom:good-plain	completed	yes
kustom:good-sek	completed	yes
kustom:good-eur	completed	unknown
kustom:good-reference	completed	unknown
kustom:good-twice	invalid_argument	unknown
kustom:good-other	invalid_argument	unknown
LINES
    diff complaints - << 'LINES'
paysession: refs:5: kustom:good-twice amount=2000: amount: said by --expect already
paysession: refs:6: kustom:good-other amount=1,currency=SEK: amount: said by --expect already
LINES
    exits 64 paysession batch --ordered --expect amount=2000 refs > out 2> complaints
    judge out '[a["expect"] for a in answers] == [
        {"amount": 2000}, {"amount": 2000, "currency": "SEK"}, {"amount": 2000, "currency": "EUR"},
        {"amount": 2000, "reference": "a,b"}, "amount=2000", "amount=1,currency=SEK"]'
    judge out 'all(a["exchange"] is None for a in answers if a["result"] != "ok")'
    exits 0 paysession batch --expect currency=SEK,reference=OTHER -f status <<< 'kustom:good-a amount=2000' > out
    [[ $(cut -f 3 out) == unknown ]]
    exits 0 paysession batch --expect reference=é <<< 'kustom:good-a currency=sek' > out
    grep -aF '{"input":"kustom:good-a currency=sek","expect":{"currency":"sek","reference":"é"},"result":' out
    exits 0 paysession batch <<< kustom:good-a > out
    grep -aF '{"input":"kustom:good-a","expect":null,"result":' out
}

@test "a mistake of a line is told in the user's words, with file and line, and the answer says it too" {
    printf '# orders\nkustom:good-a amount=20.00\nkustom:good-b currency=zzz\n' > orders.txt
    exits 64 paysession batch --ordered orders.txt > out 2> complaints
    local why='orders.txt:2: kustom:good-a amount=20.00: amount: expected an integer in minor units, such as 30000'
    head -n 1 complaints | diff - <(echo "paysession: $why")
    [[ $(sed -n 2p complaints) == 'paysession: orders.txt:3: kustom:good-b currency=zzz: currency: expected a currency code '* ]]
    [[ $(wc -l < complaints) == 2 ]]
    judge out "answers[0]['error']['message'] == '$why' and answers[0]['expect'] == 'amount=20.00'"
    # But for its message it is the answer of the library, key by key.
    judge out 'list(answers[0]) == list(answers[1]) and list(answers[0]["error"]) == list(answers[1]["error"])'
    judge out 'answers[0]["raw"] is answers[0]["exchange"] is answers[0]["session"] is None'
    run -64 --separate-stderr paysession batch --ordered -f table orders.txt
    [[ ${lines[1]} == *" $why" ]]
    run -64 --separate-stderr paysession batch - < orders.txt
    [[ ${stderr_lines[0]} == "paysession: stdin:2: kustom:good-a amount=20.00: amount: expected "* ]]
    # One that the command makes for all lines is told once, as its option.
    run -64 --separate-stderr paysession batch -q -e currency=zzz <<< $'kustom:good-a\nkustom:good-b'
    [[ ${#stderr_lines[@]} == 1 && $stderr == "paysession: --expect currency=zzz: currency: expected "* ]]
    run -64 --separate-stderr paysession batch --in-flight 0 orders.txt
    [[ $stderr == "paysession: --in-flight 0: expected "* && -z $output ]]
}

@test "a comment may stand behind a reference and behind what is expected of it" {
    printf 'kustom:good-a # paid by card\nkustom:good-b\t#x\nkustom:good-c amount=2000  # y # z\n' > refs
    printf 'kustom:good-d reference=A # 7\nkustom:good-e#f\n' >> refs
    exits 64 paysession batch --ordered refs > out
    judge out '[(a["input"], a["expect"]) for a in answers] == [
        ("kustom:good-a", None), ("kustom:good-b", None), ("kustom:good-c amount=2000", {"amount": 2000}),
        ("kustom:good-d reference=A # 7", {"reference": "A # 7"}), ("kustom:good-e#f", None)]'
    judge out '[a["session"]["paid"] for a in answers[:4]] == ["yes", "yes", "yes", "unknown"]'
    # Without a blank it is part of the word, and of no reference.
    judge out 'answers[4]["result"] == "invalid_argument" and answers[4]["exchange"] is None'
}

@test "a row of a table is named as what it looks like, and not asked" {
    local row
    for row in kustom:good-a,2000,SEK kustom:good-a,2000 'kustom:good-a, 20.00, SEK' 'kustom:good-a;2000;SEK' \
        $'kustom:good-a\t2000\tSEK' kustom:good-a,sek,2000 'kustom:good-a 2000'; do
        run -64 --separate-stderr paysession batch <<< "$row"
        [[ $stderr == *": looks like columns: write amount=MINOR,currency=CODE behind a blank, or say "*"--csv "* ]] \
            || { echo "$row: $stderr"; false; }
        echo "$output" > out
        judge out 'answers[0]["exchange"] is None and "looks like columns" in answers[0]["error"]["message"]'
    done
    # A comma may be part of an identifier.
    exits 0 paysession batch -q <<< $'kustom:good-a%2C2000%2CSEK\nkustom:good-a,b\nkustom:good,2000a\nkustom:good-a,abc'
}

@test "rows of CSV are read, with the columns that are said" {
    cat > orders.csv << 'ROWS'
Reference ,"Amount",CURRENCY,order
kustom:good-a,2000,SEK,"A ""1"", b"

"kustom:good-b,c","2000",EUR,A
ROWS
    sed -i 's/$/\r/' orders.csv
    exits 0 paysession batch --ordered --csv=reference,amount,currency,order orders.csv > out 2> complaints
    [[ ! -s complaints ]]
    judge out '[a["expect"] for a in answers] == [
        {"amount": 2000, "currency": "SEK", "reference": "A \"1\", b"}, {"amount": 2000, "currency": "EUR", "reference": "A"}]'
    judge out '[a["session"]["id"] for a in answers] == ["good-a", "good-b,c"]'
    judge out '[a["input"] for a in answers] == ["kustom:good-a,2000,SEK,\"A \"\"1\"\", b\"", "\"kustom:good-b,c\",\"2000\",EUR,A"]'
    # The columns in another order, without a header, and with what the command says.
    exits 0 paysession batch --csv order,reference -e amount=2000 -f status <<< '#7,kustom:good-a' > out
    diff out <(printf 'kustom:good-a\tcompleted\tunknown\n')
    exits 0 paysession batch --csv reference -f status < <(printf '\xef\xbb\xbfreference\nkustom:good-a\n') > out
    diff out <(printf 'kustom:good-a\tcompleted\tyes\n')
}

@test "a row that is not plain is refused and not asked: none loses what was expected" {
    local row
    while IFS='|' read -r row why; do
        run -64 --separate-stderr paysession batch --csv reference,amount,currency <<< "$row"
        # shellcheck disable=SC2053
        [[ $stderr == "paysession: stdin:1: $row: "$why ]] || { echo "$row: $stderr"; false; }
        echo "$output" > out
        judge out 'answers[0]["exchange"] is None and answers[0]["result"] == "invalid_argument"'
    done << 'ROWS'
kustom:good-a,2000|CSV: expected 3 columns, got 2
kustom:good-a|CSV: expected 3 columns, got 1
kustom:good-a,2000,SEK,|CSV: expected 3 columns, got 4
kustom:good-a,,SEK|amount: the column is empty
kustom:good-a,2000,|currency: the column is empty
,2000,SEK|reference: the column is empty
kustom:good-a,20.00,SEK|amount: expected an integer in minor units, such as 30000
"kustom:good-a,2000,SEK|CSV: a field in quotes does not end with them; a line break in a field is not read
"kustom:good-a"b,2000,SEK|CSV: a field in quotes does not end with them; a line break in a field is not read
#kustom:good-a,2000,SEK|reference: expected one of * before the colon
ROWS
    # Spelled again, the header is a row like any other.
    exits 64 paysession batch -q --csv reference,amount <<< $'reference,amount\nreference,amount'
    run -64 --separate-stderr paysession batch -q --csv reference,amount -e amount=1 <<< kustom:good-a,2000
    [[ $stderr == 'paysession: stdin:1: kustom:good-a,2000: amount: said by --expect already' ]]
    for row in amount '' reference,reference reference,ref 'reference,amount,' amount,,reference; do
        run -64 --separate-stderr paysession batch --csv="$row" <<< kustom:good-a
        [[ $stderr == "paysession: --csv $row: expected "* && -z $output ]] || { echo "$row: $stderr"; false; }
    done
}

@test "a byte order mark before the list is no part of its first line" {
    references 2 > plain
    { printf '\xef\xbb\xbf'; cat plain; } > refs
    exits 0 paysession batch --ordered -f status refs > out
    diff <(cut -f 1 out) plain
    exits 0 paysession batch --ordered -f status - < refs > out
    diff <(cut -f 1 out) plain
    { printf '\xef\xbb\xbf'; cat refs; } > twice
    exits 64 paysession batch -q twice
}

@test "in the order of the references" {
    references 3000 > refs
    exits 0 paysession batch --ordered --in-flight 8 - < refs > out
    judge out '[a["input"] for a in answers] == [f"kustom:good-{n}" for n in range(1, 3001)]'
    exits 0 paysession batch --ordered -f status refs > status
    diff <(cut -f 1 status) refs
    exits 0 paysession batch -f table refs > table
    [[ $(wc -l < table) == 3001 ]]
}

@test "the exit status says whether all was read" {
    exits 0 paysession batch -q <<< $'kustom:good-1\nkustom:good-2'
    exits 4 paysession batch -q <<< $'kustom:good-1\nkustom:e404-2'
    exits 5 paysession batch -q <<< $'kustom:e403-1\nkustom:e404-2'
    exits 0 paysession batch -q < /dev/null
    exits 64 paysession batch /nonexistent
    exits 64 paysession batch --in-flight 0 < /dev/null
    exits 64 paysession batch --resume out -f table < /dev/null
    exits 74 paysession batch > /dev/full <<< kustom:good-1
}

@test "references that trickle in are answered as they come" {
    mkfifo in
    paysession batch -f status < in > out 3>&- &
    local pid=$! n tries
    exec 9> in
    for n in 1 2 3; do
        echo "kustom:good-$n" >&9
        for ((tries = 0; tries < 200; tries++)); do
            [[ $(wc -l < out) == "$n" ]] && break
            sleep 0.05
        done
        [[ $(wc -l < out) == "$n" ]]
    done
    exec 9>&-
    wait "$pid"
}

@test "resume leaves out what is there, as often as it is there" {
    references 500 > refs
    cat refs refs <(echo 'kustom:good-1 amount=1') > twice
    exits 0 paysession batch --resume out refs
    cp out first
    exits 0 paysession batch --resume out refs
    cmp out first
    exits 0 paysession batch --resume out twice
    judge out 'sorted(a["input"] for a in answers) == sorted(open("twice").read().splitlines())'
    head -c "$(stat -c %s first)" out | cmp - first
}

@test "resume takes no answer that was judged under another expectation" {
    printf 'kustom:good-1\nkustom:good-2 currency=SEK\n' > refs
    exits 0 paysession batch --ordered --resume out refs
    cp out first
    exits 0 paysession batch --ordered --resume out --expect amount=5 refs
    [[ $(wc -l < out) == 4 ]]
    judge out '[a["session"]["paid"] for a in answers] == ["yes", "yes", "unknown", "unknown"]'
    # Both are there now, whatever the order in which the parts were said.
    cp out both
    exits 0 paysession batch --resume out --expect amount=5 refs
    exits 0 paysession batch --resume out refs
    cmp out both
    exits 0 paysession batch --resume out --expect currency=SEK,amount=2000 <<< kustom:good-1
    [[ $(wc -l < out) == 5 ]]
    exits 0 paysession batch --resume out -e amount=2000 -e currency=SEK <<< kustom:good-1
    [[ $(wc -l < out) == 5 ]]
    # What was refused has been told, and would be refused again: it is still what the file says last.
    exits 64 paysession batch --resume out -e amount=2000 <<< 'kustom:good-1 amount=2000'
    exits 64 paysession batch --resume out -e amount=2000 <<< 'kustom:good-1 amount=2000'
    [[ $(wc -l < out) == 6 ]]
    exits 0 paysession batch --resume out <<< 'kustom:good-1 amount=2000'
    judge out 'len(answers) == 7 and [a["expect"] for a in answers[-2:]] == ["amount=2000", {"amount": 2000}]'
}

@test "resume asks again what 0.1 has written, which did not say the expectation" {
    references 3 > refs
    exits 0 paysession batch --ordered --resume out refs
    sed 's/"expect":null,//' out > old
    cp old before
    exits 0 paysession batch --ordered --resume old refs
    head -c "$(stat -c %s before)" old | cmp - before
    judge old '[a["input"] for a in answers] == ["kustom:good-1", "kustom:good-2", "kustom:good-3"] * 2'
    cp old before
    exits 0 paysession batch --ordered --resume old refs
    cmp old before
}

@test "the manual's example says what is not paid, by the last line of each" {
    # The first of its examples, as it is printed.
    groff -man -Tascii -P-c -rLL=100n "$ROOT/Sources/paysession-cli/paysession.1" | col -b \
        | sed -n '/^EXAMPLES/,/The same/p' | sed -n '/paysession batch/,/answers.jsonl$/p' > example
    [[ $(grep -c answers.jsonl example) == 2 ]]
    printf 'kustom:good-1\nkustom:e404-1\nkustom:good-2 amount=1\n' > orders.txt
    run -0 --separate-stderr bash example
    [[ $(sort <<< "$output") == $'kustom:e404-1\nkustom:good-2 amount=1' ]]
    # It could be read later on.
    sed 's/kustom:e404-1/kustom:good-9/' answers.jsonl | grep good-9 > failed
    exits 0 paysession batch <<< kustom:good-9 > later
    cat failed later > answers.jsonl
    chmod 600 answers.jsonl
    echo kustom:good-9 > orders.txt
    run -0 --separate-stderr bash example
    [[ -z $output ]]
}

@test "resume changes no file that is not plainly its own" {
    references 2 > refs
    exits 0 paysession batch --ordered --resume own refs
    local text
    # One line without its end, which would be cut off.
    for text in '{"kustom":{"api_key":"k"}}' KEY '{' '{"in' '{"input":"' '{"input": "kustom:good-1"' '{"input":"a","n":1}' \
        '{"input":"a","expect":nul' '{"input":"a","expect":nil' '{"input":"a","expect":null,"n' '{"input":1' '{"input":"a"}' "$(head -n 1 own; echo '{"a')"; do
        printf %s "$text" > file
        cp file before
        case $text in
            '{' | '{"in' | '{"input":"' | '{"input":"a","expect":nul')
                # As far as it goes it could be a line of batch.
                exits 0 paysession batch --ordered --resume file refs
                judge file '[a["input"] for a in answers] == ["kustom:good-1", "kustom:good-2"]'
                ;;
            *)
                run -64 --separate-stderr paysession batch --ordered --resume file refs
                [[ $stderr == *"expected a line of paysession batch, it is none; nothing was changed"* ]] \
                    || { echo "$text: $stderr"; false; }
                cmp file before
                ;;
        esac
    done
    # Not through a link, one to nowhere neither.
    cp own before
    ln -s own link
    ln -s nowhere dangling
    for text in link dangling; do
        run -64 --separate-stderr paysession batch --resume "$text" refs
        [[ $stderr == *"$text: expected a regular file, it is a symbolic link"* ]]
    done
    [[ ! -e nowhere ]]
    cmp own before
    # Not where others could have written, or it is another's.
    for text in 620 602 666; do
        chmod "$text" own
        run -64 --separate-stderr paysession batch --resume own refs
        [[ $stderr == *"own: expected a file that only its owner may write"* ]]
    done
    cmp own before
    chmod 644 own
    exits 0 paysession batch --resume own refs
    cmp own before
    if ((UID == 0)); then
        chown 1 own
        run -64 --separate-stderr paysession batch --resume own refs
        [[ $stderr == *"own: expected a file of the user who runs this, it is another's"* ]]
    fi
    : > empty
    exits 0 paysession batch --resume empty refs
    [[ $(wc -l < empty) == 2 ]]
}

@test "resume cuts off a torn line, and touches nothing that is not its own" {
    references 200 > refs
    exits 0 paysession batch --ordered --resume out refs
    local size cut
    size=$(stat -c %s out)
    for cut in 1 2 20 700 $((size - 1)) $((size / 2)); do
        head -c "$((size - cut))" out > torn
        exits 0 paysession batch --ordered --resume torn refs
        judge torn 'sorted(a["input"] for a in answers) == sorted(open("refs").read().splitlines())'
    done
    echo 'my notes' > notes
    exits 64 paysession batch --resume notes refs
    [[ $(cat notes) == 'my notes' ]]
    { head -n 3 out; echo '{"input":"kustom:good-9"'; } > bad
    cp bad before
    run -64 paysession batch --resume bad refs
    [[ $output == *"line 4: expected a line of paysession batch"* ]]
    cmp bad before
    mkdir directory
    exits 64 paysession batch --resume directory refs
}

@test "two batches cannot write to one file" {
    mkfifo in
    paysession batch --resume out < in 3>&- &
    local pid=$!
    exec 9> in
    echo kustom:good-1 >&9
    until [[ -s out ]]; do sleep 0.05; done
    run -64 paysession batch --resume out <<< kustom:good-2
    [[ $output == *"another batch is writing to it"* ]]
    exec 9>&-
    wait "$pid"
    judge out 'len(answers) == 1'
    [[ $(stat -c %a out) == 600 ]]
}

@test "killed at twenty random moments and resumed, every reference is there exactly once" {
    references 20000 full > refs
    local turn pid killed=0 lines
    RANDOM=20261123
    for turn in {1..20}; do
        paysession batch --resume out refs 3>&- &
        pid=$!
        sleep "0.0$((RANDOM % 90 + 10))"
        kill -KILL "$pid" 2> /dev/null && killed=$((killed + 1))
        wait "$pid" || true
    done
    lines=$(wc -l < out)
    echo "$killed killed, $lines lines before the last run"
    ((killed == 20 && lines > 0 && lines < 20000))
    exits 0 paysession batch --resume out refs
    judge out 'sorted(a["input"] for a in answers) == sorted(open("refs").read().splitlines())'
    judge out 'all(a["session"]["id"] == a["input"][7:] for a in answers)'
}

@test "interrupted, it keeps what it has reported and says what ended it" {
    references 20000 full > refs
    local signal status pid
    for signal in INT TERM HUP; do
        rm -f out
        # A background job of a script ignores SIGINT, and under nohup SIGHUP; env puts them back.
        env --default-signal=INT,HUP paysession batch --resume out refs 3>&- &
        pid=$!
        until [[ -s out ]]; do sleep 0.01; done
        kill -"$signal" "$pid"
        status=0
        wait "$pid" || status=$?
        [[ $status == $((128 + $(kill -l "$signal"))) ]]
        judge out '0 < len(answers) < 20000'
    done
    exits 0 paysession batch --resume out refs
    judge out 'len({a["input"] for a in answers}) == len(answers) == 20000'
}

@test "a reader that goes away ends it" {
    references 20000 full > refs
    set +o pipefail
    paysession batch refs | head -n 1 > first
    [[ ${PIPESTATUS[0]} == 141 ]]
    judge first 'len(answers) == 1'
    # Where SIGPIPE is ignored, the write says it.
    local status=0
    env --ignore-signal=PIPE paysession batch refs 2> complaint | head -n 1 > first || true
    grep -F 'could not be written: Broken pipe' complaint
}

@test "memory does not grow with the references" {
    references 2000 full > few
    references 40000 full > many
    local peak=()
    for file in few many; do
        peak+=("$(python3 -c '
import fcntl, subprocess, sys
# The kernel counts from exec on in VmHWM. It is read near the end, while the tool waits for room in the pipe:
# each line has some 2,000 bytes, so that twenty are more than pipe and buffers hold.
process = subprocess.Popen(["paysession", "batch", sys.argv[1]], stdout=subprocess.PIPE)
fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
for _ in range(len(open(sys.argv[1]).readlines()) - 20):
    assert process.stdout.readline()
status = open(f"/proc/{process.pid}/status").read()
assert process.stdout.read().count(b"\n") == 20 and process.wait() == 0
print(status.split("VmHWM:")[1].split()[0])
' "$file")")
    done
    echo "${peak[*]} KiB"
    ((peak[1] - peak[0] < 1024))
}

@test "--resume asks again for what it holds without its proof" {
    use_sandbox
    echo kustom:finalized-proof-cancelled-ref-resumed > list
    exits 0 paysession batch --resume out list
    judge out '[answer["session"]["paid"] for answer in answers] == ["yes"]'
    exits 0 paysession batch --proof --resume out list
    judge out '[answer["session"]["paid"] for answer in answers] == ["yes", "unknown"]'
    judge out 'answers[1]["proof"]["state"] == "ended"'
    exits 0 paysession batch --proof --resume out list
    exits 0 paysession batch --resume out list
    [[ $(wc -l < out) == 2 ]]
}
