// SPDX-License-Identifier: Apache-2.0

import GRDB

/// How long the write-ahead log may become before it is taken into the database and begins anew.
///
/// The longer it is, the less is written twice. But where little room is left it must not take what is left: a log that
/// cannot grow any more would let nothing be changed, though most of what it holds is old.
struct LogLength {
    private static let usual = 4000
    private static let short = 100

    private var pages = usual

    /// After each change that was made, or could not be.
    mutating func fit(to file: DatabaseFile, _ database: DatabaseQueue, hasFailed: Bool) {
        let wanted = file.room.map { $0 < file.options.ampleRoom } ?? false ? Self.short : Self.usual
        guard wanted != pages || hasFailed else { return }
        database.writeWithoutTransaction { db in
            do {
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(wanted)")
                pages = wanted
                // Waits for nobody. Where there is no room for it either, the next change that fails tries it again.
                if wanted == Self.short { try db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)") }
            } catch {
                // What keeps changes from being made is told to those who ask for one.
            }
        }
    }
}
