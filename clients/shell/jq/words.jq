# Words, options, and what everything is printed by. $lang is en or zh-CN; $style is table (for people on a terminal
# that has $width columns), plain, csv or json.

def t($en; $zh): if $lang == "zh-CN" then $zh else $en end;
# A text of the daemon, which may come in both languages.
def text: if type == "object" then .[$lang] // .en // tojson elif . == null then "" else tostring end;
def options: $ARGS.named | with_entries(select(.key | startswith("o:")) | .key |= ltrimstr("o:"));
def arguments: $ARGS.positional;
def argument: arguments[0];
# DOMAIN/ACCOUNT
def subject: argument | if contains("@") then {account: .} else {domain: .} end;
def is_domain: argument | contains("@") | not;
def without_nulls: with_entries(select(.value != null));
def number: if . == null then . else tonumber end;
def lines: if . == null then . else split("\n") end;
def flag: if . then true else null end;
def unless_given: if . == null then null else false end;
def on_terminal: $style == "table";

# Nothing that comes from outside steers a terminal: control characters (C1 as well), marks that turn the direction of
# writing, and ends of lines are shown as JSON would write them.
def steering: "[\\x{0}-\\x{1f}\\x{7f}-\\x{9f}\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]";
def escaped: explode[0] as $code
    | {"9": "\\t", "10": "\\n", "13": "\\r"}[$code | tostring]
        // ("\\u" + ([4096, 256, 16, 1] | map(($code / . | floor) % 16 | "0123456789abcdef"[.:. + 1]) | join("")));
def clean: if test(steering) then gsub("(?<one>" + steering + ")"; .one | escaped) else . end;
# The same within JSON text, which stays the same JSON.
def json: tojson | clean;

def stop($status): ("mailmovectl: " + (. | clean) + "\n") | halt_error($status);
def end_with($status): "" | halt_error($status);
# printed(LINES): the result itself with --json, else lines for people.
def printed(lines): if $style == "json" then json else lines end;
