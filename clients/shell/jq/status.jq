# Where an account's move stands, and why.

include "words";
include "reasons";
include "figures";

def error_line: if . == null then null else
    (.reason | reason_text // .) + (if (.detail // "") == "" then "" else t(": "; "：") + (.detail | text) end) end;
def next_try: if .retryAt then (.retryAt | moment) as $at | t("; next try \($at)"; "；下次重试 \($at)") else "" end;
# What a line of the log says of trouble.
def trouble:
    if .error then .error | error_line + next_try
    elif .status == "notStarted" and (.lastAttempt.outcome // "accepted") != "accepted" then .lastAttempt | attempt_text
    else null end;
# Why an account has not moved; null where it has, or does not.
def hindrance:
    (if .paused then t("paused (mailmovectl resume)"; "已暂停（mailmovectl resume）") else null end) as $paused
    | (if .error then .error | (.reason | reason_text // .) + next_try
       elif .status == "inProgress" then
            if .queued then t("waits for its turn"; "正在排队") elif .paused then null else t("is moving"; "正在搬家") end
       elif .status != "notStarted" then null
       elif .lastAttempt == null or .lastAttempt.outcome == "accepted" then t("has not logged in yet"; "尚未登录")
       else .lastAttempt | attempt_text end) as $why
    | [$paused, $why] | map(select(. != null)) | if . == [] then null else join(t("; "; "；")) end;
