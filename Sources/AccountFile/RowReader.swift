// SPDX-License-Identifier: Apache-2.0

import Secrets
import Vocabulary

/// Cuts text into rows and fields (RFC 4180), with LF, CR or CRLF at the end of a line.
///
/// A row with a fault in its quotes is one line: what follows it is read as if it were not there, so that a quote too
/// many costs one account and not all the rest. A quote within a field that does not begin with one stands for itself.
struct RowReader {
    struct Cell {
        /// Without the quotes around it.
        var range: Range<Int>
        /// Whether quotes in it are doubled.
        var hasDoubledQuotes = false
    }

    /// A row, reused from one to the next.
    struct Fields {
        var line = 1
        var cells: [Cell] = []
        var fault: RowFault?

        func isEmpty(in text: WipedText) -> Bool {
            fault == nil && cells.allSatisfy { $0.range.isEmpty || $0.trimmed(in: text).range.isEmpty }
        }
    }

    /// More fields than any export has.
    static let mostFields = 1000

    let text: WipedText
    private let separator: UInt8
    private var position: Int
    private var line = 1

    /// - Parameter start: where the first line begins, which counts as the first if nothing but a mark stands before.
    init(_ text: WipedText, separator: UInt8, at start: Separator.Start = .init()) {
        self.text = text
        self.separator = separator
        position = start.offset
        line = start.line
    }

    private static let quote = UInt8(ascii: "\"")
    private static let space = UInt8(ascii: " ")
    private static let lf = UInt8(ascii: "\n")
    private static let cr = UInt8(ascii: "\r")

    /// Reads a row; false at the end.
    mutating func next(_ fields: inout Fields) -> Bool {
        fields.cells.removeAll(keepingCapacity: true)
        fields.fault = nil
        fields.line = line
        guard position < text.count else { return false }
        while true {
            var opening = position
            while opening < text.count, text[opening] == Self.space { opening += 1 }
            let cell: Cell
            if opening < text.count, text[opening] == Self.quote {
                switch quoted(from: opening, &fields) {
                case .success(let read): cell = read
                case .failure(let fault):
                    fields.fault = fault.fault
                    skipLine(from: opening + 1)
                    return true
                }
            } else {
                cell = unquoted(&fields)
            }
            if fields.cells.count < Self.mostFields {
                fields.cells.append(cell)
            } else {
                fields.fault = fields.fault ?? .tooManyFields
            }
            guard position < text.count else { return true }
            if text[position] == separator {
                position += 1
                // A separator at the very end has an empty field behind it.
                if position == text.count { return true }
            } else {
                endLine()
                return true
            }
        }
    }

    private struct Broken: Error { var fault: RowFault }

    /// A field in quotes; `position` is behind it afterwards, and where it was if it is broken.
    private mutating func quoted(from opening: Int, _ fields: inout Fields) -> Result<Cell, Broken> {
        var index = opening + 1
        var lineNow = line
        var cell = Cell(range: index..<index)
        var hasNUL = false
        let count = text.count
        while true {
            guard index < count else { return .failure(Broken(fault: .openQuote)) }
            let octet = text[index]
            if octet == Self.quote {
                guard index + 1 < count, text[index + 1] == Self.quote else { break }
                cell.hasDoubledQuotes = true
                index += 2
                continue
            }
            if octet == Self.lf || octet == Self.cr && !(index + 1 < count && text[index + 1] == Self.lf) {
                lineNow += 1
            } else if octet == 0 {
                hasNUL = true
            }
            index += 1
        }
        cell.range = opening + 1..<index
        index += 1
        while index < count, text[index] == Self.space { index += 1 }
        guard index == count || text[index] == separator || text[index] == Self.lf || text[index] == Self.cr else {
            return .failure(Broken(fault: .textAfterQuote))
        }
        if hasNUL { fields.fault = fields.fault ?? .nul }
        position = index
        line = lineNow
        return .success(cell)
    }

    private mutating func unquoted(_ fields: inout Fields) -> Cell {
        let start = position
        var index = position
        let count = text.count
        while index < count {
            let octet = text[index]
            if octet == separator || octet == Self.lf || octet == Self.cr { break }
            if octet == 0 { fields.fault = fields.fault ?? .nul }
            index += 1
        }
        position = index
        return Cell(range: start..<index)
    }

    /// To the beginning of the next line.
    private mutating func skipLine(from index: Int) {
        position = index
        while position < text.count, text[position] != Self.lf, text[position] != Self.cr { position += 1 }
        if position < text.count { endLine() }
    }

    private mutating func endLine() {
        let isCRLF = text[position] == Self.cr && position + 1 < text.count && text[position + 1] == Self.lf
        position += isCRLF ? 2 : 1
        line += 1
    }
}

extension RowReader.Cell {
    /// Without the spaces around it, such as those that come along with what is copied from a page.
    func trimmed(in text: WipedText) -> Self {
        var cell = self
        let isPlain = { (index: Int) in (0x21..<0x80).contains(text[index]) }
        if let first = range.first, isPlain(first), isPlain(range.upperBound - 1) { return self }
        while let width = Self.spaceWidth(text.octets, cell.range.lowerBound, cell.range.upperBound) {
            cell.range = cell.range.lowerBound + width..<cell.range.upperBound
        }
        trailing: while !cell.range.isEmpty {
            for width in 1...3 where width <= cell.range.count {
                let start = cell.range.upperBound - width
                if Self.spaceWidth(text.octets, start, cell.range.upperBound) == width {
                    cell.range = cell.range.lowerBound..<start
                    continue trailing
                }
            }
            break
        }
        return cell
    }

    /// How many octets the space at `index` has; nil where there is none.
    private static func spaceWidth(_ octets: UnsafeRawBufferPointer, _ index: Int, _ end: Int) -> Int? {
        guard index < end else { return nil }
        switch octets[index] {
        case UInt8(ascii: " "), 0x09...0x0D: return 1
        case 0x1A: return 1  // what DOS ends a file with
        case 0xC2 where index + 2 <= end && octets[index + 1] == 0xA0: return 2  // no-break space
        case 0xE3 where index + 3 <= end && octets[index + 1] == 0x80 && octets[index + 2] == 0x80: return 3  // CJK's
        case 0xE2 where index + 3 <= end && octets[index + 1] == 0x80 && octets[index + 2] == 0x8B: return 3  // none
        case 0xEF where index + 3 <= end && octets[index + 1] == 0xBB && octets[index + 2] == 0xBF: return 3  // a mark
        default: return nil
        }
    }

    func string(in text: WipedText) -> String {
        let string = String(decoding: text.octets[range], as: UTF8.self)
        return hasDoubledQuotes ? string.replacing("\"\"", with: "\"") : string
    }

    func isASCII(in text: WipedText) -> Bool { text.octets[range].allSatisfy { $0 < 0x80 } }

    /// The octets go into guarded memory, and nowhere else.
    func password(in text: WipedText) -> Password {
        let octets = UnsafeRawBufferPointer(rebasing: text.octets[range])
        guard hasDoubledQuotes else { return Password(octets: octets) }
        let quote = UInt8(ascii: "\"")
        let doubled = octets.reduce(0) { $1 == quote ? $0 + 1 : $0 } / 2
        return Password(count: octets.count - doubled) { memory in
            var written = 0
            var read = 0
            while read < octets.count {
                memory[written] = octets[read]
                written += 1
                read += octets[read] == quote ? 2 : 1
            }
        }
    }

    /// Whether an export shows asterisks or dots instead of the password.
    func isMasked(in text: WipedText) -> Bool {
        let octets = UnsafeRawBufferPointer(rebasing: text.octets[range])
        return ["*", "•", "●"].contains { (mark: StaticString) in
            let width = mark.utf8CodeUnitCount
            return octets.count >= 3 * width && octets.count % width == 0
                && octets.indices.allSatisfy { octets[$0] == mark.utf8Start[$0 % width] }
        }
    }

    /// Whether an address of a domain with a dot stands here, and nothing else.
    func holdsAddress(in text: WipedText) -> Bool {
        guard (3...320).contains(range.count), !hasDoubledQuotes,
            let at = text.octets[range].lastIndex(of: UInt8(ascii: "@")),
            text.octets[at..<range.upperBound].contains(UInt8(ascii: "."))
        else { return false }
        return (try? EmailAddress(string(in: text))) != nil
    }

    /// A `crypt(3)` hash in a column of passwords, as exports of other servers have it; nobody has such a password.
    func hash(in text: WipedText) -> String? {
        guard let first = text.octets[range].first, first == UInt8(ascii: "$") || first == UInt8(ascii: "{"),
            range.count >= 20
        else { return nil }
        let string = string(in: text)
        return (try? PasswordHash(string)) == nil ? nil : string
    }
}
