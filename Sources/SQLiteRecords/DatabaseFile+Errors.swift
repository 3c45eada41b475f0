// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc
import Records

/// Turns SQLite's result codes into what happened and what to do.
extension DatabaseFile {
    /// The error as shown to the outside.
    func error(_ error: any Error) -> RecordsError {
        switch error {
        case let error as RecordsError: error
        case let error as DatabaseError: self.error(error)
        default: unavailable("failed (\(error))")
        }
    }

    private func error(_ error: DatabaseError) -> RecordsError {
        let said = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return corrupt(said)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            return unavailable("is locked by another program; end that one (`fuser \(path)` names it)", errno: EBUSY)
        case .SQLITE_FULL: return full
        case .SQLITE_READONLY:
            return unavailable(
                "cannot be written: the file, its folder or its file system is read-only (\(said))", errno: EROFS)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return unavailable(
                "cannot be opened by this user (\(said)); look at its owner and mode, and its folder's", errno: EACCES)
        case .SQLITE_IOERR where isFull: return full
        case .SQLITE_IOERR:
            return unavailable(
                "cannot be read or written (\(said)); look at the disk and the kernel's log", errno: EIO)
        case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG:
            return RecordsError(code: .conflict, detail: "The change contradicts the database \(path): \(said).")
        case .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_SCHEMA, .SQLITE_FORMAT:
            return corrupt("its tables are not as this version made them: \(said)")
        default:
            return unavailable("failed (\(said))")
        }
    }

    func unavailable(_ what: String, errno: Int32 = 0) -> RecordsError {
        RecordsError(code: .unavailable, detail: "The database \(path) \(what).", errno: errno)
    }

    var full: RecordsError {
        unavailable("cannot grow: its file system is full. Make room there; nothing else is needed", errno: ENOSPC)
    }

    /// Whether its file system has no room for another page or two, for this user.
    var isFull: Bool { room.map { $0 < 65536 } ?? false }

    /// How many octets its file system has left for this user; nil if unknown.
    var room: UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (octets, isMore) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isMore ? .max : octets
    }

    func corrupt(_ what: String) -> RecordsError {
        RecordsError(
            code: .corrupt,
            detail: """
                The database \(path) is damaged (\(what)). Stop the daemon, keep a copy of the file and of those beside \
                it that begin with its name, and restore a backup or what `sqlite3 \(path) .recover` can save.
                """)
    }

    /// At the start: the database was here before, and is missing.
    var lost: RecordsError {
        unavailable(
            """
            is gone: it was here before, as \(path)-lock says. See whether its file system is mounted, or restore a \
            backup. To begin anew all the same, which moves every message a second time, remove \(path)-lock too
            """)
    }

    /// The file was replaced while open: what is written now would be lost at a restart.
    var replaced: RecordsError {
        unavailable(
            "has been removed or replaced while it was in use. Stop the daemon, put the file back, and start it again")
    }

    var foreign: RecordsError {
        RecordsError(
            code: .corrupt,
            detail: "The file \(path) is another program's database. It was left as it is; name another file.")
    }

    var newer: RecordsError {
        RecordsError(
            code: .newer,
            detail: """
                The database \(path) was written by a newer version of mailmoved and was left as it is. \
                Install that version again, or restore the backup made before it ran.
                """)
    }

    var notDurable: RecordsError {
        unavailable("cannot be set to synchronous=FULL with a write-ahead log, so that a power cut would lose mail")
    }

    var rolledBack: RecordsError {
        unavailable("has rolled back a change; look at the disk and the kernel's log")
    }

    var closed: RecordsError {
        RecordsError(code: .closed, detail: "The database \(path) is closed: the program shuts down.")
    }

    /// The records of a body were used after its end, or on another thread.
    var outOfTurn: RecordsError {
        RecordsError(
            code: .closed, detail: "The database \(path) was asked outside the read or write that it was opened for.")
    }
}
