// SPDX-License-Identifier: Apache-2.0

import GRDB

/// How long the write-ahead log may grow before it is copied into the database and starts afresh.
///
/// The longer it is, the less is written twice. But when room is short, the log must not use it up: a log that cannot
/// grow would block every change, although most of its content is old.
struct LogLength {
    private static let usual = 4000
    private static let short = 100

    private var pages = usual

    /// Call after each change, made or failed.
    mutating func fit(to file: DatabaseFile, _ database: DatabaseQueue, hasFailed: Bool) {
        let wanted = file.room.map { $0 < file.options.ampleRoom } ?? false ? Self.short : Self.usual
        guard wanted != pages || hasFailed else { return }
        database.writeWithoutTransaction { db in
            do {
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(wanted)")
                pages = wanted
                // Does not wait. If there is no room for this either, it is tried again at the next failed change.
                if wanted == Self.short { try db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)") }
            } catch {
                // Whoever asks for a change is told why it cannot be made.
            }
        }
    }
}
