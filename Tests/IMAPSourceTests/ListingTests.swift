// SPDX-License-Identifier: Apache-2.0

import MailSource
import Support
import Synchronization
import Testing
import Vocabulary

/// UIDs, flags, dates and sizes, from servers that tell of them in their own ways.
@Suite(.timeLimit(.minutes(5))) struct ListingTests {
    typealias Message = IMAPMailboxServer.Message

    private static let mail = (1...8).map { number in
        Message(
            UInt32(number * 2), "Subject: \(number)\r\n\r\nbody\r\n",
            flags: [["\\Seen"], ["\\Answered", "\\Flagged"], ["$Forwarded", "\\Draft"], ["\\Deleted", "\\Recent"]][
                number % 4],
            date: "0\(number)-Feb-2024 03:10:41 +0100")
    }

    private static let flags: [MessageFlags] = [[.answered, .flagged], .draft, .deleted, .seen]

    private func list(
        _ mail: [Message] = mail, _ change: (inout IMAPMailboxServer.Options) -> Void = { _ in }
    ) async throws -> (messages: [ListedMessage], seen: [String]) {
        let server = try OldIMAP.server([.init("INBOX", mail)], change)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let messages = try await session.list(try await session.folders())
        try await session.leave()
        return (messages, server.seen)
    }

    private func expectAll(_ messages: [ListedMessage]) {
        #expect(
            messages.map { $0.uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } }
                == Self.mail.map { "\($0.uid)" })
        #expect(messages.map(\.octets) == Self.mail.map(\.octets.count))
        #expect(messages.map(\.flags) == (0..<8).map { Self.flags[$0 % 4] })
        #expect(
            messages.map { $0.date?.description } == (1...8).map { "2024-02-0\($0)T02:10:41.000Z" })
    }

    @Test func aFolderIsListedWithOneCommand() async throws {
        let (messages, seen) = try await list()
        expectAll(messages)
        #expect(seen.filter { $0.hasPrefix("UID") } == ["UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"])
        #expect(!seen.contains { $0.contains("BODY") })
    }

    private static func line(_ number: Int, _ parts: [[UInt8]]) -> [UInt8] {
        Array("* \(number) FETCH (".utf8) + Array(parts.joined(separator: [32])) + Array(")\r\n".utf8)
    }

    private static func attributes(_ message: Message, _ items: [String]) -> [[UInt8]] {
        items.map { IMAPMailboxServer.attribute($0, message) }
    }

    @Test func attributesComeInAnyOrderSplitTwiceAndUnasked() async throws {
        let forms: [@Sendable (Int, Message, [String]) -> [UInt8]] = [
            { Self.line($0, Self.attributes($1, $2.reversed())) },
            { number, message, items in
                items.dropFirst().flatMap { Self.line(number, Self.attributes(message, ["UID", $0])) }
            },
            { Self.line($0, Self.attributes($1, $2)) + Self.line($0, Self.attributes($1, $2)) },
            { number, message, items in
                Array("* 1 FETCH (FLAGS (\\Seen \\Deleted))\r\n* 0 FETCH (FLAGS ())\r\n".utf8)
                    + Array("* 2 FETCH (UID 999 FLAGS (\\Flagged))\r\n* OK [ALERT] hello\r\n".utf8)
                    + Self.line(number, Self.attributes(message, items))
            },
        ]
        for form in forms { expectAll(try await list { $0.fetched = form }.messages) }
    }

    @Test func whatIsLeftOutIsAskedForAgain() async throws {
        // A server that answers ranges with only a part.
        let (messages, seen) = try await list { options in
            options.fetched = { number, message, items in number == 3 || number == 5 ? [] : nil }
            options.answer = { command in
                guard command.hasPrefix("UID FETCH 6,10 ") else { return nil }
                return [Self.mail[2], Self.mail[4]].map { message in
                    String(
                        decoding: Self.line(
                            1, Self.attributes(message, ["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"])),
                        as: UTF8.self)
                }.joined() + "%T OK\r\n"
            }
        }
        expectAll(messages)
        #expect(seen.contains("UID SEARCH ALL") && seen.contains("UID FETCH 6,10 (UID FLAGS INTERNALDATE RFC822.SIZE)"))
    }

    @Test func whatTheServerSaysNothingOfIsListedAllTheSame() async throws {
        let (messages, _) = try await list { $0.fetched = { number, _, _ in number == 3 ? [] : nil } }
        #expect(messages.count == 8)
        #expect(messages[2].octets == nil && messages[2].date == nil && messages[2].uniqueID != nil)
    }

    @Test func anEmptyFolderIsNotAskedAboutItsMessages() async throws {
        let (messages, seen) = try await list([])
        #expect(messages.isEmpty && !seen.contains { $0.hasPrefix("UID") })
    }

    @Test(arguments: [
        ("00-Jan-0000 00:00:00 +0000", nil), ("30-Dec-1899 00:00:00 +0000", nil),
        ("24-Nov-2026 03:10:41 +0000", "2026-11-24T03:10:41.000Z"),
    ])
    func aDateThatIsNotSaneIsNone(date: String, listed: String?) async throws {
        let (messages, _) = try await list([Message(1, "a: b\r\n\r\n", date: date)])
        #expect(messages.first?.date?.description == listed)
    }

    @Test(arguments: [false, true])
    func aFolderThatIsNotListedIsRefusedAndTheOthersAreListed(ahead: Bool) async throws {
        let isBad = Mutex(false)
        let names = ["INBOX", "Bad", "Work"]
        let server = try OldIMAP.server(names.map { .init($0, Self.mail) }) { options in
            options.answer = { command in
                if command.hasPrefix("EXAMINE") { isBad.withLock { $0 = command.contains("Bad") } }
                return command.hasPrefix("UID FETCH") && isBad.withLock { $0 } ? "%T BAD it is broken\r\n" : nil
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let found = try await session.folders()
        let listing = try await session.list(found, ahead: ahead)
        #expect(Set(listing.map(\.folder)) == [0, 2] && listing.count == 2 * Self.mail.count)
        #expect(found.map { session.refusal(of: $0) } == [nil, "it is broken", nil])
        try await session.leave()
    }

    /// It would refuse all others, too.
    @Test func aServerThatIsTooBusyToListIsWaitedFor() async throws {
        let server = try OldIMAP.server { options in
            options.answer = { $0.hasPrefix("UID FETCH") ? "%T NO [UNAVAILABLE] later\r\n" : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let folders = try await session.folders()
        let error = await #expect(throws: SourceError.self) { _ = try await session.list(folders) }
        #expect(error?.code == .busy && error?.step == .listing)
    }

    @Test func aFolderAtWhichASessionEndsIsNamed() async throws {
        let server = try OldIMAP.server([.init("INBOX"), .init("Bad", Self.mail), .init("Work", Self.mail)]) {
            $0.misdeed = { $0.hasPrefix("EXAMINE") && $0.contains("Bad") ? .hangsUp : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let folders = try await session.folders()
        let error = await #expect(throws: SourceError.self) { _ = try await session.list(folders) }
        #expect(error?.topic == .folder(["Bad"]) && error?.step == .listing)
    }

    @Test func keywordsAreKept() async throws {
        let server = try OldIMAP.server([.init("INBOX", Self.mail)])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let messages = try await session.list(try await session.folders())
        #expect(messages.map { session.keywords(of: $0) } == [[], ["$Forwarded"], [], [], [], ["$Forwarded"], [], []])
        try await session.leave()
    }

    // MARK: What a UID means

    @Test(arguments: [true, false])
    func aUIDMeansNothingWhereItDoesNotLast(isSticky: Bool) async throws {
        var folder = IMAPMailboxServer.Folder("INBOX", validity: isSticky ? 0 : 9, Self.mail)
        if !isSticky { folder.remarks = ["* NO [UIDNOTSTICKY] they change"] }
        let server = try OldIMAP.server([folder])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, listing, sink, _) = try await OldIMAP.fetchAll(session)
        #expect(listing.count == 8 && listing.allSatisfy { $0.uniqueID == nil })
        #expect(sink.whole.count == 8)
        try await session.leave()
    }

    /// Courier: STATUS of a folder that nobody has ever opened has a UIDVALIDITY of its own each time.
    @Test func aValidityThatIsNotTheSameTwiceIsNone() async throws {
        var folder = IMAPMailboxServer.Folder("Work", validity: 5, Self.mail)
        folder.statusValidity = 4
        let server = try OldIMAP.server([.init("INBOX"), folder])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, listing, sink, refused) = try await OldIMAP.fetchAll(session)
        #expect(listing.count == 8 && listing.allSatisfy { $0.uniqueID == nil })
        #expect(sink.whole.count == 8 && refused.isEmpty)
        try await session.leave()
    }

    /// Courier: the same of a folder that nobody has ever selected, each time it is opened; its UIDs are the same.
    @Test func aValidityThatIsAnotherEachTimeDoesNotStopAnything() async throws {
        var work = IMAPMailboxServer.Folder("Work", Self.mail)
        work.isUnsteady = true
        let server = try OldIMAP.server([.init("INBOX", Self.mail), work, .init("Last", Self.mail)])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, listing, sink, refused) = try await OldIMAP.fetchAll(session)
        #expect(listing.count == 24 && sink.whole.count == 24 && refused.isEmpty)
        #expect(listing.map { $0.uniqueID == nil } == listing.map { $0.folder == 1 })
        #expect(try await session.header(of: listing[9]) == Array("Subject: 2\n\n".utf8))
        try await session.leave()
    }

    @Test func anInboxThatFillsWhileItIsOpenIsListed() async throws {
        let server = try OldIMAP.server([.init("INBOX")]) { options in
            options.answer = { $0 == "NOOP" ? "* 8 EXISTS\r\n%T OK\r\n" : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let folders = try await session.folders()
        server.change { $0[0].messages = Self.mail }
        expectAll(try await session.list(folders))
        try await session.leave()
    }

    @Test func aFolderThatIsNumberedAnewInTheMiddleIsNotReadOn() async throws {
        let server = try OldIMAP.server([.init("INBOX", Self.mail), .init("Work", Self.mail)])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        server.change { folders in
            folders[0].validity = 8
            for place in folders[0].messages.indices { folders[0].messages[place].uid += 2 }
        }
        let sink = MemorySink()
        let error = await #expect(throws: SourceError.self) {
            try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) { _, _ in
            }
        }
        #expect(error?.remedy == .again && error?.step == .fetch && sink.messages.isEmpty)
        #expect(error?.detail.contains("UIDVALIDITY 7, now 8") == true)
    }

    // MARK: Increments

    private func changes(
        _ change: @Sendable (inout [IMAPMailboxServer.Folder]) -> Void
    ) async throws -> (changes: FolderChanges?, seen: [String]) {
        let server = try OldIMAP.server([.init("INBOX", Self.mail)])
        defer { server.stop() }
        let first = try await OldIMAP.session(server.port)
        let mark = try #require(try await first.folders().first?.mark)
        try await first.leave()
        server.change(change)
        let before = server.seen.count
        let second = try await OldIMAP.session(server.port)
        let folder = try #require(try await second.folders().first)
        let changes = try await second.changes(in: folder, since: mark)
        try await second.leave()
        return (changes, Array(server.seen.dropFirst(before)))
    }

    @Test func onlyWhatHasBeenAddedIsListed() async throws {
        let (changes, seen) = try await changes { folders in
            folders[0].messages.remove(at: 2)
            folders[0].messages.append(Message(40, "Subject: new\r\n\r\n"))
        }
        #expect(changes?.added.map { $0.uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } } == ["40"])
        #expect(changes?.keeps(4) == true && changes?.keeps(6) == false)
        #expect(!seen.contains { $0.hasPrefix("UID FETCH 1:*") })
    }

    @Test func whereNothingIsAddedNothingIsListed() async throws {
        let (changes, seen) = try await changes { $0[0].messages.remove(at: 0) }
        #expect(changes?.added == [] && changes?.keeps(2) == false && changes?.keeps(4) == true)
        #expect(!seen.contains { $0.hasPrefix("UID FETCH") })
    }

    /// `17:*` names the last message, too, where that has a lower UID (RFC 3501 §6.4.8).
    @Test func theLastMessageIsNotTakenForANewOne() async throws {
        var inbox = IMAPMailboxServer.Folder("INBOX", Self.mail)
        inbox.tellsNext = false
        let server = try OldIMAP.server([inbox])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        var folder = try #require(try await session.folders().first)
        let mark = FolderMark(validity: 7, next: 17, messages: 8)
        folder.mark = mark
        #expect(try await session.changes(in: folder, since: mark)?.added == [])
        session.abort()
    }

    /// Courier tells only by STATUS what UID comes next.
    @Test func aFolderThatIsOpenIsMarkedToo() async throws {
        var inbox = IMAPMailboxServer.Folder("INBOX", Self.mail)
        inbox.tellsNext = false
        let server = try OldIMAP.server([inbox])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        #expect(try await session.folders().first?.mark == FolderMark(validity: 7, next: 17, messages: 8))
        try await session.leave()
    }

    @Test func anotherNumberingIsNoIncrement() async throws {
        #expect(try await changes { $0[0].validity = 8 }.changes == nil)
        #expect(try await changes { $0[0].messages.removeLast(4) }.changes == nil, "a backup that was restored")
    }
}
