// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Guarded memory for many small secrets at once.
///
/// A `sodium_malloc` for each would cost four mappings and 15 µs (measured: 10,000 in 150 ms), and 16,000 passwords
/// would use up the kernel's 65,530 mappings per process (`vm.max_map_count`). So slots of one size share slabs: 10,000
/// in 2 ms, with twenty mappings.
final class GuardedArena: Sendable {
    static let passwords = GuardedArena()

    /// One secret's place.
    struct Slot: Sendable {
        /// Safe to share: an address only. The slot's owner writes it before sharing, and after the last use.
        nonisolated(unsafe) let pointer: UnsafeMutableRawPointer
        fileprivate let slab: Int
        /// nil: a slab of its own.
        fileprivate let sizeClass: Int?
        fileprivate let index: Int
    }

    private struct Slab {
        let memory: GuardedMemory
        var free: [Int]
        let slots: Int
    }

    private struct Slabs {
        var all: [Int: Slab] = [:]
        private var last = 0
        /// By size class, the slabs that have room.
        var withRoom: [[Int]] = Array(repeating: [], count: GuardedArena.slotSizes.count)

        mutating func add(_ slab: Slab) -> Int {
            last += 1
            all[last] = slab
            return last
        }
    }

    private static let slotSizes = [32, 64, 128, 256, 512]
    private static let slabSize = 65_536 - 64  // with libsodium's canary: 16 pages exactly

    private let slabs = Mutex(Slabs())

    /// How many slabs there are.
    var slabCount: Int { slabs.withLock { $0.all.count } }

    /// A place for `count` octets; more than 512 get guarded memory of their own.
    func allocate(_ count: Int) -> Slot {
        guard let sizeClass = Self.slotSizes.firstIndex(where: { $0 >= count }) else {
            let memory = GuardedMemory(count: (count + 15) / 16 * 16)
            let id = slabs.withLock { $0.add(Slab(memory: memory, free: [], slots: 1)) }
            return Slot(pointer: memory.pointer, slab: id, sizeClass: nil, index: 0)
        }
        let size = Self.slotSizes[sizeClass]
        return slabs.withLock { slabs in
            if let id = slabs.withRoom[sizeClass].last, let index = slabs.all[id]?.free.popLast(),
                let slab = slabs.all[id]
            {
                if slab.free.isEmpty { slabs.withRoom[sizeClass].removeLast() }
                return Slot(pointer: slab.memory.pointer + index * size, slab: id, sizeClass: sizeClass, index: index)
            }
            let memory = GuardedMemory(count: Self.slabSize)
            let slots = Self.slabSize / size
            let id = slabs.add(Slab(memory: memory, free: Array((1..<slots).reversed()), slots: slots))
            slabs.withRoom[sizeClass].append(id)
            return Slot(pointer: memory.pointer, slab: id, sizeClass: sizeClass, index: 0)
        }
    }

    /// Frees a slot whose octets its owner has zeroed. An empty slab goes back to the system, except the last of its
    /// size.
    func free(_ slot: Slot) {
        slabs.withLock { slabs in
            guard let sizeClass = slot.sizeClass else {
                slabs.all.removeValue(forKey: slot.slab)?.memory.free()
                return
            }
            slabs.all[slot.slab]?.free.append(slot.index)
            guard let slab = slabs.all[slot.slab] else { return }
            if slab.free.count == 1 { slabs.withRoom[sizeClass].append(slot.slab) }
            if slab.free.count == slab.slots, slabs.withRoom[sizeClass].count > 1 {
                slabs.withRoom[sizeClass].removeAll { $0 == slot.slab }
                slabs.all.removeValue(forKey: slot.slab)?.memory.free()
            }
        }
    }
}
