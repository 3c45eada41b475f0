// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Vocabulary

/// The language that a page is written in.
public enum PageLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"

    /// The text in this language.
    public func of(_ text: LocalizedText) -> String {
        switch self {
        case .english: text.en
        case .chinese: text.zhCN
        }
    }
}

/// Numbers, sizes and times as people read them.
struct Figures: Sendable {
    let language: PageLanguage
    /// How many seconds the clock on the wall is ahead of UTC at a moment.
    let offset: @Sendable (Timestamp) -> Int

    /// `1,204`
    static func grouped(_ number: Int64) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `45.2 GB`, by 1024.
    static func size(_ octets: Int64) -> String {
        var amount = Double(max(0, octets))
        var units = ["bytes", "KB", "MB", "GB", "TB", "PB"][...]
        while amount >= 1000, units.count > 1 {
            amount /= 1024
            units = units.dropFirst()
        }
        let unit = units.first ?? ""
        if unit == "bytes" { return octets == 0 ? "0" : "< 1 KB" }
        let tenths = Int((amount * 10).rounded())
        return tenths >= 1000 || tenths % 10 == 0
            ? "\((tenths + 5) / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// `78 %`; never 100 % of less than all.
    static func percent(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0 else { return "–" }
        if part >= whole { return "100 %" }
        return "\(min(99, Int(Double(part) / Double(whole) * 100))) %"
    }

    /// `18 days`, `3 h 20 min`
    func duration(_ seconds: Int64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60)
        switch language {
        case .english:
            if days >= 2 { return "\(days) days" }
            if hours >= 1 { return "\(hours) h \(minutes % 60) min" }
            return minutes >= 1 ? "\(minutes) min" : "\(seconds) s"
        case .chinese:
            if days >= 2 { return "\(days) 天" }
            if hours >= 1 { return "\(hours) 小时 \(minutes % 60) 分" }
            return minutes >= 1 ? "\(minutes) 分钟" : "\(seconds) 秒"
        }
    }

    /// `30 Nov 2026`
    func date(_ time: Timestamp) -> String {
        let parts = parts(time)
        return language == .english
            ? "\(parts.tm_mday) \(Self.month(parts)) \(parts.tm_year + 1900)"
            : "\(parts.tm_year + 1900)年\(parts.tm_mon + 1)月\(parts.tm_mday)日"
    }

    /// `30 Nov`
    func shortDate(_ time: Timestamp) -> String {
        let parts = parts(time)
        return language == .english
            ? "\(parts.tm_mday) \(Self.month(parts))" : "\(parts.tm_mon + 1)月\(parts.tm_mday)日"
    }

    /// `14:05`
    func clock(_ time: Timestamp) -> String {
        let parts = parts(time)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(parts.tm_hour)):\(two(parts.tm_min))"
    }

    /// `30 Nov 2026, 14:05`
    func moment(_ time: Timestamp) -> String {
        date(time) + (language == .english ? ", " : " ") + clock(time)
    }

    /// `UTC+8`
    func zone(_ time: Timestamp) -> String {
        let minutes = offset(time) / 60
        guard minutes != 0 else { return "UTC" }
        let rest = abs(minutes) % 60
        return "UTC\(minutes < 0 ? "−" : "+")\(abs(minutes) / 60)"
            + (rest == 0 ? "" : ":\(rest < 10 ? "0" : "")\(rest)")
    }

    private func parts(_ time: Timestamp) -> tm {
        let milliseconds = time.milliseconds.addingSaturated(Int64(offset(time)) * 1000)
        var seconds = time_t((milliseconds - milliseconds.remainder(of: 1000)) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return parts
    }

    private static func month(_ parts: tm) -> String {
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return names.indices.contains(Int(parts.tm_mon)) ? names[Int(parts.tm_mon)] : ""
    }

    /// As the machine's clock on the wall shows it.
    static let local: @Sendable (Timestamp) -> Int = { time in
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts.tm_gmtoff
    }
}
