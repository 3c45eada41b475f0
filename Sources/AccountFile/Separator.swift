// SPDX-License-Identifier: Apache-2.0

/// What stands between the fields of a row.
public enum Separator: String, Sendable, CaseIterable {
    case comma = ","
    case semicolon = ";"
    case tab = "tab"
    case bar = "|"

    var octet: UInt8 {
        switch self {
        case .comma: UInt8(ascii: ",")
        case .semicolon: UInt8(ascii: ";")
        case .tab: UInt8(ascii: "\t")
        case .bar: UInt8(ascii: "|")
        }
    }

    /// Where the rows begin.
    struct Start: Equatable {
        var offset = 0
        var line = 1
    }

    /// How many rows tell it.
    private static let sample = 50

    /// The one that makes most of the first rows: a header that is known, addresses that stand alone, as many fields in
    /// each row.
    static func find(in text: WipedText) -> (Separator, Start) {
        let (declared, start) = skipDeclarations(in: text)
        if let declared { return (declared, start) }
        var best = (separator: Separator.comma, merit: [-1])
        for separator in allCases {
            let merit = merit(of: separator, in: text, start)
            if best.merit.lexicographicallyPrecedes(merit) { best = (separator, merit) }
        }
        return (best.separator, start)
    }

    private static func merit(of separator: Separator, in text: WipedText, _ start: Start) -> [Int] {
        var reader = RowReader(text, separator: separator.octet, at: start)
        var fields = RowReader.Fields()
        var known = 0
        var addresses = 0
        var widths: [Int: Int] = [:]
        var rows = 0
        while rows < sample, reader.next(&fields) {
            guard !fields.isEmpty(in: text), fields.fault == nil || fields.fault == .nul else { continue }
            rows += 1
            widths[fields.cells.count, default: 0] += 1
            if fields.cells.contains(where: { $0.trimmed(in: text).holdsAddress(in: text) }) {
                addresses += 1
            } else if addresses == 0, rows <= Layout.mostRowsAbove {
                known = max(known, Header(fields, text)?.known ?? 0)
            }
        }
        let even = widths.filter { $0.key > 1 }.map(\.value).max() ?? 0
        return [known, addresses, even]
    }

    /// PowerShell begins with the type of what it exports (`#TYPE …`), Excel is told by `sep=;`.
    private static func skipDeclarations(in text: WipedText) -> (Separator?, Start) {
        var start = Start()
        for _ in 0..<2 {
            let rest = UnsafeRawBufferPointer(rebasing: text.octets[start.offset...])
            let line = rest.prefix(200).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            let isType = line.starts(with: "#TYPE ".utf8)
            let isSeparator = (5...6).contains(line.count) && line.starts(with: "sep=".utf8)
            guard isType || isSeparator, line.count < 200 else { break }
            var end = line.count
            if rest[end...].starts(with: "\r\n".utf8) { end += 2 } else if end < rest.count { end += 1 }
            start.offset += end
            start.line += 1
            if isSeparator, let separator = allCases.first(where: { $0.octet == line[4] }) { return (separator, start) }
        }
        return (nil, start)
    }
}
