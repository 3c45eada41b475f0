// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// What a run has settled so far, and where its next session starts: a value without connection, clock or store.
struct RunProgress: Sendable {
    /// A message that was fetched and recorded in this run, and that its name does not identify.
    struct Settled: Sendable {
        var message: ListedMessage
        var row: LedgerRow
        /// A hash of its header, by which it is recognised; nil if that was not seen.
        var header: UInt64?
    }

    /// Messages that this run has settled in any way, each counted once however many sessions see it.
    private(set) var count = 0
    /// New messages, and newly refused ones, since the last session that ended in order.
    private(set) var found = 0
    /// Whether any message has come whole.
    private(set) var hasBrought = false
    var unreadable = UnreadableMessages()
    var stumblingBlocks = StumblingBlocks()
    /// Whether the old server's POP3, where UIDLs are, has let nobody in.
    var isWithoutUIDLs = false
    /// The lines about refused messages that events have reported so far.
    private var told: Set<String> = []
    /// What the ledger calls them.
    private var refused: Set<Int64> = []
    /// Sizes by message number, of settled messages: a session that resumes the run fetches what is in these places
    /// last.
    private var sizes: [Int: Int?] = [:]
    private var unnamed: [Int: Settled] = [:]
    /// The most messages that one session has settled.
    private var mostSettled = 0
    /// How many settled messages the current session leaves out.
    private var leftOut = 0
    /// How often more has been looked for because something had vanished.
    private var looks = 0

    private static let mostLooks = 3

    /// What is requested, in order. Messages in places where one has been settled come last; otherwise a session that
    /// ends again and again at the same place would get no further. None is left out because of its place alone: places
    /// shift.
    func order(_ readable: [ListedMessage]) -> [ListedMessage] {
        func isSettled(_ message: ListedMessage) -> Bool { sizes[message.number] == .some(message.octets) }
        let fresh = sizes.isEmpty ? readable : readable.filter { !isSettled($0) }
        let start = Int(Double(fresh.count) * unreadable.start)
        let turned = start == 0 ? fresh : Array(fresh[start...] + fresh[..<start])
        return sizes.isEmpty ? turned : turned + readable.filter(isSettled)
    }

    /// Settled messages that may be in the listing, recognisable by header: same place, same size, same name.
    func recognisable(in listing: [ListedMessage]) -> [Settled] {
        guard !unnamed.isEmpty else { return [] }
        var times: [UInt64: Int] = [:]
        for header in unnamed.values.compactMap(\.header) { times[header, default: 0] += 1 }
        return listing.compactMap { message in
            guard let settled = unnamed[message.number], settled.message == message, let header = settled.header,
                times[header] == 1
            else { return nil }
            return settled
        }
    }

    /// A session begins that leaves out this many settled messages.
    mutating func begin(leavingOut count: Int) { leftOut = count }

    /// A message of the current session is settled: delivered, or known.
    mutating func settled(_ settled: Settled, isNamed: Bool) {
        hasBrought = true
        unreadable.arrived()
        sizes[settled.message.number] = settled.message.octets
        if !isNamed { unnamed[settled.message.number] = settled }
    }

    /// This many messages were new and have been delivered.
    mutating func delivered(_ messages: Int) {
        count += messages
        found += messages
    }

    /// This many were known; `here` is how many this session has settled in all.
    mutating func recognised(_ messages: Int, here: Int) {
        let reached = leftOut + here
        count += min(messages, max(0, reached - mostSettled))
        mostSettled = max(mostSettled, reached)
    }

    /// A message that has come was not taken by the store: the next session of this run asks for it again.
    mutating func leftBehind(_ message: ListedMessage) { unnamed[message.number] = nil }

    /// A message was left behind as unreadable.
    mutating func passedOver() { count += 1 }

    /// The old server refused to give a message, which the ledger calls by this id.
    mutating func refused(_ id: Int64?) {
        // A message that no listing names may not exist at all.
        guard let id, refused.count < 100_000, refused.insert(id).inserted else { return }
        found += 1
    }

    /// The lines that no event has reported yet.
    mutating func untold(_ lines: [String]) -> [String] { lines.filter { told.insert($0).inserted } }

    /// Whether another session looks for what has vanished in one; a few times, for something may vanish each time.
    mutating func looksAgain() -> Bool {
        looks += 1
        return looks <= Self.mostLooks
    }

    /// A session has ended in order.
    mutating func roundEnded() { found = 0 }
}
