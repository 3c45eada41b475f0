// SPDX-License-Identifier: Apache-2.0

import Logging
import MailStore
import Synchronization
import Vocabulary

/// The ``PlatformBreaker`` of all who want the platform.
final class SharedBreaker: Sendable {
    private let breaker = Mutex(PlatformBreaker())
    private let log: Logger

    init(log: Logger) { self.log = log }

    var error: MailStoreError? { breaker.withLock { $0.error } }
    /// Whether only an administrator can mend what is wrong.
    var isConfiguration: Bool {
        breaker.withLock { $0.kind == .configuration || $0.kind == .masterTurnedAway }
    }
    var kind: PlatformFailure.Kind? { breaker.withLock { $0.kind } }
    var suspect: EmailAddress? { breaker.withLock { $0.suspect } }

    /// Whether it was seen to be in order within this time.
    func wasWell(within time: Duration) -> Bool {
        breaker.withLock { breaker in breaker.wellAt.map { ContinuousClock.now - $0 < time } ?? false }
    }

    /// The platform has taken mail.
    func isUsed() { breaker.withLock { _ = $0.isWell(hasLoggedIn: true, at: .now) } }

    /// Asks the platform, unless it is to be left alone.
    /// - Parameter account: whose mailbox is entered; nil where nobody logs in.
    func guarding<Value: Sendable>(
        _ account: EmailAddress?, _ ask: () async throws(PlatformFailure) -> Value
    ) async throws(MailStoreError) -> Value {
        if let error = breaker.withLock({ $0.admit(at: .now) }) { throw error }
        do throws(PlatformFailure) {
            let value = try await ask()
            if breaker.withLock({ $0.isWell(hasLoggedIn: account != nil, at: .now) }) {
                log.notice("the platform takes mail again")
            }
            return value
        } catch {
            if breaker.withLock({ $0.fails(error, of: account, at: .now) }) {
                log.error(
                    "\(error.error). Until then logins go on, and moves wait.",
                    metadata: ["reason": "mailStoreUnavailable"])
            }
            throw error.error
        }
    }
}
