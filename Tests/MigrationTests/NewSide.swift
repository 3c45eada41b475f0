// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPStore
import MailSource
import MailStore
import MessageContent
import NIOPosix
import Secrets
import Support
import Testing
import Vocabulary

/// Where ann's mail goes, and how she looks at it: by a mail server of the new platform, as its mail programs do.
struct NewSide: Sendable {
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case maildir
        /// The platform's own IMAP server keeps it.
        case mdbox

        var testDescription: String { rawValue }
    }

    /// The platform's own IMAP server; nil where mail goes into Maildirs.
    let server: MailPlatform?
    private let store: IMAPStore?
    let platform: NewPlatform

    /// Runs a platform of this kind, which takes mail from any old server.
    static func run(
        _ kind: Kind, from source: any MailSource & OldServerProbe, _ body: (NewSide) async throws -> Void
    ) async throws {
        guard kind == .mdbox else {
            return try await NewPlatform.run(from: source) {
                try await body(NewSide(server: nil, store: nil, platform: $0))
            }
        }
        let server = try await MailPlatform(
            users: [NewPlatform.ann.description], configuration: "pop3_no_flag_updates = yes\n")
        defer { server.stop() }
        let store = IMAPStore(
            Platform(
                server: OldServer(.imap, host: "127.0.0.1", port: server.line.port, security: .none),
                masterUser: MailPlatform.master
            ) { Password(MailPlatform.masterPassword) },
            contentKey: try ContentKey(Array(repeating: 7, count: 32), form: .poly1305), spoolDirectory: "/var/tmp",
            group: MultiThreadedEventLoopGroup.singleton, settling: .zero)
        defer { store.close() }
        try await NewPlatform.run(from: source, into: store) {
            try await body(NewSide(server: server, store: store, platform: $0))
        }
        store.stop()
    }

    /// Runs `body` with the ports of IMAP and POP3, and her password there.
    func served<Result: Sendable>(
        _ body: (_ imap: Int, _ pop3: Int, _ password: String) async throws -> Result
    ) async throws -> Result {
        if let server {
            return try await body(
                try #require(server.dovecot.imapPort), server.dovecot.port, MailPlatform.password)
        }
        let ann = NewPlatform.ann
        var options = DovecotServer.Options()
        options.hasIMAP = true
        options.configuration = """
            mail_location = maildir:\(platform.folder)/mail/\(ann.domain)/\(ann.localPart)
            pop3_reuse_xuidl = yes
            # Looking by POP3 is not to look like reading.
            pop3_no_flag_updates = yes

            """
        let server = try await DovecotServer(users: [ann.description: "hers"], options: options)
        defer { server.stop() }
        try server.give("\(platform.folder)/mail")
        return try await body(try #require(server.imapPort), server.port, "hers")
    }

    /// What she does there by IMAP.
    func asUser<Result: Sendable>(
        _ body: @escaping @Sendable (IMAPUser) throws -> Result
    ) async throws -> Result {
        try await served { imap, _, password in
            try await IMAPUser.run(port: imap, user: NewPlatform.ann.description, password: password, body)
        }
    }
}
