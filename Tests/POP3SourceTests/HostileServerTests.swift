// SPDX-License-Identifier: Apache-2.0

import POP3
import Support
import Testing
import Vocabulary

/// Whatever an old server does, a session with it ends, soon and with a reason, and costs little.
@Suite(.timeLimit(.minutes(15))) struct HostileServerTests {
    typealias Step = HostileServer.Step
    typealias Peer = ScriptedServer.Peer

    /// What came of a visit: the error, or whether `QUIT` was confirmed.
    private func outcome(
        at step: Step, read: Duration = .seconds(45), _ misdeed: @escaping @Sendable (Peer) -> Void
    ) async throws -> Result<Bool, POP3Error> {
        let server = try HostileServer.at(step, does: misdeed)
        defer { server.stop() }
        do throws(POP3Error) {
            return .success(try await HostileServer.visit(port: server.port, read: read))
        } catch {
            return .failure(error)
        }
    }

    /// What came of waiting too long. A machine that is busy may keep a well-behaved step waiting: then once more, longer.
    private func patience(
        at step: Step, _ misdeed: @escaping @Sendable (Peer) -> Void
    ) async throws -> Result<Bool, POP3Error> {
        let first = try await outcome(at: step, read: .milliseconds(800), misdeed)
        if case .failure(let error) = first, error.step != step.told {
            return try await outcome(at: step, read: .seconds(8), misdeed)
        }
        return first
    }

    /// It fails at the step with the code; at `QUIT` nothing is confirmed.
    private func expect(
        _ outcome: Result<Bool, POP3Error>, _ codes: Set<SessionFault>, at step: Step,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        switch outcome {
        case .success(let isConfirmed): #expect(step == .quit && !isConfirmed, sourceLocation: sourceLocation)
        case .failure(let error):
            #expect(codes.contains(error.code), "\(error)", sourceLocation: sourceLocation)
            #expect(error.step == step.told, "\(error)", sourceLocation: sourceLocation)
            #expect(error.detail.utf8.count < 2000, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: Step.allCases)
    func silenceEnds(step: Step) async throws {
        expect(try await patience(at: step) { $0.waitForEnd() }, [.timedOut], at: step)
    }

    @Test(arguments: Step.allCases)
    func aResetEndsIt(step: Step) async throws {
        let outcome = try await outcome(at: step) { $0.resetAtTheEnd() }
        // It may come before anybody has waited for the greeting.
        if case .failure(let error) = outcome, step == .greeting, error.step == .connect { return }
        expect(outcome, [.closed], at: step)
    }

    @Test(arguments: Step.allCases)
    func hangingUpEndsIt(step: Step) async throws {
        expect(try await outcome(at: step) { _ in }, [.closed], at: step)
    }

    @Test(arguments: Step.allCases)
    func anEndlessLineEnds(step: Step) async throws {
        expect(try await outcome(at: step, HostileServer.endless("+OK and ")), [.protocolViolation], at: step)
    }

    @Test(arguments: Step.allCases)
    func aDrippingLineEnds(step: Step) async throws {
        expect(try await patience(at: step, HostileServer.dripping("+OK", " ")), [.timedOut], at: step)
    }

    @Test(arguments: Step.allCases)
    func nonsenseEndsIt(step: Step) async throws {
        let nonsense = try await outcome(at: step) { peer in
            peer.send([0, 255, 13, 13, 10, 0, 10, 46, 13, 10])
            peer.waitForEnd()
        }
        expect(nonsense, [.protocolViolation], at: step)
    }

    @Test(arguments: [Step.capa, .capaAfterLogin, .uidl, .list])
    func anEndlessListEnds(step: Step) async throws {
        let lines = try await outcome(at: step) { peer in
            peer.send("+OK\r\n")
            HostileServer.endless("1 a\r\n")(peer)
        }
        expect(lines, [.protocolViolation], at: step)
    }

    @Test(arguments: [Step.capa, .capaAfterLogin, .uidl, .list])
    func aListOfOneEndlessLineEnds(step: Step) async throws {
        let line = try await outcome(at: step) { peer in
            peer.send("+OK\r\n")
            HostileServer.endless("1 a")(peer)
        }
        expect(line, [.protocolViolation], at: step)
    }

    @Test(arguments: [Step.capa, .uidl, .retr])
    func whatDripsForEverEnds(step: Step) async throws {
        let dripped = try await patience(at: step, HostileServer.dripping("+OK\r\n", "1"))
        expect(dripped, [.timedOut], at: step)
    }

    @Test func aMessageWithoutEndEnds() async throws {
        let server = try HostileServer.at(.retr) { peer in
            peer.send("+OK\r\n")
            HostileServer.endless("There is no end to this.\r\n")(peer)
        }
        defer { server.stop() }
        let sink = CountingSink()
        await #expect(throws: POP3Error.self) { _ = try await HostileServer.visit(port: server.port, sink: sink) }
        #expect(sink.whole == 0)
        #expect(sink.abandoned == 1)
        #expect(sink.octets < 66 << 20, "what LIST says is 14 octets comes to that")
    }

    @Test func halfALineAheadOfACommandIsNotItsAnswer() async throws {
        let early = try await outcome(at: .user) { peer in
            peer.send("+OK\r\n+OK logg")
            peer.pause(milliseconds: 100)
            _ = peer.line()
            peer.send("ed in\r\n")
            peer.waitForEnd()
        }
        guard case .failure(let error) = early else {
            Issue.record("the login was taken for accepted")
            return
        }
        #expect(error.code == .protocolViolation)
    }

    @Test func repliesToNoCommandEndIt() async throws {
        let unasked = try await outcome(at: .capaAfterLogin) { peer in
            peer.send("+OK\r\n.\r\n" + String(repeating: "+OK\r\n", count: 1000))
            peer.waitForEnd()
        }
        guard case .failure(let error) = unasked else {
            Issue.record("replies were taken for those of later commands")
            return
        }
        #expect(error.code == .protocolViolation)
    }

    @Test func aMessageThatIsRefusedForEverCostsNoMemory() async throws {
        let server = try MailboxServer(
            user: "ann", password: "open sesame", messages: (0..<300).map { ("u\($0)", [65]) }, options: Self.refusing)
        defer { server.stop() }
        let sink = CountingSink()
        #expect(try await HostileServer.visit(port: server.port, sink: sink))
        #expect(sink.whole == 0)
    }

    private static var refusing: MailboxServer.Options {
        var options = MailboxServer.Options()
        options.answer = { $0.hasPrefix("RETR") ? "-ERR \(String(repeating: "no ", count: 300))\r\n" : nil }
        return options
    }
}
