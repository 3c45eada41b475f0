// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A folder, as `LIST`, `LSUB` or `XLIST` tells of it (RFC 3501 §7.2.2).
public struct ListedMailbox: Hashable, Sendable {
    public enum Command: Hashable, Sendable {
        case list, lsub, xlist
    }

    public var command: Command
    public var name: MailboxName
    /// What stands between levels; nil where the server has none.
    public var delimiter: UInt8?
    /// In lower case, with their backslashes: `\noselect`.
    public var attributes: Set<String>

    public init(_ name: MailboxName, delimiter: UInt8? = UInt8(ascii: "/"), attributes: Set<String> = []) {
        (command, self.name, self.delimiter) = (.list, name, delimiter)
        self.attributes = Set(attributes.map { $0.lowercased() })
    }

    /// Whether it can be opened. RFC 5258 §3: `\NonExistent` implies `\NoSelect`.
    public var isSelectable: Bool { attributes.isDisjoint(with: ["\\noselect", "\\nonexistent"]) }
    /// Of `LIST … RETURN (SUBSCRIBED)` and `LSUB`.
    public var isSubscribed: Bool { attributes.contains("\\subscribed") || command == .lsub }
    /// What it is for, as the server says.
    public var specialUse: SpecialUse? {
        // A folder has one; where a server gives several, that which decides whether it moves.
        SpecialUse.allCases.first { !attributes.isDisjoint(with: $0.attributes) }
    }
    /// XLIST's inbox may have a name in the user's language.
    public var isInbox: Bool { name.isInbox || attributes.contains("\\inbox") }
}

extension SpecialUse {
    /// Its attribute, and what XLIST calls it, in lower case.
    var attributes: Set<String> {
        switch self {
        case .all: ["\\all", "\\allmail"]
        case .flagged: ["\\flagged", "\\starred"]
        case .junk: ["\\junk", "\\spam"]
        case .important, .sent, .drafts, .trash, .archive: ["\\\(rawValue)"]
        }
    }

    /// Of RFC 6154, as `CREATE … (USE (…))` has it.
    public var attribute: String { "\\\(rawValue.prefix(1).uppercased())\(rawValue.dropFirst())" }
}

/// Where folders are (RFC 2342).
public struct Namespaces: Hashable, Sendable {
    public struct Namespace: Hashable, Sendable {
        /// What the names in it begin with, its delimiter included; as on the wire.
        public var prefix: [UInt8]
        public var delimiter: UInt8?

        public init(prefix: String, delimiter: UInt8?) {
            (self.prefix, self.delimiter) = (Array(prefix.utf8), delimiter)
        }

        init(prefix: [UInt8], delimiter: UInt8?) { (self.prefix, self.delimiter) = (prefix, delimiter) }
    }

    public var personal: [Namespace] = []
    public var otherUsers: [Namespace] = []
    public var shared: [Namespace] = []

    public init() {}
}

/// What `STATUS` tells of a folder that is not open (RFC 3501 §7.2.4).
public struct MailboxStatus: Hashable, Sendable {
    public var name: MailboxName
    public var messages: UInt32?
    public var uidNext: UInt32?
    public var uidValidity: UInt32?
    public var unseen: UInt32?
    /// RFC 7162 §3.1.7
    public var highestModificationSequence: UInt64?
    /// RFC 8438: octets of all messages.
    public var octets: UInt64?
}

extension Reader {
    mutating func listed(_ command: ListedMailbox.Command) throws(Unreadable) -> ListedMailbox {
        var attributes: Set<String> = []
        try list { reader throws(Unreadable) in
            attributes.insert(String(decoding: try reader.atom(), as: UTF8.self).lowercased())
        }
        let delimiter = try delimiter()
        skipSpaces()
        let name = try lastName()
        var listed = ListedMailbox(MailboxName(octets: name), delimiter: delimiter, attributes: attributes)
        listed.command = command
        return listed
    }

    /// `"/"`, `NIL`, or `""` from servers that mean the same.
    private mutating func delimiter() throws(Unreadable) -> UInt8? {
        guard case .octets(let octets) = try text() else { return nil }
        guard octets.count <= 1 else { throw Unreadable() }
        return octets.first
    }

    /// The name at the end of a `LIST`. Exchange sends some with spaces, tabs or parentheses unquoted: then it is all the
    /// rest. What follows a quoted name or a literal is extended data (RFC 5258 §6).
    private mutating func lastName() throws(Unreadable) -> ArraySlice<UInt8> {
        if first == UInt8(ascii: "\"") || isAtLiteral { return try string() }
        let name = rest
        guard !name.isEmpty, !holdsLiteral else { throw Unreadable() }
        move(to: octets.count)
        return name
    }

    mutating func mailboxStatus() throws(Unreadable) -> MailboxStatus {
        var status = MailboxStatus(name: MailboxName(octets: try string()))
        try list { reader throws(Unreadable) in
            let name = try reader.atom()
            switch name.uppercasedText {
            case "MESSAGES": status.messages = try reader.numberIfAny(UInt32.self)
            case "UIDNEXT": status.uidNext = try reader.numberIfAny(UInt32.self)
            case "UIDVALIDITY": status.uidValidity = try reader.numberIfAny(UInt32.self)
            case "UNSEEN": status.unseen = try reader.numberIfAny(UInt32.self)
            case "HIGHESTMODSEQ": status.highestModificationSequence = try reader.numberIfAny(UInt64.self)
            case "SIZE": status.octets = try reader.numberIfAny(UInt64.self)
            default: try reader.skipValue()
            }
        }
        return status
    }

    mutating func namespaces() throws(Unreadable) -> Namespaces {
        var namespaces = Namespaces()
        namespaces.personal = try namespaceList()
        namespaces.otherUsers = try namespaceList()
        namespaces.shared = try namespaceList()
        return namespaces
    }

    private mutating func namespaceList() throws(Unreadable) -> [Namespaces.Namespace] {
        var found: [Namespaces.Namespace] = []
        skipSpaces()
        guard !isAtEnd else { return [] }
        try list { reader throws(Unreadable) in
            try reader.expect("(")
            let prefix = try reader.string()
            let delimiter = try reader.delimiter()
            reader.skipSpaces()
            while !reader.take(")") {  // extensions: a string and a list
                try reader.skipValue()
                reader.skipSpaces()
            }
            found.append(.init(prefix: Array(prefix), delimiter: delimiter))
        }
        return found
    }
}
