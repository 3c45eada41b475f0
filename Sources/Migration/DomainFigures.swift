// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

/// How far a domain is, and how fast it goes.
public struct DomainFigures: Sendable, Hashable {
    public var totals: DomainTotals
    /// Accounts in progress whose run waits for its turn.
    public var queued: Int64
    /// Over the last minute; 0 where nothing moves.
    public var messagesPerSecond: Double
    public var octetsPerSecond: Double
    /// Of what is known and under way: what a mailbox that was not listed yet holds, what failed, and what is paused, is
    /// left out. nil where nothing moves.
    public var etaSeconds: Int?

    /// - Parameter running: accounts in progress that have a run and are not paused.
    init(_ totals: DomainTotals, running: Int64, rate: LastMinute.Rate) {
        self.totals = totals
        queued = max(0, totals.underWay.accounts - running)
        messagesPerSecond = (rate.messages * 100).rounded() / 100
        octetsPerSecond = rate.octets.rounded()
        guard rate.messages > 0 else { return }
        // Large messages may be left, or small ones: whichever takes longer.
        let byMessages = Double(max(0, totals.underWay.messages)) / rate.messages
        let byOctets = rate.octets > 0 ? Double(totals.underWay.octets) / rate.octets : 0
        etaSeconds = Int(saturating: max(byMessages, byOctets).rounded(.up))
    }
}

extension StatusBoard {
    /// How far `domain` is.
    /// - Throws: `RecordsError`.
    public func figures(of domain: DomainName) async throws -> DomainFigures {
        let running = activity.running(of: domain.name)
        return try await context.records.read { try self.figures(of: domain, running: running, $0) }
    }

    /// The same, as one state of the records has it.
    func figures(
        of domain: DomainName, running: Set<AccountRecord.ID>, _ records: any RecordsReader
    ) throws -> DomainFigures {
        // As many as move at once, at the most.
        let running = try running.count { id in
            guard let row = try records.account(id: id), row.deletedAt == nil else { return false }
            return row.status == .inProgress && !row.isPaused
        }
        return DomainFigures(
            try records.totals(of: domain), running: Int64(running),
            rate: activity.rate(of: domain.name, now: context.uptime()))
    }
}
