#compdef paysession
# SPDX-License-Identifier: MIT
# Completion of paysession(1) for zsh. What a word can become, the tool itself knows.

_paysession() {
    local line word
    local -a whole whole_shown begun begun_shown
    local -i files=0

    for line in "${(@f)$("${(Q)words[1]}" --complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)}"; do
        word=${line%%$'\t'*}
        if [[ $line == $'\t'file ]]; then
            files=1
        elif [[ $word == *[=:] ]]; then
            # More of the same word can follow.
            begun+=("$word")
            begun_shown+=("$word  ${line#*$'\t'}")
        elif [[ -n $word ]]; then
            whole+=("$word")
            whole_shown+=("$word  ${line#*$'\t'}")
        fi
    done
    (( $#whole )) && compadd -l -d whole_shown -a whole
    (( $#begun )) && compadd -S '' -l -d begun_shown -a begun
    if (( files )); then
        compset -P '--*='
        _files
    fi
}

if [[ $funcstack[1] == _paysession ]]; then
    _paysession "$@"
else
    compdef _paysession paysession
fi
