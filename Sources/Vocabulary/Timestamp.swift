// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment in UTC, kept to the millisecond.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The wall clock's present.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// RFC 3339 with three decimals, so that texts sort as times do: `2026-11-24T03:10:41.052Z`.
    public var description: String {
        let (seconds, rest) = milliseconds.quotientFloored(by: 1000)
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date =
            "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
        let clock =
            "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(digits(Int(rest), 3))Z"
    }

    /// Parses RFC 3339 §5.6: any offset, any number of decimals (those after the third are cut off).
    public init?(_ text: String) {
        var rest = Substring(text)
        func number(_ count: Int, _ range: ClosedRange<Int>) -> Int? {
            let head = rest.prefix(count)
            guard head.utf8.count == count, head.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(head),
                range.contains(value)
            else { return nil }
            rest = rest.dropFirst(count)
            return value
        }
        func skip(_ allowed: String) -> Character? {
            guard let first = rest.first, allowed.contains(first) else { return nil }
            rest = rest.dropFirst()
            return first
        }
        guard let year = number(4, 1...9999), skip("-") != nil, let month = number(2, 1...12), skip("-") != nil,
            let day = number(2, 1...31), skip("Tt ") != nil, let hour = number(2, 0...23), skip(":") != nil,
            let minute = number(2, 0...59), skip(":") != nil, let second = number(2, 0...60)
        else { return nil }
        var thousandths = 0
        if skip(".") != nil {
            let decimals = rest.prefix { $0.isASCII && $0.isNumber }
            guard !decimals.isEmpty else { return nil }
            rest = rest.dropFirst(decimals.count)
            thousandths = Int((decimals + "000").prefix(3)) ?? 0
        }
        var offset = 0
        guard let zone = skip("Zz+-") else { return nil }
        if zone == "+" || zone == "-" {
            guard let hours = number(2, 0...23), skip(":") != nil, let minutes = number(2, 0...59) else { return nil }
            offset = (hours * 60 + minutes) * (zone == "+" ? 60 : -60)
        }
        guard rest.isEmpty else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        let seconds = timegm(&parts)
        guard parts.tm_mday == Int32(day) else { return nil }  // 30 February
        self.milliseconds = (Int64(seconds) - Int64(offset)) * 1000 + Int64(thousandths)
    }

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment `seconds` later.
    public func adding(seconds: Double) -> Timestamp {
        Timestamp(milliseconds: milliseconds.addingSaturated(Int64(saturating: seconds * 1000)))
    }

    /// Seconds from `earlier` to this moment.
    public func seconds(since earlier: Timestamp) -> Double {
        Double(milliseconds.subtractingSaturated(earlier.milliseconds)) / 1000
    }
}

extension Int64 {
    fileprivate func quotientFloored(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
