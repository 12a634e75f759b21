# SPDX-License-Identifier: MIT
# What is there for who looks: the lines of progress, words and tables, in a real terminal.

load common
setup() {
    use_nginx
    cd "$BATS_TEST_TMPDIR"
    seq -f "kustom:full-%.0f" 1 3000 > refs
    TMUX_SOCKET=$BATS_TEST_TMPDIR/tmux
}
teardown() { tmux -S "$TMUX_SOCKET" kill-server 2> /dev/null || true; }

# Runs a command in a terminal of that width; what stands there at its end is in $screen.
in_terminal() { # WIDTH COMMAND
    local tries
    rm -f ended
    tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x "$1" -y 10 "sh -c '$2; touch ended; sleep 60'" 3>&-
    for ((tries = 0; tries < 400; tries++)); do
        screen=$(tmux -S "$TMUX_SOCKET" capture-pane -p)
        echo "$screen" >> screens
        [[ -e ended ]] && break
        sleep 0.03
    done
    [[ -e ended ]]
    screen=$(tmux -S "$TMUX_SOCKET" capture-pane -p)
    tmux -S "$TMUX_SOCKET" kill-server
}

# What stands in that terminal comes to have this in it.
appears() { # TEXT
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        screen=$(tmux -S "$TMUX_SOCKET" capture-pane -p)
        [[ $screen == *"$1"* ]] && return
        sleep 0.05
    done
    echo "$screen"
    return 1
}

# What runs there ends with that status, which it writes after its last words.
ends_with() { # STATUS
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        [[ -s ended ]] && break
        sleep 0.05
    done
    [[ $(cat ended) == "$1" ]]
}

@test "it says how far it has come, on one line" {
    in_terminal 100 "paysession batch --requests-per-second 1000 refs > out"
    [[ $(wc -l < out) == 3000 ]]
    [[ $screen =~ ^3,000\ of\ 3,000\ done\ \ [0-9,]+/s\ \ 0\ failed ]]
    [[ $(grep -c . <<< "$screen") == 2 ]]
    [[ $(sed -n 2p <<< "$screen") == "paysession: batch: 3,000 yes, 0 no, 0 unknown, 0 failed" ]]
    # On the way there.
    grep -E '^[12],[0-9]{3} of 3,000 done  [0-9,]+/s  0 failed  [0-9]+ s left$' screens
}

@test "a narrow terminal has one line too" {
    in_terminal 30 "paysession batch --requests-per-second 4000 refs > out"
    # The counts at the end wrap: they are not written over.
    [[ $screen == $'3,000 of 3,000 done'*$'\npaysession: batch: 3,000 yes,'*$'\n'*'0 failed'* ]]
    [[ $(grep -c . <<< "$screen") == 3 ]]
}

@test "answers in the same terminal do not run into it" {
    head -n 3 refs > few
    in_terminal 100 "paysession batch --ordered -f status few"
    [[ $(grep -c . <<< "$screen") == 5 && $screen == $'kustom:full-1   completed       yes\n'* ]]
}

@test "a complaint in the same terminal does not run into it either" {
    { cat refs; echo nonsense; seq -f 'kustom:full-a%.0f' 1 1000; } > mixed
    in_terminal 100 "paysession batch --ordered --requests-per-second 2000 mixed > out"
    [[ $screen == $'paysession: mixed:3001: nonsense: reference: expected '*$'\n4,001 of 4,001 done '* ]]
    [[ $(grep -c . <<< "$screen") == 3 ]]
}

@test "where nothing but the terminal is to be read, it says so, and writes over nothing that is typed" {
    tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 100 -y 10 \
        "sh -c 'paysession batch -f status; echo \$? > ended; sleep 60'" 3>&-
    appears 'paysession: batch: reads references from the terminal, one a line; Ctrl-D ends them'
    tmux -S "$TMUX_SOCKET" send-keys kustom:full-1
    sleep 0.5
    appears kustom:full-1
    tmux -S "$TMUX_SOCKET" send-keys Enter
    appears $'kustom:full-1\nkustom:full-1   completed       yes'
    tmux -S "$TMUX_SOCKET" send-keys C-d
    appears 'paysession: batch: 1 yes, 0 no, 0 unknown, 0 failed'
    ends_with 0
}

@test "Ctrl-C says how many are written, and that the same command goes on" {
    tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 100 -y 10 \
        "sh -c 'trap true INT; paysession batch --requests-per-second 1000 --resume out refs; echo \$? > ended; sleep 60'" 3>&-
    local tries
    for ((tries = 0; tries < 1000; tries++)); do
        [[ -s out ]] && break
        sleep 0.01
    done
    tmux -S "$TMUX_SOCKET" send-keys C-c
    appears ' written; the same command goes on'
    ends_with 130
    local written
    written=$(grep -oE '^paysession: out: [0-9,]+ written' <<< "$screen" | tr -dc 0-9)
    [[ $written == "$(wc -l < out)" ]]
    ((written > 0 && written < 3000))
    exits 0 paysession batch --resume out refs 2> told
    grep -qxF 'paysession: out: 3,000 yes, 0 no, 0 unknown, 0 failed' told
}

@test "from a pipe the total is not known" {
    in_terminal 100 "cat refs | paysession batch > out"
    [[ $screen =~ ^3,000\ done\ \  ]]
}

@test "where stderr is no terminal there is none" {
    paysession batch refs > out 2> err
    [[ ! -s err ]]
}

@test "get shows words of one session and a table of several" {
    use_sandbox
    in_terminal 100 "paysession get kustom:finalized"
    [[ $screen == $'reference  kustom:finalized\nsession    finalized\n'*$'\nso         the goods can be shipped'* ]]
    in_terminal 100 "paysession get kustom:finalized ledyer:advance"
    [[ $screen == "REFERENCE        STATUS           PAID     AMOUNT          NOTE
kustom:finalized completed        yes      20.00 SEK
ledyer:advance   completed        unknown  5000.00 SEK     advance_invoice"* ]]
    in_terminal 1000 "paysession get -f json kustom:finalized"
    [[ $screen == '{"result":"ok","provider":"kustom",'* ]]
    in_terminal 100 "paysession get kustom:finalized > out"
    judge out 'answers[0]["session"]["paid"] == "yes"'
}

@test "the columns are as wide as the references" {
    local long=$INBANK/5e3a1f44-d5dd-4469-bfcc-c1de9e969213
    use_sandbox
    in_terminal 180 "paysession get $long kustom:error-404"
    [[ $screen == "$(printf '%-80s %-16s %-8s %-15s %s' REFERENCE STATUS PAID AMOUNT NOTE
        printf '\n%s %-16s %-8s %-15s %s' "$long" not_found unknown - "the session endpoint of inbank answered HTTP 404"
        printf '\n%-80s %-16s %-8s %-15s %s' kustom:error-404 not_found unknown - \
            "the session endpoint of kustom answered HTTP 404")"* ]] || { echo "$screen"; false; }
    # Characters of two columns.
    in_terminal 150 "paysession get kustom:日本 kustom:finalized"
    [[ $screen == *$'\nkustom:日本      invalid_argument '* && $screen == *$'\nkustom:finalized completed '* ]]
}

@test "what a terminal is too narrow for stands on a line of its own" {
    use_sandbox
    in_terminal 80 "paysession get kustom:error-404 ledyer:advance"
    [[ $screen == "REFERENCE        STATUS           PAID     AMOUNT
kustom:error-404 not_found        unknown  -
  the session endpoint of kustom answered HTTP 404
ledyer:advance   completed        unknown  5000.00 SEK     advance_invoice"* ]]
    in_terminal 80 "paysession get $INBANK/5e3a1f44-d5dd-4469-bfcc-c1de9e969213 kustom:finalized"
    [[ $screen == "REFERENCE
  STATUS           PAID     AMOUNT          NOTE
$INBANK/5e3a1f44-d5dd-4469-bfcc-c1de9e969213
  not_found        unknown  -
  the session endpoint of inbank answered HTTP 404
kustom:finalized
  completed        yes      20.00 SEK"* ]]
}

@test "wait says that it waits, and takes the line away" {
    use_sandbox
    : > screens
    # A busy machine may not look at the screen in a second of its own.
    in_terminal 100 "paysession wait -t 4s kustom:active"
    grep -xE "[1-3] s of 4 s, waiting for kustom:active" screens
    [[ $screen == "reference  kustom:active"* && $screen != *waiting* ]]
    # Not longer than the terminal is wide, and not for what is there at once.
    : > screens
    in_terminal 30 "paysession wait -q -t 4s kustom:active"
    grep -xE "[1-3] s of 4 s, waiting for kusto" screens
    [[ -z ${screen//[$'\n']/} ]]
    : > screens
    in_terminal 100 "paysession wait -t 2s kustom:finalized"
    run ! grep waiting screens
    paysession wait -q -t 1200ms kustom:active 2> err || true
    [[ ! -s err ]]
}

@test "a wait that is killed leaves nobody behind" {
    use_sandbox
    echo 'paysession wait -t 30s kustom:active & sleep 1; kill -KILL $!; sleep 1.5
        pgrep -fx "paysession wait -t 30s kustom:active" > left; touch ended' > session
    TERM=xterm script -qec "bash session" /dev/null > /dev/null
    [[ -e ended && ! -s left ]]
}
