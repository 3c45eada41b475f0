// SPDX-License-Identifier: Apache-2.0

import Logging
import MailStore
import Synchronization
import Vocabulary
import Waiting

/// The ``PlatformBreaker`` of all who want the platform.
final class SharedBreaker: Sendable {
    private struct State: Sendable {
        var breaker = PlatformBreaker()
        /// Accounts that wait to be admitted, and how often.
        var waiting: [EmailAddress: Int] = [:]
        /// Wakes them.
        var news = Alarm()
        var isStopping = false

        func othersWait(than account: EmailAddress?) -> Bool {
            waiting.keys.contains { $0 != account && !breaker.hasTurnedAway($0) }
        }
    }

    private let state = Mutex(State())
    private let log: Logger

    /// How long an account waits at most until others have tried.
    private static let patience = Duration.seconds(30)

    init(log: Logger) { self.log = log }

    var error: MailStoreError? { state.withLock { $0.breaker.error } }
    /// Whether only an administrator can mend what is wrong.
    var isConfiguration: Bool {
        state.withLock { $0.breaker.kind == .configuration || $0.breaker.kind == .masterTurnedAway }
    }
    var kind: PlatformFailure.Kind? { state.withLock { $0.breaker.kind } }
    var suspect: EmailAddress? { state.withLock { $0.breaker.suspect } }
    /// Whether it has ever been seen to be in order.
    var hasBeenWell: Bool { state.withLock { $0.breaker.wellAt != nil } }

    /// Whether it was seen to be in order within this time.
    func wasWell(within time: Duration) -> Bool {
        state.withLock { state in state.breaker.wellAt.map { ContinuousClock.now - $0 < time } ?? false }
    }

    /// The platform has taken mail, on a line that may be old.
    func isUsed() { change { _ = $0.breaker.isWell(hasLoggedIn: false, at: .now) } }

    /// Nobody waits any more.
    func stop() { change { $0.isStopping = true } }

    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, news) = state.withLock { state in
            let value = body(&state)
            // With nobody there to hear it, the same can ring for the next.
            guard !state.waiting.isEmpty else { return (value, Alarm?.none) }
            defer { state.news = Alarm() }
            return (value, state.news)
        }
        news?.ring()
        return value
    }

    /// Asks the platform, unless it is to be left alone.
    /// - Parameter account: whose mailbox is entered; nil where nobody logs in.
    func guarding<Value: Sendable>(
        _ account: EmailAddress?, _ ask: () async throws(PlatformFailure) -> Value
    ) async throws(MailStoreError) -> Value {
        let pass = try await admitted(account)
        do throws(PlatformFailure) {
            let value = try await ask()
            let isNews = change { state in
                state.breaker.ended(pass)
                return state.breaker.isWell(hasLoggedIn: account != nil, at: .now)
            }
            if isNews {
                log.notice("the platform takes mail again")
            }
            return value
        } catch {
            let isNews = change { state in
                state.breaker.ended(pass)
                return state.breaker.fails(error, of: account, at: .now)
            }
            if isNews {
                log.error(
                    "\(error.error). Until then logins go on, and moves wait.",
                    metadata: ["reason": "mailStoreUnavailable"])
            }
            throw error.error
        }
    }

    /// Waits until the account may be entered.
    private func admitted(_ account: EmailAddress?) async throws(MailStoreError) -> PlatformBreaker.Pass {
        let patience = ContinuousClock.now + Self.patience
        var isWaiting = false
        defer {
            if isWaiting, let account {
                change { state in
                    let left = (state.waiting[account] ?? 1) - 1
                    state.waiting[account] = left > 0 ? left : nil
                }
            }
        }
        while true {
            let (admission, news, isStopping) = state.withLock { state in
                let othersWait = state.othersWait(than: account)
                let admission = state.breaker.admit(account, othersWait: othersWait, at: .now)
                if case .waits = admission, let account, !isWaiting {
                    state.waiting[account, default: 0] += 1
                    isWaiting = true
                }
                return (admission, state.news, state.isStopping)
            }
            switch admission {
            case .enters(let pass): return pass
            case .refused(let error): throw error
            case .waits(let until, let error):
                guard !Task.isCancelled, !isStopping, until ?? .now <= patience else { throw error ?? Self.unknown }
                await news.sleep(seconds: max(0.01, ((until ?? patience) - .now) / .seconds(1)))
            }
        }
    }

    private static let unknown = MailStoreError(
        code: .unresponsive, detail: "whether the platform lets the master user in is not known yet")
}
