# mailmovectl report: how a migration went, as a page (HTML), as a table, or in short on a terminal.

include "words";
include "reasons";
include "figures";
include "tables";
include "server";
include "replies";

def page: first(.html?, .page?, .text?, .[] | strings | select(test("^[\ufeff\\s]*<")));
# Its table: what is counted in which part of the report.
def table_rows:
    [t("total"; "合计"), .domain, .totals.accounts, .totals.moved, .totals.movedOctets, .totals.remaining, null],
    (.byStatus | to_entries[] | [t("status"; "状态"), (.key | status_text), .value, null, null, null, null]),
    (.byDay[] | [t("day"; "日期"), .at, null, .moved, .octets, null, null]),
    (.byHour[] | [t("hour"; "小时"), .at, null, .moved, .octets, null, null]),
    (.failures[] | [t("failure"; "失败"), (.reason | reason_text // .), .accounts, null, null, null, (.action | text)]),
    (.notStarted[] | [t("not started"; "未开始"), .account, null, null, null, null,
        ([.displayName, (.reason | waiting_text)] | map(select(. != null and . != "")) | join(t(": "; "：")))]),
    (.largest[] | [t("largest"; "最大"), .account, null, .moved, .octets, null, null]);
def table_head: [
    t("part"; "部分"), t("item"; "项目"), t("accounts"; "账号数"), t("messages"; "邮件"), t("octets"; "字节"),
    t("remaining"; "剩余"), t("note"; "说明")];
def in_short:
    ([ [t("domain"; "域"), .domain], [t("from"; "开始"), (.from | moment)], [t("to"; "结束"), (.to | moment)],
        [t("accounts"; "账号"), .totals.accounts], [t("messages moved"; "已搬邮件"), .totals.moved],
        [t("octets moved"; "已搬字节"), (.totals.movedOctets | size)],
        [t("messages known to remain"; "已知剩余邮件"), .totals.remaining],
        [t("time taken"; "用时"), (.totals.seconds | duration)],
        (.byStatus | to_entries[] | [(.key | status_text), .value]) ] | field_list),
    (.failures | select(. != []) | "", sheet([
            {head: t("failed because"; "失败原因"), least: 16}, t("accounts"; "账号数"),
            {head: t("what to do"; "处理办法"), least: 20, wrap: true}];
        map([(.reason | reason_text // .), .accounts, (.action | text)]))),
    (.notStarted | select(. != []) | "", sheet([
            {head: t("not started"; "未开始"), least: 16}, {head: t("name"; "姓名"), least: 8, drop: 1},
            {head: t("why"; "原因"), least: 20, wrap: true}];
        .[:20] | map([.account, .displayName, (.reason | waiting_text)])),
        (select(length > 20) | (length - 20) as $more
            | t("and \($more) more (mailmovectl pending)"; "另有 \($more) 个（mailmovectl pending）")));
def left_to_do: .leftToDo // [] | select(. != []) | "", sheet([
        t("accounts"; "账号数"), {head: t("left to do"; "待办事项"), least: 24, wrap: true}];
    map([.accounts, (.action | text)]));
def reported: result
    | if $style == "json" then json
      elif $style == "csv" then sheet(table_head; [table_rows])
      elif on_terminal then in_short, left_to_do,
        next("report \(argument) --output report.html"; t("the whole page"; "完整页面")),
        next("disable \(argument)"; t("when everybody has moved"; "全部搬完之后"))
      else page end;
def written: t("written to \(options.output)"; "已写入 \(options.output)") | clean | printed(.);

# ── All domains

def all_reported: every_reply | map(select(.result) | .result) as $reports
    | def sum(f): $reports | map(f // 0) | add // 0;
    if $style == "json" then {domains: map({domain: .id, error} + .result)} | json
    else sheet([{head: t("domain"; "域"), least: 12}, t("accounts"; "账号"), t("completed"; "完成"), t("failed"; "失败"),
            t("moved"; "已搬"), {head: t("octets"; "字节"), drop: 1}, t("remaining"; "剩余")];
        ($reports | map([.domain, .totals.accounts, .byStatus.completed, .byStatus.failed, .totals.moved,
            (.totals.movedOctets | size), .totals.remaining]))
        + [[t("total"; "合计"), sum(.totals.accounts), sum(.byStatus.completed), sum(.byStatus.failed),
            sum(.totals.moved), (sum(.totals.movedOctets) | size), sum(.totals.remaining)]]) end,
    (map(.error | select(.)) | select(. != []) | .[0] | error_status as $status | error_text | stop($status));
