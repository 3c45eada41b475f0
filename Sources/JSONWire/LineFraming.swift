// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Cuts a stream of octets into lines (LF, or CR LF). Events in, lines out; no I/O.
///
/// Linear however the octets arrive, and bounded: of a line that is longer than the limit nothing is kept. What has
/// been taken out is overwritten, for lines hold passwords.
public struct LineFraming: ~Copyable, Sendable {
    /// What came in.
    public enum Event: Sendable {
        /// A line, without its end.
        case line(WipedOctets)

        /// The line in hand is longer than the limit. Said once, as soon as it shows; the rest of it is thrown away.
        case overlong
    }

    /// Lines from this many octets are handed over in the memory they were collected in; shorter ones are copied.
    private static let handOver = 64 * 1024

    /// The most octets a line may have.
    public let limit: Int

    // Sendable: the memory is this value's alone, which cannot be copied.
    private nonisolated(unsafe) var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var start = 0  // of what has not been taken yet
    private var scanned = 0  // up to here there is no LF behind `start`
    private var end = 0
    private var isDiscarding = false
    private var hasEnded = false

    /// Takes lines of up to `limit` octets, their end not counted.
    public init(limit: Int) {
        self.limit = limit
    }

    deinit {
        memory.wipe()
        memory.deallocate()
    }

    /// How many octets are held that no event has taken yet.
    public var heldOctets: Int { end - start }

    /// How many octets of memory that costs.
    public var footprint: Int { memory.count }

    /// Takes octets that have arrived. To keep the memory bounded, take what `next` gives before there are more.
    public mutating func append(_ octets: UnsafeRawBufferPointer) {
        var octets = octets
        if isDiscarding {
            guard let position = Self.lineFeed(octets) else { return }
            octets = UnsafeRawBufferPointer(rebasing: octets[(position + 1)...])
            isDiscarding = false
        }
        guard !octets.isEmpty else { return }
        makeRoom(for: octets.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[end...]).copyMemory(from: octets)
        end += octets.count
    }

    /// No more octets will come: what is held without an LF is a line too.
    public mutating func finish() {
        hasEnded = true
    }

    /// The next event; nil until more octets arrive.
    public mutating func next() -> Event? {
        let fresh = UnsafeRawBufferPointer(rebasing: memory[scanned..<end])
        guard let position = Self.lineFeed(fresh) else {
            scanned = end
            guard end - start <= limit + 1 else {  // + 1: a CR
                drop(to: end)
                isDiscarding = !hasEnded
                return .overlong
            }
            guard hasEnded, end > start else { return nil }
            return take(to: end, continuingAt: end)
        }
        let lineFeed = scanned + position
        return take(to: lineFeed, continuingAt: lineFeed + 1)
    }

    // MARK: Memory

    private mutating func take(to lineEnd: Int, continuingAt next: Int) -> Event {
        let hasReturn = lineEnd > start && memory[lineEnd - 1] == UInt8(ascii: "\r")
        let line = start..<(hasReturn ? lineEnd - 1 : lineEnd)
        guard line.count <= limit else {
            drop(to: next)
            return .overlong
        }
        guard line.count >= Self.handOver else {
            let octets = WipedOctets(copying: UnsafeRawBufferPointer(rebasing: memory[line]))
            drop(to: next)
            return .line(octets)
        }
        let octets = WipedOctets(adopting: memory, range: line)
        let rest = UnsafeRawBufferPointer(rebasing: memory[next..<end])
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        (start, scanned, end) = (0, 0, 0)
        if !rest.isEmpty {
            makeRoom(for: rest.count)
            memory.copyMemory(from: rest)
            end = rest.count
        }
        return withExtendedLifetime(octets) { .line(octets) }
    }

    /// Overwrites what is before `next`; gives memory back that one line has needed and the next will hardly.
    private mutating func drop(to next: Int) {
        UnsafeMutableRawBufferPointer(rebasing: memory[start..<next]).wipe()
        start = next
        scanned = next
        guard start == end else { return }
        (start, scanned, end) = (0, 0, 0)
        if memory.count > Self.handOver {
            memory.deallocate()
            memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Makes room for octets behind `end`: by moving what is held to the front where that is the smaller half,
    /// else by growing, so that each octet is moved a bounded number of times.
    private mutating func makeRoom(for count: Int) {
        guard memory.count - end < count else { return }
        let held = end - start
        let kept = UnsafeRawBufferPointer(rebasing: memory[start..<end])
        if held <= memory.count / 2, held + count <= memory.count {
            memory.copyMemory(from: kept)  // may overlap, as `memmove`
            UnsafeMutableRawBufferPointer(rebasing: memory[max(held, start)..<end]).wipe()
        } else {
            let doubled = min(memory.count * 2, limit + Self.handOver)
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(512, doubled, held + count), alignment: 1)
            larger.copyMemory(from: kept)
            memory.wipe()
            memory.deallocate()
            memory = larger
        }
        (start, scanned, end) = (0, scanned - start, held)
    }

    private static func lineFeed(_ octets: UnsafeRawBufferPointer) -> Int? {
        guard let base = octets.baseAddress, let found = memchr(base, 0x0A, octets.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
