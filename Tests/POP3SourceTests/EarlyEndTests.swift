// SPDX-License-Identifier: Apache-2.0

import MailConnection
import MailSession
import NIOCore
import NIOPosix
import Support
import Testing
import Vocabulary

@testable import POP3
@testable import POP3Source

/// Servers that have said all, and gone, before anybody has got round to listening.
@Suite(.timeLimit(.minutes(5))) struct EarlyEndTests {
    /// Connects to a server that says `words` and hangs up, lets that arrive, and begins then.
    private func late<Value>(
        _ words: String, security: TransportSecurity = .none,
        _ begin: (SocketWire) async throws(WireFailure) -> Value
    ) async throws -> Result<Value, WireFailure> {
        let script = try ScriptedServer { peer in if !words.isEmpty { peer.send(words) } }
        defer { script.stop() }
        let server = OldServer(host: "127.0.0.1", port: script.port, security: security)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let wire = try await SocketWire.connect(
            to: try await Resolution.of(server, ownPorts: [], timeouts: Timeouts(), on: loop), of: server,
            timeouts: Timeouts(), trust: TLSTrust(), on: loop)
        defer { wire.close() }
        try await Task.sleep(for: .milliseconds(200))
        do throws(WireFailure) {
            return .success(try await begin(wire))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: ["-ERR too many connections from your address", "+OK nobody is at home"])
    func aGreetingThatIsAllIsHeard(greeting: String) async throws {
        let answer = try await late("\(greeting)\r\n") { wire throws(WireFailure) in
            try await wire.perform(.greeting)[0]
        }
        #expect(try String(decoding: answer.get().line.octets, as: UTF8.self).contains(greeting.dropFirst(5)))
    }

    /// Neither is half a line taken for an answer.
    @Test(arguments: ["", "+OK nobo"])
    func aServerThatHangsUpAtOnceIsToldByTheFirstThatWaitsForIt(words: String) async throws {
        let answer = try await late(words) { wire throws(WireFailure) in try await wire.perform(.greeting)[0] }
        #expect(throws: WireFailure.self) { try answer.get() }
        if case .failure(let failure) = answer { #expect(failure.code == .closed) }
    }

    @Test func plainTextWhereTLSIsToBeginIsToldAsThat() async throws {
        let facts = try await late("+OK ready\r\n", security: .tls) { wire throws(WireFailure) in
            try await wire.startTLS()
        }
        if case .failure(let failure) = facts { #expect(failure.code == .untrusted) } else { Issue.record("\(facts)") }
    }
}
