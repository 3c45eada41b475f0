// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Octets that are overwritten when nobody needs them any more, since passwords are among them.
// Sendable: the memory is written before anyone else can know of it and after the last reference is gone.
final class WipedText: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// Valid as long as this object lives.
    let octets: UnsafeRawBufferPointer

    /// - Parameter write: fills up to `capacity` octets, and returns how many.
    init<Failure: Error>(
        capacity: Int, _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, capacity), alignment: 16)
        do throws(Failure) {
            octets = UnsafeRawBufferPointer(rebasing: memory[..<(try write(memory))])
        } catch {
            memory.wipe()
            throw error
        }
        self.memory = memory
    }

    deinit { memory.wipe() }

    var count: Int { octets.count }
    subscript(index: Int) -> UInt8 { octets[index] }
}

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the memory, and gives it back.
    fileprivate func wipe() {
        if let baseAddress { explicit_bzero(baseAddress, count) }
        deallocate()
    }
}
