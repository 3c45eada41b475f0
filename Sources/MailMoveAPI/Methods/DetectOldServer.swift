// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `detectOldServer`: which server holds a domain's mailboxes.
public struct DetectOldServer: LocalizedParameters {
    public var domain: DomainName?
    /// Instead of a domain: whose mailbox is looked for.
    public var address: EmailAddress?
    /// The mailbox's password; each candidate that can be trusted with it is asked, with the domain in the user name and
    /// without, until one accepts it.
    public var password: Password?
    public var lang: Language?

    public init(domain: DomainName) { self.domain = domain }

    public init(address: EmailAddress, password: Password? = nil) {
        self.address = address
        self.password = password
    }

    public var violation: Violation? {
        switch (domain, address) {
        case (nil, nil): return Violation("domain", "is missing: give a domain or an address")
        case (_?, _?): return Violation("address", "goes only without a domain")
        default: break
        }
        if password != nil, address == nil { return Violation("address", "is missing: whose password is it?") }
        return nil
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose mailboxes are looked for.",
            [
                .optional("domain", .domain, "mail domain whose old server is looked for"),
                .optional("address", .address, "full address of one of its mailboxes, instead of the domain"),
                .optional(
                    "password", .password, "that mailbox's password over there; tried with up to two logins a server"),
                .language,
            ]))
}

/// What `detectOldServer` has found, the best first.
public struct DetectedServers: Codable, Hashable, Sendable, Described {
    public struct Candidate: Codable, Hashable, Sendable {
        public var `protocol`: MailProtocol
        public var host: String
        public var port: Int
        public var security: TransportSecurity
        /// nil where it is not known.
        @OrNull public var usernameIncludesDomain: Bool?
        public var source: CandidateSource
        /// Whether it answers and, where a password was given and could be sent, accepts it.
        public var ok: Bool
        /// What was found, for people.
        public var detail: String

        public init(
            protocol mailProtocol: MailProtocol, host: String, port: Int, security: TransportSecurity,
            usernameIncludesDomain: Bool?, source: CandidateSource, ok: Bool, detail: String
        ) {
            self.protocol = mailProtocol
            self.host = host
            self.port = port
            self.security = security
            self.usernameIncludesDomain = usernameIncludesDomain
            self.source = source
            self.ok = ok
            self.detail = detail
        }
    }

    public var candidates: [Candidate]
    /// The first that is ok.
    @OrNull public var best: Candidate?

    public init(candidates: [Candidate]) {
        self.candidates = candidates
        self.best = candidates.first { $0.ok }
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "DetectedServers", "Which servers may hold the mailboxes.",
            [
                .required("candidates", .array(of: candidate), "each was tried; the best first"),
                .required("best", .orNull(candidate), "the first that is ok; null where none is"),
            ]))

    private static let candidate = Schema.object(
        ObjectSchema(
            "ServerCandidate", "A server that may hold the mailboxes.",
            [
                .required("protocol", .choice(MailProtocol.self), "what it speaks"),
                .required("host", .text, "as oldServer.host takes it"),
                .required("port", .integer(1...65535), "as oldServer.port takes it"),
                .required("security", .choice(TransportSecurity.self), "as oldServer.security takes it"),
                .required(
                    "usernameIncludesDomain", .orNull(.boolean),
                    "whether user names are full addresses; null where it is not known"),
                .required("source", .choice(CandidateSource.self), "how it was found"),
                .required("ok", .boolean, "whether it answers, and accepts the password where it was asked"),
                .required("detail", .text, "what was found, for people"),
            ]))

    static let example = DetectedServers(candidates: [
        Candidate(
            protocol: .imap, host: "imap.gmail.com", port: 993, security: .tls, usernameIncludesDomain: true,
            source: .preset, ok: true, detail: "it answers, with TLSv1.3 and a certificate that names it")
    ])
}

extension DetectedServers: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in candidates.indices { candidates[index].detail = translate(candidates[index].detail) }
        best = candidates.first { $0.ok }
    }
}

extension Contract {
    public static let detectOldServer = MethodDeclaration<DetectOldServer, DetectedServers>(
        "detectOldServer", .admin, "Finds out which server holds a domain's mailboxes.", isIdempotent: true,
        example: ["domain": "example.com"], gives: .example)
}
