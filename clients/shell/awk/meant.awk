# SPDX-License-Identifier: Apache-2.0
# meant WORD KNOWN…: prints which of those known is a letter or two from the word, if one is.

# Insertions, deletions and replacements between two words (Levenshtein).
function distance(one, other,    i, j, above, diagonal, row) {
    for (j = 0; j <= length(other); j++) row[j] = j
    for (i = 1; i <= length(one); i++) {
        diagonal = row[0]; row[0] = i
        for (j = 1; j <= length(other); j++) {
            above = row[j]
            row[j] = diagonal + (substr(one, i, 1) != substr(other, j, 1))
            if (row[j] > above + 1) row[j] = above + 1
            if (row[j] > row[j - 1] + 1) row[j] = row[j - 1] + 1
            diagonal = above
        }
    }
    return row[length(other)]
}

BEGIN {
    word = substr(ARGV[1], 1, 40)
    least = int((length(word) + 2) / 3) + 1
    for (n = 2; n < ARGC; n++) if ((d = distance(word, ARGV[n])) < least) { least = d; best = ARGV[n] }
    print best
}
