// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Octets that are overwritten when nobody needs them any more, since they may hold passwords.
// Sendable: the memory is written before `init` returns and after the last reference is gone, and only read between.
public final class WipedOctets: @unchecked Sendable {
    private let allocation: UnsafeMutableRawBufferPointer

    /// The octets; valid as long as this object lives.
    let octets: UnsafeRawBufferPointer

    /// Copies octets.
    public init(copying source: UnsafeRawBufferPointer) {
        allocation = .allocate(byteCount: source.count, alignment: 1)
        allocation.copyMemory(from: source)
        octets = UnsafeRawBufferPointer(allocation)
    }

    /// Octets that `write` puts into up to `capacity` octets of memory; it returns how many.
    public init<Failure: Error>(
        capacity: Int, _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let allocation = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        do throws(Failure) {
            octets = UnsafeRawBufferPointer(rebasing: allocation[..<(try write(allocation))])
        } catch {
            allocation.wipe()
            allocation.deallocate()
            throw error
        }
        self.allocation = allocation
    }

    /// Takes over an allocation, of which `range` counts and all is overwritten in the end.
    init(adopting allocation: UnsafeMutableRawBufferPointer, range: Range<Int>) {
        self.allocation = allocation
        octets = UnsafeRawBufferPointer(rebasing: allocation[range])
    }

    deinit {
        allocation.wipe()
        allocation.deallocate()
    }

    /// How many octets there are.
    public var count: Int { octets.count }

    /// What they cost in memory, in octets.
    public var footprint: Int { allocation.count }

    /// Reads the octets; the pointer must not leave `body`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(octets)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the memory in a way that the compiler does not take for useless (`explicit_bzero(3)`).
    func wipe() {
        if let baseAddress { explicit_bzero(baseAddress, count) }
    }
}
