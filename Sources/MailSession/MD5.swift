// SPDX-License-Identifier: Apache-2.0

import Glibc

/// MD5 (RFC 1321), only for `APOP` and CRAM-MD5, which know nothing better.
public enum MD5 {
    static let blockSize = 64

    private static let shifts: [UInt32] = [
        7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21,
    ]

    /// `floor(2^32 × |sin(i + 1)|)`, RFC 1321 §3.4.
    private static let sines: [UInt32] = [
        0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
        0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
        0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
        0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
        0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
        0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
        0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
        0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
    ]

    /// The digest of `message` followed by `rest`; leaves no copy of either in memory.
    public static func digest(_ message: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> [UInt8] {
        var padded: [UInt8] = []
        padded.reserveCapacity(message.count + rest.count + 2 * blockSize)  // it never moves
        defer { padded.wipe() }
        padded.append(contentsOf: message)
        padded.append(contentsOf: rest)
        padded.append(0x80)
        padded.append(contentsOf: repeatElement(0, count: (blockSize + 56 - padded.count % blockSize) % blockSize))
        let bits = UInt64(message.count + rest.count) &* 8
        padded.append(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) })

        var state: (UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476)
        var words = InlineArray<16, UInt32>(repeating: 0)
        defer {
            withUnsafeMutableBytes(of: &words) { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
        }
        for block in stride(from: 0, to: padded.count, by: blockSize) {
            for word in 0..<16 {
                let at = block + word * 4
                words[word] =
                    UInt32(padded[at]) | UInt32(padded[at + 1]) << 8 | UInt32(padded[at + 2]) << 16
                    | UInt32(padded[at + 3]) << 24
            }
            var (a, b, c, d) = state
            for step in 0..<64 {
                let (mix, word): (UInt32, Int) =
                    switch step / 16 {
                    case 0: ((b & c) | (~b & d), step)
                    case 1: ((d & b) | (~d & c), (5 * step + 1) % 16)
                    case 2: (b ^ c ^ d, (3 * step + 5) % 16)
                    default: (c ^ (b | ~d), (7 * step) % 16)
                    }
                let sum = a &+ mix &+ sines[step] &+ words[word]
                let shift = shifts[step / 16 * 4 + step % 4]
                (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
            }
            state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d)
        }
        return [state.0, state.1, state.2, state.3].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
    }

    /// HMAC (RFC 2104) over MD5.
    static func authenticationCode(of message: [UInt8], key: UnsafeRawBufferPointer) -> [UInt8] {
        guard key.count <= blockSize else {
            return digest(key, UnsafeRawBufferPointer(start: nil, count: 0)).withUnsafeBytes {
                authenticationCode(of: message, key: $0)
            }
        }
        func masked(_ mask: UInt8) -> SecretOctets {
            SecretOctets(count: blockSize) { block in
                block.copyBytes(from: key)
                for index in block.indices { block[index] ^= mask }
            }
        }
        let inner = masked(0x36).withOctets { key in message.withUnsafeBytes { digest(key, $0) } }
        return masked(0x5c).withOctets { key in inner.withUnsafeBytes { digest(key, $0) } }
    }

    /// In lower case.
    public static func hexadecimal(_ octets: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
