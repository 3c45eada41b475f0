// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Testing
import Vocabulary

/// How every `MailSource` fails: soon, at a step that it names, and with a remedy.
@Suite(.timeLimit(.minutes(15))) struct FaultTests {
    /// Those that a server can fail at after it has taken the connection.
    static let steps: [SourceError.Step] = [
        .greeting, .login, .capabilities, .folders, .listing, .fetch, .delete, .farewell,
    ]

    /// Goes through a whole session. True when its end was confirmed.
    private func visit(_ mailbox: OldMailbox, read: Duration) async throws -> Bool {
        let session = try await mailbox.session(read: read)
        let listing = try await session.list(try await session.folders())
        try await session.fetch(
            listing, into: MemorySink(), FetchOptions(oneByOne: true, windowOctets: 4 << 20)
        ) { _, _ in }
        _ = try await session.delete([listing[0]])
        return try await session.leave()
    }

    /// What came of it: the error, or whether the end was confirmed.
    private func outcome(
        _ kind: SourceKind, _ fault: Fault, read: Duration = .seconds(45)
    ) async throws -> Result<Bool, SourceError> {
        let mailbox = try await OldMailbox.make(kind, fault)
        defer { mailbox.stop() }
        do {
            return .success(try await visit(mailbox, read: read))
        } catch let error as SourceError {
            return .failure(error)
        }
    }

    private func expect(
        _ outcome: Result<Bool, SourceError>, _ code: SessionFault, at step: SourceError.Step
    ) {
        switch outcome {
        // Nobody is the worse for a farewell that is lost, but nothing is confirmed.
        case .success(let isConfirmed): #expect(step == .farewell && !isConfirmed)
        case .failure(let error):
            #expect(error.code == code, "\(error)")
            #expect(error.step == step, "\(error)")
            #expect(error.remedy == .again)
            #expect(error.reason == .oldServerUnreachable)
            #expect(!error.detail.isEmpty && !error.detail.contains(OldMailbox.password))
        }
    }

    @Test(arguments: SourceKind.failing, steps)
    func aServerThatHangsUpIsToldWhereItDid(kind: SourceKind, step: SourceError.Step) async throws {
        expect(try await outcome(kind, .hangsUp(step)), .closed, at: step)
    }

    @Test(arguments: SourceKind.failing, steps)
    func aServerThatFallsSilentIsNotWaitedForForEver(kind: SourceKind, step: SourceError.Step) async throws {
        let first = try await outcome(kind, .isSilent(step), read: .milliseconds(800))
        // A machine that is busy may keep a well-behaved step waiting: then once more, longer.
        if case .failure(let error) = first, error.step != step {
            expect(try await outcome(kind, .isSilent(step), read: .seconds(8)), .timedOut, at: step)
        } else {
            expect(first, .timedOut, at: step)
        }
    }

    @Test(arguments: SourceKind.failing)
    func whoWaitsCanBeCalledOff(kind: SourceKind) async throws {
        let mailbox = try await OldMailbox.make(kind, .isSilent(.listing))
        defer { mailbox.stop() }
        let session = try await mailbox.session(read: .seconds(600))
        let folders = try await session.folders()
        let waiting = Task { try await session.list(folders) }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        let error = await #expect(throws: SourceError.self) { try await waiting.value }
        #expect(error?.code == .cancelled)
        #expect(error?.remedy == .final)
    }

    @Test(arguments: SourceKind.failing)
    func aLineThatIsDroppedFailsWhateverIsUnderWayAndAllThatFollows(kind: SourceKind) async throws {
        let mailbox = try await OldMailbox.make(kind, .isSilent(.listing))
        defer { mailbox.stop() }
        let session = try await mailbox.session(read: .seconds(600))
        let folders = try await session.folders()
        let listing = Task { try await session.list(folders) }
        try await Task.sleep(for: .milliseconds(50))
        session.abort()
        let error = await #expect(throws: SourceError.self) { _ = try await listing.value }
        #expect(error?.code == .cancelled)
        await #expect(throws: SourceError.self) { _ = try await session.list(folders) }
        await session.close()
    }

    @Test(arguments: SourceKind.failing)
    func aServerThatIsDownIsUnreachable(kind: SourceKind) async throws {
        let mailbox = try await OldMailbox.make(kind)
        mailbox.stop()
        if let source = mailbox.source as? MemorySource { source.state.withLock { $0.isDown = true } }
        let error = await #expect(throws: SourceError.self) { _ = try await mailbox.connect() }
        #expect(error?.code == .unreachable)
        #expect(error?.remedy == .again)
        #expect(error?.reason == .oldServerUnreachable)
    }

    /// What the contract says of each, in one place.
    @Test(arguments: [
        (SessionFault.unresolved, Reason.oldServerUnreachable, SourceError.Remedy.again),
        (.unreachable, .oldServerUnreachable, .again), (.timedOut, .oldServerUnreachable, .again),
        (.closed, .oldServerUnreachable, .again), (.untrusted, .oldServerUntrusted, .final),
        (.protocolViolation, .oldServerProtocol, .again), (.pipeliningBroken, .oldServerProtocol, .again),
        (.refused, .oldServerProtocol, .again), (.busy, .mailboxInUse, .wait(seconds: nil)),
        (.throttled, .oldServerThrottled, .wait(seconds: nil)),
        (.exhausted, .overloaded, .wait(seconds: 5)), (.cancelled, .interrupted, .final),
        (.invalidCredentialOctets, .credentialsRejected, .final),
    ])
    func everyErrorHasOneReasonAndOneRemedy(code: SessionFault, reason: Reason, remedy: SourceError.Remedy) {
        let error = SourceError(code: code, step: .connect, detail: "the old server")
        #expect(error.reason == reason)
        #expect(error.remedy == remedy)
    }
}
