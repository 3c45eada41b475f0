// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// Folders of old mailboxes. The rows of the ledger are what they were: the `source` of a row whose id means something
    /// in a folder alone is that folder's, and their `flags` have one more bit: 8, its folder only shows it.
    static let folders = """
        CREATE TABLE folder (
            account INTEGER NOT NULL REFERENCES account (id),
            source INTEGER NOT NULL,           -- as in the ledger
            path TEXT NOT NULL,                -- with / between levels
            target TEXT NOT NULL,
            use TEXT,
            remaining INTEGER NOT NULL,        -- when it was last listed
            moved INTEGER NOT NULL,            -- by then
            PRIMARY KEY (account, source)
        ) STRICT, WITHOUT ROWID;
        """

    /// Up to where all messages of a folder have been moved: UIDVALIDITY, UIDNEXT, number of messages, HIGHESTMODSEQ.
    static let folderMarks = "ALTER TABLE folder ADD COLUMN mark TEXT;"
}
