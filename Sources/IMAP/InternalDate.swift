// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Vocabulary

/// When a message arrived (RFC 3501 §2.3.3), as IMAP writes it: `" 7-Feb-1994 21:52:25 -0800"`.
public enum InternalDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// nil where it is no date, or one that stands for none: servers send `00-Jan-0000`, `30-Dec-1899` and the start of
    /// 1970 for mail whose arrival they do not know.
    public static func timestamp(of octets: some Collection<UInt8>) -> Timestamp? {
        guard octets.count <= 64 else { return nil }
        let words = octets.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard (2...3).contains(words.count) else { return nil }
        let date = words[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let time = words[1].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard date.count == 3, time.count == 3,
            let day = number(date[0], 1...31),
            let month = months.firstIndex(of: String(decoding: date[1], as: UTF8.self).lowercased()),
            date[2].count == 4, let year = number(date[2], 1970...9999),
            let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
            let second = number(time[2], 0...60),
            let offset = words.count == 3 ? minutes(ofZone: words[2]) : 0
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        let seconds = Int64(timegm(&parts))
        guard parts.tm_mday == Int32(day) || second == 60 else { return nil }  // 30 February
        let moment = seconds - Int64(offset) * 60
        return moment > 0 ? Timestamp(milliseconds: moment * 1000) : nil
    }

    private static func number(_ digits: some Collection<UInt8>, _ range: ClosedRange<Int>) -> Int? {
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        let value = Int(saturating: digits)
        return range.contains(value) ? value : nil
    }

    /// `+0800`; some servers write `GMT`, or nothing.
    private static func minutes(ofZone zone: some Collection<UInt8>) -> Int? {
        if zone.isKeyword("GMT") || zone.isKeyword("UTC") || zone.isKeyword("UT") || zone.isKeyword("Z") { return 0 }
        guard zone.count == 5, let sign = zone.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = number(zone.dropFirst().prefix(2), 0...23), let minutes = number(zone.dropFirst(3), 0...59)
        else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "+") ? 1 : -1)
    }

    /// In UTC, without its quotes. IMAP has four digits for a year.
    public static func text(of timestamp: Timestamp) -> String {
        let latest: Int64 = 253_402_300_799  // the end of 9999
        var time = time_t(min(max(timestamp.milliseconds / 1000, 0), latest))
        var parts = tm()
        gmtime_r(&time, &parts)
        func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let month = months[Int(parts.tm_mon)].capitalizedASCII
        return "\(digits(parts.tm_mday))-\(month)-\(parts.tm_year + 1900)"
            + " \(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec)) +0000"
    }
}

extension String {
    fileprivate var capitalizedASCII: String { prefix(1).uppercased() + dropFirst() }
}
