// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// What was moved, by domain and hour: a row for each hour in which something was.
    static let movedByHour = """
        CREATE TABLE movedInHour (
            domain INTEGER NOT NULL REFERENCES domain (id),
            hour INTEGER NOT NULL,             -- since 1970, in UTC
            messages INTEGER NOT NULL,
            octets INTEGER NOT NULL,
            PRIMARY KEY (domain, hour)
        ) STRICT, WITHOUT ROWID;
        """
}
