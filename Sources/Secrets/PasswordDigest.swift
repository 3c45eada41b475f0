// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Stands for a password in memory, in caches and in counters of failed guesses; says nothing without the key of
/// the ``PasswordDigester`` that made it.
public struct PasswordDigest: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    fileprivate init(_ digest: (UInt64, UInt64)) { (high, low) = digest }

    public var description: String { "(digest)" }

    /// For those who share the key.
    public var octets: [UInt8] {
        withUnsafeBytes(of: high.bigEndian) { Array($0) } + withUnsafeBytes(of: low.bigEndian) { Array($0) }
    }
}

/// Makes digests under a key that is drawn anew for each run of the daemon, and never leaves it.
public final class PasswordDigester: Sendable {
    private let key: GuardedKey

    public init() { key = .random() }

    /// Makes the same digests as everybody who has the same seal key, for which they say nothing.
    public init(sharing seal: SealKey) {
        var octets: [UInt8] = []
        for part in 0..<2 as Range<UInt8> {
            let half = seal.withOctets { key in
                var state = BLAKE2b(key: key)
                (Array("mailmove wrong passwords".utf8) + [part]).withUnsafeBytes { state.update($0) }
                return state.finish()
            }
            octets += PasswordDigest(half).octets
        }
        defer { explicit_bzero(&octets, octets.count) }
        key = octets.withUnsafeBytes { GuardedKey(octets: $0) } ?? .random()
    }

    /// 128 bits of keyed BLAKE2b over `context` (the account, say) and the password. Two passwords of one context
    /// have the same digest only if they are the same; those of different contexts cannot be compared.
    public func digest(_ password: Password, context: String) -> PasswordDigest {
        var state = key.withOctets { BLAKE2b(key: $0) }
        let context = Array(context.utf8)
        // The length first, so that no octet can wander from the context into the password.
        withUnsafeBytes(of: UInt64(context.count).littleEndian) { state.update($0) }
        context.withUnsafeBytes { state.update($0) }
        password.withOctets { state.update($0) }
        return PasswordDigest(state.finish())
    }
}
