# SPDX-License-Identifier: MIT
# The line of progress, in a real terminal.

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

@test "it says how far it has come, on one line" {
    in_terminal 100 "paysession batch --requests-per-second 2000 refs > out"
    [[ $(wc -l < out) == 3000 ]]
    [[ $screen =~ ^3,000\ of\ 3,000\ done\ \ [0-9,]+/s\ \ 0\ failed ]]
    [[ $(grep -c . <<< "$screen") == 1 ]]
    # On the way there.
    grep -E '^[12],[0-9]{3} of 3,000 done  [0-9,]+/s  0 failed  [01] s left$' screens
}

@test "a narrow terminal has one line too" {
    in_terminal 30 "paysession batch --requests-per-second 4000 refs > out"
    [[ $(grep -c . <<< "$screen") == 1 && $screen == "3,000 of 3,000 done"* ]]
}

@test "answers in the same terminal do not run into it" {
    head -n 3 refs > few
    in_terminal 100 "paysession batch --ordered -f status few"
    [[ $(grep -c . <<< "$screen") == 4 && $screen == $'kustom:full-1   completed       yes\n'* ]]
}

@test "from a pipe the total is not known" {
    in_terminal 100 "cat refs | paysession batch > out"
    [[ $screen =~ ^3,000\ done\ \  ]]
}

@test "where stderr is no terminal there is none" {
    paysession batch refs > out 2> err
    [[ ! -s err ]]
}
