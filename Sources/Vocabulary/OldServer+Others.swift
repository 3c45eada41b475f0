// SPDX-License-Identifier: Apache-2.0

extension OldServer {
    /// Where the same mailboxes are served by POP3, from which the UIDLs of their inboxes are taken.
    public struct POP3Service: Hashable, Sendable, Codable {
        public var host: String
        public var port: Int
        public var security: TransportSecurity
        public var certificate: CertificateCheck

        public init(
            host: String, port: Int? = nil, security: TransportSecurity = .opportunistic,
            certificate: CertificateCheck? = nil
        ) {
            self.host = host
            self.port = port ?? MailProtocol.pop3.port(security)
            self.security = security
            self.certificate = certificate ?? CertificateCheck(verify: security.isAlwaysEncrypted ? .full : .none)
        }
    }

    /// Who may enter every mailbox.
    public struct Master: Hashable, Sendable, Codable {
        /// How a master user says whose mailbox is meant.
        public enum Form: String, Sendable, Codable, CaseIterable {
            /// In the user name, behind: `ann@example.com*boss`.
            case behind = "user*master"
            /// In the user name, before, with a backslash between: `boss`, then `ann@example.com`.
            case before = "master\\user"
            /// By an authorization identity (RFC 4616).
            case authorization = "authzid"
        }

        public var user: String
        public var form: Form

        public init(user: String, form: Form) {
            self.user = user
            self.form = form
        }

        /// The user name to log in with, to enter the mailbox of `owner`.
        public func username(for owner: String) -> String {
            switch form {
            case .behind: "\(owner)*\(user)"
            case .before: "\(user)\\\(owner)"
            case .authorization: user
            }
        }
    }

    /// Its POP3 service as a server of its own, which knows users by the same names; nil if there is none.
    public var pop3Server: OldServer? {
        pop3.map { service in
            OldServer(
                .pop3, host: service.host, port: service.port, security: service.security,
                certificate: service.certificate, usernameIncludesDomain: usernameIncludesDomain, domain: domain,
                secureAuthentication: secureAuthentication)
        }
    }
}
