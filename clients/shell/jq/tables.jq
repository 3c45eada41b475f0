# Tables and lists of fields: fitted to the terminal for people, whole elsewhere.

include "words";
include "width";

def cell:
    if . == null then "-" elif type == "boolean" then if . then t("yes"; "是") else t("no"; "否") end
    else tostring | clean end;

# A column is its heading, or {head, least, drop, wrap}: it may be shortened to `least` columns of the terminal; columns
# are left out where it is narrow, those with the highest `drop` first; the last one may wrap instead of being cut.
def column: if type == "string" then {head: .} else . end;

# What a terminal of $width columns shows of columns as wide as these: their widths, null where one is left out.
def fitted($columns):
    def total: map(select(. != null)) | add + 2 * (length - 1);
    . as $natural
    | [range(length) | [$natural[.], ($columns[.].least // $natural[.])] | min] as $least
    | (reduce ([range(length) | select($columns[.].drop)] | sort_by(-$columns[.].drop))[] as $at ($least;
        if total > $width then .[$at] = null else . end)) as $kept
    | [range(length) | if $kept[.] == null then null else $natural[.] end]
    | until(total <= $width or all(range(length) as $n | .[$n] == null or .[$n] <= $kept[$n]; .);
        ([range(length) as $n | select(.[$n] != null and .[$n] > $kept[$n]) | [.[$n], $n]] | max) as [$widest, $at]
        | .[$at] = $widest - 1)
    # A terminal too narrow even for that.
    | until(total <= $width or (map(. // 0) | max) <= 4;
        ([range(length) as $n | [.[$n] // 0, $n]] | max) as [$widest, $at] | .[$at] = $widest - 1);

# One row as lines of the terminal.
def drawn($columns; $widths; $numeric):
    . as $row | [range(length) | select($widths[.] != null)] as $shown
    | $shown[-1] as $last
    | ($row[$last] | if $columns[$last].wrap then wrapped($widths[$last]) else [cut($widths[$last])] end) as $tail
    | ([$shown[:-1][] as $n | $row[$n] | cut($widths[$n])
        | if $numeric[$n] then to_the_right($widths[$n]) else to_the_left($widths[$n]) end] | join("  ")
        | if . == "" then . else . + "  " end) as $start
    | ($tail[0] | if $numeric[$last] then to_the_right($widths[$last]) else . end | $start + .),
      ($tail[1:][] | blanks($start | breadth) + .);

# A spreadsheet takes a cell that begins like a formula for one; no other cell than free text can.
def guarded: if type == "string" and test("^[=+@-]") and (test("^[+=-]?[^ ]+@[^ ]+$") | not) then "'" + . else . end;
def csv_row: map(if type == "string" then clean | guarded else . end) | @csv;
# A spreadsheet in Chinese takes a file without this mark for GBK.
def byte_order_mark: if $lang == "zh-CN" then "\ufeff" else "" end;

# sheet(COLUMNS; PAGES): each page is an array of rows, printed as it comes.
def sheet($heads; pages):
    ($heads | map(column)) as $columns | ($columns | map(.head)) as $header
    | foreach pages as $rows ({first: true, widths: ($header | map(breadth))};
        .first as $first | .first = false
        | if $style == "csv" then
            .out = [(select($first) | byte_order_mark + ($header | csv_row)), ($rows[] | csv_row)]
          elif $style == "plain" then .out = [$rows[] | map(cell) | join("\t")]
          else
            [range($header | length) | . as $n | any($rows[]; .[$n] | type == "number")] as $numeric
            | ($rows | map(map(cell))) as $cells
            | .widths = reduce $cells[] as $row (.widths; [., ($row | map(breadth))] | transpose | map(max))
            | (.widths | fitted($columns)) as $widths
            | .out = if $first and $rows == [] then [t("none"; "无")]
                else [if $first then $header else empty end, $cells[] | drawn($columns; $widths; $numeric)] end
          end;
        .out[]);
def sheet($heads; pages; none): [pages] as $all
    | if $style == "table" and all($all[]; . == []) then none else sheet($heads; $all[]) end;

# Names with their values.
def field_list:
    if $style == "csv" then map(csv_row)[] elif $style == "plain" then .[] | map(cell) | join("\t")
    else (map(.[0] | breadth) | max) as $name | ([$width - $name - 2, 20] | max) as $rest
        | .[] | map(cell) | drawn([{}, {wrap: true}]; [$name, $rest]; []) end;

# A sentence behind a word; on a terminal it is broken before its edge.
def sentence($start): clean
    | if on_terminal then ($start | breadth + 1) as $indent
        | wrapped([$width - $indent, 20] | max) | to_entries[]
        | if .key == 0 then $start + " " + .value else blanks($indent) + .value end
      else $start + " " + . end;

# A line that may be longer than the terminal is wide.
def folded: if on_terminal then wrapped([$width - 4, 20] | max) | .[0], (.[1:][] | "    " + .) else . end;

# The command that comes next, for people; it can be copied. Where there is room, it is said what for.
def next($command; $why):
    (t("next: "; "下一步：") + "mailmovectl " + $command | clean) as $line | "   # \($why)" as $comment
    | if on_terminal | not then empty
      elif $why != "" and ($line + $comment | breadth) <= $width then $line + $comment
      else $line | wrapped([$width - 6, 40] | max) | join(" \\\n    ") end;
def next($command): next($command; "");
# Another one, where there is a choice.
def or_else($command): if on_terminal then t("or:   "; "或者：  ") + "mailmovectl " + $command | clean else empty end;
