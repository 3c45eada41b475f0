# mailmovectl accounts, and the platform's own accounts.

include "words";
include "reasons";
include "figures";
include "tables";
include "replies";

def made_up_passwords: ["address", "password"], ((.result.generated // [])[] | [.address, .password]) | @csv;
# Of the rejected rows, for awk/rejects.awk: the file's encoding; their lines; the names of the header's columns.
def rejects: .result // {rejected: [], header: []}
    | .encoding, ([.rejected[].line] | join(" ")),
      ([.header[].name | select(. != "" and (test("[\"\\\\\n]") | not))] | join("\n"));
def rejected_line: (.address // "") as $address
    | t("line \(.line): \(if $address == "" then "" else $address + ": " end)\(.reason)";
        "第 \(.line) 行：\(if $address == "" then "" else $address + "：" end)\(.reason | rejection_text)")
    + (if (.detail // "") == "" then "" else t(": "; "：") + (.detail | text) end) | clean;
def imported: (.error.data // {}) as {$parameter, $detail}
    | if $parameter == "data" then "\(argument): \($detail | text | ltrimstr("data "))" | clean | stop(65)
      elif $parameter == "encoding" then "--\($detail | text)" | clean | stop(64)
      else result end
    | .generated |= map({address}) | printed(
        (.header | to_entries | map(select(.value.meaning)
            | (if .value.name == "" then t("column \(.key + 1)"; "第 \(.key + 1) 列") else .value.name end)
                + " = " + (.value.meaning | meaning_text)) | join(t(", "; "，"))) as $known
        | (.header | map(select(.meaning == null and .name != "").name) | join(t(", "; "，"))) as $ignored
        | (.rejected[] | rejected_line | folded),
        (t("read as \(.encoding), separated by \(.separator): \($known)";
           "编码 \(.encoding)，分隔符 \(.separator)：\($known)")
            + if $ignored == "" then "" else t("; ignored: \($ignored)"; "；忽略：\($ignored)") end | clean | folded),
        (select(options["dry-run"])
            | t("a dry run, nothing was changed; it would be:"; "试运行，未作任何更改；结果将为：")),
        ((.rejected | length) as $bad
            | t("created \(.created), updated \(.updated) (passwords kept \(.passwordsKept)), skipped \(.skipped), " +
                  "rejected \($bad)";
                "新建 \(.created)，更新 \(.updated)（保留密码 \(.passwordsKept)），跳过 \(.skipped)，拒绝 \($bad)")
            | folded),
        (select(.generated != []) | (.generated | length) as $count
            | t("passwords made up: \($count), in \(options["generate-passwords"])";
                "自动生成密码 \($count) 个，保存于 \(options["generate-passwords"])") | clean | folded),
        ($ARGS.named.domain // "" | if . == "" then "DOMAIN" else . end) as $name
        | if options["dry-run"] then next("accounts create \(argument)")
          else next("enable \($name) --host OLD-SERVER"), or_else("detect \($name)") end),
      (if .rejected == [] then empty else end_with(1) end);

def list_lines:
    if $style == "json" then all_pages(.accounts) | json
    else sheet([{head: t("address"; "地址"), least: 24}, {head: t("name"; "姓名"), least: 8, drop: 1},
            {head: t("quota"; "配额"), drop: 2}, {head: t("created"; "创建时间"), drop: 3}, t("handed over"; "已接管")];
        inputs | result | .accounts
            | map([.address, .displayName, (.quotaOctets | size), (.createdAt | moment), (.handedOver | yes_no)])) end;

def delete_lines: result
    | printed((.notFound[] | t("no such account: \(.)"; "账号不存在：\(.)") | clean),
        t("deleted \(.deleted)"; "已删除 \(.deleted)")),
      (if .notFound == [] then empty else end_with(1) end);

def password_set: result | printed(t("The password of \(argument) is set."; "已修改 \(argument) 的密码。") | clean);

# passwd-file(5) of Dovecot; a colon separates its fields.
def passwd_line:
    if .address | contains(":") then
        t("\(.address) cannot stand in a passwd-file"; "passwd-file 无法包含 \(.address)") | stop(70)
    else "\(.address):\(.passwordHash // "")::::::"
        + if .quotaOctets then "userdb_quota_rule=*:storage=\(.quotaOctets)B" else "" end | clean end;
def export_lines:
    if $style == "json" then all_pages(.accounts) | json
    elif options.format == "csv" then
        foreach (inputs | result | .accounts) as $page ({first: true};
            .out = [select(.first) | byte_order_mark
                + (["address", "passwordHash", "displayName", "quotaOctets", "handedOver"] | csv_row)]
            | .first = false;
            .out[], ($page[] | [.address, .passwordHash, .displayName, .quotaOctets, .handedOver] | csv_row))
    else inputs | result | .accounts[] | passwd_line end;

def verify_accounts_lines: result
    | printed(sheet([t("result"; "结果"), t("check"; "检查项"), {head: t("detail"; "详情"), least: 20, wrap: true}];
        .checks | map([(.ok | finding_text), .name, (.detail | text)]))),
      (if .ok then empty else end_with(1) end);
