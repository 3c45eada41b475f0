// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `checkIntegrity`: whether all that was moved is there.
public struct CheckIntegrity: LocalizedParameters {
    public var account: EmailAddress?
    public var domain: DomainName?
    /// Whether missing messages are moved again.
    public var `repair`: Bool?
    /// Whether the mailbox in the mail store is accepted as it is, if it is not the one that mail was moved to.
    public var acceptEmpty: Bool?
    /// The account's old password, where none is kept for a run.
    public var password: Password?
    /// As the page before gave it.
    public var cursor: String?
    public var limit: Int?
    public var lang: Language?

    public init(account: EmailAddress, password: Password? = nil, repair: Bool? = nil, acceptEmpty: Bool? = nil) {
        self.account = account
        self.password = password
        self.repair = `repair`
        self.acceptEmpty = acceptEmpty
    }

    public init(
        domain: DomainName, repair: Bool? = nil, acceptEmpty: Bool? = nil, cursor: String? = nil, limit: Int? = nil
    ) {
        self.domain = domain
        self.repair = `repair`
        self.acceptEmpty = acceptEmpty
        self.cursor = cursor
        self.limit = limit
    }

    public var violation: Violation? {
        if password != nil, account == nil { return Violation("account", "is missing: whose password is it?") }
        return .unlessOne(account: account, domain: domain)
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose mail; an account's or a domain's.",
            [
                .optional("account", .address, "full address"),
                .optional("domain", .domain, "mail domain, instead of an account"),
                .optional("repair", .boolean, default: false, "whether what is missing is moved again"),
                .optional(
                    "acceptEmpty", .boolean, default: false,
                    "whether what is in the mail store is taken as it is, where it is not what mail was moved to; what was "
                        + "moved stays moved"),
                .optional(
                    "password", .password, "the account's old password; without it, the one kept for a run is used"),
                .cursor, .limit,
                .language,
            ]))
}

/// What a check of accounts' mail has found.
public struct IntegrityReport: Codable, Hashable, Sendable, Described {
    /// Whether the old server was asked.

    public struct Missing: Codable, Hashable, Sendable {
        public var folder: String?
        public var uniqueID: String
        public var octets: Int

        public init(folder: String? = nil, uniqueID: String, octets: Int) {
            self.folder = folder
            self.uniqueID = uniqueID
            self.octets = octets
        }
    }

    public struct Account: Codable, Hashable, Sendable {
        public var account: EmailAddress
        public var ok: Bool
        public var status: MigrationStatus
        public var ledger: Int
        public var present: Int
        public var gone: Int
        @OrNull public var waiting: Int?
        public var doubled: Int
        public var leftInTmp: Int
        public var interrupted: Int
        public var oldMailbox: OldMailbox
        public var missingCount: Int
        public var missing: [Missing]
        public var movedAgain: Int

        public init(
            account: EmailAddress, ok: Bool, status: MigrationStatus, ledger: Int, present: Int, gone: Int,
            waiting: Int?, doubled: Int, leftInTmp: Int, interrupted: Int, oldMailbox: OldMailbox, missingCount: Int,
            missing: [Missing], movedAgain: Int
        ) {
            self.account = account
            self.ok = ok
            self.status = status
            self.ledger = ledger
            self.present = present
            self.gone = gone
            self.waiting = waiting
            self.doubled = doubled
            self.leftInTmp = leftInTmp
            self.interrupted = interrupted
            self.oldMailbox = oldMailbox
            self.missingCount = missingCount
            self.missing = missing
            self.movedAgain = movedAgain
        }
    }

    public struct Finding: Codable, Hashable, Sendable {
        public var severity: Severity
        public var account: EmailAddress
        public var text: String

        public init(severity: Severity, account: EmailAddress, text: String) {
            self.severity = severity
            self.account = account
            self.text = text
        }
    }

    /// Whether nothing is to be done.
    public var ok: Bool
    public var accounts: [Account]
    public var findings: [Finding]
    /// Gives the next page; nil on the last one.
    @OrNull public var nextCursor: String?

    public init(ok: Bool, accounts: [Account], findings: [Finding], nextCursor: String?) {
        self.ok = ok
        self.accounts = accounts
        self.findings = findings
        self.nextCursor = nextCursor
    }
}

extension IntegrityReport {
    public static let schema = Schema.object(
        ObjectSchema(
            "IntegrityReport", "What was found.",
            [
                .required("ok", .boolean, "whether nothing is to be done"),
                .required("accounts", .array(of: account), "one after the other"),
                .required("findings", .array(of: finding), "what is wrong with which account, and what to do"),
                .nextCursor,
            ]))

    private static let account = Schema.object(
        ObjectSchema(
            "AccountIntegrity", "The ledger held against the mailbox and the old server.",
            [
                .required("account", .address, "full address"),
                .required("ok", .boolean, "whether nothing is to be done"),
                .required("status", .choice(MigrationStatus.self), "of its move"),
                .required("ledger", .count, "messages recorded as moved"),
                .required("present", .count, "of these, in the mailbox or one of its folders"),
                .required("gone", .count, "of these, neither there nor known to be on the old server still"),
                .required(
                    "waiting", .orNull(.count), "on the old server and not moved; null where it was not compared"),
                .required("doubled", .count, "in the mailbox more often than they were moved"),
                .required("leftInTmp", .count, "files in tmp that are of no use; the next run removes them"),
                .required("interrupted", .count, "deliveries that the next run ends"),
                .required("oldMailbox", .choice(OldMailbox.self), "whether the old mailbox was compared"),
                .required(
                    "missingCount", .count, "messages that were moved, are not here, and are still on the old server"),
                .required("missing", .array(of: missing), "the first hundred of them"),
                .required("movedAgain", .count, "how many of them are being moved again"),
            ]))

    private static let missing = Schema.object(
        ObjectSchema(
            "MissingMessage", "A message that is on the old server alone.",
            [
                .sometimes("folder", .text, "by IMAP, the path of its folder as the old server calls it"),
                .required("uniqueID", .text, "what UIDL calls it; by IMAP, its UID in the folder"),
                .required("octets", .count, "its size, as the old server says"),
            ]))

    private static let finding = Schema.object(
        ObjectSchema(
            "IntegrityFinding", "Something that was found.",
            [
                .required("severity", .choice(Severity.self), "how bad it is"),
                .required("account", .address, "whose mail"),
                .required("text", .text, "what it is, and what to do"),
            ]))

    static let example = IntegrityReport(
        ok: false,
        accounts: [
            Account(
                account: .example, ok: false, status: .completed, ledger: 120, present: 117, gone: 2, waiting: 0,
                doubled: 0, leftInTmp: 0, interrupted: 0, oldMailbox: .compared, missingCount: 1,
                missing: [Missing(uniqueID: "1718000000.4711", octets: 4690)], movedAgain: 0)
        ],
        findings: [
            Finding(
                severity: .warning, account: .example,
                text: "1 messages were moved, are still on the old server, and are not in the mailbox")
        ], nextCursor: nil)
}

extension Contract {
    public static let checkIntegrity = MethodDeclaration<CheckIntegrity, IntegrityReport>(
        "checkIntegrity", .admin,
        "Holds what was moved against the mailbox and the old server; moves again what is missing, if asked.",
        reasons: [.accountNotFound], isIdempotent: true,
        example: ["account": "ann@example.com", "password": "the old one"], gives: .example)
}
