# Replies of the daemon (JSON-RPC 2.0): results, errors and their exit statuses.

include "words";
include "reasons";

# The daemon's own words, with the parameter and the detail; for what the daemon does not have a reason for.
def unreasoned: (.data // {}) as $data | ($data.message // .message | text) as $message
    | ($data.detail // "" | text) as $detail
    | $message + ($data.parameter | if . then " [\(.)]" else "" end)
        + (if $detail == "" or $detail == $message then "" else " (\($detail))" end);
def error_text:
    (if .code == -32601 then t("the daemon does not have this method"; "守护进程没有此方法")
        + (.data.detail? // "" | if . == "" then . else " (\(text))" end)
     else (.data.reason? | reason_text) // unreasoned end)
    + (.data.retryAfter? | if . then t("; try again in \(.) s"; "；请在 \(.) 秒后重试") else "" end)
    | clean;
def error_status: if .code == -32001 then 77 elif .data.retryable == true then 75 else 70 end;
# The result of a reply, or the end: an error becomes a sentence and an exit status. A lost reply has been told of.
def result:
    if has("error") then .error | error_status as $status | error_text | stop($status)
    elif .lost then empty
    else .result end;

# All pages as one result.
def all_pages(list):
    reduce (inputs | result) as $page (null;
        if . == null then $page else (list |= . + ($page | list)) | .nextCursor = $page.nextCursor end)
    | select(. != null);
