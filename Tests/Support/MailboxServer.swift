// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An old server that serves exactly the octets it is given, at the pace and with the faults that a test wants.
///
///     let server = try MailboxServer(user: "ann@example.com", password: "old", messages: [("uid-1", octets)])
///     defer { server.stop() }
public final class MailboxServer: Sendable {
    /// Octets as they are on the wire, dots not yet stuffed; `CRLF` is added at the end where it is missing.
    public typealias Message = (uid: String, octets: [UInt8])

    /// How a server may fail its client.
    public enum Misdeed: Sendable {
        case hangsUp
        /// For as long as the client waits.
        case isSilent
        /// Sends the first octets of the answer to `RETR`, and hangs up.
        case hangsUpInTheMiddle
    }

    /// What a server may do differently.
    public struct Options: Sendable {
        public var greeting = "+OK ready"
        public var capabilities = ["TOP", "UIDL", "USER", "PIPELINING"]
        /// Before each message.
        public var pauseMilliseconds = 0
        /// Answers a command instead of the server where it gives a text, which holds the line ends.
        public var answer: @Sendable (_ command: String) -> String? = { _ in nil }
        /// What the server does instead of answering a command; `""` is the greeting.
        public var misdeed: @Sendable (_ command: String) -> Misdeed? = { _ in nil }

        public init() {}
    }

    private struct State: Sendable {
        var passwords: [String: String]
        var mail: [String: [Message]]
        var seen: [String] = []
        var logins = 0
    }

    private let state: StateBox
    private let server: ScriptedServer

    private final class StateBox: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }

    public convenience init(
        user: String, password: String, messages: [Message] = [], options: Options = Options()
    ) throws {
        try self.init(passwords: [user: password], mail: [user: messages], options: options)
    }

    public init(passwords: [String: String], mail: [String: [Message]] = [:], options: Options = Options()) throws {
        let state = StateBox(State(passwords: passwords, mail: mail))
        self.state = state
        server = try ScriptedServer { peer in
            Session(peer: peer, options: options, state: state).run()
        }
    }

    public var port: Int { server.port }

    /// Every line that clients have sent.
    public var seen: [String] { state.value.withLock { $0.seen } }

    /// How often a password was right.
    public var logins: Int { state.value.withLock { $0.logins } }

    public func add(_ messages: [Message], to user: String) {
        state.value.withLock { $0.mail[user, default: []] += messages }
    }

    public func stop() { server.stop() }

    /// One connection.
    private struct Session {
        let peer: ScriptedServer.Peer
        let options: Options
        let state: StateBox

        func run() {
            if let misdeed = options.misdeed("") { return commit(misdeed) }
            peer.send(options.greeting + "\r\n")
            var user = ""
            var mailbox: [Message]?
            while let line = peer.line() {
                state.value.withLock { $0.seen.append(line) }
                if let misdeed = options.misdeed(line) { return commit(misdeed) }
                if let answer = options.answer(line) {
                    peer.send(answer)
                    continue
                }
                let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let argument = words.count > 1 ? words[1] : ""
                switch (words.first?.uppercased(), mailbox) {
                case ("CAPA", _): peer.send("+OK\r\n" + options.capabilities.map { $0 + "\r\n" }.joined() + ".\r\n")
                case ("QUIT", _):
                    peer.send("+OK bye\r\n")
                    return
                case ("USER", nil):
                    user = argument
                    peer.send("+OK\r\n")
                case ("PASS", nil):
                    mailbox = enter(user, argument)
                    peer.send(mailbox == nil ? "-ERR [AUTH] wrong\r\n" : "+OK logged in\r\n")
                case (let command?, let mailbox?): serve(command, argument, mailbox)
                default: peer.send("-ERR unknown command\r\n")
                }
            }
        }

        private func commit(_ misdeed: Misdeed) {
            switch misdeed {
            case .hangsUp: break
            case .isSilent: peer.waitForEnd()
            case .hangsUpInTheMiddle: peer.send("+OK\r\nSubject: what is not wh")
            }
        }

        private func enter(_ user: String, _ password: String) -> [Message]? {
            state.value.withLock { state in
                guard state.passwords[user] == password else { return nil }
                state.logins += 1
                return state.mail[user] ?? []
            }
        }

        private func serve(_ command: String, _ argument: String, _ mailbox: [Message]) {
            let number = Int(argument.split(separator: " ").first ?? "")
            let octets = mailbox.reduce(0) { $0 + $1.octets.count }
            switch (command, number) {
            case ("STAT", _): peer.send("+OK \(mailbox.count) \(octets)\r\n")
            case ("NOOP", _), ("RSET", _), ("DELE", _): peer.send("+OK\r\n")
            case ("LIST", nil): peer.send(list(mailbox) { "\($0.octets.count)" })
            case ("UIDL", nil): peer.send(list(mailbox, \.uid))
            case (_, let number?) where !(1...max(1, mailbox.count)).contains(number) || mailbox.isEmpty:
                peer.send("-ERR no such message\r\n")
            case ("LIST", let number?): peer.send("+OK \(number) \(mailbox[number - 1].octets.count)\r\n")
            case ("UIDL", let number?): peer.send("+OK \(number) \(mailbox[number - 1].uid)\r\n")
            case ("TOP", _): peer.send("+OK\r\nSubject: the top\r\n\r\n.\r\n")
            case ("RETR", let number?):
                if options.pauseMilliseconds > 0 { peer.pause(milliseconds: options.pauseMilliseconds) }
                peer.send(Array("+OK\r\n".utf8) + Self.stuffed(mailbox[number - 1].octets) + Array(".\r\n".utf8))
            default: peer.send("-ERR unknown command\r\n")
            }
        }

        private func list(_ mailbox: [Message], _ text: (Message) -> String) -> String {
            let lines = mailbox.enumerated().map { "\($0.offset + 1) \(text($0.element))\r\n" }
            return "+OK\r\n" + lines.joined() + ".\r\n"
        }

        /// RFC 1939 §3: a line that begins with a dot gets another.
        private static func stuffed(_ octets: [UInt8]) -> [UInt8] {
            var result: [UInt8] = []
            result.reserveCapacity(octets.count + 1024)
            var isAtStart = true
            var previous: UInt8 = 0
            for octet in octets {
                if isAtStart, octet == UInt8(ascii: ".") { result.append(octet) }
                result.append(octet)
                isAtStart = octet == 10 && previous == 13
                previous = octet
            }
            if !octets.isEmpty, !isAtStart { result += [13, 10] }
            return result
        }
    }
}
