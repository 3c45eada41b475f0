// SPDX-License-Identifier: Apache-2.0

import CSodium
import Glibc
import Vocabulary

/// A keyed hash of octets that arrive in pieces. Line ends at the very end are ignored, because servers add and drop a
/// last empty line.
///
/// Allocated once for all messages of a run. The method is the key's ``ContentKey/Form``.
final class ContentHasher {
    private let key: ContentKey
    private let memory: UnsafeMutableRawPointer
    /// The state of either form, in the same memory; Swift sees the first only as an address.
    private let blake2b: OpaquePointer
    private let poly1305: UnsafeMutablePointer<crypto_onetimeauth_state>
    /// Line feeds that are hashed only if something follows.
    private var heldLineFeeds = 0
    private static let lineFeeds = [UInt8](repeating: 10, count: 256)
    private static let size = max(crypto_generichash_statebytes(), crypto_onetimeauth_statebytes())

    init(key: ContentKey) {
        self.key = key
        memory = .allocate(byteCount: Self.size, alignment: 64)
        blake2b = OpaquePointer(memory)
        poly1305 = memory.assumingMemoryBound(to: crypto_onetimeauth_state.self)
        reset()
    }

    deinit {
        sodium_memzero(memory, Self.size)
        memory.deallocate()
    }

    func reset() {
        heldLineFeeds = 0
        switch key.form {
        case .blake2b: crypto_generichash_init(blake2b, key.octets, key.octets.count, 16)
        case .poly1305: crypto_onetimeauth_init(poly1305, key.poly1305)
        }
    }

    func update(_ octets: UnsafeRawBufferPointer) {
        guard let last = octets.lastIndex(where: { $0 != 10 }) else {
            heldLineFeeds += octets.count
            return
        }
        while heldLineFeeds > 0 {
            let count = min(heldLineFeeds, Self.lineFeeds.count)
            Self.lineFeeds.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            heldLineFeeds -= count
        }
        take(UnsafeRawBufferPointer(rebasing: octets[...last]))
        heldLineFeeds = octets.count - last - 1
    }

    func finish() -> ContentHash {
        var digest: (UInt64, UInt64) = (0, 0)
        let value = withUnsafeMutableBytes(of: &digest) { digest -> UInt64 in
            let tag = digest.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard let tag else { return 0 }
            switch key.form {
            case .blake2b: crypto_generichash_final(blake2b, tag, digest.count)
            case .poly1305:
                crypto_onetimeauth_final(poly1305, tag)
                // Since one key serves all messages, the tag itself would reveal it; so only a hash of the tag is
                // shown.
                crypto_shorthash(tag, tag, UInt64(digest.count), key.sipHash)
            }
            return UInt64(littleEndian: digest.loadUnaligned(as: UInt64.self))
        }
        return ContentHash(value: Int64(bitPattern: value))
    }

    private func take(_ octets: UnsafeRawBufferPointer) {
        switch key.form {
        case .blake2b:
            let start = octets.baseAddress?.assumingMemoryBound(to: UInt8.self)
            crypto_generichash_update(blake2b, start, UInt64(octets.count))
        case .poly1305: takeNULLikeX80(octets)
        }
    }

    /// Dovecot delivers NUL as 0x80 over IMAP, and unchanged over POP3.
    private func takeNULLikeX80(_ octets: UnsafeRawBufferPointer) {
        var rest = octets
        while let start = rest.baseAddress, let found = memchr(start, 0, rest.count) {
            let clean = UnsafeRawPointer(found) - start
            takeByPoly1305(UnsafeRawBufferPointer(rebasing: rest[..<clean]))
            let piece = UnsafeRawBufferPointer(rebasing: rest[clean...].prefix(4096))
            withUnsafeTemporaryAllocation(byteCount: piece.count, alignment: 16) { copy in
                copy.copyMemory(from: piece)
                for index in copy.indices where copy[index] == 0 { copy[index] = 0x80 }
                takeByPoly1305(UnsafeRawBufferPointer(copy))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(clean + piece.count)...])
        }
        takeByPoly1305(rest)
    }

    private func takeByPoly1305(_ octets: UnsafeRawBufferPointer) {
        guard let start = octets.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        crypto_onetimeauth_update(poly1305, start, UInt64(octets.count))
    }
}
