// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// The sums of a domain, with the number of accounts that no run has listed yet (`runs` counts from the first
    /// listing on) and the octets that remain. Old servers supply these numbers, so a sum that overflows is capped at
    /// the largest integer by CAST.
    static let fullerTallies = """
        ALTER TABLE tally ADD COLUMN unlisted INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tally ADD COLUMN remainingOctets INTEGER NOT NULL DEFAULT 0;

        UPDATE tally SET (unlisted, remainingOctets) = (
            SELECT count(*) FILTER (WHERE runs = 0), CAST(total(account.remainingOctets) AS INTEGER) FROM account
            WHERE account.domain = tally.domain AND account.status = tally.status AND deletedAt IS NULL);

        DROP TRIGGER account_added;
        DROP TRIGGER account_changed;
        DROP TRIGGER account_removed;

        CREATE TRIGGER account_added AFTER INSERT ON account WHEN NEW.deletedAt IS NULL BEGIN
            UPDATE tally SET
                accounts = accounts + 1, moved = moved + NEW.moved,
                movedOctets = CAST(movedOctets + NEW.movedOctets AS INTEGER), remaining = remaining + NEW.remaining,
                remainingOctets = CAST(remainingOctets + NEW.remainingOctets AS INTEGER),
                unlisted = unlisted + (NEW.runs = 0)
            WHERE domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_changed
        AFTER UPDATE OF domain, outcome, nonMigrating, deletedAt, moved, movedOctets, remaining, remainingOctets, runs
        ON account
        WHEN OLD.status <> NEW.status OR OLD.deletedAt IS NOT NEW.deletedAt OR OLD.moved <> NEW.moved
            OR OLD.movedOctets <> NEW.movedOctets OR OLD.remaining <> NEW.remaining OR OLD.domain <> NEW.domain
            OR OLD.remainingOctets <> NEW.remainingOctets OR (OLD.runs = 0) <> (NEW.runs = 0)
        BEGIN
            UPDATE tally SET
                accounts = accounts - 1, moved = moved - OLD.moved,
                movedOctets = movedOctets - OLD.movedOctets, remaining = remaining - OLD.remaining,
                remainingOctets = remainingOctets - OLD.remainingOctets, unlisted = unlisted - (OLD.runs = 0)
            WHERE OLD.deletedAt IS NULL AND domain = OLD.domain AND status = OLD.status;
            UPDATE tally SET
                accounts = accounts + 1, moved = moved + NEW.moved,
                movedOctets = CAST(movedOctets + NEW.movedOctets AS INTEGER), remaining = remaining + NEW.remaining,
                remainingOctets = CAST(remainingOctets + NEW.remainingOctets AS INTEGER),
                unlisted = unlisted + (NEW.runs = 0)
            WHERE NEW.deletedAt IS NULL AND domain = NEW.domain AND status = NEW.status;
        END;

        CREATE TRIGGER account_removed AFTER DELETE ON account WHEN OLD.deletedAt IS NULL BEGIN
            UPDATE tally SET
                accounts = accounts - 1, moved = moved - OLD.moved,
                movedOctets = movedOctets - OLD.movedOctets, remaining = remaining - OLD.remaining,
                remainingOctets = remainingOctets - OLD.remainingOctets, unlisted = unlisted - (OLD.runs = 0)
            WHERE domain = OLD.domain AND status = OLD.status;
        END;
        """
}
