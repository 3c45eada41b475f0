// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailStore
import Vocabulary

/// What is appended next, and what has become of each message of a batch: a value without I/O.
///
/// All that may go at once goes first. When the platform does not take it, what is in the folder tells what it has taken
/// all the same; the rest goes in halves, and at last one by one, so that a message that it refuses is known, and holds up
/// no other.
struct AppendPlan: Sendable {
    enum Fate: Hashable, Sendable {
        case pending
        case done(Publication.Outcome)
    }

    /// How much of a message's keywords is sent.
    enum Keywords: Hashable, Sendable {
        case all
        /// Those that any server holds: at most 50 letters and digits, `$`, `-`, `_` and `.`.
        case ordinary
        case none

        func of(_ keywords: [Flag]) -> [Flag] {
            switch self {
            case .all: keywords
            case .ordinary: keywords.filter { $0.name.utf8.count <= 50 && $0.name.utf8.allSatisfy(Self.isOrdinary) }
            case .none: []
            }
        }

        private static func isOrdinary(_ octet: UInt8) -> Bool {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "$"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    private(set) var fates: [Fate]
    private let messages: [IMAPBatch.Message]
    /// How many may go at once.
    private var width = IMAPBatch.mostMessages
    /// What is sent of the keywords of messages that were refused with all of them.
    private var keywords: [Int: Keywords] = [:]
    /// Messages that are sent once more as they are.
    private var repeated: Set<Int> = []

    /// - Parameter isStaged: of each message, whether its octets are here.
    init(_ messages: [IMAPBatch.Message], isStaged: [Bool]) {
        self.messages = messages
        fates = isStaged.map { $0 ? .pending : .done(.takenAway) }
    }

    /// Whether anything is to be appended.
    var isPending: Bool { fates.contains(.pending) }

    /// What is appended next, in order; nil when all is done.
    /// - Parameter takesMany: whether the platform takes several messages at once.
    func chunk(takesMany: Bool) -> [Int]? {
        guard let first = fates.firstIndex(of: .pending) else { return nil }
        var chunk: [Int] = []
        var octets = 0
        for index in first..<fates.count where fates[index] == .pending {
            octets += messages[index].octets
            if !chunk.isEmpty, !takesMany || chunk.count >= width || octets > IMAPBatch.mostOctets { break }
            chunk.append(index)
        }
        return chunk
    }

    /// The platform has said OK.
    mutating func accepted(_ chunk: [Int]) {
        for index in chunk { fates[index] = .done(.visible) }
        width = min(IMAPBatch.mostMessages, max(width, chunk.count) * 2)
    }

    /// How often each content is wanted, and how large its messages are.
    func wanted(_ chunk: [Int]) -> WantedMail {
        var wanted = WantedMail()
        for index in chunk {
            wanted.counts[messages[index].content, default: 0] += 1
            wanted.sizes.insert(messages[index].octets)
        }
        return wanted
    }

    /// Those of a chunk that are not in the folder, in which each content was found so many times.
    func missing(_ chunk: [Int], found: [ContentHash: Int]) -> [Int] {
        var found = found
        return chunk.filter { index in
            let there = found[messages[index].content] ?? 0
            guard there > 0 else { return true }
            found[messages[index].content] = there - 1
            return false
        }
    }

    /// All of a chunk that is not `missing` was found in the folder.
    mutating func found(_ chunk: [Int], except missing: [Int]) {
        let missing = Set(missing)
        for index in chunk where !missing.contains(index) { fates[index] = .done(.visible) }
    }

    /// The platform has not taken all of a chunk: less goes at once from now on.
    mutating func narrow(_ chunk: [Int]) { width = max(1, min(width, chunk.count) / 2) }

    /// One by one, until it takes some again.
    mutating func single() { width = 1 }

    func keywords(of index: Int) -> Keywords { keywords[index] ?? .all }

    /// The platform does not take a message alone: it may be for its keywords, or have been for a moment.
    /// - Returns: whether it is worth another try, as it is or with fewer keywords.
    mutating func retry(_ index: Int, keywords own: [Flag]) -> Bool {
        guard !own.isEmpty else { return false }
        if repeated.insert(index).inserted { return true }
        let now = keywords(of: index)
        let fewer: Keywords = now == .all && ![[], own].contains(Keywords.ordinary.of(own)) ? .ordinary : .none
        keywords[index] = fewer
        return now != .none
    }

    mutating func refuse(_ index: Int, _ words: String) { fates[index] = .done(.refused(words)) }

    /// Nothing more is taken of the batch.
    mutating func refuseRest(_ words: String) {
        for index in fates.indices where fates[index] == .pending { refuse(index, words) }
    }

    var publication: Publication {
        Publication(
            fates.map { fate in
                switch fate {
                case .pending: .takenAway
                case .done(let outcome): outcome
                }
            })
    }
}

/// What is looked for in a folder.
struct WantedMail: Sendable {
    /// How often each content is wanted.
    var counts: [ContentHash: Int] = [:]
    /// Octets of the messages, as they went over the wire.
    var sizes: Set<Int> = []

    /// Whether all of it has been found.
    func isFound(in found: [ContentHash: Int]) -> Bool {
        counts.allSatisfy { content, count in (found[content] ?? 0) >= count }
    }
}
