// SPDX-License-Identifier: Apache-2.0

import Support
import Synchronization

/// An old server with one mailbox whose answers a test chooses; it remembers what it was told.
final class OldMailServer: Sendable {
    enum Login: Equatable, Sendable {
        /// As POP3 servers do: right or wrong.
        case judge
        /// Whatever the password, this line.
        case say(String)
        /// Nothing, for as long as the client waits.
        case silence
        /// Nothing, and the end of the connection.
        case hangUp
    }

    struct State: Sendable {
        var password: String
        var messages: [(id: String, text: String)]
        var login = Login.judge
        var refuses: Set<Int> = []
        /// This command is not answered until another is named, or none.
        var holdsAt: String?
        /// Where this command comes, the connection ends; once.
        var hangsUpAt: String?
        /// Called with each command before it is answered.
        var before: (@Sendable (String) -> Void)?
        /// Answers a command instead of the mailbox where it gives a text, which holds the line ends; an empty one is
        /// silence for as long as the client waits.
        var answer: (@Sendable (String) -> String?)?
        var greeting = "+OK ready\r\n"
        /// So many more connections end without a word, as if they were too many.
        var refused = 0
        var lines: [String] = []
        var connections = 0
    }

    let state: Mutex<State>
    private let server: Mutex<ScriptedServer?>
    let port: Int

    /// Passwords that were shown, in order.
    var shown: [String] { state.withLock { $0.lines.filter { $0.hasPrefix("PASS ") }.map { String($0.dropFirst(5)) } } }

    /// How many connections there have been.
    var connections: Int { state.withLock { $0.connections } }

    init(password: String, messages: Int = 3) throws {
        let box = Mutex(
            State(password: password, messages: (0..<messages).map { ("u\($0)", Self.message($0)) }))
        state = box
        server = Mutex(nil)
        port = try LoopbackSocket.freePort()
        try start()
    }

    static func message(_ number: Int) -> String {
        "Received: from a by b; Mon, 1 Jan 2024 10:00:\(10 + number % 50) +0000\r\nSubject: \(number)\r\n\r\nbody \(number)\r\n"
    }

    func start() throws {
        let server = try ScriptedServer(port: port) { [weak self] peer in self?.serve(peer) }
        self.server.withLock { $0 = server }
    }

    func stop() {
        state.withLock { $0.holdsAt = nil }
        server.withLock { server in
            server?.stop()
            server = nil
        }
    }

    private func serve(_ peer: ScriptedServer.Peer) {
        let (greeting, isRefused) = state.withLock { state in
            state.connections += 1
            defer { state.refused = max(0, state.refused - 1) }
            return (state.greeting, state.refused > 0)
        }
        if isRefused { return }
        guard !greeting.isEmpty else { return peer.waitForEnd() }
        peer.send(greeting)
        var box: [(id: String, text: String)] = []
        while let line = peer.line() {
            let now = state.withLock { state in
                state.lines.append(line)
                return state
            }
            now.before?(line)
            while state.withLock({ $0.holdsAt == line }) { peer.pause(milliseconds: 2) }
            let hangsUp = state.withLock { state in
                defer { if state.hangsUpAt == line { state.hangsUpAt = nil } }
                return state.hangsUpAt == line
            }
            if hangsUp { return }
            if let text = now.answer?(line) {
                if text.isEmpty { return peer.waitForEnd() }
                peer.send(text)
                continue
            }
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let number = words.count > 1 ? Int(words[1]) ?? 0 : 0
            switch words.first?.uppercased() {
            case "CAPA": peer.send("+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n")
            case "USER": peer.send("+OK\r\n")
            case "PASS":
                switch now.login {
                case .judge where line == "PASS \(now.password)":
                    box = now.messages
                    peer.send("+OK\r\n")
                case .judge: peer.send("-ERR [AUTH] wrong\r\n")
                case .say(let text): peer.send("\(text)\r\n")
                case .silence: peer.waitForEnd()
                case .hangUp: return
                }
            case "STAT": peer.send("+OK \(box.count) \(box.reduce(0) { $0 + $1.text.utf8.count })\r\n")
            case "UIDL" where number > box.count, "LIST" where number > box.count, "RETR" where number > box.count:
                peer.send("-ERR no such message\r\n")
            case "UIDL" where number > 0: peer.send("+OK \(number) \(box[number - 1].id)\r\n")
            case "LIST" where number > 0: peer.send("+OK \(number) \(box[number - 1].text.utf8.count)\r\n")
            case "UIDL":
                peer.send("+OK\r\n" + box.enumerated().map { "\($0 + 1) \($1.id)\r\n" }.joined() + ".\r\n")
            case "LIST":
                peer.send(
                    "+OK\r\n" + box.enumerated().map { "\($0 + 1) \($1.text.utf8.count)\r\n" }.joined() + ".\r\n")
            case "RETR" where now.refuses.contains(number): peer.send("-ERR not that one\r\n")
            case "RETR": peer.send("+OK\r\n\(box[number - 1].text).\r\n")
            case "QUIT":
                peer.send("+OK\r\n")
                return
            default: peer.send("-ERR unknown\r\n")
            }
        }
    }
}
