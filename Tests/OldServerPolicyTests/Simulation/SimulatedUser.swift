// SPDX-License-Identifier: Apache-2.0

/// Somebody with a mailbox on an old server, whose day is laid down by a seed: whatever happens to others, this user does
/// the same at the same time.
struct SimulatedUser {
    let number: Int
    let server: Int
    /// When they come, after midnight: the first time, and again.
    let visits: [Duration]
    let messages: Int
    /// How often the first password is mistyped.
    private(set) var mistakes: Int
    private var hesitations = 0
    private var random: Random

    var isHandedOver = false
    /// With the right password, until they are in.
    var rightTries = 0
    var hasRightTry = false
    /// When the login came that the first run is of.
    var acceptedAt: Duration?
    var remaining: Int
    var failures = 0

    init(number: Int, server: Int, seed: UInt64) {
        var random = Random(seed &+ UInt64(number) &* 0x9E37)
        self.number = number
        self.server = server
        // Most come when the office opens.
        let first = random.next() < 0.7 ? 8 + 2 * random.next() : 24 * random.next() * 0.95
        var visits = [first]
        for _ in 0..<random.below(3) { visits.append(min(23.9, first + 12 * random.next())) }
        self.visits = visits.sorted().map { .hours($0) }
        let size = random.next()
        messages = 5 + Int(600 * size * size * size)
        mistakes = random.next() < 0.2 ? 1 + random.below(2) : 0
        remaining = messages
        self.random = random
    }

    /// Whether the password they type now is right.
    mutating func types() -> Bool {
        if mistakes > 0 {
            mistakes -= 1
            return false
        }
        return true
    }

    /// How long it takes them to try again: longer each time.
    mutating func hesitation() -> Duration {
        hesitations += 1
        return .seconds((5 + 25 * random.next()) * Double(1 << min(hesitations - 1, 6)))
    }
}

/// SplitMix64: the same for the same seed.
struct Random {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    mutating func next() -> Double { Double(bits() >> 11) / Double(1 << 53) }

    mutating func below(_ bound: Int) -> Int { Int(bits() % UInt64(bound)) }
}
