// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// Whether an account is paused, and what came of the latest time that the old server was asked about a password of
    /// it. `attention` says who has to be looked at; an index a sort, of those alone, makes each page a walk.
    static let attention = """
        ALTER TABLE account ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE account ADD COLUMN lastTriggeredBy TEXT;
        ALTER TABLE account ADD COLUMN attemptAt INTEGER;
        ALTER TABLE account ADD COLUMN attemptVia TEXT;
        ALTER TABLE account ADD COLUMN attemptOutcome TEXT;
        ALTER TABLE account ADD COLUMN attemptReason TEXT;
        ALTER TABLE account ADD COLUMN attention INTEGER AS (CASE
            WHEN paused = 1 THEN 1
            WHEN nonMigrating IS NOT NULL THEN 0
            WHEN outcome = 3 AND (pendingKind IS NULL OR errorReason = 'messagesRefused') THEN 1
            WHEN outcome = 0 AND attemptOutcome IN ('rejected', 'unavailable') THEN 1
            ELSE 0 END) VIRTUAL;

        CREATE INDEX attention_by_address ON account (domain, status, address)
            WHERE attention = 1 AND deletedAt IS NULL;
        CREATE INDEX attention_by_start ON account (domain, status, startedSort, address)
            WHERE attention = 1 AND deletedAt IS NULL;
        CREATE INDEX attention_by_trigger ON account (domain, status, triggeredSort, address)
            WHERE attention = 1 AND deletedAt IS NULL;
        CREATE INDEX attention_by_remaining ON account (domain, status, remaining, address)
            WHERE attention = 1 AND deletedAt IS NULL;

        ALTER TABLE tally ADD COLUMN attention INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tally ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tally ADD COLUMN pausedRemaining INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tally ADD COLUMN pausedRemainingOctets INTEGER NOT NULL DEFAULT 0;

        UPDATE tally SET attention = (
            SELECT count(*) FROM account
            WHERE account.domain = tally.domain AND account.status = tally.status AND deletedAt IS NULL
                AND account.attention = 1);

        DROP TRIGGER account_added;
        DROP TRIGGER account_changed;
        DROP TRIGGER account_removed;

        CREATE TRIGGER account_added AFTER INSERT ON account WHEN NEW.deletedAt IS NULL BEGIN
            UPDATE tally SET
                \(adding)
            WHERE domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_changed
        AFTER UPDATE OF
            domain, outcome, nonMigrating, deletedAt, moved, movedOctets, remaining, remainingOctets, runs,
            paused, pendingKind, errorReason, attemptOutcome
        ON account
        WHEN OLD.status <> NEW.status OR OLD.deletedAt IS NOT NEW.deletedAt OR OLD.moved <> NEW.moved
            OR OLD.movedOctets <> NEW.movedOctets OR OLD.remaining <> NEW.remaining OR OLD.domain <> NEW.domain
            OR OLD.remainingOctets <> NEW.remainingOctets OR (OLD.runs = 0) <> (NEW.runs = 0)
            OR OLD.paused <> NEW.paused OR OLD.attention <> NEW.attention
        BEGIN
            UPDATE tally SET
                \(taking)
            WHERE OLD.deletedAt IS NULL AND domain = OLD.domain AND status = OLD.status;
            UPDATE tally SET
                \(adding)
            WHERE NEW.deletedAt IS NULL AND domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_removed AFTER DELETE ON account WHEN OLD.deletedAt IS NULL BEGIN
            UPDATE tally SET
                \(taking)
            WHERE domain = OLD.domain AND status = OLD.status;
        END;
        """

    /// A sum that does not fit ends at the largest number.
    private static let adding = """
        accounts = accounts + 1, moved = moved + NEW.moved, remaining = remaining + NEW.remaining,
        movedOctets = CAST(movedOctets + NEW.movedOctets AS INTEGER),
        remainingOctets = CAST(remainingOctets + NEW.remainingOctets AS INTEGER),
        unlisted = unlisted + (NEW.runs = 0), attention = attention + NEW.attention, paused = paused + NEW.paused,
        pausedRemaining = pausedRemaining + NEW.paused * NEW.remaining,
        pausedRemainingOctets = CAST(pausedRemainingOctets + NEW.paused * NEW.remainingOctets AS INTEGER)
        """

    private static let taking = """
        accounts = accounts - 1, moved = moved - OLD.moved, remaining = remaining - OLD.remaining,
        movedOctets = movedOctets - OLD.movedOctets, remainingOctets = remainingOctets - OLD.remainingOctets,
        unlisted = unlisted - (OLD.runs = 0), attention = attention - OLD.attention, paused = paused - OLD.paused,
        pausedRemaining = pausedRemaining - OLD.paused * OLD.remaining,
        pausedRemainingOctets = pausedRemainingOctets - OLD.paused * OLD.remainingOctets
        """
}
