// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON text into a tape of tokens, in one pass and without recursion.
struct Tokenizer {
    private let octets: UnsafeRawBufferPointer
    private var position = 0
    private(set) var tape: ContiguousArray<Token> = []

    /// The open arrays and objects, as indices into the tape.
    private var open = InlineArray<64, UInt32>(repeating: 0)
    private var depth = 0

    init(_ octets: UnsafeRawBufferPointer) {
        self.octets = octets
        tape.reserveCapacity(min(16 + octets.count / 16, 4096))
    }

    mutating func run() throws(JSONError) {
        value: while true {
            guard tape.count < JSONDocument.tokenLimit else {
                throw JSONError(
                    .tooLong, offset: position, detail: "more than \(JSONDocument.tokenLimit) values and names")
            }
            switch try next("a value") {
            case UInt8(ascii: "{"):
                try enter(.object)
                if try next("a member or }") != UInt8(ascii: "}") {
                    try memberName()
                    continue value
                }
            case UInt8(ascii: "["):
                try enter(.array)
                if try next("a value or ]") != UInt8(ascii: "]") { continue value }
            case UInt8(ascii: "\""): try string()
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            case UInt8(ascii: "t"): try literal("true", .true)
            case UInt8(ascii: "f"): try literal("false", .false)
            case UInt8(ascii: "n"): try literal("null", .null)
            default: throw unexpected("a value")
            }
            // A value has ended; with it perhaps what it was the last of.
            while depth > 0 {
                let container = Int(open[depth - 1])
                let isObject = tape[container].kind == .object
                let octet = try next(isObject ? ", or }" : ", or ]")
                if octet == UInt8(ascii: ",") {
                    position += 1
                    if isObject {
                        _ = try next("a member")
                        try memberName()
                    }
                    continue value
                }
                guard octet == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unexpected(isObject ? ", or }" : ", or ]")
                }
                try leave(container)
            }
            break
        }
        skipWhitespace()
        guard position == octets.count else {
            throw JSONError(.trailingText, offset: position, detail: "text after the value")
        }
    }

    // MARK: Arrays and objects

    private mutating func enter(_ kind: Token.Kind) throws(JSONError) {
        guard depth < JSONDocument.depthLimit else {
            throw JSONError(
                .nestedTooDeep, offset: position, detail: "nested deeper than \(JSONDocument.depthLimit) levels")
        }
        open[depth] = UInt32(truncatingIfNeeded: tape.count)
        depth += 1
        tape.append(Token(kind, offset: position))
        position += 1
    }

    private mutating func leave(_ container: Int) throws(JSONError) {
        tape[container].payload = tape.count - container - 1
        if tape[container].kind == .object {
            let members = ObjectMembers(octets, tape, object: container)
            if let name = members.firstDuplicate() {
                throw JSONError(
                    .duplicateMember, offset: Int(tape[name].offset), detail: "a member twice in one object")
            }
        }
        depth -= 1
        position += 1
    }

    private mutating func memberName() throws(JSONError) {
        guard octets[position] == UInt8(ascii: "\"") else { throw unexpected("a member's name") }
        try string()
        guard try next("a colon") == UInt8(ascii: ":") else { throw unexpected("a colon") }
        position += 1
    }

    // MARK: Scalars

    private mutating func literal(_ text: StaticString, _ kind: Token.Kind) throws(JSONError) {
        let start = position
        for i in 0..<text.utf8CodeUnitCount {
            guard position < octets.count else { throw end("\(text)") }
            guard octets[position] == text.utf8Start[i] else { throw unexpected("\(text)") }
            position += 1
        }
        tape.append(Token(kind, offset: start))
    }

    private mutating func number() throws(JSONError) {
        let start = position
        if octets[position] == UInt8(ascii: "-") { position += 1 }
        if position < octets.count, octets[position] == UInt8(ascii: "0") {
            position += 1  // RFC 8259 §6: no digit may follow
            if position < octets.count, isDigit(octets[position]) {
                throw JSONError(.invalidNumber, offset: position, detail: "a number with a leading zero")
            }
        } else {
            try digits()
        }
        if position < octets.count, octets[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < octets.count, octets[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < octets.count, octets[position] == UInt8(ascii: "+") || octets[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        tape.append(Token(.number, offset: start, payload: position - start))
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < octets.count, isDigit(octets[position]) { position += 1 }
        guard position > start else {
            guard position < octets.count else { throw end("a digit") }
            throw JSONError(.invalidNumber, offset: position, detail: "a digit is missing in a number")
        }
    }

    private mutating func string() throws(JSONError) {
        position += 1
        let start = position
        var kind = Token.Kind.plainString
        while position < octets.count {
            let octet = octets[position]
            if octet >= 0x80 {
                position += try UTF8Text.sequenceLength(octets, at: position)
            } else if octet == UInt8(ascii: "\"") {
                tape.append(Token(kind, offset: start, payload: position - start))
                position += 1
                return
            } else if octet == UInt8(ascii: "\\") {
                kind = .escapedString
                try escape()
            } else if octet < 0x20 {
                throw JSONError(.controlCharacter, offset: position, detail: "a control character in a string")
            } else {
                position += 1
            }
        }
        throw end("the end of a string")
    }

    private mutating func escape() throws(JSONError) {
        let start = position
        guard position + 1 < octets.count else { throw end("an escape") }
        switch octets[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            // RFC 8259 §7: outside the Basic Multilingual Plane, a surrogate pair; half of one is no character.
            guard unit < 0xDC00, position + 1 < octets.count, octets[position] == UInt8(ascii: "\\"),
                octets[position + 1] == UInt8(ascii: "u"), try codeUnit() & 0xFC00 == 0xDC00
            else { throw JSONError(.loneSurrogate, offset: start, detail: "half of a surrogate pair") }
        default:
            throw JSONError(.invalidEscape, offset: start, detail: "an escape that is none")
        }
    }

    /// Reads `\uXXXX`.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard position + 6 <= octets.count else { throw end("an escape") }
        var unit: UInt16 = 0
        for octet in octets[position + 2..<position + 6] {
            guard let digit = UTF8Text.hexadecimal(octet) else {
                throw JSONError(.invalidEscape, offset: position, detail: "an escape without four hexadecimal digits")
            }
            unit = unit << 4 | digit
        }
        position += 6
        return unit
    }

    // MARK: Places

    private mutating func skipWhitespace() {
        while position < octets.count {
            switch octets[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// The next octet that is not white space; it is not consumed.
    private mutating func next(_ expected: StaticString) throws(JSONError) -> UInt8 {
        skipWhitespace()
        guard position < octets.count else { throw end("\(expected)") }
        return octets[position]
    }

    private func isDigit(_ octet: UInt8) -> Bool { octet &- UInt8(ascii: "0") < 10 }

    private func end(_ expected: String) -> JSONError {
        JSONError(.unexpectedEnd, offset: octets.count, detail: "the text ends where \(expected) is expected")
    }

    private func unexpected(_ expected: String) -> JSONError {
        JSONError(.unexpectedOctet, offset: position, detail: "not \(expected)")
    }
}
