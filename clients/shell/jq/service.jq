# mailmovectl service, metrics, call: the daemon itself.

include "words";
include "figures";
include "tables";
include "replies";

def part: "\(.kind) \(if .ok then t("ok"; "正常") else t("FAILED"; "失败") end)";
def service_lines: result | printed([
    [t("version"; "版本"), .version], [t("started"; "启动时间"), (.startedAt | moment)], [t("moving"; "搬家中"), .moving],
    [t("queued"; "排队"), .queued], [t("clients"; "客户端"), .clients], [t("records"; "数据库"), (.store | part)],
    [t("mail store"; "邮件存储"), (.mailStore | part)], (.nodes // [] | .[] | [t("node"; "节点"), "\(.name) \(.version)"]),
    [t("state"; "状态"), .statusText]] | field_list);

def metrics_lines: result | printed(.text | rtrimstr("\n") | split("\n") | map(clean) | join("\n"));
