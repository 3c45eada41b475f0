// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Octets that hold a password or a proof of one, on their way to the server; overwritten with the last reference.
///
/// An array would leave copies behind when it grows, or when it is passed on and wiped while shared.
// Sendable: the memory is written before `init` returns and after the last reference is gone, and only read between.
public final class SecretOctets: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    public var count: Int { memory.count }
    public var isEmpty: Bool { memory.isEmpty }

    /// `count` octets, written by `write`.
    public init(count: Int, writing write: (UnsafeMutableRawBufferPointer) -> Void) {
        memory = .allocate(byteCount: count, alignment: 1)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        write(memory)
    }

    /// A concatenated copy of all parts.
    public convenience init(_ parts: UnsafeRawBufferPointer...) {
        self.init(count: parts.reduce(0) { $0 + $1.count }) { target in
            var rest = target[...]
            for part in parts {
                UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: part)
                rest = rest.dropFirst(part.count)
            }
        }
    }

    /// What is no secret by itself, and more behind it.
    public convenience init(
        _ text: String, _ rest: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        self.init(count: text.utf8.count + rest.count) { target in
            target.copyBytes(from: text.utf8)
            UnsafeMutableRawBufferPointer(rebasing: target[text.utf8.count...]).copyMemory(from: rest)
        }
    }

    deinit {
        if let start = memory.baseAddress { explicit_bzero(start, memory.count) }
        memory.deallocate()
    }

    /// The octets, valid only during the call.
    public func withOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }
}
