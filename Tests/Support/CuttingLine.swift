// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// The line to an IMAP server, which breaks, falls silent or lies when told: what no real server does when a test wants it.
///
/// Commands are handed on when they are whole, so that a test decides at each stage what becomes of them.
public final class CuttingLine: Sendable {
    public enum Stage: Hashable, Sendable {
        /// Its first line is there.
        case begun
        /// It is there as a whole, and was not handed on.
        case whole
        /// The server's answer is there, and was not handed back.
        case answered
    }

    public enum Action: Sendable {
        case goOn
        /// Both ends are dropped.
        case cut
        /// The server gets half of the literal of this index; then both ends are dropped.
        case half(Int)
        /// The answer is handed back; then both ends are dropped.
        case cutAfter
        /// Said to the client instead; before the answer, the server gets nothing of the command.
        case say(String)
        case wait(Double)
    }

    public struct Asked: Sendable {
        /// Of the connection, from 1.
        public var connection: Int
        public var verb: String
        /// Its first line.
        public var text: String
        public var literals: [[UInt8]] = []
    }

    public typealias Hook = @Sendable (Stage, Asked) -> Action

    private struct State {
        var hook: Hook = { _, _ in .goOn }
        var edit: (@Sendable (String) -> String)?
        var hidden: Set<String> = []
        var hidesPlaces = false
        var asked: [Asked] = []
        var connections = 0
        var links: [Link] = []
        var most = 0
        var isStopped = false
        var greetingSeconds = 0.0
    }

    public let port: Int
    private let target: Int
    private let descriptor: CInt
    private let state = Mutex(State())

    init(to target: Int) throws {
        self.target = target
        let (descriptor, port) = try LoopbackSocket.listen()
        (self.descriptor, self.port) = (descriptor, Int(port))
        let thread = Thread { [self] in accept() }
        thread.start()
    }

    public func stop() {
        // A second close would be another's.
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(descriptor, CInt(SHUT_RDWR))
        close(descriptor)
    }

    /// What becomes of each command from now on.
    public func at(_ hook: @escaping Hook) { state.withLock { $0.hook = hook } }

    /// What becomes of each line of the server's answers from now on, and of texts, where these stay as long as they are.
    public func edit(_ edit: @escaping @Sendable (String) -> String) { state.withLock { $0.edit = edit } }

    /// How long each connection waits for its greeting.
    public func greetsAfter(seconds: Double) { state.withLock { $0.greetingSeconds = seconds } }

    /// Capabilities that are not announced.
    public func hide(_ capabilities: Set<String>) {
        state.withLock { state in
            state.hidden = capabilities
            state.hidesPlaces = capabilities.contains("UIDPLUS")
        }
    }

    public func asked(_ verb: String) -> [Asked] { state.withLock { $0.asked.filter { $0.verb == verb } } }

    /// The most connections there were at once.
    public var most: Int { state.withLock { $0.most } }
    public var connections: Int { state.withLock { $0.connections } }

    // MARK: Threads

    private func accept() {
        while true {
            let client = Glibc.accept(descriptor, nil, nil)
            guard client >= 0 else { return }
            guard let server = try? LoopbackSocket.connect(port: target) else {
                close(client)
                continue
            }
            var yes: CInt = 1
            setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
            let link = state.withLock { state in
                state.connections += 1
                let link = Link(client: client, server: server, number: state.connections)
                state.links.removeAll(where: \.isOver)
                state.links.append(link)
                state.most = max(state.most, state.links.count)
                return link
            }
            Thread { [self] in
                back(link)
                link.cut()
            }.start()
            Thread { [self] in
                forth(link)
                link.cut()
                state.withLock { state in state.links.removeAll { $0 === link } }
            }.start()
        }
    }

    private final class Link: Sendable {
        let client: CInt
        let server: CInt
        let number: Int
        private let waiting = Mutex<[String: Asked]>([:])

        init(client: CInt, server: CInt, number: Int) {
            (self.client, self.server, self.number) = (client, server, number)
        }

        deinit {
            close(client)
            close(server)
        }

        func cut() {
            shutdown(client, CInt(SHUT_RDWR))
            shutdown(server, CInt(SHUT_RDWR))
        }

        private static let peerHasClosed: Int16 = 0x2000  // POLLRDHUP, which Glibc does not show

        /// The client has closed it, perhaps a moment ago.
        var isOver: Bool {
            var events = pollfd(fd: client, events: Self.peerHasClosed, revents: 0)
            return poll(&events, 1, 0) > 0
        }

        func await(_ tag: String, _ asked: Asked) { waiting.withLock { $0[tag] = asked } }

        func answered(_ tag: String) -> Asked? { waiting.withLock { $0.removeValue(forKey: tag) } }
    }

    private func act(_ stage: Stage, _ asked: Asked) -> Action {
        let action = state.withLock(\.hook)(stage, asked)
        guard case .wait(let seconds) = action else { return action }
        usleep(UInt32(seconds * 1_000_000))
        return .goOn
    }

    /// From the client to the server, command by command.
    private func forth(_ link: Link) {
        var stream = Stream(link.client)
        while var line = stream.line() {
            let words = line.split(separator: 32, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
            guard let tag = words.first else { continue }
            var asked = Asked(
                connection: link.number,
                verb: words.count > 1 ? words[1].trimmingCharacters(in: .whitespacesAndNewlines).uppercased() : "",
                text: String(decoding: line, as: UTF8.self))
            var wire: [UInt8] = []
            var action = act(.begun, asked)
            if case .cut = action { return }
            while let literal = Self.literal(line) {
                if literal.isSynchronizing {
                    if case .say = action { break }
                    send(Array("+ go on\r\n".utf8), to: link.client)
                }
                wire += line[..<literal.start] + Array("{\(literal.count)+}\r\n".utf8)
                guard let octets = stream.octets(literal.count) else { return }
                if case .half(let index) = action, index == asked.literals.count {
                    send(wire + octets[..<(octets.count / 2)], to: link.server)
                    usleep(200_000)
                    return
                }
                asked.literals.append(octets)
                wire += octets
                guard let next = stream.line() else { return }
                line = next
            }
            wire += line
            let whole = asked
            state.withLock { $0.asked.append(whole) }
            if case .goOn = action { action = act(.whole, asked) }
            switch action {
            case .cut: return
            case .say(let words): send(Array("\(tag) \(words)\r\n".utf8), to: link.client)
            default:
                link.await(tag, asked)
                send(wire, to: link.server)
            }
        }
    }

    /// From the server to the client, line by line.
    private func back(_ link: Link) {
        usleep(UInt32(state.withLock(\.greetingSeconds) * 1_000_000))
        var stream = Stream(link.server)
        while var line = stream.line() {
            line = edited(line)
            let tag = line.prefix { $0 != 32 }
            guard let asked = link.answered(String(decoding: tag, as: UTF8.self)) else {
                send(line, to: link.client)
                guard let literal = Self.literal(line) else { continue }
                guard let octets = stream.octets(literal.count) else { return }
                let changed = edited(octets)
                send(changed.count == octets.count ? changed : octets, to: link.client)
                continue
            }
            switch act(.answered, asked) {
            case .cut: return
            case .cutAfter:
                send(line, to: link.client)
                usleep(50_000)
                return
            case .say(let words): send(Array(tag) + Array(" \(words)\r\n".utf8), to: link.client)
            default: send(line, to: link.client)
            }
        }
    }

    /// Without what is hidden.
    private func edited(_ line: [UInt8]) -> [UInt8] {
        let (hidden, hidesPlaces, edit) = state.withLock { ($0.hidden, $0.hidesPlaces, $0.edit) }
        if let edit { return Array(edit(String(decoding: line, as: UTF8.self)).utf8) }
        guard !hidden.isEmpty else { return line }
        var text = String(decoding: line, as: UTF8.self)
        guard text.contains("CAPABILITY") || hidesPlaces && text.contains("[APPENDUID") else { return line }
        for name in hidden {
            text = text.replacing(" \(name) ", with: " ")
            text = text.replacing(" \(name)]", with: "]")
            text = text.replacing(" \(name)\r", with: "\r")
        }
        if hidesPlaces { text = text.replacing(#/\[APPENDUID [^\]]*\] /#, with: "") }
        return Array(text.utf8)
    }

    private static func literal(_ line: [UInt8]) -> (start: Int, count: Int, isSynchronizing: Bool)? {
        var end = line.count
        while end > 0, line[end - 1] == 10 || line[end - 1] == 13 { end -= 1 }
        guard end > 2, line[end - 1] == UInt8(ascii: "}"), let start = line[..<end].lastIndex(of: UInt8(ascii: "{"))
        else { return nil }
        let inside = line[(start + 1)..<(end - 1)]
        let digits = inside.last == UInt8(ascii: "+") ? inside.dropLast() : inside
        guard !digits.isEmpty, let count = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        return (start, count, inside.last != UInt8(ascii: "+"))
    }

    private func send(_ octets: [UInt8], to descriptor: CInt) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private struct Stream {
        private let descriptor: CInt
        private var input: [UInt8] = []
        private var start = 0

        init(_ descriptor: CInt) { self.descriptor = descriptor }

        /// With its end.
        mutating func line() -> [UInt8]? {
            var seen = start
            while true {
                if let end = input[seen...].firstIndex(of: 10) {
                    defer { start = end + 1 }
                    return Array(input[start...end])
                }
                let ahead = input.count - start
                guard receive() else { return nil }
                seen = start + ahead
            }
        }

        mutating func octets(_ count: Int) -> [UInt8]? {
            while input.count - start < count { if !receive() { return nil } }
            defer { start += count }
            return Array(input[start..<(start + count)])
        }

        private mutating func receive() -> Bool {
            if start > 0 {
                input.removeSubrange(..<start)
                start = 0
            }
            var octets = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &octets, octets.count, 0)
            guard count > 0 else { return false }
            input += octets[..<count]
            return true
        }
    }
}
