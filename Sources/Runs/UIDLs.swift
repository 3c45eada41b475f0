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
    /// By whom the mailbox is entered, if not by its user.
    private let master: OldServer.Master?
    private let password: Password
    private let hash: LedgerHash
    /// The most headers that are asked for on each side; beyond, order decides alone.
    private let mostHeaders: Int

    package init(
        context: Context, server: OldServer, user: String, master: OldServer.Master? = nil, password: Password,
        hash: LedgerHash, mostHeaders: Int = 1000
    ) {
        self.context = context
        self.server = server
        self.user = user
        self.master = master
        self.password = password
        self.hash = hash
        self.mostHeaders = mostHeaders
    }

    /// What the POP3 service has come to.
    enum Found: Sendable {
        /// By the number of the message.
        case uidls([Int: UniqueID])
        /// It lets nobody in like this, in these words; asking again is in vain.
        case refused(String)
    }

    /// By the number of the message, on a line of its own.
    /// - Parameters: as those of ``uidls(of:in:over:where:)``.
    package func uidls(
        of inbox: [ListedMessage], in session: any MailboxSession, where wanted: (ListedMessage) -> Bool
    ) async throws(SourceError) -> [Int: UniqueID] {
        let line = try await connect()
        defer { line.abort() }
        switch try await uidls(of: inbox, in: session, over: line, where: wanted) {
        case .uidls(let uidls): return uidls
        case .refused(let words): throw SourceError(code: .refused, step: .login, detail: words)
        }
    }

    func connect() async throws(SourceError) -> any SourceConnection {
        try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
    }

    /// - Parameters:
    ///   - inbox: all that is listed there, in order.
    ///   - session: in which it was listed.
    ///   - line: to the POP3 service.
    func uidls(
        of inbox: [ListedMessage], in session: any MailboxSession, over line: any SourceConnection,
        where wanted: (ListedMessage) -> Bool
    ) async throws(SourceError) -> Found {
        let other: any MailboxSession
        switch try await enter(line) {
        case .success(let session): other = session
        case .failure(let refusal): return .refused(refusal.words)
        }
        let listing = try await other.list(try await other.folders())
        let pairing = UIDLPairing(inbox, listing, where: wanted)
        // Where asking for a header may delete the message, order has to do, and nothing is ended in order either.
        let pairs =
            other.traits.confirmsByHeader
            ? try await confirmed(pairing, session, other) : pairing.certain + pairing.doubtful
        if other.traits.confirmsByHeader { try await other.leave() }
        var uidls: [Int: UniqueID] = [:]
        for (message, other) in pairs { uidls[message.number] = other.uniqueID?.detached }
        return .uidls(uidls)
    }

    /// The pairs, as headers tell them.
    private func confirmed(
        _ pairing: UIDLPairing, _ session: any MailboxSession, _ other: any MailboxSession
    ) async throws(SourceError) -> [UIDLPairing.Pair] {
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
        return pairs + UIDLPairing.paired(doubtful: doubtful, messages: messages, others: others)
    }

    private struct Refusal: Error { let words: String }

    private func enter(_ line: any SourceConnection) async throws(SourceError) -> Result<any MailboxSession, Refusal> {
        let answer =
            if let master {
                try await line.check(master, for: user, password: password)
            } else {
                try await line.check(user: user, password: password)
            }
        func detail(_ what: String) -> String {
            "the old server's POP3 (\(server.subject)), from which UIDLs are to be taken, \(what); see oldServer.pop3"
        }
        switch answer {
        case .accepted(let session):
            try await session.enter()
            return .success(session)
        case .busy(_, let text, let seconds):
            throw SourceError(code: .busy, step: .login, detail: "\(server.subject): \(text)", pause: seconds)
        case .rejected(let text), .noSuchUser(let text):
            return .failure(Refusal(words: detail("does not take the password that IMAP takes: \(text)")))
        case .failed(let reason, let text, let isForGood):
            let words = detail("takes no login: \(text)")
            guard isForGood || reason == .secureAuthenticationUnavailable else {
                throw SourceError(code: .refused, step: .login, detail: words)
            }
            return .failure(Refusal(words: words))
        }
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
