// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Secrets
import Testing
import Vocabulary

@testable import IMAP

/// What is sent, and when.
struct CommandTests {
    private static let date = Timestamp(milliseconds: 824_464_345_000)

    /// Each command that there is, but for those below.
    static let commands: [(Command, String, changes: Bool)] = [
        (.capability, "CAPABILITY", false),
        (.noop, "NOOP", false),
        (.startTLS, "STARTTLS", false),
        (.logout, "LOGOUT", false),
        (.id([("name", "mail\"move"), ("version", "1")]), #"ID ("name" "mail\"move" "version" "1")"#, false),
        (.login(user: "ann@example.com", Password(#"o"p\en"#)), #"LOGIN "ann@example.com" "o\"p\\en""#, false),
        (.enable(["UTF8=ACCEPT"]), "ENABLE UTF8=ACCEPT", false),
        (.namespace, "NAMESPACE", false),
        (.list(.plain, pattern: "*"), #"LIST "" "*""#, false),
        (.list(.extended(specialUse: true), pattern: "*"), #"LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE)"#, false),
        (.lsub(pattern: "*"), #"LSUB "" "*""#, false),
        (.xlist(pattern: "*"), #"XLIST "" "*""#, false),
        (.examine(.inbox, nil), #"EXAMINE "INBOX""#, false),
        (.examine(MailboxName("草稿"), .conditionalStore), #"EXAMINE "&g0l6Pw-" (CONDSTORE)"#, false),
        (.examine(.inbox, .quick(validity: 7, since: 9)), #"EXAMINE "INBOX" (QRESYNC (7 9))"#, false),
        (.select(.inbox, nil), #"SELECT "INBOX""#, true),
        (.status(.inbox, [.messages, .uidNext, .octets]), #"STATUS "INBOX" (MESSAGES UIDNEXT SIZE)"#, false),
        (
            .fetch(UIDSet(1...9), [.uid, .flags, .date, .octets], changedSince: nil),
            "UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)", false
        ),
        (.fetch(.from(1), [.modificationSequence], changedSince: 5), "UID FETCH 1:* (MODSEQ) (CHANGEDSINCE 5)", false),
        (.fetch(UIDSet([3]), [.message], changedSince: nil), "UID FETCH 3 (BODY.PEEK[])", false),
        (
            .fetch(
                UIDSet([3]), [.header, .part(from: 0, octets: 9), .headerFields(["Message-Id"])], changedSince: nil),
            "UID FETCH 3 (BODY.PEEK[HEADER] BODY.PEEK[]<0.9> BODY.PEEK[HEADER.FIELDS (Message-Id)])", false
        ),
        (.search(.all, extended: false), "UID SEARCH ALL", false),
        (.search(.uids(UIDSet([1, 2])), extended: true), "UID SEARCH RETURN (ALL) UID 1:2", false),
        (
            .search(.header(name: "Message-Id", value: "<a@b>"), extended: false),
            #"UID SEARCH HEADER Message-Id "<a@b>""#, false
        ),
        (.store(UIDSet([1]), .add, [.deleted, Flag("$Done")]), #"UID STORE 1 +FLAGS.SILENT (\Deleted $Done)"#, true),
        (.expunge(UIDSet([1])), "UID EXPUNGE 1", true),
        (.create(MailboxName("Sent"), .sent), #"CREATE "Sent" (USE (\Sent))"#, true),
        (.create(MailboxName("x y"), nil), #"CREATE "x y""#, true),
        (.subscribe(MailboxName("x")), #"SUBSCRIBE "x""#, true),
        (
            .append(.inbox, [.init(flags: [.seen, .recent], date: date, octets: 3)]),
            "APPEND \"INBOX\" (\\Seen) \"16-Feb-1996 09:52:25 +0000\" {3+}\r\nxxx", true
        ),
        (
            .append(.inbox, [.init(octets: 1), .init(flags: [.draft], octets: 2)]),
            "APPEND \"INBOX\" {1+}\r\nx (\\Draft) {2+}\r\nxx", true
        ),
        (
            .append(.inbox, [.init(flags: [.seen], octets: 1, isUTF8: true), .init(octets: 2)]),
            "APPEND \"INBOX\" (\\Seen) UTF8 (~{1+}\r\nx) {2+}\r\nxx", true
        ),
        (.unselect, "UNSELECT", false),
        (.close, "CLOSE", true),
    ]

    @Test func commandsAreWrittenAsRFC3501HasThem() throws {
        for (command, text, changes) in Self.commands {
            var wire = Wire.greeted()
            wire.hear("* CAPABILITY IMAP4rev1 LITERAL+\r\n")
            _ = try wire.begin(command)
            #expect(wire.sentText == "T1 \(text)\r\n")
            #expect(command.changesMailbox == changes, "\(text)")
            #expect(!wire.sentText.contains("BODY["), "a body that is not peeked at is marked as seen")
        }
    }

    @Test func aLiteralWaitsUntilItIsAskedFor() throws {
        var wire = Wire.greeted()
        let first = try wire.begin(.append(.inbox, [.init(octets: 5), .init(octets: 2)]))
        _ = try wire.begin(.noop)
        #expect(wire.takeSent() == "T1 APPEND \"INBOX\" {5}\r\n")
        wire.hear("* 3 EXISTS\r\n")
        #expect(wire.takeSent() == "")
        wire.hear("+ go on\r\n")
        #expect(wire.takeSent() == "xxxxx {2}\r\n")
        wire.hear("+\r\n")
        #expect(wire.takeSent() == "xx\r\nT2 NOOP\r\n")
        wire.hear("T1 OK [APPENDUID 7 1:2] done\r\nT2 OK\r\n")
        let completed = wire.events.compactMap(\.completion)
        #expect(completed.map(\.kind) == [.ok, .ok])
        #expect(completed.first?.code == .appended(validity: 7, UIDSet(1...2)))
        #expect(wire.machine.pending == 0)
        _ = first
    }

    @Test func whatIsRefusedBeforeItIsAskedForIsNotSent() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.append(.inbox, [.init(octets: 5)]))
        _ = try wire.begin(.noop)
        _ = wire.takeSent()
        wire.hear("T1 NO [OVERQUOTA] full\r\n")
        #expect(wire.takeSent() == "T2 NOOP\r\n")
        #expect(wire.events.compactMap(\.completion).first?.code == .overQuota)
    }

    /// RFC 7888 §4: what was announced is sent, else the server would take the next command for it.
    @Test func whatIsAnnouncedIsSent() throws {
        var machine = ProtocolMachine(isEncrypted: true, tagPrefix: "T")
        var input = ByteBuffer(string: "* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
        guard case .greeted = machine.receive(&input) else {
            Issue.record("no greeting")
            return
        }
        _ = try machine.begin(.append(.inbox, [.init(octets: 5)]))
        guard case .octets? = machine.nextOutput() else {
            Issue.record("no command")
            return
        }
        input = ByteBuffer(string: "T1 NO [TOOBIG] no\r\n")
        guard case .completed = machine.receive(&input) else {
            Issue.record("not completed")
            return
        }
        guard case .message(_, let index, let count)? = machine.nextOutput() else {
            Issue.record("the message is not sent")
            return
        }
        #expect((index, count) == (0, 5))
        guard case .octets(let end, _)? = machine.nextOutput() else {
            Issue.record("the line is not ended")
            return
        }
        #expect(String(buffer: end) == "\r\n")
    }

    @Test func smallLiteralsGoAheadWithLiteralMinus() throws {
        var wire = Wire.greeted()
        wire.hear("* CAPABILITY IMAP4rev1 LITERAL-\r\n")
        _ = try wire.begin(.append(.inbox, [.init(octets: 4096), .init(octets: 4097)]))
        #expect(wire.sentText.hasPrefix("T1 APPEND \"INBOX\" {4096+}\r\nx"))
        #expect(wire.sentText.hasSuffix("x {4097}\r\n"))
    }

    /// Some servers mishandle literals in LOGIN: what can be quoted is.
    @Test func passwordsAreNeverSentUnsafely() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.login(user: "a", Password("paß")))
        #expect(wire.takeSent() == "T1 LOGIN \"a\" {4}\r\n")
        wire.hear("+ ok\r\n")
        #expect(wire.takeSent() == "paß\r\n")
        for password in ["a\r\nT2 DELETE x", "a\nb", "a\0b", String(repeating: "x", count: 512)] {
            #expect(throws: IMAPError.self) { try wire.begin(.login(user: "a", Password(password))) }
        }
        #expect(throws: IMAPError.self) { try wire.begin(.login(user: "a\r\nb", Password("x"))) }
        #expect(wire.sentText.isEmpty)
        wire.hear("T1 NO wrong\r\n")
        _ = try wire.begin(.login(user: "a", Password("")))
        #expect(wire.takeSent().hasSuffix(" LOGIN \"a\" \"\"\r\n"), "whoever accepts this lets anybody in")
    }

    @Test func aSecretIsMarkedAndCanBeWiped() throws {
        for password in [Password(String(repeating: "\"", count: 511)), Password(String(repeating: "é", count: 255))] {
            let commands: [Command] = [
                .login(user: String(repeating: "ü", count: 40), password),
                .authenticate(mechanism: "PLAIN", first: password),
            ]
            for command in commands {
                for literals in [LiteralRule.ahead, .whenAskedFor] {
                    let parts = CommandEncoder.parts(of: command, tag: "T1", literals: literals, takesFirst: true)
                    for case .octets(let octets, let isSecret) in parts {
                        #expect(isSecret)
                        octets.wipe()
                        #expect(octets.readableBytesView.allSatisfy { $0 == 0 })
                    }
                }
            }
        }
    }

    @Test func whatIMAPCannotCarryIsNotSent() {
        let bad: [Command] = [
            .examine(MailboxName(octets: Array("a\r\nb".utf8)), nil), .examine(MailboxName(octets: []), nil),
            .authenticate(mechanism: "A B", first: nil), .id([]), .enable(["x y"]),
            .append(.inbox, []), .append(.inbox, [.init(octets: 0)]),
            .append(.inbox, [.init(flags: [Flag("a b")], octets: 1)]), .store(UIDSet(), .add, []),
            .store(UIDSet([1]), .add, [Flag("\\")]), .fetch(UIDSet(), [.uid], changedSince: nil),
            .fetch(UIDSet([1]), [.headerFields(["a\r\nb"])], changedSince: nil), .expunge(UIDSet()),
            .search(.header(name: "x", value: "a\nb"), extended: false), .list(.plain, pattern: "\n"),
            .status(.inbox, []),
        ]
        var wire = Wire.greeted()
        for command in bad { #expect(throws: IMAPError.self, "\(command)") { try wire.begin(command) } }
        #expect(wire.sentText.isEmpty)
    }
}
