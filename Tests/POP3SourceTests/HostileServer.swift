// SPDX-License-Identifier: Apache-2.0

import MailConnection
import NIOPosix
import POP3
import Secrets
import Support
import Synchronization
import Vocabulary

@testable import POP3Source

/// A server that behaves up to one step of a session, and there does something else.
enum HostileServer {
    /// The steps in their order; the second `CAPA` is the one after the login.
    enum Step: String, CaseIterable, Sendable {
        case greeting, capa, user, pass, capaAfterLogin, stat, uidl, list, retr, dele, quit

        /// Under what name an error tells of it.
        var told: POP3Error.Step {
            switch self {
            case .greeting: .greeting
            case .capa, .capaAfterLogin: .capabilities
            case .user, .pass: .authenticate
            case .stat, .uidl, .list: .uidl
            case .retr: .retrieve
            case .dele: .delete
            case .quit: .quit
            }
        }

        fileprivate func answer(_ line: String) -> String {
            switch self {
            case .greeting: "+OK ready\r\n"
            case .capa, .capaAfterLogin: "+OK\r\nUSER\r\nUIDL\r\n.\r\n"
            case .stat: "+OK 2 28\r\n"
            case .uidl: "+OK\r\n1 a\r\n2 b\r\n.\r\n"
            case .list: "+OK\r\n1 14\r\n2 14\r\n.\r\n"
            case .retr: "+OK\r\nSubject: 1\r\n\r\n.\r\n"
            case .user, .pass, .dele, .quit: "+OK\r\n"
            }
        }

        /// The step that a command begins.
        fileprivate static func of(_ line: String, afterLogin isIn: Bool) -> Step? {
            switch line.prefix(4) {
            case "CAPA": isIn ? .capaAfterLogin : .capa
            default: Step(rawValue: line.prefix(4).lowercased())
            }
        }
    }

    static func at(_ step: Step, does misdeed: @escaping @Sendable (ScriptedServer.Peer) -> Void) throws
        -> ScriptedServer
    {
        try ScriptedServer { peer in
            if step == .greeting { return misdeed(peer) }
            peer.send(Step.greeting.answer(""))
            var isIn = false
            while let line = peer.line() {
                guard let next = Step.of(line, afterLogin: isIn) else {
                    peer.send("-ERR unknown command\r\n")
                    continue
                }
                if next == step { return misdeed(peer) }
                if next == .pass { isIn = true }
                peer.send(next.answer(line))
                if next == .quit { return }
            }
        }
    }

    /// The same sentence again and again, until the client has gone.
    static func endless(_ text: String) -> @Sendable (ScriptedServer.Peer) -> Void {
        let piece = Array(String(repeating: text, count: max(1, 65_536 / text.utf8.count)).utf8)
        return { peer in while peer.send(piece) {} }
    }

    /// An octet now and then, until the client has gone.
    static func dripping(_ start: String, _ octet: String, milliseconds: Int = 50)
        -> @Sendable (ScriptedServer.Peer) -> Void
    {
        { peer in
            peer.send(start)
            while peer.send(octet) { peer.pause(milliseconds: milliseconds) }
        }
    }

    /// Goes through a whole session. True when `QUIT` was confirmed.
    static func visit(
        port: Int, read: Duration = .seconds(45), security: TransportSecurity = .none,
        certificate: CertificateCheck? = nil, secure: Bool = false, sink: some MessageSink = CountingSink()
    ) async throws(POP3Error) -> Bool {
        let server = OldServer(host: "127.0.0.1", port: port, security: security, certificate: certificate)
        let password = Password("open sesame")
        let dialler = POP3Dialler(group: MultiThreadedEventLoopGroup.singleton, trust: TLSTrust())
        let session = try await dialler.open(
            server, timeouts: Timeouts(connect: .seconds(5), read: read), hiding: password)
        defer { session.abort() }
        let answer = try await session.authenticate(user: "ann", password: password, secure: secure)
        guard answer == .accepted else { return false }
        let listing = try await session.listing()
        try await session.retrieve(listing, into: sink)
        try await session.delete([1])
        return try await session.quit()
    }
}

/// Counts octets and keeps none.
final class CountingSink: MessageSink {
    private let state = Counters()

    func begin(_ message: ListedMessage) {}
    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        withUnsafeTemporaryAllocation(byteCount: max(count, 1024), alignment: 1) { room in
            _ = state.octets.add(fill(room), ordering: .relaxed)
        }
    }
    func end() { state.whole.add(1, ordering: .relaxed) }
    func flush() {}
    func abandon() { state.abandoned.add(1, ordering: .relaxed) }
    var isFull: Bool { false }
    func whenReady(_ resume: @escaping @Sendable () -> Void) { resume() }

    var octets: Int { state.octets.load(ordering: .relaxed) }
    var whole: Int { state.whole.load(ordering: .relaxed) }
    var abandoned: Int { state.abandoned.load(ordering: .relaxed) }
}

private final class Counters: Sendable {
    let octets = Atomic(0)
    let whole = Atomic(0)
    let abandoned = Atomic(0)
}
