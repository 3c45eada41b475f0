// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing

@testable import IMAP

/// Each written conversation comes out as it says, in whatever pieces it arrives.
struct ConversationTests {
    @Test(arguments: Conversation.all, [1, 7, Int.max])
    func aServerIsUnderstood(name: String, piece: Int) throws {
        let conversation = try Conversation(named: name)
        var player = Player(conversation, piece: piece)
        try player.play()
        #expect(player.told == player.expected)
        if let verdict = conversation.headers["verdict"] { #expect(player.verdict == verdict) }
        if let folders = conversation.headers["folders"] { #expect(player.folders == folders) }
    }

    @Test func everyConversationIsFound() { #expect(Conversation.all.count >= 15) }
}

/// Plays the client's part, by the conversation's own words.
private struct Player {
    let conversation: Conversation
    private var wire: Wire
    private var lines: [[UInt8]] = []
    private(set) var told: [String] = []
    private(set) var expected: [String] = []
    private var listed: [ListedMailbox] = []
    private var namespaces: Namespaces?
    /// How many have been told of.
    private var bodies = 0
    private var login: (id: CommandID, answer: Condition?)?
    private var inbox: (id: CommandID, answer: Condition?)?

    init(_ conversation: Conversation, piece: Int) {
        self.conversation = conversation
        wire = Wire(isEncrypted: conversation.headers["tls"] == "yes", piece: piece)
    }

    var verdict: String {
        if let inbox { return "\(LoginVerdict.ofInbox(inbox.answer))" }
        return "\(LoginVerdict.ofLogin(login?.answer))"
    }

    var folders: String {
        FolderPlan(listed, namespaces: namespaces).folders.map { folder in
            folder.fate == .moves ? "\(folder.path) → \(folder.targetPath)" : "\(folder.path) \(folder.fate)"
        }.joined(separator: ", ")
    }

    mutating func play() throws {
        var burst: [UInt8] = []
        for (line, turn) in conversation.turns {
            if case .server(let octets) = turn {
                burst += octets
                continue
            }
            hear(&burst)
            switch turn {
            case .action(let words): try act(words, line)
            case .client(let expected):
                takeLines()
                let said = lines.isEmpty ? nil : lines.removeFirst()
                #expect(
                    said == expected,
                    "\(conversation.name).txt:\(line): the client says “\(said.map { String(decoding: $0, as: UTF8.self) } ?? "")”"
                )
            case .event(let text): expected.append(text)
            case .end: if let error = wire.machine.closed() { told.append("\(error.code): \(error.message)") }
            case .server: break
            }
        }
        hear(&burst)
        takeLines()
        #expect(lines.isEmpty, "\(conversation.name).txt: the client says more")
    }

    private mutating func takeLines() {
        for line in Array(wire.takeSent().utf8).split(separator: 10) { lines.append(Array(line.dropLast())) }
    }

    private mutating func hear(_ octets: inout [UInt8]) {
        wire.hear(octets)
        octets = []
        for event in wire.takeEvents() { tell(event) }
    }

    // MARK: - What is done

    private mutating func act(_ words: [String], _ line: Int) throws {
        func unknown() -> Conversation.Unreadable {
            .init(description: "\(conversation.name).txt:\(line): nobody knows how to do this")
        }
        let name = words.dropFirst().first.map { MailboxName($0) } ?? .inbox
        let id: CommandID
        switch words[0] {
        case "capability": id = try wire.begin(.capability)
        case "noop": id = try wire.begin(.noop)
        case "starttls": id = try wire.begin(.startTLS)
        case "handshake":
            wire.machine.tlsBegan()
            return wire.send()
        case "id": id = try wire.begin(.id([("name", "mailmove")]))
        case "login":
            id = try wire.begin(.login(user: "ann@example.com", Password("open sesame")))
            login = (id, nil)
        case "plain":
            id = try wire.begin(.authenticate(mechanism: "PLAIN", first: Password("\0ann@example.com\0open sesame")))
            login = (id, nil)
        case "namespace": id = try wire.begin(.namespace)
        case "list": id = try wire.begin(.list(.plain, pattern: "*"))
        case "list-extended": id = try wire.begin(.list(.extended(specialUse: true), pattern: "*"))
        case "xlist": id = try wire.begin(.xlist(pattern: "*"))
        case "lsub": id = try wire.begin(.lsub(pattern: "*"))
        case "examine":
            id = try wire.begin(.examine(name, words.last == "condstore" ? .conditionalStore : nil))
            if name.isInbox { inbox = (id, nil) }
        case "list-uids": id = try wire.begin(.fetch(.from(1), [.uid, .flags, .date, .octets], changedSince: nil))
        case "fetch":
            let uids = UIDSet(text: Array(words[1].utf8)) ?? UIDSet()
            id = try wire.begin(.fetch(uids, [.uid, .message], changedSince: nil))
        case "search": id = try wire.begin(.search(.all, extended: words.last == "extended"))
        case "append":
            id = try wire.begin(.append(name, words.dropFirst(2).compactMap { Int($0) }.map { .init(octets: $0) }))
        case "enable": id = try wire.begin(.enable([words[1]]))
        case "logout": id = try wire.begin(.logout)
        default: throw unknown()
        }
        _ = id
    }

    // MARK: - What comes of it

    private mutating func tell(_ event: ProtocolMachine.Event) {
        switch event {
        case .greeted(let condition): told.append("greeted \(text(condition))")
        case .completed(let id, let condition):
            if login?.id == id { login?.answer = condition }
            if inbox?.id == id { inbox?.answer = condition }
            told.append("\(id.number) \(text(condition))")
        case .bodyEnded:
            told.append("body \(quoted(wire.bodies[bodies]))")
            bodies += 1
        case .tlsIsDue: told.append("tls")
        case .challenge(_, let octets): told.append("challenge \(quoted(octets))")
        case .failed(let error):
            // What comes with the answer to STARTTLS is seen at once, or after it.
            if error.code == .untrusted, told.last == "tls" { told.removeLast() }
            told.append("\(error.code): \(error.message)")
        case .response(let response): if let text = text(response) { told.append(text) }
        case .needsInput, .wanted, .body, .bodyBegan: break
        }
    }

    private func quoted(_ octets: [UInt8]) -> String {
        String(decoding: octets, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
            .joined(separator: "⏎").replacing("\n", with: "␊")
    }

    private func text(_ condition: Condition) -> String {
        let code = condition.code.map { " [\("\($0)".prefix { $0 != "(" })]" } ?? ""
        return "\(condition.kind)\(code)"
    }

    private mutating func text(_ response: Response) -> String? {
        switch response {
        case .condition(let condition): return condition.kind == .bye ? text(condition) : nil
        case .listed(let folder):
            listed.append(folder)
            return "folder \(folder.name)\(folder.specialUse.map { " for \($0)" } ?? "")"
        case .namespaces(let found):
            namespaces = found
            return "personal \(found.personal.map { String(decoding: $0.prefix, as: UTF8.self) })"
        case .fetched(let fetched):
            let parts = [
                "message \(fetched.uid.map { "\($0)" } ?? "-")", fetched.flags.map { "\($0)" },
                fetched.octets.map { "\($0)" }, fetched.date.map { "\($0)" },
                fetched.bodies.contains { $0.content == .absent } ? "absent" : nil,
            ]
            return parts.compactMap { $0 }.joined(separator: " ")
        case .id(let id): return "is \(id["name"] ?? "-")"
        case .found(let found): return "found \(found.uids)"
        case .vanished(let uids, _): return "vanished \(uids)"
        case .expunged(let number): return "expunged \(number)"
        case .mailboxStatus, .capabilities, .flags, .exists, .recent, .enabled, .quota, .rights, .other: return nil
        }
    }
}
