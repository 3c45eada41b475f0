// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Vocabulary

/// A line of `UIDL` or `LIST`, or the text after `+OK` of `UIDL n` and `LIST n`: a number, white space, the rest.
struct NumberedLine {
    let number: Int
    /// Without white space at both ends; spaces within stay.
    let rest: ArraySlice<UInt8>

    /// nil if the line does not begin with a valid message-number.
    init?(_ line: some Collection<UInt8>) {
        self.init(ArraySlice(Array(line)))
    }

    init?(_ line: ArraySlice<UInt8>) {
        let line = line.trimmed
        guard let number = Int(decimalPrefixOf: line), number > 0, number <= Int(Int32.max) else { return nil }
        let rest = line.drop { $0.isASCIIDigit }
        guard rest.first.map({ $0.isBlank }) ?? true else { return nil }
        self.number = number
        self.rest = rest.trimmed
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == 13 }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmed: ArraySlice<UInt8> {
        var (start, end) = (startIndex, endIndex)
        while start < end, self[start].isBlank { start += 1 }
        while start < end, self[end - 1].isBlank { end -= 1 }
        return self[start..<end]
    }
}

/// What `UIDL` and `LIST` say together.
struct Listing {
    /// More messages than any mailbox of an old server holds; beyond, the server is not believed.
    static let mostMessages = 2_500_000

    /// Up to this many are requested one by one, whether or not they exist.
    private static let mostUnlisted = 1000

    /// The largest list for a mailbox of `messages`. Servers also list mail that has arrived since, but that does not
    /// double it.
    static func limit(messages: Int) -> Batch.LineLimit {
        let lines = Swift.min(mostMessages, messages * 2 + 10_000)
        return Batch.LineLimit(lines: lines, octets: Swift.min(256 << 20, (1 << 20) + lines * 300))
    }

    /// What `UIDL` says of each message, in the order of their numbers.
    static func identified(by answer: ByteBuffer) throws(WireFailure) -> [ListedMessage] {
        // One array; all unique-ids are slices of it.
        let list = Array(answer.readableBytesView)
        var messages: [ListedMessage] = []
        messages.reserveCapacity(answer.readableBytes / 24)
        try eachLine(of: list, command: "UIDL") { line in
            let id = line.rest
            messages.append(
                ListedMessage(
                    number: line.number, octets: nil, uniqueID: id.isEmpty ? nil : UniqueID(in: list, at: id.indices)))
        }
        try sort(&messages, command: "UIDL")
        return messages
    }

    /// What `LIST` says of each message, in the order of their numbers.
    static func sized(by answer: ByteBuffer) throws(WireFailure) -> [ListedMessage] {
        var messages: [ListedMessage] = []
        messages.reserveCapacity(answer.readableBytes / 12)
        try eachLine(of: Array(answer.readableBytesView), command: "LIST") { line in
            // Some servers send no size, or words, if they do not know it.
            messages.append(ListedMessage(number: line.number, octets: Int(decimalPrefixOf: line.rest), uniqueID: nil))
        }
        try sort(&messages, command: "LIST")
        return messages
    }

    private static func eachLine(
        of list: [UInt8], command: String, _ body: (NumberedLine) -> Void
    ) throws(WireFailure) {
        var start = 0
        while start < list.count {
            let end = list[start...].firstIndex(of: UInt8(ascii: "\n")) ?? list.count
            defer { start = end + 1 }
            guard end > start else { continue }
            guard let line = NumberedLine(list[start..<end]) else {
                throw .violation(
                    "lists a message without a number in its answer to \(command)",
                    quoting: list[start..<end].prefix(WireFailure.longestQuotation))
            }
            body(line)
        }
    }

    /// Merges the two lists. Either may be missing: then the messages have no unique-id, or no size.
    ///
    /// Messages are in the order of their numbers, at least `expected` of them. Two messages may share a unique-id.
    static func merge(
        identified: consuming [ListedMessage]?, list: ByteBuffer?, expected: Int
    ) throws(WireFailure) -> [ListedMessage] {
        let sized: [ListedMessage]? = if let list { try sized(by: list) } else { nil }
        switch (identified, sized) {
        case (nil, nil):
            return (0..<expected).map { ListedMessage(number: $0 + 1, octets: nil, uniqueID: nil) }
        case (let messages?, nil), (nil, let messages?): return try withUnlisted(messages, expected: expected)
        case (let identified?, let sized?):
            return try withUnlisted(join(identified, sized), expected: expected)
        }
    }

    /// The same of two answers.
    static func merge(uidl: ByteBuffer?, list: ByteBuffer?, expected: Int) throws(WireFailure) -> [ListedMessage] {
        let identified: [ListedMessage]? = if let uidl { try identified(by: uidl) } else { nil }
        return try merge(identified: identified, list: list, expected: expected)
    }

    /// Adds messages that `STAT` counts and no list names, so that a truncated list loses nothing. Requesting them
    /// shows whether they exist; if there are more than a few, one of the two answers must be wrong.
    private static func withUnlisted(
        _ listed: [ListedMessage], expected: Int
    ) throws(WireFailure) -> [ListedMessage] {
        guard listed.count < expected else { return listed }
        guard expected - listed.count <= mostUnlisted else {
            throw .violation("has \(expected) messages by STAT, and names \(listed.count) in its lists")
        }
        let named = Set(listed.map(\.number))
        let unlisted = (1...expected).lazy.filter { !named.contains($0) }
            .map { ListedMessage(number: $0, octets: nil, uniqueID: nil) }
        return (listed + unlisted.prefix(expected - listed.count)).sorted { $0.number < $1.number }
    }

    private static func sort(_ messages: inout [ListedMessage], command: String) throws(WireFailure) {
        if !zip(messages, messages.dropFirst()).allSatisfy({ $0.number < $1.number }) {
            messages.sort { $0.number < $1.number }
        }
        for (one, other) in zip(messages, messages.dropFirst()) where one.number == other.number {
            throw .violation("lists message \(one.number) twice in its answer to \(command)")
        }
    }

    /// Both are sorted by number. A message that is only in one list is kept nevertheless: the other was made earlier.
    private static func join(_ identified: [ListedMessage], _ sized: [ListedMessage]) -> [ListedMessage] {
        var sized = sized
        // Nearly always both name the same messages.
        if identified.count == sized.count, zip(identified, sized).allSatisfy({ $0.number == $1.number }) {
            for index in sized.indices { sized[index].uniqueID = identified[index].uniqueID }
            return sized
        }
        var joined: [ListedMessage] = []
        joined.reserveCapacity(Swift.max(identified.count, sized.count))
        var (left, right) = (identified[...], sized[...])
        while let one = left.first, let other = right.first {
            if one.number == other.number {
                joined.append(ListedMessage(number: one.number, octets: other.octets, uniqueID: one.uniqueID))
                left.removeFirst()
                right.removeFirst()
            } else if one.number < other.number {
                joined.append(left.removeFirst())
            } else {
                joined.append(right.removeFirst())
            }
        }
        return joined + left + right
    }
}
