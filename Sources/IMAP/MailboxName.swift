// SPDX-License-Identifier: Apache-2.0

/// A folder's name as the server has it: octets, to be sent back as they came, whatever they mean to people.
public struct MailboxName: Hashable, Sendable, CustomStringConvertible {
    public let octets: [UInt8]

    /// What the server has listed.
    public init(octets: some Sequence<UInt8>) {
        let octets = Array(octets)
        // RFC 3501 §5.1: the one name whose case makes no difference.
        self.octets = octets.isKeyword("INBOX") ? Array("INBOX".utf8) : octets
    }

    /// A name for people: in modified UTF-7, or in UTF-8 where the server has been told `ENABLE UTF8=ACCEPT`.
    public init(_ text: String, utf8: Bool = false) {
        self.init(octets: utf8 ? Array(text.utf8) : ModifiedUTF7.encode(text))
    }

    public static let inbox = MailboxName("INBOX")

    public var isInbox: Bool { self == .inbox }

    /// For people. What is neither modified UTF-7 nor UTF-8 is shown as it stands, octets that are no UTF-8 replaced.
    public var description: String {
        guard octets.allSatisfy({ $0 < 128 }) else { return String(decoding: octets, as: UTF8.self) }
        return ModifiedUTF7.decode(octets) ?? String(decoding: octets, as: UTF8.self)
    }

    /// The levels of the name, for people; one where the server has no levels. Empty ones are left out.
    public func levels(_ delimiter: UInt8?) -> [String] {
        // Before decoding: a level's own text may hold the delimiter once it is decoded.
        guard let delimiter else { return [description] }
        let parts = Self.split(octets, at: delimiter)
        return parts.map { MailboxName(raw: Array($0)).description }
    }

    private init(raw: [UInt8]) { octets = raw }

    /// At delimiters outside of `&…-`: Base64 has letters, digits, `+` and `,`, any of which a server may choose.
    private static func split(_ octets: [UInt8], at delimiter: UInt8) -> [ArraySlice<UInt8>] {
        let isOfBase64 =
            delimiter == UInt8(ascii: "+") || delimiter == UInt8(ascii: ",") || delimiter.isASCIIAlphanumeric
        guard isOfBase64 else { return octets.split(separator: delimiter) }
        var isShifted = false
        return octets.split { octet in
            if octet == UInt8(ascii: "&") { isShifted = true }
            if octet == UInt8(ascii: "-") { isShifted = false }
            return octet == delimiter && !isShifted
        }
    }
}

/// RFC 3501 §5.1.3: `&` begins UTF-16 in Base64 without padding and with `,` for `/`, `-` ends it, `&-` is `&`.
enum ModifiedUTF7 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)

    static func encode(_ text: String) -> [UInt8] {
        var octets: [UInt8] = []
        var units: [UInt16] = []
        func endShift() {
            guard !units.isEmpty else { return }
            octets.append(UInt8(ascii: "&"))
            var (bits, count): (UInt32, Int) = (0, 0)
            for unit in units {
                bits = bits << 16 | UInt32(unit)
                count += 16
                while count >= 6 {
                    count -= 6
                    octets.append(alphabet[Int(bits >> UInt32(count)) & 63])
                }
                bits &= (1 << UInt32(count)) - 1
            }
            if count > 0 { octets.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
            octets.append(UInt8(ascii: "-"))
            units = []
        }
        for scalar in text.unicodeScalars {
            if (32...126).contains(scalar.value) {
                endShift()
                octets.append(UInt8(scalar.value))
                if scalar == "&" { octets.append(UInt8(ascii: "-")) }
            } else {
                units += String(scalar).utf16
            }
        }
        endShift()
        return octets
    }

    /// nil if it is not modified UTF-7: then the name means what it says.
    static func decode(_ octets: [UInt8]) -> String? {
        var text = String.UnicodeScalarView()
        var rest = octets[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "&") else {
                guard octet < 128 else { return nil }
                text.append(Unicode.Scalar(octet))
                continue
            }
            // Some cut names off, and the last `-` with them.
            let digits = rest.prefix { $0 != UInt8(ascii: "-") }
            rest = rest[digits.endIndex...].dropFirst()
            if digits.isEmpty {
                text.append("&")
                continue
            }
            guard let scalars = scalars(of: digits) else { return nil }
            text.append(contentsOf: scalars)
        }
        return String(text)
    }

    private static func scalars(of digits: ArraySlice<UInt8>) -> [Unicode.Scalar]? {
        var (units, bits, count): ([UInt16], UInt32, Int) = ([], 0, 0)
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 16 {
                count -= 16
                units.append(UInt16(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= (1 << UInt32(count)) - 1
            }
        }
        // What is left over is padding: less than a digit's worth, all zero.
        guard count < 6, bits == 0, !units.isEmpty else { return nil }
        var (decoder, iterator, scalars) = (UTF16(), units.makeIterator(), [Unicode.Scalar]())
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): scalars.append(scalar)
            case .emptyInput: return scalars
            case .error: return nil
            }
        }
    }
}
