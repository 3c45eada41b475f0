// SPDX-License-Identifier: Apache-2.0

import Support
import Testing

/// A mailbox with folders, flags, dates and odd messages, of about 60 MB, before and after its user has tidied up.
enum WholeMailbox {
    typealias Mailbox = [String: IMAPUser.Folder]

    static func message(_ number: Int, _ body: String = "") -> [UInt8] {
        Array(
            """
            Received: from there by here; Mon, 1 Jan 2024 10:00:00 +0000\r
            From: Bob <bob@example.org>\r
            Message-ID: <\(number)@old.example>\r
            Subject: =?UTF-8?Q?Nummer_\(number)?=\r
            \r
            Message \(number).\r
            \(body)
            """.utf8)
    }

    static let flags: [[String]] = [
        [], ["\\Seen"], ["\\Seen", "\\Answered"], ["\\Flagged"], ["\\Draft"], ["\\Seen", "\\Deleted"],
        ["\\Seen", "Projekt"], ["$Forwarded", "\\Seen", "\\Flagged"],
    ]

    static func messages(_ range: Range<Int>) -> [IMAPUser.Message] {
        range.map { IMAPUser.Message(message($0), flags: flags[$0 % flags.count], date: 1_200_000_000 + $0 * 77_777) }
    }

    /// What servers take although it is not as it should be.
    static var odd: [[UInt8]] {
        let long = String(repeating: "x", count: 20_000)
        let texts = [
            "\r\n", "Subject: no body\r\n\r\n", "Subject: no line end\r\n\r\nthe end",
            "no header at all\r\n\r\ntext\r\n",
            "Subject: dots\r\n\r\n.\r\n..\r\n.a dot\r\n.\r\n",
            "Subject: literal\r\n\r\n{3}\r\n) x OK {10+}\r\n* BYE\r\n",
            "Subject: long\r\n\r\n\(long)\r\n", "X-Folded: \(String(repeating: "a\r\n\t", count: 300))b\r\n\r\n.\r\n",
            "Subject: mbox\r\n\r\nFrom nobody\r\n>From nobody\r\n",
            "X-Status: A\r\nX-UID: 5\r\nSubject: fields\r\n\r\n\r\n\r\n",
        ]
        let eight = Array("Subject: eight\r\n\r\n".utf8) + (128...255).map { UInt8($0) } + [13, 10]
        return texts.map { Array($0.utf8) } + [eight]
    }

    /// About 60 MB.
    static var large: [IMAPUser.Message] {
        let line = String(repeating: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", count: 1) + "\r\n"
        return [25, 10, 10, 5, 5, 3, 1].enumerated().map { index, megabytes in
            let body = String(repeating: line, count: megabytes * 1_048_576 / line.utf8.count)
            return IMAPUser.Message(message(900 + index, body), flags: ["\\Seen"], date: 1_300_000_000 + index)
        }
    }

    /// - Parameter isLarge: whether its 60 MB are in it, or a small part of them.
    static func mailbox(isLarge: Bool) -> Mailbox {
        let odd = Self.odd.enumerated().map { IMAPUser.Message($1, flags: ["\\Seen"], date: 800_000_000 + $0 * 60) }
        let twice = IMAPUser.Message(message(950), flags: [], date: 1_250_000_000)
        return [
            "INBOX": .init(messages(0..<60) + [twice, twice] + odd),
            "Sent": .init(messages(100..<120) + [twice]),
            "Papierkorb": .init(messages(120..<124)),
            "Projekte": .init(messages(200..<205)),
            "Projekte/2024": .init(messages(205..<210), isSubscribed: false),
            "Projekte/2024/Müller & Söhne": .init(messages(210..<215)),
            "客户/报价": .init(messages(300..<306)),
            "客户": .init(messages(306..<308)),
            "Anlagen": .init(isLarge ? large : Array(large.suffix(2))),
            "Leer": .init(),
        ]
    }

    /// The folder that is known as special by its name is called here as the platform calls it.
    static func onNewSide(_ mailbox: Mailbox) -> Mailbox {
        var mailbox = mailbox
        mailbox["Trash"] = mailbox.removeValue(forKey: "Papierkorb")
        return mailbox
    }

    static func count(_ mailbox: Mailbox) -> Int { mailbox.values.reduce(0) { $0 + $1.messages.count } }

    static let late: [(folder: String, message: IMAPUser.Message)] = [
        ("INBOX", .init(message(990), flags: ["\\Flagged"], date: 1_400_000_000)),
        ("Projekte/2024/Müller & Söhne", .init(message(991), flags: [], date: 1_400_000_001)),
        // The same as one that its user has deleted here.
        ("INBOX", .init(message(3), flags: [], date: 1_400_000_002)),
    ]

    // MARK: What its user does

    /// What leaves the inbox by this: first one place, then another.
    static let tidiedUp = [3, 9]

    static func tidyUp(_ session: IMAPUser) throws {
        try session.create("Kept")
        try session.select("INBOX")
        try session.command("STORE 2 +FLAGS.SILENT (\\Flagged)")
        try session.command("STORE 1:* -FLAGS.SILENT (\\Deleted)")
        try session.command("STORE 4 +FLAGS.SILENT (\\Deleted)")
        try session.command("EXPUNGE")
        try session.move("10", to: "Kept")
    }

    static func tidyUp(_ mailbox: inout Mailbox) {
        guard var inbox = mailbox["INBOX"]?.messages else { return }
        inbox[1].flags = (inbox[1].flags + ["\\Flagged"]).sorted()
        for index in inbox.indices { inbox[index].flags.removeAll { $0 == "\\Deleted" } }
        inbox.remove(at: tidiedUp[0])
        let kept = inbox.remove(at: tidiedUp[1])
        mailbox["INBOX"]?.messages = inbox
        mailbox["Kept"] = .init([kept], isSubscribed: false)
    }

    static func expect(
        _ found: Mailbox, _ wanted: Mailbox, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.keys.sorted() == wanted.keys.sorted(), sourceLocation: sourceLocation)
        for (name, folder) in wanted {
            let (here, wanted) = (found[name]?.messages ?? [], folder.messages)
            #expect(here.count == wanted.count, "\(name)", sourceLocation: sourceLocation)
            for (one, other) in zip(here, wanted) where one != other {
                Issue.record("\(name): \(one) instead of \(other)", sourceLocation: sourceLocation)
            }
            #expect(
                found[name]?.isSubscribed == folder.isSubscribed || name == "INBOX", "\(name)",
                sourceLocation: sourceLocation)
        }
    }
}
