// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What a `FETCH` says about a message (RFC 3501 §7.4.2): attributes in any order, often unsolicited, often in several
/// pieces.
public struct Fetched: Hashable, Sendable {
    /// Its number in the folder, which is useless: 0 (Courier) and numbers beyond the last message (Exchange) occur.
    public var number: UInt32
    public var uid: UInt32?
    public var flags: [Flag]?
    /// nil also where it makes no sense.
    public var date: Timestamp?
    /// `RFC822.SIZE`: up to three times the true size (Exchange), or absent.
    public var octets: UInt64?
    /// RFC 7162 §3.1.4.2
    public var modificationSequence: UInt64?
    /// What the server calls the message in whatever folder (RFC 8474 §5.1; Gmail's own).
    public var messageName: [UInt8]?
    public var bodies: [FetchedBody] = []

    init(number: UInt32) { self.number = number }
}

/// The text of a message, or of a part of it.
public struct FetchedBody: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// Its octets came in pieces, before this.
        case passedOn(octets: Int)
        /// As a short string.
        case inline([UInt8])
        /// `NIL`: the server does not have it.
        case absent
    }

    /// What stands in the brackets, in capitals: `` is the whole message, `HEADER` its header.
    public var section: String
    /// Where it begins, if it is a part of the section (`<0>`).
    public var origin: Int?
    public var content: Content

    static let names: [StaticString] = ["BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK"]
    static let wholeNames: [StaticString] = ["RFC822", "RFC822.HEADER", "RFC822.TEXT"]
}

extension Reader {
    /// - Parameter isPartial: whether the response ends at the beginning of a literal that is passed on; what follows
    ///   is still to come.
    mutating func fetched(number: UInt32, isPartial: Bool = false) throws(Unreadable) -> Fetched {
        var fetched = Fetched(number: number)
        skipSpaces()
        try expect("(")
        var count = 0
        while true {
            skipSpaces()
            if isPartial, isAtEnd { return fetched }
            if take(")") { break }
            count += 1
            guard count <= 256 else { throw Unreadable(isTooLong: true) }
            try attribute(of: &fetched)
        }
        skipSpaces()
        guard isAtEnd else { throw Unreadable() }
        return fetched
    }

    private mutating func attribute(of fetched: inout Fetched) throws(Unreadable) {
        skipSpaces()
        let name = rest.prefix { $0.isOfName || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        guard !name.isEmpty, name.count <= 64, !isAtLiteral else { throw Unreadable() }
        move(to: name.endIndex)
        if first == UInt8(ascii: "[") {
            return try body(of: &fetched, isText: FetchedBody.names.contains { name.isKeyword($0) })
        }
        switch name.uppercasedText {
        case "UID":
            let uid = try numberIfAny(UInt64.self)
            guard uid ?? 0 <= UInt64(UInt32.max) else { throw Unreadable(isTooLong: true) }
            fetched.uid = uid.flatMap { $0 == 0 ? nil : UInt32($0) }
        case "FLAGS": fetched.flags = try flags()
        case "INTERNALDATE":
            if case .octets(let octets) = try text() { fetched.date = InternalDate.timestamp(of: octets) }
        case "RFC822.SIZE": fetched.octets = try numberIfAny(UInt64.self)
        case "MODSEQ":
            try list { reader throws(Unreadable) in
                fetched.modificationSequence = try reader.numberIfAny(UInt64.self)
            }
        case "EMAILID":
            try list { reader throws(Unreadable) in fetched.messageName = Array(try reader.atom()) }
        case "X-GM-MSGID": fetched.messageName = try numberIfAny(UInt64.self).map { Array(String($0).utf8) }
        case "RFC822", "RFC822.HEADER", "RFC822.TEXT":
            let section = name.count == 6 ? "" : name.dropFirst(7).uppercasedText
            fetched.bodies.append(FetchedBody(section: section, content: try content()))
        default: try skipValue()
        }
    }

    /// `[HEADER.FIELDS (SUBJECT)]<0>` and its text.
    private mutating func body(of fetched: inout Fetched, isText: Bool) throws(Unreadable) {
        guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { throw Unreadable() }
        let section = rest[..<end].dropFirst()
        guard section.count <= 4096, !holdsLiteral(before: end) else { throw Unreadable() }
        move(to: end + 1)
        var origin: Int?
        if take("<") {
            origin = try number(Int.self)
            try expect(">")
        }
        guard isText else { return try skipValue() }
        fetched.bodies.append(
            FetchedBody(section: section.uppercasedText, origin: origin, content: try content()))
    }

    private mutating func content() throws(Unreadable) -> FetchedBody.Content {
        switch try text() {
        case .octets(let octets): .inline(Array(octets))
        case .passedOn(let count): .passedOn(octets: count)
        case .none: .absent
        }
    }
}
