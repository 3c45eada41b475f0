# SPDX-License-Identifier: Apache-2.0
# Of a file of accounts: its header, as `names` has it, and the rows that begin at `lines`. A row ends where its quotes
# are even, or before another of those lines.

function is_header(    i) {
    for (i = 1; i <= columns; i++) if (!index($0, name[i])) return 0
    return 1
}

BEGIN {
    for (n = split(lines, list, " "); n; n--) rejected[list[n]] = 1
    header = !(columns = split(names, name, "\n"))
}
!header { print; header = is_header(); next }
rejected[NR] { shown = 1; quotes = 0 }
shown { print; quotes += gsub(/"/, "&"); if (quotes % 2 == 0) shown = 0 }
