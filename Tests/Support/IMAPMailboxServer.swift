// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// An old IMAP server that serves exactly the folders it is given, with the faults that a test wants.
///
///     let server = try IMAPMailboxServer(user: "ann@example.com", password: "old", folders: [.init("INBOX")])
///     defer { server.stop() }
public final class IMAPMailboxServer: Sendable {
    public struct Message: Sendable {
        public var uid: UInt32
        /// As they are on the wire.
        public var octets: [UInt8]
        public var flags: [String]
        /// As INTERNALDATE has it.
        public var date: String
        /// What the server calls it in whatever folder, as `EMAILID` and `X-GM-MSGID` have it.
        public var name = ""

        public init(
            _ uid: UInt32, _ text: String, flags: [String] = [], date: String = "24-Nov-2026 03:10:41 +0000"
        ) {
            (self.uid, self.flags, self.date) = (uid, flags, date)
            octets = Array(text.utf8)
        }
    }

    public struct Folder: Sendable {
        /// As it is on the wire.
        public var name: String
        public var attributes: [String]
        public var validity: UInt32
        public var messages: [Message]
        public var isSubscribed = true
        /// What it answers to whoever wants to open it, or to know how much is in it.
        public var refusal: String?
        /// The same, only of opening.
        public var refusalToOpen: String?
        /// UIDVALIDITY as STATUS has it, where that differs.
        public var statusValidity: UInt32?
        /// Lines that come when it is opened.
        public var remarks: [String] = []
        /// Whether its UIDVALIDITY is another each time.
        public var isUnsteady = false
        /// Whether it says what UID comes next when it is opened.
        public var tellsNext = true

        public init(_ name: String, attributes: [String] = [], validity: UInt32 = 7, _ messages: [Message] = []) {
            (self.name, self.attributes, self.validity, self.messages) = (name, attributes, validity, messages)
        }

        var next: UInt32 { (messages.last?.uid ?? 0) + 1 }
    }

    public enum Misdeed: Sendable {
        case hangsUp
        /// With a BYE and these words.
        case saysGoodBye(String)
        /// For as long as the client waits.
        case isSilent
        /// Sends the first octets of the second message that is asked for, and hangs up.
        case hangsUpInTheMiddle
    }

    /// What a server may do differently. A command is without its tag; `%T` in an answer stands for that.
    public struct Options: Sendable {
        public var greeting = "* OK ready"
        public var capabilities = ["IMAP4rev1", "ID", "AUTH=PLAIN"]
        public var capabilitiesAfterLogin = ["IMAP4rev1", "ID", "NAMESPACE", "UIDPLUS", "UNSELECT"]
        public var namespace = #"(("" "/")) NIL NIL"#
        public var delimiter = "/"
        /// What it says to a login, instead of judging the password.
        public var login: String?
        /// Answers a command instead of the server where it gives a text, which holds the line ends.
        public var answer: @Sendable (_ command: String) -> String? = { _ in nil }
        /// What the server does instead of answering a command; `""` is the greeting.
        public var misdeed: @Sendable (_ command: String) -> Misdeed? = { _ in nil }
        /// The `FETCH` response for a message, where it differs: from its sequence number, and the attributes as the
        /// client has asked for them.
        public var fetched: @Sendable (_ number: Int, Message, _ attributes: [String]) -> [UInt8]? = { _, _, _ in nil }

        public init() {}
    }

    private struct State: Sendable {
        var folders: [Folder]
        var seen: [String] = []
    }

    private final class StateBox: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }

    private let state: StateBox
    private let server: ScriptedServer

    public init(user: String, password: String, folders: [Folder], options: Options = Options()) throws {
        let state = StateBox(State(folders: folders))
        self.state = state
        server = try ScriptedServer { peer in
            var session = Session(peer: peer, user: user, password: password, options: options, state: state)
            session.run()
        }
    }

    public var port: Int { server.port }
    public var connections: Int { server.connections }

    /// Every command that clients have sent, without its tag.
    public var seen: [String] { state.value.withLock { $0.seen } }

    /// The folders as they are now, and may be changed.
    public func change(_ body: @Sendable (inout [Folder]) -> Void) { state.value.withLock { body(&$0.folders) } }

    public var folders: [Folder] { state.value.withLock { $0.folders } }

    public func stop() { server.stop() }

    /// One connection.
    private struct Session {
        let peer: ScriptedServer.Peer
        let user: String
        let password: String
        let options: Options
        let state: StateBox
        private var isIn = false
        private var open: String?
        private var isReadOnly = true

        init(
            peer: ScriptedServer.Peer, user: String, password: String, options: Options, state: StateBox
        ) {
            (self.peer, self.user, self.password, self.options, self.state) = (peer, user, password, options, state)
        }

        mutating func run() {
            if let misdeed = options.misdeed("") { return commit(misdeed) }
            peer.send(options.greeting + "\r\n")
            while var line = peer.line() {
                while let count = Self.literal(line) {
                    if !line.hasSuffix("+}") { peer.send("+ go ahead\r\n") }
                    guard let next = peer.line() else { return }
                    line = line.prefix { $0 != "{" } + Self.quoted(String(next.prefix(count))) + next.dropFirst(count)
                }
                let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { return }
                let (tag, command) = (parts[0], parts[1])
                state.value.withLock { $0.seen.append(command) }
                if let misdeed = options.misdeed(command) {
                    if case .hangsUpInTheMiddle = misdeed { serve(command, tag, isCut: true) }
                    return commit(misdeed)
                }
                if let answer = options.answer(command) {
                    peer.send(answer.replacingOccurrences(of: "%T", with: tag))
                    continue
                }
                if command.uppercased() == "LOGOUT" {
                    peer.send("* BYE see you\r\n\(tag) OK\r\n")
                    return
                }
                serve(command, tag)
            }
        }

        private func commit(_ misdeed: Misdeed) {
            switch misdeed {
            case .isSilent: peer.waitForEnd()
            case .saysGoodBye(let words): peer.send("* BYE \(words)\r\n")
            case .hangsUp, .hangsUpInTheMiddle: break
            }
        }

        private static func literal(_ line: String) -> Int? {
            guard line.hasSuffix("}"), let start = line.lastIndex(of: "{") else { return nil }
            return Int(line[line.index(after: start)...].filter(\.isNumber))
        }

        private static func quoted(_ text: String) -> String {
            "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
        }

        // MARK: - Commands

        private mutating func serve(_ command: String, _ tag: String, isCut: Bool = false) {
            var words = Self.words(command)
            var name = words.removeFirst().uppercased()
            if name == "UID", !words.isEmpty { name += " " + words.removeFirst().uppercased() }
            switch name {
            case "CAPABILITY":
                let all = isIn ? options.capabilitiesAfterLogin : options.capabilities
                answer(tag, "* CAPABILITY \(all.joined(separator: " "))\r\n")
            case "ID": answer(tag, "* ID (\"name\" \"Scripted\")\r\n")
            case "NOOP": answer(tag)
            case "ENABLE": answer(tag, "* ENABLED \(words.joined(separator: " "))\r\n")
            case "LOGIN": logIn(tag, words)
            case "AUTHENTICATE": authenticate(tag, words)
            case _ where !isIn: peer.send("\(tag) BAD log in first\r\n")
            case "NAMESPACE": answer(tag, "* NAMESPACE \(options.namespace)\r\n")
            case "LIST", "XLIST", "LSUB": list(name, tag, words)
            case "STATUS": status(tag, words)
            case "EXAMINE", "SELECT": open(tag, words, readOnly: name == "EXAMINE")
            case "UNSELECT":
                open = nil
                answer(tag)
            case "UID FETCH": fetch(tag, words, isCut: isCut)
            case "UID SEARCH": search(tag, words)
            case "UID STORE", "UID EXPUNGE": change(name, tag, words)
            default: peer.send("\(tag) BAD unknown command\r\n")
            }
        }

        private func answer(_ tag: String, _ text: String = "") { peer.send("\(text)\(tag) OK done\r\n") }

        private mutating func logIn(_ tag: String, _ words: [String]) {
            if let answer = options.login { return enter(tag, answer) }
            let isRight = words == [user, password]
            enter(tag, isRight ? "OK in" : "NO [AUTHENTICATIONFAILED] wrong")
        }

        private mutating func authenticate(_ tag: String, _ words: [String]) {
            var response = words.count > 1 ? words[1] : ""
            if words.count == 1 {
                peer.send("+ \r\n")
                response = peer.line() ?? ""
                state.value.withLock { $0.seen.append(response) }
            }
            let octets = Data(base64Encoded: response).map { [UInt8]($0) } ?? []
            let isRight = octets == Array("\0\(user)\0\(password)".utf8)
            enter(tag, options.login ?? (isRight ? "OK in" : "NO [AUTHENTICATIONFAILED] wrong"))
        }

        private mutating func enter(_ tag: String, _ answer: String) {
            isIn = answer.hasPrefix("OK")
            peer.send("\(tag) \(answer)\r\n")
        }

        private func folder(_ name: String, isAsked: Bool = false) -> Folder? {
            let name = name.uppercased() == "INBOX" ? "INBOX" : name
            return state.value.withLock { state in
                guard let index = state.folders.firstIndex(where: { $0.name == name }) else { return nil }
                if state.folders[index].isUnsteady, isAsked { state.folders[index].validity += 1 }
                return state.folders[index]
            }
        }

        private func list(_ name: String, _ tag: String, _ words: [String]) {
            let all = state.value.withLock { $0.folders }
            let isExtended = words.count > 2
            let lines = all.filter { name != "LSUB" || $0.isSubscribed }.map { folder in
                let marks = folder.attributes + (isExtended && folder.isSubscribed ? ["\\Subscribed"] : [])
                return "* \(name) (\(marks.joined(separator: " "))) \"\(options.delimiter)\" "
                    + "\(Self.quoted(folder.name))\r\n"
            }
            answer(tag, lines.joined())
        }

        private func status(_ tag: String, _ words: [String]) {
            guard let folder = folder(words[0], isAsked: true), folder.refusal == nil else {
                peer.send("\(tag) \(folder(words[0])?.refusal ?? "NO [NONEXISTENT] no such folder")\r\n")
                return
            }
            answer(
                tag,
                "* STATUS \(Self.quoted(folder.name)) (MESSAGES \(folder.messages.count) UIDNEXT \(folder.next) "
                    + "UIDVALIDITY \(folder.statusValidity ?? folder.validity))\r\n")
        }

        private mutating func open(_ tag: String, _ words: [String], readOnly: Bool) {
            open = nil
            guard let folder = folder(words[0], isAsked: true), folder.refusal ?? folder.refusalToOpen == nil else {
                let found = folder(words[0])
                peer.send("\(tag) \(found?.refusal ?? found?.refusalToOpen ?? "NO [NONEXISTENT] no such folder")\r\n")
                return
            }
            open = folder.name
            isReadOnly = readOnly
            var lines = [
                "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)", "* \(folder.messages.count) EXISTS",
                "* 0 RECENT", "* OK [UIDVALIDITY \(folder.validity)] valid",
            ]
            if folder.tellsNext { lines.append("* OK [UIDNEXT \(folder.next)] next") }
            lines += folder.remarks
            lines.append("\(tag) OK [READ-\(readOnly ? "ONLY" : "WRITE")] done")
            peer.send(lines.map { $0 + "\r\n" }.joined())
        }

        // MARK: - Messages

        private func chosen(_ set: String) -> [(number: Int, message: Message)] {
            guard let open, let folder = folder(open) else { return [] }
            var wanted: [ClosedRange<UInt32>] = []
            let last = folder.messages.last?.uid ?? 0
            for part in set.split(separator: ",") {
                let ends = part.split(separator: ":").map { $0 == "*" ? last : UInt32($0) ?? 0 }.sorted()
                if let low = ends.first, let high = ends.last { wanted.append(low...high) }
            }
            var found: [(number: Int, message: Message)] = []
            for (place, message) in folder.messages.enumerated() where wanted.contains(where: { $0 ~= message.uid }) {
                found.append((place + 1, message))
            }
            return found
        }

        private func fetch(_ tag: String, _ words: [String], isCut: Bool) {
            guard open != nil else {
                peer.send("\(tag) BAD open a folder first\r\n")
                return
            }
            let items = words[1].dropFirst().dropLast().split(separator: " ").map(String.init)
            for (index, (number, message)) in chosen(words[0]).enumerated() {
                let line = options.fetched(number, message, items) ?? Self.line(number, message, items)
                if isCut, index == 1 || chosen(words[0]).count == 1 {
                    peer.send(Array(line.prefix(60)))
                    return
                }
                guard peer.send(line) else { return }
            }
            answer(tag)
        }

        private func search(_ tag: String, _ words: [String]) {
            let set = words.first == "UID" ? words[1] : "1:*"
            answer(tag, "* SEARCH \(chosen(set).map { "\($0.message.uid)" }.joined(separator: " "))\r\n")
        }

        private func change(_ name: String, _ tag: String, _ words: [String]) {
            guard let open, !isReadOnly else {
                peer.send("\(tag) NO read-only\r\n")
                return
            }
            let uids = Set(chosen(words[0]).map(\.message.uid))
            state.value.withLock { state in
                guard let index = state.folders.firstIndex(where: { $0.name == open }) else { return }
                if name == "UID STORE" {
                    for place in state.folders[index].messages.indices
                    where uids.contains(state.folders[index].messages[place].uid) {
                        state.folders[index].messages[place].flags.append("\\Deleted")
                    }
                } else {
                    state.folders[index].messages.removeAll { uids.contains($0.uid) && $0.flags.contains("\\Deleted") }
                }
            }
            answer(tag)
        }

        private static func line(_ number: Int, _ message: Message, _ items: [String]) -> [UInt8] {
            var octets = Array("* \(number) FETCH (".utf8)
            for (index, item) in items.enumerated() {
                if index > 0 { octets.append(32) }
                octets += IMAPMailboxServer.attribute(item, message)
            }
            return octets + Array(")\r\n".utf8)
        }

        /// Strings without their quotes; what stands in parentheses is one word.
        private static func words(_ command: String) -> [String] {
            var (words, word, depth) = ([String](), "", 0)
            var (isQuoted, isEscaped, hasWord) = (false, false, false)
            for character in command {
                if isQuoted {
                    if isEscaped {
                        word.append(character)
                        isEscaped = false
                    } else if character == "\\" {
                        isEscaped = true
                    } else if character == "\"" {
                        isQuoted = false
                    } else {
                        word.append(character)
                    }
                    continue
                }
                switch character {
                case "\"" where depth == 0: (isQuoted, hasWord) = (true, true)
                case " " where depth == 0:
                    if hasWord { words.append(word) }
                    (word, hasWord) = ("", false)
                default:
                    if character == "(" { depth += 1 }
                    if character == ")" { depth -= 1 }
                    word.append(character)
                    hasWord = true
                }
            }
            return hasWord ? words + [word] : words
        }
    }

    /// One attribute of a message, with its value.
    public static func attribute(_ item: String, _ message: Message) -> [UInt8] {
        switch item.uppercased() {
        case "UID": Array("UID \(message.uid)".utf8)
        case "FLAGS": Array("FLAGS (\(message.flags.joined(separator: " ")))".utf8)
        case "INTERNALDATE": Array("INTERNALDATE \"\(message.date)\"".utf8)
        case "RFC822.SIZE": Array("RFC822.SIZE \(message.octets.count)".utf8)
        case "EMAILID": Array("EMAILID (\(message.name))".utf8)
        case "X-GM-MSGID": Array("X-GM-MSGID \(message.name)".utf8)
        case "BODY.PEEK[HEADER]": text("BODY[HEADER]", header(of: message.octets))
        default: text("BODY[]", message.octets)
        }
    }

    private static func text(_ name: String, _ octets: [UInt8]) -> [UInt8] {
        Array("\(name) {\(octets.count)}\r\n".utf8) + octets
    }

    private static func header(of octets: [UInt8]) -> [UInt8] {
        let end = Array("\r\n\r\n".utf8)
        for start in octets.indices where octets[start...].starts(with: end) { return Array(octets[..<(start + 4)]) }
        return octets
    }
}
