// SPDX-License-Identifier: Apache-2.0

/// Receives messages as they arrive. Called in order, from one thread at a time, and never waits.
///
/// Octets come decoded: dots unstuffed, lines ended by LF alone.
public protocol MessageSink: AnyObject, Sendable {
    /// A message begins, with the folder, flags and date given in it.
    func begin(_ message: ListedMessage)
    /// The next octets of the current message, about `count` of them at most: `fill` writes into the room that the sink
    /// provides, and returns how many octets it wrote. It is called once, before this returns. There is room for at
    /// least 1,024 octets; if `count` is more than the room, the rest is for the next call.
    ///
    /// This lets a decoder write directly into the sink's own memory.
    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int)
    /// The next octets of the current message, in pieces of any size; the pointer is valid only during the call.
    func append(_ octets: UnsafeRawBufferPointer)
    /// The terminator has arrived: the message is complete.
    func end()
    /// No more octets are at hand for now: a good moment to write out what has come.
    func flush()
    /// The current message will never be complete: forget it.
    func abandon()
    /// Whether reading should pause. After that, `resume` (set by the reader) is called when it may continue.
    var isFull: Bool { get }
    /// Calls `resume` once, from any thread, as soon as the sink is not full.
    func whenReady(_ resume: @escaping @Sendable () -> Void)
}

extension MessageSink {
    public func append(_ octets: UnsafeRawBufferPointer) {
        var rest = octets
        while !rest.isEmpty {
            append(upTo: rest.count) { room in
                let count = min(room.count, rest.count)
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                return count
            }
        }
    }
}
