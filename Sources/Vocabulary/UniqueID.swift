// SPDX-License-Identifier: Apache-2.0

/// The old server's permanent id of a message (RFC 1939 §7, `UIDL`): octets, not text; some servers send more than 70
/// of them, and others than the printable ones.
///
/// The ids of one list share its octets, because a mailbox may have millions of messages. An id kept for longer than
/// the list is ``detached``.
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

    /// A copy with octets of its own.
    public var detached: UniqueID { UniqueID(octets: octets) }

    /// For as long as the call lasts.
    public func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        list.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(start) + Int(length)])) }
    }

    private var slice: ArraySlice<UInt8> { list[Int(start)..<Int(start) + Int(length)] }

    public static func == (one: UniqueID, other: UniqueID) -> Bool { one.slice == other.slice }

    public func hash(into hasher: inout Hasher) { hasher.combine(slice) }
}
