// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// Octets of messages as they arrived, with the places where messages begin and end.
///
/// Unchecked: it belongs to one side at a time: to the intake, under its lock, until it is handed to a job; to that
/// job until it is handed back under the lock.
final class Slab: @unchecked Sendable {
    /// One job's worth.
    static let size = 256 * 1024
    /// So many marks make a slab full whatever its size.
    private static let marksLimit = 4096

    struct Mark {
        enum Kind {
            /// `added` octets on top of the message are the store's own.
            case begin(ListedMessage, added: Int)
            case end
            case abandon
        }

        var offset: Int
        var kind: Kind
    }

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0
    private(set) var marks: [Mark] = []

    deinit { memory.deallocate() }

    var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
    var isFull: Bool { count >= Self.size || marks.count >= Self.marksLimit }
    var isEmpty: Bool { count == 0 && marks.isEmpty }
    /// Octets until it is full.
    var room: Int { max(0, Self.size - count) }

    func mark(_ kind: Mark.Kind) { marks.append(Mark(offset: count, kind: kind)) }

    /// Takes all of `octets`; beyond ``size`` it grows, for a reader that does not pause.
    func append(_ octets: UnsafeRawBufferPointer) {
        if count + octets.count > memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: Self.space(for: count + octets.count), alignment: 64)
            larger.copyMemory(from: self.octets)
            memory.deallocate()
            memory = larger
        }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: octets)
        count += octets.count
    }

    /// What a reader brings before it pauses fits into twice the size, which is kept: new memory costs as much as what is
    /// put into it.
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
