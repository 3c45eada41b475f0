# How many columns of a terminal a text takes, and texts that fit a number of them.

import "widths" as $unicode;

# UAX #11: East Asian wide and fullwidth characters take two, combining marks none.
def of_character:
    if . < 768 then 1
    elif . >= 19968 and . < 40960 then 2
    elif . >= 9472 and . < 9725 then 1  # bars
    else . as $code | $unicode::unicode[0] as $runs
        | ($runs.first | bsearch($code)) as $at
        | (if $at >= 0 then $at else -2 - $at end) as $run
        | if $run < 0 then 1 else $runs.columns[$run] end
    end;
def breadth: if utf8bytelength == length then length else reduce explode[] as $code (0; . + ($code | of_character)) end;

def blanks($count): if $count > 0 then " " * $count else "" end;
def to_the_left($columns): . + blanks($columns - breadth);
def to_the_right($columns): blanks($columns - breadth) + .;
# As many characters as fit, and the rest.
def halves($columns):
    if breadth <= $columns then [., ""]
    else explode as $codes
        | (label $full | foreach range($codes | length) as $n ({used: 0};
            .used += ($codes[$n] | of_character);
            if .used > $columns then $n, break $full else empty end)) as $n
        | [$codes[:$n], $codes[$n:] | implode] end;
# Shortened to fit.
def cut($columns): if breadth <= $columns then . elif $columns < 1 then "" else halves($columns - 1)[0] + "…" end;

# What is not torn apart at the end of a line: a word, or an ideograph with the punctuation behind it.
def pieces:
    "[\\x{2e80}-\\x{9fff}\\x{ac00}-\\x{d7ff}\\x{f900}-\\x{faff}\\x{ff00}-\\x{ffef}\\x{20000}-\\x{3ffff}]" as $wide
    | [scan(" +|" + $wide + "[，。、；：！？）】》”’…]*|(?:(?!" + $wide + ")[^ ])+")];
# Broken into lines that fit.
def wrapped($columns):
    if breadth <= $columns then [.]
    else reduce pieces[] as $piece ({lines: [], line: ""};
        if (.line | breadth) + ($piece | breadth) <= $columns then .line += $piece
        elif $piece | startswith(" ") then .lines += [.line] | .line = ""
        else (if .line == "" then . else .lines += [.line | sub(" +$"; "")] end) | .line = $piece
            | until(.line | breadth <= $columns; (.line | halves($columns)) as [$some, $rest]
                | if $some == "" then .lines += [.line] | .line = "" else .lines += [$some] | .line = $rest end)
        end) | .lines + (if .line == "" then [] else [.line] end)
    end;
