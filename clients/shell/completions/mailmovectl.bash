# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion of mailmovectl: /usr/share/bash-completion/completions/mailmovectl

_mailmovectl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local general='--socket --lang --json --help --version'
    local server='--host --port --security --verify --fingerprint --user-without-domain --old-domain --secure-auth'
    local settings='--days --known --exclude --auto-create --no-sync-passwords --no-uidl --mark-seen --newest-first --delete-after-move --max-connections --folder --follow-up --encoding'
    local password='--password-file --password-stdin'
    local command='' action='' options word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            --socket | --lang) ((i++)) ;;
            -*) ;;
            *)
                if [[ -z $command ]]; then
                    command=$word
                elif [[ $command == accounts && -z $action ]]; then
                    action=$word
                fi
                ;;
        esac
    done

    COMPREPLY=()
    case $previous in
        --lang) options='en zh-CN' ;;
        --security) options='none opportunistic starttls tls' ;;
        --verify) options='full fingerprint none' ;;
        --on-existing) options='skip update fail' ;;
        --status) options='notStarted inProgress completed failed nonMigrating' ;;
        --sort) options='account startedAt status remaining lastTriggeredAt' ;;
        --started-by) options='webmail imap pop3 smtp portal admin other' ;;
        --default)
            options="$server $settings"
            options=${options//--/}
            ;;
        --encoding) options='UTF-8 GB18030' ;;
        --socket | --known | --exclude | --from | --password-file)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --host)
            mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
            return
            ;;
        --port | --days | --limit | --max-connections | --folder | --follow-up | --fingerprint | --old-domain | --account | --search | --since | --mx | --address)
            return
            ;;
        *)
            case $command in
                '') options='accounts enable change extend disable show migrations forget verify check doctor trigger status log events watch pending pause resume retry service call help' ;;
                accounts)
                    case $action in
                        '') options='create list delete set-password' ;;
                        create)
                            options='--encoding --on-existing --dry-run --generate-passwords --rejects'
                            [[ $current == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
                            ;;
                        list) options='--search --limit --csv' ;;
                        set-password) options=$password ;;
                        *) options='' ;;
                    esac
                    ;;
                enable) options="$server $settings" ;;
                change) options="$server $settings --default --dry-run" ;;
                extend) options='--dry-run' ;;
                disable | forget) options='--yes' ;;
                verify) options="$server --account $password" ;;
                check) options='--mx --address' ;;
                doctor) options="--repair --accept-empty --ask-password $password" ;;
                trigger) options="--from --encoding $password" ;;
                log) options='--status --attention --search --started-by --sort --descending --limit --csv' ;;
                events) options='--since --limit --csv' ;;
                migrations | pending) options='--csv' ;;
                *) options='' ;;
            esac
            [[ $current != -* && -n $command && ( $command != accounts || -n $action ) ]] && return
            options+=" $general"
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

complete -F _mailmovectl mailmovectl
