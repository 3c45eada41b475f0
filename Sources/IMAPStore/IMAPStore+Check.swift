// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
public import MailStore
import Synchronization
import Vocabulary
import Waiting

extension IMAPStore {
    /// A look at the platform.
    struct Probe: Sendable {
        let start = ContinuousClock.now
        let answer = Latch<Result<Void, MailStoreError>>()
    }

    /// By what moves have met; where there were none lately, by a connection without a login, or, where the master user
    /// was turned away, by a login there. Answers within two seconds; a platform that takes longer and was in order before
    /// has ten.
    public func check(expecting expected: StoreMarker?) async throws(MailStoreError) {
        // Not one connection more than there may be, where all are in use.
        if breaker.error == nil, breaker.wasWell(within: .seconds(60)) || !connections.hasRoom { return }
        let probe = probe()
        let answer: Result<Void, MailStoreError>??
        do {
            answer = try await withDeadline(seconds: 2) { await probe.answer.waitUnlessCancelled() }
        } catch {
            answer = nil
        }
        if let answer = answer ?? nil { return try answer.get() }
        if let error = breaker.error { throw error }
        if breaker.hasBeenWell, ContinuousClock.now - probe.start < .seconds(10) { return }
        throw MailStoreError(code: .unresponsive, detail: "\(platform.subject) does not answer")
    }

    /// The look that is under way, or else a new one.
    private func probe() -> Probe {
        let (probe, isNew) = probing.withLock { probing in
            if let probing { return (probing, false) }
            let probe = Probe()
            probing = probe
            return (probe, true)
        }
        guard isNew else { return probe }
        // Of no task's: whoever asked is answered in time, and it goes on. What a login may take ends it.
        Task {
            let answer = await look()
            probing.withLock { $0 = nil }
            probe.answer.settle(answer)
        }
        return probe
    }

    private func look() async -> Result<Void, MailStoreError> {
        do throws(MailStoreError) {
            if let account = breaker.suspect {
                try await connections.with(account) { (turn) async throws(MailStoreError) in _ = try await turn.line() }
            } else {
                _ = try await opening()
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// How the platform opens a connection, on which nobody logs in.
    func opening() async throws(MailStoreError) -> Opening.Opened {
        try await connections.asGuest { () async throws(MailStoreError) in
            try await breaker.guarding(nil) { () async throws(PlatformFailure) in
                let opened = try await dialler.connect()
                // A farewell, on which nothing depends; the line is closed in any case.
                _ = try? await withDeadline(seconds: 1) { try await opened.wire.perform(.logout) }
                await opened.wire.closed()
                return opened.opening
            }
        }
    }
}
