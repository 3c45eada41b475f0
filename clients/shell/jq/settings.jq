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
def pop3: options
    | {host: .["pop3-host"], port: (.["pop3-port"] | number), security: .["pop3-security"]} | without_nulls
    | if . == {} then null else . end;
def old_server: options
    | { protocol, host, port: (.port | number), security, certificate: certificate,
        usernameIncludesDomain: (.["user-without-domain"] | unless_given), domain: .["old-domain"],
        secureAuthentication: (.["secure-auth"] | flag), master: master, pop3: pop3 } | without_nulls;
def follow_up: .["follow-up"]
    | if . then split(":") | {hours: (.[0] | tonumber), everyMinutes: (.[1] | number)} | without_nulls else null end;
# OLD=NEW
def folder_pair: split("=")
    | if length < 2 then t("--map-folder needs OLD=NEW"; "--map-folder 的格式为 OLD=NEW") | stop(64)
      else {key: .[0], value: (.[1:] | join("="))} end;
def folders: options
    | { exclude: (.["exclude-folder"] | lines), shared: (.["shared-folders"] | flag),
        map: (.["map-folder"] | lines | if . then map(folder_pair) | from_entries else . end) } | without_nulls
    | if . == {} then null else . end;
def move_options: options
    | { preserveUIDL: (.["no-uidl"] | unless_given), markSeen: (if .["mark-seen"] then "all" else null end),
        order: (if .["newest-first"] then "newestFirst" else null end), folder, followUp: follow_up,
        folders: folders, flags: (if .["no-flags"] then "none" else null end),
        deleteAfterMove: (.["delete-after-move"] | flag), maxConnections: (.["max-connections"] | number) }
    | without_nulls | if . == {} then null else . end;
# Where a setting stands among the parameters, by the option that names it.
def place: {
    protocol: ["oldServer", "protocol"], port: ["oldServer", "port"], security: ["oldServer", "security"],
    verify: ["oldServer", "certificate"], fingerprint: ["oldServer", "certificate"],
    "user-without-domain": ["oldServer", "usernameIncludesDomain"], "old-domain": ["oldServer", "domain"],
    "secure-auth": ["oldServer", "secureAuthentication"], "master-user": ["oldServer", "master"],
    "pop3-host": ["oldServer", "pop3"], "exclude-folder": ["options", "folders", "exclude"],
    "map-folder": ["options", "folders", "map"], "shared-folders": ["options", "folders", "shared"],
    "no-flags": ["options", "flags"],
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
