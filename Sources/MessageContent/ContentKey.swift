// SPDX-License-Identifier: Apache-2.0

import CSodium
public import Secrets

/// The key and the method for content hashes: unchanged for as long as hashes are to be compared. Without the key,
/// nobody can make one message pass for another.
public struct ContentKey: Sendable {
    /// How contents are hashed.
    public enum Form: String, Sendable, CaseIterable {
        /// Keyed BLAKE2b, truncated to 64 bits: the original form.
        case blake2b
        /// SipHash-2-4 of Poly1305, each under a key of its own derived from this one. Poly1305 is the universal hash:
        /// two messages have the same tag by chance once in 2^106, times a sixteenth of their length. SipHash hides the
        /// tag, which would reveal the key, since that is used repeatedly. NUL is hashed as 0x80.
        case poly1305
    }

    /// Secret.
    let octets: [UInt8]
    public let form: Form
    /// For other hashes that must stay the same for as long, and are not of contents.
    public let names: KeyedHash
    /// 32 octets, then 16.
    let poly1305: [UInt8]
    let sipHash: [UInt8]

    /// - Parameter octets: 16 to 64, secret.
    /// - Throws: `SecretsError` (`invalidKey`).
    public init(_ octets: [UInt8], form: Form) throws(SecretsError) {
        names = try KeyedHash(key: octets)
        self.octets = octets
        self.form = form
        poly1305 = Self.derived("mailmove content: Poly1305", count: 32, from: octets)
        sipHash = Self.derived("mailmove content: SipHash", count: 16, from: octets)
        // This selects the processor's fastest Poly1305 code; if it fails, slower code gives the same result.
        _ = sodium_init()
    }

    private static func derived(_ purpose: String, count: Int, from key: [UInt8]) -> [UInt8] {
        let purpose = Array(purpose.utf8)
        return [UInt8](unsafeUninitializedCapacity: count) { derived, filled in
            guard let start = derived.baseAddress else { return }
            crypto_generichash(start, count, purpose, UInt64(purpose.count), key, key.count)
            filled = count
        }
    }
}
