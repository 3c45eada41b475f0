// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What nodes have in common: a database of a real PostgreSQL, a seal key, and Maildirs in one folder.
struct SharedGround: Sendable {
    let url: String
    let folder: URL
    let leaseSeconds: Int

    static let key = [UInt8](repeating: 7, count: 32)

    /// - Parameter place: where the nodes find the database, `HOST:PORT,HOST:PORT/NAME` of a libpq URL.
    init(place: String, key: [UInt8] = key, leaseSeconds: Int = 5) throws {
        url = "postgresql://mailmove@\(place)"
        self.leaseSeconds = leaseSeconds
        folder = URL(filePath: "/var/tmp/mailmove-nodes-\(UUID().uuidString.prefix(8))")
        for part in [credentials, folder.appending(path: "mail")] {
            try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
        }
        try Data(key).write(to: credentials.appending(path: "seal-key"))
        try Data(PostgreSQLServer.password.utf8).write(to: credentials.appending(path: "database-password"))
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    var credentials: URL { folder.appending(path: "credentials") }

    func maildir(of account: String) -> URL {
        let parts = account.split(separator: "@")
        return folder.appending(path: "mail/\(parts[1])/\(parts[0])/Maildir")
    }

    /// A node of this name, not started yet; `more` is added to what all have. A `shell` makes its sockets.
    func node(_ name: String, _ more: [String: String] = [:], shell: String? = nil) throws -> DaemonProcess {
        try DaemonProcess(
            environment: [
                "MAILMOVE_DATABASE_URL": url, "MAILMOVE_NODE_NAME": name,
                "MAILMOVE_DATABASE_LEASE_SECONDS": "\(leaseSeconds)",
                "MAILMOVE_MAIL_STORE_MAILDIR_PATH": folder.path + "/mail/%d/%n/Maildir",
                "MAILMOVE_MAIL_STORE_MAILDIR_SHARED": "true", "CREDENTIALS_DIRECTORY": credentials.path,
            ].merging(more) { $1 }, arguments: shell == nil ? nil : [], shell: shell)
    }
}
