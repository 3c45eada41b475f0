// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

/// How far a domain's migration has got, and how fast it goes.
public struct DomainFigures: Sendable, Hashable {
    public var totals: DomainTotals
    /// Accounts in progress whose run waits for its turn.
    public var queued: Int64
    /// Over the last minute; 0 where nothing moves.
    public var messagesPerSecond = 0.0
    public var octetsPerSecond = 0.0
    /// Until all mail is moved that is known and under way: mailboxes not listed yet, failed moves and paused accounts
    /// do not count. nil where nothing moves.
    public var etaSeconds: Int?

    /// - Parameter running: accounts in progress that have a run and are not paused.
    init(_ totals: DomainTotals, running: Int64, rate: LastMinute.Rate) {
        self.totals = totals
        queued = max(0, totals.underWay.accounts - running)
        guard running > 0 else { return }
        messagesPerSecond = (rate.messages * 100).rounded() / 100
        octetsPerSecond = rate.octets.rounded()
        guard rate.messages > 0 else { return }
        // What remains may be a few large messages or many small ones: the longer of both estimates holds.
        let byMessages = Double(max(0, totals.underWay.messages)) / rate.messages
        let byOctets = rate.octets > 0 ? Double(totals.underWay.octets) / rate.octets : 0
        etaSeconds = Int(saturating: max(byMessages, byOctets).rounded(.up))
    }
}

extension StatusBoard {
    /// - Throws: `RecordsError`.
    public func figures(of domain: DomainName) async throws -> DomainFigures {
        let (totals, running) = try await context.records.totals(of: domain, running: runningAccounts)
        return figures(totals, running: running, of: domain.name)
    }

    /// The same, from sums that have just been read.
    package func figures(_ totals: DomainTotals, running: Int64, of domain: String) -> DomainFigures {
        DomainFigures(totals, running: running, rate: activity.rate(of: domain, now: context.uptime()))
    }
}
