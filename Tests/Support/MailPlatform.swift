// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The new platform's IMAP server: a real Dovecot whose mailboxes a master user may enter, and a line to it that breaks
/// when told.
///
///     let platform = try await MailPlatform(users: ["ann@example.com"])
///     defer { platform.stop() }
public final class MailPlatform: Sendable {
    public enum Storage: String, Sendable, CaseIterable {
        case mdbox = "mdbox:~/mdbox"
        case maildir = "maildir:~/Maildir"
    }

    public static let master = "mover"
    public static let masterPassword = "mast3r-Key-of-all"
    /// Of each user.
    public static let password = "new-Pass-9word"

    public let dovecot: DovecotServer
    public let line: CuttingLine
    private let masters: String

    /// - Parameters:
    ///   - port: of the line to it, where the same is to be had again.
    ///   - configuration: further lines of Dovecot's.
    public init(
        users: [String], storage: Storage = .mdbox, hasTLS: Bool = false, configuration: String = ""
    ) async throws {
        masters = "/tmp/mailmove-masters-\(UUID().uuidString.prefix(8))"
        try Data("\(Self.master):{PLAIN}\(Self.masterPassword)\n".utf8).write(to: URL(filePath: masters))
        var options = DovecotServer.Options()
        options.hasIMAP = true
        options.hasTLS = hasTLS
        options.mechanisms = "plain login"
        options.configuration = """
            mail_location = \(storage.rawValue)
            auth_master_user_separator = *
            pop3_reuse_xuidl = yes
            passdb {
              driver = passwd-file
              args = scheme=PLAIN \(masters)
              master = yes
            }
            \(configuration)
            """
        dovecot = try await DovecotServer(
            users: Dictionary(uniqueKeysWithValues: users.map { ($0, Self.password) }), options: options)
        // Mailboxes are made when they are entered, by whoever owns the mail.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: dovecot.folder.appending(path: "mail").path)
        line = try CuttingLine(to: dovecot.imapPort ?? 0)
    }

    public func stop() {
        line.stop()
        dovecot.stop()
        try? FileManager.default.removeItem(atPath: masters)  // left behind in /tmp at worst
    }

    /// Enters a mailbox past the line, as the master user.
    public func reader(of user: String) throws -> IMAPReader {
        try IMAPReader(port: dovecot.imapPort ?? 0, user: "\(user)*\(Self.master)", password: Self.masterPassword)
    }

    /// What a folder shows, in its order; nothing where there is none.
    public func messages(of user: String, in folder: String = "INBOX") throws -> [IMAPReader.Message] {
        let reader = try reader(of: user)
        defer { reader.leave() }
        return try reader.messages(in: folder)
    }
}
