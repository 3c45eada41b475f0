// SPDX-License-Identifier: Apache-2.0

/// Values written as JSON text (RFC 8259), UTF-8, without white space.
public enum JSONText {
    /// Writes a value. An Optional encoded with `encodeIfPresent` (as synthesized code does) is left out when it is
    /// nil; one encoded with `encode` is `null`. Errors: `JSONError`, with the path of the member concerned.
    public static func encode(_ value: some Encodable) throws(JSONError) -> [UInt8] {
        var octets: [UInt8] = []
        try encode(value, into: &octets)
        return octets
    }

    /// Writes a value behind what is there. After an error `octets` is as it was.
    public static func encode(_ value: some Encodable, into octets: inout [UInt8]) throws(JSONError) {
        let start = octets.count
        let output = Output()
        swap(&output.octets, &octets)
        defer { swap(&output.octets, &octets) }
        do {
            try ValueEncoder(output, parent: nil, key: nil).encode(value)
        } catch {
            output.octets.removeSubrange(start...)
            throw error
        }
        if !output.insertions.isEmpty { output.octets = output.assembled() }
    }

    /// Writes a string with its quotation marks.
    public static func append(_ text: String, to octets: inout [UInt8]) {
        var text = text
        text.withUTF8 { append(string: UnsafeRawBufferPointer($0), to: &octets) }
    }

    /// Writes a string, given as UTF-8, with its quotation marks.
    public static func append(string text: UnsafeRawBufferPointer, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        var written = 0
        for (position, octet) in text.enumerated()
        where octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") {
            octets.append(contentsOf: text[written..<position])
            written = position + 1
            escape(octet, to: &octets)
        }
        octets.append(contentsOf: text[written...])
        octets.append(UInt8(ascii: "\""))
    }

    /// Writes a whole number.
    public static func append(_ number: some FixedWidthInteger, to octets: inout [UInt8]) {
        var digits = InlineArray<40, UInt8>(repeating: 0)  // as many as 128 bits need
        var first = 40
        var rest = number.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest != 0
        if number < 0 { octets.append(UInt8(ascii: "-")) }
        for position in first..<40 { octets.append(digits[position]) }
    }

    /// RFC 8259 §7: what must be escaped.
    private static func escape(_ octet: UInt8, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\\"))
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets.append(octet)
        case 0x08: octets.append(UInt8(ascii: "b"))
        case 0x09: octets.append(UInt8(ascii: "t"))
        case 0x0A: octets.append(UInt8(ascii: "n"))
        case 0x0C: octets.append(UInt8(ascii: "f"))
        case 0x0D: octets.append(UInt8(ascii: "r"))
        default:
            octets.append(contentsOf: "u00".utf8)
            for digit in [octet >> 4, octet & 0xF] {
                octets.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
