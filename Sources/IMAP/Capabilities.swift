// SPDX-License-Identifier: Apache-2.0

/// What a server says it can do (RFC 3501 §7.2.1).
public struct Capabilities: Hashable, Sendable {
    /// In capitals.
    public let names: Set<String>

    /// Parses words separated by spaces. A server that announces more than the limit is not believed at all.
    init(_ words: some Collection<UInt8>) {
        names = Set(Array(words).split { $0 <= 32 }.prefix(512).filter { $0.count <= 128 }.map(\.uppercasedText))
    }

    public init(_ names: String...) { self.names = Set(names.map { $0.uppercased() }) }

    public func has(_ name: String) -> Bool { names.contains(name) }

    public var startTLS: Bool { has("STARTTLS") }
    /// LOGIN must not be sent (RFC 3501 §6.2.3).
    public var loginIsDisabled: Bool { has("LOGINDISABLED") }
    /// SASL mechanisms in capitals, sorted.
    public var mechanisms: [String] {
        names.filter { $0.hasPrefix("AUTH=") && $0.count > 5 }.map { String($0.dropFirst(5)) }.sorted()
    }
    /// RFC 4959: AUTHENTICATE takes an initial response.
    public var initialResponse: Bool { has("SASL-IR") }
    /// RFC 2971
    public var id: Bool { has("ID") }
    /// RFC 2342
    public var namespace: Bool { has("NAMESPACE") || has("IMAP4REV2") }
    /// RFC 5258, or what RFC 6154 needs of it
    public var listExtended: Bool { has("LIST-EXTENDED") || has("IMAP4REV2") }
    public var specialUse: Bool { has("SPECIAL-USE") || has("IMAP4REV2") }
    public var createSpecialUse: Bool { has("CREATE-SPECIAL-USE") }
    /// Gmail's, from before RFC 6154.
    public var xlist: Bool { has("XLIST") }
    /// RFC 5819
    public var listStatus: Bool { has("LIST-STATUS") || has("IMAP4REV2") }
    /// RFC 4315
    public var uidPlus: Bool { has("UIDPLUS") || has("IMAP4REV2") }
    /// RFC 3502
    public var multiAppend: Bool { has("MULTIAPPEND") }
    /// RFC 7162
    public var conditionalStore: Bool { has("CONDSTORE") || quickResync }
    public var quickResync: Bool { has("QRESYNC") }
    /// RFC 9208
    public var quota: Bool { names.contains { $0 == "QUOTA" || $0.hasPrefix("QUOTA=") } }
    /// RFC 4314
    public var accessControl: Bool { has("ACL") }
    public var extendedSearch: Bool { has("ESEARCH") || has("IMAP4REV2") }
    public var unselect: Bool { has("UNSELECT") || has("IMAP4REV2") }
    public var enable: Bool { has("ENABLE") || has("IMAP4REV2") }
    /// RFC 6855
    public var utf8Accept: Bool { has("UTF8=ACCEPT") || has("UTF8=ONLY") }
    /// RFC 7889: octets of the largest message that may be appended, where it is the same for all folders.
    public var appendLimit: Int? {
        names.lazy.filter { $0.hasPrefix("APPENDLIMIT=") }.compactMap { name in
            let digits = name.utf8.dropFirst(12)
            return !digits.isEmpty && digits.allSatisfy(\.isASCIIDigit) ? Int(saturating: digits) : nil
        }.first
    }

    /// How literals are sent to this server.
    public var literals: LiteralRule {
        has("LITERAL+") ? .ahead : has("LITERAL-") || has("IMAP4REV2") ? .smallAhead : .whenAskedFor
    }
}

/// Whether a literal waits until the server asks for it (RFC 7888).
public enum LiteralRule: Hashable, Sendable {
    case whenAskedFor
    /// LITERAL-: those up to 4,096 octets do not.
    case smallAhead
    /// LITERAL+: none does.
    case ahead

    func isAhead(_ count: Int) -> Bool {
        switch self {
        case .whenAskedFor: false
        case .smallAhead: count <= 4096
        case .ahead: true
        }
    }
}
