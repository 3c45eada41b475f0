// SPDX-License-Identifier: Apache-2.0

/// What the old server calls a message for good (RFC 1939 §7, `UIDL`): octets, not text; servers in the
/// field send more than 70 of them, and others than the printable ones.
public struct UniqueID: Hashable, Sendable {
    public let octets: [UInt8]

    public init(octets: [UInt8]) { self.octets = octets }
}

/// One message of a mailbox as the old server lists it.
public struct ListedMessage: Hashable, Sendable {
    /// The message-number, valid in this session alone.
    public var number: Int
    /// The size that `LIST` gives, which may be wrong; nil where the server gave none that a message can have.
    public var octets: Int?
    /// nil where the server has no `UIDL`.
    public var uniqueID: UniqueID?

    /// No message is larger. As many of them as a mailbox may hold add up to less than 2^63.
    public static let mostOctets = 1 << 40

    /// - Parameter octets: below zero or above ``mostOctets``, it is as good as none.
    public init(number: Int, octets: Int?, uniqueID: UniqueID?) {
        self.number = number
        self.octets = octets.flatMap { (0...Self.mostOctets).contains($0) ? $0 : nil }
        self.uniqueID = uniqueID
    }
}

/// What takes messages as they arrive. Called in order, from one thread at a time, and never waits.
///
/// Octets come decoded: dots unstuffed, lines ended by LF alone.
public protocol MessageSink: AnyObject, Sendable {
    func begin(_ message: ListedMessage)
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
