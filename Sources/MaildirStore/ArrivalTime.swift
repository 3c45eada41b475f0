// SPDX-License-Identifier: Apache-2.0

/// Reads the date-time of RFC 5322 §3.3 and its obsolete forms (§4.3), and what programs in the field make of it:
/// missing seconds and zones, `Jan 2 2006` or `2-Jan-2006`, unknown zone names.
enum ArrivalTime {
    /// 1971: what is older is a clock that was never set.
    private static let earliest: Int64 = 365 * 86400

    /// Seconds since 1970 of a `Received` field: its date follows the last semicolon, or one before it where a
    /// comment holds the last.
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
        var day: Int?
        var month: Int?
        var year: Int?
        while year == nil {
            switch tokens.next() {
            case nil: return nil
            case .symbol: continue
            case .word(let letters, _):
                if let known = months[letters] {
                    guard month == nil else { return nil }
                    month = known
                }  // else a day of the week
            case .number(let value, let digits):
                if day == nil, digits <= 2 {
                    day = value
                } else if day != nil, month != nil {
                    year = fullYear(value, digits: digits)
                } else {
                    return nil
                }
            }
        }
        guard let day, let month, let year, (1971...9999).contains(year), day >= 1, day <= days(month, year),
            case .number(let hour, 1...2) = tokens.next(), hour <= 23, case .symbol(UInt8(ascii: ":")) = tokens.next(),
            case .number(let minute, 1...2) = tokens.next(), minute <= 59
        else { return nil }
        var second = 0
        var token = tokens.next()
        if case .symbol(UInt8(ascii: ":")) = token {
            guard case .number(let value, 1...2) = tokens.next(), value <= 60 else { return nil }
            second = value
            token = tokens.next()
        }
        let local = Int64(daysSince1970(day, month, year)) * 86400 + Int64(hour * 3600 + minute * 60 + second)
        let time = local - Int64(offset(token, &tokens))
        return time >= earliest ? time : nil
    }

    /// RFC 5322 §4.3.
    private static func fullYear(_ value: Int, digits: Int) -> Int? {
        switch digits {
        case 2: value < 50 ? 2000 + value : 1900 + value
        case 3: 1900 + value
        case 4: value
        default: 0
        }
    }

    /// Seconds east of Greenwich. Military letters and unknown names count as `-0000` (RFC 5322 §4.3).
    private static func offset(_ token: Token?, _ tokens: inout Tokens) -> Int {
        switch token {
        case .symbol(let sign) where sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"):
            guard case .number(let value, let digits) = tokens.next(), digits == 4, value % 100 < 60, value < 2400
            else {
                return 0
            }
            let seconds = (value / 100 * 60 + value % 100) * 60
            return sign == UInt8(ascii: "+") ? seconds : -seconds
        case .word(let letters, 3): return (zones[letters] ?? 0) * 3600
        default: return 0
        }
    }

    private static let months = table("jan feb mar apr may jun jul aug sep oct nov dec", from: 1)
    private static let zones = [
        code("edt"): -4, code("est"): -5, code("cdt"): -5, code("cst"): -6, code("mdt"): -6, code("mst"): -7,
        code("pdt"): -7, code("pst"): -8,
    ]

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
