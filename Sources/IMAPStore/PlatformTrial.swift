// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailSession
import MailStore
import NIOCore
import Synchronization
import Vocabulary

/// Whether a message comes back as it was sent: two of them go into a folder of their own in somebody's mailbox, are read
/// back, and the folder is taken away again.
struct PlatformTrial {
    private let line: MailboxLine
    private let platform: Platform

    /// What a program that is between a client and the mailbox is likely to change, with dates long gone.
    private static let messages: [(octets: [UInt8], date: Timestamp)] = [
        ("plain", "Hello.\r\n\r\n\r\n", 981_173_106_000 as Int64),
        (
            "odd", "From here\r\n.\r\ntrailing  \t\r\n你好\r\n\(String(repeating: "x", count: 2000))\r\n",
            1_234_567_890_000 as Int64
        ),
    ].map { subject, body, date in
        let header = #"""
            Received: from mailmove.invalid by mailmove.invalid; Sat, 3 Feb 2001 04:05:06 +0000
            From: mailmove <mailmove@mailmove.invalid>
            Subject: mailmove tries this platform (\#(subject))
            X-Folded: one
            \#ttwo


            """#.replacing("\n", with: "\r\n")
        return (Array((header + body).utf8), Timestamp(milliseconds: date))
    }

    /// What the names of its folders begin with.
    private static let prefix = "mailmove-check-"

    private static let flags: [Flag] = [.seen, .flagged]

    init(_ line: MailboxLine, _ platform: Platform) { (self.line, self.platform) = (line, platform) }

    func run() async throws(WireFailure) -> [PlatformFinding] {
        try await removeLeftovers()
        let folder = ["\(Self.prefix)\(String(UInt32.random(in: 1 << 28 ... .max), radix: 16))"]
        let name = try await line.name(of: folder)
        do throws(WireFailure) {
            try await line.make(name, use: nil, isSubscribed: false)
        } catch {
            guard error.code == .refused, !line.isBroken else { throw error }
            return [
                wrong(
                    "lets the master user make no folders in the mailbox of \(line.account): \(words(error.quoted)). Give it "
                        + "the rights of the mailbox's owner (with Dovecot's ACL plugin: master_user or acl_user in the userdb)"
                )
            ]
        }
        var findings = try await tried(name)
        try await line.close()
        let answer = try await line.step { () async throws(WireFailure) in try await line.wire.perform(.delete(name)) }
        if answer.condition.kind != .ok {
            findings.append(
                PlatformFinding(
                    severity: .advice,
                    text: """
                        the folder \(folder[0]) in the mailbox of \(line.account) could not be taken away again: \
                        \(words(answer.condition.text))
                        """))
        }
        return findings
    }

    /// What a trial has left that did not come to its end.
    private func removeLeftovers() async throws(WireFailure) {
        let naming = try await line.naming()
        for mailbox in try await line.folders() where naming.path(of: mailbox.name).hasPrefix(Self.prefix) {
            _ = try await line.step { () async throws(WireFailure) in
                try await line.wire.perform(.delete(mailbox.name))
            }
        }
    }

    private func tried(_ name: MailboxName) async throws(WireFailure) -> [PlatformFinding] {
        var findings: [PlatformFinding] = []
        let all = Array(Self.messages.indices)
        var chunks = line.takesMany ? [all] : all.map { [$0] }
        while !chunks.isEmpty {
            let chunk = chunks.removeFirst()
            let answer = try await append(chunk, to: name)
            if answer.kind == .ok { continue }
            guard chunk.count == 1 else {
                findings.append(
                    PlatformFinding(
                        severity: .advice,
                        text: "\(platform.subject) announces MULTIAPPEND and does not take two messages at once: "
                            + "\(words(answer.text)). Mail moves more slowly"))
                chunks = chunk.map { [$0] }
                continue
            }
            return findings + [refusal(answer)]
        }
        let came = try await readBack(name)
        guard came.count == Self.messages.count else {
            return findings + [
                wrong(
                    "has said OK to \(Self.messages.count) messages, and \(came.count) are in the folder: see what files or "
                        + "drops mail there (imapsieve)")
            ]
        }
        for (sent, came) in zip(Self.messages, came) {
            if came.octets != sent.octets {
                findings.append(wrong(Self.difference(came.octets, sent.octets)))
                break
            }
        }
        if let (sent, came) = zip(Self.messages, came).first(where: { $0.date != $1.date }) {
            findings.append(
                wrong(
                    "gives a message of \(sent.date) back with the date \(came.date.map { "\($0)" } ?? "that is none"): "
                        + "mailboxes would not be sorted as before"))
        }
        if let (_, came) = zip(Self.messages, came).first(where: { !Set(Self.flags).isSubset(of: $1.flags) }) {
            findings.append(
                wrong("does not keep the flags of a message: \(came.flags.map(\.name).sorted().joined(separator: " "))")
            )
        }
        if findings.isEmpty {
            findings.append(
                PlatformFinding(
                    severity: .good,
                    text: "\(platform.subject) gives messages back as they were sent, with date and flags"))
        }
        return findings
    }

    private func append(_ chunk: [Int], to name: MailboxName) async throws(WireFailure) -> Condition {
        let messages = chunk.map { Self.messages[$0] }
        let appended = messages.map {
            Command.AppendedMessage(flags: Self.flags, date: $0.date, octets: $0.octets.count)
        }
        return try await line.step { () async throws(WireFailure) in
            try await line.wire.append(.append(name, appended), from: HeldOctets(messages: messages.map(\.octets)))
        }.condition
    }

    private func readBack(_ name: MailboxName) async throws(WireFailure) -> [TrialReading.Message] {
        guard let opened = try await line.examine(name), opened.messages > 0 else { return [] }
        let reading = TrialReading()
        let answer = try await line.step { () async throws(WireFailure) in
            try await line.wire.read(.fetch(.from(1), [.uid, .flags, .date, .message], changedSince: nil)) {
                reading.hear($0)
            }
        }
        guard answer.condition.kind == .ok else {
            throw WireFailure(refused: answer.condition, "does not give its messages")
        }
        return reading.messages
    }

    // MARK: Texts

    private func refusal(_ answer: Condition) -> PlatformFinding {
        switch AppendVerdict(answer) {
        case .full:
            wrong("has no room for mail of \(line.account): \(words(answer.text)). Give the mailbox a larger quota")
        case .folderBarred, .barred, .noFolder:
            wrong(
                "lets the master user put no mail into the mailbox of \(line.account): \(words(answer.text)). Give it the "
                    + "rights of the mailbox's owner (with Dovecot's ACL plugin: master_user or acl_user in the userdb)"
            )
        case .message, .fault, .wait: wrong("does not take a plain message: \(words(answer.text))")
        }
    }

    private static func difference(_ came: [UInt8], _ sent: [UInt8]) -> String {
        let start = zip(came, sent).prefix { $0 == $1 }.count
        let lines = { (octets: [UInt8]) in octets[..<min(start, octets.count)].count { $0 == 10 } + 1 }
        return
            "gives a message back that is not what it was sent: \(came.count) octets instead of \(sent.count), different "
            + "from line \(lines(sent)) on. Mail would not arrive byte for byte, nor be recognised where an answer was lost: "
            + "take away what rewrites it (mail_filter, imapsieve, a virus scanner)"
    }

    private func wrong(_ what: String) -> PlatformFinding {
        PlatformFinding(severity: .wrong, text: "\(platform.subject) \(what)")
    }

    private func words(_ octets: [UInt8]) -> String {
        octets.isEmpty ? "it gives no reason" : Scrubber(password: try? platform.password()).text(of: octets)
    }
}

/// Octets of messages that are small enough to be held.
private final class HeldOctets: MessageOctets {
    private let messages: [[UInt8]]

    init(messages: [[UInt8]]) { self.messages = messages }

    var count: Int { messages.count }
    var mayBeSent: Bool { true }

    private struct TooShort: Error {}

    func read(
        _ message: Int, from offset: Int, count: Int,
        _ give: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void
    ) {
        guard messages.indices.contains(message), offset + count <= messages[message].count else {
            return give(.failure(TooShort()))
        }
        give(.success(ByteBuffer(bytes: messages[message][offset..<(offset + count)])))
    }
}

/// Messages as they come, whole.
private final class TrialReading: Sendable {
    struct Message: Sendable {
        var octets: [UInt8] = []
        var date: Timestamp?
        var flags: Set<Flag> = []
    }

    private struct State {
        var octets: [UInt8] = []
        var messages: [UInt32: Message] = [:]
    }

    private let state = Mutex(State())

    var messages: [Message] { state.withLock { $0.messages.sorted { $0.key < $1.key }.map(\.value) } }

    func hear(_ event: ProtocolMachine.Event) {
        state.withLock { state in
            switch event {
            case .bodyBegan: state.octets = []
            // What is longer is another message than was sent.
            case .body(let slice): if state.octets.count < 1 << 20 { state.octets += slice.readableBytesView }
            case .response(.fetched(let fetched)):
                guard let uid = fetched.uid else { return }
                var message = state.messages[uid] ?? Message()
                if let body = fetched.bodies.last {
                    if case .inline(let octets) = body.content { state.octets = octets }
                    message.octets = state.octets
                }
                message.date = fetched.date ?? message.date
                message.flags = fetched.flags.map { Set($0) } ?? message.flags
                state.messages[uid] = message
            default: break
            }
        }
    }
}
