// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// An old server as a caller describes it: all but the host may be left out.
public struct OldServerParameters: Codable, Hashable, Sendable {
    public struct Certificate: Codable, Hashable, Sendable {
        public var verify: CertificateCheck.Verification?
        /// With or without colons, in any case.
        public var sha256: String?

        public init(verify: CertificateCheck.Verification? = nil, sha256: String? = nil) {
            self.verify = verify
            self.sha256 = sha256
        }
    }

    public var mailProtocol: MailProtocol?
    public var host: String
    public var port: Int?
    public var security: TransportSecurity?
    public var certificate: Certificate?
    public var usernameIncludesDomain: Bool?
    public var domain: String?
    public var secureAuthentication: Bool?
    public var pop3: POP3Service?
    public var master: OldServer.Master?

    /// Where the same mailboxes are served by POP3: all may be left out.
    public struct POP3Service: Codable, Hashable, Sendable {
        public var host: String?
        public var port: Int?
        public var security: TransportSecurity?
        public var certificate: Certificate?

        public init(
            host: String? = nil, port: Int? = nil, security: TransportSecurity? = nil, certificate: Certificate? = nil
        ) {
            self.host = host
            self.port = port
            self.security = security
            self.certificate = certificate
        }
    }

    private enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case host, port, security, certificate, usernameIncludesDomain, domain, secureAuthentication, pop3, master
    }

    public init(
        _ mailProtocol: MailProtocol? = nil, host: String, port: Int? = nil, security: TransportSecurity? = nil,
        certificate: Certificate? = nil, usernameIncludesDomain: Bool? = nil, domain: String? = nil,
        secureAuthentication: Bool? = nil, pop3: POP3Service? = nil, master: OldServer.Master? = nil
    ) {
        self.mailProtocol = mailProtocol
        self.host = host
        self.port = port
        self.security = security
        self.certificate = certificate
        self.usernameIncludesDomain = usernameIncludesDomain
        self.domain = domain
        self.secureAuthentication = secureAuthentication
        self.pop3 = pop3
        self.master = master
    }

    /// The parameters that ask for just this server. What is as by default is left out.
    public init(_ server: OldServer) {
        let plain = OldServer(server.mailProtocol, host: server.host, security: server.security)
        let certificate = server.certificate == plain.certificate ? nil : server.certificate
        self.init(
            server.mailProtocol, host: server.host, port: server.port == plain.port ? nil : server.port,
            security: server.security,
            certificate: certificate.map { Certificate($0) },
            usernameIncludesDomain: server.usernameIncludesDomain, domain: server.domain,
            secureAuthentication: server.secureAuthentication,
            pop3: server.pop3.map { service in
                let plain = OldServer.POP3Service(host: service.host, security: service.security)
                return POP3Service(
                    host: service.host, port: service.port == plain.port ? nil : service.port,
                    security: service.security,
                    certificate: service.certificate == plain.certificate ? nil : Certificate(service.certificate))
            }, master: server.master)
    }

    /// The same with the defaults filled in.
    public var oldServer: OldServer {
        let security = security ?? .opportunistic
        return OldServer(
            mailProtocol ?? .pop3, host: Self.normalised(host), port: port, security: security,
            certificate: certificate?.check, usernameIncludesDomain: usernameIncludesDomain ?? true, domain: domain,
            secureAuthentication: secureAuthentication ?? false,
            pop3: pop3.map { service in
                // The same machine, and as well protected, unless it is said otherwise.
                let isSame = service.host == nil && service.security == nil
                return OldServer.POP3Service(
                    host: Self.normalised(service.host ?? host), port: service.port,
                    security: service.security ?? security,
                    certificate: service.certificate?.check ?? (isSame ? certificate?.check : nil))
            }, master: master)
    }

    /// A name in A-form, which is what the system looks up, without the dot that says that it is whole; addresses, and
    /// names that are no domain's (with `_`), as they are.
    private static func normalised(_ host: String) -> String {
        guard !host.contains(":") else { return host }
        let name = host.hasSuffix(".") && host.dropLast().contains(".") ? String(host.dropLast()) : host
        return name.utf8.allSatisfy { $0 < 0x80 } ? name : (try? DomainName(name))?.name ?? name
    }

    /// What no single member shows to be wrong; paths start at the old server.
    var violation: Violation? {
        if mailProtocol ?? .pop3 != .imap {
            if pop3 != nil { return Violation("pop3", "goes only with protocol \"imap\"") }
            if master != nil { return Violation("master", "goes only with protocol \"imap\"") }
        }
        let server = oldServer
        return certificate?.violation(server.security)
            ?? server.pop3.flatMap { pop3?.certificate?.violation($0.security)?.within("pop3") }
    }
}

extension OldServerParameters.Certificate {
    fileprivate init(_ check: CertificateCheck) { self.init(verify: check.verify, sha256: check.sha256) }

    /// nil where it says nothing.
    fileprivate var check: CertificateCheck? {
        let sha256 = sha256.flatMap(Fingerprint.normalised)
        return (verify ?? (sha256 == nil ? nil : .fingerprint)).map { CertificateCheck(verify: $0, sha256: sha256) }
    }

    fileprivate func violation(_ security: TransportSecurity) -> Violation? {
        if verify == .fingerprint, sha256 == nil {
            return Violation("certificate.sha256", "is missing: verify is \"fingerprint\"")
        }
        if let verify, verify != .fingerprint, sha256 != nil {
            return Violation("certificate.sha256", "goes only with verify \"fingerprint\", not \"\(verify.rawValue)\"")
        }
        if security == .none, check.map({ $0.verify != .none }) ?? false {
            return Violation("certificate", "needs TLS, and security is \"none\"")
        }
        return nil
    }
}

extension OldServerParameters: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "OldServerParameters", "Where the mail comes from; all but the host may be left out.",
            [
                .optional(
                    "protocol", .choice(MailProtocol.self), default: "pop3",
                    "pop3: only the inbox moves; imap: all folders, with flags and dates"),
                .required("host", .host, "host name or IP address; an address stays right when DNS is switched"),
                .optional(
                    "port", .integer(1...65535), "110, or 995 where security is tls; for imap, 143, or 993"),
                .optional(
                    "security", .choice(TransportSecurity.self), default: "opportunistic",
                    "none; opportunistic: STLS (for imap, STARTTLS) when offered, and nothing without it where a "
                        + "certificate is to be judged; starttls: the same, or nothing; tls: TLS from the first octet"),
                .optional("certificate", certificate, "how the certificate is judged"),
                .optional(
                    "usernameIncludesDomain", .boolean, default: true,
                    "whether user names over there are full addresses"),
                .optional("domain", .name, "the domain in user names over there, where it differs"),
                .optional("secureAuthentication", .boolean, default: false, "never send the password in the clear"),
                .optional(
                    "pop3",
                    .object(
                        ObjectSchema(
                            "Where the same mailboxes are served by POP3.",
                            [
                                .optional("host", .host, "the same host where it is left out"),
                                .optional("port", .integer(1...65535), "110, or 995 where security is tls"),
                                .optional(
                                    "security", .choice(TransportSecurity.self), "the same where it is left out"),
                                .optional("certificate", certificate, "how the certificate is judged"),
                            ])),
                    "for imap: UIDLs of the inbox are taken from there, so that POP3 clients download nothing again"),
                .optional(
                    "master",
                    .object(
                        ObjectSchema(
                            "Who may enter every mailbox.",
                            [
                                .required("user", .name, "the master user"),
                                .required(
                                    "form", .choice(OldServer.Master.Form.self),
                                    "how it says whose mailbox is meant; authzid: by SASL PLAIN"),
                            ])),
                    "for imap: who enters mailboxes before their users log in; moveAccounts asks for the password"),
            ]))

    private static let certificate = Schema.object(
        ObjectSchema(
            "How the certificate is judged.",
            [
                .optional(
                    "verify", .choice(CertificateCheck.Verification.self),
                    "full where security is starttls or tls, else none; fingerprint where sha256 is given"
                ),
                .optional("sha256", .fingerprint, "the certificate's SHA-256, for fingerprint"),
            ]))
}
