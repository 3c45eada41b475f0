// SPDX-License-Identifier: Apache-2.0

import CSodium
import Synchronization

/// A long-lived key of 32 octets, which cannot even be read except during ``withOctets(_:)``.
final class GuardedKey: Sendable {
    static let count = 32

    private let memory = GuardedMemory(count: GuardedKey.count)
    /// One reader at a time, because each makes the page readable and unreadable again.
    private let turn = Mutex(())

    private init(writing write: (UnsafeMutableRawBufferPointer) -> Void) {
        write(UnsafeMutableRawBufferPointer(start: memory.pointer, count: Self.count))
        memory.forbidAccess()
    }

    /// nil when there are not 32 octets.
    convenience init?(octets: UnsafeRawBufferPointer) {
        guard octets.count == Self.count else { return nil }
        self.init { $0.copyMemory(from: octets) }
    }

    static func random() -> GuardedKey {
        GuardedKey { if let start = $0.baseAddress { randombytes_buf(start, $0.count) } }
    }

    deinit { memory.free() }

    func withOctets<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try turn.withLock { _ throws(Failure) in
            memory.allowReading()
            defer { memory.forbidAccess() }
            return try body(UnsafeRawBufferPointer(start: memory.pointer, count: Self.count))
        }
    }
}
