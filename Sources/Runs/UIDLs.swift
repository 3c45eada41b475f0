// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailSource
package import Secrets
package import Vocabulary

/// The UIDLs that POP3 has for the messages of an inbox that is moved by IMAP: with them, POP3 clients of the new platform
/// know what they have downloaded from the old server.
package struct UIDLs: Sendable {
    private let context: Context
    /// The POP3 service.
    private let server: OldServer
    private let user: String
    private let password: Password
    private let hash: LedgerHash
    /// The most headers that are asked for on each side; beyond, order decides alone.
    private let mostHeaders: Int

    package init(
        context: Context, server: OldServer, user: String, password: Password, hash: LedgerHash,
        mostHeaders: Int = 1000
    ) {
        self.context = context
        self.server = server
        self.user = user
        self.password = password
        self.hash = hash
        self.mostHeaders = mostHeaders
    }

    /// By the number of the message.
    /// - Parameters:
    ///   - inbox: all that is listed there, in order.
    ///   - session: in which it was listed.
    package func uidls(
        of inbox: [ListedMessage], in session: any MailboxSession, where wanted: (ListedMessage) -> Bool
    ) async throws(SourceError) -> [Int: UniqueID] {
        let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
        defer { line.abort() }
        let other = try await enter(line)
        let listing = try await other.list(try await other.folders())
        let pairing = UIDLPairing(inbox, listing, where: wanted)
        var pairs = pairing.certain
        var headersLeft = mostHeaders
        var doubtful: [(pair: UIDLPairing.Pair, headers: (UInt64?, UInt64?))] = []
        for pair in pairing.doubtful {
            guard headersLeft > 0 else {
                pairs.append(pair)
                continue
            }
            headersLeft -= 1
            doubtful.append(
                (pair, (try await header(of: pair.message, in: session), try await header(of: pair.pop3, in: other))))
        }
        let messages = try await headers(of: pairing.messages.prefix(mostHeaders), in: session)
        let others = messages.isEmpty ? [] : try await headers(of: pairing.others.prefix(mostHeaders), in: other)
        pairs += UIDLPairing.paired(doubtful: doubtful, messages: messages, others: others)
        try await other.leave()
        var uidls: [Int: UniqueID] = [:]
        for (message, other) in pairs { uidls[message.number] = other.uniqueID?.detached }
        return uidls
    }

    private func enter(_ line: any SourceConnection) async throws(SourceError) -> any MailboxSession {
        let detail: String
        switch try await line.open(user: user, password: password) {
        case .accepted(let session): return session
        case .busy(_, let text, let seconds):
            throw SourceError(code: .busy, step: .login, detail: "\(server.subject): \(text)", pause: seconds)
        case .rejected(let text), .noSuchUser(let text): detail = "does not take the password that IMAP takes: \(text)"
        case .failed(_, let text, _): detail = "takes no login: \(text)"
        }
        throw SourceError(
            code: .refused, step: .login,
            detail: "the old server's POP3 (\(server.subject)), from which UIDLs are to be taken, \(detail); see "
                + "oldServer.pop3")
    }

    private func headers(
        of messages: some Sequence<ListedMessage>, in session: any MailboxSession
    ) async throws(SourceError) -> [(ListedMessage, UInt64?)] {
        var headers: [(ListedMessage, UInt64?)] = []
        for message in messages { headers.append((message, try await header(of: message, in: session))) }
        return headers
    }

    private func header(
        of message: ListedMessage, in session: any MailboxSession
    ) async throws(SourceError) -> UInt64? {
        try await session.header(of: message).map { HeaderHashes.hash(of: $0, hash.hash) }
    }
}
