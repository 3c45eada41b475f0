// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

public import JSONWire
public import Secrets

/// `createAccounts`: many accounts at once; a bad row never affects the others.
public struct CreateAccounts: LocalizedParameters {
    /// A row. It is not judged before its turn comes: whatever is wrong with it makes it a rejected row.
    public struct Row: Codable, Sendable {
        public var address: String
        public var password: Password?
        /// `{SCHEME}…` as Dovecot writes it. A row with both is rejected (`unsupportedHash`): which one counts?
        public var passwordHash: String?
        public var displayName: String?
        public var quotaOctets: Int?
        /// What is wrong with its form (`invalidRow`); then only its address can be used.
        public private(set) var problem: String?

        private enum CodingKeys: String, CodingKey { case address, password, passwordHash, displayName, quotaOctets }

        public init(
            address: String, password: Password? = nil, passwordHash: String? = nil, displayName: String? = nil,
            quotaOctets: Int? = nil
        ) {
            self.address = address
            self.password = password
            self.passwordHash = passwordHash
            self.displayName = displayName
            self.quotaOctets = quotaOctets
        }

        public init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            // A row without an address is rejected like one with an invalid one.
            self.address = try members.decodeIfPresent(String.self, forKey: .address) ?? ""
            self.password = try members.decodeIfPresent(Password.self, forKey: .password)
            self.passwordHash = try members.decodeIfPresent(String.self, forKey: .passwordHash)
            self.displayName = try members.decodeIfPresent(String.self, forKey: .displayName)
            self.quotaOctets = try members.decodeIfPresent(Int.self, forKey: .quotaOctets)
        }

        /// Of any JSON value whatever.
        init(reading value: JSONView) {
            if let violation = Self.schema.violation(in: value) {
                self.init(
                    value,
                    problem: violation.parameter.map { "\($0.prefix(80)) \(violation.detail)" } ?? violation.detail)
                return
            }
            do throws(JSONError) {
                self = try value.decode()
            } catch {
                self.init(value, problem: "\(error.path) \(error.detail)")
            }
        }

        private init(_ value: JSONView, problem: String) {
            self.init(address: value["address"]?.string ?? "")
            self.problem = problem
        }

        static let schema = ObjectSchema(
            "AccountRow", "An account to create; with a password or a hash, not both.",
            [
                .optional("address", .text, "full address; a row without a valid one is rejected"),
                .optional("password", .password, "at least 8 characters"),
                .optional("passwordHash", .text, "{SCHEME}… as Dovecot writes it, instead of a password"),
                .optional("displayName", .text, "the user's name"),
                .optional("quotaOctets", .count, "how much the mailbox may hold"),
            ])
    }

    /// What to do with an account that is there already.

    public var accounts: [Row]
    public var onExisting: OnExisting?
    public var lang: Language?

    public init(accounts: [Row], onExisting: OnExisting? = nil) {
        self.accounts = accounts
        self.onExisting = onExisting
    }

    public static func read(_ params: JSONView) throws(JSONError) -> CreateAccounts {
        var call = CreateAccounts(
            accounts: params["accounts"]?.elements.map(Row.init(reading:)) ?? [],
            onExisting: try choice(params["onExisting"]))
        call.lang = try choice(params["lang"])
        return call
    }

    private static func choice<Value: Decodable>(_ value: JSONView?) throws(JSONError) -> Value? {
        guard let value, !value.isNull else { return nil }
        return try value.decode()
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "The accounts to create.",
            [
                .required(
                    "accounts", .rows(of: .object(Row.schema)), "one row an account; 10,000 in one call is normal"),
                .optional(
                    "onExisting", .choice(OnExisting.self), default: "skip",
                    "what to do with an account that is there already; update leaves a handed-over password alone"),
                .language,
            ]))
}

/// What became of the rows of `createAccounts`.
public struct CreatedAccounts: Codable, Hashable, Sendable, Described {
    public struct Rejection: Codable, Hashable, Sendable {
        public typealias Reason = RowRejection

        /// The row, counted from 0.
        public var index: Int
        /// As it was given.
        public var address: String
        public var reason: Reason
        /// What is wrong with it, for people.
        public var detail: String

        public init(index: Int, address: String, reason: Reason, detail: String) {
            self.index = index
            self.address = address
            self.reason = reason
            self.detail = detail
        }
    }

    public var created: Int
    public var updated: Int
    /// Updated accounts whose password stayed, because the old server's had been handed over or it was changed here.
    public var passwordsKept: Int
    public var skipped: Int
    public var rejected: [Rejection]

    public init(created: Int, updated: Int, passwordsKept: Int, skipped: Int, rejected: [Rejection]) {
        self.created = created
        self.updated = updated
        self.passwordsKept = passwordsKept
        self.skipped = skipped
        self.rejected = rejected
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "CreatedAccounts", "What became of the rows.",
            [
                .required("created", .count, "accounts made"),
                .required("updated", .count, "accounts that were there and were changed"),
                .required("passwordsKept", .count, "of these, those whose password stayed"),
                .required("skipped", .count, "accounts that were there and were left alone"),
                .required(
                    "rejected",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "RejectedRow", "A row that was not taken.",
                                [
                                    .required("index", .count, "the row, counted from 0"),
                                    .required("address", .text, "as it was given"),
                                    .required(
                                        "reason",
                                        .choice(of: Rejection.Reason.allCases.filter { $0 != .encodingUncertain }),
                                        "why, for programs"),
                                    .required("detail", .text, "what is wrong with it, for people"),
                                ]))),
                    "rows that were not taken"),
            ]))

    static let example = CreatedAccounts(
        created: 1, updated: 0, passwordsKept: 0, skipped: 0,
        rejected: [
            Rejection(
                index: 1, address: "no-at-sign", reason: .invalidAddress, detail: "an address has the form name@domain")
        ])
}

extension Contract {
    public static let createAccounts = MethodDeclaration<CreateAccounts, CreatedAccounts>(
        "createAccounts", .admin, "Creates accounts on the new platform, many in one call.",
        reasons: [.directoryUnavailable],
        example: [
            "accounts": [
                ["address": "ann@example.com", "password": "Str0ng-0-pass", "displayName": "Ann"],
                ["address": "no-at-sign", "password": "Str0ng-1-pass"],
            ],
            "onExisting": "skip",
        ],
        gives: .example)
}
