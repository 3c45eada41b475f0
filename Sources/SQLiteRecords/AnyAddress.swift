// SPDX-License-Identifier: Apache-2.0

import GRDBSQLite
import Glibc
public import Vocabulary

extension SQLiteRecords {
    /// The address of an account, if possible one that mail was moved to, as a database file has it that a daemon may be
    /// using, perhaps one of another version: nothing is written, and nothing left beside the file. Blocks.
    /// - Returns: nil where there is none, or the file cannot be read.
    public static func anyAddress(in path: String) -> EmailAddress? {
        var database: OpaquePointer?
        // Where a daemon has left no log, none must be made: its owner would be another.
        let hasLog = ["-wal", "-shm"].allSatisfy { access(path + $0, F_OK) == 0 }
        let uri = "file:\(escaped(path))?\(hasLog ? "mode=ro" : "immutable=1")"
        defer { sqlite3_close(database) }
        guard sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil) == SQLITE_OK else {
            return nil
        }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let sql = "SELECT address FROM account WHERE deletedAt IS NULL ORDER BY moved > 0 DESC, id LIMIT 1"
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK,
            sqlite3_step(statement) == SQLITE_ROW, let text = sqlite3_column_text(statement, 0)
        else { return nil }
        return try? EmailAddress(String(cString: text))
    }

    /// https://sqlite.org/uri.html §3.1
    private static func escaped(_ path: String) -> String {
        path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
    }
}
