# The picture of watch: lines that fit $width columns and .size.rows rows, one string a frame.

include "words";
include "reasons";
include "figures";
include "width";
include "status";

# The alternate screen, without a cursor, and without wrapping should a line be too long all the same.
def enter: "\u001b[?1049h\u001b[?25l\u001b[?7l";
def leave: "\u001b[?7h\u001b[?25h\u001b[?1049l";
def bold: "\u001b[1m" + . + "\u001b[0m";
def dim: "\u001b[2m" + . + "\u001b[0m";
def red: if env.NO_COLOR then . else "\u001b[31m" + . + "\u001b[0m" end;

def clock: (.[0:19] + "Z" | fromdate) | strflocaltime("%H:%M:%S");
def tenths: . * 10 | round | "\(. / 10 | floor).\(. % 10)";
def bar($part; $whole; $room): (if $whole == 0 then 0 else $room * $part / $whole | floor end) as $full
    | (if $full > 0 then "█" * $full else "" end) + (if $room > $full then "░" * ($room - $full) else "" end);
def rates: if (.messagesPerSecond // 0) > 0 then
        t("\(.messagesPerSecond | tenths) messages/s"; "\(.messagesPerSecond | tenths) 封/秒") else null end,
    if (.octetsPerSecond // 0) > 0 then "\(.octetsPerSecond | floor | human_size)/s" else null end,
    if .etaSeconds == null then null else t("ETA \(.etaSeconds | hours)"; "预计还需 \(.etaSeconds | hours)") end;
# Parts of a line, which goes on in the next one where they do not fit.
def parts($room): map(select(. != null))
    | reduce .[] as $part ([]; if . == [] then [$part]
        elif (.[-1] | breadth) + 3 + ($part | breadth) <= $room then .[-1] += " · " + $part else . + [$part] end)
    | map(cut($room));

# The bar, the percentage and the messages; beside it what is known of octets and time.
def progress_bar($moved; $total; $room):
    "  \($moved | percent($total)) %  " + t("\($moved | grouped) of \($total | grouped) messages";
        "邮件 \($moved | grouped)/\($total | grouped)") | . as $figures
    | bar($moved; $total; [[$room - breadth, 8] | max, 60] | min) + $figures | cut($room);
def octets($moved; $total): if $total > 0 then
    [$moved, $total | human_size] as [$part, $whole] | t("\($part) of \($whole)"; "\($part) / \($whole)")
    else null end;

# One account that is moving. The columns are as wide for all of them.
def account_row($name; $count; $room):
    "\(.moved | grouped)/\(.total | grouped)" as $messages
    | (.account | clean | cut($name) | to_the_left($name))
        + (if $room >= 70 then "  " + bar(.moved; .total; 10) else "" end)
        + "  " + (if .total == 0 then t("listing"; "正在列出") else $messages end | to_the_right($count))
        + "  " + (.total as $total | "\(.moved | percent($total)) %" | to_the_right(5))
        + (if $room < 60 then "" else "  " + ((.messagesPerSecond // 0
            | if . > 0 then "\(tenths)/s" else "" end) | to_the_right(7)) end)
        + (if $room >= 60 and .etaSeconds != null then "  " + (.etaSeconds | hours | to_the_right(7)) else "" end)
    | cut($room);
def account_rows($room): [.moving[]] | sort_by(.account) | . as $moving
    | ([$moving[] | "\(.moved | grouped)/\(.total | grouped)" | length] + [8] | max) as $count
    | ([([$moving[] | .account | clean | breadth] + [8] | max),
        ([$room - $count - (if $room >= 70 then 37 elif $room >= 60 then 25 else 9 end), 8] | max)] | min) as $name
    | [$moving[] | account_row($name; $count; $room)];
def failure_row($room):
    .account as $account | .error | select(.) | "\(.at | clock)  \($account)  \(error_line)\(next_try)"
    | clean | cut($room) | red;

# As many of the lines as there is room for, and how many are left out.
def first_of($rows): if length <= $rows then . elif $rows < 1 then []
    else .[:$rows - 1] + [t("and \(length - $rows + 1) more are moving"; "另有 \(length - $rows + 1) 个正在搬家") | dim] end;

def state_text:
    if .away then (.away | strflocaltime("%H:%M:%S")) as $since
        | t("the daemon is away since \($since); connecting again"; "守护进程自 \($since) 起不可用，正在重新连接")
    elif .migration.state? == "active" then (.migration.expiresAt | local) as $until
        | t("active until \($until)"; "进行中，至 \($until)")
    else .migration.state? // "" | window_text end;
def title($room): .away as $away | state_text as $state
    | (argument | clean | cut($room)) as $name
    | ($state | cut($room - 2 - ($name | breadth))) as $state
    | ($name | bold) + (if $state == "" then "" else "  " + ($state | if $away then red else dim end) end);

def if_any(text): if (. // 0) > 0 then text else null end;
def domain_head($room): .figures as $figures | .migration as $migration
    | ($figures // {moved: 0, remaining: 0, movedOctets: 0, remainingOctets: 0, unlisted: 0}) as $f
    | title($room),
      progress_bar($f.moved; $f.moved + $f.remaining; $room),
      ([($f | octets(.movedOctets; .movedOctets + .remainingOctets)), ($f | rates)] | parts($room)[]),
      ([.counts // {} | to_entries[] | "\(.key | status_text) \(.value)"] | parts($room)[]),
      ($f | [(.unlisted | if_any(t("\(.) accounts not listed yet"; "\(.) 个账号尚未列出"))),
        (.queued | if_any(t("\(.) queued"; "\(.) 个排队"))),
        (.paused | if_any(t("\(.) paused"; "\(.) 个已暂停")))] | parts($room)[]),
      ($migration.reachable? | select(. != null and .ok == false)
        | t("the old server is away: "; "原服务器不可达：") + (.detail | text) | clean | wrapped($room)[] | red);
def domain_picture($room; $rows): [domain_head($room)] as $head
    | account_rows($room) as $moving
    | (.failures | length) as $failed
    | ([$rows - ($head | length) - 1, 0] | max) as $free
    | (if $failed == 0 then 0
       else [$failed + 1, ([$free / 3 | floor, $free - ($moving | length) - 1] | max)] | min end) as $below
    | ($moving | first_of($free - $below)) as $shown
    | $head + [""] + $shown
      + (if $below < 2 then [] else
            [range([$free - $below - ($shown | length), 0] | max) | ""]
            + [t("failed:"; "失败："), (.failures[-($below - 1):][] | failure_row($room))] end);

def account_picture($room): .account
    | (select(.status != null) | account_text) as $status
    | (.startedAt | if . then local | t(", started \(.)"; "，开始于 \(.)") else "" end) as $since
    | [ $status + $since,
        progress_bar(.moved; .total; $room),
        ([octets(.movedOctets; .totalOctets), (select(.status == "inProgress") | rates)] | parts($room)[]),
        (.error | select(.) | error_line + next_try | clean | wrapped($room)[] | red),
        (select(.status == "notStarted") | .lastAttempt | select(.) | "\(.at | local)  \(attempt_text)"
            | clean | cut($room)) ];

def picture: .size as $size
    | ([$size.columns - 1, 1] | max) as $room
    | (if .account then [title($room)] + account_picture($room) else domain_picture($room; $size.rows) end)
    | .[:$size.rows] | "\u001b[H" + join("\u001b[K\r\n") + "\u001b[K\u001b[J\u001b[H";
