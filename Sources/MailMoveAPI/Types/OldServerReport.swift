// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The settings of an old server with every member present, as results carry them.
public struct OldServerReport: Codable, Hashable, Sendable {
    public struct Certificate: Codable, Hashable, Sendable {
        public var verify: CertificateCheck.Verification
        @OrNull public var sha256: String?
    }

    public var mailProtocol: MailProtocol
    public var host: String
    public var port: Int
    public var security: TransportSecurity
    public var certificate: Certificate
    public var usernameIncludesDomain: Bool
    @OrNull public var domain: String?
    public var secureAuthentication: Bool
    @OrNull public var pop3: POP3Service?
    @OrNull public var master: OldServer.Master?

    public struct POP3Service: Codable, Hashable, Sendable {
        public var host: String
        public var port: Int
        public var security: TransportSecurity
        public var certificate: Certificate

        init(_ service: OldServer.POP3Service) {
            host = service.host
            port = service.port
            security = service.security
            certificate = Certificate(verify: service.certificate.verify, sha256: service.certificate.sha256)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case host, port, security, certificate, usernameIncludesDomain, domain, secureAuthentication, pop3, master
    }

    public init(_ server: OldServer) {
        self.mailProtocol = server.mailProtocol
        self.host = server.host
        self.port = server.port
        self.security = server.security
        self.certificate = Certificate(verify: server.certificate.verify, sha256: server.certificate.sha256)
        self.usernameIncludesDomain = server.usernameIncludesDomain
        self.domain = server.domain
        self.secureAuthentication = server.secureAuthentication
        self.pop3 = server.pop3.map(POP3Service.init)
        self.master = server.master
    }
}

extension OldServerReport: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "OldServer", "Where the mail comes from.",
            [
                .required("protocol", .choice(MailProtocol.self), "what it speaks"),
                .required("host", .host, "host name or IP address"),
                .required("port", .integer(1...65535), "TCP port"),
                .required("security", .choice(TransportSecurity.self), "how the connection is protected"),
                .required("certificate", certificate, "how the certificate is judged"),
                .required("usernameIncludesDomain", .boolean, "whether user names over there are full addresses"),
                .required("domain", .orNull(.name), "the domain in user names over there, where it differs"),
                .required("secureAuthentication", .boolean, "whether the password is never sent in the clear"),
                .required(
                    "pop3",
                    .orNull(
                        .object(
                            ObjectSchema(
                                "Where the same mailboxes are served by POP3.",
                                [
                                    .required("host", .host, "host name or IP address"),
                                    .required("port", .integer(1...65535), "TCP port"),
                                    .required(
                                        "security", .choice(TransportSecurity.self),
                                        "how the connection is protected"),
                                    .required("certificate", certificate, "how the certificate is judged"),
                                ]))), "where UIDLs are taken from"),
                .required(
                    "master",
                    .orNull(
                        .object(
                            ObjectSchema(
                                "Who may enter every mailbox.",
                                [
                                    .required("user", .name, "the master user"),
                                    .required(
                                        "form", .choice(OldServer.Master.Form.self),
                                        "how it says whose mailbox is meant"),
                                ]))), "who enters mailboxes before their users log in"),
            ]))

    private static let certificate = Schema.object(
        ObjectSchema(
            "How the certificate is judged.",
            [
                .required("verify", .choice(CertificateCheck.Verification.self), "by what"),
                .required("sha256", .orNull(.fingerprint), "64 lower-case hexadecimal digits"),
            ]))

    static let example = OldServerReport(OldServer(host: "192.0.2.10", security: .starttls))
}
