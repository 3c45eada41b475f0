# mailmovectl check: a domain's DNS.

include "words";
include "reasons";
include "tables";
include "server";
include "replies";

def records: .records | sheet([t("record"; "记录"), {head: t("value"; "内容"), least: 20, wrap: true}]; [
    (.mx[] | (.addresses | if . == [] then "" else " (\(join(", ")))" end) as $addresses
        | ["MX", "\(.preference) \(.host)" + $addresses]),
    (.a[] | ["A", .]), (.aaaa[] | ["AAAA", .]), (.spf | select(. != null) | ["SPF", .])]; empty);
def platform_options: options
    | (.mx | lines // [] | .[] | "--mx \(.)"), (.address | lines // [] | .[] | "--address \(.)");
def check_lines: result | printed(records,
        sheet([t("result"; "结果"), {head: t("finding"; "结论"), least: 24, wrap: true}];
            .findings | map([(.severity | severity_text), (.text | text)])),
        (select(.ok) | t("ok"; "正常")),
        if .ok then next("watch \(argument)")
        else next("check \([argument, platform_options] | join(" "))"; t("once DNS is switched"; "切换 DNS 之后")) end),
    (if .ok then empty else end_with(1) end);

def all_checked: every_reply
    | (map(select(.result.ok)) | length) as $good
    | if $style == "json" then {domains: map({domain: .id, error} + .result), ok: ($good == length)} | json
      else sheet([t("result"; "结果"), {head: t("domain"; "域"), least: 12},
            {head: t("finding"; "结论"), least: 24, wrap: true}];
            map(.id as $domain
                | if .error then [t("FAILED"; "失败"), $domain, (.error | error_text)]
                  elif .result.findings == [] then [t("ok"; "正常"), $domain, null]
                  else .result.findings[] | [(.severity | severity_text), $domain, (.text | text)] end); empty),
        total_line($good) end,
      (if $good == length then empty else end_with(1) end);
