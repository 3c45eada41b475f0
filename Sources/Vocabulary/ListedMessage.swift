// SPDX-License-Identifier: Apache-2.0

/// One message of an old mailbox as its server lists it.
public struct ListedMessage: Hashable, Sendable {
    // 32 octets per message, because there may be millions: a date has only seconds, a size only 40 bits.
    private var place: Int32
    private var seconds: UInt32
    private var sizeLow: UInt32
    private var sizeHigh: UInt8
    /// As they were when it was listed.
    public var flags: MessageFlags
    private var folderPlace: UInt16
    /// Its permanent id within its folder; nil if the server has none (POP3 without `UIDL`).
    public var uniqueID: UniqueID?

    /// Its place among all messages that this session lists, from 1, valid only in the session. In POP3, the
    /// message-number.
    public var number: Int {
        get { Int(place) }
        set { place = Int32(clamping: newValue) }
    }

    /// The number of its folder in this session; 0 if there is only one.
    public var folder: Int {
        get { Int(folderPlace) }
        set { folderPlace = UInt16(clamping: newValue) }
    }

    /// When it arrived on the old server, to the second; nil if the server does not say, or not a time from 1970 to
    /// 2106.
    public var date: Timestamp? {
        get { seconds == 0 ? nil : Timestamp(milliseconds: Int64(seconds) * 1000) }
        set { seconds = Self.seconds(of: newValue) }
    }

    private static func seconds(of date: Timestamp?) -> UInt32 {
        date.flatMap { UInt32(exactly: $0.milliseconds / 1000) } ?? 0
    }

    /// No message is larger. The sizes of as many messages as a mailbox may hold add up to less than 2^63.
    public static let mostOctets = Int(unsized) - 1

    private static let unsized: UInt64 = (1 << 40) - 1

    /// The size that the server states, which may be wrong; nil if it stated none or an impossible one, below zero or
    /// above ``mostOctets``.
    public var octets: Int? {
        get {
            let size = UInt64(sizeHigh) << 32 | UInt64(sizeLow)
            return size == Self.unsized ? nil : Int(size)
        }
        set { (sizeHigh, sizeLow) = Self.size(of: newValue) }
    }

    private static func size(of octets: Int?) -> (UInt8, UInt32) {
        let size = octets.flatMap { (0...mostOctets).contains($0) ? UInt64($0) : nil } ?? unsized
        return (UInt8(truncatingIfNeeded: size >> 32), UInt32(truncatingIfNeeded: size))
    }

    public init(
        number: Int, octets: Int?, uniqueID: UniqueID?, folder: Int = 0, flags: MessageFlags = [],
        date: Timestamp? = nil
    ) {
        place = Int32(clamping: number)
        seconds = Self.seconds(of: date)
        (sizeHigh, sizeLow) = Self.size(of: octets)
        self.flags = flags
        folderPlace = UInt16(clamping: folder)
        self.uniqueID = uniqueID
    }

    /// A copy with octets of its own.
    public var detached: ListedMessage {
        var message = self
        message.uniqueID = uniqueID?.detached
        return message
    }
}

/// A message's flags on the old server (RFC 3501 §2.3.2), without keywords.
public struct MessageFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let seen = MessageFlags(rawValue: 1)
    public static let answered = MessageFlags(rawValue: 2)
    public static let flagged = MessageFlags(rawValue: 4)
    public static let draft = MessageFlags(rawValue: 8)
    public static let deleted = MessageFlags(rawValue: 16)
}
