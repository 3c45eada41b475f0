# SPDX-License-Identifier: Apache-2.0
# CSV (RFC 4180) in; out: its records as JSON arrays [line, [field…]], one a line; then "end", or {line, en, zh} where
# it is no CSV. An octet 377 stands for NUL.

function text(s,    c) {
    gsub(/["\\]/, "\\\\&", s)
    if (s ~ /[\001-\037]/) for (c = 1; c < 32; c++) gsub(control[c], escape[c], s)
    return "\"" s "\""
}
function take(s) { fields = fields (fields == "" ? "" : ",") text(s) }
function wrong(line, en, zh) {
    printf "{\"line\":%d,\"en\":\"%s\",\"zh\":\"%s\"}\n", line, en, zh
    failed = 1
    exit
}

BEGIN { for (c = 1; c < 32; c++) { control[c] = sprintf("%c", c); escape[c] = sprintf("\\u%04x", c) } }
NR == 1 { sub(/^\357\273\277/, "") }
index($0, "\377") { wrong(NR, "there is a NUL octet", "含有 NUL 字节") }
{
    rest = $0
    if (quoted) value = value "\n"
    else { first = NR; fields = "" }
    for (;;) {
        if (!quoted && substr(rest, 1, 1) == "\"") { quoted = 1; value = ""; rest = substr(rest, 2) }
        if (quoted) {
            if (!(i = index(rest, "\""))) { value = value rest; next }
            value = value substr(rest, 1, i - 1); rest = substr(rest, i + 1)
            if (substr(rest, 1, 1) == "\"") { value = value "\""; rest = substr(rest, 2); continue }
            quoted = 0; take(value)
            if (rest == "" || rest == "\r") break
            if (substr(rest, 1, 1) != ",") wrong(NR, "text after a closing quote", "引号之后有多余的文字")
            rest = substr(rest, 2)
        } else if ((i = index(rest, ","))) { take(substr(rest, 1, i - 1)); rest = substr(rest, i + 1) }
        else { sub(/\r$/, "", rest); take(rest); break }
    }
    print "[" first ",[" fields "]]"
}
END {
    if (quoted && !failed) wrong(first, "a quote is never closed", "引号没有结束")
    if (!failed) print "\"end\""
}
