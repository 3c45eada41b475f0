// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// RFC 4648 §4. Secrets go from where they are to where they are sent, without a copy in between.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    private static let noDigit = UInt8.max

    /// What each octet stands for.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: noDigit, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The number of digits for this many octets, padding included.
    public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The digits of `octets`, padding and all.
    public static func encode(_ octets: UnsafeRawBufferPointer) -> SecretOctets {
        SecretOctets(count: encodedCount(octets.count)) { encode(octets, to: $0) }
    }

    /// The digits of `octets`, padding and all.
    public static func encode(_ octets: SecretOctets) -> SecretOctets { octets.withOctets { encode($0) } }

    /// Appends the digits of `octets`, padding and all. A buffer without room for them grows, and leaves a copy behind.
    public static func encode(_ octets: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        let count = encodedCount(octets.count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            encode(octets, to: target)
            return count
        }
    }

    private static func encode(_ octets: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        var place = 0
        for start in stride(from: 0, to: octets.count, by: 3) {
            let count = min(3, octets.count - start)
            var bits: UInt32 = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < count ? UInt32(octets[start + offset]) : 0) }
            for digit in 0..<4 {
                target[place] = digit > count ? padding : alphabet[Int(bits >> UInt32(18 - 6 * digit)) & 63]
                place += 1
            }
        }
    }

    /// Decodes `digits`; nil if they are not Base64. Bits beyond the last octet may be anything, because some encoders
    /// do not clear them.
    public static func decode(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padded = digits.suffix(2).reversed().prefix { $0 == padding }.count
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count / 4 * 3)
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for digit in digits.dropLast(padded) {
            let value = values[Int(digit)]
            guard value != noDigit else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> count))
            bits &= (1 << count) - 1
        }
        return octets
    }
}
