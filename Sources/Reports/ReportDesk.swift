// SPDX-License-Identifier: Apache-2.0

package import Ground
import Records
public import Vocabulary

/// Makes reports.
public final class ReportDesk: Sendable {
    private let context: Context

    /// How many of the largest accounts are named.
    private static let mostLargest = 10
    /// How many accounts that have not started are named.
    public static let mostWaiting = 10_000
    private static let pageLength = 1000

    package init(context: Context) { self.context = context }

    /// - Parameter namesPeople: false leaves out names and addresses.
    /// - Throws: ``MoveError`` with `migrationNotEnabled`; `RecordsError`.
    public func report(on domain: DomainName, namesPeople: Bool) async throws -> MigrationReport {
        guard let history = try await context.records.history(of: domain, largest: Self.mostLargest) else {
            throw MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled")
        }
        let waiting = try await waiting(in: domain)
        return MigrationReport(domain, history, waiting, namesPeople: namesPeople, now: context.now())
    }

    /// Page by page, so that other readers get their turns.
    private func waiting(in domain: DomainName) async throws -> [AccountRecord] {
        var found: [AccountRecord] = []
        var query = LogQuery(domain: domain, statuses: [.notStarted], limit: Self.pageLength)
        repeat {
            guard let page = try await context.records.log(query)?.page else { break }
            found += page.entries
            query.cursor = page.nextCursor
        } while query.cursor != nil && found.count < Self.mostWaiting
        return Array(found.prefix(Self.mostWaiting))
    }
}

extension MigrationReport {
    init(
        _ domain: DomainName, _ history: DomainHistory, _ waiting: [AccountRecord], namesPeople: Bool, now: Timestamp
    ) {
        let settings = history.settings
        let totals = history.totals
        let hours = history.hours.map { Span(at: $0.at, moved: $0.messages, octets: $0.octets) }
        var from = settings.enabledAt
        // The hour in which the window was opened may have begun before it.
        if let first = hours.first?.at, first.adding(seconds: 3600) <= from { from = first }
        let end = min(settings.disabledAt ?? settings.expiresAt, settings.expiresAt)
        let to = max(from, min(now, end))
        self.init(
            domain: domain, from: from, to: to, state: settings.state(at: now), expiresAt: settings.expiresAt,
            totals: Totals(
                accounts: totals.accounts, moved: totals.moved, movedOctets: totals.movedOctets,
                remaining: totals.remaining, remainingOctets: totals.remainingOctets,
                seconds: Int64(to.seconds(since: from))),
            hours: hours, byStatus: totals.counts, paused: totals.paused,
            failures: history.failures.map { Failure(reason: $0.key, accounts: $0.value) }.sorted {
                ($1.accounts, $0.reason.rawValue) < ($0.accounts, $1.reason.rawValue)
            },
            notStarted: waiting.map { Waiting($0, isNamed: namesPeople) },
            largest: history.largest.map { size in
                Mailbox(account: namesPeople ? size.address : nil, moved: size.moved, octets: size.movedOctets)
            }, namesPeople: namesPeople)
    }
}

extension MigrationReport.Waiting {
    init(_ row: AccountRecord, isNamed: Bool) {
        let attempt = row.lastAttempt
        let reason: WaitingReason =
            if row.isPaused {
                .paused
            } else {
                switch attempt?.outcome {
                case nil, .accepted?: .noLogin
                case .rejected?: .failed(attempt?.reason ?? .credentialsRejected)
                case .unavailable?: .failed(attempt?.reason ?? .oldServerUnreachable)
                case .noSuchUser?: .failed(attempt?.reason ?? .nonMigratingAccount)
                }
            }
        self.init(
            account: isNamed ? row.address : nil, displayName: isNamed ? row.displayName : nil, reason: reason,
            lastAttempt: attempt.map {
                MigrationReport.Attempt(at: $0.at, via: $0.via, outcome: $0.outcome, reason: $0.reason)
            })
    }
}
