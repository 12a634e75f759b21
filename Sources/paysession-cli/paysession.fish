# SPDX-License-Identifier: MIT
# Completion of paysession(1) for fish. What a word can become, the tool itself knows.

function __paysession_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in ($words[1] --complete $words[2..-1] "$word" 2>/dev/null)
        if test "$line" = \tfile
            set -l front (string match -r -- '^--[^=]*=' "$word")
            for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$word"))
                echo "$front$path"
            end
        else
            echo $line
        end
    end
end

complete -c paysession -f -a '(__paysession_complete)'
