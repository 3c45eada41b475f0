// SPDX-License-Identifier: Apache-2.0

/// UTF-8 (RFC 3629) and the escapes of JSON strings (RFC 8259 §7).
enum UTF8Text {
    /// The length of the well-formed sequence of more than one octet at `position` (Unicode, table 3-7).
    static func sequenceLength(_ octets: UnsafeRawBufferPointer, at position: Int) throws(JSONError) -> Int {
        let second: ClosedRange<UInt8>
        let length: Int
        switch octets[position] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw invalid(position)
        }
        guard position + length <= octets.count, second.contains(octets[position + 1]) else { throw invalid(position) }
        for octet in octets[position + 2..<position + length] where octet & 0xC0 != 0x80 { throw invalid(position) }
        return length
    }

    private static func invalid(_ position: Int) -> JSONError {
        JSONError(.invalidUTF8, offset: position, detail: "octets that are not UTF-8")
    }

    /// Unescapes a checked string into `target`, which is as large as the string at least; returns how much it got.
    static func unescape(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        var read = 0
        var written = 0
        func put(_ octet: UInt8) {
            target[written] = octet
            written += 1
        }
        while read < source.count {
            let octet = source[read]
            guard octet == UInt8(ascii: "\\"), read + 1 < source.count else {
                put(octet)
                read += 1
                continue
            }
            let letter = source[read + 1]
            read += 2
            switch letter {
            case UInt8(ascii: "b"): put(0x08)
            case UInt8(ascii: "f"): put(0x0C)
            case UInt8(ascii: "n"): put(0x0A)
            case UInt8(ascii: "r"): put(0x0D)
            case UInt8(ascii: "t"): put(0x09)
            case UInt8(ascii: "u"):
                var scalar = hexadecimal4(source, at: read)
                read += 4
                if scalar & 0xFC00 == 0xD800 {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + hexadecimal4(source, at: read + 2) & 0x3FF
                    read += 6
                }
                for octet in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter {
                    put(octet)
                }
            default: put(letter)
            }
        }
        return written
    }

    static func hexadecimal(_ octet: UInt8) -> UInt16? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(octet - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(octet - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(octet - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func hexadecimal4(_ source: UnsafeRawBufferPointer, at position: Int) -> UInt32 {
        var unit: UInt32 = 0
        for octet in source[position..<position + 4] { unit = unit << 4 | UInt32(hexadecimal(octet) ?? 0) }
        return unit
    }
}
