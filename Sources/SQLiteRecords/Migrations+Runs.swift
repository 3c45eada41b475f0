// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// A row for each run in progress, and for each account during whose run the process has died.
    static let runsUnderWay = """
        CREATE TABLE run (
            account INTEGER PRIMARY KEY REFERENCES account (id),
            going INTEGER NOT NULL,            -- 0 no, 1 yes, 2 as the one suspect
            deaths INTEGER NOT NULL DEFAULT 0, -- of the process, while nothing was moved
            moved INTEGER NOT NULL             -- the account's figure at the beginning, or at the last death
        ) STRICT;
        """

    /// `likeness` is equal for events of an account that repeat each other; an event without it is never counted.
    static let countedEvents = """
        ALTER TABLE event ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE event ADD COLUMN since INTEGER;
        ALTER TABLE event ADD COLUMN idle INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE event ADD COLUMN likeness INTEGER;
        CREATE INDEX event_by_likeness ON event (address, likeness, id) WHERE likeness IS NOT NULL;
        CREATE INDEX event_fruitful ON event (address, id) WHERE kind = 'completed' AND idle = 0;
        CREATE INDEX event_idle ON event (at) WHERE idle = 1;
        """
}
