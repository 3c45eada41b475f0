// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `importMigrations`: enables the migrations of many domains, as a YAML file has them.
public struct ImportMigrations: LocalizedParameters {
    public var data: FileContents
    /// Whether to change nothing and only tell what would come of it.
    public var dryRun: Bool?
    public var lang: Language?

    public init(data: FileContents, dryRun: Bool? = nil, lang: Language? = nil) {
        self.data = data
        self.dryRun = dryRun
        self.lang = lang
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "The file, and what to do with it.",
            [
                .required(
                    "data", .file,
                    "a YAML file in Base64: under migrations: a list of what enableMigration takes, under defaults: what is the same for all"
                ),
                .optional("dryRun", .boolean, default: false, "change nothing, and tell what would come of it"),
                .language,
            ]))
}

/// What came of each migration of a file.
public struct ImportedMigrations: Codable, Equatable, Sendable, Described {
    public struct Fault: Codable, Equatable, Sendable {
        /// `invalidParameters`, `migrationEnabled`, or a reason of the contract.
        public var reason: String
        public var detail: String

        public init(reason: String, detail: String) {
            self.reason = reason
            self.detail = detail
        }
    }

    public struct Migration: Codable, Equatable, Sendable {
        /// As the file has it; empty where it has none.
        public var domain: String
        /// Where it begins in the file, counted from 1.
        public var line: Int
        public var enabled: Bool
        @OrNull public var error: Fault?
        public var warnings: [String]

        public init(domain: String, line: Int, enabled: Bool, error: Fault? = nil, warnings: [String] = []) {
            self.domain = domain
            self.line = line
            self.enabled = enabled
            self.error = error
            self.warnings = warnings
        }
    }

    public var migrations: [Migration]

    public init(migrations: [Migration]) { self.migrations = migrations }

    public static let schema = Schema.object(
        ObjectSchema(
            "ImportedMigrations", "What came of each migration of a file.",
            [
                .required(
                    "migrations",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ImportedMigration", "What came of one migration.",
                                [
                                    .required("domain", .text, "as the file has it; empty where it has none"),
                                    .required("line", .count, "where it begins in the file, counted from 1"),
                                    .required(
                                        "enabled", .boolean, "whether it is enabled now, or would be in a dry run"),
                                    .required(
                                        "error",
                                        .orNull(
                                            .object(
                                                ObjectSchema(
                                                    "MigrationFault", "Why a migration was not enabled.",
                                                    [
                                                        .required("reason", .text, "why, for programs"),
                                                        .required("detail", .text, "what is expected, with its line"),
                                                    ]))), "why not"),
                                    .required("warnings", .array(of: .text), "as enableMigration gives them"),
                                ]))), "in the file's order")
            ]))

    static let example = ImportedMigrations(migrations: [
        Migration(domain: "example.com", line: 2, enabled: true),
        Migration(
            domain: "example.org", line: 5, enabled: false,
            error: Fault(
                reason: "migrationEnabled",
                detail: "line 5: example.org is enabled already; change its settings instead (mailmovectl change)")),
    ])
}

extension Contract {
    public static let importMigrations = MethodDeclaration<ImportMigrations, ImportedMigrations>(
        "importMigrations", .admin, "Enables the migrations of many domains, as a YAML file has them.",
        example: [
            "data":
                "ZGVmYXVsdHM6CiAgb2xkU2VydmVyOiB7aG9zdDogMTkyLjAuMi4xMH0KbWlncmF0aW9uczoKICAtIGRvbWFpbjogZXhhbXBsZS5jb20K",
            "dryRun": true,
        ], gives: .example)
}
