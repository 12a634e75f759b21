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
    grep -F "line 308: expect: expected amount=, currency= or reference=" complaints
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
paysession: line 5: expect: amount: said by --expect already, got 'amount=2000'
paysession: line 6: expect: amount: said by --expect already, got 'amount=1,currency=SEK'
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
    # What was refused has been told, and would be refused again.
    exits 64 paysession batch --resume out -e amount=2000 <<< 'kustom:good-1 amount=2000'
    exits 0 paysession batch --resume out -e amount=2000 <<< 'kustom:good-1 amount=2000'
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
import os, subprocess, sys
command = ["sh", "-c", "paysession batch %s > /dev/null & wait; " % sys.argv[1]]
# The kernel counts from exec on in VmHWM; it is read while the process is at its end, stopped.
process = subprocess.Popen(["paysession", "batch", sys.argv[1]], stdout=subprocess.DEVNULL)
peak = 0
while process.poll() is None:
    try:
        for line in open(f"/proc/{process.pid}/status"):
            if line.startswith("VmHWM:"):
                peak = max(peak, int(line.split()[1]))
    except OSError:
        pass
print(peak)
' "$file")")
    done
    echo "${peak[*]} KiB"
    ((peak[1] - peak[0] < 1024))
}
