// SPDX-License-Identifier: Apache-2.0

import Glibc
import Records
import RecordsCopy
import Systemd
import Waiting

/// `mailmoved --migrate-database`: from one node's SQLite into a database that nodes share.
struct DatabaseMigration: Sendable {
    let path: String
    let url: String

    /// - Returns: the exit status.
    /// - Throws: `RecordsError`, `JoinRefusal`.
    func run() async throws -> Int32 {
        let (library, place) = try SharedDatabase.place(of: url, keepsPassword: false)
        if try SharedDatabase.place(of: url).1.holdsPassword {
            StandardError.write(
                "mailmoved: the password in the URL is not used: arguments can be read by everybody. Give it in the "
                    + "credential database-password, a passfile or the service file\n")
        }
        try becomeOwner()
        let path = path
        let result = await WorkerPool("migrate", threads: 1).run { () -> Result<RecordsCopy.Summary, any Error> in
            Result {
                try RecordsCopy(path: path, to: place, library) { StandardError.write("mailmoved: \($0)\n") }.run()
            }
        }
        let summary = try result.get()
        print(
            """
            All is in \(place.subject), and was compared: \(summary.rows) rows and \(summary.messages) messages were \
            copied. Now set database.url on every node, and start them.
            """)
        return 0
    }

    /// As root, what SQLite leaves beside the file would be in the daemon's way.
    private func becomeOwner() throws {
        var status = stat()
        guard geteuid() == 0, stat(path, &status) == 0, status.st_uid != 0 else { return }
        guard setgroups(0, nil) == 0, setgid(status.st_gid) == 0, setuid(status.st_uid) == 0 else {
            throw RecordsError(
                code: .unavailable, detail: "The owner of \(path) cannot be become; run this as that user.")
        }
    }
}
