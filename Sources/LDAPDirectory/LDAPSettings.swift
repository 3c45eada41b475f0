// SPDX-License-Identifier: Apache-2.0

public import Secrets
import Vocabulary

/// Where a platform's accounts are in LDAP, and how they are found (`accounts.ldap.*`).
public struct LDAPSettings: Sendable {
    /// `ldap://`, `ldaps://` or `ldapi://`, as libldap takes it.
    public var url: String
    public var startsTLS: Bool
    /// nil: SASL EXTERNAL, by which ldapi:// knows this process's user.
    public var bindDN: String?
    public var password: Password?
    public var base: String
    /// `%u` address, `%n` local part, `%d` domain, `%%` a percent sign.
    public var filter: String
    public var listFilter: String
    public var externalFilter: String?
    public var passwordAttribute: String
    public var nameAttribute: String
    /// What a question may take.
    public var seconds: Int
    /// Questions at the same time.
    public var connections: Int

    public init(
        url: String, startsTLS: Bool = false, bindDN: String? = nil, password: Password? = nil, base: String,
        filter: String = "(mail=%u)", listFilter: String = "(mail=*@%d)", externalFilter: String? = nil,
        passwordAttribute: String = "userPassword", nameAttribute: String = "displayName", seconds: Int = 10,
        connections: Int = 8
    ) {
        self.url = url
        self.startsTLS = startsTLS
        self.bindDN = bindDN
        self.password = password
        self.base = base
        self.filter = filter
        self.listFilter = listFilter
        self.externalFilter = externalFilter
        self.passwordAttribute = passwordAttribute
        self.nameAttribute = nameAttribute
        self.seconds = seconds
        self.connections = connections
    }

    /// The attribute that holds addresses: in the filter, the one that is compared with the whole address.
    var addressAttribute: String? { Self.attribute(before: "=%u)", in: filter) }

    /// … and in the list's filter, the one that ends with the domain.
    var listedAttribute: String? { Self.attribute(before: "=*@%d)", in: listFilter) ?? addressAttribute }

    private static func attribute(before end: String, in filter: String) -> String? {
        guard let place = filter.range(of: end)?.lowerBound,
            let start = filter[..<place].lastIndex(of: "(")
        else { return nil }
        let name = filter[filter.index(after: start)..<place]
        return name.isEmpty ? nil : String(name)
    }
}

extension String {
    fileprivate func range(of other: String) -> Range<String.Index>? { firstRange(of: other) }
}

/// A filter, in which nothing of what is put in has a meaning of its own.
struct LDAPFilter: Hashable, Sendable {
    let text: String

    init(_ template: String, _ address: EmailAddress) {
        self.init(template, ["u": address.description, "n": address.localPart, "d": address.domain.name])
    }

    init(_ template: String, _ domain: DomainName) { self.init(template, ["d": domain.name]) }

    private init(_ template: String, _ values: [Character: String]) {
        var text = ""
        var rest = template[...]
        while let percent = rest.firstIndex(of: "%") {
            text += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            guard let letter = rest.popFirst() else { break }
            text += values[letter].map(Self.escaped) ?? (letter == "%" ? "%" : "")
        }
        self.text = text + rest
    }

    /// RFC 4515 §3: octets that have a meaning, and those that are no letters, by their number.
    static func escaped(_ value: String) -> String {
        let digits = Array("0123456789abcdef")
        var text = ""
        for octet in value.utf8 {
            let isPlain =
                (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet | 0x20) || "@.-_".utf8.contains(octet)
            text +=
                isPlain
                ? String(Unicode.Scalar(octet)) : "\\\(digits[Int(octet >> 4)])\(digits[Int(octet & 15)])"
        }
        return text
    }
}
