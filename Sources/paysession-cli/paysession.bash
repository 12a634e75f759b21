# SPDX-License-Identifier: MIT
# Completion of paysession(1) for bash.

# Whether an argument, or --, stands before the word that is completed: no option can follow then.
_paysession_is_behind() {
    local i word
    for ((i = 2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            -- | -) return 0 ;;
            --config | --color | --format | --expect | --timeout | --timeout-ms | --interval | --interval-ms | --in-flight | --requests-per-second \
                | --resume | --id | --provider | --account | -[cfet])
                # Its value is the next word, or the one behind "=", and may have more of them in it.
                [[ ${COMP_WORDS[i + 1]} == = ]] || ((i++))
                while [[ ${COMP_WORDS[i + 1]} == [=:] ]]; do ((i += 2)); done
                ;;
            -*) ;;
            *) return 0 ;;
        esac
    done
    return 1
}

_paysession() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    # Bash takes "=" and ":" for words of their own.
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $word == = ]] && word=
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'get wait batch normalize explain doctor help --help --version' -- "$word")
        return
    fi
    case $before in
        -f | --format)
            mapfile -t COMPREPLY < <(compgen -W 'json table status' -- "$word")
            return
            ;;
        --provider)
            mapfile -t COMPREPLY < <(compgen -W 'inbank kustom dintero ledyer' -- "$word")
            return
            ;;
        -c | --config | --resume)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
    esac
    if [[ $word == -* ]] && ! _paysession_is_behind; then
        local options=
        case $command in
            get) options='--config --color --expect --format --quiet --timeout --timeout-ms --verbose' ;;
            wait) options='--config --color --expect --format --quiet --timeout --timeout-ms --interval --interval-ms --verbose' ;;
            batch)
                options='--config --color --expect --format --quiet --timeout --timeout-ms --in-flight
                    --requests-per-second --ordered --resume'
                ;;
            normalize) options='--color --expect --format --quiet --id --trust-processed-at' ;;
            explain) options='--config --color --expect --timeout --timeout-ms --provider --id --trust-processed-at' ;;
            doctor) options='--config --color --timeout --timeout-ms --account' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word")
        return
    fi
    case $command in
        normalize)
            if ! _paysession_is_behind || [[ $before == -- ]]; then
                mapfile -t COMPREPLY < <(compgen -W 'inbank kustom dintero ledyer' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
            ;;
        batch | explain) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}

complete -o filenames -F _paysession paysession
