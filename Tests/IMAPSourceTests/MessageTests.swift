// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSource
import Support
import Synchronization
import Testing
import Vocabulary

/// Messages of all folders, from servers as they are; and nothing is changed over there.
@Suite(.timeLimit(.minutes(5))) struct MessageTests {
    typealias Folder = IMAPMailboxServer.Folder
    typealias Message = IMAPMailboxServer.Message

    private static func mail(_ numbers: ClosedRange<UInt32>, _ folder: String = "in") -> [Message] {
        numbers.map { Message($0, "Subject: \(folder) \($0)\r\n\r\nbody \($0)\r\n") }
    }

    private static func text(_ message: Message) -> String {
        String(decoding: message.octets, as: UTF8.self).replacing("\r\n", with: "\n")
    }

    private static let odd = [
        "no header at all", "a: b\r\n\r\n", "a: b\r\n\r\n.\r\n..\r\n.x\r\n", "a: b\r\n\r\nno line end",
        "a: b\r\n\r\na\rb\r\n\r\n\r\n",
        "a: b\r\n\r\n* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n", "a: b\r\n\r\n邮箱 caf\u{e9}\r\n\0\r\n", "a: b\n\nbare\n",
        "a: b\r\n\r\n" + String(repeating: "a line of a longer message\r\n", count: 20_000),
    ]

    @Test(arguments: [true, false])
    func everyMessageOfEveryFolderArrivesAsItIs(oneByOne: Bool) async throws {
        let folders = [
            Folder("INBOX", Self.odd.enumerated().map { Message(UInt32($0.offset * 3 + 1), $0.element) }),
            Folder("Work", Self.mail(1...150, "work")), Folder("Leer"), Folder("Sent", Self.mail(7...9, "sent")),
        ]
        let server = try OldIMAP.server(folders)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, listing, sink, refused) = try await OldIMAP.fetchAll(session, oneByOne: oneByOne)
        #expect(refused.isEmpty)
        #expect(sink.texts == folders.flatMap(\.messages).map(Self.text))
        #expect(sink.messages.map(\.message) == listing)
        try await session.leave()
        #expect(server.seen.contains("UID FETCH 1:64 (UID BODY.PEEK[])") != oneByOne)
    }

    @Test func whatCannotBeHadIsNamedAndWhatIsGoneIsNot() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...10)), Folder("Work", Self.mail(1...3))]) {
            options in
            options.fetched = { number, message, items in
                guard items.contains("BODY.PEEK[]") else { return nil }
                // Yandex leaves the body out, Exchange the whole line.
                switch message.uid {
                case 4: return Array("* \(number) FETCH (UID 4 BODY[] NIL)\r\n".utf8)
                case 6: return []
                case 9: return Array("* \(number) FETCH (UID 9 FLAGS ())\r\n".utf8)
                default: return nil
                }
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        server.change { $0[0].messages.removeAll { $0.uid == 2 } }
        let sink = MemorySink()
        let refused = Mutex<[Int]>([])
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) {
            message, _ in
            refused.withLock { $0.append(message.number) }
        }
        #expect(refused.withLock { $0 } == [4, 6, 9])
        #expect(session.vanished == [2])
        #expect(sink.messages.map(\.message.number) == [1, 3, 5, 7, 8, 10, 11, 12, 13])
        #expect(session.name(of: listing[3]) == "message 4, INBOX, UID 4")
        try await session.leave()
    }

    /// Exchange sends a notice of its own, and says OK.
    @Test func aNoticeInPlaceOfAMessageIsNoMessage() async throws {
        let notice =
            "Subject: Retrieval using the IMAP4 protocol failed for the following message: 3\r\n\r\nThe server\r\n"
        let about = "Subject: on failures\r\n\r\n" + notice
        var mail = Self.mail(1...5)
        mail[2] = Message(3, "From: Microsoft Exchange Server 2010\r\n" + notice)
        mail[3] = Message(4, about)
        let server = try OldIMAP.server([Folder("INBOX", mail)])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, _, sink, refused) = try await OldIMAP.fetchAll(session)
        #expect(refused.keys.sorted() == [3] && refused[3]?.contains("in place of the message") == true)
        #expect(sink.messages.map(\.message.number) == [1, 2, 4, 5] && sink.abandoned == 1)
        try await session.leave()
    }

    @Test func anExpungeInBetweenShiftsNothing() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...20))]) { options in
            options.fetched = { number, message, items in
                Array("* 1 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 19 EXISTS\r\n* VANISHED 77\r\n".utf8)
                    + Array("* \(max(0, number - 5)) FETCH (".utf8)
                    + Array(items.reversed().map { IMAPMailboxServer.attribute($0, message) }.joined(separator: [32]))
                    + Array(")\r\n".utf8)
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, _, sink, refused) = try await OldIMAP.fetchAll(session)
        #expect(sink.texts == Self.mail(1...20).map(Self.text) && refused.isEmpty)
        try await session.leave()
    }

    /// A literal that is shorter than its text: what follows makes no sense, and no message of it counts.
    @Test func aMessageThatIsMiscountedIsNotTaken() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...3))]) { options in
            options.fetched = { number, message, items in
                guard items.contains("BODY.PEEK[]"), message.uid == 2 else { return nil }
                return Array("* \(number) FETCH (UID 2 BODY[] {\(message.octets.count - 9)}\r\n".utf8) + message.octets
                    + Array(")\r\n".utf8)
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        let sink = MemorySink()
        let error = await #expect(throws: SourceError.self) {
            try await session.fetch(listing, into: sink, FetchOptions(oneByOne: true, windowOctets: 1 << 20)) { _, _ in
            }
        }
        #expect(error?.code == .protocolViolation && error?.step == .fetch)
        #expect(sink.messages.map(\.message.number) == [1] && sink.abandoned == 1)
    }

    @Test func aServerThatLosesWhatIsSentAheadIsAskedOneByOne() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...200))]) { options in
            options.answer = { $0.hasPrefix("UID FETCH 65:128 ") ? "" : nil }
            options.misdeed = { $0.hasPrefix("UID FETCH 129:192 ") ? .isSilent : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port, read: .seconds(2))
        let listing = try await session.list(try await session.folders())
        let error = await #expect(throws: SourceError.self) {
            try await session.fetch(listing, into: MemorySink(), FetchOptions(oneByOne: false, windowOctets: 4 << 20)) {
                _, _ in
            }
        }
        #expect(error?.code == .pipeliningBroken)
    }

    @Test func aServerThatDripsIsNotWaitedForForEver() async throws {
        let server = try ScriptedServer { peer in
            peer.send("* OK [CAPABILITY IMAP4rev1] ready\r\n")
            while let line = peer.line() {
                let tag = line.prefix { $0 != " " }
                if line.contains("BODY") {
                    peer.send("* 1 FETCH (UID 1 BODY[] {100000}\r\n")
                    while peer.send("x") { peer.pause(milliseconds: 20) }
                    return
                }
                if line.contains("EXAMINE") { peer.send("* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n") }
                if line.contains("UID FETCH") { peer.send("* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 100000)\r\n") }
                if line.contains("CAPABILITY") { peer.send("* CAPABILITY IMAP4rev1\r\n") }
                peer.send("\(tag) OK\r\n")
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port, read: .milliseconds(500))
        let sink = MemorySink()
        let error = await #expect(throws: SourceError.self) {
            let listing = try await session.list(try await session.folders())
            try await session.fetch(listing, into: sink, FetchOptions(oneByOne: true, windowOctets: 1 << 20)) { _, _ in
            }
        }
        #expect(error?.code == .timedOut && sink.messages.isEmpty && sink.abandoned == 1)
    }

    @Test func aListWithoutEndEnds() async throws {
        let server = try OldIMAP.server { options in
            options.answer = { command in
                command.hasPrefix("LIST") ? "* LIST () \"/\" \"" + String(repeating: "x", count: 100_000) : nil
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port, read: .seconds(5))
        let error = await #expect(throws: SourceError.self) { _ = try await session.folders() }
        #expect(error?.code == .protocolViolation && error?.step == .folders)
    }

    // MARK: Nothing is changed

    private static let harmless: Set = [
        "CAPABILITY", "ID", "LOGIN", "AUTHENTICATE", "ENABLE", "NAMESPACE", "LIST", "LSUB", "XLIST", "EXAMINE",
        "STATUS",
        "UNSELECT", "LOGOUT", "UID FETCH", "UID SEARCH", "NOOP", "STARTTLS",
    ]

    private func expectHarmless(_ seen: [String]) {
        for command in seen {
            let words = command.split(separator: " ")
            let name = words[0] == "UID" ? words.prefix(2).joined(separator: " ") : String(words[0])
            #expect(Self.harmless.contains(name), "\(command)")
            // RFC 3501 §6.4.5: BODY[] and RFC822 mark as seen, which even EXAMINE does not prevent everywhere.
            let peeked = command.replacing("BODY.PEEK[", with: "").replacing("RFC822.SIZE", with: "")
            #expect(!peeked.contains("BODY") && !peeked.contains("RFC822"), "\(command)")
        }
    }

    @Test(arguments: [
        [], ["XLIST"], ["LIST-EXTENDED", "SPECIAL-USE"], ["ENABLE", "UTF8=ACCEPT"],
        ["CONDSTORE", "QRESYNC", "ENABLE", "ESEARCH"],
    ])
    func whatIsSentChangesNothing(more: [String]) async throws {
        let folders = [Folder("INBOX", Self.mail(1...9)), Folder("Work", Self.mail(1...3))]
        let server = try OldIMAP.server(folders) { options in
            options.capabilitiesAfterLogin += more
            options.fetched = { number, message, items in
                items.contains("BODY.PEEK[]") && message.uid == 2 ? [] : nil
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (found, listing, _, _) = try await OldIMAP.fetchAll(session)
        _ = try await session.header(of: listing[0])
        for folder in found {
            let earlier = FolderMark(validity: 7, next: 2, messages: 1, changes: folder.mark?.changes ?? 0)
            _ = try await session.changes(in: folder, since: earlier)
        }
        try await session.leave()
        expectHarmless(server.seen)
        #expect(server.folders.map { $0.messages.map(\.flags) } == folders.map { $0.messages.map(\.flags) })
    }

    // MARK: Deleting

    @Test func whatIsDeletedIsOnlyWhatWasMeant() async throws {
        var work = Folder("Work", Self.mail(1...3, "work"))
        work.messages[0].flags = ["\\Deleted"]
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...9)), work])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        #expect(try await session.delete([listing[1], listing[4], listing[10]]) == [])
        expectHarmless(server.seen.filter { !$0.hasPrefix("SELECT ") })
        #expect(try await session.leave())
        #expect(server.folders[0].messages.map(\.uid) == [1, 3, 4, 6, 7, 8, 9])
        #expect(server.folders[1].messages.map(\.uid) == [1, 3], "what others have marked stays")
        #expect(!server.seen.contains("EXPUNGE") && !server.seen.contains("CLOSE"))
    }

    @Test func whereSingleMessagesCannotBeDeletedNoneIs() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...3))]) {
            $0.capabilitiesAfterLogin = ["IMAP4rev1", "UNSELECT"]
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        #expect(!session.traits.canDelete)
        #expect(try await session.delete(listing) == [1, 2, 3])
        try await session.leave()
        expectHarmless(server.seen)
    }

    @Test func aFolderThatMayNotBeChangedIsToldBefore() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...3))]) { options in
            options.answer = { command in
                command.hasPrefix("SELECT")
                    ? "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n%T OK [READ-ONLY] only to look at\r\n" : nil
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        #expect(try await session.delete(listing) == [1, 2, 3])
        try await session.leave()
    }

    @Test func aFolderThatIsNumberedAnewLosesNothing() async throws {
        let server = try OldIMAP.server([Folder("INBOX", Self.mail(1...3))])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders())
        _ = try await session.delete([listing[0]])
        server.change { $0[0].validity = 8 }
        #expect(try await session.leave() == false)
        #expect(server.folders[0].messages.count == 3)
    }
}
