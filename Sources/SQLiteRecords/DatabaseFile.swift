// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import RecordForms
import Records
import Synchronization

/// Options besides the file's path.
struct Options: Sendable {
    /// How long another program's lock is waited for.
    var busySeconds: Double = 5
    /// Reader threads; more than there are cores gain nothing.
    var readers = max(2, min(4, ProcessInfo.processInfo.activeProcessorCount))
    /// In octets, four times the usual size of the write-ahead log: with less room than this, the log is kept short.
    var ampleRoom: UInt64 = 64 << 20
    /// Called with the events of each commit, on the writer's thread.
    var onEvents: @Sendable ([EventRecord]) -> Void = { _ in }
    /// Called once for each row that could not be read and was passed over, on a thread that must not wait.
    var onDamage: @Sendable (RecordsError) -> Void = { _ in }
}

/// The file, its mode, its connections, and what to say when it fails.
struct DatabaseFile: Sendable {
    /// `mmov`, in the header of every database of ours (https://sqlite.org/fileformat.html#application_id).
    static let applicationID: Int64 = 0x6D6D_6F76

    let path: String
    let options: Options
    let settingsMemo = SettingsMemo()
    private let told = ToldDamages()

    /// Creates the file if there is none, brings the schema up to date, and makes sure that commits will be durable.
    func openWriter() throws(RecordsError) -> DatabaseQueue {
        try makePrivate()
        do {
            var configuration = configuration
            configuration.prepareDatabase { db in try refuseNotOurs(db) }
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try database.writeWithoutTransaction { db in
                // Not in GRDB's way, which writes to a new log; that fails on a full disk.
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                // NORMAL loses the last commits in a power cut.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2,
                    try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
                else { throw notDurable }
                // Only if it differs: on a full disk nothing can be written, and nothing needs to be.
                if try Int64.fetchOne(db, sql: "PRAGMA application_id") != Self.applicationID {
                    try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
                }
                // Overwrites an erased sealed password with zeros, at no extra I/O.
                try db.execute(sql: "PRAGMA secure_delete = FAST")
                try db.execute(sql: "PRAGMA cache_size = -65536")
                // Avoids temporary files, which could hit a full disk or the limit on descriptors.
                try db.execute(sql: "PRAGMA temp_store = MEMORY")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
                try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
            if try !database.read(Migrations.all.hasCompletedMigrations) { try Migrations.all.migrate(database) }
            return database
        } catch {
            throw self.error(error)
        }
    }

    func openReader() throws(RecordsError) -> DatabaseQueue {
        do {
            var configuration = configuration
            configuration.readonly = true
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA cache_size = -16384")
                try db.execute(sql: "PRAGMA temp_store = MEMORY")
            }
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw self.error(error)
        }
    }

    /// Identifies a file, whatever is put under its name.
    struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
    }

    /// What is under the path now; nil where nothing is.
    var identity: Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    var isMissingOrEmpty: Bool {
        var status = stat()
        return stat(path, &status) != 0 ? errno == ENOENT : status.st_size == 0
    }

    /// If a connection does not close, the operating system closes it with the process, and nothing is lost (WAL).
    func close(_ connection: DatabaseQueue) { try? connection.close() }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(options.busySeconds)
        configuration.foreignKeysEnabled = true
        // The writer begins and ends its transactions itself; one that fails to end is ended in the next turn.
        configuration.allowsUnsafeTransactions = true
        configuration.label = "mailmove"
        return configuration
    }

    /// Before anything is changed: checks that the database is ours or new, and not of a newer version.
    private func refuseNotOurs(_ db: Database) throws {
        let application = try Int64.fetchOne(db, sql: "PRAGMA application_id")
        let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
        guard application == Self.applicationID || (application == 0 && tables == 0) else { throw foreign }
        if try Migrations.all.hasBeenSuperseded(db) { throw newer }
    }

    /// Mode 0600, whatever the umask; SQLite gives `-wal` and `-shm` the same mode. An existing file is never opened
    /// here, because closing it would drop SQLite's locks (fcntl(2)).
    private func makePrivate() throws(RecordsError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            let changed = fchmod(descriptor, 0o600)
            let code = errno
            Glibc.close(descriptor)
            if changed != 0 { throw unavailable("cannot be made private (\(text(of: code)))", errno: code) }
            return
        }
        let code = errno
        guard code == EEXIST else {
            throw unavailable(
                "cannot be created (\(text(of: code))). Its folder must be there, writable for this user and not full",
                errno: code)
        }
        for suffix in ["", "-wal", "-shm"] {
            // This fails for another user's file, or a missing one; SQLite will find out what it may do there.
            _ = chmod(path + suffix, 0o600)
        }
    }

    private func text(of code: Int32) -> String { String(cString: strerror(code)) }
}

extension DatabaseFile {
    /// Reports a row that was passed over so that it holds up no other; its own account or domain is told when it asks
    /// for it.
    func pass(over damage: Damage) {
        guard told.isNew(damage.detail) else { return }
        options.onDamage(corrupt(damage.detail))
    }
}

/// Damaged rows reported since the start.
private final class ToldDamages: Sendable {
    private let details = Mutex<Set<String>>([])

    func isNew(_ detail: String) -> Bool {
        // Beyond this many, another one adds nothing.
        details.withLock { $0.count < 1000 && $0.insert(detail).inserted }
    }
}
