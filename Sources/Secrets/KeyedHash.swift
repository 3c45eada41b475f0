// SPDX-License-Identifier: Apache-2.0

import CSodium

/// BLAKE2b under a key, cut to 64 bits: short names for identifiers and contents that an old server, which does
/// not know the key, cannot make collide.
public struct KeyedHash: Sendable {
    private let key: [UInt8]

    /// - Parameter key: 16 to 64 octets.
    /// - Throws: ``SecretsError`` (`invalidKey`).
    public init(key: [UInt8]) throws(SecretsError) {
        guard (16...64).contains(key.count) else {
            throw SecretsError(.invalidKey, "the key of the ledger's hashes has \(key.count) octets, not 16 to 64")
        }
        self.key = key
    }

    /// 32 random octets, fit for a key.
    public static func randomKey() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { key, count in
            guard let start = key.baseAddress else { return }
            randombytes_buf(start, 32)
            count = 32
        }
    }

    public func callAsFunction(_ octets: UnsafeRawBufferPointer) -> UInt64 {
        var digest: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &digest) { digest in
            guard let start = digest.bytes else { return }
            crypto_generichash(start, digest.count, octets.bytes, UInt64(octets.count), key, key.count)
        }
        return UInt64(littleEndian: digest.0)
    }

    public func callAsFunction(_ octets: [UInt8]) -> UInt64 { octets.withUnsafeBytes { self($0) } }

    /// The same hash over octets that come in pieces.
    public func stream() -> Stream { Stream(state: BLAKE2b(key: key)) }

    /// A hash in the making. Not to be shared between threads while it grows.
    public struct Stream: ~Copyable {
        private var state: BLAKE2b

        fileprivate init(state: consuming BLAKE2b) { self.state = state }

        public mutating func update(_ octets: UnsafeRawBufferPointer) { state.update(octets) }

        public mutating func update(_ octets: [UInt8]) { octets.withUnsafeBytes { state.update($0) } }

        public consuming func finish() -> UInt64 { state.finish().0 }
    }
}
