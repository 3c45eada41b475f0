// SPDX-License-Identifier: Apache-2.0

/// A sentence in English, and what it is in Chinese.
struct Page: Sendable {
    /// What stands before, between and after what is put in.
    let literals: [[UInt8]]
    /// With `{}`, or `{1}`, `{2}` … where the order is another.
    let translation: String

    /// Which of what is put in has to be a figure: `{#}` instead of `{}`.
    private let figures: Set<Int>

    init(english: String, chinese: String) {
        literals = Self.literals(english.replacing("{#}", with: "{}"))
        figures = Set(english.matches(of: /\{#?\}/).enumerated().filter { $1.output == "{#}" }.map(\.offset))
        translation = chinese
    }

    /// How many octets are its own.
    var weight: Int { literals.reduce(0) { $0 + $1.count } }

    static func literals(_ english: String) -> [[UInt8]] {
        Array(english.utf8).split(by: Array("{}".utf8)).map(Array.init)
    }

    /// - Returns: where in the text stands what was put in; nil if the text is another sentence.
    func parts(of text: [UInt8]) -> [Range<Int>]? {
        guard let first = literals.first, let last = literals.last, text.starts(with: first) else { return nil }
        guard literals.count > 1 else { return text.count == first.count ? [] : nil }
        guard text.count >= weight, text.suffix(last.count).elementsEqual(last) else { return nil }
        var parts: [Range<Int>] = []
        var start = first.count
        let end = text.count - last.count
        for literal in literals.dropFirst().dropLast() {
            guard start <= end, let found = text[start..<end].firstRange(of: literal) else { return nil }
            parts.append(start..<found.lowerBound)
            start = found.upperBound
        }
        guard start <= end else { return nil }
        parts.append(start..<end)
        return figures.allSatisfy { Self.isFigure(text[parts[$0]]) } ? parts : nil
    }

    private static func isFigure(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && text.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }

    func chinese(_ parts: [String]) -> String {
        var text = ""
        var next = 0
        var rest = translation[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let number = rest[rest.index(after: open)..<close]
            if number.isEmpty || Int(number) != nil {
                let index = Int(number).map { $0 - 1 } ?? next
                if number.isEmpty { next += 1 }
                if parts.indices.contains(index) { text += parts[index] }
            } else {
                text += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// Reads pages from text: the English, in one or more lines; a line that begins with `= ` and the Chinese; what
    /// continues it. Paragraphs are apart by an empty line.
    static func read(_ text: String) -> [Page] {
        text.split(separator: "\n\n").map { paragraph in
            var english: [Substring] = []
            var chinese: [Substring] = []
            for line in paragraph.split(separator: "\n") {
                if line.hasPrefix("= ") {
                    chinese.append(line.dropFirst(2))
                } else if chinese.isEmpty {
                    english.append(line)
                } else {
                    chinese.append(line.drop { $0 == " " })
                }
            }
            return Page(english: english.joined(separator: " "), chinese: join(chinese))
        }
    }

    /// Chinese has no spaces; words in Latin letters are apart.
    private static func join(_ lines: [Substring]) -> String {
        lines.reduce(into: "") { text, line in
            let isLatin = text.unicodeScalars.last?.isASCII == true && line.unicodeScalars.first?.isASCII == true
            text += isLatin ? " \(line)" : line
        }
    }
}

extension Array<UInt8> {
    func split(by separator: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return parts + [rest]
    }
}

extension ArraySlice<UInt8> {
    func firstRange(of other: [UInt8]) -> Range<Int>? {
        guard let first = other.first else { return startIndex..<startIndex }
        var start = startIndex
        while let candidate = self[start...].firstIndex(of: first) {
            guard candidate + other.count <= endIndex else { return nil }
            if self[candidate..<candidate + other.count].elementsEqual(other) {
                return candidate..<candidate + other.count
            }
            start = candidate + 1
        }
        return nil
    }
}
