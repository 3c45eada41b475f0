// SPDX-License-Identifier: Apache-2.0

import MailStore
import Secrets
import Support
import Testing
import Vocabulary

/// Moves of mailboxes with folders, from whatever source into whatever store.
@Suite(.timeLimit(.minutes(15))) struct FolderRunTests {
    private typealias Folder = MemorySource.Folder
    private static let ann = NewPlatform.ann

    private static func message(_ id: Int, _ flags: MessageFlags = [], keywords: [String] = []) -> MemorySource.Message
    {
        MemorySource.Message(
            id: "\(id)", text: "Subject: \(id)\n\nbody \(id)\n", flags: flags,
            date: Timestamp(milliseconds: 1_600_000_000_000 + Int64(id) * 1000), keywords: keywords)
    }

    /// The same message under another id.
    private static func message(_ id: Int, like other: Int) -> MemorySource.Message {
        var message = message(other)
        message.id = "\(id)"
        return message
    }

    private static func text(_ id: Int) -> String { "Subject: \(id)\n\nbody \(id)\n" }

    private func run(
        _ folders: [MemorySource.Folder],
        _ body: (NewPlatform, MemorySource, MemoryStore) async throws -> Void
    ) async throws {
        let (source, store) = (MemorySource(password: "old", folders: folders), try MemoryStore())
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            try await body(platform, source, store)
        }
    }

    /// A login, and the run that it brings, to its end.
    private func move(_ platform: NewPlatform) async throws {
        let runs = try await platform.status().runs
        _ = try await platform.trigger("old")
        _ = try await platform.until { $0.runs > runs && ($0.status == .completed || $0.status == .failed) }
        // One that failed may wait for its next try.
        try await platform.rest()
    }

    /// What is in a folder here, as numbers of messages.
    private func here(_ store: MemoryStore, _ folder: String) -> [String] {
        (store[Self.ann]?.octets(in: folder) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func eachMessageGoesWhereItsFolderGoesAsItIs() async throws {
        var quiet = Folder(path: ["Quiet"], validity: 3, messages: [])
        quiet.isSubscribed = false
        let folders = [
            Folder(messages: [Self.message(1), Self.message(2, [.seen, .answered])]),
            Folder(
                path: ["Gesendet"], validity: 2, target: ["Sent"],
                messages: [Self.message(1, .seen, keywords: ["$Forwarded"]), Self.message(2)]),
            quiet,
        ]
        try await run(folders) { platform, _, store in
            try await move(platform)
            let status = try await platform.status()
            #expect((status.status, status.moved, status.remaining) == (.completed, 4, 0))
            let mailbox = try #require(store[Self.ann])
            #expect(mailbox.messages.map(\.folder) == ["INBOX", "INBOX", "Sent", "Sent"])
            #expect(mailbox.messages.map(\.flags) == [[], [.seen, .answered], .seen, []])
            #expect(mailbox.messages.map(\.keywords) == [[], [], ["$Forwarded"], []])
            #expect(mailbox.folders == ["Sent": true, "Quiet": false])
            let listed = try await platform.move.accounts.folders(of: Self.ann)
            #expect(listed.map(\.name) == ["INBOX", "Gesendet", "Quiet"])
            #expect(listed.map(\.target) == ["INBOX", "Sent", "Quiet"])
            #expect(listed.map(\.moved) == [2, 2, 0] && listed.map(\.remaining) == [0, 0, 0])
        }
    }

    @Test func flagsMayStayBehindAndTheInboxGoElsewhere() async throws {
        try await run([Folder(messages: [Self.message(1, .flagged, keywords: ["Wichtig"])])]) { platform, _, store in
            try await platform.enable(port: 1) {
                $0.options.flags = .none
                $0.options.folder = "Old.Mail"
            }
            try await move(platform)
            let message = try #require(store[Self.ann]?.messages.first)
            #expect(message.folder == "Old/Mail" && message.flags.isEmpty && message.keywords.isEmpty)
        }
    }

    @Test func onlyWhatIsNewIsBroughtLater() async throws {
        let folders = [
            Folder(messages: [Self.message(1), Self.message(2), Self.message(3)]),
            Folder(path: ["Archive"], messages: [Self.message(1, like: 60)]),
            Folder(path: ["Work"], messages: [Self.message(1, like: 70), Self.message(2, like: 71)]),
        ]
        try await run(folders) { platform, source, store in
            try await move(platform)
            #expect(try await platform.status().moved == 6)
            source.state.withLock { state in
                // One is filed away, one is copied, and a folder is renamed and numbered anew.
                state.folders[0].messages.remove(at: 1)
                state.folders[1].messages += [Self.message(2, like: 2), Self.message(3, like: 3)]
                state.folders[2] = Folder(path: ["Work2"], validity: 99, messages: state.folders[2].messages.reversed())
                for index in 0..<2 { state.folders[2].messages[index].id = "\(index + 1)" }
            }
            for _ in 0..<2 {
                try await move(platform)
                let status = try await platform.status()
                #expect((status.status, status.moved, status.remaining) == (.completed, 7, 0))
                #expect(here(store, "INBOX") == [1, 2, 3].map(Self.text))
                #expect(here(store, "Archive") == [60, 3].map(Self.text))
                #expect(here(store, "Work") == [70, 71].map(Self.text) && here(store, "Work2").isEmpty)
            }
        }
    }

    @Test func aFolderThatGoesElsewhereNowBringsNothingAgain() async throws {
        let below = Folder(path: ["Inbox", "Sub"], messages: [Self.message(2), Self.message(3)])
        try await run([Folder(messages: [Self.message(1)]), below]) { platform, source, store in
            try await move(platform)
            #expect(here(store, "Inbox/Sub") == [2, 3].map(Self.text))
            source.state.withLock { state in
                state.folders[1].target = ["INBOX", "Sub"]
                state.folders[1].messages.append(Self.message(4))
            }
            try await move(platform)
            let status = try await platform.status()
            #expect((status.status, status.moved, status.remaining) == (.completed, 4, 0))
            #expect(here(store, "Inbox/Sub") == [2, 3].map(Self.text))
            #expect(here(store, "INBOX/Sub") == [Self.text(4)])
        }
    }

    @Test func whatAPOP3RunHasBroughtIsNotBroughtAgain() async throws {
        let inbox = Folder(validity: 0, messages: (1...20).map { Self.message($0) })
        try await run([inbox]) { platform, source, store in
            source.state.withLock { $0.misdeeds[.fetch] = [] }
            source.state.withLock { $0.refused = Set((11...20).map(String.init)) }
            try await move(platform)
            #expect(try await platform.status().moved == 10)
            // From now on, all folders are shown, under ids of their own.
            source.state.withLock { state in
                state.refused = []
                state.folders = [
                    Folder(validity: 5, messages: (1...20).map { Self.message(100 + $0, like: $0) }),
                    Folder(path: ["Work"], validity: 5, messages: [Self.message(1, like: 30)]),
                ]
            }
            try await move(platform)
            let status = try await platform.status()
            #expect((status.status, status.moved, status.remaining) == (.completed, 21, 0))
            #expect(here(store, "INBOX") == (1...20).map(Self.text) && here(store, "Work") == [Self.text(30)])
        }
    }

    @Test func ofAFolderThatShowsAllOnlyWhatIsNowhereElseIsBrought() async throws {
        let all = (1...4).map { Self.message(100 + $0, like: $0) }
        let folders = [
            Folder(path: ["All Mail"], target: ["Archive"], showsOthers: true, messages: all),
            Folder(messages: [Self.message(1), Self.message(2)]),
            Folder(path: ["Work"], messages: [Self.message(1, like: 3)]),
        ]
        try await run(folders) { platform, source, store in
            for _ in 0..<2 {
                try await move(platform)
                let status = try await platform.status()
                #expect((status.status, status.moved, status.remaining) == (.completed, 4, 0))
                #expect(here(store, "Archive") == [Self.text(4)])
                #expect(here(store, "INBOX") == [1, 2].map(Self.text) && here(store, "Work") == [Self.text(3)])
            }
            // What is shown is not asked for again.
            #expect(source.state.withLock { $0.fetched.filter { $0.hasPrefix("10") } }.count == 4)
        }
    }

    @Test func nothingRemainsInAFolderThatIsGone() async throws {
        let folders = [
            Folder(messages: [Self.message(1)]),
            Folder(path: ["Work"], messages: [Self.message(1, like: 5), Self.message(2, like: 6)]),
            Folder(path: ["Locked"], messages: []),
        ]
        try await run(folders) { platform, source, _ in
            source.state.withLock { $0.refused = ["2"] }
            try await move(platform)
            func remaining() async throws -> [String: Int64] {
                let listed = try await platform.move.accounts.folders(of: Self.ann)
                return Dictionary(listed.map { ($0.name, $0.remaining) }) { $0 + $1 }
            }
            #expect(try await remaining() == ["INBOX": 0, "Work": 1, "Locked": 0])
            source.state.withLock { state in
                state.folders.remove(at: 1)
                state.folders[1].refusal = "not now"
                state.folders[1].messages = [Self.message(7)]
            }
            try await move(platform)
            #expect(try await remaining() == ["INBOX": 0, "Work": 0, "Locked": 1])
        }
    }

    @Test func archivedMailThatIsFiledLaterIsNotBroughtAgain() async throws {
        let folders = [
            Folder(path: ["All Mail"], target: ["Archive"], showsOthers: true, messages: [Self.message(101, like: 1)]),
            Folder(messages: [Self.message(2)]), Folder(path: ["Work"], messages: []),
        ]
        try await run(folders) { platform, source, store in
            try await move(platform)
            #expect(here(store, "Archive") == [Self.text(1)])
            source.state.withLock { $0.folders[2].messages = [Self.message(7, like: 1)] }
            for _ in 0..<2 {
                try await move(platform)
                let status = try await platform.status()
                #expect((status.status, status.moved, status.remaining) == (.completed, 2, 0))
                #expect(here(store, "Archive") == [Self.text(1)] && here(store, "Work").isEmpty)
            }
            #expect(source.state.withLock { $0.fetched } == ["2", "101", "7"])
        }
    }

    @Test func aFolderThatShowsAllWithoutLastingIDsIsGoneThroughEachTime() async throws {
        var all = [Self.message(1), Self.message(2), Self.message(3)]
        for index in all.indices { all[index].id = nil }
        let folders = [
            Folder(path: ["All Mail"], validity: 0, target: ["Archive"], showsOthers: true, messages: all),
            Folder(messages: [Self.message(1), Self.message(2)]),
        ]
        try await run(folders) { platform, _, store in
            for _ in 0..<3 {
                try await move(platform)
                let status = try await platform.status()
                #expect((status.status, status.moved, status.remaining) == (.completed, 3, 0))
                #expect(here(store, "Archive") == [Self.text(3)])
            }
        }
    }

    @Test func mailThatIsFiledDuringARunIsLookedForAgain() async throws {
        let folders = [
            Folder(path: ["Work"], messages: [Self.message(1, like: 5)]),
            Folder(messages: [Self.message(1), Self.message(2)]),
        ]
        try await run(folders) { platform, source, store in
            source.state.withLock { state in
                state.before = { [weak source] step in
                    guard step == .fetch else { return }
                    source?.state.withLock { state in
                        guard state.folders[1].messages.count == 2 else { return }
                        state.folders[1].messages.removeLast()
                        state.folders[0].messages.append(Self.message(2))
                    }
                }
            }
            try await move(platform)
            let status = try await platform.status()
            #expect((status.status, status.moved, status.remaining) == (.completed, 3, 0))
            #expect(here(store, "Work") == [5, 2].map(Self.text) && here(store, "INBOX") == [Self.text(1)])
        }
    }

    @Test func aFolderThatCannotBeReadIsNamedAndTheOthersArrive() async throws {
        let folders = [
            Folder(messages: [Self.message(1)]),
            Folder(path: ["Locked"], messages: [Self.message(2), Self.message(3)]),
        ]
        try await run(folders) { platform, source, store in
            try await move(platform)
            #expect(try await platform.status().moved == 3)
            source.state.withLock { state in
                state.folders[1].refusal = "not now"
                // What is in it may be there still: this is a copy.
                state.folders[0].messages.append(Self.message(5, like: 2))
            }
            try await move(platform)
            let failed = try await platform.status()
            #expect((failed.status, failed.moved, failed.error?.reason) == (.failed, 4, .messagesRefused))
            #expect(here(store, "INBOX") == [1, 2].map(Self.text))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(named == ["the folder Locked: not now"])
            source.state.withLock { $0.folders[1].refusal = nil }
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 4)
        }
    }

    @Test func messagesThatCannotBeFetchedAreToldApartByTheirFolders() async throws {
        let folders = [
            Folder(messages: [Self.message(1), Self.message(2)]),
            Folder(path: ["Work"], messages: [Self.message(1, like: 11), Self.message(2, like: 12)]),
        ]
        try await run(folders) { platform, source, store in
            // The server hangs up at two messages of the inbox; those of the same ids in another folder are sound.
            source.state.withLock { $0.stumbles = ["2": [.hangsUpInTheMiddle, .hangsUpInTheMiddle]] }
            try await move(platform)
            #expect(here(store, "Work").sorted() == [11, 12].map(Self.text))
        }
    }

    @Test func whereSingleMessagesCannotBeDeletedNoneIsAndAnEventSaysSo() async throws {
        try await run([Folder(messages: [Self.message(1)])]) { platform, source, _ in
            source.state.withLock { $0.traits.canDelete = false }
            try await platform.enable(port: 1) { $0.options.deleteAfterMove = true }
            try await move(platform)
            #expect(try await platform.status().status == .completed)
            #expect(source.state.withLock { $0.folders[0].messages.count } == 1)
            let told = try await platform.events().filter { $0.kind == .oldServerLimits }.compactMap(\.detail)
            #expect(told.count == 1 && told[0].contains("deleteAfterMove"))
        }
    }

    @Test func aServerThatGivesNoMoreIsWaitedFor() async throws {
        try await run([Folder(messages: (1...5).map { Self.message($0) })]) { platform, source, store in
            source.state.withLock { $0.stumbles = ["3": [.throttles]] }
            _ = try await platform.trigger("old")
            _ = try await platform.until { $0.moved == 2 }
            try await platform.rest()
            let postponed = try await platform.events().filter { $0.kind == .postponed }
            #expect(postponed.map(\.reason) == [.oldServerThrottled])
            #expect(try await platform.status().status == .inProgress)
            platform.advance(seconds: 300)
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
            #expect(here(store, "INBOX") == (1...5).map(Self.text))
        }
    }
}
