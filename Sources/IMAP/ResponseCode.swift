// SPDX-License-Identifier: Apache-2.0

/// What is in brackets before the words of a ``Condition`` (RFC 3501 §7.1, RFC 5530).
public enum ResponseCode: Hashable, Sendable {
    /// RFC 5530 §3, of the login
    case authenticationFailed, authorizationFailed, expired, privacyRequired, contactAdmin
    /// RFC 5530 §3, of the server and the folder
    case unavailable, inUse, limit, serverBug, clientBug, cannot, overQuota, alreadyExists, nonexistent, noPermission
    /// RFC 5530 §3
    case corruption, expungeIssued
    case alert, tryCreate, readOnly, readWrite
    /// RFC 4315 §3: UIDs here do not last.
    case uidNotSticky
    /// RFC 7162 §3.1.2.2
    case noModificationSequences
    /// RFC 7162 §3.2.11
    case closed
    /// RFC 4469 §4.2
    case tooBig
    /// RFC 2221: another server has the account. It is never followed.
    case referral
    /// Gmail and Yahoo: too much at once.
    case throttled
    case capabilities(Capabilities)
    case permanentFlags([Flag])
    case uidNext(UInt32)
    /// 0 is seen in the field.
    case uidValidity(UInt32)
    case unseen(UInt32)
    /// RFC 7162 §3.1.2.1
    case highestModificationSequence(UInt64)
    /// RFC 4315 §3: where what was appended is now, in the order of the messages.
    case appended(validity: UInt32, UIDSet)
    /// RFC 4315 §3
    case copied(validity: UInt32, from: UIDSet, to: UIDSet)
    /// Any other, or one whose arguments make no sense: its name in capitals.
    case other(String)

    private static let plain: [String: ResponseCode] = [
        "AUTHENTICATIONFAILED": .authenticationFailed, "AUTHORIZATIONFAILED": .authorizationFailed,
        "EXPIRED": .expired, "PRIVACYREQUIRED": .privacyRequired, "CONTACTADMIN": .contactAdmin,
        "UNAVAILABLE": .unavailable, "INUSE": .inUse, "LIMIT": .limit, "SERVERBUG": .serverBug,
        "CLIENTBUG": .clientBug, "CANNOT": .cannot, "OVERQUOTA": .overQuota, "ALREADYEXISTS": .alreadyExists,
        "NONEXISTENT": .nonexistent, "NOPERM": .noPermission, "CORRUPTION": .corruption,
        "EXPUNGEISSUED": .expungeIssued, "ALERT": .alert, "TRYCREATE": .tryCreate, "READ-ONLY": .readOnly,
        "READ-WRITE": .readWrite, "UIDNOTSTICKY": .uidNotSticky, "NOMODSEQ": .noModificationSequences,
        "CLOSED": .closed, "TOOBIG": .tooBig, "REFERRAL": .referral, "THROTTLED": .throttled,
    ]

    /// nil, and nothing read, where there is none.
    init?(_ reader: inout Reader) {
        guard reader.first == UInt8(ascii: "["), let end = reader.rest.prefix(4096).firstIndex(of: UInt8(ascii: "]"))
        else { return nil }
        let name = reader.rest[..<end].dropFirst().prefix { $0 > 32 }
        guard !name.isEmpty, name.count <= 64 else { return nil }
        var inside = reader
        inside.move(to: name.endIndex)
        if let code = try? Self.read(name.uppercasedText, &inside) {
            reader = inside
            self = code
        } else {
            reader.move(to: end + 1)
            self = .other(name.uppercasedText)
        }
    }

    private static func read(_ name: String, _ reader: inout Reader) throws(Reader.Unreadable) -> ResponseCode {
        if let code = plain[name] {
            // REFERRAL and others may have arguments, which nobody needs.
            while let first = reader.first, first != UInt8(ascii: "]") { reader.move(to: reader.at + 1) }
            try reader.expect("]")
            return code
        }
        let code: ResponseCode
        switch name {
        case "CAPABILITY":
            // Capabilities have no brackets, so the first ends them.
            let words = reader.rest.prefix { $0 != UInt8(ascii: "]") }
            reader.move(to: words.endIndex)
            code = .capabilities(Capabilities(words))
        case "PERMANENTFLAGS": code = .permanentFlags(try reader.flags())
        case "UIDNEXT": code = .uidNext(try reader.number(UInt32.self))
        case "UIDVALIDITY": code = .uidValidity(try reader.number(UInt32.self))
        case "UNSEEN": code = .unseen(try reader.number(UInt32.self))
        case "HIGHESTMODSEQ": code = .highestModificationSequence(try reader.number(UInt64.self))
        case "APPENDUID":
            code = .appended(validity: try reader.number(UInt32.self), try reader.uids())
        case "COPYUID":
            code = .copied(validity: try reader.number(UInt32.self), from: try reader.uids(), to: try reader.uids())
        default: throw Reader.Unreadable()
        }
        reader.skipSpaces()
        try reader.expect("]")
        return code
    }
}

extension Reader {
    /// A set of UIDs.
    mutating func uids() throws(Unreadable) -> UIDSet {
        skipSpaces()
        let text = rest.prefix { $0.isASCIIDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ",") }
        guard let set = UIDSet(text: text) else { throw Unreadable() }
        move(to: text.endIndex)
        return set
    }
}
