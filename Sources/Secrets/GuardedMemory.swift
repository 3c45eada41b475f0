// SPDX-License-Identifier: Apache-2.0

import CSodium
import Glibc

/// A piece of memory with guard pages around it, locked (never swapped), left out of core dumps, zeroed when freed.
///
/// If the kernel has no such memory (mappings used up), ordinary memory is used instead, still left out of core dumps
/// and zeroed. If only locking is refused (`RLIMIT_MEMLOCK`), libsodium continues without it, and so do we.
struct GuardedMemory: Sendable {
    /// Safe to share, since it is only an address. Each holder says who may touch the memory it points to.
    nonisolated(unsafe) let pointer: UnsafeMutableRawPointer
    /// Octets.
    let count: Int
    let isGuarded: Bool

    /// libsodium.org, "Usage": before any other function; harmless when repeated.
    private static let sodiumIsReady = sodium_init() >= 0

    /// - Parameter count: octets; a multiple of 16 keeps the start aligned to 16.
    init(count: Int) {
        self.count = count
        if Self.sodiumIsReady, let memory = sodium_malloc(count) {
            pointer = memory
            isGuarded = true
        } else {
            let page = Int(getpagesize())
            pointer = .allocate(byteCount: (count + page - 1) / page * page, alignment: page)
            madvise(pointer, count, MADV_DONTDUMP)
            isGuarded = false
        }
    }

    func free() {
        if isGuarded {
            sodium_free(pointer)
        } else {
            sodium_memzero(pointer, count)
            madvise(pointer, count, MADV_DODUMP)
            pointer.deallocate()
        }
    }

    func forbidAccess() { if isGuarded { sodium_mprotect_noaccess(pointer) } }
    func allowReading() { if isGuarded { sodium_mprotect_readonly(pointer) } }
}
