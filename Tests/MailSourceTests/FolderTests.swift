// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Testing
import Vocabulary

/// Folders, flags and dates come through the seam, though POP3 has none of them.
@Suite struct FolderTests {
    private static let arrival = Timestamp(milliseconds: 1_700_000_000_000)

    private func session() async throws -> any MailboxSession {
        let source = MemorySource(
            password: "old",
            folders: [
                .init(messages: [
                    .init(id: "1", text: "Subject: in\n\n", flags: [.seen, .answered], date: Self.arrival),
                    .init(id: "2", text: "Subject: in, too\n\n"),
                ]),
                .init(
                    path: ["Archive", "2024"], validity: 7,
                    messages: [.init(id: "1", text: "Subject: archived\n\n", flags: .flagged)]),
            ])
        let line = try await source.connect(
            to: OldServer(host: "old.example"), timeouts: Timeouts(), hiding: nil)
        guard case .accepted(let session) = try await line.open(user: "ann", password: Password("old")) else {
            throw OldMailbox.WasNotAccepted()
        }
        return session
    }

    @Test func messagesOfAllFoldersAreListedUnderNumbersOfTheirOwn() async throws {
        let session = try await session()
        let folders = try await session.folders()
        let listing = try await session.list(folders)
        #expect(listing.map(\.number) == [1, 2, 3])
        #expect(listing.map { folders[$0.folder].path } == [["INBOX"], ["INBOX"], ["Archive", "2024"]])
        #expect(folders.map(\.messages) == [2, 1])
    }

    @Test func aMessageIsKnownByItsFolderItsValidityAndItsID() async throws {
        let session = try await session()
        let folders = try await session.folders()
        let identities = try await session.list(folders).map { folders[$0.folder].identity(of: $0) }
        #expect(Set(identities).count == 3)
        #expect(
            identities.last
                == MessageIdentity(folder: ["Archive", "2024"], validity: 7, id: UniqueID(octets: Array("1".utf8))))
    }

    @Test func flagsAndDatesArriveWithTheMessage() async throws {
        let session = try await session()
        let sink = MemorySink()
        let listing = try await session.list(try await session.folders())
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) { _, _ in }
        let arrived = sink.messages.map(\.message)
        #expect(arrived.map(\.flags) == [[.seen, .answered], [], .flagged])
        #expect(arrived.map(\.date) == [Self.arrival, nil, nil])
        #expect(arrived.map(\.folder) == [0, 0, 1])
    }
}
