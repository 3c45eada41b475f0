// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import IMAP

/// The grammar, and what servers in the field make of it.
struct ResponseTests {
    @Test func conditionsHaveACodeAndWords() throws {
        guard case .condition(let condition) = try response("* OK [UIDVALIDITY 3857529045] UIDs valid") else {
            Issue.record("no condition")
            return
        }
        #expect(condition.kind == .ok)
        #expect(condition.code == .uidValidity(3_857_529_045))
        #expect(condition.text == Array("UIDs valid".utf8))
    }

    @Test(arguments: [
        ("[CAPABILITY IMAP4rev1 LITERAL+] hi", ResponseCode.capabilities(Capabilities("IMAP4REV1", "LITERAL+"))),
        ("[UIDNEXT 4392] x", .uidNext(4392)),
        ("[UIDVALIDITY 0]", .uidValidity(0)),
        ("[HIGHESTMODSEQ 18446744073709551615]", .highestModificationSequence(.max)),
        ("[PERMANENTFLAGS (\\Seen a]b \\*)] ok", .permanentFlags([.seen, Flag("a]b"), .newKeywords])),
        ("[APPENDUID 38505 3955:3957] done", .appended(validity: 38505, UIDSet(3955...3957))),
        (
            "[COPYUID 38505 304,319:320 3956:3958] ok",
            .copied(validity: 38505, from: UIDSet([304, 319, 320]), to: UIDSet(3956...3958))
        ),
        ("[authenticationfailed] no", .authenticationFailed),
        ("[REFERRAL imap://x@elsewhere.example/] gone", .referral),
        ("[THROTTLED] slow", .throttled),
        ("[UIDNEXT many] x", .other("UIDNEXT")),
        ("[WEBALERT https://x.example/?a=b] see", .other("WEBALERT")),
    ])
    func codesAreRead(text: String, code: ResponseCode) throws {
        guard case .condition(let condition) = try response("* OK \(text)") else {
            Issue.record("no condition")
            return
        }
        #expect(condition.code == code)
        #expect(!condition.text.contains(UInt8(ascii: "]")))
    }

    @Test func exchangeSaysForHowLongToWait() {
        func wait(_ text: String) -> Int? { Condition(.no, text: text).suggestedBackoff }
        #expect(wait("Server Unavailable. 15. Suggested Backoff Time: 2500 milliseconds") == 2500)
        #expect(wait("Suggested Backoff Time: 99999999999999999999 milliseconds") == 3_600_000)
        #expect(wait("Suggested Backoff Time: soon") == nil && wait("no") == nil)
    }

    @Test(arguments: [
        (#"* LIST (\HasNoChildren \Sent) "/" "Sent Items""#, "Sent Items", UInt8(ascii: "/")),
        (#"* LIST () "." INBOX.&V4NXPpCuTvY-"#, "INBOX.垃圾邮件", UInt8(ascii: ".")),
        (#"* list (\NoSelect) nil inbox"#, "INBOX", nil),
        (#"* LIST ( \Marked ) "" Flat"#, "Flat", nil),
        (#"* LIST () "\\" "a\\b\"c""#, #"a\b"c"#, UInt8(ascii: "\\")),
        // Windows servers do not escape theirs.
        (#"* LIST () "/" "Dir\x""#, #"Dir\x"#, UInt8(ascii: "/")),
        // Exchange: names with spaces, tabs and parentheses that are not quoted.
        ("* LIST (\\HasNoChildren) \"/\" Old\tmail (2010)", "Old\tmail (2010)", UInt8(ascii: "/")),
        ("* LIST () \"/\" {7}\r\nA \"B\" C", #"A "B" C"#, UInt8(ascii: "/")),
        // RFC 5258: extended data behind the name.
        (#"* LIST () "/" "foo" ("CHILDINFO" ("SUBSCRIBED"))"#, "foo", UInt8(ascii: "/")),
        ("*  LIST  ()  \"/\"  \"two spaces\"", "two spaces", UInt8(ascii: "/")),
    ])
    func foldersAreListed(text: String, name: String, delimiter: UInt8?) throws {
        guard case .listed(let listed) = try response(text) else {
            Issue.record("not listed")
            return
        }
        #expect(listed.name.description == name)
        #expect(listed.delimiter == delimiter)
    }

    @Test func whatAFolderIsForComesByManyNames() throws {
        func use(_ text: String) throws -> SpecialUse? {
            if case .listed(let listed) = try response(text) { listed.specialUse } else { nil }
        }
        #expect(try use(#"* XLIST (\HasNoChildren \Spam) "/" "[Gmail]/Spam""#) == .junk)
        #expect(try use(#"* XLIST (\AllMail) "/" "[Gmail]/All Mail""#) == .all)
        #expect(try use(#"* LIST (\Important) "/" "[Gmail]/Important""#) == .important)
        #expect(try use(#"* LIST (\HasChildren) "/" "x""#) == nil)
    }

    @Test func attributesOfAMessageComeInAnyOrder() throws {
        guard
            case .fetched(let fetched) = try response(
                "* 12 FETCH (MODSEQ (624140003) X-GM-LABELS (\\Inbox \"a) b\" (x)) RFC822.SIZE 44827 UID 77 "
                    + "ENVELOPE (NIL (\"(\" {3}\r\n))))) FLAGS (\\Seen $Forwarded) "
                    + "INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" BODY[HEADER.FIELDS (SUBJECT)]<0> \"Subject: x\")")
        else {
            Issue.record("not fetched")
            return
        }
        #expect(fetched.number == 12 && fetched.uid == 77 && fetched.octets == 44827)
        #expect(fetched.flags == [.seen, Flag("$forwarded")])
        #expect(fetched.modificationSequence == 624_140_003)
        #expect(fetched.date == Timestamp("1996-07-07T09:44:25Z"))
        #expect(
            fetched.bodies == [
                FetchedBody(
                    section: "HEADER.FIELDS (SUBJECT)", origin: 0, content: .inline(Array("Subject: x".utf8)))
            ])
    }

    @Test(arguments: [
        "* 1 FETCH (UID 0 RFC822.SIZE NIL INTERNALDATE NIL BODY[] NIL)",  // IceWarp has no size
        "* 1 FETCH (RFC822.SIZE -1 INTERNALDATE \"00-Jan-0000 00:00:00 +0000\" BODY[] NIL)",  // Domino
        "* 1 fetch(rfc822.size \"\" internaldate \"30-Dec-1899 00:00:00 +0000\" body[] nil )",
    ])
    func whatAServerDoesNotKnowIsNotKnown(text: String) throws {
        guard case .fetched(let fetched) = try response(text) else {
            Issue.record("not fetched")
            return
        }
        #expect(fetched.uid == nil && fetched.octets == nil && fetched.date == nil)
        #expect(fetched.bodies.map(\.content) == [.absent])
    }

    /// Courier counts from nothing; Exchange beyond what there is.
    @Test func numbersOfMessagesAreNotBelieved() throws {
        guard case .fetched(let courier) = try response("* 0 FETCH (UID 9 FLAGS ())") else {
            Issue.record("not fetched")
            return
        }
        #expect(courier.uid == 9 && courier.flags == [])
    }

    @Test func sizesSaturateAndUIDsDoNot() throws {
        guard
            case .fetched(let fetched) = try response("* 1 FETCH (RFC822.SIZE 99999999999999999999999 UID 4294967295)")
        else {
            Issue.record("not fetched")
            return
        }
        #expect(fetched.octets == .max && fetched.uid == .max)
        #expect(throws: IMAPError.self) { try response("* 1 FETCH (UID 4294967296)") }
    }

    @Test func searchesFindUIDs() throws {
        #expect(try response("* SEARCH 2 84 882") == .found(Found(uids: UIDSet([2, 84, 882]))))
        #expect(try response("* SEARCH") == .found(Found()))
        #expect(
            try response("* SEARCH 2 3 (MODSEQ 917)")
                == .found(Found(uids: UIDSet(2...3), highestModificationSequence: 917)))
        #expect(
            try response("* ESEARCH (TAG \"T1\") UID COUNT 4 ALL 4:5,17,9 MODSEQ 8")
                == .found(Found(uids: UIDSet([4, 5, 9, 17]), highestModificationSequence: 8)))
        #expect(try response("* VANISHED (EARLIER) 41,43:116") == .vanished(UIDSet([41] + (43...116)), earlier: true))
        #expect(try response("* VANISHED 1:4294967295") == .vanished(UIDSet(1...UInt32.max), earlier: false))
    }

    @Test func theRestIsRead() throws {
        var namespaces = Namespaces()
        namespaces.personal = [.init(prefix: "INBOX.", delimiter: UInt8(ascii: "."))]
        namespaces.otherUsers = [.init(prefix: "user.", delimiter: UInt8(ascii: "."))]
        #expect(
            try response(#"* NAMESPACE (("INBOX." "." "X-PARAM" ("FLAG1"))) (("user." ".")) NIL"#)
                == .namespaces(namespaces))
        #expect(try response("* NAMESPACE NIL NIL NIL") == .namespaces(Namespaces()))
        #expect(try response(#"* ID ("name" "Coremail" "x" NIL)"#) == .id(["name": "Coremail"]))
        #expect(try response("* ID NIL") == .id([:]))
        #expect(try response("* ENABLED CONDSTORE QRESYNC") == .enabled(["CONDSTORE", "QRESYNC"]))
        #expect(try response("* 172 EXISTS") == .exists(172))
        #expect(try response("* 1 RECENT") == .recent(1))
        #expect(try response("* 44 EXPUNGE") == .expunged(44))
        #expect(
            try response("* QUOTA \"\" (STORAGE 10 512 MESSAGE 3 NIL)")
                == .quota(
                    Quota(resources: [.init(name: "STORAGE", used: 10, limit: 512)])))
        #expect(try response("* MYRIGHTS INBOX lrswi") == .rights("lrswi"))
        #expect(try response("* FLAGS (\\Seen $MDNSent [x])") == .flags([.seen, Flag("$mdnsent"), Flag("[x]")]))
        guard
            case .mailboxStatus(let status) = try response(
                "* STATUS \"a b\" (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 1 HIGHESTMODSEQ 7 X-NEW (1 2) SIZE 12)")
        else {
            Issue.record("no status")
            return
        }
        #expect(status.messages == 231 && status.uidNext == 44292 && status.octets == 12)
        #expect(status.highestModificationSequence == 7 && status.uidValidity == 1)
    }

    @Test(arguments: [
        "* LIST", "* LIST (", "* LIST () \"/\" ", "* LIST () \"//\" x", "* LIST () \"/\" \"open", "* 1 FETCH",
        "* 1 FETCH (UID", "* 1 FETCH (UID 1", "* 1 FETCH (UID 1) x", "* 1 FETCH (BODY[ NIL)", "* 1 FETCH UID 1",
        "* SEARCH 1 x", "* STATUS x (MESSAGES", "* VANISHED 1:*", "* ESEARCH ALL", "*", "* ",
        "* FLAGS (\\Seen", "* NAMESPACE ((", "* 1 FETCH (UID \"1)", "* 1 FETCH (X-ODD {3}",
    ])
    func whatCannotBeReadIsAViolation(text: String) {
        #expect(throws: IMAPError.self) { try response(text) }
    }

    @Test func capabilitiesDecideHowToSpeak() {
        let dovecot = Capabilities(
            "IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "AUTH=PLAIN", "auth=scram-sha-256", "QRESYNC", "APPENDLIMIT=10")
        #expect(dovecot.literals == .ahead && dovecot.initialResponse && dovecot.conditionalStore)
        #expect(dovecot.mechanisms == ["PLAIN", "SCRAM-SHA-256"])
        #expect(dovecot.appendLimit == 10)
        #expect(Capabilities("IMAP4rev1", "LITERAL-").literals == .smallAhead)
        #expect(Capabilities("IMAP4rev1").literals == .whenAskedFor)
        #expect(Capabilities("IMAP4rev1", "LOGINDISABLED").loginIsDisabled)
    }
}
