// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
public import MailStore
import Synchronization
import Vocabulary
import Waiting

extension IMAPStore {
    /// By what moves have met; where there were none lately, by a connection without a login, or, where the master user
    /// was turned away, by a login there. Answers within two seconds.
    public func check(expecting expected: StoreMarker?) async throws(MailStoreError) {
        // Not one connection more than there may be, where all are in use.
        if breaker.error == nil, breaker.wasWell(within: .seconds(60)) || !connections.hasRoom { return }
        let silence = MailStoreError(code: .unresponsive, detail: "\(platform.subject) does not answer")
        let answer: Result<Void, MailStoreError>?
        do {
            answer = try await withDeadline(seconds: 2) { await self.probe() }
        } catch {
            answer = nil
        }
        try (answer ?? .failure(breaker.error ?? silence)).get()
    }

    private func probe() async -> Result<Void, MailStoreError> {
        do throws(MailStoreError) {
            if let account = breaker.suspect {
                try await connections.with(account) { (turn) async throws(MailStoreError) in _ = try await turn.line() }
            } else {
                try await breaker.guarding(nil) { () async throws(PlatformFailure) in
                    let opened = try await dialler.connect()
                    opened.wire.leave()
                }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
