// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The string literals of a room's sources, with `{}` for what is put in, and joined where `+` joins them.
struct SourceTexts {
    struct Text: Hashable {
        var file: String
        var text: String
    }

    /// Sentences: two words or more.
    static func sentences(of room: String) throws -> [Text] {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(room)")
        let files = FileManager.default.enumerator(at: sources.standardized, includingPropertiesForKeys: nil)
        var found: [Text] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let name = "\(room)/\(file.lastPathComponent)"
            var reader = LiteralReader(try String(contentsOf: file, encoding: .utf8))
            found += reader.read().filter(isSentence).map { Text(file: name, text: $0) }
        }
        return found
    }

    private static func isSentence(_ text: String) -> Bool {
        text.contains(" ") && text.matches(of: /[A-Za-z']{2,}/).count > 1
            && !text.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
    }
}

/// Reads Swift far enough to find literals.
struct LiteralReader {
    private let source: [Character]
    private var place = 0

    init(_ source: String) { self.source = Array(source) }

    mutating func read() -> [String] {
        var texts: [String] = []
        var endOfLast: Int?
        while place < source.count {
            if starts(with: "//") {
                place = source[place...].firstIndex(of: "\n") ?? source.count
            } else if starts(with: "#\"") {
                // A raw literal.
                let end = starts(with: "#\"\"\"") ? "\"\"\"#" : "\"#"
                place += 2
                while place < source.count, !starts(with: end) { place += 1 }
                place += end.count
            } else if source[place] == "\"" {
                let start = place
                let text = literal()
                if let last = endOfLast, let before = texts.last, joins(last..<start) {
                    texts[texts.count - 1] = before + text
                } else {
                    texts.append(text)
                }
                endOfLast = place
            } else {
                place += 1
            }
        }
        return texts
    }

    /// Whether nothing but a plus sign stands there.
    private func joins(_ range: Range<Int>) -> Bool {
        source[range].filter { !$0.isWhitespace } == ["+"]
    }

    private func starts(with text: String) -> Bool {
        let text = Array(text)
        return place + text.count <= source.count && source[place..<place + text.count].elementsEqual(text)
    }

    private mutating func literal() -> String {
        let isLong = starts(with: "\"\"\"")
        let quote = isLong ? "\"\"\"" : "\""
        place += quote.count
        var text = ""
        while place < source.count, !starts(with: quote) {
            if starts(with: "\\(") {
                place += 1
                skipInterpolation()
                text += "{}"
            } else if source[place] == "\\", place + 1 < source.count {
                escape(into: &text)
            } else {
                text.append(source[place])
                place += 1
            }
        }
        place += quote.count
        guard isLong else { return text }
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private mutating func escape(into text: inout String) {
        let next = source[place + 1]
        place += 2
        switch next {
        case "\n":
            // The line goes on.
            while place < source.count, source[place] == " " { place += 1 }
        case "n": text.append("\n")
        case "0": text.append("\0")
        case "u":
            while place < source.count, source[place] != "}" { place += 1 }
            place += 1
        default: text.append(next)
        }
    }

    /// What stands in parentheses, which may hold literals.
    private mutating func skipInterpolation() {
        var depth = 0
        while place < source.count {
            switch source[place] {
            case "\"":
                _ = literal()
                continue
            case "(": depth += 1
            case ")": depth -= 1
            default: break
            }
            place += 1
            if depth == 0 { return }
        }
    }
}
