// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// Guesses count for minutes only, and an older version recorded their times by the wall clock alone.
    static let guessesByUptime = """
        DROP TABLE guess;

        CREATE TABLE guess (
            id INTEGER PRIMARY KEY,
            uptime INTEGER NOT NULL,           -- milliseconds since the machine started
            account TEXT NOT NULL,
            remoteAddress TEXT
        ) STRICT;
        CREATE INDEX guess_by_time ON guess (uptime);
        CREATE INDEX guess_by_account ON guess (account);
        """
}
