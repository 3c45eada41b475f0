// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Every change of the schema, named and in order. Migrations are only ever appended: one that a released version has
/// run is never edited.
enum Migrations {
    static let all: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 accounts, settings, ledger, events", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: domains)
            try db.execute(sql: accounts)
            try db.execute(sql: tallies)
            try db.execute(sql: ledger)
            try db.execute(sql: events)
        }
        migrator.registerMigration("guesses by the machine's uptime") { db in
            try db.execute(sql: guessesByUptime)
        }
        migrator.registerMigration("accounts that no run has listed, and the octets that remain") { db in
            try db.execute(sql: fullerTallies)
        }
        migrator.registerMigration("mailboxes that are looked through to their end") { db in
            try db.execute(sql: furtherSessions)
        }
        migrator.registerMigration("runs under way") { db in try db.execute(sql: runsUnderWay) }
        migrator.registerMigration("counted events") { db in try db.execute(sql: countedEvents) }
        migrator.registerMigration("markers of mailboxes, and runs", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: mailboxes)
        }
        migrator.registerMigration("versions of accounts") { db in
            try db.execute(sql: "ALTER TABLE account ADD COLUMN version INTEGER NOT NULL DEFAULT 1")
        }
        migrator.registerMigration("hand-overs to a directory of the platform's own") { db in
            try db.execute(sql: intendedHandOvers)
        }
        migrator.registerMigration("attempts, pauses, and accounts that need attention") { db in
            try db.execute(sql: attention)
        }
        migrator.registerMigration("folders of old mailboxes", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: folders)
        }
        migrator.registerMigration("what was moved, by the hour") { db in try db.execute(sql: movedByHour) }
        migrator.registerMigration("marks of folders") { db in try db.execute(sql: folderMarks) }
        migrator.registerMigration("for how long runs were put off") { db in
            try db.execute(sql: "ALTER TABLE account ADD COLUMN pendingWait INTEGER")  // milliseconds
        }
        migrator.registerMigration("what a hand-over replaces") { db in
            try db.execute(sql: "ALTER TABLE account ADD COLUMN intendedReplaced TEXT")
        }
        return migrator
    }()

    /// A domain is added with its first account, settings or event, and never removed: its id is in every row.
    private static let domains = """
        CREATE TABLE domain (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE          -- A-form
        ) STRICT;

        CREATE TABLE settings (
            domain INTEGER PRIMARY KEY REFERENCES domain (id),
            value TEXT NOT NULL                -- JSON; a handful of rows, read whole
        ) STRICT;

        CREATE TABLE listed (
            domain INTEGER NOT NULL REFERENCES domain (id),
            kind INTEGER NOT NULL,             -- 0 known, 1 excluded
            address TEXT NOT NULL,             -- the key
            given TEXT,                        -- as it was given, where the key does not tell
            PRIMARY KEY (domain, kind, address)
        ) STRICT, WITHOUT ROWID;
        """

    /// Codes of `outcome` and `status`: 0 notStarted, 1 inProgress, 2 completed, 3 failed, 4 nonMigrating.
    /// The four partial indexes begin with domain and status, so that each sort of the log, with any set of statuses,
    /// is a walk over at most five ranges. A time that is not set sorts before every other.
    /// `sealed` comes last, so that the columns before it are read without it.
    private static let accounts = """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            domain INTEGER NOT NULL REFERENCES domain (id),
            address TEXT NOT NULL,             -- the key: lower case, A-form, NFC
            given TEXT,                        -- as it was given, where the key does not tell
            displayName TEXT,
            foldedName TEXT,                   -- displayName as a search compares it
            quotaOctets INTEGER,
            createdAt INTEGER NOT NULL,        -- times are milliseconds since 1970
            deletedAt INTEGER,
            passwordHash TEXT NOT NULL,
            handover TEXT NOT NULL,
            revision INTEGER NOT NULL,
            shownRevision INTEGER,
            shownGeneration INTEGER,
            rejectedRevision INTEGER,
            rejectedGeneration INTEGER,
            outcome INTEGER NOT NULL,
            nonMigrating TEXT,
            startedAt INTEGER,
            startedBy TEXT,
            lastTriggeredAt INTEGER,
            finishedAt INTEGER,
            moved INTEGER NOT NULL,
            movedOctets INTEGER NOT NULL,
            remaining INTEGER NOT NULL,
            remainingOctets INTEGER NOT NULL,
            runs INTEGER NOT NULL,
            errorReason TEXT,
            errorDetail TEXT,
            errorAt INTEGER,
            pendingKind TEXT,
            pendingDue INTEGER,
            pendingFailures INTEGER,
            pendingFailingSince INTEGER,
            pendingFollowUpUntil INTEGER,
            status INTEGER AS (CASE WHEN nonMigrating IS NULL THEN outcome ELSE 4 END) VIRTUAL,
            startedSort INTEGER AS (ifnull(startedAt, -9223372036854775807)) VIRTUAL,
            triggeredSort INTEGER AS (ifnull(lastTriggeredAt, -9223372036854775807)) VIRTUAL,
            sealed BLOB,
            UNIQUE (domain, address)
        ) STRICT;

        CREATE INDEX account_by_address ON account (domain, status, address) WHERE deletedAt IS NULL;
        CREATE INDEX account_by_start ON account (domain, status, startedSort, address) WHERE deletedAt IS NULL;
        CREATE INDEX account_by_trigger ON account (domain, status, triggeredSort, address) WHERE deletedAt IS NULL;
        CREATE INDEX account_by_remaining ON account (domain, status, remaining, address) WHERE deletedAt IS NULL;
        CREATE INDEX account_sealed ON account (domain) WHERE sealed IS NOT NULL;
        CREATE INDEX account_in_progress ON account (domain)
            WHERE outcome = 1 AND nonMigrating IS NULL AND deletedAt IS NULL;
        """

    /// Sums over the accounts that are not deleted, by domain and status. Triggers maintain them, so that no statement
    /// can change accounts without them.
    private static let tallies = """
        CREATE TABLE tally (
            domain INTEGER NOT NULL REFERENCES domain (id),
            status INTEGER NOT NULL,
            accounts INTEGER NOT NULL DEFAULT 0,
            moved INTEGER NOT NULL DEFAULT 0,
            movedOctets INTEGER NOT NULL DEFAULT 0,
            remaining INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (domain, status)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER domain_added AFTER INSERT ON domain BEGIN
            INSERT INTO tally (domain, status)
            VALUES (NEW.id, 0), (NEW.id, 1), (NEW.id, 2), (NEW.id, 3), (NEW.id, 4);
        END;

        CREATE TRIGGER account_added AFTER INSERT ON account WHEN NEW.deletedAt IS NULL BEGIN
            UPDATE tally SET
                accounts = accounts + 1, moved = moved + NEW.moved,
                movedOctets = movedOctets + NEW.movedOctets, remaining = remaining + NEW.remaining
            WHERE domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_changed
        AFTER UPDATE OF domain, outcome, nonMigrating, deletedAt, moved, movedOctets, remaining ON account
        WHEN OLD.status <> NEW.status OR OLD.deletedAt IS NOT NEW.deletedAt OR OLD.moved <> NEW.moved
            OR OLD.movedOctets <> NEW.movedOctets OR OLD.remaining <> NEW.remaining OR OLD.domain <> NEW.domain
        BEGIN
            UPDATE tally SET
                accounts = accounts - 1, moved = moved - OLD.moved,
                movedOctets = movedOctets - OLD.movedOctets, remaining = remaining - OLD.remaining
            WHERE OLD.deletedAt IS NULL AND domain = OLD.domain AND status = OLD.status;
            UPDATE tally SET
                accounts = accounts + 1, moved = moved + NEW.moved,
                movedOctets = movedOctets + NEW.movedOctets, remaining = remaining + NEW.remaining
            WHERE NEW.deletedAt IS NULL AND domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_removed AFTER DELETE ON account WHEN OLD.deletedAt IS NULL BEGIN
            UPDATE tally SET
                accounts = accounts - 1, moved = moved - OLD.moved,
                movedOctets = movedOctets - OLD.movedOctets, remaining = remaining - OLD.remaining
            WHERE domain = OLD.domain AND status = OLD.status;
        END;
        """

    /// A ledger row is its own key: about 45 octets per message, stored next to others of its account.
    /// `flags`: 1 has a UIDL (else `uniqueID` is 0), 2 deleted on the old server.
    private static let ledger = """
        CREATE TABLE ledger (
            account INTEGER NOT NULL REFERENCES account (id),
            source INTEGER NOT NULL,
            uniqueID INTEGER NOT NULL,
            content INTEGER NOT NULL,
            occurrence INTEGER NOT NULL,
            octets INTEGER NOT NULL,
            flags INTEGER NOT NULL,
            PRIMARY KEY (account, source, uniqueID, content, occurrence, octets, flags)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE intent (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- an id that is gone never comes back as another batch's
            account INTEGER NOT NULL REFERENCES account (id),
            recordedAt INTEGER NOT NULL,
            batch BLOB NOT NULL,
            messages BLOB NOT NULL
        ) STRICT;
        CREATE INDEX intent_by_account ON intent (account);
        """

    /// What a session must know about those of the same account before it. Since then the ledger's `flags` have one
    /// more bit: 4, its UIDL has been listed twice.
    private static let furtherSessions = """
        ALTER TABLE account ADD COLUMN lookedThrough INTEGER;   -- a ledger's source
        ALTER TABLE account ADD COLUMN pendingSessions INTEGER;
        ALTER TABLE account ADD COLUMN pendingFound INTEGER;
        """

    private static let events = """
        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            domain INTEGER NOT NULL REFERENCES domain (id),
            address TEXT NOT NULL,
            given TEXT,
            kind TEXT NOT NULL,
            via TEXT,
            reason TEXT,
            detail TEXT
        ) STRICT;
        CREATE INDEX event_by_address ON event (address, id, at);
        CREATE INDEX event_by_domain ON event (domain, id, at);

        CREATE TABLE guess (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            account TEXT NOT NULL,
            remoteAddress TEXT
        ) STRICT;
        CREATE INDEX guess_by_time ON guess (at);
        CREATE INDEX guess_by_account ON guess (account);

        CREATE TABLE kept (
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
