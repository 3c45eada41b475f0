// SPDX-License-Identifier: Apache-2.0

package import Vocabulary

/// Octets of messages as they arrived, with marks where messages begin and end.
///
/// Unchecked, because it belongs to one side at a time: to the intake, under its lock, until it is handed to a job; to
/// that job until it is handed back under the lock.
package final class Slab: @unchecked Sendable {
    /// One job's worth.
    static let size = 256 * 1024
    /// This many marks make a slab full, whatever its size.
    private static let marksLimit = 4096
    /// With less room than this, it counts as full.
    private static let leastRoom = 1024

    package struct Mark {
        package enum Kind {
            /// The first `added` octets of the message are the store's own.
            case begin(ListedMessage, added: Int)
            case end
            case abandon
        }

        package var offset: Int
        package var kind: Kind
    }

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0
    package private(set) var marks: [Mark] = []

    deinit { memory.deallocate() }

    package var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
    var isFull: Bool { count > Self.size - Self.leastRoom || marks.count >= Self.marksLimit }
    var isEmpty: Bool { count == 0 && marks.isEmpty }

    func mark(_ kind: Mark.Kind) { marks.append(Mark(offset: count, kind: kind)) }

    /// Takes all of `octets`.
    func append(_ octets: UnsafeRawBufferPointer) {
        reserve(count + octets.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: octets)
        count += octets.count
    }

    /// Takes what `fill` puts into the remaining room; if there is hardly any, the slab grows by `wanted` octets, for a
    /// reader that does not pause.
    /// - Returns: how many octets it took.
    @discardableResult
    func append(upTo wanted: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let taken = offer(wanted, fill)
        count += taken
        return taken
    }

    /// Discards what `fill` brings.
    func drop(upTo wanted: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) { _ = offer(wanted, fill) }

    private func offer(_ wanted: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let left = Self.size - count
        let room = left >= Self.leastRoom ? left : max(wanted, Self.leastRoom)
        reserve(count + room)
        return fill(UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + room]))
    }

    /// Begins a message with what `fill` brings, unless that is nothing, and with `header` above it; but without
    /// `header` if the message's first line would be taken for a continuation of it.
    /// - Returns: whether it has begun.
    func begin(
        _ message: ListedMessage, header: [UInt8], upTo wanted: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Bool {
        let start = count
        header.withUnsafeBytes { append($0) }
        let body = count
        var added = header.count
        let taken = append(upTo: wanted, fill)
        if taken == 0 {
            count = start
            return false
        }
        if added > 0, memory[body] == UInt8(ascii: " ") || memory[body] == UInt8(ascii: "\t") {
            UnsafeMutableRawBufferPointer(rebasing: memory[start...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[body..<count]))
            count -= added
            added = 0
        }
        marks.append(Mark(offset: start, kind: .begin(message, added: added)))
        return true
    }

    private func reserve(_ octets: Int) {
        guard octets > memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.space(for: octets), alignment: 64)
        larger.copyMemory(from: self.octets)
        memory.deallocate()
        memory = larger
    }

    /// What a reader brings before it pauses fits into twice the size, which is kept: allocating memory costs as much
    /// as filling it.
    private static func space(for octets: Int) -> Int {
        octets <= size ? size : octets <= kept ? kept : octets * 3 / 2
    }

    private static let kept = 2 * size

    func clear() {
        count = 0
        marks.removeAll(keepingCapacity: true)
        if memory.count > Self.kept {
            memory.deallocate()
            memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }
}
