// SPDX-License-Identifier: Apache-2.0

/// Stands for a password in memory, in caches and in counters of failed guesses; says nothing without the key of
/// the ``PasswordDigester`` that made it.
public struct PasswordDigest: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    fileprivate init(_ digest: (UInt64, UInt64)) { (high, low) = digest }

    public var description: String { "(digest)" }
}

/// Makes digests under a key that is drawn anew for each run of the daemon, and never leaves it.
public final class PasswordDigester: Sendable {
    private let key = GuardedKey.random()

    public init() {}

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
