# The settings of a domain, as this program's options name them, as parameters.

include "words";

def certificate: options
    | if .verify or .fingerprint then
        { verify: (.verify // "fingerprint"),
          sha256: (.fingerprint | if . then gsub("[: ]"; "") | ascii_downcase else . end) } | without_nulls
      else null end;
def master: options
    | if .["master-user"] or .["master-form"] then
        {user: .["master-user"], form: (.["master-form"] // "user*master")} | without_nulls
      else null end;
def old_server: options
    | { protocol, host, port: (.port | number), security, certificate: certificate,
        usernameIncludesDomain: (.["user-without-domain"] | unless_given), domain: .["old-domain"],
        secureAuthentication: (.["secure-auth"] | flag), master: master } | without_nulls;
def follow_up: .["follow-up"]
    | if . then split(":") | {hours: (.[0] | tonumber), everyMinutes: (.[1] | number)} | without_nulls else null end;
def move_options: options
    | { preserveUIDL: (.["no-uidl"] | unless_given), markSeen: (if .["mark-seen"] then "all" else null end),
        order: (if .["newest-first"] then "newestFirst" else null end), folder, followUp: follow_up,
        deleteAfterMove: (.["delete-after-move"] | flag), maxConnections: (.["max-connections"] | number) }
    | without_nulls | if . == {} then null else . end;
# Where a setting stands among the parameters, by the option that names it.
def place: {
    protocol: ["oldServer", "protocol"], port: ["oldServer", "port"], security: ["oldServer", "security"],
    verify: ["oldServer", "certificate"], fingerprint: ["oldServer", "certificate"],
    "user-without-domain": ["oldServer", "usernameIncludesDomain"], "old-domain": ["oldServer", "domain"],
    "secure-auth": ["oldServer", "secureAuthentication"], "master-user": ["oldServer", "master"],
    days: ["validDays"], known: ["knownAccounts"], exclude: ["excludedAccounts"],
    "auto-create": ["autoCreateAccounts"], "no-sync-passwords": ["syncPasswords"],
    "no-uidl": ["options", "preserveUIDL"], "mark-seen": ["options", "markSeen"],
    "newest-first": ["options", "order"], "delete-after-move": ["options", "deleteAfterMove"],
    "max-connections": ["options", "maxConnections"], folder: ["options", "folder"],
    "follow-up": ["options", "followUp"] }[.];

# The settings that are named; the lists as `addresses` gives them, known and excluded.
def given_addresses: if . == null then null else map(.[1]) end;
def named: input as $known | input as $excluded | {
    oldServer: (old_server | if . == {} then null else . end), validDays: (options.days | number),
    knownAccounts: ($known | given_addresses), excludedAccounts: ($excluded | given_addresses),
    autoCreateAccounts: (options["auto-create"] | flag), syncPasswords: (options["no-sync-passwords"] | unless_given),
    options: move_options } | without_nulls;
