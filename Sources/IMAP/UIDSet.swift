// SPDX-License-Identifier: Apache-2.0

/// A set of UIDs (RFC 3501 §9, `sequence-set`), as ascending ranges that do not touch; never as single numbers, for
/// `1:4294967295` is sent as readily as `1:2`.
public struct UIDSet: Hashable, Sendable, CustomStringConvertible {
    /// Ascending; 0 is in none.
    public private(set) var ranges: [ClosedRange<UInt32>] = []

    public init() {}

    public init(_ range: ClosedRange<UInt32>) { self.init(ranges: [range]) }

    /// From numbers in any order, possibly repeated; 0 is ignored.
    public init(_ uids: some Sequence<UInt32>) { self.init(ranges: uids.map { $0...$0 }) }

    init(ranges: [ClosedRange<UInt32>]) {
        var ranges = ranges.filter { $0.upperBound > 0 }
        if !zip(ranges, ranges.dropFirst()).allSatisfy({ $0.lowerBound <= $1.lowerBound }) {
            ranges.sort { $0.lowerBound < $1.lowerBound }
        }
        for range in ranges {
            let range = max(range.lowerBound, 1)...range.upperBound
            if let last = self.ranges.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// Parses `1:5,7,12:9`; nil if it is not a set. `*` has no meaning in an answer.
    init?(text: some Collection<UInt8>) {
        var ranges: [ClosedRange<UInt32>] = []
        for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = part.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), ends.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) })
            else { return nil }
            let numbers = ends.map { UInt32(saturating: $0) }.sorted()
            ranges.append(numbers[0]...numbers[numbers.count - 1])
        }
        self.init(ranges: ranges)
    }

    /// All from this one on. A server answers with its last message, too, where that has a lower UID (RFC 3501 §6.4.8).
    public static func from(_ uid: UInt32) -> UIDSet { UIDSet(max(uid, 1)...UInt32.max) }

    /// All that are in either.
    public func union(_ other: UIDSet) -> UIDSet { UIDSet(ranges: ranges + other.ranges) }

    public var isEmpty: Bool { ranges.isEmpty }
    /// How many there are, messages or not.
    public var count: Int { ranges.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }
    public var first: UInt32? { ranges.first?.lowerBound }
    public var last: UInt32? { ranges.last?.upperBound }
    /// One after the other, ascending, none of them made before it is asked for.
    public var uids: some Sequence<UInt32> { ranges.lazy.flatMap { $0 } }

    public func contains(_ uid: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < uid { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(uid)
    }

    /// Ascending, for some servers take no other order; the largest number of all is `*`.
    public var description: String { ranges.map(Self.text).joined(separator: ",") }

    private static func text(_ range: ClosedRange<UInt32>) -> String {
        let end = range.upperBound == .max ? "*" : String(range.upperBound)
        return range.lowerBound == range.upperBound ? end : "\(range.lowerBound):\(end)"
    }

    /// The same, split into pieces that are each at most this many octets long when sent, since commands should stay
    /// below 1,000 (RFC 2683 §3.2.1.5), and hold at most this many numbers. A set without an end stays in one piece.
    ///
    /// For sets of messages that are known to be there: what a server says has vanished may be all numbers there are.
    public func pieces(octets: Int = 900, uids: Int = .max) -> [UIDSet] {
        var (pieces, piece, length, count) = ([UIDSet](), [ClosedRange<UInt32>](), 0, 0)
        func add(_ range: ClosedRange<UInt32>) {
            let size = Self.text(range).utf8.count + 1
            if !piece.isEmpty, length + size > octets + 1 || count >= max(uids, 1) {
                pieces.append(UIDSet(ranges: piece))
                (piece, length, count) = ([], 0, 0)
            }
            piece.append(range)
            length += size
            count += Int(range.upperBound - range.lowerBound) + 1
        }
        for range in ranges {
            var rest: ClosedRange<UInt32>? = range
            while let left = rest {
                let room = count < max(uids, 1) ? max(uids, 1) - count : max(uids, 1)
                let size = Int(left.upperBound - left.lowerBound) + 1
                if size <= room || left.upperBound == .max {
                    add(left)
                    rest = nil
                } else {
                    let end = left.lowerBound + UInt32(room - 1)
                    add(left.lowerBound...end)
                    rest = (end + 1)...left.upperBound
                }
            }
        }
        if !piece.isEmpty { pieces.append(UIDSet(ranges: piece)) }
        return pieces
    }
}
