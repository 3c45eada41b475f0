// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import MaildirStore
import MessageContent
import NIOPosix
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import IMAPStore

/// The stores that have to keep the promises of a `MailStore`, each with room for one user's mail.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// Every fault can be had of it.
    case memory
    case maildir
    /// Dovecot, where a mailbox is a few files …
    case mdbox
    /// … and where each message is one.
    case imapMaildir

    /// Whether messages bear names of the store's, and mailboxes its markers.
    var names: Bool { self == .memory || self == .maildir }
    /// Whether what is staged outlives the process.
    var keepsStaged: Bool { names }

    var testDescription: String { rawValue }
}

/// A store with room for ann's mail, and what her mail program sees and does there.
struct NewMailbox: Sendable {
    struct Seen: Equatable, Sendable {
        var octets: [UInt8]
        var flags: MessageFlags
    }

    static let key = [UInt8](repeating: 7, count: 32)

    let account: EmailAddress
    let store: any MailStore
    /// What a folder shows, in its order.
    let seen: @Sendable (_ folder: String) throws -> [Seen]
    /// Her program moves what the inbox shows first to a name of its own.
    let rename: @Sendable () throws -> Void
    /// … deletes it.
    let delete: @Sendable () throws -> Void
    /// Somebody takes the first away that is staged.
    let takeAway: @Sendable () throws -> Void
    /// The mailbox is another than mail was moved to.
    let replace: @Sendable () throws -> Void
    /// A store that knows nothing of what this one has done, as after a restart.
    let restarted: @Sendable () throws -> any MailStore
    /// Ends what was started for it.
    let stop: @Sendable () -> Void

    static func make(_ kind: StoreKind) async throws -> NewMailbox {
        switch kind {
        case .memory: try memory(MemoryStore(key: key))
        case .maildir: try maildir()
        case .mdbox: try await imap(.mdbox)
        case .imapMaildir: try await imap(.maildir)
        }
    }

    static func memory(_ store: MemoryStore) throws -> NewMailbox {
        let ann = try EmailAddress("ann@example.com")
        return NewMailbox(
            account: ann, store: store,
            seen: { folder in
                (store[ann]?.messages ?? []).filter { $0.folder == folder }
                    .map { Seen(octets: $0.octets, flags: $0.flags) }
            },
            rename: { store[ann]?.messages[0].handle = nil },
            delete: {
                let first = store[ann]?.messages.firstIndex { $0.handle != nil }
                if let first { store[ann]?.messages.remove(at: first) }
            },
            takeAway: { store.state.withLock { $0.faults.append(.takenAway) } },
            replace: { store[ann] = nil }, restarted: { store }, stop: {})
    }

    private static func maildir() throws -> NewMailbox {
        let ann = try EmailAddress("ann@example.com")
        let base = "/var/tmp/mailmove-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        @Sendable func store() throws -> MaildirStore {
            try MaildirStore(
                path: "\(base)/%u", contentKey: ContentKey(key, form: .poly1305), pool: FilePool(threads: 2))
        }
        let path = "\(base)/\(ann)"
        @Sendable func names(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
        }
        @Sendable func first() throws -> String { "\(path)/new/\(try #require(try names("new").first))" }
        return NewMailbox(
            account: ann, store: try store(),
            seen: { folder in
                let folder = folder == "INBOX" ? "" : ".\(folder)/"
                let there = try ["new", "cur"].flatMap { sub in try names(folder + sub).map { (sub, $0) } }
                return try there.sorted { $0.1 < $1.1 }.map { sub, name in
                    let octets = try Data(contentsOf: URL(filePath: "\(path)/\(folder)\(sub)/\(name)"))
                    return Seen(octets: Array(octets), flags: flags(name))
                }
            },
            rename: {
                try FileManager.default.moveItem(atPath: first(), toPath: "\(path)/cur/1790000000.M1P2.host:2,S")
            },
            delete: { try FileManager.default.removeItem(atPath: first()) },
            takeAway: {
                try FileManager.default.removeItem(atPath: "\(path)/tmp/\(try #require(try names("tmp").first))")
            },
            replace: { try FileManager.default.removeItem(atPath: path) }, restarted: { try store() },
            stop: { try? FileManager.default.removeItem(atPath: base) })  // left behind in /var/tmp at worst
    }

    private static func imap(_ storage: MailPlatform.Storage) async throws -> NewMailbox {
        let ann = try EmailAddress("ann@example.com")
        let platform = try await MailPlatform(users: [ann.description], storage: storage)
        let all = StoreBox()
        @Sendable func store() throws -> IMAPStore {
            let store = IMAPStore(
                Platform(
                    server: OldServer(.imap, host: "127.0.0.1", port: platform.line.port, security: .none),
                    masterUser: MailPlatform.master
                ) { Password(MailPlatform.masterPassword) }, contentKey: try ContentKey(key, form: .poly1305),
                spoolDirectory: "/var/tmp", group: MultiThreadedEventLoopGroup.singleton, settling: .zero)
            all.stores.withLock { $0.append(store) }
            return store
        }
        let first = try store()
        @Sendable func seen(_ folder: String) throws -> [Seen] {
            try platform.messages(of: ann.description, in: folder).map { message in
                Seen(octets: withoutReturns(message.octets), flags: MessageFlags(message.flags))
            }
        }
        @Sendable func tell(_ commands: String...) throws {
            let reader = try platform.reader(of: ann.description)
            defer { reader.leave() }
            try reader.tell("SELECT INBOX")
            for command in commands { try reader.tell(command) }
        }
        return NewMailbox(
            account: ann, store: first, seen: seen, rename: { try tell("CREATE Filed", "MOVE 1 Filed") },
            delete: { try tell("STORE 1 +FLAGS (\\Deleted)", "EXPUNGE") },
            takeAway: { first.staged.removeFirst(of: ann) }, replace: {}, restarted: { try store() },
            stop: {
                for store in all.stores.withLock({ $0 }) { store.close() }
                platform.stop()
            })
    }

    private final class StoreBox: Sendable {
        let stores = Mutex<[IMAPStore]>([])
    }

    /// As a Maildir has it.
    private static func withoutReturns(_ octets: [UInt8]) -> [UInt8] {
        octets.indices.filter { octets[$0] != 13 || $0 + 1 == octets.count || octets[$0 + 1] != 10 }.map { octets[$0] }
    }

    private static func flags(_ name: String) -> MessageFlags {
        guard let info = name.firstRange(of: ":2,") else { return [] }
        let letters: [Character: MessageFlags] = [
            "D": .draft, "F": .flagged, "R": .answered, "S": .seen, "T": .deleted,
        ]
        return name[info.upperBound...].reduce(into: []) { $0.formUnion(letters[$1] ?? []) }
    }

    // MARK: What tests do

    static let plain = DeliveryOptions(preserveUIDL: false)

    func writer(
        _ options: DeliveryOptions = plain, intended: [StagedBatch] = [], in store: (any MailStore)? = nil
    ) async throws -> any MailboxWriter {
        try await (store ?? self.store).open(account, options: options, intended: intended)
    }

    static func listed(_ number: Int, folder: Int = 0, flags: MessageFlags = []) -> ListedMessage {
        ListedMessage(
            number: number, octets: nil, uniqueID: UniqueID(octets: Array("u\(number)".utf8)), folder: folder,
            flags: flags)
    }

    /// Stages messages and ends the writer.
    func stage(
        _ messages: [[UInt8]], intended: [StagedBatch] = [], in store: (any MailStore)? = nil
    ) async throws -> (batch: StagedBatch, staged: [StagedMessage]) {
        let writer = try await writer(intended: intended, in: store)
        for (index, octets) in messages.enumerated() { await writer.bring(Self.listed(index + 1), octets) }
        writer.finish()
        let staged = try await writer.all()
        return (writer.batch(of: staged), staged)
    }

    func inbox() throws -> [[UInt8]] { try seen("INBOX").map(\.octets) }
}

extension MailboxWriter {
    /// As a well-behaved reader brings it: in pieces, pausing when the writer is full.
    func bring(_ message: ListedMessage, _ octets: [UInt8], pieces: Int = 4096) async {
        begin(message)
        var rest = octets[...]
        while !rest.isEmpty {
            if isFull { await withCheckedContinuation { ready in whenReady { ready.resume() } } }
            Array(rest.prefix(pieces)).withUnsafeBytes { append($0) }
            rest = rest.dropFirst(pieces)
        }
        end()
    }

    /// All that is staged, once ``finish()`` has been called.
    func all() async throws -> [StagedMessage] {
        var all: [StagedMessage] = []
        for try await messages in staged { all += messages }
        return all
    }
}

extension MessageFlags {
    fileprivate init(_ names: Set<String>) {
        self = []
        let all: [String: MessageFlags] = [
            "\\Seen": .seen, "\\Answered": .answered, "\\Flagged": .flagged, "\\Draft": .draft, "\\Deleted": .deleted,
        ]
        for name in names { formUnion(all[name] ?? []) }
    }
}

extension StagedMail {
    fileprivate func removeFirst(of account: EmailAddress) {
        let handles = (1...64).map { "1-\($0)" }
        let first = zip(handles, messages(handles, of: account)).first { $1 != nil }?.0
        if let first { remove([first], of: account) }
    }
}
