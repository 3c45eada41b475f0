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

    private enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case host, port, security, certificate, usernameIncludesDomain, domain, secureAuthentication
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
                .required(
                    "certificate",
                    .object(
                        ObjectSchema(
                            "How the certificate is judged.",
                            [
                                .required("verify", .choice(CertificateCheck.Verification.self), "by what"),
                                .required("sha256", .orNull(.fingerprint), "64 lower-case hexadecimal digits"),
                            ])),
                    "how the certificate is judged"),
                .required("usernameIncludesDomain", .boolean, "whether user names over there are full addresses"),
                .required("domain", .orNull(.name), "the domain in user names over there, where it differs"),
                .required("secureAuthentication", .boolean, "whether the password is never sent in the clear"),
            ]))

    static let example = OldServerReport(OldServer(host: "192.0.2.10", security: .starttls))
}
