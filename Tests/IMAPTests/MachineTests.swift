// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Secrets
import Testing
import Vocabulary

@testable import IMAP

/// The connection, with servers that mean well and others.
struct MachineTests {
    private static let fetch = Command.fetch(UIDSet(1...9), [.uid, .message], changedSince: nil)

    @Test(arguments: [1, 2, 7, Int.max])
    func messagesStreamInPieces(piece: Int) throws {
        var wire = Wire.greeted(piece: piece)
        _ = try wire.begin(Self.fetch)
        _ = try wire.begin(.noop)
        #expect(wire.takeSent() == "T1 UID FETCH 1:9 (UID BODY.PEEK[])\r\nT2 NOOP\r\n")
        let mail = "a: b\r\n\r\nT1 OK done\r\n* 1 EXPUNGE\r\n)\r\n"
        wire.hear(
            "* 1 FETCH (UID 5 BODY[] {\(mail.utf8.count)}\r\n\(mail))\r\n* 7 EXISTS\r\n"
                + "* 2 FETCH (BODY[HEADER] {0}\r\n BODY[]<0> ~{3}\r\nabc FLAGS () UID 6)\r\n"
                + "* 3 FETCH (RFC822 \"short\" UID 7)\r\nT1 OK done\r\nT2 OK\r\n")
        #expect(wire.bodies == [Array(mail.utf8), [], Array("abc".utf8)])
        let fetched = wire.events.compactMap(\.response).compactMap { response -> Fetched? in
            if case .fetched(let fetched) = response { fetched } else { nil }
        }
        #expect(fetched.map(\.uid) == [5, 6, 7])
        #expect(fetched[0].bodies.map(\.content) == [.passedOn(octets: mail.utf8.count)])
        #expect(fetched[1].bodies.map(\.section) == ["HEADER", ""])
        #expect(fetched[2].bodies.map(\.content) == [.inline(Array("short".utf8))])
        #expect(wire.events.compactMap(\.completion).map(\.kind) == [.ok, .ok])
        let begun = wire.events.compactMap { if case .bodyBegan(let fetched) = $0 { fetched.uid } else { nil } }
        #expect(begun == [5])
    }

    @Test func aFolderIsOpenedAheadOnlyWhereItsOwnerKeepsTrack() throws {
        let examine = Command.examine(MailboxName("Work"), nil)
        for isAhead in [true, false] {
            var wire = Wire.greeted()
            for command in [Self.fetch, examine, Self.fetch] { _ = try wire.machine.begin(command, isAhead: isAhead) }
            wire.send()
            let sent = wire.takeSent().split(separator: "\r\n").map { $0.prefix(2) }
            #expect(sent == (isAhead ? ["T1", "T2", "T3"] : ["T1"]))
        }
        // What may change something is not.
        var wire = Wire.greeted()
        _ = try wire.machine.begin(Self.fetch, isAhead: true)
        _ = try wire.machine.begin(.select(MailboxName("Work"), nil), isAhead: true)
        wire.send()
        #expect(!wire.takeSent().contains("SELECT"))
    }

    /// A lost connection taken for an empty answer has lost mail.
    @Test func whatIsCutHasNoAnswer() throws {
        for text in ["* 1 FETCH (UID 5 BODY[] {9}\r\nabc", "* 1 FETCH (UID 5", "* 1 FETCH (UID 5 FLAGS ())\r\n", ""] {
            var wire = Wire.greeted()
            _ = try wire.begin(Self.fetch)
            wire.hear(text)
            #expect(wire.machine.closed()?.code == .closed)
            #expect(wire.events.compactMap(\.completion).isEmpty)
            #expect(throws: IMAPError.self) { try wire.begin(.noop) }
        }
    }

    @Test func goodByeIsSaidInTwoWays() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.logout)
        wire.hear("* BYE see you\r\nT1 OK\r\n")
        #expect(wire.machine.closed() == nil)
        wire = .greeted()
        _ = try wire.begin(.logout)
        wire.hear("* BYE see you\r\n")
        #expect(wire.machine.closed() == nil, "many hang up then")
        wire = .greeted()
        wire.hear("* BYE idle for too long\r\n")
        let error = wire.machine.closed()
        #expect(error?.code == .closed)
        #expect(error?.quoted == Array("idle for too long".utf8))
    }

    @Test(arguments: [
        // RFC 2595 §4: injected behind the answer, in the same packet and in the next.
        (["T1 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"]), (["T1 OK go\r\nT"]), (["T1 OK go\r\n", "* OK x\r\n"]),
    ])
    func nothingBehindTheAnswerToSTARTTLSIsTrusted(pieces: [String]) throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.startTLS)
        _ = try wire.begin(.login(user: "a", Password("secret")))
        for piece in pieces { wire.hear(piece) }
        #expect(wire.events.last?.failure?.code == .untrusted)
        #expect(!wire.sentText.contains("LOGIN"))
    }

    @Test func whatWasSaidBeforeTLSIsForgotten() throws {
        var wire = Wire.greeted()
        wire.hear("* CAPABILITY IMAP4rev1 STARTTLS LITERAL+ SASL-IR\r\n")
        _ = try wire.begin(.startTLS)
        _ = try wire.begin(.capability)
        #expect(wire.takeSent() == "T1 STARTTLS\r\n")
        wire.hear("T1 OK begin\r\n")
        #expect(wire.sentText.isEmpty)
        wire.machine.tlsBegan()
        wire.send()
        #expect(wire.takeSent() == "T2 CAPABILITY\r\n")
        #expect(wire.machine.capabilities == nil && wire.machine.isEncrypted)
        #expect(throws: IMAPError.self) { try wire.begin(.startTLS) }
    }

    @Test func aRefusedSTARTTLSLeavesTheConnection() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.startTLS)
        wire.hear("T1 BAD unknown\r\n* 1 EXISTS\r\n")
        #expect(wire.events.last?.response == .exists(1))
    }

    @Test func nobodyMayBeLoggedInAlready() {
        for (isEncrypted, code) in [(false, IMAPError.Code.untrusted), (true, .protocolViolation)] {
            var wire = Wire(isEncrypted: isEncrypted)
            wire.hear("* PREAUTH welcome\r\n")
            #expect(wire.events.last?.failure?.code == code)
        }
    }

    @Test func aGreetingMayBeAFarewell() {
        var wire = Wire()
        wire.hear("* BYE [UNAVAILABLE] too many connections\r\n")
        guard case .greeted(let condition)? = wire.events.first else {
            Issue.record("no greeting")
            return
        }
        #expect(condition.kind == .bye && condition.code == .unavailable)
        #expect(wire.machine.closed()?.code == .closed)
    }

    @Test(arguments: [
        ("[OVERQUOTA] Account exceeded command or bandwidth limits.", SessionFault.throttled),
        ("Account exceeded bandwidth limits", .throttled), ("[THROTTLED] later", .throttled),
        ("[INUSE] another session", .busy), ("Logging out", .closed), ("[UNAVAILABLE] shutting down", .closed),
    ])
    func aFarewellSaysWhyItHangsUp(words: String, fault: SessionFault) throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.noop)
        wire.hear("* BYE \(words)\r\n")
        #expect(wire.machine.closed().map { WireFailure($0).code } == fault)
    }

    @Test(arguments: [
        "+OK POP3 ready\r\n", "220 smtp\r\n", "* LIST () NIL x\r\n", "T1 OK\r\n", "\r\n", "HTTP/1.1 400\r\n",
        "* NO\r\n",
    ])
    func anythingElseIsNoGreeting(text: String) {
        var wire = Wire()
        wire.hear(text)
        #expect(wire.events.last?.failure?.code == .protocolViolation)
    }

    @Test func loginsStandAlone() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.capability)
        _ = try wire.begin(.login(user: "a", Password("b")))
        _ = try wire.begin(.examine(.inbox, nil))
        #expect(wire.takeSent() == "T1 CAPABILITY\r\n")
        wire.hear("* CAPABILITY IMAP4rev1\r\nT1 OK\r\n")
        #expect(wire.takeSent() == "T2 LOGIN \"a\" \"b\"\r\n")
        wire.hear("T2 OK in\r\n")
        #expect(wire.takeSent() == "T3 EXAMINE \"INBOX\"\r\n")
        #expect(wire.machine.capabilities == nil, "many say more to those they know")
    }

    @Test func capabilitiesWithALoginCount() throws {
        for text in ["T1 OK [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n", "* CAPABILITY IMAP4rev1 UIDPLUS\r\nT1 OK in\r\n"] {
            var wire = Wire.greeted()
            _ = try wire.begin(.login(user: "a", Password("b")))
            wire.hear(text)
            #expect(wire.machine.capabilities?.uidPlus == true)
        }
    }

    // MARK: - SASL

    @Test func theFirstWordsGoWithTheCommandWhereTheyMay() throws {
        var wire = Wire.greeted()
        wire.hear("* CAPABILITY IMAP4rev1 SASL-IR\r\n")
        _ = try wire.begin(.authenticate(mechanism: "PLAIN", first: Password("\0a\0b")))
        #expect(wire.takeSent() == "T1 AUTHENTICATE PLAIN AGEAYg==\r\n")
        wire.hear("T1 OK\r\n")
        #expect(wire.events.last?.completion?.kind == .ok)
    }

    @Test(arguments: ["+\r\n", "+ \r\n", "+ =\r\n", "+ Ready for additional command text\r\n"])
    func elseTheyWait(challenge: String) throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.authenticate(mechanism: "PLAIN", first: Password("\0a\0b")))
        #expect(wire.takeSent() == "T1 AUTHENTICATE PLAIN\r\n")
        wire.hear(challenge)
        #expect(wire.takeSent() == "AGEAYg==\r\n")
    }

    @Test func challengesAreAnsweredOrNot() throws {
        var wire = Wire.greeted()
        let id = try wire.begin(.authenticate(mechanism: "CRAM-MD5", first: nil))
        wire.hear("+ PDFAYj4=\r\n")
        guard case .challenge(let of, let octets)? = wire.takeEvents().last else {
            Issue.record("no challenge")
            return
        }
        #expect(of == id && octets == Array("<1@b>".utf8))
        _ = wire.takeSent()
        wire.machine.answerChallenge(Password("a x"))
        wire.machine.answerChallenge(Password("twice"))
        wire.send()
        #expect(wire.takeSent() == "YSB4\r\n")
        wire.hear("+ eA==\r\n")
        wire.machine.cancelAuthentication()
        wire.send()
        #expect(wire.takeSent() == "*\r\n")
        wire.hear("T1 BAD cancelled\r\n")
        #expect(wire.events.last?.completion?.kind == .bad)
        wire.machine.answerChallenge(Password("late"))
        wire.send()
        #expect(wire.sentText.isEmpty)
    }

    @Test func noLoginIsAcceptedBeforeAnythingWasShown() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.authenticate(mechanism: "PLAIN", first: Password("\0a\0b")))
        wire.hear("T1 OK welcome\r\n")
        #expect(wire.events.last?.failure?.code == .protocolViolation)
    }

    // MARK: - Hostile servers

    @Test(arguments: [
        "T2 OK nobody asked\r\n", "T1 OK\r\nT1 OK\r\n", "T1 PREAUTH\r\n", "T1 BYE\r\n", "T1 MAYBE\r\n", "T1\r\n",
        "+ more\r\n", "* PREAUTH again\r\n", "t1 OK\r\n", "T OK\r\n", "T11 OK\r\n", " T2 OK\r\n", "{3}\r\n",
        "* 1 FETCH (BODY[] {3}\r\nabc)\r\n", "* 1 FETCH (BODY[] \"abc\")\r\n",
    ])
    func whatWasNeverAskedIsNotAnswered(text: String) throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.noop)
        wire.hear(text)
        #expect(wire.events.last?.failure?.code == .protocolViolation)
        wire.hear("T1 OK\r\n")
        #expect(wire.events.last?.failure != nil, "what has failed stays so")
        #expect(wire.machine.closed()?.code == .protocolViolation)
    }

    /// The words for people may end in anything.
    @Test(arguments: ["* OK see {5}\r\n", "* NO {99999999999999}\r\n", "* BAD [ALERT] {1+}\r\n", "T1 NO why {12}\r\n"])
    func noLiteralHidesInWords(text: String) throws {
        var wire = Wire.greeted()
        _ = try wire.begin(.capability)
        _ = try wire.begin(.noop)
        wire.hear(text + "T2 OK fine\r\n")
        #expect(wire.events.last?.completion?.kind == .ok)
    }

    @Test(arguments: [
        "* 1 FETCH (BODY[] {9223372036854775808}\r\n", "* 1 FETCH (BODY[] {99999999999999999999999999}\r\n",
        "* 1 FETCH (BODY[] {4294967297}\r\n", "* LIST () \"/\" {65537}\r\n",
        "* LIST () \"/\" {9223372036854775807}\r\n",
        "* 1 FETCH (X " + String(repeating: "(", count: 100) + "\r\n",
        "* 1 FETCH (X " + String(repeating: "{0}\r\n ", count: 20) + "\r\n",
        "* LIST (" + String(repeating: "\\a ", count: 5000) + ") NIL x\r\n",
        "* LIST () NIL " + String(repeating: "x", count: 70000), String(repeating: "x", count: 70000),
        "* SEARCH" + String(repeating: " 4294967295", count: 400_000),
    ])
    func nothingIsWithoutEnd(text: String) throws {
        for piece in [4096, Int.max] {
            var wire = Wire.greeted(piece: piece)
            _ = try wire.begin(Self.fetch)
            wire.hear(text)
            #expect(wire.events.last?.failure?.code == .tooLong, "\(text.prefix(60))")
        }
    }

    @Test(arguments: [1, 7, Int.max])
    func aLineMayBeAsLongAsItsLimit(piece: Int) {
        var limits = Limits()
        limits.response = 64
        for (count, isRead) in [(64, true), (65, false)] {
            var wire = Wire.greeted(limits: limits, piece: piece)
            wire.hear("* OK " + String(repeating: "x", count: count - 5) + "\r\n")
            #expect((wire.events.last?.response != nil) == isRead)
        }
    }

    /// A CR at the limit may be half of a line's end, or in the middle of more.
    @Test func aLineThatIsTooLongIsSeenThoughACRStandsAtItsLimit() {
        var limits = Limits()
        (limits.response, limits.numbers) = (32, 64)
        let start = "* SEARCH " + String(repeating: "1", count: 64 - 9)
        for (rest, isRead) in [("\r\n", true), ("\r1\r\n", false), ("\r1", false), ("1\r\n", false)] {
            var wire = Wire.greeted(limits: limits)
            wire.hear(start + rest)
            #expect((wire.events.last?.failure?.code == .tooLong) == !isRead)
            #expect(wire.events.last != nil)
        }
    }

    @Test func longListsOfNumbersAreRead() throws {
        var wire = Wire.greeted(piece: 9000)
        _ = try wire.begin(.search(.all, extended: false))
        wire.hear("* SEARCH" + (1...100_000).map { " \($0 * 2)" }.joined() + "\r\nT1 OK\r\n")
        guard case .found(let found)? = wire.events.first?.response else {
            Issue.record("nothing found")
            return
        }
        #expect(found.uids.count == 100_000)
    }

    /// Domino announces too little: the rest of the message is no protocol, whatever stands in it.
    @Test func aLiteralThatIsTooSmallIsAViolation() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(Self.fetch)
        wire.hear("* 1 FETCH (UID 1 BODY[] {4}\r\na: b\r\n\r\nT1 OK all there\r\n)\r\nT1 OK done\r\n")
        #expect(wire.events.last?.failure?.code == .protocolViolation)
        #expect(wire.events.compactMap(\.completion).isEmpty)
    }

    @Test func oldLineEndsAndEmptyLinesAreForgiven() throws {
        var wire = Wire.greeted()
        _ = try wire.begin(Self.fetch)
        wire.hear("* 1 FETCH (UID 1 BODY[] {3}\na\r\n)\n\r\nT1 ok\n")
        #expect(wire.bodies == [Array("a\r\n".utf8)])
        #expect(wire.events.last?.completion?.kind == .ok)
    }

    @Test func noTwoConnectionsHaveTheSameTags() throws {
        var tags: Set<String> = []
        for _ in 0..<100 {
            var machine = ProtocolMachine(isEncrypted: true)
            var input = ByteBuffer(string: "* OK\r\n")
            _ = machine.receive(&input)
            _ = try machine.begin(.noop)
            guard case .octets(let octets, _)? = machine.nextOutput() else { continue }
            let tag = String(String(buffer: octets).prefix { $0 != " " })
            #expect(tag.utf8.count == 11)
            tags.insert(tag)
        }
        #expect(tags.count == 100)
    }
}
