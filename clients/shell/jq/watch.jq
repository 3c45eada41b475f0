# mailmovectl watch: what the daemon tells becomes a state, and the state a picture (on a terminal) or lines.
#
# The shell hands on the daemon's lines, {columns, rows} three times a second, which is when something is painted,
# {away: true} where the daemon is gone, and {listed: true} behind pages of listLog (id 3).

include "words";
include "reasons";
include "figures";
include "status";
include "picture";
include "width";
include "tables";
include "replies";

# ── Lines

def stamp: now | if on_terminal then strflocaltime("%H:%M:%S") else todate end;
def line: map(select(. != null) | tostring | clean) | join(if on_terminal then "  " else "\t" end) + "\n";
def rate: if (.messagesPerSecond // 0) > 0 then
    t("\(.messagesPerSecond | fixed1) a second"; "\(.messagesPerSecond | fixed1) 封/秒") else null end;
def account_line: [stamp, .account, account_text, "\(.moved // 0)/\(.total // 0)",
    (if .status == "inProgress" then rate else null end), (.error | error_line)] | line;
def progress_line: (.moved + .remaining) as $total | [stamp, .domain,
    (if $total == 0 then null else "\(.moved | percent($total))%" end),
    t("\(.moved)/\($total) messages"; "邮件 \(.moved)/\($total)"), rate,
    (if .etaSeconds == null then null else t("\(.etaSeconds | hours) left"; "预计还需 \(.etaSeconds | hours)") end),
    (if .unlisted > 0 then t("\(.unlisted) accounts not listed yet"; "\(.unlisted) 个账号尚未列出") else null end),
    counts_line] | line;
def text_line($text): if $style == "json" then empty else [stamp, $text] | line end;
def shown_line(text): if $style == "json" then json + "\n" else text end;

# ── The state

# What makes a line of its own.
def outline: [.status, .paused, .queued, .error.reason?];
def is_pending: (.paused != true) and (.status == "inProgress" or (.status == "failed" and .error.retryAt? != null));

# An account's status: who is moving, who has failed, who is not done.
def noted($status): $status.account as $account
    | .new = (.outlines[$account] != ($status | outline))
    | .outlines[$account] = ($status | outline)
    | if $status.status == "inProgress" and $status.queued != true and $status.paused != true
      then .moving[$account] = $status else del(.moving[$account]) end
    | if $status | is_pending then .unfinished[$account] = true else del(.unfinished[$account]) end
    | if $status.status == "failed" then .failed[$account] = true else del(.failed[$account]) end;
def told($status): noted($status)
    | if is_domain | not then .account = $status else . end
    | if .new then .failures |= map(select(.account != $status.account))
            | if $status.status == "failed" then .failures = (.failures + [$status])[-50:] else . end
      else . end
    | .dirty = true
    | if is_domain then . else .told_at = now end
    | if $style == "json" or .new then .out = [$status | shown_line(account_line)] | .line_at = now else . end;

def snapshot: .result as $result | .result = null
    | .known = true | .known_at = now
    | (if .away then [text_line(t("the daemon is back"; "守护进程已恢复"))] else [] end) as $back
    | .away = null | .dirty = true | .moving = {}
    | if $result | has("status") then told($result)
      else .counts = $result.counts
        | .out = [if $style == "json" then $result | json + "\n"
            elif $back == [] then ($result | counts_line) + "\n" else empty end]
        | reduce ($result.moving // [] | .[]) as $status (.; .out as $out | .out = [] | noted($status)
            | .out = if .new and $style != "json" then $out + [$status | account_line] else $out end)
      end
    | .out = $back + .out;

def progressed($figures): .told_at = now | .figures = $figures | .counts = $figures.counts
    | .dirty = true | .fresh = true;

# Whether nothing moves, is queued or waits for its next try. A domain's figures say so up to a second later.
def is_done: options["until-done"] and .known and .away == null and (.listed or (is_domain | not))
    and .unfinished == {};

# A figure each ten seconds while it changes, and the last one.
def line_due: is_domain and .fresh
    and (.line_at == null or now - .figures_at >= 10 or .figures.counts.inProgress == 0);
def account_line_due: (is_domain | not) and .dirty and .known and now - .line_at >= 10;
def ticked($size): .size = $size
    | if $style == "table" then
        if .known and (.figures or .account or now - .known_at > 1)
            and (.dirty or $size != .painted or now - .painted_at > 2)
        then .out = [(if .entered then "" else enter end) + picture]
            | .entered = true | .dirty = false | .painted = $size | .painted_at = now
        else . end
      elif line_due then .out = [.figures | shown_line(progress_line)]
        | .fresh = false | .figures_at = now | .line_at = now
      elif account_line_due then .out = [.account | shown_line(account_line)] | .dirty = false | .line_at = now
      else . end
    | .done_at = (if is_done then .done_at // now else null end)
    | if .done_at and (.told_at > .done_at or now - .done_at > 2) then .ended = true else . end;

# An answer that is an error, and not of a daemon that stops.
def refused($line): if $line.id == 1 and $line.error.data.reason? != "shuttingDown" then .refusal = $line else . end;

# Whoever is not done will be told anew, in front of the next snapshot.
def gone: if .away then . else
    .away = now | .listed = false | .dirty = true | .unfinished = {} | .failed = {}
    | .out = [text_line(t("the daemon is away; connecting again"; "守护进程暂不可用，正在重新连接"))] end;

def heard($line): .out = []
    | if $line == null then .ended = true
      elif $line.columns then ticked($line)
      elif $line.away then gone
      elif $line.listed then .listed = true
      elif $line.error then refused($line)
      elif $line.method == "statusChanged" then told($line.params)
      elif $line.method == "progress" then progressed($line.params)
      elif $line.method then .
      elif $line.id == 1 then .result = $line.result | snapshot
      elif $line.id == 2 then .migration = $line.result | .dirty = true
      else reduce ($line.result.entries // [] | .[]) as $status (.; .outlines as $outlines | noted($status)
        | .outlines = $outlines)
      end;

# What stays on the screen at the end.
def farewell:
    ((select(.figures) | .figures | progress_line), (select(.account) | .account | account_line)
        | rtrimstr("\n") | wrapped($width)[] + "\n"),
    ((if is_domain then next("pending \(argument)") else next("status \(argument)") end) + "\n");
def watching:
    foreach (inputs, null) as $line (
        {outlines: {}, moving: {}, unfinished: {}, failed: {}, failures: [], painted_at: 0, figures_at: 0,
            told_at: 0, out: []};
        heard($line);
        (if $style == "table" then select($line.columns) else . end | .out[]),
        if .refusal then (select(.entered) | leave), (.refusal | result)
        elif .ended then
            (select(.entered) | leave, farewell),
            (select($style != "table" and .fresh) | .figures | shown_line(progress_line)),
            if $line == null or .failed == {} then end_with(0) else end_with(1) end
        else empty end);
