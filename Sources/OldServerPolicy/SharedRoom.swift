// SPDX-License-Identifier: Apache-2.0

/// What other nodes leave of an old server's runs. Each run asks for it as it begins; where the server is full, all that wait
/// would ask in turn, without end: so one asks for all of them, twice a second.
struct SharedRoom: Equatable, Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket

    static let wait = Duration.milliseconds(500)
    /// After so long without a refusal there is room for several at once again.
    private static let memory = Duration.seconds(60)

    private var refused: Moment?
    /// The one that asks.
    private var asks: Ticket?

    mutating func full(now: Moment) {
        refused = now
        asks = nil
    }

    /// It has been told that it may, or goes on where it was.
    mutating func granted(_ ticket: Ticket) { if asks == ticket { asks = nil } }

    mutating func begins(_ ticket: Ticket, now: Moment) {
        if let refused, now - refused >= Self.memory { self.refused = nil }
        asks = refused == nil ? nil : ticket
    }

    /// - Parameter moving: those that have a place.
    func mayBegin(moving: some Collection<Ticket>, now: Moment) -> Bool {
        guard let refused else { return true }
        return now - refused >= Self.wait && !(asks.map { moving.contains($0) } ?? false)
    }

    var nextLook: Moment? { refused.map { $0 + Self.wait } }
}
