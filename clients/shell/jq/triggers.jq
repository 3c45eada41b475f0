# What trigger --from asks: the accounts and old passwords of a file.

include "words";
include "input";
include "requests";

# Of a file; the id carries line and address, so that each reply can be told without its request.
def trigger_requests:
    records | with_header(["address", "password"]; ["address", "password"]) as {$width, $columns, $rows} | $rows[]
    | if (.[1] | length) > $width then
        t("line \(.[0]): more fields than the header row has; a comma has to be quoted";
          "第 \(.[0]) 行：字段多于首行；逗号须加引号") | stop(65)
      else . end
    | .[0] as $line | (field($columns; "address") // "" | trimmed) as $address
    | call("triggerMigration"; {account: $address, password: (field($columns; "password") // ""), via: "admin"})
    | .id = "\($line) \($address)";
