// SPDX-License-Identifier: Apache-2.0

/// Messages of every odd shape that mailboxes in the field hold; the same ones for the same seed.
struct OddMessages {
    private var random: SplitMix64
    private var number = 0

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    /// So many messages with CRLF line ends: each shape in turn, in ever other sizes.
    static func make(_ count: Int, seed: UInt64) -> [[UInt8]] {
        var maker = OddMessages(seed: seed)
        return (0..<count).map { maker.message($0) }
    }

    private mutating func message(_ index: Int) -> [UInt8] {
        number = index
        switch index {
        case 7, 150: return head + text(3_000_000, line: 3_000_000) + end  // one line of 3 MB
        case 50, 250: return head + text(3_000_000, line: 75) + end
        default: return shape(index % 18)
        }
    }

    private mutating func shape(_ shape: Int) -> [UInt8] {
        switch shape {
        case 0: return head + bytes("bare\rCR\r\rand more\r", times: length(200)) + end
        case 1: return head + [0, 65, 0, 0] + text(length(2000), line: 60) + [0] + end
        case 2: return head + octets(length(5000), 128...255) + end
        case 3: return head + text(length(300), line: 70)  // no final line end
        case 4: return head + bytes(".\r\n", times: length(40)) + bytes("after the dots\r\n", times: 1)
        case 5: return head + bytes("..\r\n...\r\n.a dot before\r\n", times: length(60))
        case 6: return bytes("From bob@example.org Mon Jan  1 10:00:00 2024\r\n", times: 1) + head + text(900, line: 70)
        case 7: return number < 18 ? [] : head.dropLast(2) + []  // nothing at all; or headers, and no line after them
        case 8: return head
        case 9: return field("X-Long", text(65_536, line: 65_536)) + head + bytes("body\r\n", times: 1)
        case 10: return field("X-Folded", bytes("a word\r\n\t", times: 400)) + head + bytes("body\r\n", times: 1)
        case 11: return head + bytes("\r\n", times: length(300))
        case 12: return head + octets(length(8000), 0...255).filter { $0 != 10 && $0 != 13 } + end
        case 13: return bytes("no header at all, \u{90AE}\u{7BB1}\u{642C}\u{5BB6}\r\n\r\njust text\r\n", times: 1) + tag
        case 14: return bytes("\r\n", times: 1) + tag + text(length(500), line: 40) + end
        case 15: return head + bytes("ends in a dot\r\n.", times: 1)
        case 16: return head + bytes("a CR before the end\r", times: 1) + end
        default: return head + text(length(150_000), line: 998) + end
        }
    }

    private let end: [UInt8] = [13, 10]

    private var tag: [UInt8] { Array("message \(number)\r\n".utf8) }

    private var head: [UInt8] {
        Array("Message-ID: <\(number)@odd.example>\r\nSubject: \(number)\r\nFrom: b@example.org\r\n\r\n".utf8)
    }

    private func field(_ name: String, _ value: [UInt8]) -> [UInt8] { Array("\(name): ".utf8) + value + end }

    private func bytes(_ text: String, times: Int) -> [UInt8] {
        Array(repeatElement(Array(text.utf8), count: times).joined())
    }

    private mutating func length(_ most: Int) -> Int { Int.random(in: 1...most, using: &random) }

    private mutating func octets(_ count: Int, _ range: ClosedRange<UInt8>) -> [UInt8] {
        (0..<count).map { _ in
            let octet = UInt8.random(in: range, using: &random)
            return octet == 10 || octet == 13 ? 32 : octet
        }
    }

    /// Printable text in lines of so many octets.
    private mutating func text(_ count: Int, line: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + count / line * 2)
        var word = UInt64.random(in: 0...UInt64.max, using: &random)
        for index in 1...count {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            result.append(UInt8(33 + (word >> 33) % 94))
            if index % line == 0, index < count { result += end }
        }
        return result
    }
}

/// Sebastiano Vigna's generator: enough for tests, and it can be seeded.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
