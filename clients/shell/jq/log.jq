# mailmovectl status, log, events, pending: what is going on.

include "words";
include "reasons";
include "figures";
include "tables";
include "status";
include "replies";

# ── One account

def status_fields: [
    [t("account"; "账号"), .account], [t("status"; "状态"), account_text],
    [t("started"; "开始时间"), (.startedAt | moment)], [t("started by"; "触发方式"), (.startedBy | origin_text)],
    [t("last triggered"; "最近触发"), (.lastTriggeredAt | moment)], [t("finished"; "结束时间"), (.finishedAt | moment)],
    [t("moved"; "已搬"), .moved], [t("remaining"; "剩余"), .remaining], [t("total"; "总数"), .total],
    [t("octets moved"; "已搬字节"), (.movedOctets | size)], [t("octets in all"; "总字节"), (.totalOctets | size)],
    (select(.status == "inProgress") | [t("messages a second"; "每秒邮件数"), .messagesPerSecond],
        [t("time left"; "预计剩余时间"), (.etaSeconds | duration)]),
    [t("runs"; "次数"), .runs],
    (select(.error) | [t("error"; "错误"), (.error | error_line)], [t("since"; "发生时间"), (.error.at | moment)],
        [t("worth another try"; "可重试"), .error.retryable],
        [t("next try"; "下次重试"), (.error.retryAt | if . then moment else t("none by itself"; "不会自动重试") end)]),
    (select(.lastAttempt) | .lastAttempt
        | [t("last attempt"; "最近一次验证"), "\(.at | moment) \(.via | origin_text): \(attempt_text)"]),
    (select(.window) | [t("window"; "有效期"),
        ([(.window.state | window_text), (.window.expiresAt | moment)] | map(select(. != null)) | join(" "))]),
    (select(.message) | [t("its user reads"; "用户看到"), (.message | text)]) ];
def status_next: (.account | split("@")[-1]) as $domain
    | if .status == "inProgress" then next("watch \(.account)")
      elif .status == "completed" then next("pending \($domain)")
      elif .status == "failed" then next("events \(.account)")
      elif .status == "notStarted" and .window.state? == "active" then next("trigger \(.account)";
        t("or wait for the user's login"; "或等待用户登录"))
      else empty end;
# Shown on its own it is a finding: a failed move is exit status 1.
def account_lines: result | printed((status_fields | field_list), status_next);
def status_lines: account_lines, (if .result.status == "failed" then end_with(1) else empty end);

# ── A domain's log

def log_columns: [
    {head: t("account"; "账号"), least: 20}, {head: t("status"; "状态"), least: 9},
    {head: t("started by"; "触发方式"), drop: 4}, {head: t("started"; "开始时间"), drop: 3},
    {head: t("last triggered"; "最近触发"), drop: 5}, {head: t("moved"; "已搬"), drop: 1}, t("remaining"; "剩余"),
    {head: t("total"; "总数"), drop: 2}, {head: t("error"; "错误"), least: 28, wrap: true}];
def log_row: [
    .account, account_text, (.startedBy | origin_text), (.startedAt | moment), (.lastTriggeredAt | moment), .moved,
    .remaining, .total, trouble];
def log_lines:
    if $style == "json" then all_pages(.entries) | json
    else first(inputs) as $first
        | (select(on_terminal) | $first | result | counts_line | folded),
          sheet(log_columns; ($first, inputs) | result | .entries | map(log_row)),
          next("pending \(argument)")
    end;

# Who is not done, in a line, before something is ended.
def not_done: result | select(.total > 0)
    | t("not done yet, \(.total) of \(.counts | add): "; "尚未搬完（\(.total)/\(.counts | add)）：")
        + ([.entries[] | "\(.account) (\(account_text))"] | join(", "))
        + (if .total > (.entries | length) then t(" and \(.total - (.entries | length)) more"; " 等") else "" end)
    | clean;

# ── Who has not moved

def pending_columns: [
    {head: t("account"; "账号"), least: 16}, {head: t("name"; "姓名"), least: 8, drop: 3},
    {head: t("status"; "状态"), drop: 1}, {head: t("why"; "原因"), least: 24},
    {head: t("last attempt"; "最近一次验证"), drop: 2}, {head: t("by"; "方式"), drop: 4}];
# The argument `names` has pages of listAccounts.
def pending_lines:
    ([$ARGS.named.names[] | result | .accounts[] | select(.displayName)
        | {key: .address, value: .displayName}] | from_entries) as $name
    | [inputs | result | .entries[]
        | {account, displayName: $name[.account], status, reason: hindrance, lastAttempt}]
    | if $style == "json" then {pending: .} | json
      else sheet(pending_columns; map([
            .account, .displayName, (.status | status_text), .reason, (.lastAttempt.at | moment),
            (.lastAttempt.via | origin_text)]); t("Everybody has moved."; "所有账号均已搬完。")),
        if . == [] then next("report \(argument)") else next("log \(argument) --attention") end end;

# ── Events

def events_columns: [
    t("time"; "时间"),
    {head: t("account"; "账号"), least: 14, drop: (if is_domain then null else 5 end)},
    {head: t("event"; "事件"), least: 9}, {head: t("by"; "触发方式"), drop: 2},
    {head: t("reason"; "原因"), drop: 3}, {head: t("text"; "说明"), least: 24, wrap: true}];
def event_row: [
    (.at | moment), .account, (if on_terminal then .kind | event_text else .kind end), (.via | origin_text), .reason,
    ([.message, .detail] | map(select(. != null and . != "") | text) | unique_by(.) | join(" · "))];
def events_lines:
    if $style == "json" then all_pages(.events) | json
    else sheet(events_columns; inputs | result | .events | map(event_row)) end;
