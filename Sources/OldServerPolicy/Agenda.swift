// SPDX-License-Identifier: Apache-2.0

/// When a server is to be looked at.
struct Alarm: Comparable, Sendable {
    let at: OldServerPolicy.Moment
    let server: OldServerPolicy.Endpoint

    static func < (left: Alarm, right: Alarm) -> Bool { left.at < right.at }
}

/// When a run is due.
struct Later: Comparable, Sendable {
    let at: OldServerPolicy.Moment
    let ticket: OldServerPolicy.Ticket

    static func < (left: Later, right: Later) -> Bool {
        left.at == right.at ? left.ticket < right.ticket : left.at < right.at
    }
}

/// Until when an account rests. What is over is forgotten now and then, so that memory follows what is recent.
struct Rests: Sendable {
    private var until: [OldServerPolicy.Account: OldServerPolicy.Moment] = [:]
    private var swept = 1000

    subscript(_ account: OldServerPolicy.Account) -> OldServerPolicy.Moment? { until[account] }

    mutating func set(
        _ account: OldServerPolicy.Account, until end: OldServerPolicy.Moment, now: OldServerPolicy.Moment
    ) {
        until[account] = end
        guard until.count > swept else { return }
        until = until.filter { $0.value > now }
        swept = max(1000, until.count * 2)
    }
}
