// SPDX-License-Identifier: Apache-2.0

/// What the old server calls a message for good (RFC 1939 §7, `UIDL`): octets, not text; servers in the
/// field send more than 70 of them, and others than the printable ones.
///
/// Those of one list share its octets: a mailbox may have millions of messages. What is kept for longer than the list is
/// ``detached``.
public struct UniqueID: Hashable, Sendable {
    private let list: [UInt8]
    private let start: UInt32
    private let length: UInt32

    public init(octets: [UInt8]) { self.init(in: octets, at: octets.indices) }

    /// The octets of `list` in this range.
    public init(in list: [UInt8], at range: Range<Int>) {
        self.list = list
        start = UInt32(clamping: range.lowerBound)
        length = UInt32(clamping: range.count)
    }

    public var octets: [UInt8] { Array(slice) }

    public var count: Int { Int(length) }

    /// With octets of its own.
    public var detached: UniqueID { UniqueID(octets: octets) }

    /// For as long as the call lasts.
    public func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        list.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(start) + Int(length)])) }
    }

    private var slice: ArraySlice<UInt8> { list[Int(start)..<Int(start) + Int(length)] }

    public static func == (one: UniqueID, other: UniqueID) -> Bool { one.slice == other.slice }

    public func hash(into hasher: inout Hasher) { hasher.combine(slice) }
}

/// One message of a mailbox as the old server lists it.
public struct ListedMessage: Hashable, Sendable {
    // 32 octets a message: there may be millions.
    private var place: Int32
    private var size: Int64
    /// nil where the server has no `UIDL`.
    public var uniqueID: UniqueID?

    private static let unsized = Int64.min

    /// The message-number, valid in this session alone.
    public var number: Int {
        get { Int(place) }
        set { place = Int32(clamping: newValue) }
    }

    /// No message is larger. As many of them as a mailbox may hold add up to less than 2^63.
    public static let mostOctets = 1 << 40

    /// The size that `LIST` gives, which may be wrong; nil where the server gave none that a message can have. One below
    /// zero or above ``mostOctets`` is as good as none.
    public var octets: Int? {
        get { size == Self.unsized ? nil : Int(size) }
        set { size = Self.size(of: newValue) }
    }

    private static func size(of octets: Int?) -> Int64 {
        octets.flatMap { (0...mostOctets).contains($0) ? Int64($0) : nil } ?? unsized
    }

    public init(number: Int, octets: Int?, uniqueID: UniqueID?) {
        place = Int32(clamping: number)
        size = Self.size(of: octets)
        self.uniqueID = uniqueID
    }

    /// With octets of its own.
    public var detached: ListedMessage {
        ListedMessage(number: number, octets: octets, uniqueID: uniqueID?.detached)
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
