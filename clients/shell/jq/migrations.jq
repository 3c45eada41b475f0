# The migration of a domain: its settings as options, and as people read them.

include "words";
include "reasons";
include "figures";
include "tables";
include "replies";

# An address that is none is a fault of the file.
def lists: $ARGS.named.lists // [];
def stop_at_bad_row: (.error.data.parameter? // "" | strings
        | capture("^(?<list>knownAccounts|excludedAccounts)\\[(?<index>[0-9]+)\\]$")) as {$list, $index}
    | {knownAccounts: [lists[0], options.known], excludedAccounts: [lists[1], options.exclude]}[$list] as [$rows, $file]
    | $rows[$index | tonumber][0] as $line
    | t("\($file), line \($line): "; "\($file) 第 \($line) 行：")
        + (.error.data.detail // "" | text | sub("^(known|excluded)Accounts\\[[0-9]+\\] "; "")) | stop(65);

# ── Settings as people read them

def setting_text: {
    state: t("state"; "状态"), validDays: t("days"; "有效天数"), enabledAt: t("enabled"; "开启时间"),
    expiresAt: t("expires"; "到期时间"), knownAccounts: t("known accounts"; "已知账号"),
    excludedAccounts: t("excluded accounts"; "排除账号"),
    autoCreateAccounts: t("accounts created at login"; "登录时自动创建账号"),
    syncPasswords: t("passwords taken over"; "接管原密码"),
    "oldServer.protocol": t("protocol"; "协议"), "oldServer.host": t("old server"; "原服务器"),
    "oldServer.port": t("port"; "端口"), "oldServer.security": t("security"; "加密方式"),
    "oldServer.certificate.verify": t("certificate"; "证书校验"),
    "oldServer.certificate.sha256": t("fingerprint"; "证书指纹"),
    "oldServer.usernameIncludesDomain": t("user names with domain"; "用户名带域名"),
    "oldServer.domain": t("old domain"; "原域名"), "oldServer.master": t("master user"; "主用户"),
    "oldServer.pop3": t("UIDLs from"; "UIDL 来源"), "options.flags": t("flags"; "标记"),
    "options.folders.exclude": t("folders left out"; "排除文件夹"), "options.folders.map": t("folders mapped"; "文件夹映射"),
    "options.folders.shared": t("shared folders"; "共享文件夹"),
    "oldServer.secureAuthentication": t("secure authentication only"; "仅限安全认证"),
    "options.preserveUIDL": t("preserve UIDL"; "保留 UIDL"), "options.markSeen": t("mark seen"; "标为已读"),
    "options.order": t("order"; "次序"), "options.deleteAfterMove": t("delete after move"; "搬完删除"),
    "options.maxConnections": t("connections"; "连接数上限"), "options.folder": t("folder"; "文件夹"),
    "options.followUp": t("follow-up"; "后续补收") }[.]
    // if startswith("options.folders.map.") then t("folder "; "文件夹 ") + ltrimstr("options.folders.map.") else . end;
def setting_value($field):
    if . == null or (. == [] and ($field | startswith("options."))) then t("none"; "无")
    elif type == "array" and ($field | startswith("options.")) then join(", ")
    elif type == "array" then t("\(length) accounts"; "\(length) 个账号")
    elif type == "boolean" then yes_no elif type == "object" then tojson
    elif $field | endswith("At") then moment else tostring | window_text end;

def domain_of: .domain // argument;
def warnings: .warnings // [] | .[] | text | sentence(t("warning:"; "警告："));
# Warnings are about the old server.
def new_warnings: if any(.changes // [] | .[]; .field | startswith("oldServer.")) then warnings else empty end;
def change_lines: .changes // [] | if . == [] then t("nothing changes"; "没有更改")
    else (select(options["dry-run"])
            | t("a dry run, nothing was changed; it would be:"; "试运行，未作任何更改；结果将为：")),
        sheet([{head: t("setting"; "设置"), least: 10}, {head: t("from"; "原值"), least: 8},
                {head: t("to"; "新值"), least: 8, wrap: true}];
            map(.field as $field
                | [($field | setting_text), (.from, .to | setting_value($field))]))
    end;

def reachable_fields: .reachable | select(. != null)
    | [t("reachable"; "是否可达"), .ok], [t("met so far"; "目前所见"), (.detail | text)];
def old_server_fields: .oldServer // {}
    | [t("old server"; "原服务器"), "\(.host):\(.port)"], (select(.protocol) | [t("protocol"; "协议"), .protocol]),
      [t("security"; "加密方式"), .security],
      [t("certificate"; "证书校验"), ([.certificate.verify?, .certificate.sha256?] | map(select(. != null)) | join(" "))],
      [t("user names with domain"; "用户名带域名"), .usernameIncludesDomain],
      (select(.domain) | [t("old domain"; "原域名"), .domain]),
      [t("secure authentication only"; "仅限安全认证"), .secureAuthentication],
      (select(.master) | [t("master user"; "主用户"), "\(.master.user) (\(.master.form))"]),
      (select(.pop3) | [t("UIDLs from"; "UIDL 来源"), "\(.pop3.host):\(.pop3.port)"]);
def list_fields:
    [t("passwords taken over"; "接管原密码"), .syncPasswords],
    [t("accounts created at login"; "登录时自动创建账号"), .autoCreateAccounts],
    (.knownAccounts | select(. != null) | [t("known accounts"; "已知账号数"), if type == "array" then length else . end]),
    (.excludedAccounts | select(. != null and . != [])
        | [t("excluded accounts"; "排除账号数"), if type == "array" then length else . end]);
def folder_fields:
    (.exclude // [] | select(. != []) | [t("folders left out"; "排除文件夹"), join(", ")]),
    (.map // {} | select(. != {})
        | [t("folders mapped"; "文件夹映射"), (to_entries | map("\(.key) → \(.value)") | join(", "))]),
    (select(.shared) | [t("shared folders"; "共享文件夹"), .shared]);
def option_fields: .options // {}
    | [t("preserve UIDL"; "保留 UIDL"), .preserveUIDL], [t("mark seen"; "标为已读"), .markSeen],
      [t("order"; "次序"), .order], [t("delete after move"; "搬完删除"), .deleteAfterMove],
      [t("folder"; "文件夹"), .folder], (.folders // {} | folder_fields),
      (select(.flags == "none") | [t("flags"; "标记"), .flags]),
      (select(.maxConnections) | [t("connections"; "连接数上限"), .maxConnections]),
      (select(.followUp) | .followUp | [t("follow-up"; "后续补收"), "\(.hours) h / \(.everyMinutes) min"]);
def figure_fields:
    (.counts // {} | to_entries[] | [(.key | status_text), .value]),
    (select(.queued) | [t("of the moving, queued"; "其中排队"), .queued]),
    (select(.paused) | [t("paused"; "已暂停"), .paused]),
    (select(.moved != null)
        | [t("messages moved"; "已搬邮件"), .moved], [t("messages known to remain"; "已知剩余邮件"), .remaining],
          (select(.unlisted) | [t("accounts not listed yet"; "尚未列出邮件的账号"), .unlisted]),
          [t("octets moved"; "已搬字节"), (.movedOctets | size)],
          (select(.remainingOctets) | [t("octets known to remain"; "已知剩余字节"), (.remainingOctets | size)])),
    (select((.messagesPerSecond // 0) > 0)
        | [t("messages a second"; "每秒邮件数"), (.messagesPerSecond | fixed1)],
          [t("octets a second"; "每秒字节"), (.octetsPerSecond | floor | size)],
          [t("time left"; "预计剩余时间"), (.etaSeconds | duration)]);
def settings_lines: [
    [t("domain"; "域"), .domain], [t("state"; "状态"), (.state | window_text)],
    [t("enabled"; "开启时间"), (.enabledAt | moment)], [t("expires"; "到期时间"), (.expiresAt | moment)],
    old_server_fields, reachable_fields, list_fields, option_fields, figure_fields ] | field_list;

# ── Results

# Empty where the domain is not enabled.
def active_until: if .error.data.reason? == "migrationNotEnabled" then empty
    else result | select(.state == "active") | .expiresAt end;
def enabled: stop_at_bad_row, (result | printed(settings_lines, warnings, next("verify \(domain_of)")));
def changed: stop_at_bad_row, (result | printed(change_lines, new_warnings));
def disabled: result | printed(t("The migration of \(argument) has ended."; "已停止 \(argument) 的邮箱搬家。") | clean);
def forgotten: result | printed(t("The migration of \(argument) is forgotten."; "已清除 \(argument) 的搬家记录。") | clean);
def show_lines: result | printed(settings_lines, warnings,
    if .state == "active" then next("watch \(domain_of)") else next("report \(domain_of)") end);

def server_cell: "\(.oldServer.host):\(.oldServer.port)" + (.reachable
    | if . == null or .ok then "" else (.since | moment) as $since
        | t(" (away since \($since))"; "（自 \($since) 起不可达）") end);
def migrations_lines: result | printed(sheet(
    [{head: t("domain"; "域"), least: 12}, {head: t("state"; "状态"), drop: 2},
        {head: t("old server"; "原服务器"), least: 12, drop: 5}, {head: t("expires"; "到期时间"), drop: 4},
        t("moved"; "已搬"), t("remaining"; "剩余"),
        ("notStarted", "inProgress", "completed", "failed", "nonMigrating"
            | {head: status_text, drop: {notStarted: 3, nonMigrating: 6}[.]})];
    .migrations | map([.domain, (.state | window_text), server_cell, (.expiresAt | moment), .moved, .remaining,
        (.counts // {} | .notStarted, .inProgress, .completed, .failed, .nonMigrating)]);
    t("no domain is enabled (mailmovectl enable)"; "没有已开启的域（mailmovectl enable）")));

def import_row: [
    (if .error then t("FAILED"; "失败") elif .enabled then t("enabled"; "已开启") else t("ok"; "正常") end),
    (if .domain == "" then t("line \(.line)"; "第 \(.line) 行") else .domain end),
    (.error | select(.)
        | [(.reason | reason_text // empty), (.detail | text)] | map(select(. != "")) | join(t(": "; "："))) // null];
def imported: (.error.data // {}) as {$parameter, $detail}
    | if $parameter == "data" then "\(options.from): \($detail | text | ltrimstr("data "))" | clean | stop(65)
      else result end
    | printed(
        (select(options["dry-run"])
            | t("a dry run, nothing was changed; it would be:"; "试运行，未作任何更改；结果将为：")),
        sheet([t("result"; "结果"), {head: t("domain"; "域"), least: 12},
                {head: t("detail"; "详情"), least: 20, wrap: true}];
            .migrations | map(import_row,
                (.domain as $domain | .warnings // [] | .[] | [t("warning"; "警告"), $domain, text]))),
        (.migrations | map(select(.error)) | length) as $bad | (.migrations | length - $bad) as $good
        | t("enabled \($good), failed \($bad)"; "已开启 \($good)，失败 \($bad)"),
        next("verify")),
      (if any(.migrations[]; .error) then end_with(1) else empty end);
