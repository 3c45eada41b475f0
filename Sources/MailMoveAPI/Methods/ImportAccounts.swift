// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

public import Secrets

/// `importAccounts`: accounts from a file as another system exports it.
public struct ImportAccounts: LocalizedParameters {
    public var data: FileContents
    /// What the file is written in; nil: it is found out.
    public var encoding: String?
    public var onExisting: OnExisting?
    public var dryRun: Bool?
    public var generatePasswords: Bool?
    public var lang: Language?

    public init(
        data: FileContents, encoding: String? = nil, onExisting: OnExisting? = nil,
        dryRun: Bool? = nil, generatePasswords: Bool? = nil, lang: Language? = nil
    ) {
        self.data = data
        self.encoding = encoding
        self.onExisting = onExisting
        self.dryRun = dryRun
        self.generatePasswords = generatePasswords
        self.lang = lang
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "The file.",
            [
                .required("data", .file, "the file in Base64; separators, header and line ends are found out"),
                .optional(
                    "encoding", .name,
                    "what the file is written in, such as GB18030; found out where it is left out (BOM, UTF-8, UTF-16, GB18030)"
                ),
                .optional(
                    "onExisting", .choice(OnExisting.self), default: "skip",
                    "what to do with an account that is there already, as createAccounts does it"),
                .optional(
                    "dryRun", .boolean, default: false, "tells what would become of each row, and changes nothing"),
                .optional(
                    "generatePasswords", .boolean, default: false,
                    "makes up passwords for new accounts whose row has none"),
                .language,
            ]))
}

/// What became of the rows of `importAccounts`.
public struct ImportedAccounts: Codable, Equatable, Sendable, Described {
    public struct Column: Codable, Hashable, Sendable {
        public typealias Meaning = ColumnMeaning

        /// As the header has it; empty where there is no header.
        public var name: String
        /// nil: the column is ignored.
        @OrNull public var meaning: Meaning?

        public init(name: String, meaning: Meaning?) {
            self.name = name
            self.meaning = meaning
        }
    }

    public struct Rejection: Codable, Hashable, Sendable {
        public typealias Reason = RowRejection

        /// The first line of the row in the file, counted from 1.
        public var line: Int
        /// As it was given; empty where something else may stand in its place.
        public var address: String
        public var reason: Reason
        /// What is wrong with it, for people; it repeats nothing else of the row.
        public var detail: String

        public init(line: Int, address: String, reason: Reason, detail: String) {
            self.line = line
            self.address = address
            self.reason = reason
            self.detail = detail
        }
    }

    /// A password that was made up: nobody is told it again.
    public struct Generated: Codable, Equatable, Sendable {
        public var address: String
        public var password: Password

        public init(address: String, password: Password) {
            self.address = address
            self.password = password
        }
    }

    /// What the file is written in.
    public var encoding: String
    /// `,` `;` `|` or `tab`.
    public var separator: String
    public var header: [Column]
    public var created: Int
    public var updated: Int
    public var passwordsKept: Int
    public var skipped: Int
    public var rejected: [Rejection]
    public var generated: [Generated]

    public init(
        encoding: String, separator: String, header: [Column], created: Int, updated: Int, passwordsKept: Int,
        skipped: Int, rejected: [Rejection], generated: [Generated]
    ) {
        self.encoding = encoding
        self.separator = separator
        self.header = header
        self.created = created
        self.updated = updated
        self.passwordsKept = passwordsKept
        self.skipped = skipped
        self.rejected = rejected
        self.generated = generated
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "ImportedAccounts", "How the file was read, and what became of its rows.",
            [
                .required("encoding", .text, "what the file is written in, as it was found out or named"),
                .required("separator", .choice([",", ";", "tab", "|"]), "what stands between its fields"),
                .required(
                    "header",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ImportedColumn", "A column of the file.",
                                [
                                    .required("name", .text, "as the header has it; empty without a header"),
                                    .required(
                                        "meaning", .orNull(.choice(Column.Meaning.self)),
                                        "what it was taken for; null where it was ignored"),
                                ]))),
                    "the columns from left to right"),
                .required("created", .count, "accounts made, or that would be"),
                .required("updated", .count, "accounts that were there and were changed, or would be"),
                .required("passwordsKept", .count, "of these, those whose password stayed"),
                .required("skipped", .count, "accounts that were there and were left alone"),
                .required(
                    "rejected",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "RejectedLine", "A row that was not taken.",
                                [
                                    .required("line", .count, "the row's first line in the file, counted from 1"),
                                    .required(
                                        "address", .text,
                                        "as it was given; empty where something else may stand in its place"),
                                    .required("reason", .choice(Rejection.Reason.self), "why, for programs"),
                                    .required("detail", .text, "what is wrong with it, for people"),
                                ]))),
                    "rows that were not taken, in the file's order"),
                .required(
                    "generated",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "GeneratedPassword", "A password that was made up.",
                                [
                                    .required("address", .text, "the new account"),
                                    .required("password", .text, "its password, which is told nowhere else"),
                                ]))),
                    "passwords that were made up; empty in a dry run"),
            ]))

    static let example = ImportedAccounts(
        encoding: "UTF-8", separator: ";",
        header: [
            Column(name: "Email", meaning: .address), Column(name: "Department", meaning: nil),
            Column(name: "Password", meaning: .password),
        ], created: 1, updated: 0, passwordsKept: 0, skipped: 0,
        rejected: [
            Rejection(line: 3, address: "bob", reason: .invalidAddress, detail: "an address has the form name@domain")
        ], generated: [])
}

extension Contract {
    public static let importAccounts = MethodDeclaration<ImportAccounts, ImportedAccounts>(
        "importAccounts", .admin, "Creates accounts from a file as another system exports it.",
        reasons: [.directoryUnavailable],
        example: [
            "data":
                "RW1haWw7RGVwYXJ0bWVudDtQYXNzd29yZAphbm5AZXhhbXBsZS5jb207U2FsZXM7U3RyMG5nLTAtcGFzcwpib2I7U2FsZXM7U3RyMG5nLTEtcGFzcwo=",
            "dryRun": true,
        ],
        gives: .example)
}
