# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion of mailmovectl: /usr/share/bash-completion/completions/mailmovectl

_mailmovectl() {
    local line=${COMP_LINE-} current word program=mailmovectl
    local -a words candidates=()
    # Split by blanks alone: to readline, addresses are two words.
    if [[ -n $line ]]; then
        line=${line:0:COMP_POINT}
        read -ra words <<<"$line"
        [[ $line != *' ' ]] || words+=('')
    else
        words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    fi
    current=${words[-1]}
    [[ ${words[0]} != */* ]] || program=${words[0]}
    # In a checkout it need not be among the programs.
    command -v "$program" >/dev/null || program=${BASH_SOURCE[0]%/*}/../mailmovectl
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
            :files) mapfile -t -O "${#candidates[@]}" candidates < <(compgen -f -- "$current") ;;
            :hosts) mapfile -t -O "${#candidates[@]}" candidates < <(compgen -A hostname -- "$current") ;;
            *) candidates+=("$word") ;;
        esac
    done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
    # What readline takes for words before this one is there already.
    word=${current%"${current##*[@=:]}"}
    [[ -z $word ]] || candidates=("${candidates[@]#"$word"}")
    COMPREPLY=("${candidates[@]}")
}

complete -F _mailmovectl mailmovectl
