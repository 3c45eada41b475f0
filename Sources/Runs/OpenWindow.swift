// SPDX-License-Identifier: Apache-2.0

import Delivery

/// How much of one account is delivered at once, while the rest waits staged: a value, without a clock.
///
/// An epoch costs a sync and a commit, whatever it holds, and what it holds is not moved before the next one. So the more
/// is under way, the less each message costs; but a stop waits for what is under way, and so the ledger must never lag far
/// behind. What the window lets in is therefore as much as is delivered in a moment, measured by how long deliveries
/// take: it grows while they are quick and the window is what holds them up, and shrinks when they are slow. On a disk that
/// is busy with others, one large sync is worse than several: it waits for all that is written meanwhile.
struct OpenWindow: Sendable {
    static let least = Delivery.Size(messages: 1000, octets: 4 << 20)
    static let most = Delivery.Size(messages: 4000, octets: 16 << 20)
    /// Deliveries that take less time than the first are quick; more than the second, slow.
    private static let (quick, slow) = (Duration.milliseconds(150), Duration.milliseconds(400))

    private(set) var limit = least
    /// Since it last grew, so that it grows once for all deliveries that have waited for each other.
    private var delivered = Delivery.Size()

    /// A delivery of this size has ended.
    /// - Parameters:
    ///   - duration: since it was submitted.
    ///   - hasWaited: whether more was staged than the window let in.
    mutating func delivered(_ size: Delivery.Size, within duration: Duration, hasWaited: Bool) {
        delivered += size
        if duration > Self.slow {
            set(limit.messages / 2, limit.octets / 2)
        } else if hasWaited, duration < Self.quick, delivered.reaches(limit) {
            set(limit.messages * 2, limit.octets * 2)
        }
    }

    private mutating func set(_ messages: Int, _ octets: Int64) {
        limit = Delivery.Size(
            messages: min(Self.most.messages, max(Self.least.messages, messages)),
            octets: min(Self.most.octets, max(Self.least.octets, octets)))
        delivered = Delivery.Size()
    }
}
