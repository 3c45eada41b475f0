// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// By when a server must have said something.
///
/// An answer may take several read timeouts as long as it keeps coming, but not for ever; and within as many, a minimum
/// of a message must arrive. Anything below a hundred octets a second occupies a place that others wait for.
struct WireClock {
    let readTimeout: TimeAmount
    private(set) var deadline: NIODeadline?
    var octetsRead = 0
    private var settledAt = 0

    private var patience: TimeAmount
    /// By when ``leastOctets`` must have come, or the answer be whole, and what had come when that was set.
    private var pace: (deadline: NIODeadline, from: Int)?

    private static let longTimeouts: Int64 = 10
    private static let leastOctets = 64 << 10

    init(patience: TimeAmount) { (readTimeout, self.patience) = (patience, patience) }

    var isRunning: Bool { deadline != nil }

    /// How much has come since something was done with it.
    var octetsUnsettled: Int { octetsRead - settledAt }

    mutating func start(within patience: TimeAmount, at now: NIODeadline) {
        self.patience = patience
        deadline = now + patience
        settled()
    }

    mutating func stop() { (deadline, pace) = (nil, nil) }

    /// A message, or another part of what is asked for, is done: the next may take as long.
    mutating func settled() { (pace, settledAt) = (nil, octetsRead) }

    /// Something has come. False if it is too little.
    mutating func progressed(isInMessage: Bool, at now: NIODeadline) -> Bool {
        let long = TimeAmount.nanoseconds(readTimeout.nanoseconds * Self.longTimeouts)
        let pace = pace ?? (now + long, octetsRead)
        if pace.deadline > now {
            self.pace = pace
        } else if octetsRead - pace.from >= Self.leastOctets {
            self.pace = (now + long, octetsRead)
        } else if isInMessage {
            return false
        }
        let next = now + patience
        // A server that says something each time, and never what it is asked for.
        deadline = isInMessage ? next : min(next, self.pace?.deadline ?? next)
        return true
    }
}
