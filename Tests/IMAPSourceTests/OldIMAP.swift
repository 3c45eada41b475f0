// SPDX-License-Identifier: Apache-2.0

import IMAPSource
import MailConnection
import MailSource
import NIOPosix
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// Old IMAP servers, and how they are visited.
enum OldIMAP {
    static let user = "ann@example.com"
    static let password = "open sesame"
    static let source = IMAPSource(group: MultiThreadedEventLoopGroup.singleton)

    struct WasNotAccepted: Error { let answer: String }

    static func server(
        _ folders: [IMAPMailboxServer.Folder] = [.init("INBOX", [.init(1, "Subject: one\r\n\r\nHello\r\n")])],
        _ change: (inout IMAPMailboxServer.Options) -> Void = { _ in }
    ) throws -> IMAPMailboxServer {
        var options = IMAPMailboxServer.Options()
        change(&options)
        return try IMAPMailboxServer(user: user, password: password, folders: folders, options: options)
    }

    static func connect(
        _ port: Int, host: String = "127.0.0.1", security: TransportSecurity = .none,
        certificate: CertificateCheck? = nil, secure: Bool = false, read: Duration = .seconds(45),
        over source: IMAPSource = source
    ) async throws(SourceError) -> any SourceConnection {
        try await source.connect(
            to: OldServer(
                host: host, port: port, security: security, certificate: certificate, secureAuthentication: secure),
            timeouts: Timeouts(connect: .seconds(5), read: read), hiding: nil)
    }

    /// A real server, with a message in the inbox.
    static func dovecot(_ options: DovecotServer.Options) async throws -> DovecotServer {
        let dovecot = try await DovecotServer(users: [user: password], options: options)
        try dovecot.fill(user, with: [Array("Subject: one\n\nHello\n".utf8)])
        return dovecot
    }

    /// What the server says to a login.
    static func answer(
        _ server: IMAPMailboxServer, user: String = user, password: String = password, secure: Bool = false
    ) async throws -> SourceAnswer {
        let line = try await connect(server.port, secure: secure)
        let answer = try await line.check(user: user, password: Password(password))
        line.abort()
        return answer
    }

    /// A session that is entered.
    static func session(_ port: Int, read: Duration = .seconds(45)) async throws -> any MailboxSession {
        let answer = try await connect(port, read: read).open(user: user, password: Password(password))
        guard case .accepted(let session) = answer else { throw WasNotAccepted(answer: "\(answer)") }
        return session
    }

    /// All messages of all folders, as they arrive: by folder, in order.
    static func fetchAll(
        _ session: any MailboxSession, oneByOne: Bool = false
    ) async throws -> (folders: [SourceFolder], listing: [ListedMessage], sink: MemorySink, refused: [Int: String]) {
        let folders = try await session.folders()
        let listing = try await session.list(folders)
        let (sink, refused) = (MemorySink(), Refused())
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: oneByOne, windowOctets: 4 << 20)) {
            refused.add($0.number, $1)
        }
        return (folders, listing, sink, refused.all)
    }
}

private final class Refused: Sendable {
    private let state = Mutex<[Int: String]>([:])

    func add(_ number: Int, _ words: String) { state.withLock { $0[number] = words } }
    var all: [Int: String] { state.withLock { $0 } }
}

extension MemorySink {
    var texts: [String] { whole.map { String(decoding: $0, as: UTF8.self) } }
}
