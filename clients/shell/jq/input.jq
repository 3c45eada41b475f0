# Files: what awk/csv.awk makes of CSV, records [line, [field…]].

include "words";

def records: [inputs] | .[-1] as $last
    | if $last == "end" then .[:-1]
      elif $last | type == "object" then $last | t("line \(.line): \(.en)"; "第 \(.line) 行：\(.zh)") | stop(65)
      else empty end;  # the shell has said why
def trimmed: if test("^[ \\t]|[ \\t]$") then capture("^[ \\t]*(?<inner>.*?)[ \\t]*$").inner else . end;
def blank: .[1] == [""];

# {width, columns: {name: place}, rows: [[line, [field…]]]} of a file whose header names columns of $known.
def with_header($known; $required):
    map(select(blank | not))
    | if length == 0 then t("the file is empty"; "文件为空") | stop(65) else . end
    | .[0][0] as $line
    | (.[0][1] | map(trimmed)) as $header
    | ($known | map({key: ascii_downcase, value: .}) | from_entries) as $names
    | ($header | map(select($names[ascii_downcase] == null))) as $unknown
    | ($header | map($names[ascii_downcase])) as $columns
    | ($columns | group_by(.) | map(select(length > 1)[0])) as $twice
    | ($known | join(t(", "; "、"))) as $known
    | if ($columns | index($required[0])) == null then
        # Never what stands there: without a header it is somebody's password.
        t("line \($line): the first row has to name the columns, and names no '\($required[0])' (known: \($known))";
          "第 \($line) 行：首行须为列名，但没有 \($required[0]) 列（可用：\($known)）") | stop(65)
      elif $unknown != [] then ($unknown | join(t(", "; "、"))) as $unknown
        | t("line \($line): unknown columns: \($unknown) (known: \($known))";
            "第 \($line) 行：未知的列：\($unknown)（可用：\($known)）") | stop(65)
      elif $required - $columns != [] then ($required - $columns | join(t(", "; "、"))) as $missing
        | t("the header row has no column '\($missing)'"; "首行没有 \($missing) 列") | stop(65)
      elif $twice != [] then
        t("a column is named twice: \($twice | join(", "))"; "列名重复：\($twice | join("、"))") | stop(65)
      else {
        width: ($columns | length), rows: .[1:],
        columns: ($columns | to_entries | map({key: .value, value: .key}) | from_entries) } end;
def field($columns; $name): if $columns[$name] == null then null else .[1][$columns[$name]] end;

# A list of addresses, each with its line: one a line (# begins a comment), or the column of that name.
def addresses: records
    | map(select(blank | not))
    | if length == 0 then [] else
        (.[0][1] | map(trimmed | ascii_downcase) | index("address")) as $column
        | if $column != null then .[1:] | map([.[0], (.[1][$column] // "" | trimmed)])
          else map(if (.[1] | length) > 1 and (.[1][0] | startswith("#") | not) then
                t("line \(.[0]): several columns, and no header row with 'address'";
                  "第 \(.[0]) 行：有多列，但首行没有 address 列") | stop(65)
                else [.[0], (.[1][0] | trimmed)] end)
          end
        | map(select(.[1] | . != "" and (startswith("#") | not)))
      end;
