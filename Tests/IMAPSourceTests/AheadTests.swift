// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSource
import Support
import Synchronization
import Testing
import Vocabulary

/// Folders that are listed and read ahead of the answers.
@Suite(.timeLimit(.minutes(5))) struct AheadTests {
    typealias Folder = IMAPMailboxServer.Folder
    typealias Message = IMAPMailboxServer.Message

    private static func mail(_ numbers: ClosedRange<UInt32>, _ folder: String) -> [Message] {
        numbers.map { Message($0, "Subject: \(folder) \($0)\r\n\r\nbody \($0)\r\n") }
    }

    private static let folders = [
        Folder("INBOX", mail(1...100, "in")), Folder("Leer"), Folder("Work", mail(1...150, "work")),
        Folder("Sent", mail(7...9, "sent")), Folder("Last", mail(1...20, "last")),
    ]

    private func fetched(
        _ session: any MailboxSession, _ listing: [ListedMessage]
    ) async throws -> (sink: MemorySink, refused: [Int]) {
        let sink = MemorySink()
        let refused = Mutex<[Int]>([])
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 4 << 20)) {
            message, _ in
            refused.withLock { $0.append(message.number) }
        }
        return (sink, refused.withLock { $0 })
    }

    private static func texts(_ folders: [Folder]) -> [String] {
        folders.flatMap(\.messages).map { String(decoding: $0.octets, as: UTF8.self).replacing("\r\n", with: "\n") }
    }

    @Test func whatIsListedAheadIsWhatIsListedInTurn() async throws {
        let server = try OldIMAP.server(Self.folders)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let folders = try await session.folders()
        let ahead = try await session.list(folders, ahead: true)
        let (sink, refused) = try await fetched(session, ahead)
        #expect(sink.texts == Self.texts(Self.folders) && refused.isEmpty)
        try await session.leave()
        // Once to be listed, once to be read.
        for folder in ["Work", "Sent", "Last"] {
            #expect(server.seen.count { $0 == "EXAMINE \"\(folder)\"" || $0 == "EXAMINE \(folder)" } == 2)
        }
        let other = try await OldIMAP.session(server.port)
        #expect(try await other.list(try await other.folders()) == ahead)
        try await other.leave()
    }

    /// Dovecot goes on with the latest of several sets where we are slower than it is, and what comes out of turn is thrown
    /// away: one is asked for when the last has come.
    @Test func dovecotIsAskedForOneSetAtATime() async throws {
        let folders = [Folder("INBOX", Self.mail(1...2100, "in"))]
        let server = try OldIMAP.server(folders) { options in
            options.answer = { $0.hasPrefix("ID ") ? "* ID (\"name\" \"Dovecot\")\r\n%T OK\r\n" : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (_, _, sink, refused) = try await OldIMAP.fetchAll(session)
        #expect(sink.texts == Self.texts(folders) && refused.isEmpty)
        try await session.leave()
        #expect(
            server.seen.filter { $0.contains("BODY") } == [
                "UID FETCH 1:2048 (UID BODY.PEEK[])", "UID FETCH 2049:2100 (UID BODY.PEEK[])",
            ])
    }

    @Test func aFolderThatIsClosedMeanwhileHoldsUpNoOther() async throws {
        let server = try OldIMAP.server(Self.folders)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let folders = try await session.folders()
        server.change { $0[3].refusalToOpen = "NO not now" }
        let listing = try await session.list(folders, ahead: true)
        #expect(listing.count == 270 && folders.count { session.refusal(of: $0) != nil } == 1)
        server.change { folders in
            folders[3].refusalToOpen = nil
            folders[2].refusalToOpen = "NO nor this"
        }
        let (sink, refused) = try await fetched(session, listing)
        #expect(sink.texts == Self.texts([Self.folders[0], Self.folders[4]]))
        #expect(refused == Array(101...250))
        try await session.leave()
    }

    @Test func whatIsGoneMeanwhileIsNotedAndTheRestComes() async throws {
        let server = try OldIMAP.server(Self.folders)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders(), ahead: true)
        server.change { $0[2].messages.removeAll { $0.uid == 70 || $0.uid == 150 } }
        let (sink, refused) = try await fetched(session, listing)
        #expect(sink.texts == Self.texts(server.folders) && refused.isEmpty && session.vanished == [170, 250])
        try await session.leave()
    }

    @Test func aFolderThatIsNumberedAnewIsNotReadOn() async throws {
        let server = try OldIMAP.server(Self.folders)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let listing = try await session.list(try await session.folders(), ahead: true)
        server.change { folders in
            folders[3].validity = 8
            for place in folders[3].messages.indices { folders[3].messages[place].octets = Array("other\r\n".utf8) }
        }
        let sink = MemorySink()
        let error = await #expect(throws: SourceError.self) {
            try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 4 << 20)) { _, _ in
            }
        }
        #expect(error?.remedy == .again && error?.detail.contains("UIDVALIDITY 7, now 8") == true)
        #expect(sink.texts == Self.texts([Self.folders[0], Self.folders[2]]))
    }

    /// It says nothing to a folder that is opened before it has answered all that came before.
    @Test(arguments: [IMAPMailboxServer.Misdeed.isSilent, .hangsUp])
    func aServerThatDoesNotBearItIsAskedInTurn(misdeed: IMAPMailboxServer.Misdeed) async throws {
        let server = try OldIMAP.server(Self.folders) { options in
            options.misdeed = { $0.hasPrefix("EXAMINE") && $0.contains("Sent") ? misdeed : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port, read: .seconds(1))
        let folders = try await session.folders()
        let error = await #expect(throws: SourceError.self) { _ = try await session.list(folders, ahead: true) }
        #expect(error?.code == .pipeliningBroken)
    }
}
