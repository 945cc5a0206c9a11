# SPDX-License-Identifier: MIT
# Completion of ctl for bash: verbs and options from ctl's own tables, domains from the host. Source it, or install it
# as /usr/share/bash-completion/completions/ctl.
_ctl()
{
    local word=${COMP_WORDS[COMP_CWORD]} verb='' choices i seconds
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
    done
    # verbs of two words, as "store ls"
    if [[ -n $verb && $verb != help ]]; then
        seconds=$(ctl help 2>/dev/null | sed -n "s/^  $verb \([a-z-]*\)  *[A-Z].*/\1/p")
        if [[ -n $seconds && $((i + 1)) -lt $COMP_CWORD ]]; then
            verb+=" ${COMP_WORDS[i + 1]}" seconds=
        fi
    fi
    if [[ -n $seconds ]]; then
        choices=$seconds
    elif [[ -z $verb || $verb == help ]]; then
        choices=$(ctl help 2>/dev/null | awk '/^  [a-z]/ && !seen[$1]++ { print $1 }')
    elif [[ $word == -* ]]; then
        choices=$(ctl help "$verb" 2>/dev/null | grep -oE '^  [- ].{27}' | grep -oE -- '(^|[ ,])--?[a-z]([a-z-]*)' | tr -d ' ,')
    elif [[ $verb == create || $verb == check || $verb == apply ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    elif [[ $verb == store\ * ]]; then
        # the nodes right below what has been typed, up to its last slash
        choices=$(ctl store list -p "/$(sed 's,^/*,,; s,/*[^/]*$,,' <<< "$word")" 2>/dev/null)
    elif ctl help "$verb" 2>/dev/null | grep -q 'DOMAIN\|NAME'; then
        choices=$(ctl list --json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}
complete -o filenames -F _ctl ctl
