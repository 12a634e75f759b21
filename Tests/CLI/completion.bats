# SPDX-License-Identifier: MIT
# Completion: what the tool knows of its words, and each shell that asks it.

load common
SCRIPTS=$ROOT/Sources/paysession-cli
setup() {
    cd "$BATS_TEST_TMPDIR"
    TMUX_SOCKET=$BATS_TEST_TMPDIR/tmux
}
teardown() { tmux -S "$TMUX_SOCKET" kill-server 2> /dev/null || true; }

# What the last of these words can become.
words() { paysession --complete "$@" | cut -f1 | tr '\n' ' '; }

@test "of commands" {
    local command
    for command in get wait batch normalize explain callback approve refuse doctor config help; do
        [[ " $(words "")" == *" $command "* && $(words help "") == *"$command "* ]]
    done
    [[ $(words wa) == "wait " && $(words --ver) == "--version " && -z $(words nonsense "") ]]
}

@test "of options: just what the help of the command lists" {
    local command
    for command in get wait batch normalize explain callback approve refuse doctor config help; do
        paysession help "$command" | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort > listed
        [[ -s listed ]]
        words "$command" -- | tr ' ' '\n' | grep . | sort | diff listed -
    done
    # Behind an argument, or behind --, nothing is an option, but where the argument is one that may stand first.
    [[ $(words approve inbank:x/y --ye) == "--yes " && $(words callback kustom --bo) == "--body " ]]
    [[ -z $(words approve -- inbank:x/y --ye) && -z $(words refuse inbank:x/y k) ]]
    [[ $(words get --expect amount=1 -e currency=EUR -q --conf) == "--config " ]]
    [[ -z $(words get kustom:x --conf) && -z $(words get -q -- --conf) ]]
}

@test "of values and arguments" {
    [[ $(words get --format t) == "table " && $(words get -qf s) == "status " ]]
    [[ $(words get --format=t) == "--format=table " && $(words get --color "") == "auto always never " ]]
    [[ $(words get -e "") == "amount= currency= reference= " ]]
    [[ $(words get -e amount=1,) == "amount=1,currency= amount=1,reference= " ]]
    [[ $(words get --expect=amount=1,c) == "--expect=amount=1,currency= " && -z $(words get -e reference=a,) ]]
    [[ $(words get "") == "$(providers | sed 's/$/:/' | tr '\n' ' ')" && $(words get kustom:x led) == "ledyer: " ]]
    [[ $(words get -t 5s k) == "kustom: " && $(words get --timeout-ms 5 k) == "kustom: " ]]
    [[ $(words get -q -- k) == "kustom: " && -z $(words wait kustom:x k) && -z $(words doctor "") ]]
    [[ $(words normalize d) == "dintero " && $(words normalize --id s1 -f status d) == "dintero " ]]
    [[ $(words explain --provider l) == "ledyer " && $(words config inbank k) == "kustom " ]]
    [[ $(paysession --complete normalize kustom "") == $'\tfile' && $(paysession --complete get -c "") == $'\tfile' ]]
    [[ $(paysession --complete normalize --proof-document "") == $'\tfile' && -z $(words get --transaction "") ]]
    [[ $(words get --transaction T1.x d) == "dintero: " && $(words get --proof d) == "dintero: " ]]
    [[ $(words approve i) == "inbank: " && $(words wait --pro) == "--proof " ]]
    [[ $(paysession --complete batch "") == $'\tfile' && $(paysession --complete explain x) == $'\tfile' ]]
}

# Types into a shell until that stands on its screen.
type_until() { # KEYS WANTED
    local tries screen
    tmux -S "$TMUX_SOCKET" send-keys -l "$1"
    for ((tries = 0; tries < 200; tries++)); do
        screen=$(tmux -S "$TMUX_SOCKET" capture-pane -p)
        [[ $screen == *"$2"* ]] && return
        sleep 0.05
    done
    echo "after '$1', expected '$2': $screen"
    return 1
}

begin() { # SHELL COMMAND...
    touch answers.jsonl
    tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 120 -y 30 "$@" 3>&-
    type_until '' 'ready>'
}

next_line() { tmux -S "$TMUX_SOCKET" send-keys C-u C-l; }

# The same in each shell: a value, a provider, a part of an expectation, a file, an option.
completes() {
    type_until $'paysession get --form\t' 'paysession get --format'
    next_line
    type_until $'paysession get --format=t\t' '--format=table'
    next_line
    type_until $'paysession get -q -- kus\t' '-- kustom:'
    type_until 'a1' 'kustom:a1'
    next_line
    type_until $'paysession get -e amount=5,c\t' 'amount=5,currency='
    type_until 'EUR' 'currency=EUR'
    next_line
    type_until $'paysession explain ./ans\t' 'explain ./answers.jsonl'
    next_line
    type_until $'paysession help wa\t' 'help wait'
}

@test "bash" {
    bash -n "$SCRIPTS/paysession.bash"
    printf 'PS1="ready> "\nbind "set enable-bracketed-paste off"\nsource %q\n' "$SCRIPTS/paysession.bash" > rc
    begin bash --noprofile --rcfile rc -i
    completes
}

@test "zsh" {
    zsh -n "$SCRIPTS/paysession.zsh"
    mkdir functions
    cp "$SCRIPTS/paysession.zsh" functions/_paysession
    # shellcheck disable=SC2016
    printf 'PS1="ready> "\nfpath=(%q $fpath)\nautoload -Uz compinit\ncompinit -u -D\n' "$PWD/functions" > .zshrc
    begin env ZDOTDIR="$PWD" zsh -d -i
    completes
}

@test "fish" {
    fish -n "$SCRIPTS/paysession.fish"
    mkdir -p home/fish
    printf 'function fish_prompt; echo "ready> "; end\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nsource %s\n' "$SCRIPTS/paysession.fish" > home/fish/config.fish
    begin env XDG_CONFIG_HOME="$PWD/home" XDG_DATA_HOME="$PWD/home" fish -i
    completes
}
