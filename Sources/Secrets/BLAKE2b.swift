// SPDX-License-Identifier: Apache-2.0

import CSodium

/// Keyed BLAKE2b (RFC 7693) with 128 bits of digest, over octets that come in pieces.
struct BLAKE2b: ~Copyable {
    /// `crypto_generichash_state`, which Swift knows only as an address.
    private let state: OpaquePointer

    init(key: UnsafeRawBufferPointer) { self.init(key: key.bytes, count: key.count) }

    init(key: [UInt8]) { self.init(key: key, count: key.count) }

    private init(key: UnsafePointer<UInt8>?, count: Int) {
        // 64: the alignment that the header declares.
        state = OpaquePointer(
            UnsafeMutableRawPointer.allocate(byteCount: crypto_generichash_statebytes(), alignment: 64))
        crypto_generichash_init(state, key, count, 16)
    }

    deinit {
        let memory = UnsafeMutableRawPointer(state)
        sodium_memzero(memory, crypto_generichash_statebytes())
        memory.deallocate()
    }

    mutating func update(_ octets: UnsafeRawBufferPointer) {
        crypto_generichash_update(state, octets.bytes, UInt64(octets.count))
    }

    consuming func finish() -> (UInt64, UInt64) {
        var digest: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &digest) { digest in
            if let start = digest.bytes { crypto_generichash_final(state, start, digest.count) }
        }
        return (UInt64(littleEndian: digest.0), UInt64(littleEndian: digest.1))
    }
}

extension UnsafeRawBufferPointer {
    /// As C functions want it.
    var bytes: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    /// As C functions want it.
    var bytes: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
