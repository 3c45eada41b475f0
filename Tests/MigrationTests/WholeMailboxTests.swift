// SPDX-License-Identifier: Apache-2.0

import IMAPSource
import MailSource
import NIOPosix
import POP3Source
import Support
import Testing
import Vocabulary

/// A whole mailbox, from each kind of old IMAP server to each kind of new platform, as its user finds it there by IMAP and
/// POP3; and once more, after the user has tidied up here, and mail has come over there.
@Suite(.serialized, .timeLimit(.minutes(15))) struct WholeMailboxTests {
    private static let user = NewPlatform.ann

    /// An old server, as far as it matters here.
    private struct Old: Sendable {
        var port: Int
        /// Where it serves the same mailbox by POP3, from where UIDLs are taken.
        var pop3: Int?
        var user: String
        var prefix = ""
        var delimiter = "."
        /// Whether it takes such a message at all.
        var takes: @Sendable ([UInt8]) -> Bool = { _ in true }
        var hasOrder = true

        func run<Result: Sendable>(
            _ body: @escaping @Sendable (IMAPUser) throws -> Result
        ) async throws -> Result {
            try await IMAPUser.run(
                port: port, user: user, password: "old", prefix: prefix, delimiter: delimiter, body)
        }

        /// By which POP3 clients know the messages of its inbox; nil where they are not taken over.
        func uidls() async throws -> [String]? {
            guard let pop3 else { return nil }
            return try await PlainRetrieval.uidls(port: pop3, user: user, password: "old")
        }
    }

    @Test(arguments: NewSide.Kind.allCases) func fromDovecot(to kind: NewSide.Kind) async throws {
        var options = DovecotServer.Options()
        options.hasIMAP = true
        options.configuration = "pop3_no_flag_updates = yes\n"
        let server = try await DovecotServer(users: [Self.user.description: "old"], options: options)
        defer { server.stop() }
        try server.fill(Self.user.description, with: [])
        let port = try #require(server.imapPort)
        let old = Old(port: port, pop3: kind == .mdbox ? server.port : nil, user: Self.user.description)
        try await move(old, to: kind, isLarge: true)
    }

    @Test(
        .enabled(if: CyrusServer.isAvailable, "needs root, for it runs as another user"),
        arguments: NewSide.Kind.allCases)
    func fromCyrus(to kind: NewSide.Kind) async throws {
        let server = try await CyrusServer(users: [Self.user.localPart: "old"])
        defer { server.stop() }
        // It refuses what has no header.
        let headless = WholeMailbox.odd.filter {
            !$0.starts(with: Array("Subject".utf8)) && !$0.starts(with: Array("X-".utf8))
        }
        try await move(
            Old(
                port: server.imapPort, user: Self.user.localPart, prefix: "INBOX.",
                takes: { !headless.contains($0) }), to: kind)
    }

    @Test(.enabled(if: CourierServer.isAvailable, "needs root, for paths of its own"), arguments: NewSide.Kind.allCases)
    func fromCourier(to kind: NewSide.Kind) async throws {
        let server = try await CourierServer(users: [Self.user.description: "old"], perAddress: 20)
        defer { server.stop() }
        var old = Old(port: server.imapPort, pop3: server.port, user: Self.user.description, prefix: "INBOX.")
        old.hasOrder = false
        try await move(old, to: kind)
    }

    // MARK: Steps

    private func move(_ old: Old, to kind: NewSide.Kind, isLarge: Bool = false) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let source = SourcesByProtocol(pop3: POP3Source(group: group), imap: IMAPSource(group: group))
        let filled = WholeMailbox.mailbox(isLarge: isLarge).mapValues { folder in
            IMAPUser.Folder(folder.messages.filter { old.takes($0.octets) }, isSubscribed: folder.isSubscribed)
        }
        let before = try await old.run { session in
            try session.fill(filled)
            return try session.mailbox()
        }
        // What it was filled with is there, or this test would say nothing.
        #expect(before.keys.sorted() == filled.keys.sorted())
        for (name, folder) in filled { #expect(before[name]?.messages.count == folder.messages.count, "\(name)") }
        let count = WholeMailbox.count(before)
        try await NewSide.run(kind, from: source) { new in
            try await new.platform.enable(port: old.port) { request in
                request.oldServer = OldServer(.imap, host: "127.0.0.1", port: old.port, security: .none)
                request.oldServer.usernameIncludesDomain = old.user == Self.user.description
                request.oldServer.pop3 = old.pop3.map { .init(host: "127.0.0.1", port: $0, security: .none) }
            }
            var (wanted, uidls) = (WholeMailbox.onNewSide(before), try await old.uidls())
            try await moves(count, new.platform)
            try await expect(wanted, uidls, on: new, hasOrder: old.hasOrder)

            // Its user files, deletes and flags here; more comes there, where the rest stays as it was.
            try await new.asUser { try WholeMailbox.tidyUp($0) }
            WholeMailbox.tidyUp(&wanted)
            let late = WholeMailbox.late
            try await old.run { session in
                for (folder, message) in late { try session.append(message, to: folder) }
            }
            for (folder, message) in late { wanted[folder]?.messages.append(message) }
            uidls = try await old.uidls().map { uidls in
                !old.hasOrder ? uidls : WholeMailbox.tidiedUp.reduce(into: uidls) { $0.remove(at: $1) }
            }
            for _ in 0..<2 {
                try await moves(count + late.count, new.platform)
                try await expect(wanted, uidls, on: new, hasOrder: old.hasOrder)
            }
        }
        var untouched = before
        for (folder, message) in WholeMailbox.late { untouched[folder]?.messages.append(message) }
        let after = try await old.run { try $0.mailbox() }
        for (name, folder) in untouched { #expect(after[name] == folder, "\(name) was changed over there") }
    }

    private func moves(_ count: Int, _ platform: NewPlatform) async throws {
        _ = try await platform.trigger("old")
        let status = try await platform.until { $0.status == .completed && $0.moved == Int64(count) }
        #expect(status.moved == Int64(count) && status.remaining == 0 && status.error == nil, "\(status)")
        try await platform.settle()
    }

    /// - Parameter hasOrder: whether POP3 over there lists in the order of IMAP. Courier's sorts by names of files, so that
    ///   messages which are alike cannot be told from each other.
    private func expect(
        _ wanted: WholeMailbox.Mailbox, _ uidls: [String]?, on new: NewSide, hasOrder: Bool
    ) async throws {
        let user = Self.user.description
        try await new.served { imap, pop3, password in
            var here = try await IMAPUser.run(port: imap, user: user, password: password) { try $0.mailbox() }
            if uidls != nil { for name in ["INBOX", "Kept"] { here[name]?.messages.removeUIDLs() } }
            WholeMailbox.expect(here, wanted)
            let byPOP3 = try await PlainRetrieval.mailbox(port: pop3, user: user, password: password)
            // POP3 ends each message with a line end.
            let octets = wanted["INBOX"]?.messages.map {
                $0.octets.ends(in: [13, 10]) ? $0.octets : $0.octets + [13, 10]
            }
            #expect(byPOP3.map { uidls == nil ? $0.octets : $0.octets.withoutUIDL } == octets)
            guard let uidls else { return }
            let names = byPOP3.map(\.uid)
            if hasOrder { return #expect(names == uidls) }
            let kept = names.filter(uidls.contains)
            #expect(Set(kept).count == kept.count && kept.count >= names.count - 2, "\(names)")
        }
    }
}

extension [IMAPUser.Message] {
    /// Without the field that was put on top.
    fileprivate mutating func removeUIDLs() {
        for index in indices { self[index].octets = self[index].octets.withoutUIDL }
    }
}

extension [UInt8] {
    fileprivate var withoutUIDL: [UInt8] {
        guard starts(with: Array("X-UIDL: ".utf8)), let end = firstIndex(of: 10) else { return self }
        return Array(self[(end + 1)...])
    }

    fileprivate func ends(in suffix: [UInt8]) -> Bool {
        count >= suffix.count && Array(self.suffix(suffix.count)) == suffix
    }
}
