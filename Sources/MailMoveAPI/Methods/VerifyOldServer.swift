// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `verifyOldServer`: whether an old server can be moved from, and what stands in the way.
public struct VerifyOldServer: LocalizedParameters {
    /// The server of this domain's migration …
    public var domain: DomainName?
    /// … or this one.
    public var oldServer: OldServerParameters?
    /// The account whose mailbox is looked at.
    public var account: EmailAddress?
    /// The account's password on the old server.
    public var password: Password?
    public var lang: Language?

    public init(domain: DomainName, account: EmailAddress? = nil, password: Password? = nil) {
        self.domain = domain
        self.account = account
        self.password = password
    }

    public init(oldServer: OldServerParameters, account: EmailAddress? = nil, password: Password? = nil) {
        self.oldServer = oldServer
        self.account = account
        self.password = password
    }

    public var violation: Violation? {
        switch (domain, oldServer) {
        case (nil, nil): return Violation("oldServer", "is missing: give an oldServer or a domain")
        case (_?, _?): return Violation("oldServer", "goes only without a domain")
        default: break
        }
        if password != nil, account == nil { return Violation("account", "is missing: whose password is it?") }
        return oldServer?.violation?.within("oldServer")
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Which server.",
            [
                .optional("domain", .domain, "the server of this domain's migration"),
                .optional("oldServer", OldServerParameters.schema, "this server, instead of a domain's"),
                .optional("account", .address, "whose mailbox is looked into"),
                .optional("password", .password, "the account's password over there"),
                .language,
            ]))
}

/// What `verifyOldServer` has found. A server that is down is a finding, not an error.
public struct ServerFindings: Codable, Hashable, Sendable, Described {
    /// One step, in the order they were taken.
    public struct Check: Codable, Hashable, Sendable {
        public typealias Name = ServerCheck

        public var name: Name
        public var ok: Bool
        /// What was found, for people; where it is not ok, with what to do.
        public var detail: String
        public var milliseconds: Int

        public init(name: Name, ok: Bool, detail: String, milliseconds: Int) {
            self.name = name
            self.ok = ok
            self.detail = detail
            self.milliseconds = milliseconds
        }
    }

    public struct TLS: Codable, Hashable, Sendable {
        /// Such as `TLSv1.3`.
        public var version: String
        public var cipher: String
        /// Of the certificate: 64 lower-case hexadecimal digits.
        public var sha256: String
        /// Whether chain and name hold against the system's trusted certificates.
        public var trusted: Bool
        /// Why it is not trusted.
        public var reason: String?

        public init(version: String, cipher: String, sha256: String, trusted: Bool, reason: String? = nil) {
            self.version = version
            self.cipher = cipher
            self.sha256 = sha256
            self.trusted = trusted
            self.reason = reason
        }
    }

    /// What the server says of itself; empty where it was not reached.
    public struct Server: Codable, Hashable, Sendable {
        @OrNull public var greeting: String?
        public var capabilities: [String]
        public var mechanisms: [String]
        public var tls: TLS?
        public var pipelining: Bool
        public var uidl: Bool
        public var top: Bool
        /// By IMAP: what it says it is.
        public var id: [String: String]?
        /// By IMAP: what the names of a user's own folders begin with.
        public var namespace: String?
        /// By IMAP: the paths of the account's folders.
        public var folders: [String]?

        public init(
            greeting: String? = nil, capabilities: [String] = [], mechanisms: [String] = [], tls: TLS? = nil,
            pipelining: Bool = false, uidl: Bool = false, top: Bool = false, id: [String: String]? = nil,
            namespace: String? = nil, folders: [String]? = nil
        ) {
            self.greeting = greeting
            self.capabilities = capabilities
            self.mechanisms = mechanisms
            self.tls = tls
            self.pipelining = pipelining
            self.uidl = uidl
            self.top = top
            self.id = id
            self.namespace = namespace
            self.folders = folders
        }
    }

    public struct Mailbox: Codable, Hashable, Sendable {
        public var messages: Int
        public var octets: Int

        public init(messages: Int, octets: Int) {
            self.messages = messages
            self.octets = octets
        }
    }

    public var ok: Bool
    public var checks: [Check]
    public var server: Server
    /// Of the account, where one was given and let in.
    public var mailbox: Mailbox?
    /// What to do, one sentence each.
    public var advice: [String]

    public init(ok: Bool, checks: [Check], server: Server, mailbox: Mailbox?, advice: [String]) {
        self.ok = ok
        self.checks = checks
        self.server = server
        self.mailbox = mailbox
        self.advice = advice
    }
}

extension Contract {
    public static let verifyOldServer = MethodDeclaration<VerifyOldServer, ServerFindings>(
        "verifyOldServer", .admin,
        "Tries an old server step by step and tells what it finds; a server that is down is a finding, not an error.",
        reasons: [.migrationNotEnabled], isIdempotent: true,
        example: [
            "oldServer": ["host": "192.0.2.10", "security": "starttls"],
            "account": "ann@example.com",
            "password": "the old one",
        ],
        gives: .example)
}
