// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// How mailboxes are recognised, and which runs have brought mail to them. In a state from before this migration,
    /// each mailbox that mail was moved to is accepted as it is, once.
    static let mailboxes = """
        CREATE TABLE mailbox (
            account INTEGER PRIMARY KEY REFERENCES account (id),
            marker TEXT                        -- NULL: whatever is found is taken as it is, once
        ) STRICT;

        CREATE TABLE namedRun (
            account INTEGER NOT NULL REFERENCES account (id),
            mark INTEGER NOT NULL,             -- as names of messages have it
            last INTEGER NOT NULL,             -- the highest number of a message that was intended
            PRIMARY KEY (account, mark)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX account_moved ON account (domain) WHERE moved > 0 AND deletedAt IS NULL;

        INSERT INTO mailbox (account) SELECT id FROM account WHERE moved > 0;
        """
}
