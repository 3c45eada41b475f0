// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Testing
import Vocabulary

/// Whatever an old server does, a session with it ends, soon and with a reason, and costs little.
@Suite(.timeLimit(.minutes(15))) struct HostileServerTests {
    typealias Peer = ScriptedServer.Peer

    /// The steps of a session in their order, by the commands that begin them.
    enum Step: String, CaseIterable, Sendable {
        case greeting, login, examine, capability, list, status, listing, header, retrieval, logout

        var told: SourceError.Step {
            switch self {
            case .greeting: .greeting
            case .login, .examine: .login
            case .capability: .capabilities
            case .list, .status: .folders
            case .listing: .listing
            case .header, .retrieval: .fetch
            case .logout: .farewell
            }
        }

        func begins(with command: String) -> Bool {
            switch self {
            case .greeting: false
            case .login: command.hasPrefix("LOGIN ")
            case .examine: command.hasPrefix("EXAMINE ")
            case .capability: command == "CAPABILITY"
            case .list: command.hasPrefix("LIST ")
            case .status: command.hasPrefix("STATUS ")
            case .listing: command.hasPrefix("UID FETCH ") && !command.contains("BODY")
            case .header: command.contains("BODY.PEEK[HEADER]")
            case .retrieval: command.contains("BODY.PEEK[]")
            case .logout: command == "LOGOUT"
            }
        }

        func answer(_ tag: String) -> String {
            let text =
                switch self {
                case .greeting: "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready"
                case .login, .logout: ""
                case .examine: "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 3] x"
                case .capability: "* CAPABILITY IMAP4rev1"
                case .list: "* LIST () \"/\" INBOX\r\n* LIST () \"/\" Work"
                case .status: "* STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 5)"
                case .listing:
                    "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 14)\r\n* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 14)"
                case .header: "* 1 FETCH (UID 1 BODY[HEADER] {6}\r\na: b\r\n)"
                case .retrieval:
                    "* 1 FETCH (UID 1 BODY[] {6}\r\na: b\r\n)\r\n* 2 FETCH (UID 2 BODY[] {6}\r\nc: d\r\n)"
                }
            return (text.isEmpty ? "" : text + "\r\n") + (tag.isEmpty ? "" : "\(tag) OK\r\n")
        }
    }

    /// A server that behaves up to one step, and there does something else; it is given the tag.
    private static func server(
        at step: Step, does misdeed: @escaping @Sendable (Peer, String) -> Void
    ) throws -> ScriptedServer {
        try ScriptedServer { peer in
            if step == .greeting { return misdeed(peer, "*") }
            peer.send(Step.greeting.answer(""))
            while let line = peer.line() {
                let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2, let next = Step.allCases.first(where: { $0.begins(with: parts[1]) }) else {
                    peer.send("\(parts.first ?? "*") OK\r\n")
                    continue
                }
                if next == step { return misdeed(peer, parts[0]) }
                peer.send(next.answer(parts[0]))
                if next == .logout { return }
            }
        }
    }

    private static func visit(_ port: Int, read: Duration, _ sink: MemorySink) async throws -> Bool {
        let session = try await OldIMAP.session(port, read: read)
        defer { session.abort() }
        let listing = try await session.list(try await session.folders())
        if let first = listing.first { _ = try await session.header(of: first) }
        var options = FetchOptions(oneByOne: false, windowOctets: 1 << 20)
        // Each step by itself.
        options.opensAhead = false
        try await session.fetch(listing, into: sink, options) { _, _ in }
        return try await session.leave()
    }

    private func outcome(
        at step: Step, read: Duration = .seconds(45), _ misdeed: @escaping @Sendable (Peer, String) -> Void
    ) async throws -> Result<Bool, SourceError> {
        let server = try Self.server(at: step, does: misdeed)
        defer { server.stop() }
        let sink = MemorySink()
        do {
            return .success(try await Self.visit(server.port, read: read, sink))
        } catch let error as SourceError {
            #expect(sink.messages.allSatisfy { $0.isWhole }, "what is not whole is abandoned")
            return .failure(error)
        }
    }

    /// What came of waiting too long. A machine that is busy may keep a well-behaved step waiting: then once more, longer.
    private func patience(
        at step: Step, _ misdeed: @escaping @Sendable (Peer, String) -> Void
    ) async throws -> Result<Bool, SourceError> {
        let first = try await outcome(at: step, read: .milliseconds(800), misdeed)
        if case .failure(let error) = first, error.step != step.told {
            return try await outcome(at: step, read: .seconds(8), misdeed)
        }
        return first
    }

    private func expect(
        _ outcome: Result<Bool, SourceError>, _ code: SessionFault, at step: Step,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        switch outcome {
        case .success(let isConfirmed): #expect(step == .logout && !isConfirmed, sourceLocation: sourceLocation)
        case .failure(let error):
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            #expect(error.step == step.told, "\(error)", sourceLocation: sourceLocation)
            #expect(error.detail.utf8.count < 2000, sourceLocation: sourceLocation)
            #expect(!error.detail.contains(OldIMAP.password), sourceLocation: sourceLocation)
        }
    }

    private static func endless(_ text: String) -> @Sendable (Peer, String) -> Void {
        let piece = Array(String(repeating: text, count: max(1, 65_536 / text.utf8.count)).utf8)
        return { peer, _ in while peer.send(piece) {} }
    }

    private static func dripping(_ start: String, _ octet: String) -> @Sendable (Peer, String) -> Void {
        { peer, _ in
            peer.send(start)
            while peer.send(octet) { peer.pause(milliseconds: 50) }
        }
    }

    @Test(arguments: Step.allCases)
    func silenceEnds(step: Step) async throws {
        expect(try await patience(at: step) { peer, _ in peer.waitForEnd() }, .timedOut, at: step)
    }

    @Test(arguments: Step.allCases)
    func hangingUpEndsIt(step: Step) async throws {
        expect(try await outcome(at: step) { _, _ in }, .closed, at: step)
    }

    @Test(arguments: Step.allCases)
    func aResetEndsIt(step: Step) async throws {
        let outcome = try await outcome(at: step) { peer, _ in peer.resetAtTheEnd() }
        // It may come before anybody has waited for the greeting.
        if case .failure(let error) = outcome, step == .greeting, error.step == .connect { return }
        expect(outcome, .closed, at: step)
    }

    @Test(arguments: Step.allCases)
    func anEndlessLineEnds(step: Step) async throws {
        expect(try await outcome(at: step, Self.endless("* OK and ")), .protocolViolation, at: step)
    }

    @Test(arguments: Step.allCases)
    func aDrippingLineEnds(step: Step) async throws {
        expect(try await patience(at: step, Self.dripping("* OK", " ")), .timedOut, at: step)
    }

    @Test(arguments: Step.allCases)
    func nonsenseEndsIt(step: Step) async throws {
        let nonsense = try await outcome(at: step) { peer, _ in
            peer.send([0, 255, 13, 13, 10, 0, 10, 46, 13, 10])
            peer.waitForEnd()
        }
        expect(nonsense, .protocolViolation, at: step)
    }

    @Test(arguments: [Step.listing, .examine, .status])
    func literalsWithoutBoundAreNotRead(step: Step) async throws {
        let huge = try await outcome(at: step) { peer, _ in
            peer.send("* LIST () \"/\" {4611686018427387904}\r\n")
            peer.waitForEnd()
        }
        expect(huge, .protocolViolation, at: step)
    }

    @Test(arguments: [5_000_000_000, 200_000_000, 4_611_686_018_427_387_904])
    func aMessageThatIsNotWhatWasListedIsNotRead(octets: Int) async throws {
        let huge = try await outcome(at: .retrieval) { peer, _ in
            peer.send("* 1 FETCH (UID 1 BODY[] {\(octets)}\r\n")
            while peer.send("There is no end to this.\r\n") {}
        }
        expect(huge, .protocolViolation, at: .retrieval)
    }

    @Test func aHeaderWithoutEndIsNotKept() async throws {
        let huge = try await outcome(at: .header) { peer, _ in
            peer.send("* 1 FETCH (UID 1 BODY[HEADER] {100000000}\r\n")
            while peer.send("X-Long: there is no end to this.\r\n") {}
        }
        expect(huge, .protocolViolation, at: .header)
    }

    @Test func foldersWithoutEndAreNotKept() async throws {
        let name = String(repeating: "x", count: 50_000)
        let folders = try await outcome(at: .list) { peer, tag in
            for number in 0..<1000 where !peer.send("* LIST () \"/\" \"\(number)\(name)\"\r\n") { return }
            peer.send("\(tag) OK\r\n")
            peer.waitForEnd()
        }
        expect(folders, .protocolViolation, at: .list)
    }

    /// A message that nobody has asked for must not come in place of one that somebody has.
    @Test func aMessageThatNobodyHasAskedForEndsIt() async throws {
        let unasked = try await outcome(at: .listing) { peer, _ in
            peer.send("* 1 FETCH (UID 1 BODY[] {6}\r\na: b\r\n)\r\n")
            peer.waitForEnd()
        }
        expect(unasked, .protocolViolation, at: .listing)
    }

    @Test func answersToNoCommandEndIt() async throws {
        let unasked = try await outcome(at: .list) { peer, tag in
            peer.send("\(tag) OK\r\n\(tag) OK\r\nT1 OK\r\n")
            peer.waitForEnd()
        }
        guard case .failure(let error) = unasked else {
            Issue.record("answers were taken for those of later commands")
            return
        }
        #expect(error.code == .protocolViolation)
    }
}
