// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Counts the line ends of a message that lack a CR: with CR LF line ends it would be this many octets longer.
struct LineEnds {
    private(set) var count = 0
    private var lastWasCR = false

    /// From one LF to the next, by `memchr`.
    mutating func append(_ octets: UnsafeRawBufferPointer) {
        guard let base = octets.baseAddress, let last = octets.last else { return }
        var at = 0
        while at < octets.count, let found = memchr(base + at, 10, octets.count - at) {
            at = UnsafeRawPointer(found) - base
            let hasCR = at > 0 ? base.load(fromByteOffset: at - 1, as: UInt8.self) == 13 : lastWasCR
            if !hasCR { count += 1 }
            at += 1
        }
        lastWasCR = last == 13
    }
}
