// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a domain's mail comes from: the old server, and how it may be spoken to.
public struct OldServer: Hashable, Sendable, Codable {
    public var mailProtocol: MailProtocol
    /// A host name or an address literal without brackets.
    public var host: String
    public var port: Int
    public var security: TransportSecurity
    public var certificate: CertificateCheck
    /// Whether the old server's user names are full addresses.
    public var usernameIncludesDomain: Bool
    /// The domain in the old server's user names, where it differs from the account's.
    public var domain: String?
    /// Never send the password in the clear.
    public var secureAuthentication: Bool
    /// Where its host is, if it was looked up elsewhere than by the system. It is never recorded.
    public var resolved: [IPAddress]?
    /// nil if UIDLs are not wanted, or the server speaks POP3 itself.
    public var pop3: POP3Service?
    public var master: Master?

    public init(
        _ mailProtocol: MailProtocol = .pop3, host: String, port: Int? = nil,
        security: TransportSecurity = .opportunistic,
        certificate: CertificateCheck? = nil, usernameIncludesDomain: Bool = true, domain: String? = nil,
        secureAuthentication: Bool = false, pop3: POP3Service? = nil, master: Master? = nil
    ) {
        self.mailProtocol = mailProtocol
        self.host = host
        self.security = security
        self.port = port ?? mailProtocol.port(security)
        self.certificate = certificate ?? CertificateCheck(verify: security.isAlwaysEncrypted ? .full : .none)
        self.usernameIncludesDomain = usernameIncludesDomain
        self.domain = domain
        self.secureAuthentication = secureAuthentication
        self.pop3 = pop3
        self.master = master
    }

    /// The key for counting and queuing: host and port, in one spelling.
    public var name: String { "\(host.lowercased()):\(port)" }

    /// For people: `host:port`, an IPv6 address in brackets.
    public var subject: String { HostAndPort(host: host, port: port).description }

    /// Whether its host is an address, so that nobody has to be asked for one.
    public var isNamedByAddress: Bool {
        var storage = in6_addr()
        let withoutZone = String(host.prefix { $0 != "%" })  // RFC 4007 §11: fe80::1%eth0
        return inet_pton(AF_INET, host, &storage) == 1 || inet_pton(AF_INET6, withoutZone, &storage) == 1
    }

    /// The name by which the old server knows `account`.
    public func username(of account: EmailAddress) -> String {
        usernameIncludesDomain ? "\(account.givenLocalPart)@\(domain ?? account.givenDomain)" : account.givenLocalPart
    }
}

extension OldServer {
    private enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case host, port, security, certificate, usernameIncludesDomain, domain, secureAuthentication, pop3, master
    }

    /// Servers that were recorded by an earlier version speak POP3.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decodeIfPresent(MailProtocol.self, forKey: .mailProtocol) ?? .pop3,
            host: try container.decode(String.self, forKey: .host), port: try container.decode(Int.self, forKey: .port),
            security: try container.decode(TransportSecurity.self, forKey: .security),
            certificate: try container.decode(CertificateCheck.self, forKey: .certificate),
            usernameIncludesDomain: try container.decode(Bool.self, forKey: .usernameIncludesDomain),
            domain: try container.decodeIfPresent(String.self, forKey: .domain),
            secureAuthentication: try container.decode(Bool.self, forKey: .secureAuthentication),
            pop3: try container.decodeIfPresent(POP3Service.self, forKey: .pop3),
            master: try container.decodeIfPresent(Master.self, forKey: .master))
    }
}

/// How the connection is protected (RFC 2595, RFC 8314).
public enum TransportSecurity: String, Sendable, Codable, CaseIterable {
    /// Plain text.
    case none
    /// `STLS`, or `STARTTLS`, when it is offered.
    case opportunistic
    /// The same, or nothing is sent.
    case starttls
    /// TLS from the first octet.
    case tls

    /// Whether nothing is ever sent outside TLS.
    public var isAlwaysEncrypted: Bool { self == .starttls || self == .tls }
}

/// How the old server's certificate is judged.
public struct CertificateCheck: Hashable, Sendable, Codable {
    public enum Verification: String, Sendable, Codable, CaseIterable {
        /// Chain and host name, against the system's trusted certificates.
        case full
        /// Only the SHA-256 of the certificate's DER form.
        case fingerprint
        /// Any certificate.
        case none
    }

    public var verify: Verification
    /// 64 lower-case hexadecimal digits, without colons.
    public var sha256: String?

    public init(verify: Verification, sha256: String? = nil) {
        self.verify = verify
        self.sha256 = sha256
    }
}
