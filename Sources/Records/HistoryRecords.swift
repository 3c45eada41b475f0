// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How a domain's migration has gone so far.
public protocol HistoryRecords: Sendable {
    /// - Parameter largest: how many of the largest accounts to name.
    /// - Returns: nil for a domain that has no settings.
    func history(of domain: DomainName, largest: Int) async throws -> DomainHistory?
}

/// What was moved in each hour, what keeps accounts from being complete, and which are the largest.
public struct DomainHistory: Sendable, Hashable {
    public var settings: MigrationSettings
    public var totals: DomainTotals
    /// The hours in which something was moved, in order; of accounts deleted since, too.
    public var hours: [MovedInHour]
    /// Accounts that have failed, by reason.
    public var failures: [Reason: Int64]
    /// By octets moved, the largest first; those with nothing moved are left out.
    public var largest: [AccountSize]

    public init(
        settings: MigrationSettings, totals: DomainTotals, hours: [MovedInHour], failures: [Reason: Int64],
        largest: [AccountSize]
    ) {
        self.settings = settings
        self.totals = totals
        self.hours = hours
        self.failures = failures
        self.largest = largest
    }
}

/// What was moved in an hour.
public struct MovedInHour: Sendable, Hashable {
    /// Hours since 1970, in UTC.
    public var hour: Int64
    public var messages: Int64
    public var octets: Int64

    public init(hour: Int64, messages: Int64, octets: Int64) {
        self.hour = hour
        self.messages = messages
        self.octets = octets
    }

    /// The hour's beginning.
    public var at: Timestamp { Timestamp(milliseconds: hour * 3_600_000) }

    /// How many of a domain's latest hours are kept: more than a year in which something is moved every hour.
    public static let kept: Int64 = 10_000
}

extension Timestamp {
    /// Hours since 1970, in UTC.
    public var hour: Int64 {
        let (quotient, rest) = milliseconds.quotientAndRemainder(dividingBy: 3_600_000)
        return rest < 0 ? quotient - 1 : quotient
    }
}

/// How much of an account was moved.
public struct AccountSize: Sendable, Hashable {
    public var address: EmailAddress
    public var moved: Int64
    public var movedOctets: Int64

    public init(address: EmailAddress, moved: Int64, movedOctets: Int64) {
        self.address = address
        self.moved = moved
        self.movedOctets = movedOctets
    }
}

extension TransactionalRecords {
    public func history(of domain: DomainName, largest: Int) async throws -> DomainHistory? {
        try await read { records in
            guard let settings = try records.settings(of: domain) else { return nil }
            return DomainHistory(
                settings: settings, totals: try records.totals(of: domain),
                hours: try records.movedByHour(of: domain), failures: try records.failures(of: domain),
                largest: try records.largestAccounts(of: domain, limit: largest))
        }
    }
}
