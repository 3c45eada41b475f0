// SPDX-License-Identifier: Apache-2.0

/// Who is told that a password was replaced, so that no cache knows the former one (`accounts.flush`).
public enum FlushAddress: Hashable, Sendable {
    /// A program; the account's address is its last argument.
    case program(String)
    /// Dovecot's doveadm by HTTP, or HTTPS.
    case doveadm(DoveadmAddress)

    /// nil if it is neither an absolute path nor `doveadm:http://…` or `doveadm:https://…`.
    public init?(_ text: String) {
        if text.hasPrefix("/"), !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            self = .program(text)
        } else if text.hasPrefix("doveadm:"), let address = DoveadmAddress(String(text.dropFirst(8))) {
            self = .doveadm(address)
        } else {
            return nil
        }
    }

    public var text: String {
        switch self {
        case .program(let path): path
        case .doveadm(let address): "doveadm:\(address)"
        }
    }
}

/// `http://[KEY@]HOST:PORT[/PATH]`, or `https://…`, where `?ssl-ca=/FILE` may say who is trusted.
public struct DoveadmAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int
    public var path: String
    /// Whether it speaks TLS.
    public var isEncrypted: Bool
    /// A file in PEM of those who may have signed its certificate; nil for those whom this machine trusts.
    public var authorities: String?
    /// As it stands in the URL, decoded; nil where it stands elsewhere.
    public var key: String?

    public init?(_ url: String) {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix),
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        isEncrypted = scheme == "https://"
        var rest = url.dropFirst(scheme.count)
        if let mark = rest.firstIndex(of: "?") {
            let name = "ssl-ca="
            let query = rest[rest.index(after: mark)...]
            guard isEncrypted, query.hasPrefix(name), let file = Self.decoded(query.dropFirst(name.count)),
                file.hasPrefix("/")
            else { return nil }
            authorities = file
            rest = rest[..<mark]
        }
        let authority = rest.prefix { $0 != "/" }
        path = String(rest.dropFirst(authority.count))
        if path.isEmpty || path == "/" { path = "/doveadm/v1" }
        var place = authority
        key = nil
        if let at = authority.lastIndex(of: "@") {
            // A user's name before it, such as doveadm, says nothing.
            let secret = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).last
            guard let secret, let decoded = Self.decoded(secret), !decoded.isEmpty else { return nil }
            key = decoded
            place = authority[authority.index(after: at)...]
        }
        guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = place[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// RFC 3986 §2.1.
    private static func decoded(_ text: Substring) -> String? {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }

    /// Whether it is named by its address.
    public var isNamedByAddress: Bool { IPNetwork(host) != nil }

    /// Without its key.
    public var description: String {
        "\(isEncrypted ? "https" : "http")://\(HostAndPort(host: host, port: port))\(path)"
    }
}
