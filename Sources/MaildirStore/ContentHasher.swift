// SPDX-License-Identifier: Apache-2.0

import CSodium
import MailStore

/// A keyed BLAKE2b over octets, blind to line ends at their very end: servers add and drop a last empty line.
///
/// One allocation for all messages of a run.
final class ContentHasher {
    private let key: [UInt8]
    private let state: OpaquePointer
    private let memory: UnsafeMutableRawPointer
    /// Line feeds that are hashed only if something follows.
    private var heldLineFeeds = 0
    private static let lineFeeds = [UInt8](repeating: 10, count: 256)

    /// - Parameter key: 16 to 64 octets.
    init(key: [UInt8]) {
        self.key = key
        memory = .allocate(byteCount: crypto_generichash_statebytes(), alignment: 64)
        state = OpaquePointer(memory)
        reset()
    }

    deinit {
        sodium_memzero(memory, crypto_generichash_statebytes())
        memory.deallocate()
    }

    func reset() {
        heldLineFeeds = 0
        crypto_generichash_init(state, key, key.count, 16)
    }

    func update(_ octets: UnsafeRawBufferPointer) {
        guard let last = octets.lastIndex(where: { $0 != 10 }) else {
            heldLineFeeds += octets.count
            return
        }
        while heldLineFeeds > 0 {
            let count = min(heldLineFeeds, Self.lineFeeds.count)
            crypto_generichash_update(state, Self.lineFeeds, UInt64(count))
            heldLineFeeds -= count
        }
        crypto_generichash_update(state, octets.baseAddress, UInt64(last + 1))
        heldLineFeeds = octets.count - last - 1
    }

    func finish() -> ContentHash {
        var digest: (UInt64, UInt64) = (0, 0)
        withUnsafeMutablePointer(to: &digest) { digest in
            _ = crypto_generichash_final(state, digest, 16)
        }
        return ContentHash(value: Int64(bitPattern: UInt64(littleEndian: digest.0)))
    }
}
