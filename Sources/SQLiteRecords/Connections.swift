// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import Glibc
import Records
import Synchronization

/// The connections to the database, opened together: one that writes, and a few that read.
///
/// SQLite keeps the index of the write-ahead log in a file beside it, which is shared with other programs and created
/// at each opening; on a full disk that is impossible. Then the connections of this process keep the index in memory,
/// and other programs are locked out meanwhile (`unix-excl`, https://sqlite.org/vfs.html).
struct Connections: Sendable {
    let writer: DatabaseQueue
    let readers: [DatabaseQueue]
    /// Why the index is in memory; nil if it is in its file.
    let confinement: RecordsError?

    /// SQLite's default VFS is the process's: whoever opens meanwhile would take it, and might leave it changed.
    private static let opening = Mutex(())

    /// Blocks, also while another database of this process is being opened.
    init(_ file: DatabaseFile) throws(RecordsError) {
        self = try Self.opening.withLock { _ throws(RecordsError) in try Connections(alone: file) }
    }

    private init(alone file: DatabaseFile) throws(RecordsError) {
        do throws(RecordsError) {
            (writer, readers) = try Self.open(file)
            confinement = nil
        } catch {
            guard [ENOSPC, EIO, EACCES].contains(error.errno), let confined = Self.openConfined(file) else {
                throw error
            }
            (writer, readers) = confined
            confinement = file.isFull ? file.full : error
        }
    }

    private static func open(_ file: DatabaseFile) throws(RecordsError) -> (DatabaseQueue, [DatabaseQueue]) {
        let writer = try file.openWriter()
        var readers: [DatabaseQueue] = []
        do throws(RecordsError) {
            for _ in 0..<file.options.readers { readers.append(try file.openReader()) }
        } catch {
            for connection in readers + [writer] { file.close(connection) }
            throw error
        }
        return (writer, readers)
    }

    /// GRDB cannot name a VFS, so it is made the default while the connections are opened.
    private static func openConfined(_ file: DatabaseFile) -> (DatabaseQueue, [DatabaseQueue])? {
        guard let usual = sqlite3_vfs_find(nil), let own = sqlite3_vfs_find("unix-excl"),
            sqlite3_vfs_register(own, 1) == SQLITE_OK
        else { return nil }
        defer { sqlite3_vfs_register(usual, 1) }
        // A failure here tells no more than the one before.
        return try? open(file)
    }
}
