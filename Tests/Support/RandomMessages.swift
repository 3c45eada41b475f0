// SPDX-License-Identifier: Apache-2.0

/// A generator that gives the same numbers each time.
public struct Repeatable: RandomNumberGenerator {
    private var state: UInt64

    public init(state: UInt64) { self.state = state }

    public mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// Messages as they should not be.
public func oddMessages(_ count: Int, seed: UInt64 = 1) -> [[UInt8]] {
    var random = Repeatable(state: seed)
    let pieces: [[UInt8]] = [
        Array("Subject: x\n".utf8), Array("Status: RO\n".utf8), Array("X-UIDL: old\n continued\n".utf8), [10],
        [10, 10],
        [13], [13, 10], [13, 13, 10], [0], [0, 0, 10], Array("From nobody Tue Jan  1 00:00:00 2019\n".utf8),
        Array(".\n".utf8), Array("..".utf8), Array(">From here\n".utf8), [0xFF, 0xFE, 0x80], Array("ä€😀\n".utf8),
        Array(" \t\n".utf8), Array("Received: by x; 1 Jan 2019 00:00 EST\n".utf8), Array(": \n".utf8),
        Array("X-Keywords".utf8), Array("no colon here\n".utf8), [9],
    ]
    return (0..<count).map { index in
        var octets: [UInt8] = []
        for _ in 0..<Int.random(in: 0...40, using: &random) { octets += pieces.randomElement(using: &random) ?? [] }
        if index % 50 == 49 { octets += Array(repeating: UInt8(ascii: "l"), count: 3_000_000) }
        if index % 7 == 6 { octets += (0..<9000).map { _ in UInt8.random(in: 0...255, using: &random) } }
        return octets
    }
}
