// SPDX-License-Identifier: Apache-2.0

import MailStore
import MessageContent
import NIOPosix
import Secrets
import Support
import Testing
import Vocabulary

@testable import IMAPStore

/// A platform behind a line that breaks when told, and a store that moves mail there.
struct Scene: Sendable {
    let platform: MailPlatform
    let store: IMAPStore
    let ann: EmailAddress

    static func playing(
        storage: MailPlatform.Storage = .mdbox, users: [String] = ["ann@example.com"], connections: Int = 8,
        readTimeout: Duration = .seconds(2), password: String = MailPlatform.masterPassword,
        configuration: String = "", _ body: (Scene) async throws -> Void
    ) async throws {
        let platform = try await MailPlatform(users: users, storage: storage, configuration: configuration)
        defer { platform.stop() }
        let store = try store(platform, connections, readTimeout, password)
        defer { store.close() }
        try await body(Scene(platform: platform, store: store, ann: try EmailAddress("ann@example.com")))
    }

    static func store(
        _ platform: MailPlatform, _ connections: Int = 8, _ readTimeout: Duration = .seconds(2),
        _ password: String = MailPlatform.masterPassword, security: TransportSecurity = .none
    ) throws -> IMAPStore {
        IMAPStore(
            Platform(
                server: OldServer(.imap, host: "127.0.0.1", port: platform.line.port, security: security),
                masterUser: MailPlatform.master, connections: connections
            ) { Password(password) },
            contentKey: try ContentKey(Array(repeating: 7, count: 32), form: .poly1305), spoolDirectory: "/var/tmp",
            group: MultiThreadedEventLoopGroup.singleton,
            timeouts: { Timeouts(connect: .seconds(5), read: readTimeout) }, settling: .zero)
    }

    static func message(_ number: Int, octets: Int = 300) -> [UInt8] {
        let start =
            "Received: from x by y; Mon, 01 Jan 2024 10:00:\(number % 60 < 10 ? "0" : "")\(number % 60) +0000\n"
            + "Message-ID: <\(number)@test.example>\nSubject: test \(number)\n\n"
        return Array(start.utf8) + Array(repeating: UInt8(ascii: "x"), count: octets) + [10]
    }

    /// Stages messages; all of them are one batch.
    func stage(
        _ messages: [[UInt8]], folder: [String] = NewFolder.inbox, flags: MessageFlags = [], keywords: [String] = [],
        date: Timestamp? = nil, _ change: (inout [StagedMessage]) -> Void = { _ in }
    ) async throws -> (any MailboxWriter, StagedBatch) {
        let options = DeliveryOptions(preserveUIDL: false, folders: [folder])
        let writer = try await store.open(ann, options: options, intended: [], expecting: [:])
        for (index, octets) in messages.enumerated() {
            writer.begin(
                ListedMessage(number: index + 1, octets: nil, uniqueID: nil, flags: flags, date: date))
            octets.withUnsafeBytes { writer.append($0) }
            writer.end()
            if writer.isFull { await withCheckedContinuation { ready in writer.whenReady { ready.resume() } } }
        }
        writer.finish()
        var staged: [StagedMessage] = []
        for try await some in writer.staged { staged += some }
        for index in staged.indices { staged[index].keywords = keywords }
        change(&staged)
        return (writer, try await store.prepare(writer.batch(of: staged)))
    }

    /// Stages messages and delivers them.
    @discardableResult
    func deliver(
        _ messages: [[UInt8]], folder: [String] = NewFolder.inbox, for publisher: Publisher = Publisher()
    ) async throws -> Publication {
        let (writer, batch) = try await stage(messages, folder: folder)
        do {
            let publication = try await store.publish(batch, for: publisher)
            await writer.leave()
            return publication
        } catch {
            await writer.leave()
            throw error
        }
    }

    /// What a folder shows, lines ended by LF.
    func seen(in folder: String = "INBOX") throws -> [[UInt8]] {
        try platform.messages(of: ann.description, in: folder).map { $0.octets.filter { $0 != 13 } }
    }

    func expectOnce(_ messages: [[UInt8]], in folder: String = "INBOX") throws {
        func counted(_ all: [[UInt8]]) -> [[UInt8]: Int] { all.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
        let (sent, got) = (counted(messages), counted(try seen(in: folder)))
        let missing = sent.reduce(0) { $0 + max(0, $1.value - (got[$1.key] ?? 0)) }
        let extra = got.reduce(0) { $0 + max(0, $1.value - (sent[$1.key] ?? 0)) }
        #expect(missing == 0 && extra == 0)
    }
}
