# Replies of the daemon (JSON-RPC 2.0): results, errors and their exit statuses.

include "words";
include "reasons";

def error_text:
    . as $error | (.data // {}) as $data
    | (if .code == -32601 then t("the daemon does not have this method"; "守护进程没有此方法") else null end)
        // ($data.reason | reason_text) // ($data.message // .message | text) as $message
    | (if $data.parameter then " [" + ($data.parameter | tostring) + "]" else "" end) as $parameter
    | ($data.detail // "" | text) as $detail
    | $message + $parameter + (if $detail == "" or $detail == $message then "" else " (" + $detail + ")" end)
        + (if $data.retryAfter then t(" Try again in \($data.retryAfter) s."; " 请在 \($data.retryAfter) 秒后重试。") else "" end)
    | clean;
def error_status: if .code == -32001 then 77 elif .data.retryable == true then 75 else 70 end;
# The result of a reply, or the end: an error becomes a sentence and an exit status. A lost reply has been told of.
def result:
    if has("error") then .error | error_status as $status | error_text | stop($status)
    elif .lost then empty
    else .result end;

# All pages as one result.
def all_pages(list): reduce inputs as $reply (null; ($reply | result) as $page
    | if . == null then $page else (list |= . + ($page | list)) | .nextCursor = $page.nextCursor end) | select(. != null);
