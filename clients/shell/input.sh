# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What mailmovectl reads: passwords, answers, files, times. It is a part of it, and no program of its own.
# shellcheck disable=SC2154 # variables of mailmovectl

# on_terminal ENGLISH CHINESE: fds 4 and 5 are the terminal; without one, that is wrong usage.
on_terminal() { { exec 4</dev/tty 5>/dev/tty; } 2>/dev/null || misuse "$1" "$2"; }

# has_password: whether an option says where it is.
has_password() { [[ -n ${given[ask-password]:-}${given[password-stdin]:-}${given[password-file]:-} ]]; }

# secret [again]: the password as a JSON string, from where the options say, else from the terminal.
secret() {
    local typed repeated
    if [[ -n ${given[password-file]+set} ]]; then
        readable "${given[password-file]}"
        secret_text <"${given[password-file]}"
    elif [[ -n ${given[password-stdin]:-} ]]; then
        secret_text
    else
        on_terminal "there is no terminal to ask for the password on; use --password-file or --password-stdin" \
            "没有可用于询问密码的终端，请用 --password-file 或 --password-stdin"
        t "Password: " "密码：" >&5
        IFS= read -rs typed <&4
        echo >&5
        if [[ ${1:-} == again ]]; then
            t "Once more: " "再次输入：" >&5
            IFS= read -rs repeated <&4
            echo >&5
            [[ $typed == "$repeated" ]] || fail "$bad_input" "the two passwords differ" "两次输入的密码不一致"
        fi
        printf '%s' "$typed" | secret_text
    fi
}

# Only the one line end at the end is not part of a password. iconv, because jq would quietly replace bad octets.
secret_text() {
    iconv -f UTF-8 -t UTF-8 2>/dev/null | jq -Rsc 'if endswith("\r\n") then .[:-2] else rtrimstr("\n") end' ||
        fail "$bad_input" "the password is not UTF-8" "密码不是 UTF-8 编码"
}

# with_password PASSWORD REQUEST: the request, which the password joins here, as the input, from a pipe.
with_password() { printf '%s' "$1" | asking "$2"; }

readable() {
    [[ $1 == - || ( -r $1 && ! -d $1 ) ]] || fail "$bad_input" "cannot read $1" "无法读取 $1"
}

# in_base64 FILE
in_base64() {
    readable "$1"
    base64 -w 0 -- "$1" || fail "$bad_input" "cannot read $1" "无法读取 $1"
}

# csv FILE: its records as JSON, as awk/csv.awk gives them.
csv() {
    local encoding=${given[encoding]:-UTF-8} text
    readable "$1"
    iconv -f "$encoding" -t UTF-8 </dev/null >/dev/null 2>&1 ||
        misuse "unknown encoding $encoding" "未知的编码 $encoding"
    # NUL, which bash would drop without a word, becomes an octet that UTF-8 has not.
    text=$(iconv -f "$encoding" -t UTF-8 -- "$1" 2>/dev/null | tr '\000' '\377') ||
        fail "$bad_input" "$1 is not $encoding; another encoding is given with --encoding (GB18030, …)" \
            "$1 不是 $encoding 编码，请用 --encoding 指明（如 GB18030）"
    # Where nothing ends in LF, CR alone ends a line, as on a Macintosh of old.
    [[ $text == *$'\n'* ]] || text=${text//$'\r'/$'\n'}
    printf '%s\n' "$text" | awk -f "$parts/awk/csv.awk"
}

# lists: what --known and --exclude name, as two lines of JSON.
lists() {
    local name
    [[ ${given[known]:-} != - || ${given[exclude]:-} != - ]] ||
        misuse "only one list can come from standard input" "只有一个清单可来自标准输入"
    for name in known exclude; do
        if [[ -z ${given[$name]+set} ]]; then
            echo null
        else
            csv "${given[$name]}" | query input 'addresses' -nc || exit
        fi
    done
}

# confirm ENGLISH CHINESE: says who is not done, and asks that question, unless --yes is given.
confirm() {
    local answer=''
    ask not_done_request log 'not_done' >&2 || exit
    [[ -z ${given[yes]:-} ]] || return 0
    on_terminal "there is no terminal to ask on; use --yes" "没有可用于询问的终端，请用 --yes"
    t "$1 [y/N] " "$2 [y/N] " >&5
    IFS= read -r answer <&4 || true
    case $answer in [yY] | [yY][eE][sS] | 是) ;; *) fail 1 "nothing was changed" "未作任何更改" ;; esac
}

# moment TEXT: as RFC 3339; fails where it is none. What names no zone is local time.
moment() {
    local text=$1
    case $text in
        [1-9][smhdw] | [1-9][0-9][smhdw] | [1-9][0-9][0-9][smhdw] | [1-9][0-9][0-9][0-9][smhdw])
            local -A units=([s]=second [m]=minute [h]=hour [d]=day [w]=week)
            text="now - ${text%?} ${units[${text: -1}]}" ;;
        [0-9][0-9]:[0-9][0-9] | [0-9][0-9]:[0-9][0-9]:[0-9][0-9]) ;;
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) text+=' 00:00' ;;
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T\ t][0-9][0-9]:[0-9][0-9]*)
            local zone='([Zz]|[+-][0-9]{2}:?[0-9]{2})?'
            [[ ${text:10} =~ ^[Tt\ ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?\ ?$zone$ ]] || return ;;
        *) return 1 ;;
    esac
    text=$(date -d "$text" +%s.%3N 2>/dev/null) && date -u -d "@$text" +%Y-%m-%dT%H:%M:%S.%3NZ
}

# most_frequent_domain: of the addresses in a file in Base64, for a hint; UTF-16 is ASCII with NULs here.
most_frequent_domain() {
    base64 -d | tr -d '\000' | grep -aoiE '[a-z0-9._+-]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}' | sed 's/.*@//' | sort |
        uniq -c | sort -rn | awk 'NR == 1 { print tolower($2) }' || true
}

# rejected_rows REPLY FILE: the file in Base64 in; its header and the rows that were rejected go into FILE, as they are
# but for UTF-16, which becomes UTF-8.
rejected_rows() {
    local encoding target=$2.$$ lines names
    { IFS= read -r encoding; IFS= read -r lines; IFS= read -rd '' names || true; } < <(query accounts 'rejects' <<<"$1")
    [[ -n $lines ]] || return 0
    [[ $encoding == UTF-16* ]] || encoding=
    { base64 -d | if [[ -n $encoding ]]; then iconv -f "$encoding" -t UTF-8; else cat; fi; } | sed 's/\r$//' |
        tr '\r' '\n' | awk -v lines="$lines" -v names="${names%$'\n'}" -f "$parts/awk/rejects.awk" >"$target" ||
        fail "$usage" "cannot write $2" "无法写入 $2"
    mv -f -- "$target" "$2" || fail "$usage" "cannot write $2" "无法写入 $2"
}
