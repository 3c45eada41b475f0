# mailmovectl trigger, pause, resume, retry, move, folders: what an administrator does to accounts.

include "words";
include "reasons";
include "figures";
include "tables";
include "replies";

def triggered:
    foreach (inputs, null) as $reply ({good: 0, bad: 0, lost: false};
        if $reply == null then . elif $reply.lost then .lost = true
        elif $reply.error then .bad += 1 else .good += 1 end;
        if $reply == null then
            (if $style == "json" then {triggered: .good, rejected: .bad} | tojson
             else t("triggered \(.good), rejected \(.bad)"; "已触发 \(.good)，拒绝 \(.bad)") end),
            (if .bad > 0 and (.lost | not) then end_with(1) else empty end)
        elif $reply.lost then empty
        elif $style == "json" then $reply | json
        else ($reply.id | capture("^(?<line>[0-9]+) (?<address>.*)$")) as {$line, $address}
            | t("line \($line): \($address): "; "第 \($line) 行：\($address)：")
                + ($reply | if .error then
                    (.error | (.data.reason // .code | tostring) + ": " + error_text)
                   else .result.status | status_text end)
            | clean
        end);

# ── Accounts that are named, or those of a domain

# Accounts that need a login, and those that are none.
def left_behind:
    (.needsLogin // [] | .[] | t("needs a login: \(.)"; "须用户再次登录：\(.)") | clean),
    (.notFound // [] | .[] | t("no such account: \(.)"; "账号不存在：\(.)") | clean);
def added_up: reduce (inputs | result) as $page ({};
    reduce ($page | keys_unsorted[]) as $key (.; .[$key] += $page[$key]));
def finding: if (.notFound // []) == [] then empty else end_with(1) end;
def paused: added_up | printed(left_behind,
        t("paused \(.changed // 0); mailmovectl resume lets them go on";
          "已暂停 \(.changed // 0) 个；恢复：mailmovectl resume")),
    finding;
def resumed: added_up | printed(left_behind, t("resumed \(.changed // 0)"; "已恢复 \(.changed // 0) 个")), finding;

def retry_lines: result | printed(left_behind, t("tried again: \(.queued)"; "立即重试 \(.queued) 个"));

# ── Through the old server's master user

def moved: result
    | printed((.rejected[] | "\(.address)\(t(": "; "："))\(.reason | rejection_text)"
            + (if (.detail // "") == "" then "" else " (\(.detail | text))" end) | clean),
        t("queued \(.queued), rejected \(.rejected | length)"; "已排队 \(.queued) 个，拒绝 \(.rejected | length) 个"),
        next("watch \(argument)")),
      (if .rejected == [] then empty else end_with(1) end);

def folders_lines: result | printed(sheet(
    [{head: t("folder"; "文件夹"), least: 12}, {head: t("goes to"; "搬入"), least: 12},
        {head: t("special use"; "特殊用途"), drop: 1}, t("moved"; "已搬"), t("remaining"; "剩余")];
    .folders | map([.name, .target, .specialUse, .moved, .remaining])));
