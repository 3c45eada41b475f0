// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Vocabulary

/// Computes, from the octets of a message as they pass, its hash and its arrival time. The same value serves all
/// messages of a run; its memory is bounded, whatever comes.
public struct MessageScan {
    private let hasher: ContentHasher

    private var isInHeader = true
    private var isAtLineStart = true
    /// Octets of a line whose field name is not yet decided, left from the previous piece.
    private var undecided: [UInt8] = []
    /// Whether the field that is being read is hashed.
    private var isHashed = true
    private var headerOctets = 0

    private enum Interest { case none, received, date }
    private var interest = Interest.none
    /// The field of interest, its last 4 KB.
    private var field: [UInt8] = []
    private var received: Int64?
    private var date: Int64?

    /// This many octets suffice to distinguish field names.
    private static let decisive = 24
    /// Beyond this much header, no arrival time is looked for.
    private static let headerLimit = 256 * 1024
    private static let fieldLimit = 4096

    public init(key: ContentKey) { hasher = ContentHasher(key: key) }

    /// Call before each message.
    public mutating func reset() {
        hasher.reset()
        (isInHeader, isAtLineStart, isHashed, headerOctets) = (true, true, true, 0)
        undecided.removeAll(keepingCapacity: true)
        field.removeAll(keepingCapacity: true)
        (interest, received, date) = (.none, nil, nil)
    }

    /// The next octets of the message, lines ended by LF.
    public mutating func append(_ octets: UnsafeRawBufferPointer) {
        let body = isInHeader ? readHeader(octets) : 0
        if body < octets.count { hasher.update(UnsafeRawBufferPointer(rebasing: octets[body...])) }
    }

    /// Call when the message is complete. Returns its hash, and its arrival time in seconds since 1970 if it states
    /// one.
    public mutating func finish() -> (content: ContentHash, arrival: Int64?) {
        if isInHeader {
            undecided.withUnsafeBytes { hasher.update($0) }
            endField()
        }
        return (hasher.finish(), received ?? date)
    }

    // MARK: Header

    private enum Line {
        /// The empty line that ends the header.
        case end
        case continuation
        case field(isHashed: Bool, Interest)
    }

    /// What kind of line it is, by its first octets; nil if these are too few to tell.
    private func decide(_ line: UnsafeRawBufferPointer) -> Line? {
        guard let first = line.first else { return nil }
        switch first {
        case 10: return .end
        case 13:
            guard line.count > 1 else { return nil }
            return line[1] == 10 ? .end : .field(isHashed: true, .none)
        case 32, 9: return .continuation
        case UInt8(ascii: "S"), UInt8(ascii: "s"), UInt8(ascii: "X"), UInt8(ascii: "x"), UInt8(ascii: "R"),
            UInt8(ascii: "r"), UInt8(ascii: "D"), UInt8(ascii: "d"):
            break
        default: return .field(isHashed: true, .none)
        }
        for (index, octet) in line.prefix(Self.decisive).enumerated() {
            if octet == UInt8(ascii: ":") { return kind(of: line[..<index]) }
            if octet == 10 { return .field(isHashed: true, .none) }
        }
        return line.count >= Self.decisive ? .field(isHashed: true, .none) : nil
    }

    private func kind(of name: Slice<UnsafeRawBufferPointer>) -> Line {
        // RFC 5322 §4.5 allows space before the colon.
        let length = (name.lastIndex { $0 != 32 && $0 != 9 } ?? -1) + 1
        func matches(_ known: StaticString) -> Bool {
            guard known.utf8CodeUnitCount == length else { return false }
            for index in 0..<length {
                let octet = name[index]
                let lower = octet >= 65 && octet <= 90 ? octet | 0x20 : octet
                if lower != known.utf8Start[index] { return false }
            }
            return true
        }
        if matches("received") { return .field(isHashed: true, .received) }
        if matches("date") { return .field(isHashed: true, .date) }
        let isBookkeeping =
            matches("status") || matches("x-status") || matches("x-uid") || matches("x-uidl")
            || matches("x-imapbase") || matches("x-keywords")
        return .field(isHashed: !isBookkeeping, .none)
    }

    /// Reads header lines, hashing whole runs of lines at once. Returns where the body begins.
    private mutating func readHeader(_ octets: UnsafeRawBufferPointer) -> Int {
        var index = 0
        /// From here on, lines that belong into the hash have not been hashed yet.
        var pending = 0
        func hash(upTo end: Int) {
            if pending < end { hasher.update(UnsafeRawBufferPointer(rebasing: octets[pending..<end])) }
        }
        while index < octets.count {
            if isAtLineStart {
                guard let line = nextLine(octets, at: index) else {
                    hash(upTo: index)
                    return octets.count
                }
                switch line {
                case .end:
                    endField()
                    isInHeader = false
                    undecided.withUnsafeBytes { hasher.update($0) }
                    return pending
                case .continuation: break
                case .field(let isHashed, let interest):
                    endField()
                    self.isHashed = isHashed
                    self.interest = isOfInterest(interest) ? interest : .none
                }
                if isHashed {
                    undecided.withUnsafeBytes { hasher.update($0) }
                } else {
                    hash(upTo: index)
                }
                if interest != .none { field.append(contentsOf: undecided) }
                undecided.removeAll(keepingCapacity: true)
                isAtLineStart = false
            }
            let rest = UnsafeRawBufferPointer(rebasing: octets[index...])
            var end = octets.count
            if let start = rest.baseAddress, let feed = memchr(start, 10, rest.count) {
                end = index + (UnsafeRawPointer(feed) - start) + 1
                isAtLineStart = true
            }
            if interest != .none { collect(octets[index..<end]) }
            headerOctets += end - index
            index = end
            if !isHashed { pending = end }
        }
        hash(upTo: index)
        return octets.count
    }

    /// Decides on the line at `index`; nil if the piece ends too early, and the line is then kept in ``undecided``.
    private mutating func nextLine(_ octets: UnsafeRawBufferPointer, at index: Int) -> Line? {
        let wanted = Self.decisive - undecided.count
        let start = octets[index..<min(octets.count, index + wanted)]
        if undecided.isEmpty {
            if let line = decide(UnsafeRawBufferPointer(rebasing: start)) { return line }
            undecided.append(contentsOf: start)
            return nil
        }
        let before = undecided.count
        undecided.append(contentsOf: start)
        let line = undecided.withUnsafeBytes { decide($0) }
        if line != nil { undecided.removeLast(undecided.count - before) }
        return line
    }

    private func isOfInterest(_ interest: Interest) -> Bool {
        guard headerOctets < Self.headerLimit, received == nil else { return false }
        return interest == .received || date == nil
    }

    private mutating func collect(_ octets: Slice<UnsafeRawBufferPointer>) {
        field.append(contentsOf: octets.suffix(Self.fieldLimit))
        if field.count > 2 * Self.fieldLimit { field.removeFirst(field.count - Self.fieldLimit) }
    }

    private mutating func endField() {
        switch interest {
        case .none: return
        case .received: received = field.withUnsafeBytes { ArrivalTime.ofReceived($0) }
        case .date: date = field.withUnsafeBytes { ArrivalTime.ofDate($0) }
        }
        interest = .none
        field.removeAll(keepingCapacity: true)
    }
}
