// SPDX-License-Identifier: Apache-2.0

/// How much a mailbox may hold, as exports write it: `1073741824`, `500M`, `1,5 GB`, `49.5 GB (53,150,220,288 bytes)`.
enum Quota: Equatable {
    case octets(Int64)
    case unlimited

    static let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]

    /// What a unit alone stands for; nil where it is none.
    static func unit(_ text: String) -> Int64? {
        if ["b", "byte", "bytes", "octets", "字节"].contains(text) { return 1 }
        guard let first = text.first, let unit = units[first] else { return nil }
        return ["", "b", "ib"].contains(text.dropFirst()) ? unit : nil
    }

    /// nil where `text` is no quota.
    /// - Parameter unit: of a number that has none of its own.
    init?(_ text: String, unit: Int64) {
        guard text.utf8.count <= 100 else { return nil }
        if let plain = Self.plain(text, unit) {
            self = .octets(plain)
            return
        }
        var text = text.lowercased()
        // Exchange gives the exact figure behind the rounded one.
        if let open = text.firstIndex(of: "("), let end = text.lastIndex(of: ")"), open < end {
            text = String(text[text.index(after: open)..<end])
        }
        text.removeAll { $0.isWhitespace || $0 == "_" || $0 == "'" }
        if ["", "-", "unlimited", "none", "∞", "无限", "无限制", "不限", "不限制"].contains(text) {
            self = .unlimited
            return
        }
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." || $0 == "," }
        let rest = String(text[number.endIndex...])
        guard let factor = rest.isEmpty ? unit : Self.unit(rest),
            let octets = Self.multiply(String(number), by: factor)
        else { return nil }
        self = .octets(octets)
    }

    /// Digits with a letter behind them, as nearly all are: a tenth of the time.
    private static func plain(_ text: String, _ unit: Int64) -> Int64? {
        var value: Int64 = 0
        var factor = unit
        let octets = text.utf8
        guard (2...15).contains(octets.count) else { return nil }
        for (index, octet) in octets.enumerated() {
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * 10 + Int64(octet - UInt8(ascii: "0"))
            case UInt8(ascii: "K") where index == octets.count - 1 && index > 0: factor = 1 << 10
            case UInt8(ascii: "M") where index == octets.count - 1 && index > 0: factor = 1 << 20
            case UInt8(ascii: "G") where index == octets.count - 1 && index > 0: factor = 1 << 30
            default: return nil
            }
        }
        let (octetCount, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : octetCount
    }

    private static func multiply(_ number: String, by factor: Int64) -> Int64? {
        var whole = Substring(number)
        var fraction: Substring = ""
        let groups = number.split(separator: ",", omittingEmptySubsequences: false)
        // "1,024" has groups of three; "1,5" a decimal comma.
        let areThousands =
            groups.count > 1 && (1...3).contains(groups[0].count) && groups[0] != "0"
            && groups.dropFirst().allSatisfy { $0.prefix { $0 != "." }.count == 3 }
        let plain = areThousands ? groups.joined() : number.replacing(",", with: ".")
        whole = plain.prefix { $0 != "." }
        if whole.endIndex < plain.endIndex {
            fraction = plain[plain.index(after: whole.endIndex)...]
            guard !fraction.isEmpty, factor > 1 else { return nil }
        }
        guard !whole.isEmpty, let value = Int64(whole) else { return nil }
        var (octets, overflow) = value.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        if !fraction.isEmpty {
            let digits = fraction.prefix(6)
            guard fraction.allSatisfy({ ("0"..."9").contains($0) }), let part = Int64(digits) else { return nil }
            let scale = (0..<digits.count).reduce(Int64(1)) { scale, _ in scale * 10 }
            // Below 10⁶ times 2⁴⁰.
            (octets, overflow) = octets.addingReportingOverflow(part * factor / scale)
            guard !overflow else { return nil }
        }
        return octets
    }
}
