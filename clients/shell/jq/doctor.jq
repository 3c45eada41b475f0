# mailmovectl doctor: what was recorded as moved, held against mailbox and old server.

include "words";
include "reasons";
include "tables";
include "replies";

def account_row: [(if .ok then t("ok"; "正常") else t("NOT OK"; "异常") end), .account,
    t("\(.present) of \(.ledger) here, \(.gone) gone, \(.missingCount) missing, \(.movedAgain) moved again";
      "\(.ledger) 封中此处 \(.present) 封，已删 \(.gone)，缺失 \(.missingCount)，重新搬入 \(.movedAgain)")];
# By POP3 there are no folders.
def name: if .folder then t("\(.folder), UID \(.uniqueID)"; "\(.folder)，UID \(.uniqueID)") else .uniqueID end;
def rows: [
    (.findings[] | [(.severity | severity_text), .account, (.text | text)]),
    (.accounts[] | .account as $account | .missing[]
        | [t("missing"; "缺失"), $account, name + t(", \(.octets) octets"; "，\(.octets) 字节")]),
    (.accounts[] | account_row)];
def findings:
    foreach inputs as $reply ({ok: true}; ($reply | result) as $page | .ok = (.ok and $page.ok) | .page = $page; .)
    | .page as $page
    | if $style == "json" then $page | json
      else $page | sheet([t("result"; "结果"), {head: t("account"; "账号"), least: 16},
            {head: t("detail"; "详情"), least: 24, wrap: true}]; rows)
      end,
      (if .ok or ($page.nextCursor != null) then empty else end_with(1) end);
