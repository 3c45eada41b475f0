# What is asked of the daemon (JSON-RPC 2.0): a request for each command, of its options and arguments.

include "words";
include "settings";

# Methods that can say what people read in $lang.
def speaks: . as $method | any(
    "createAccounts", "importAccounts", "importMigrations", "enableMigration", "updateMigration", "disableMigration",
    "getMigration", "detectOldServer", "verifyOldServer", "checkDomain", "checkIntegrity", "getReport", "listEvents",
    "queryStatus", "listLog", "listFolders", "verifyAccounts"; . == $method);
# call(METHOD; PARAMETERS): the request. Parameters that are null are left out.
def call($method; parameters): {
    jsonrpc: "2.0", id: 1, method: $method,
    params: (parameters | without_nulls | if $method | speaks then .lang = $lang else . end) };

# The pages of a list, one reply each: `left` is how many members are still wanted, empty for all; `most` is a page.
def page_limit($left): .params.limit = ([$ARGS.named.most, ($left | select(. != "") | tonumber)] | min);
def first_page: page_limit($ARGS.named.left);
# The request and its reply in; out: how many members are left, and the next request, if there is one.
def next_page($list): input as $request | input as $reply | $ARGS.named.left as $left
    | ($reply.result[$list] // [] | length) as $count
    | (if $left == "" then "" else ($left | tonumber) - $count | tostring end) as $still
    | ($reply.result.nextCursor // null) as $cursor
    | if $cursor == null or $count == 0 or ($still != "" and ($still | tonumber) <= 0) then empty
      else $still, ($request | .params.cursor = $cursor | page_limit($still) | tojson) end;

# ── Accounts

def import_request: . as $data | call("importAccounts"; {
    data: $data, encoding: options.encoding, onExisting: options["on-existing"],
    dryRun: (options["dry-run"] != null), generatePasswords: (options["generate-passwords"] != null) });
def list_request: call("listAccounts"; {domain: argument, search: options.search});
def delete_request: call("deleteAccounts"; {accounts: arguments});
def password_request: . as $password | call("setPassword"; {account: argument, $password});
def export_request: call("exportAccounts"; {domain: argument});
def verify_accounts_request: call("verifyAccounts"; {account: argument});

# ── A domain

def get_request: call("getMigration"; {domain: argument});
def enable_request: call("enableMigration"; {domain: argument} + named);
def disable_request: call("disableMigration"; {domain: argument});
def forget_request: call("forgetMigration"; {domain: argument});
def extend_request: call("updateMigration"; {
    domain: argument, extendDays: (arguments[1] | tonumber), dryRun: (options["dry-run"] | flag) });
# Nothing where nothing is named.
def change_request:
    reduce (options.default | lines // [] | .[]) as $name (named; ($name | ltrimstr("--") | place) as $place
        | if $place then setpath($place; null)
          else t("--default names an option of enable, and not \($name)"; "--default 须为 enable 的选项，而不是 \($name)")
            | stop(64) end)
    | if . == {} then empty
      # Here null means something: back to the default.
      else . as $named | call("updateMigration"; {})
        | .params = {domain: argument} + $named + if options["dry-run"] then {dryRun: true} else {} end end;
def show_request: get_request;
def migrations_request: call("listMigrations"; {});
def import_migrations_request: . as $data | call("importMigrations"; {$data, dryRun: (options["dry-run"] | flag)});

def platform: {mx: (options.mx | lines), addresses: (options.address | lines)} | without_nulls
    | if . == {} then null else . end;
def check($domain): call("checkDomain"; {$domain, platform: platform});
def check_request: check(argument);
def report_request: call("getReport"; {
    domain: argument, format: (if $style == "plain" then "html" else "json" end) });

# ── All domains that are enabled

# What listMigrations gives in.
def every_request(request): .migrations[] | select(.state == "active") | .domain as $domain
    | ($domain | request) | .id = $domain;
def verify_requests: every_request(. as $domain | call("verifyOldServer"; {$domain}));
def check_requests: every_request(check(.));
def report_requests: every_request(. as $domain | call("getReport"; {$domain, format: "json", people: "none"}));

# ── The old server

# The password is the input; null where none was given.
def verify_request: . as $password | call("verifyOldServer"; {
    domain: argument, account: options.account, $password, oldServer: (if argument then null else old_server end) });
def detect_request: . as $password
    | call("detectOldServer"; (argument | if contains("@") then {address: .} else {domain: .} end) + {$password});

# ── Moves

def status_request: call("queryStatus"; {account: argument});
def log_request: call("listLog"; {
    domain: argument, status: (options.status | lines), search: options.search, startedBy: options["started-by"],
    sort: options.sort, attention: (options.attention | flag), descending: (options.descending | flag) });
def not_done_request: call("listLog"; {domain: argument, status: ["inProgress", "failed", "notStarted"], limit: 20});
def everyone_request: call("listLog"; {domain: argument});
# An error where the domain is none of the daemon's.
def known_request: call("listLog"; {domain: argument, limit: 1});
def pending_request: call("listLog"; {domain: argument, status: ["notStarted", "inProgress", "failed"]});
def events_request: call("listEvents"; subject + {since: options.since});
def trigger_request: . as $password | call("triggerMigration"; {account: argument, $password, via: "admin"});
# The requests of METHOD: what listLog gives in, for a domain; else the accounts that the arguments name.
def accounts_requests($method):
    if argument | contains("@") then call($method; {accounts: arguments})
    elif arguments[1] != null then
        t("either one domain or accounts"; "只能是一个域名或多个账号") | stop(64)
    else inputs | call($method; {accounts: [.entries[].account]}) end;
def domain_or_accounts:
    if arguments[1] == null and (argument | contains("@") | not) then {domain: argument} else {accounts: arguments} end;
def retry_request: call("retryNow"; domain_or_accounts);
def move_request: . as $password | call("moveAccounts"; domain_or_accounts + {masterPassword: $password});
def folders_request: call("listFolders"; {account: argument});
def doctor_request: . as $password | call("checkIntegrity"; subject + {
    repair: (options.repair | flag), acceptEmpty: (options["accept-empty"] | flag), $password });

# ── Watching

def watch_requests: call("watchStatus"; subject),
    (if is_domain then call("getMigration"; subject) | .id = 2 else empty end);
# Who is not done, for --until-done.
def unfinished_request: call("listLog"; {domain: argument, status: ["inProgress", "failed"]}) | .id = 3;

# ── The daemon itself

def service_request: call("getServiceStatus"; {});
def metrics_request: call("getMetrics"; {});
# Any method, with the input as its parameters, as they are.
def any_request: . as $params | call(argument; {}) | .params = $params;
