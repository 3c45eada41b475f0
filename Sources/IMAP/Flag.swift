// SPDX-License-Identifier: Apache-2.0

/// A flag or a keyword of a message (RFC 3501 §2.3.2). The case of its letters makes no difference.
public struct Flag: Hashable, Sendable, CustomStringConvertible {
    /// As the server has it, other than UTF-8 replaced.
    public let name: String
    private let key: String

    public init(_ name: String) {
        self.name = name
        key = name.lowercased()
    }

    init(_ octets: ArraySlice<UInt8>) { self.init(String(decoding: octets, as: UTF8.self)) }

    public static let seen = Flag("\\Seen")
    public static let answered = Flag("\\Answered")
    public static let flagged = Flag("\\Flagged")
    public static let deleted = Flag("\\Deleted")
    public static let draft = Flag("\\Draft")
    /// Set by the server alone; it cannot be given to a message.
    public static let recent = Flag("\\Recent")
    /// Among a folder's permanent flags: new keywords may be made (RFC 3501 §7.1).
    public static let newKeywords = Flag("\\*")

    public var isKeyword: Bool { !name.hasPrefix("\\") }

    public static func == (left: Flag, right: Flag) -> Bool { left.key == right.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
    public var description: String { name }

    /// Whether it can be sent as it is: an atom, with a backslash before it or not (RFC 3501 §9).
    public var isSendable: Bool {
        let atom = name.hasPrefix("\\") ? name.dropFirst() : Substring(name)
        return !atom.isEmpty && name.utf8.count <= 255 && atom.utf8.allSatisfy(\.isOfAtom)
    }
}

extension UInt8 {
    /// Of an atom that is sent (RFC 3501 §9): no specials.
    var isOfAtom: Bool { self > 32 && self < 127 && !"(){%*\"\\]".utf8.contains(self) }
}

extension Reader {
    mutating func flags() throws(Unreadable) -> [Flag] {
        var flags: [Flag] = []
        try list { reader throws(Unreadable) in flags.append(Flag(try reader.atom())) }
        return flags
    }
}
