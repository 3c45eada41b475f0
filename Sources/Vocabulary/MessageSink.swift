// SPDX-License-Identifier: Apache-2.0

/// What takes messages as they arrive. Called in order, from one thread at a time, and never waits.
///
/// Octets come decoded: dots unstuffed, lines ended by LF alone.
public protocol MessageSink: AnyObject, Sendable {
    /// A message begins, in the folder, with the flags and of the date that it says.
    func begin(_ message: ListedMessage)
    /// The next octets of the message begun, about `count` of them at most: `fill` puts what it has into the room that the
    /// sink gives it, and returns how many octets that are. It is called once, before this returns. There is room for
    /// 1,024 octets at least, and where `count` is more than there is, what remains is for the next call.
    ///
    /// So whoever decodes does it into the sink's own memory.
    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int)
    /// The next octets of the message begun, in pieces of any size; the pointer is valid during the call alone.
    func append(_ octets: UnsafeRawBufferPointer)
    /// The terminator has come: the message is whole.
    func end()
    /// No more octets are at hand for now: a good moment to write out what has come.
    func flush()
    /// The message begun will never be whole: forget it.
    func abandon()
    /// Whether reading should pause. Once it has said so, `resume` (set by the reader) is called when it may go on.
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
