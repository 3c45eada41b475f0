// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// How much each domain has moved within the last minute.
final class MoveActivity: Sendable {
    private let domains = Mutex<[String: LastMinute]>([:])

    /// This much has become moved at once, by a run that began at `since`.
    func moved(
        messages: Int, octets: Int64, of domain: String, since: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) {
        domains.withLock { $0[domain, default: LastMinute()].add(messages, octets, since: since, now: now) }
    }

    func rate(of domain: String, now: ContinuousClock.Instant) -> LastMinute.Rate {
        domains.withLock { $0[domain]?.rate(now: now) } ?? LastMinute.Rate()
    }

    func forget(_ domain: String) { domains.withLock { $0[domain] = nil } }
}

/// How much has been moved within the last minute, by the second: a value without a clock.
struct LastMinute: Sendable {
    /// Per second.
    struct Rate: Sendable, Hashable {
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
    /// When the latest work began that no quiet minute interrupted.
    private var since: ContinuousClock.Instant?
    private var latest: ContinuousClock.Instant?

    /// - Parameter start: when the work that has brought this began: a rate is counted from then on if a quiet minute
    ///   came before.
    mutating func add(
        _ messages: Int, _ octets: Int64, since start: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) {
        base = base ?? now
        if latest.map({ (now - $0) / .seconds(1) > Self.length }) ?? true { since = min(start, now) }
        latest = now
        let number = second(now)
        if seconds.last?.number != number {
            seconds.removeAll { $0.number <= number - Int64(Self.length) }
            seconds.append(Second(number: number))
        }
        let last = seconds.count - 1
        seconds[last].messages += Int64(messages)
        seconds[last].octets = seconds[last].octets.addingSaturated(octets)
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
