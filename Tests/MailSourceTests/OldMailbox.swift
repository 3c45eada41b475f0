// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPSource
import MailSource
import NIOPosix
import POP3Source
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// The sources that have to keep the promises of a `MailSource`, each with the mailbox of one user in it.
enum SourceKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// Every fault can be had of it.
    case memory
    /// POP3, from a server of our own that can be told to fail.
    case scriptedPOP3
    /// IMAP, likewise.
    case scriptedIMAP
    /// POP3, from a real one.
    case dovecot
    /// IMAP, likewise.
    case dovecotIMAP
    /// The toy: a folder of files.
    case files

    var testDescription: String { rawValue }

    /// Those that fail when a test tells them to.
    static let failing: [SourceKind] = [.memory, .scriptedPOP3, .scriptedIMAP]
    /// Those that really delete.
    static let deleting: [SourceKind] = [.memory, .scriptedIMAP, .dovecot, .dovecotIMAP, .files]
}

/// What goes wrong, whatever the source.
enum Fault: Sendable {
    case hangsUp(SourceError.Step)
    case isSilent(SourceError.Step)
    case hangsUpInTheMiddle
    /// The message with this place in the mailbox, from 0.
    case refuses(Int)
    case isBusy
    case knowsNoUser
}

/// A source with ann's mailbox in it.
struct OldMailbox: Sendable {
    static let user = "ann@example.com"
    static let password = "open sesame"

    static let messages: [String] = [
        "Subject: one\nX-Number: 1\n\nHello\n",
        "Subject: two\n\n.\n..\n.dots\nand a line\n",
        "Subject: three\n\n" + String(repeating: "a line of a longer message, of which there are many\n", count: 3000),
        "Subject: four, without a body\n\n",
        "Subject: five\n\nÜmläute in eight bits\n",
    ]

    let source: any MailSource
    let server: OldServer
    /// Ends what was started for it.
    let stop: @Sendable () -> Void

    func connect(read: Duration = .seconds(45)) async throws(SourceError) -> any SourceConnection {
        try await source.connect(
            to: server, timeouts: Timeouts(connect: .seconds(5), read: read), hiding: Password(Self.password))
    }

    /// A session that is entered; a `WasNotAccepted` where there is none.
    func session(read: Duration = .seconds(45)) async throws -> any MailboxSession {
        let answer = try await connect(read: read).open(user: Self.user, password: Password(Self.password))
        guard case .accepted(let session) = answer else { throw WasNotAccepted() }
        return session
    }

    struct WasNotAccepted: Error {}

    static func make(_ kind: SourceKind, _ fault: Fault? = nil, messages: [String] = messages) async throws
        -> OldMailbox
    {
        switch kind {
        case .memory: return memory(fault, messages)
        case .scriptedPOP3: return try scripted(fault, messages)
        case .scriptedIMAP: return try scriptedIMAP(fault, messages)
        case .dovecot, .dovecotIMAP:
            var options = DovecotServer.Options()
            options.hasIMAP = kind == .dovecotIMAP
            let dovecot = try await DovecotServer(users: [user: password], options: options)
            try dovecot.fill(user, with: messages.map { Array($0.utf8) })
            guard let port = dovecot.imapPort else {
                return OldMailbox(source: pop3, server: loopback(dovecot.port)) { dovecot.stop() }
            }
            return OldMailbox(source: imap, server: loopback(port)) { dovecot.stop() }
        case .files:
            let folder = URL(filePath: "/var/tmp/mailmove-source-\(UUID().uuidString)")
            let mailbox = folder.appending(path: user)
            try FileManager.default.createDirectory(at: mailbox, withIntermediateDirectories: true)
            try Data(password.utf8).write(to: mailbox.appending(path: "password"))
            for (number, text) in messages.enumerated() {
                try Data(text.utf8).write(to: mailbox.appending(path: "\(number).eml"))
            }
            return OldMailbox(source: EmlFolder(folder), server: loopback(1)) {
                try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
            }
        }
    }

    private static let pop3 = POP3Source(group: MultiThreadedEventLoopGroup.singleton)
    private static let imap = IMAPSource(group: MultiThreadedEventLoopGroup.singleton)

    private static func loopback(_ port: Int) -> OldServer {
        OldServer(host: "127.0.0.1", port: port, security: .none)
    }

    private static func memory(_ fault: Fault?, _ messages: [String]) -> OldMailbox {
        let source = MemorySource(
            password: password,
            inbox: messages.enumerated().map { MemorySource.Message(id: "u\($0)", text: $1) })
        source.state.withLock { state in
            switch fault {
            case .hangsUp(let step): state.misdeeds[step] = [.hangsUp]
            case .isSilent(let step): state.misdeeds[step] = [.isSilent]
            case .hangsUpInTheMiddle: state.stumbles["u1"] = [.hangsUpInTheMiddle]
            case .refuses(let place): state.refused = ["u\(place)"]
            case .isBusy: state.answer = .busy(.mailboxInUse, "in use", seconds: nil)
            case .knowsNoUser: state.answer = .noSuchUser("no such user")
            case nil: break
            }
        }
        return OldMailbox(source: source, server: loopback(1)) {}
    }

    private static func scripted(_ fault: Fault?, _ messages: [String]) throws -> OldMailbox {
        var options = MailboxServer.Options()
        let isIn = Mutex(false)
        switch fault {
        case .hangsUp(let step): options.misdeed = { misdeed($0, at: step, .hangsUp, isIn) }
        case .isSilent(let step): options.misdeed = { misdeed($0, at: step, .isSilent, isIn) }
        case .hangsUpInTheMiddle: options.misdeed = { $0 == "RETR 2" ? .hangsUpInTheMiddle : nil }
        case .refuses(let place): options.answer = { $0 == "RETR \(place + 1)" ? "-ERR not that one\r\n" : nil }
        case .isBusy: options.answer = { $0.hasPrefix("PASS ") ? "-ERR [IN-USE] in use\r\n" : nil }
        case .knowsNoUser: options.answer = { $0.hasPrefix("PASS ") ? "-ERR no such user\r\n" : nil }
        case nil: break
        }
        let mail = messages.enumerated().map { (uid: "u\($0)", octets: Array($1.replacing("\n", with: "\r\n").utf8)) }
        let server = try MailboxServer(user: user, password: password, messages: mail, options: options)
        return OldMailbox(source: pop3, server: loopback(server.port)) { server.stop() }
    }

    /// - Parameter isIn: whether the password has been sent: CAPA comes before and after.
    private static func misdeed(
        _ command: String, at step: SourceError.Step, _ misdeed: MailboxServer.Misdeed, _ isIn: borrowing Mutex<Bool>
    ) -> MailboxServer.Misdeed? {
        let isLoggedIn = isIn.withLock { isIn in
            if command == "" { isIn = false }
            defer { if command.hasPrefix("PASS ") { isIn = true } }
            return isIn
        }
        let begins: String? =
            switch step {
            case .greeting: ""
            case .capabilities: isLoggedIn ? "CAPA" : nil
            case .login: "PASS"
            case .folders: "STAT"
            case .listing: "LIST"
            case .fetch: "RETR"
            case .delete: "DELE"
            case .farewell: "QUIT"
            case .resolve, .connect, .tls: nil
            }
        guard let begins else { return nil }
        return (begins == "" ? command == "" : command.hasPrefix(begins)) ? misdeed : nil
    }

    private static func scriptedIMAP(_ fault: Fault?, _ messages: [String]) throws -> OldMailbox {
        var options = IMAPMailboxServer.Options()
        let isIn = Mutex(false)
        switch fault {
        case .hangsUp(let step): options.misdeed = { imapMisdeed($0, at: step, .hangsUp, isIn) }
        case .isSilent(let step): options.misdeed = { imapMisdeed($0, at: step, .isSilent, isIn) }
        case .hangsUpInTheMiddle: options.misdeed = { asks(for: 2, $0) ? .hangsUpInTheMiddle : nil }
        case .refuses(let place):
            options.answer = { asks(for: UInt32(place) + 1, $0) ? "%T NO not that one\r\n" : nil }
        case .isBusy: options.login = "NO [INUSE] in use"
        case .knowsNoUser: options.login = "NO no such user"
        case nil: break
        }
        let mail = messages.enumerated().map { place, text in
            IMAPMailboxServer.Message(UInt32(place) + 1, text.replacing("\n", with: "\r\n"))
        }
        let server = try IMAPMailboxServer(
            user: user, password: password, folders: [.init("INBOX", mail)], options: options)
        return OldMailbox(source: imap, server: loopback(server.port)) { server.stop() }
    }

    /// Whether the text of the message with this UID is asked for, alone or among others.
    private static func asks(for uid: UInt32, _ command: String) -> Bool {
        guard command.hasPrefix("UID FETCH "), command.contains("BODY.PEEK[]") else { return false }
        return command.split(separator: " ")[2].split(separator: ",").contains { part in
            let ends = part.split(separator: ":").compactMap { UInt32($0) }
            return ends.count > 0 && ends[0] <= uid && uid <= ends[ends.count - 1]
        }
    }

    private static func imapMisdeed(
        _ command: String, at step: SourceError.Step, _ misdeed: IMAPMailboxServer.Misdeed,
        _ isIn: borrowing Mutex<Bool>
    ) -> IMAPMailboxServer.Misdeed? {
        let isLoggedIn = isIn.withLock { isIn in
            if command == "" { isIn = false }
            defer { if command.hasPrefix("LOGIN ") { isIn = true } }
            return isIn
        }
        let isDue =
            switch step {
            case .greeting: command == ""
            case .capabilities: isLoggedIn && command == "CAPABILITY"
            case .login: command.hasPrefix("LOGIN ")
            case .folders: command.hasPrefix("LIST ")
            case .listing: command.hasPrefix("UID FETCH ") && !command.contains("BODY")
            case .fetch: command.hasPrefix("UID FETCH ") && command.contains("BODY")
            case .delete: command.hasPrefix("SELECT ")
            case .farewell: command == "LOGOUT"
            case .resolve, .connect, .tls: false
            }
        return isDue ? misdeed : nil
    }
}
