// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// What a run has settled so far, and what its next session begins with: a value without connection, clock or store.
struct RunProgress: Sendable {
    /// A message that has been fetched and recorded in this run, and that its name does not tell from others.
    struct Settled: Sendable {
        var message: ListedMessage
        var row: LedgerRow
        /// A hash of its header, by which it is known again; nil where nobody has seen it.
        var header: UInt64?
    }

    /// Messages that this run has settled, one way or another; what an earlier session has settled is settled once.
    private(set) var count = 0
    /// New messages, and such as were refused for the first time, since the last session that ended in order.
    private(set) var found = 0
    /// Whether any message has come whole.
    private(set) var hasBrought = false
    var unreadable = UnreadableMessages()
    /// Events that tell of refused messages, so far.
    private var told: Set<String> = []
    private var refused: Set<UniqueID> = []
    /// Sizes, by number: a session that resumes the run fetches these last.
    private var sizes: [Int: Int?] = [:]
    private var unnamed: [Int: Settled] = [:]
    /// How many messages a session has settled at the most.
    private var mostSettled = 0
    /// How many of those the session in hand leaves out.
    private var leftOut = 0

    /// What is asked for, in order. Last come those in whose places a message has been settled: a session that ends again
    /// and again at the same place would else get no further. None is left out for its place alone: places shift.
    func order(_ readable: [ListedMessage]) -> [ListedMessage] {
        func isSettled(_ message: ListedMessage) -> Bool { sizes[message.number] == .some(message.octets) }
        let fresh = sizes.isEmpty ? readable : readable.filter { !isSettled($0) }
        let start = Int(Double(fresh.count) * unreadable.start)
        let turned = start == 0 ? fresh : Array(fresh[start...] + fresh[..<start])
        return sizes.isEmpty ? turned : turned + readable.filter(isSettled)
    }

    /// Those of a listing that may be known by their headers: in the same place, of the same size, under the same name.
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

    /// A session begins that leaves so many settled messages out.
    mutating func begin(leavingOut count: Int) { leftOut = count }

    /// A message of the session in hand is settled: delivered, or known.
    mutating func settled(_ settled: Settled, isNamed: Bool) {
        hasBrought = true
        unreadable.arrived()
        sizes[settled.message.number] = settled.message.octets
        if !isNamed { unnamed[settled.message.number] = settled }
    }

    /// So many messages were new and are delivered.
    mutating func delivered(_ messages: Int) {
        count += messages
        found += messages
    }

    /// So many were known; `here` is what this session has settled in all.
    mutating func recognised(_ messages: Int, here: Int) {
        let reached = leftOut + here
        count += min(messages, max(0, reached - mostSettled))
        mostSettled = max(mostSettled, reached)
    }

    /// A message was left behind that nobody could read.
    mutating func passedOver() { count += 1 }

    /// The old server would not give this message.
    mutating func refused(_ message: ListedMessage) {
        // One that no list names may not be there at all.
        guard let id = message.uniqueID, refused.count < 100_000, refused.insert(id.detached).inserted else { return }
        found += 1
    }

    /// Those of the lines that no event tells of yet.
    mutating func untold(_ lines: [String]) -> [String] { lines.filter { told.insert($0).inserted } }

    /// A session has ended in order.
    mutating func roundEnded() { found = 0 }
}
