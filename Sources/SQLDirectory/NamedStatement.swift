// SPDX-License-Identifier: Apache-2.0

/// A statement of the administrator's, with parameters by name: `… WHERE username = :address`.
///
/// Names inside literals, quoted identifiers and comments are no parameters, and neither are `::text` casts. What a
/// parameter stands for is never part of the text.
public struct NamedStatement: Hashable, Sendable {
    /// What is wrong with a statement, for the administrator.
    public struct Fault: Error, Hashable, CustomStringConvertible {
        public var description: String
    }

    /// What statements may name.
    public static let known: Set = ["address", "localPart", "domain", "password", "expected"]

    private enum Piece: Hashable, Sendable {
        case text(String)
        case parameter(String)
    }

    private let pieces: [Piece]

    /// - Throws: ``Fault`` for an unknown parameter, or a statement that does not begin with `verb`.
    public init(_ text: String, beginningWith verb: String) throws(Fault) {
        let first = text.split(whereSeparator: \.isWhitespace).first?.uppercased()
        guard first == verb else { throw Fault(description: "must be one \(verb) statement") }
        var reader = Reader(text)
        pieces = reader.pieces()
        guard reader.isWhole else { throw Fault(description: "ends within a literal or a comment") }
        for case .parameter(let name) in pieces where !Self.known.contains(name) {
            throw Fault(
                description: "names :\(name); known are \(Self.known.sorted().map { ":\($0)" }.joined(separator: ", "))"
            )
        }
    }

    /// One of ours.
    static func own(_ text: String) -> NamedStatement {
        var reader = Reader(text)
        return NamedStatement(pieces: reader.pieces())
    }

    private init(pieces: [Piece]) { self.pieces = pieces }

    /// The table that an UPDATE names first, without its database; nil where it is quoted in an odd way.
    var table: String? {
        let words = positional().text.split(whereSeparator: \.isWhitespace)
        guard words.count > 1, words[0].uppercased() == "UPDATE" else { return nil }
        let name = words[1].split(separator: ".").last?.trimmingPrefix("`") ?? ""
        return name.isEmpty ? nil : String(name.hasSuffix("`") ? name.dropLast() : name)
    }

    /// The parameters that it names, each once.
    public var names: Set<String> {
        Set(pieces.compactMap { if case .parameter(let name) = $0 { name } else { nil } })
    }

    /// The text with `?` for each parameter, and their names in order.
    ///
    /// - Parameter place: what stands for a parameter, `?` in it.
    func positional(_ place: (_ name: String) -> String = { _ in "?" }) -> (text: String, names: [String]) {
        var names: [String] = []
        let text = pieces.map { piece in
            switch piece {
            case .text(let text): return text
            case .parameter(let name):
                names.append(name)
                return place(name)
            }
        }
        return (text.joined(), names)
    }

    /// The text with `$1`, `$2` …, one number a name.
    var numbered: (text: String, names: [String]) {
        var names: [String] = []
        let text = pieces.map { piece -> String in
            switch piece {
            case .text(let text): return text
            case .parameter(let name):
                if !names.contains(name) { names.append(name) }
                return "$\((names.firstIndex(of: name) ?? 0) + 1)"
            }
        }
        return (text.joined(), names)
    }

    /// The text as SQLite takes it: it knows parameters by name.
    var named: String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .parameter(let name): ":\(name)"
            }
        }.joined()
    }

    /// Finds parameters.
    private struct Reader {
        private let characters: [Character]
        private var place = 0
        private(set) var isWhole = true

        init(_ text: String) { characters = Array(text) }

        mutating func pieces() -> [Piece] {
            var pieces: [Piece] = []
            var text = ""
            while place < characters.count {
                let start = place
                switch characters[place] {
                case "'", "\"", "`": skip(quote: characters[place])
                case "-" where next(1) == "-": skip(to: "\n")
                case "/" where next(1) == "*": skip(comment: "*/")
                case "$": skipDollarQuote()
                case ":" where next(1) == ":": place += 2
                case ":" where next(1)?.isLetter == true:
                    place += 1
                    let name = characters[place...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                    place += name.count
                    if !text.isEmpty { pieces.append(.text(text)) }
                    text = ""
                    pieces.append(.parameter(String(name)))
                    continue
                default: place += 1
                }
                text += String(characters[start..<min(place, characters.count)])
            }
            return text.isEmpty ? pieces : pieces + [.text(text)]
        }

        private func next(_ distance: Int) -> Character? {
            place + distance < characters.count ? characters[place + distance] : nil
        }

        /// A doubled quote is one of the text; so is one behind a backslash, in MySQL's literals.
        private mutating func skip(quote: Character) {
            place += 1
            while place < characters.count {
                if characters[place] == "\\", quote == "'" {
                    place += 2
                } else if characters[place] == quote {
                    place += 1
                    guard place < characters.count, characters[place] == quote else { return }
                    place += 1
                } else {
                    place += 1
                }
            }
            isWhole = false
        }

        private mutating func skip(to end: Character) {
            while place < characters.count, characters[place] != end { place += 1 }
        }

        private mutating func skip(comment end: String) {
            while place < characters.count {
                if characters[place] == "*", next(1) == "/" {
                    place += 2
                    return
                }
                place += 1
            }
            isWhole = false
        }

        /// `$tag$ … $tag$` of PostgreSQL.
        private mutating func skipDollarQuote() {
            let tag = characters[(place + 1)...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            let end = place + 1 + tag.count
            guard end < characters.count, characters[end] == "$", tag.first?.isNumber != true else {
                place += 1
                return
            }
            let mark = Array(characters[place...end])
            place = end + 1
            while place < characters.count {
                if characters[place...].starts(with: mark) {
                    place += mark.count
                    return
                }
                place += 1
            }
            isWhole = false
        }
    }
}
