// SPDX-License-Identifier: Apache-2.0

package import Ground
package import Records
package import Statuses
import Vocabulary
import Waiting

/// Takes in, every hour, what a platform lists of each domain whose window is open; and, every minute, has hand-overs ended
/// that were interrupted while the platform's accounts did not answer.
package final class IntakeWatch: Sendable {
    private let context: Context
    private let accounts: AccountDesk
    private let statuses: StatusBoard
    private let settleHandOver: @Sendable (AccountRecord) async throws -> Void

    /// Seconds between two looks at a list; after one that failed.
    private static let pause = 3600.0
    private static let retry = 60.0

    /// - Parameter settleHandOver: ends an account's hand-over, if the platform's accounts answer.
    package init(
        context: Context, accounts: AccountDesk, statuses: StatusBoard,
        settleHandOver: @escaping @Sendable (AccountRecord) async throws -> Void
    ) {
        self.settleHandOver = settleHandOver
        self.context = context
        self.accounts = accounts
        self.statuses = statuses
    }

    /// Runs until the program stops.
    package func run() async {
        guard accounts.areElsewhere else { return }
        let alarm = Alarm()
        context.stopping.whenSet { alarm.ring() }
        var due: [String: ContinuousClock.Instant] = [:]
        while !context.stopping.isSet, !Task.isCancelled {
            let now = context.now()
            for settings in statuses.everySettings() where settings.state(at: now) == .active {
                guard due[settings.domain].map({ $0 <= context.uptime() }) ?? true else { continue }
                let isDone = await takeIn(settings.domain)
                due[settings.domain] = context.uptime() + .seconds(isDone ? Self.pause : Self.retry)
            }
            await alarm.sleep(seconds: Self.retry)
            if !context.stopping.isSet { await settleHandOvers() }
        }
    }

    private func settleHandOvers() async {
        do {
            for account in try await context.records.accountsHandingOver() { try await settleHandOver(account) }
        } catch {
            context.log.debug("hand-overs that were interrupted wait for their accounts' next logins: \(error)")
        }
    }

    private func takeIn(_ domain: String) async -> Bool {
        do {
            let count = try await accounts.takeIn(DomainName(domain))
            if count > 0 { context.log.info("\(count) accounts were taken in", metadata: ["domain": "\(domain)"]) }
            return true
        } catch {
            context.log.info("the platform's list is read again later: \(error)", metadata: ["domain": "\(domain)"])
            return false
        }
    }
}
