# Numbers, sizes, times and durations: for people on a terminal, as they are elsewhere.

include "words";

def fixed1: . * 10 | round / 10 | tostring;
# 3,600
def grouped: tostring | if length <= 3 then . else
    [range(length % 3; length; 3) as $at | .[$at:$at + 3]] as $groups
    | (if length % 3 == 0 then $groups else [.[:length % 3]] + $groups end) | join(",") end;
def human_size:
    if . < 1024 then "\(.) B"
    elif . < 1048576 then (. / 1024 | fixed1) + " KiB"
    elif . < 1073741824 then (. / 1048576 | fixed1) + " MiB"
    elif . < 1099511627776 then (. / 1073741824 | fixed1) + " GiB"
    else (. / 1099511627776 | fixed1) + " TiB" end;
def size: if . == null or (on_terminal | not) then . else human_size end;
def two: tostring | if length < 2 then "0" + . else . end;
def hours: floor | "\(. / 3600 | floor):\(. % 3600 / 60 | floor | two):\(. % 60 | two)";
def duration: if . == null or (on_terminal | not) then . else hours end;
# A time of the daemon as local time, without the year if it is this one.
def local: (.[0:19] + "Z" | fromdate) as $at
    | if ($at | strflocaltime("%Y")) == (now | strflocaltime("%Y"))
      then $at | strflocaltime(t("%b %d %H:%M"; "%m-%d %H:%M"))
      else $at | strflocaltime("%Y-%m-%d %H:%M") end;
def moment: if . == null or (on_terminal | not) then . else local end;
def yes_no: if . == null then . elif . then t("yes"; "是") else t("no"; "否") end;
def percent($of): if $of == 0 then 0 else 100 * . / $of | floor end;
