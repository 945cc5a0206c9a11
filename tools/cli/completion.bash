# SPDX-License-Identifier: MIT
# Completion of ctl for bash: verbs and options from ctl's own tables, domains from the host. Source it, or install it
# as /usr/share/bash-completion/completions/ctl.
_ctl()
{
    local word=${COMP_WORDS[COMP_CWORD]} verb='' choices i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
    done
    if [[ -z $verb || $verb == help ]]; then
        choices=$(ctl help 2>/dev/null | awk '/^  [a-z]/ { print $1 }')
    elif [[ $word == -* ]]; then
        choices=$(ctl help "$verb" 2>/dev/null | grep -oE '^  [- ].{27}' | grep -oE -- '(^|[ ,])--?[a-z]([a-z-]*)' | tr -d ' ,')
    elif [[ $verb == create ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    elif ctl help "$verb" 2>/dev/null | grep -q 'DOMAIN\|NAME'; then
        choices=$(ctl list --json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}
complete -o filenames -F _ctl ctl
