# SPDX-License-Identifier: MIT
# Manuals and help say the same, and what the library says; the tool is sound and needs only what it should.

load common
COMMANDS="get wait batch normalize explain callback approve refuse doctor config help"

@test "the manual has no mistakes that groff sees" {
    run -0 groff -ww -z -man -Tutf8 "$ROOT/Sources/paysession-cli/paysession.1"
    [[ -z $output ]]
    paysession --config-manual > "$BATS_TEST_TMPDIR/config.5"
    run -0 groff -ww -z -man -Tutf8 "$BATS_TEST_TMPDIR/config.5"
    [[ -z $output ]]
}

plain() { groff -man -Tascii -P-c -rLL=100n "$1" | col -bx; }

@test "the manual has the exit statuses of the help" {
    cd "$BATS_TEST_TMPDIR"
    plain "$ROOT/Sources/paysession-cli/paysession.1" > manual
    paysession help > help
    sed -n '/^EXIT STATUS/,/^HOLDS/p' manual | grep -oE '^ {7}[0-9]+ ' | tr -d ' ' > statuses
    [[ $(wc -l < statuses) == 8 ]]
    grep -oE '^  [0-9]+ ' help | tr -d ' ' | diff - statuses
}

@test "the manual and explain have a word for each hold of the schema" {
    use_sandbox
    cd "$BATS_TEST_TMPDIR"
    python3 -c '
import json, sys
holds = json.load(open(sys.argv[1]))["$defs"]["session"]["properties"]["holds"]
print(*sorted(holds["items"]["enum"]), sep="\n")' "$ROOT/Include/paysession.schema.json" > holds
    [[ $(wc -l < holds) -ge 17 ]]
    plain "$ROOT/Sources/paysession-cli/paysession.1" | sed -n '/^HOLDS/,/^ENVIRONMENT/p' | grep -E '^ {7}[a-z]' \
        | grep -oE '[a-z]+_[a-z_]+|unidentified' | sort | diff holds -
    local hold
    while read -r hold; do
        paysession get ledyer:advance | sed "s/\"holds\":\[[a-z\"_]*\]/\"holds\":[\"$hold\"]/" > answer
        paysession explain answer | grep -qE "^held +$hold: ." || { echo "no words for $hold"; false; }
    done < holds
}

@test "paysession-config(5) and config have each key that the library takes" {
    cd "$BATS_TEST_TMPDIR"
    paysession --config-manual > config.5
    plain config.5 > manual
    paysession config > template 2> comments
    python3 - "$(command -v paysession)" << 'PYTHON'
import json, re, subprocess, sys

def keys(**config):
    """Those that the library names where it is given one that is none."""
    with open("asked.json", "w") as file:
        json.dump(config, file)
    told = subprocess.run([sys.argv[1], "get", "-q", "-c", "asked.json", "x"], capture_output=True, text=True).stderr
    return told.split("unknown key, expected one of ")[1].strip().split(", ")

template, comments, manual = json.load(open("template")), open("comments").read(), open("manual").read()
general = keys(unheard_of=1)
assert len(general) >= 17 and set(template) == set(general[-len(template):]), general
wanted = [(None, key) for key in general if key not in template]
for name, section in template.items():
    text = {key: value if isinstance(value, str) else "secret" for key, value in section.items()}
    wanted += [(name, key) for key in keys(**{name: {**text, "unheard_of": 1}})]

def listed(text, heading, entry):
    """(section, key) pairs of a page."""
    found, section = [], None
    for line in text.splitlines():
        if match := re.match(heading, line):
            section = match[1] if match[1] in template else None
        elif match := re.match(entry, line):
            found.append((section, match[1]))
    return found

assert sorted(wanted, key=str) == sorted(listed(comments, r'# In "(\w+)"', r"#   (\w+)"), key=str)
body = manual[manual.index("KEYS"):manual.index("EXAMPLE")]
assert sorted(wanted, key=str) == sorted(listed(body, r"   (\w+)", r"       (\w+) ?(?:\(|$)"), key=str)
# Each has words, and what counts where it is absent.
assert not re.search(r"^#   \w+ *$", comments, re.MULTILINE)
PYTHON
}

@test "the defaults of paysession-config(5) are those of the header" {
    cd "$BATS_TEST_TMPDIR"
    paysession config > /dev/null 2> comments
    sed -n '/^ \* CONFIGURATION/,/^ \* OPTIONS/p' "$ROOT/Include/paysession.h" > header
    local key
    for key in timeout_ms connect_timeout_ms attempts max_response_bytes user_agent proxy no_proxy http2 shared; do
        [[ $(grep -E "^ \*   $key +" header | awk '{print $3}') == "$(grep -E "^#   $key +" comments | awk '{print $3}')" ]] \
            || { echo "$key"; false; }
    done
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

@test "the commands of the manual are those of the tool" {
    paysession --help | grep -oE '^  [a-z]+ ' | tr -d ' ' | grep -vx paysession | sort > "$BATS_TEST_TMPDIR/help"
    grep -oE '^\.B [a-z]+$' "$ROOT/Sources/paysession-cli/paysession.1" | cut -c4- | grep -xE "${COMMANDS// /|}" | sort -u \
        | diff "$BATS_TEST_TMPDIR/help" -
}

@test "installed somewhere else it finds its library" {
    make -s -C "$ROOT" install PREFIX=/opt/x DESTDIR="$BATS_TEST_TMPDIR/root" > /dev/null
    exits 0 env -u LD_LIBRARY_PATH "$BATS_TEST_TMPDIR/root/opt/x/bin/paysession" --version
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/man/man1/paysession.1 ]]
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/man/man5/paysession-config.5 ]]
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/zsh/site-functions/_paysession ]]
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/fish/vendor_completions.d/paysession.fish ]]
    [[ -s $BATS_TEST_TMPDIR/root/opt/x/share/bash-completion/completions/paysession ]]
}

@test "it touches no memory that is not its own, and loses none" {
    use_sandbox
    cd "$BATS_TEST_TMPDIR"
    printf 'kustom:finalized amount=1\nkustom:error-404\nbad\nledyer:authorized\n' > refs
    local check="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
    # It is about memory, not about patience: under valgrind a busy machine takes its time.
    exits 3 $check paysession get -t 60s -f table -e amount=1 kustom:finalized ledyer:advance
    exits 64 $check paysession batch refs
    exits 64 $check paysession batch --ordered --resume out refs
    exits 64 $check paysession batch --ordered --resume out refs
    exits 0 $check paysession doctor --account T12345678
    exits 4 $check paysession explain -t 60s kustom:error-404
    exits 64 $check paysession get -e amount=x kustom:finalized
}
