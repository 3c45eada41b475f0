// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `checkDomain`: whether DNS points at the new platform yet, and whether the old server can still be reached.
public struct CheckDomain: LocalizedParameters {
    /// The new platform, which the domain's records are compared with.
    public struct Platform: Codable, Hashable, Sendable {
        /// The hosts that MX records are to name.
        public var mx: [String]?
        /// The addresses that mail comes in at.
        public var addresses: [String]?

        public init(mx: [String]? = nil, addresses: [String]? = nil) {
            self.mx = mx
            self.addresses = addresses
        }
    }

    /// In U-form or A-form.
    public var domain: DomainName
    /// nil to report only what there is, without comparing.
    public var platform: Platform?
    public var lang: Language?

    public init(domain: DomainName, platform: Platform? = nil) {
        self.domain = domain
        self.platform = platform
    }

    /// Limited because each is looked up.
    public static let mostHosts = 16
    /// Limited because each is checked against the SPF record.
    public static let mostAddresses = 32

    public var violation: Violation? {
        if platform?.mx?.count ?? 0 > Self.mostHosts {
            return Violation("platform.mx", "must be at most \(Self.mostHosts) hosts")
        }
        if platform?.addresses?.count ?? 0 > Self.mostAddresses {
            return Violation("platform.addresses", "must be at most \(Self.mostAddresses) addresses")
        }
        return nil
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Which domain, and where its mail is to go.",
            [
                .required("domain", .domain, "the mail domain, in U-form or A-form"),
                .optional(
                    "platform",
                    .object(
                        ObjectSchema(
                            "The new platform.",
                            [
                                .optional(
                                    "mx", .array(of: .mailHost), "the hosts that MX records are to name; at most 16"),
                                .optional(
                                    "addresses", .array(of: .ipAddress), "where mail comes in; at most 32"),
                            ])),
                    "the new platform; without it, what there is is told and nothing compared"),
                .language,
            ]))
}

/// What `checkDomain` has found. DNS that fails is a finding, not an error.
public struct DomainReport: Codable, Hashable, Sendable, Described {
    public struct Finding: Codable, Hashable, Sendable {
        public var severity: Severity
        /// What was found and what to do, for people.
        public var text: String

        public init(severity: Severity, text: String) {
            self.severity = severity
            self.text = text
        }
    }

    public struct MX: Codable, Hashable, Sendable {
        public var preference: Int
        /// As it stands in DNS, without the last dot.
        public var host: String
        public var addresses: [String]

        public init(preference: Int, host: String, addresses: [String]) {
            self.preference = preference
            self.host = host
            self.addresses = addresses
        }
    }

    public struct Records: Codable, Hashable, Sendable {
        /// The most preferred first.
        public var mx: [MX]
        public var a: [String]
        public var aaaa: [String]
        /// The SPF record (RFC 7208), the first where there are several; null where there is none.
        @OrNull public var spf: String?

        public init(mx: [MX], a: [String], aaaa: [String], spf: String?) {
            self.mx = mx
            self.a = a
            self.aaaa = aaaa
            self.spf = spf
        }
    }

    /// Whether no finding is an error.
    public var ok: Bool
    public var records: Records
    /// The most severe first.
    public var findings: [Finding]

    public init(ok: Bool, records: Records, findings: [Finding]) {
        self.ok = ok
        self.records = records
        self.findings = findings
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "DomainReport", "What was found.",
            [
                .required("ok", .boolean, "whether no finding is an error"),
                .required("records", records, "what stands in DNS"),
                .required("findings", .array(of: finding), "what it means, the most severe first"),
            ]))

    private static let records = Schema.object(
        ObjectSchema(
            "DomainRecords", "What stands in DNS.",
            [
                .required("mx", .array(of: mx), "MX records, the most preferred first"),
                .required("a", .array(of: .ipAddress), "A records of the domain itself"),
                .required("aaaa", .array(of: .ipAddress), "AAAA records of the domain itself"),
                .required("spf", .orNull(.text), "its SPF record; null where there is none"),
            ]))

    private static let mx = Schema.object(
        ObjectSchema(
            "MXRecord", "Where mail is sent to.",
            [
                .required("preference", .integer(0...65535), "the lowest is tried first"),
                .required("host", .text, "its name, without the last dot"),
                .required("addresses", .array(of: .ipAddress), "its addresses"),
            ]))

    private static let finding = Schema.object(
        ObjectSchema(
            "Finding", "One finding.",
            [
                .required("severity", .choice(Severity.self), "an error is in the way of the move"),
                .required("text", .text, "what was found, and what to do"),
            ]))

    static let example = DomainReport(
        ok: false,
        records: Records(
            mx: [
                MX(preference: 10, host: "mx.new.example", addresses: ["192.0.2.20"]),
                MX(preference: 20, host: "mail.old.example", addresses: ["192.0.2.10"]),
            ], a: ["192.0.2.80"], aaaa: [], spf: "v=spf1 mx -all"),
        findings: [
            Finding(
                severity: .error,
                text: "mail for example.com goes to mail.old.example (192.0.2.10), which is not the new platform, "
                    + "whenever a sender chooses that MX: remove it")
        ])
}

extension Contract {
    public static let checkDomain = MethodDeclaration<CheckDomain, DomainReport>(
        "checkDomain", .admin,
        "Tells whether DNS points at the new platform, and whether the old server can still be reached; DNS that "
            + "fails is a finding, not an error.",
        isIdempotent: true,
        example: [
            "domain": "example.com",
            "platform": ["mx": ["mx.new.example"], "addresses": ["192.0.2.20"]],
        ],
        gives: .example)
}
