// SPDX-License-Identifier: Apache-2.0

/// An account's full address. Two that differ in case alone, or in how a letter with its marks is composed (one code
/// point on one keyboard, two on another), are the same account.
public struct EmailAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The local part in lower case and in NFC: what keys and Maildir paths use, octet for octet.
    public let localPart: String
    /// The domain in A-form.
    public let domain: DomainName
    /// The local part as given: the old server may distinguish `Ann` from `ann`.
    public let givenLocalPart: String
    /// The domain as given, if it differs from the A-form only in case; otherwise the A-form.
    public let givenDomain: String

    /// - Throws: ``InvalidAddress`` if `text` is no address, or its local part could escape its folder.
    public init(_ text: String) throws(InvalidAddress) {
        // By octets: a combining mark changes the Character before it, but not its octets.
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            throw InvalidAddress("an address has the form name@domain")
        }
        let local = String(text[..<at])
        let key = try Self.key(local)
        let domainText = String(text[text.utf8.index(after: at)...])
        self.domain = try DomainName(domainText)
        // By octets: Swift considers strings equal that a server distinguishes.
        let isPlain = domainText.utf8.allSatisfy { $0 < 0x80 } && domainText.lowercased() == domain.name
        self.givenDomain = isPlain ? domainText : domain.name
        self.givenLocalPart = local
        self.localPart = key
    }

    /// The key of a local part, in whatever form it was typed.
    private static func key(_ local: String) throws(InvalidAddress) -> String {
        // Checked before any other work. A decomposed text is longer than its NFC, but never by this much.
        guard local.utf8.count <= 1024 else { throw InvalidAddress("the part before the @ is over 64 octets") }
        if local.utf8.allSatisfy({ $0 < 0x80 }) {
            try check(local)
            return local.lowercased()
        }
        let composed = local.composed
        try check(composed)
        // Lower case can be of several code points (İ), which compose with what follows.
        let key = composed.lowerCase.composed
        guard key.utf8.count <= 64 else { throw InvalidAddress("the part before the @ is over 64 octets") }
        return key
    }

    /// The dot-string of RFC 5321 §4.1.2 and RFC 6531 §3.3, stricter because folders are named after it, and laxer
    /// about dots, because some providers have handed out addresses with double or trailing dots.
    private static func check(_ local: String) throws(InvalidAddress) {
        guard !local.isEmpty else { throw InvalidAddress("there is nothing before the @") }
        guard local.utf8.count <= 64 else { throw InvalidAddress("the part before the @ is over 64 octets") }
        guard local.utf8.first != UInt8(ascii: ".") else {
            throw InvalidAddress("the part before the @ begins with a dot")
        }
        for scalar in local.unicodeScalars {
            guard isAllowed(scalar) else {
                throw InvalidAddress("the part before the @ holds a character that no mailbox name may hold")
            }
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": return true
            default: return ".!#$%&'*+-=?^_`{|}~".unicodeScalars.contains(scalar)
            }
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .unassigned,
            .privateUse:
            return false
        default: return true
        }
    }

    /// The key: `localPart@domain`, lower case, A-form.
    public var description: String { "\(localPart)@\(domain)" }

    /// The address as given, except for a domain in U-form.
    public var asGiven: String { "\(givenLocalPart)@\(givenDomain)" }

    public static func == (left: Self, right: Self) -> Bool {
        left.localPart == right.localPart && left.domain == right.domain
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(localPart)
        hasher.combine(domain)
    }

    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
