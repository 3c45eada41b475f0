// SPDX-License-Identifier: Apache-2.0

/// What a server says without a tag (RFC 3501 §7): asked for or not, in any order, at any time.
public enum Response: Hashable, Sendable {
    /// `OK`, `NO`, `BAD` or `BYE`
    case condition(Condition)
    case capabilities(Capabilities)
    case listed(ListedMailbox)
    case mailboxStatus(MailboxStatus)
    case flags([Flag])
    case exists(UInt32)
    case recent(UInt32)
    /// The message of this number is gone, and all behind it have one less.
    case expunged(UInt32)
    case fetched(Fetched)
    /// RFC 7162 §3.2.10; earlier: before this session.
    case vanished(UIDSet, earlier: Bool)
    /// `SEARCH` and `ESEARCH`
    case found(Found)
    case namespaces(Namespaces)
    /// RFC 2971: what the server says it is; names in lower case.
    case id([String: String])
    /// RFC 5161
    case enabled([String])
    case quota(Quota)
    /// RFC 4314 §3.5: a letter for each thing that one may do in a folder.
    case rights(String)
    /// One that nobody needs: its name in capitals.
    case other(String)
}

/// What a search has found: UIDs, for only `UID SEARCH` is sent.
public struct Found: Hashable, Sendable {
    public var uids = UIDSet()
    /// RFC 7162 §3.1.5
    public var highestModificationSequence: UInt64?
}

extension Response {
    /// Of a whole frame that begins with `*`.
    init(_ frame: Frame, _ limits: Limits) throws(IMAPError) {
        do throws(Reader.Unreadable) {
            var reader = Reader(frame, limits)
            try reader.expect("*")
            self = try Self.read(&reader)
        } catch {
            throw error.isTooLong
                ? IMAPError(.tooLong, "sends a response that goes on and on", quoting: frame.octets)
                : .violation("sends a response that cannot be read", quoting: frame.octets)
        }
    }

    private static func read(_ reader: inout Reader) throws(Reader.Unreadable) -> Response {
        reader.skipSpaces()
        if let first = reader.first, first.isASCIIDigit {
            return try readNumbered(try reader.number(UInt32.self), &reader)
        }
        var ahead = reader
        if let condition = Condition(&ahead) { return .condition(condition) }
        let name = try reader.atom().uppercasedText
        switch name {
        case "CAPABILITY": return .capabilities(Capabilities(reader.rest))
        case "LIST": return .listed(try reader.listed(.list))
        case "LSUB": return .listed(try reader.listed(.lsub))
        case "XLIST": return .listed(try reader.listed(.xlist))
        case "STATUS": return .mailboxStatus(try reader.mailboxStatus())
        case "FLAGS": return .flags(try reader.flags())
        case "SEARCH": return .found(try reader.found())
        case "ESEARCH": return .found(try reader.extendedFound())
        case "VANISHED": return try readVanished(&reader)
        case "NAMESPACE": return .namespaces(try reader.namespaces())
        case "ID": return .id(try reader.id())
        case "ENABLED": return .enabled(Capabilities(reader.rest).names.sorted())
        case "QUOTA": return .quota(try reader.quota())
        case "MYRIGHTS":
            _ = try reader.string()
            return .rights(String(decoding: try reader.string(), as: UTF8.self))
        default: return .other(String(name.prefix(64)))
        }
    }

    private static func readNumbered(_ number: UInt32, _ reader: inout Reader) throws(Reader.Unreadable) -> Response {
        let name = try reader.atom().uppercasedText
        switch name {
        case "EXISTS": return .exists(number)
        case "RECENT": return .recent(number)
        case "EXPUNGE": return .expunged(number)
        case "FETCH": return .fetched(try reader.fetched(number: number))
        default: return .other(String(name.prefix(64)))
        }
    }

    private static func readVanished(_ reader: inout Reader) throws(Reader.Unreadable) -> Response {
        reader.skipSpaces()
        var isEarlier = false
        if reader.first == UInt8(ascii: "(") {
            try reader.list { reader throws(Reader.Unreadable) in
                if try reader.atom().isKeyword("EARLIER") { isEarlier = true }
            }
        }
        return .vanished(try reader.uids(), earlier: isEarlier)
    }

    /// What is known of a message when its text begins to come.
    static func begun(_ frame: Frame, _ limits: Limits) throws(IMAPError) -> Fetched {
        do throws(Reader.Unreadable) {
            var reader = Reader(frame, limits)
            try reader.expect("*")
            let number = try reader.number(UInt32.self)
            guard try reader.atom().isKeyword("FETCH") else { throw Reader.Unreadable() }
            let fetched = try reader.fetched(number: number, isPartial: true)
            guard case .passedOn? = fetched.bodies.last?.content else { throw Reader.Unreadable() }
            return fetched
        } catch {
            throw .violation("sends a message in a response that cannot be read", quoting: frame.octets)
        }
    }
}

extension Reader {
    /// `1 5 7`, and `(MODSEQ 9)` behind them (RFC 7162 §3.1.5).
    fileprivate mutating func found() throws(Unreadable) -> Found {
        var found = Found()
        var uids: [UInt32] = []
        while true {
            skipSpaces()
            if isAtEnd { break }
            if first == UInt8(ascii: "(") {
                try list { reader throws(Unreadable) in
                    guard try reader.atom().isKeyword("MODSEQ") else { return try reader.skipValue() }
                    found.highestModificationSequence = try reader.number(UInt64.self)
                }
            } else {
                uids.append(try number(UInt32.self))
            }
        }
        found.uids = UIDSet(uids)
        return found
    }

    /// `(TAG "A1") UID ALL 1:5,7 MODSEQ 9` (RFC 4731 §3)
    fileprivate mutating func extendedFound() throws(Unreadable) -> Found {
        var found = Found()
        skipSpaces()
        if first == UInt8(ascii: "(") { try skipValue() }
        while true {
            skipSpaces()
            if isAtEnd { return found }
            switch try atom().uppercasedText {
            case "UID": break
            case "ALL": found.uids = try uids()
            case "MODSEQ": found.highestModificationSequence = try number(UInt64.self)
            default: try skipValue()
            }
        }
    }

    fileprivate mutating func id() throws(Unreadable) -> [String: String] {
        var id: [String: String] = [:]
        try list { reader throws(Unreadable) in
            let name = String(decoding: try reader.string(), as: UTF8.self).lowercased()
            if case .octets(let value) = try reader.text() { id[name] = String(decoding: value, as: UTF8.self) }
        }
        return id
    }
}
