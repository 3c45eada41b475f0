// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// Sums over the accounts that are not deleted, by domain and status. Triggers maintain them, so that no statement
    /// can change accounts without them. Each transaction adds to rows of its own slot, which no other one in the world
    /// uses at the same time, so that nobody waits for a domain's sums; a sum may be negative in one slot. Old servers
    /// supply these numbers: sums of octets do not overflow.
    static let tallies = """
        CREATE TABLE tally (
            domain bigint NOT NULL REFERENCES domain (id),
            status smallint NOT NULL,
            slot integer NOT NULL,
            accounts bigint NOT NULL,
            unlisted bigint NOT NULL,
            attention bigint NOT NULL,
            paused bigint NOT NULL,
            moved numeric NOT NULL,
            movedOctets numeric NOT NULL,
            remaining numeric NOT NULL,
            remainingOctets numeric NOT NULL,
            pausedRemaining numeric NOT NULL,
            pausedRemainingOctets numeric NOT NULL,
            PRIMARY KEY (domain, status, slot)
        ) WITH (fillfactor = 50);

        CREATE FUNCTION mailmove_slot() RETURNS integer LANGUAGE sql STABLE AS
        $$ SELECT coalesce(nullif(current_setting('mailmove.slot', true), '')::integer, 0) $$;

        CREATE FUNCTION account_tallied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO tally SELECT \(sums("1")) FROM added WHERE deletedAt IS NULL GROUP BY domain, status
                \(adding);
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO tally SELECT \(sums("-1")) FROM removed WHERE deletedAt IS NULL
                GROUP BY domain, status \(adding);
            ELSE
                INSERT INTO tally SELECT * FROM (
                    SELECT \(sums("sign")) FROM (
                        SELECT 1 AS sign, \(read) FROM added WHERE deletedAt IS NULL
                        UNION ALL SELECT -1, \(read) FROM removed WHERE deletedAt IS NULL
                    ) AS changed GROUP BY domain, status
                ) AS delta
                WHERE (
                    accounts, unlisted, attention, paused, moved, movedOctets, remaining, remainingOctets,
                    pausedRemaining, pausedRemainingOctets) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                \(adding);
            END IF;
            RETURN NULL;
        END $$;

        CREATE TRIGGER account_added AFTER INSERT ON account
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION account_tallied();
        CREATE TRIGGER account_changed AFTER UPDATE ON account
            REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION account_tallied();
        CREATE TRIGGER account_removed AFTER DELETE ON account
            REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION account_tallied();

        """

    /// What was moved, by domain and hour: a row for each hour and slot in which something was.
    static let hours = """
        CREATE TABLE movedInHour (
            domain bigint NOT NULL REFERENCES domain (id),
            hour bigint NOT NULL,                                     -- since 1970, in UTC
            slot integer NOT NULL,
            messages numeric NOT NULL,
            octets numeric NOT NULL,
            PRIMARY KEY (domain, hour, slot)
        ) WITH (fillfactor = 50);

        """

    private static let read =
        "domain, status, runs, attention, paused, moved, movedOctets, remaining, remainingOctets"

    private static func sums(_ sign: String) -> String {
        let terms = [
            "sum(\(sign))", "sum(\(sign) * (runs = 0)::integer)", "sum(\(sign) * attention)", "sum(\(sign) * paused)",
            "sum((\(sign) * moved)::numeric)", "sum((\(sign) * movedOctets)::numeric)",
            "sum((\(sign) * remaining)::numeric)", "sum((\(sign) * remainingOctets)::numeric)",
            "sum((\(sign) * paused * remaining)::numeric)", "sum((\(sign) * paused * remainingOctets)::numeric)",
        ]
        return "domain, status, mailmove_slot() AS slot, "
            + zip(terms, columns).map { "\($0) AS \($1)" }.joined(separator: ", ")
    }

    private static let columns = [
        "accounts", "unlisted", "attention", "paused", "moved", "movedOctets", "remaining", "remainingOctets",
        "pausedRemaining", "pausedRemainingOctets",
    ]

    private static let adding =
        "ON CONFLICT (domain, status, slot) DO UPDATE SET "
        + columns.map { "\($0) = tally.\($0) + excluded.\($0)" }.joined(separator: ", ")
}
