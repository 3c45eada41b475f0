// SPDX-License-Identifier: Apache-2.0

/// Reads the date-time of RFC 5322 §3.3 and its obsolete forms (§4.3), and the variants that programs in the field
/// write: missing seconds and zones, `Jan 2 2006` or `2-Jan-2006`, asctime(3) and date(1) with the year at the end,
/// JavaScript's `GMT+0800`, ISO 8601, dots in times, halves of days, unknown zone names.
enum ArrivalTime {
    /// 1971: anything earlier comes from a clock that was never set.
    private static let earliest: Int64 = 365 * 86400

    /// Seconds since 1970 of a `Received` field: its date follows the last semicolon, or an earlier one if a comment
    /// contains the last.
    static func ofReceived(_ field: UnsafeRawBufferPointer) -> Int64? {
        var end = field.count
        for _ in 0..<4 {
            guard let semicolon = field[..<end].lastIndex(of: UInt8(ascii: ";")) else { return nil }
            if let time = parse(field[(semicolon + 1)...]) { return time }
            end = semicolon
        }
        return nil
    }

    /// Seconds since 1970 of a `Date` field.
    static func ofDate(_ field: UnsafeRawBufferPointer) -> Int64? {
        guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return parse(field[(colon + 1)...])
    }

    private enum Token {
        case number(Int, digits: Int)
        /// The first three letters in lower case, and how many there are.
        case word(UInt32, letters: Int)
        case symbol(UInt8)
    }

    static func parse(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        var tokens = Tokens(text: text)
        var date = Day()
        var clock: Int?
        var zone: Int?
        while let token = tokens.next() {
            // Nothing after a complete date belongs to it, except its zone.
            if date.isWhole, clock != nil, zone != nil { break }
            switch token {
            case .number(let value, let digits):
                if clock == nil, digits <= 2, tokens.isAtClock(dotted: date.day != nil && date.month != nil) {
                    guard let time = self.clock(hour: value, &tokens) else { return nil }
                    clock = time
                } else if !date.isWhole {
                    guard date.take(value, digits: digits) else { return nil }
                } else if clock == nil {
                    return nil
                }
            case .word(let letters, let count):
                if let month = months[letters], date.month == nil, count >= 3 {
                    date.month = month
                } else if clock != nil, zone == nil {
                    zone = offset(ofWord: letters, count, &tokens)
                }  // else a day of the week, or the T of ISO 8601
            case .symbol(let sign) where clock != nil && zone == nil && (sign == plus || sign == minus):
                zone = tokens.zone(sign)
            case .symbol: continue
            }
        }
        guard let day = date.day, let month = date.month, let year = date.year, let clock,
            (1971...9999).contains(year), (1...12).contains(month), day >= 1, day <= days(month, year)
        else { return nil }
        let time = Int64(daysSince1970(day, month, year)) * 86400 + Int64(clock) - Int64(zone ?? 0)
        return time >= earliest ? time : nil
    }

    /// Day, month and year in whatever order they come.
    private struct Day {
        var day: Int?
        var month: Int?
        var year: Int?
        /// Whether it began with the year, so that months are numbers.
        private var isISO = false

        var isWhole: Bool { day != nil && month != nil && year != nil }

        /// False for a number that cannot be part of a date.
        mutating func take(_ value: Int, digits: Int) -> Bool {
            if year == nil, day == nil, month == nil, digits == 4 {
                (year, isISO) = (value, true)
            } else if isISO, month == nil, digits <= 2 {
                month = value
            } else if day == nil, digits <= 2 {
                day = value
            } else if year == nil, day != nil, month != nil {
                year = fullYear(value, digits: digits)
            } else {
                return false
            }
            return true
        }
    }

    /// RFC 5322 §4.3. Programs that were surprised by the year 2000 wrote 19119.
    private static func fullYear(_ value: Int, digits: Int) -> Int? {
        switch digits {
        case 2: value < 50 ? 2000 + value : 1900 + value
        case 3: 1900 + value
        case 4: value
        case 5 where (19_100...19_199).contains(value): 1900 + value - 19_000
        default: 0
        }
    }

    /// Seconds since midnight: `16:15`, `16:15:30`, `16.15.30`, `4:15:30 PM`, decimals that nobody needs.
    private static func clock(hour: Int, _ tokens: inout Tokens) -> Int? {
        guard let minute = tokens.afterSeparator(), minute <= 59 else { return nil }
        var hour = hour
        var second = 0
        if tokens.isAtClock(dotted: true) {
            guard let value = tokens.afterSeparator(), value <= 60 else { return nil }
            second = value
            tokens.skipDecimals()
        }
        if let isAfternoon = tokens.half() {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + (isAfternoon ? 12 : 0)
        }
        return hour <= 23 ? hour * 3600 + minute * 60 + second : nil
    }

    /// Seconds east of Greenwich; nil for military letters and unknown names, which count as `-0000` (RFC 5322 §4.3). A
    /// number behind Greenwich's name counts from there (`GMT+0800`).
    private static func offset(ofWord letters: UInt32, _ count: Int, _ tokens: inout Tokens) -> Int? {
        let isGreenwich =
            ["gmt", "utc"].contains { letters == code($0) } && count == 3 || letters == code("ut") && count == 2
        if isGreenwich {
            for sign in [plus, minus] where tokens.skips(sign) { return tokens.zone(sign) }
            return 0
        }
        return zones[Zone(letters: letters, count: count)].map { $0 * 3600 }
    }

    private static let plus = UInt8(ascii: "+")
    private static let minus = UInt8(ascii: "-")
    private static let months = table("jan feb mar apr may jun jul aug sep oct nov dec", from: 1)

    private struct Zone: Hashable {
        var letters: UInt32
        var count: Int
    }

    /// RFC 5322 §4.3, and names that stand for one zone alone, or for two at the same time (MEST, MESZ).
    private static let zones = Dictionary(
        [
            ("edt", -4), ("est", -5), ("cdt", -5), ("cst", -6), ("mdt", -6), ("mst", -7), ("pdt", -7), ("pst", -8),
            ("akst", -9), ("akdt", -8), ("hst", -10), ("wet", 0), ("west", 1), ("cet", 1), ("cest", 2), ("met", 1),
            ("mest", 2), ("mez", 1), ("eet", 2), ("eest", 3), ("msk", 3), ("bst", 1), ("hkt", 8), ("sgt", 8),
            ("jst", 9), ("kst", 9), ("aest", 10), ("aedt", 11), ("nzst", 12), ("nzdt", 13),
        ].map { (Zone(letters: code($0.0.prefix(3)), count: $0.0.count), $0.1) },
        uniquingKeysWith: { first, _ in first })

    private static func code(_ letters: some StringProtocol) -> UInt32 {
        letters.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func table(_ words: String, from first: Int) -> [UInt32: Int] {
        Dictionary(uniqueKeysWithValues: words.split(separator: " ").enumerated().map { (code($1), $0 + first) })
    }

    private static func days(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// In the Gregorian calendar, counted in years that begin with March, so that leap days come last.
    private static func daysSince1970(_ day: Int, _ month: Int, _ year: Int) -> Int {
        let years = month > 2 ? year : year - 1
        let monthsSinceMarch = (month + 9) % 12
        return years * 365 + years / 4 - years / 100 + years / 400 + (monthsSinceMarch * 306 + 5) / 10 + day - 1
            - 719_468
    }

    /// Numbers, words and symbols, without white space and comments (nested, RFC 5322 §3.2.2).
    private struct Tokens {
        var text: Slice<UnsafeRawBufferPointer>

        /// Whether next comes a separator of hours, minutes and seconds, followed by a number.
        func isAtClock(dotted: Bool) -> Bool {
            var rest = self
            guard case .symbol(let octet) = rest.next(),
                octet == UInt8(ascii: ":") || dotted && octet == UInt8(ascii: "."),
                case .number(_, 1...2) = rest.next()
            else { return false }
            return true
        }

        mutating func afterSeparator() -> Int? {
            guard case .symbol = next(), case .number(let value, 1...2) = next() else { return nil }
            return value
        }

        mutating func skips(_ octet: UInt8) -> Bool {
            guard text.first == octet else { return false }
            text = text.dropFirst()
            return true
        }

        mutating func skipDecimals() {
            guard text.first == UInt8(ascii: ".") || text.first == UInt8(ascii: ","),
                text.dropFirst().first.map(isDigit) ?? false
            else { return }
            text = text.dropFirst().drop { isDigit($0) }
        }

        /// AM or PM; nil if neither comes next.
        mutating func half() -> Bool? {
            var rest = self
            guard case .word(let letters, 2) = rest.next() else { return nil }
            let words = [ArrivalTime.code("am"), ArrivalTime.code("pm")]
            guard words.contains(letters) else { return nil }
            self = rest
            return letters == words[1]
        }

        /// What follows the sign of a zone: `0800`, `08:00`, `08`, `800`; 0 where that makes no sense.
        mutating func zone(_ sign: UInt8) -> Int {
            guard text.first.map(isDigit) ?? false, case .number(let value, let digits) = next(), digits <= 4 else {
                return 0
            }
            var (hours, minutes) = digits <= 2 ? (value, 0) : (value / 100, value % 100)
            if digits <= 2, text.first == UInt8(ascii: ":") {
                var rest = Tokens(text: text.dropFirst())
                if case .number(let value, 2) = rest.next() {
                    minutes = value
                    text = rest.text
                }
            }
            guard hours < 24, minutes < 60 else { return 0 }
            hours = hours * 3600 + minutes * 60
            return sign == ArrivalTime.plus ? hours : -hours
        }

        mutating func next() -> Token? {
            var depth = 0
            while let octet = text.first {
                switch octet {
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")"): depth = max(0, depth - 1)
                case UInt8(ascii: "\\") where depth > 0: text = text.dropFirst()
                case 9, 10, 13, 32: break
                default:
                    if depth == 0 { return token(octet) }
                }
                text = text.dropFirst()
            }
            return nil
        }

        private mutating func token(_ first: UInt8) -> Token {
            if isDigit(first) {
                let digits = text.prefix { isDigit($0) }
                text = text[digits.endIndex...]
                return .number(digits.prefix(6).reduce(0) { $0 * 10 + Int($1 - 48) }, digits: digits.count)
            }
            if isLetter(first) {
                let letters = text.prefix { isLetter($0) }
                text = text[letters.endIndex...]
                return .word(letters.prefix(3).reduce(0) { $0 << 8 | UInt32($1 | 0x20) }, letters: letters.count)
            }
            text = text.dropFirst()
            return .symbol(first)
        }

        private func isDigit(_ octet: UInt8) -> Bool { octet >= 48 && octet <= 57 }

        private func isLetter(_ octet: UInt8) -> Bool { octet | 0x20 >= 97 && octet | 0x20 <= 122 }
    }
}
