# SPDX-License-Identifier: MIT
# Completion of ctl for bash. What verbs and options there are stands before this, made by `ctl completion` from ctl's own
# table; domains and nodes of the store are asked for.
_ctl_choices() # ARGUMENT WORD: what such an argument, as the table calls it, can be, one a line
{
    case $1 in
        DOMAIN | NAME) ctl list --json 2> /dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p' ;;
        FILE) compgen -f -- "$2" ;;
        KEY=VALUE) printf '%s\n' $_ctl_keys ;;
        PATH) ctl store list -p "/$(sed 's,^/*,,; s,/*[^/]*$,,' <<< "$2")" 2> /dev/null ;;
        POOL) ctl cpupool-list --json 2> /dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p' ;;
        FORM) printf '%s\n' cfg json xml ;;
        STATE) printf '%s\n' there running paused shutdown crashed gone ;;
        VERB) printf '%s\n' "$_ctl_verbs" ;;
        *'|'*) tr '|' '\n' <<< "$1" | grep -v '[A-Z]' ;;
    esac
}
_ctl()
{
    local word=${COMP_WORDS[COMP_CWORD]} before='' verb='' choices='' options='' valued='' arguments='' IFS=$' \t\n'
    local i place=0 last='' kinds
    for ((i = 1; i < COMP_CWORD; i++)); do
        before=${COMP_WORDS[i]}
        [[ $before == = ]] && continue # bash parts --option=value, and key=value, in three
        if [[ -z $verb && $before != -* ]]; then
            verb=$before
            # verbs of two words, as "store ls"
            if ((i + 1 < COMP_CWORD)) && grep -qxF -- "$verb ${COMP_WORDS[i + 1]}" <<< "$_ctl_verbs"; then
                verb+=" ${COMP_WORDS[++i]}"
            fi
            _ctl_verb "$verb"
        elif [[ -n $verb && $before != -* && " $valued" != *" $last:"* ]]; then
            place=$((place + 1))
        fi
        last=${COMP_WORDS[i]}
    done
    [[ $word == = ]] && word=''
    if [[ -z $verb ]]; then
        choices=$(sed 's/ .*//' <<< "$_ctl_verbs" | sort -u)
    elif grep -q "^$verb " <<< "$_ctl_verbs"; then
        choices=$(sed -n "s/^$verb //p" <<< "$_ctl_verbs")
    elif [[ -n $last && " $valued" == *" $last:"* ]]; then
        valued=${valued##* "$last":}
        choices=$(_ctl_choices "${valued%% *}" "$word")
    elif [[ $word == -* ]]; then
        choices=$(printf '%s\n' $options | LC_ALL=C sort -u)
    else
        # the argument of that place; the last one may be there many times, and what may be left out stands for the next
        read -ra kinds <<< "${arguments//[\[\]]/}"
        for ((i = place; i >= 0 && ${#kinds[@]}; i--)); do
            ((i < ${#kinds[@]})) && break
            [[ ${kinds[-1]} == *... ]] && i=$((${#kinds[@]} - 1)) && break
        done
        if ((i >= 0 && i < ${#kinds[@]})); then
            choices=$(_ctl_choices "${kinds[i]%...}" "$word")
            [[ $arguments == *"[${kinds[i]}]"* && $((i + 1)) -lt ${#kinds[@]} ]] &&
                choices+=$'\n'$(_ctl_choices "${kinds[i + 1]%...}" "$word")
        fi
    fi
    IFS=$'\n'
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
}
complete -o filenames -F _ctl ctl
