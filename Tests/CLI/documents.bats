# SPDX-License-Identifier: MIT
# Manual, completion and --help say the same; the tool is sound and needs only what it should.

load common
COMMANDS="get wait batch normalize explain doctor help"

@test "the manual has no mistakes that groff sees" {
    run -0 groff -ww -z -man -Tutf8 "$ROOT/Sources/paysession-cli/paysession.1"
    [[ -z $output ]]
}

@test "each option of --help is in the manual, and the other way round" {
    local command
    for command in $COMMANDS; do
        paysession help "$command" | grep -vE 'since 0 would mean paid|^.paysession help' | grep -oE -- '--[a-z][a-z-]+' || true
    done | sort -u > "$BATS_TEST_TMPDIR/help"
    { groff -man -Tascii -P-c "$ROOT/Sources/paysession-cli/paysession.1" | col -b \
        | grep -oE -- '--[a-z][a-z-]+' | grep -vx -- --version; } | sort -u > "$BATS_TEST_TMPDIR/manual"
    [[ $(wc -l < "$BATS_TEST_TMPDIR/help") -ge 14 ]]
    diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/manual"
}

complete_words() { # WORD... : what the last one can become
    # shellcheck disable=SC1091
    source "$ROOT/Sources/paysession-cli/paysession.bash"
    COMP_WORDS=(paysession "$@")
    COMP_CWORD=$#
    _paysession
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "completion offers just what each command takes" {
    local command
    for command in $COMMANDS; do
        paysession help "$command" | grep -oE -- '^ .*--[a-z][a-z-]+' | grep -oE -- '--[a-z][a-z-]+' | sort -u \
            > "$BATS_TEST_TMPDIR/help" || true
        complete_words "$command" -- | sort -u | diff "$BATS_TEST_TMPDIR/help" -
    done
    [[ $(complete_words wa) == wait ]]
    [[ $(complete_words get --format = t) == table ]]
    [[ $(complete_words get -f s) == status ]]
    [[ $(complete_words normalize d) == dintero ]]
    [[ $(complete_words explain --provider l) == ledyer ]]
    [[ $(complete_words normalize --id s1 --format = status d) == dintero ]]
    [[ $(complete_words normalize -- d) == dintero ]]
    # Behind an argument, or behind --, nothing is an option.
    [[ $(complete_words get --expect = amount = 1 -e currency = EUR -q --conf) == --config ]]
    [[ -z $(complete_words get kustom:x --conf) && -z $(complete_words get -q -- --conf) ]]
}

@test "the commands of the manual are those of the tool" {
    paysession --help | grep -oE '^  [a-z]+ ' | tr -d ' ' | grep -vx paysession | sort > "$BATS_TEST_TMPDIR/help"
    grep -oE '^\.B [a-z]+$' "$ROOT/Sources/paysession-cli/paysession.1" | cut -c4- | grep -xE "${COMMANDS// /|}" | sort -u \
        | diff "$BATS_TEST_TMPDIR/help" -
}

@test "installed somewhere else it finds its library" {
    make -s -C "$ROOT" install PREFIX=/opt/x DESTDIR="$BATS_TEST_TMPDIR/root" > /dev/null
    exits 0 env -u LD_LIBRARY_PATH "$BATS_TEST_TMPDIR/root/opt/x/bin/paysession" --version
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/man/man1/paysession.1 ]]
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/bash-completion/completions/paysession ]]
}

@test "it touches no memory that is not its own, and loses none" {
    use_sandbox
    cd "$BATS_TEST_TMPDIR"
    printf 'kustom:finalized amount=1\nkustom:error-404\nbad\nledyer:authorized\n' > refs
    local check="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
    exits 3 $check paysession get -f table -e amount=1 kustom:finalized ledyer:advance
    exits 64 $check paysession batch refs
    exits 64 $check paysession batch --ordered --resume out refs
    exits 0 $check paysession batch --ordered --resume out refs
    exits 0 $check paysession doctor --account T12345678
    exits 4 $check paysession explain kustom:error-404
    exits 64 $check paysession get -e amount=x kustom:finalized
}
