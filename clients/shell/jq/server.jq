# mailmovectl verify, detect: the old server.

include "words";
include "reasons";
include "tables";
include "figures";
include "replies";

def checks: sheet([
        t("result"; "结果"), {head: t("check"; "检查项"), least: 8}, {head: t("detail"; "详情"), least: 24, wrap: true}];
    .checks | map([(.ok | finding_text), .name, (.detail | text)]));
def mailbox: .mailbox | select(.)
    | t("mailbox: \(.messages) messages, \(.octets) octets"; "邮箱：\(.messages) 封，\(.octets) 字节");
def advice: .advice // [] | .[] | text | sentence(t("advice:"; "建议："));
# What the enabling command would be, of the options that were given.
def server_options: options | with_entries(select(.key | IN("host", "port", "security", "verify", "fingerprint",
        "user-without-domain", "old-domain", "secure-auth", "protocol")))
    | to_entries | map(if .value == "true" then "--\(.key)" else "--\(.key) \(.value)" end) | join(" ");
def verified: result | printed(checks, mailbox, advice,
        if .ok | not then empty
        elif argument then next("check \(argument) --mx NEW-MX-HOST"; t("does DNS lead here yet?"; "DNS 是否已指向新平台"))
        else (options.account // "DOMAIN" | split("@")[-1]) as $domain
            | next("enable \($domain) \(server_options)") end),
    (if .ok then empty else end_with(1) end);

# Replies in as they come; out in the order of their domains.
def every_reply: [inputs | select(.lost | not)] | sort_by(.id);
def total_line($good):
    if length == 0 then t("no domain is enabled (mailmovectl enable)"; "没有已开启的域（mailmovectl enable）")
    else t("\($good) of \(length) domains ok"; "共 \(length) 个域，\($good) 个正常") end;

def all_verified: every_reply
    | (map(select(.result.ok)) | length) as $good
    | if $style == "json" then {domains: map({domain: .id, error} + .result), ok: ($good == length)} | json
      else sheet([t("result"; "结果"), {head: t("domain"; "域"), least: 12},
            {head: t("check"; "检查项"), least: 8, drop: 1}, {head: t("detail"; "详情"), least: 24, wrap: true}];
            map(.id as $domain
                | if .error then [t("FAILED"; "失败"), $domain, null, (.error | error_text)]
                  elif .result.ok then [t("ok"; "正常"), $domain, null, null]
                  else .result.checks[] | select(.ok == false)
                    | [t("FAILED"; "失败"), $domain, .name, (.detail | text)] end); empty),
        total_line($good) end,
      (if $good == length then empty else end_with(1) end);

# ── What serves the old mail

# Which of the candidates it is, where the daemon has said so.
def best: .best as $best | if ($best | type) == "number" then .candidates[$best] else $best end;
def as_command($domain): "enable \($domain) --host \(.host) --port \(.port) --security \(.security)"
    + (if (.protocol // "pop3") == "pop3" then "" else " --protocol \(.protocol)" end)
    + (if .usernameIncludesDomain == false then " --user-without-domain" else "" end);
def detected: result
    | printed(sheet([t("result"; "结果"), t("protocol"; "协议"), {head: t("host"; "主机"), least: 14}, t("port"; "端口"),
                {head: t("security"; "加密方式"), drop: 1}, {head: t("user names with domain"; "用户名带域名"), drop: 3},
                {head: t("source"; "来源"), drop: 2}, {head: t("detail"; "详情"), least: 20, wrap: true}];
            .candidates | map([(.ok | finding_text), .protocol, .host, .port, .security,
                (.usernameIncludesDomain | yes_no), .source, (.detail | text)]);
            t("Nothing was found."; "没有找到。")),
        best as $best | (argument | split("@")[-1]) as $domain
        | if $best then next($best | as_command($domain))
          elif $style == "csv" then empty
          else t("No server answers as an old server would; name it: mailmovectl verify --host HOST";
                 "没有服务器像原服务器那样应答，请指明：mailmovectl verify --host HOST") end),
      (if best then empty else end_with(1) end);
