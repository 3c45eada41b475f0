// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// What every `MailSource` promises.
@Suite(.timeLimit(.minutes(15))) struct SourceTests {
    private static let texts = OldMailbox.messages

    private func with(
        _ kind: SourceKind, _ fault: Fault? = nil, _ body: (OldMailbox) async throws -> Void
    ) async throws {
        let mailbox = try await OldMailbox.make(kind, fault)
        defer { mailbox.stop() }
        try await body(mailbox)
    }

    private static let careful = FetchOptions(oneByOne: true, windowOctets: 4 << 20)
    private static let eager = FetchOptions(oneByOne: false, windowOctets: 4 << 20)

    /// All of a session's messages, as they are listed.
    private func listing(_ session: any MailboxSession) async throws -> [ListedMessage] {
        try await session.list(try await session.folders())
    }

    // MARK: The login

    @Test(arguments: SourceKind.allCases)
    func aRightPasswordIsAcceptedAndNothingIsShownBefore(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let line = try await mailbox.connect()
            #expect(!line.hasShownPassword)
            let answer = try await line.check(user: OldMailbox.user, password: Password(OldMailbox.password))
            guard case .accepted(let session) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(line.hasShownPassword)
            #expect(try await session.leave())
        }
    }

    @Test(arguments: SourceKind.allCases)
    func aWrongPasswordIsRejected(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let line = try await mailbox.connect()
            let answer = try await line.open(user: OldMailbox.user, password: Password("guess"))
            guard case .rejected(let words) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(!words.isEmpty)
            #expect(line.hasShownPassword)
            await line.close()
        }
    }

    @Test(arguments: SourceKind.failing)
    func aServerThatIsBusySaysNothingOfThePassword(kind: SourceKind) async throws {
        try await with(kind, .isBusy) { mailbox in
            let line = try await mailbox.connect()
            defer { line.abort() }
            let answer = try await line.open(user: OldMailbox.user, password: Password(OldMailbox.password))
            guard case .busy(.mailboxInUse, let words, seconds: nil) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(words == "in use")
        }
    }

    @Test(arguments: SourceKind.failing + [.files])
    func aUserWhoIsNotThereIsTold(kind: SourceKind) async throws {
        try await with(kind, .knowsNoUser) { mailbox in
            let user = kind == .files ? "nobody@example.com" : OldMailbox.user
            let line = try await mailbox.connect()
            defer { line.abort() }
            let answer = try await line.open(user: user, password: Password(OldMailbox.password))
            guard case .noSuchUser = answer else {
                Issue.record("\(answer)")
                return
            }
        }
    }

    // MARK: What there is

    @Test(arguments: SourceKind.allCases)
    func aListingTellsWhatIsThere(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let folders = try await session.folders()
            #expect(folders.map(\.path) == [SourceFolder.inbox])
            #expect(folders.first?.messages == Self.texts.count)
            let listing = try await session.list(folders)
            #expect(listing.map(\.number) == Array(1...Self.texts.count))
            #expect(listing.allSatisfy { $0.folder == 0 && $0.uniqueID != nil })
            for (message, text) in zip(listing, Self.texts) {
                // With or without CR before each LF.
                #expect((text.utf8.count...2 * text.utf8.count).contains(message.octets ?? text.utf8.count))
            }
            try await session.leave()
        }
    }

    @Test(arguments: SourceKind.allCases)
    func aMessageIsKnownAgainInAnotherSession(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            var seen: [[MessageIdentity?]] = []
            for _ in 0..<2 {
                let session = try await mailbox.session()
                let folder = try #require(try await session.folders().first)
                seen.append(try await session.list(folder).map { folder.identity(of: $0) })
                try await session.leave()
            }
            #expect(seen[0] == seen[1])
            #expect(Set(seen[0]).count == Self.texts.count && !seen[0].contains(nil))
        }
    }

    @Test(arguments: SourceKind.allCases)
    func aHeaderIsTheMessagesOwn(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let first = try #require(try await listing(session).first)
            let header = try await session.header(of: first)
            switch kind {
            case .memory, .scriptedIMAP, .dovecot, .dovecotIMAP:
                #expect(header == Array("Subject: one\nX-Number: 1\n\n".utf8))
            case .scriptedPOP3: #expect(header == Array("Subject: the top\n\n".utf8))
            case .files: #expect(header == nil)
            }
            try await session.leave()
        }
    }

    // MARK: Fetching

    @Test(arguments: SourceKind.allCases, [careful, eager])
    func everyMessageArrivesAsItIsAndInTheOrderAskedFor(kind: SourceKind, options: FetchOptions) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let wanted = Array(try await listing(session).reversed())
            let sink = MemorySink()
            try await session.fetch(wanted, into: sink, options) { message, words in
                Issue.record("\(session.name(of: message)) is refused: \(words)")
            }
            #expect(sink.whole.map { String(decoding: $0, as: UTF8.self) } == Self.texts.reversed())
            #expect(sink.messages.map(\.message) == wanted)
            try await session.leave()
        }
    }

    /// In order: what is asked for by then comes, and the session goes on.
    @Test(arguments: SourceKind.allCases)
    func nothingMoreIsFetchedOnceItMayNotGoOn(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let wanted = try await listing(session)
            let sink = MemorySink()
            let asked = Mutex(0)
            let options = FetchOptions(oneByOne: true, windowOctets: 4 << 20) {
                asked.withLock { count in
                    count += 1
                    return count <= 2
                }
            }
            try await session.fetch(wanted, into: sink, options) { _, _ in }
            #expect(sink.messages.map(\.message) == Array(wanted.prefix(2)))
            let rest = MemorySink()
            try await session.fetch(Array(wanted.dropFirst(2)), into: rest, Self.careful) { _, _ in }
            #expect(rest.whole.count == wanted.count - 2)
            try await session.leave()
        }
    }

    @Test(arguments: SourceKind.allCases)
    func aSinkThatIsFullIsWaitedFor(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let wanted = try await listing(session)
            let sink = MemorySink(limit: 1000)
            async let fetched: Void = session.fetch(wanted, into: sink, Self.eager) { _, _ in }
            while sink.whole.count < wanted.count {
                if sink.isWaiting { sink.drain() }
                try await Task.sleep(for: .milliseconds(1))
            }
            // One that is full at the very end is waited for by some, which changes nothing.
            while sink.isWaiting { sink.drain() }
            try await fetched
            #expect(sink.whole.count == Self.texts.count)
            try await session.leave()
        }
    }

    @Test(arguments: SourceKind.failing, [careful, eager])
    func aMessageThatIsRefusedStopsNoOther(kind: SourceKind, options: FetchOptions) async throws {
        try await with(kind, .refuses(1)) { mailbox in
            let session = try await mailbox.session()
            let sink = MemorySink()
            let refused = Mutex<[Int: String]>([:])
            try await session.fetch(try await listing(session), into: sink, options) { message, words in
                refused.withLock { $0[message.number] = words }
            }
            #expect(refused.withLock { $0 } == [2: "not that one"])
            #expect(sink.messages.map(\.message.number) == [1, 3, 4, 5])
            try await session.leave()
        }
    }

    @Test(arguments: SourceKind.failing, [careful, eager])
    func aMessageThatIsCutShortIsAbandoned(kind: SourceKind, options: FetchOptions) async throws {
        try await with(kind, .hangsUpInTheMiddle) { mailbox in
            let session = try await mailbox.session()
            let wanted = try await listing(session)
            let sink = MemorySink()
            let error = await #expect(throws: SourceError.self) {
                try await session.fetch(wanted, into: sink, options) { _, _ in }
            }
            #expect(error?.step == .fetch)
            #expect(error?.remedy == .again)
            #expect(sink.messages.allSatisfy { $0.isWhole })
            #expect(sink.abandoned == 1)
            #expect(sink.whole.map { String(decoding: $0, as: UTF8.self) } == [Self.texts[0]])
        }
    }

    // MARK: Deleting

    @Test(arguments: SourceKind.deleting)
    func whatIsDeletedIsGoneWhenTheSessionHasEndedInOrder(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            let all = try await listing(session)
            #expect(try await session.delete([all[0], all[2]]) == [])
            #expect(try await session.leave())
            let next = try await mailbox.session()
            #expect(try await listing(next).map(\.uniqueID) == [all[1], all[3], all[4]].map(\.uniqueID))
            try await next.leave()
        }
    }

    @Test(arguments: SourceKind.deleting)
    func aSessionThatIsDroppedDeletesNothing(kind: SourceKind) async throws {
        try await with(kind) { mailbox in
            let session = try await mailbox.session()
            _ = try await session.delete(try await listing(session))
            session.abort()
            await session.close()
            // Dovecot may hold the mailbox for a moment more.
            var next: (any MailboxSession)?
            for _ in 0..<500 where next == nil {
                next = try? await mailbox.session()
                if next == nil { try await Task.sleep(for: .milliseconds(20)) }
            }
            let again = try #require(next)
            #expect(try await listing(again).count == Self.texts.count)
            try await again.leave()
        }
    }
}
