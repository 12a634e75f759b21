# SPDX-License-Identifier: MIT
# Completion of paysession(1) for bash. What a word can become, the tool itself knows.

_paysession() {
    local rest=${COMP_LINE:0:COMP_POINT} blanks piece candidate word breaks='' before='' i
    local -a words=()

    # Bash takes "=" and ":" for words of their own: what has no blank in between belongs together.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:blank:]]*}
        rest=${rest#"$blanks"}
        piece=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || piece=$rest
        rest=${rest#"$piece"}
        if [[ -n $blanks || $i == 0 ]]; then
            words+=("$piece")
        else
            words[-1]+=$piece
        fi
    done

    # Of the word it replaces what stands behind the last of them.
    word=${words[-1]}
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
    [[ -n $breaks ]] && before=${word%"${word##*["$breaks"]}"}

    COMPREPLY=()
    while IFS= read -r candidate; do
        if [[ $candidate == $'\t'file ]]; then
            compopt -o filenames 2> /dev/null
            [[ $word == --*=* ]] && word=${word#*=}
            while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$word")
            continue
        fi
        candidate=${candidate%%$'\t'*}
        # More of the same word can follow.
        [[ $candidate != *[=:] ]] || compopt -o nospace 2> /dev/null
        COMPREPLY+=("${candidate#"$before"}")
    done < <("${words[0]}" --complete "${words[@]:1}" 2> /dev/null)
}

complete -F _paysession paysession
