// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization

/// What goes on in each domain: whose runs, and how much they have brought of late.
final class MoveActivity: Sendable {
    private struct Domain: Sendable {
        var running: Set<AccountRecord.ID> = []
        var minute = LastMinute()
    }

    private let domains = Mutex<[String: Domain]>([:])

    /// A run of the account begins.
    func begins(_ account: AccountRecord.ID, of domain: String, now: ContinuousClock.Instant) {
        domains.withLock { domains in
            if domains[domain]?.running.isEmpty ?? true { domains[domain, default: Domain()].minute.begin(now: now) }
            domains[domain, default: Domain()].running.insert(account)
        }
    }

    /// … and has ended.
    func ends(_ account: AccountRecord.ID, of domain: String) {
        domains.withLock { domains in _ = domains[domain]?.running.remove(account) }
    }

    /// So much has become moved at once.
    func moved(messages: Int, octets: Int64, of domain: String, now: ContinuousClock.Instant) {
        domains.withLock { $0[domain, default: Domain()].minute.add(messages, octets, now: now) }
    }

    /// Accounts that have a run.
    func running(of domain: String) -> Set<AccountRecord.ID> { domains.withLock { $0[domain]?.running ?? [] } }

    /// Messages and octets a second, over the last minute; none where no run is going on.
    func rate(of domain: String, now: ContinuousClock.Instant) -> LastMinute.Rate {
        domains.withLock { domains in
            guard let domain = domains[domain], !domain.running.isEmpty else { return LastMinute.Rate() }
            return domain.minute.rate(now: now)
        }
    }
}

/// How much has been brought within the last minute, by the second: a value without a clock.
struct LastMinute: Sendable {
    struct Rate: Sendable, Hashable {
        /// A second.
        var messages = 0.0
        var octets = 0.0
    }

    private struct Second: Sendable {
        var number: Int64
        var messages: Int64 = 0
        var octets: Int64 = 0
    }

    private static let length = 60.0
    private var seconds: [Second] = []
    private var base: ContinuousClock.Instant?
    private var since: ContinuousClock.Instant?
    private var latest: ContinuousClock.Instant?

    /// Something is under way from now on: what was before a quiet minute is of no account.
    mutating func begin(now: ContinuousClock.Instant) {
        base = base ?? now
        if latest.map({ (now - $0) / .seconds(1) > Self.length }) ?? true { since = now }
    }

    mutating func add(_ messages: Int, _ octets: Int64, now: ContinuousClock.Instant) {
        if base == nil { begin(now: now) }
        latest = now
        let number = second(now)
        if seconds.last?.number != number {
            seconds.removeAll { $0.number <= number - Int64(Self.length) }
            seconds.append(Second(number: number))
        }
        let last = seconds.count - 1
        seconds[last].messages += Int64(messages)
        seconds[last].octets = seconds[last].octets.addingReportingOverflow(octets).partialValue
    }

    func rate(now: ContinuousClock.Instant) -> Rate {
        guard let since else { return Rate() }
        let oldest = second(now) - Int64(Self.length)
        let span = max(1, min(Self.length, (now - since) / .seconds(1)))
        return seconds.reduce(into: Rate()) { rate, second in
            guard second.number > oldest else { return }
            rate.messages += Double(second.messages) / span
            rate.octets += Double(second.octets) / span
        }
    }

    private func second(_ now: ContinuousClock.Instant) -> Int64 {
        base.map { Int64(((now - $0) / .seconds(1)).rounded(.down)) } ?? 0
    }
}
