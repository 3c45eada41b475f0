// SPDX-License-Identifier: Apache-2.0

/// Reads a whole response from its front (RFC 9051 §9). Spaces may be more than one, and are forgiven where one is missing
/// beside a parenthesis.
struct Reader {
    struct Unreadable: Error {
        var isTooLong = false
    }

    /// A value that is a string or stands for one.
    enum Text: Hashable {
        case octets(ArraySlice<UInt8>)
        /// A literal that was passed on while it came.
        case passedOn(count: Int)
        case none
    }

    let octets: [UInt8]
    private(set) var at = 0
    private let literals: [Frame.Literal]
    private var nextLiteral = 0
    private let limits: Limits

    init(_ frame: Frame, _ limits: Limits) {
        (octets, literals, self.limits) = (frame.octets, frame.literals, limits)
    }

    var isAtEnd: Bool { at == octets.count }
    var first: UInt8? { at < octets.count ? octets[at] : nil }
    var rest: ArraySlice<UInt8> { octets[at...] }

    mutating func skipSpaces() {
        while let first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { at += 1 }
    }

    var isAtLiteral: Bool { nextLiteral < literals.count && literals[nextLiteral].range.lowerBound == at }
    /// Whether any is still to come.
    var holdsLiteral: Bool { nextLiteral < literals.count }

    func holdsLiteral(before index: Int) -> Bool {
        nextLiteral < literals.count && literals[nextLiteral].range.lowerBound < index
    }

    /// Goes on there, within the line that is being read.
    mutating func move(to index: Int) { at = min(max(index, at), octets.count) }

    /// Takes this octet where it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard first == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(Unreadable) {
        guard take(character) else { throw Unreadable() }
    }

    /// Octets up to a space, a parenthesis, a quote or the end, after spaces; at least one.
    ///
    /// More than RFC 3501 calls an atom: servers send 8-bit names, `%`, `*` and `]` in them.
    mutating func atom() throws(Unreadable) -> ArraySlice<UInt8> {
        skipSpaces()
        let atom = octets[at...].prefix { $0 > 32 && $0 != 127 && !"()\"".utf8.contains($0) }
        guard !atom.isEmpty else { throw Unreadable() }
        // A literal is none, whatever stands before it.
        let end =
            nextLiteral < literals.count ? min(atom.endIndex, literals[nextLiteral].range.lowerBound) : atom.endIndex
        guard end > at else { throw Unreadable() }
        defer { at = end }
        return octets[at..<end]
    }

    /// A decimal number; the largest there is where it is larger.
    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(Unreadable) -> Number {
        skipSpaces()
        let digits = octets[at...].prefix(while: \.isASCIIDigit)
        guard !digits.isEmpty else { throw Unreadable() }
        at = digits.endIndex
        return Number(saturating: digits)
    }

    /// The number that any value is, or nil: some servers send `NIL`, `""` or `-1` for what they do not know.
    mutating func numberIfAny<Number: FixedWidthInteger>(_: Number.Type) throws(Unreadable) -> Number? {
        guard case .octets(let value) = try text(), !value.isEmpty, value.allSatisfy(\.isASCIIDigit) else {
            return nil
        }
        return Number(saturating: value)
    }

    /// A quoted string, a literal, an atom or `NIL`.
    mutating func text() throws(Unreadable) -> Text {
        skipSpaces()
        if let literal = takeLiteral() {
            return literal.octets.map { .octets(octets[$0]) } ?? .passedOn(count: literal.count)
        }
        if first == UInt8(ascii: "\"") { return .octets(try quoted()) }
        let atom = try atom()
        return atom.isKeyword("NIL") ? .none : .octets(atom)
    }

    private mutating func takeLiteral() -> Frame.Literal? {
        guard isAtLiteral else { return nil }
        defer { nextLiteral += 1 }
        at = literals[nextLiteral].range.upperBound
        return literals[nextLiteral]
    }

    /// RFC 3501 §4.3. Any octet may be in it, and a backslash before one that needs none is that octet's neighbour: Windows
    /// servers do not escape theirs.
    private mutating func quoted() throws(Unreadable) -> ArraySlice<UInt8> {
        let limit = nextLiteral < literals.count ? literals[nextLiteral].range.lowerBound : octets.count
        let start = at + 1
        var end = start
        var isEscaped = false
        while end < limit, octets[end] != UInt8(ascii: "\"") {
            if octets[end] == UInt8(ascii: "\\"), end + 1 < limit, Self.needsEscape(octets[end + 1]) {
                isEscaped = true
                end += 1
            }
            end += 1
        }
        guard end < limit else { throw Unreadable() }
        at = end + 1
        guard isEscaped else { return octets[start..<end] }
        var value: [UInt8] = []
        var index = start
        while index < end {
            if octets[index] == UInt8(ascii: "\\"), index + 1 < end, Self.needsEscape(octets[index + 1]) { index += 1 }
            value.append(octets[index])
            index += 1
        }
        return value[...]
    }

    private static func needsEscape(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\")
    }

    /// The octets of a string that has to be one.
    mutating func string() throws(Unreadable) -> ArraySlice<UInt8> {
        guard case .octets(let octets) = try text() else { throw Unreadable() }
        return octets
    }

    /// A list in parentheses, each entry by `read`; `NIL` is an empty one.
    mutating func list(_ read: (inout Reader) throws(Unreadable) -> Void) throws(Unreadable) {
        skipSpaces()
        guard take("(") else {
            guard try atom().isKeyword("NIL") else { throw Unreadable() }
            return
        }
        var count = 0
        while true {
            skipSpaces()
            if take(")") { return }
            count += 1
            guard count <= limits.entries else { throw Unreadable(isTooLong: true) }
            try read(&self)
        }
    }

    /// Passes a value of any form by: what is not asked for is not looked at.
    mutating func skipValue() throws(Unreadable) {
        var depth = 0
        repeat {
            skipSpaces()
            if take("(") {
                depth += 1
                guard depth <= limits.depth else { throw Unreadable(isTooLong: true) }
            } else if depth > 0, take(")") {
                depth -= 1
            } else if case .passedOn = try text() {
                throw Unreadable()
            }
        } while depth > 0
    }
}
