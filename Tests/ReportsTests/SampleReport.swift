// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

@testable import Reports

/// A migration of sixty mailboxes, three days old.
struct SampleReport {
    static let morning = Timestamp(milliseconds: 1_795_500_000_000)

    let domain: DomainName
    var settings: MigrationSettings
    var totals = DomainTotals(
        counts: [.completed: 41, .inProgress: 3, .failed: 4, .notStarted: 10, .nonMigrating: 2], moved: 182_344,
        movedOctets: 48_200_000_000, remaining: 9_120)
    var hours: [MovedInHour] = []
    var failures: [Reason: Int64] = [.credentialsRejected: 3, .messagesRefused: 1]
    var largest: [AccountSize] = []
    var waiting: [AccountRecord] = []
    var now = morning.adding(seconds: 3 * 86_400)

    init(names: [String] = ["王 小明", "Ann Miller", "", "José García"]) throws {
        domain = try DomainName("example.com")
        settings = MigrationSettings(
            domain: domain, oldServer: OldServer(host: "192.0.2.1"), validDays: 30, hasKnownAccounts: false,
            autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(), enabledAt: Self.morning,
            generation: 1, warnings: [])
        let start = Self.morning.hour
        for hour: Int64 in 0..<70 {
            // Most people log in in the morning.
            let ofDay = (hour + 7) % 24
            let messages = ofDay < 6 ? 0 : max(0, (14 - abs(ofDay - 9)) * (5_200 - hour * 55) / 14)
            if messages > 0 {
                hours.append(MovedInHour(hour: start + hour, messages: messages, octets: messages * 250_000))
            }
        }
        for (index, octets) in ([6_100_000_000, 2_870_000_000, 912_000_000, 4_096, 512] as [Int64]).enumerated() {
            let address = try EmailAddress("person\(index)@example.com")
            largest.append(AccountSize(address: address, moved: octets / 262_000 + 1, movedOctets: octets))
        }
        for (index, name) in names.enumerated() {
            var row = AccountRecord(
                address: try EmailAddress("late\(index)@example.com"), passwordHash: "", createdAt: Self.morning)
            row.displayName = name.isEmpty ? nil : name
            let outcome: AttemptOutcome? = [.rejected, nil, .unavailable, nil][index % 4]
            row.lastAttempt = outcome.map {
                PasswordAttempt(
                    at: now.adding(seconds: -7_260), via: .webmail, outcome: $0,
                    reason: $0 == .rejected ? .credentialsRejected : .oldServerUnreachable)
            }
            row.isPaused = index == 3
            waiting.append(row)
        }
    }

    func report(namesPeople: Bool = true) -> MigrationReport {
        let history = DomainHistory(
            settings: settings, totals: totals, hours: hours, failures: failures, largest: largest)
        return MigrationReport(domain, history, waiting, namesPeople: namesPeople, now: now)
    }

    func page(_ language: PageLanguage, namesPeople: Bool = true, hoursAhead: Int = 0) throws -> String {
        try ReportPage(report(namesPeople: namesPeople), in: language) { _ in hoursAhead * 3600 }.html(made: now)
    }
}
