// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The parameters of a method about one domain.
public struct OneDomain: LocalizedParameters {
    public var domain: DomainName
    public var lang: Language?

    public init(domain: DomainName) { self.domain = domain }

    public static let schema = Schema.object(
        ObjectSchema("Which domain.", [.required("domain", .domain, "mail domain"), .language]))
}

/// The parameters of a method that needs none.
public struct NoParameters: Parameters {
    public init() {}

    public static let schema = Schema.object(ObjectSchema("Nothing.", []))
}

/// Every domain's migration, without the lists of accounts.
public struct MigrationList: Codable, Hashable, Sendable, Described {
    public var migrations: [Migration]

    public init(migrations: [Migration]) { self.migrations = migrations }

    public static let schema = Schema.object(
        ObjectSchema(
            "MigrationList", "Every domain's migration.",
            [.required("migrations", .array(of: Migration.schema), "by domain")]))

    static var example: MigrationList {
        var migration = Migration.example
        migration.excludedAccounts = nil
        return MigrationList(migrations: [migration])
    }
}

extension Contract {
    public static let disableMigration = MethodDeclaration<OneDomain, Migration>(
        "disableMigration", .admin,
        "Ends a domain's migration: running moves finish their batch and stop; nothing is lost.",
        reasons: [.migrationNotEnabled], isIdempotent: true, example: ["domain": "example.com"],
        gives: {
            var migration = Migration.example
            migration.state = .disabled
            return migration
        }())

    public static let getMigration = MethodDeclaration<OneDomain, Migration>(
        "getMigration", .admin, "Tells a domain's settings, and how far its migration is.",
        reasons: [.migrationNotEnabled], isIdempotent: true, example: ["domain": "example.com"], gives: .example)

    public static let listMigrations = MethodDeclaration<NoParameters, MigrationList>(
        "listMigrations", .admin, "Lists the migrations of all domains.", isIdempotent: true, example: [:],
        gives: .example)

    public static let forgetMigration = MethodDeclaration<OneDomain, Nothing>(
        "forgetMigration", .admin,
        "Forgets a domain's settings and what has been moved; refused while its window is active.",
        reasons: [.migrationNotEnabled], example: ["domain": "example.com"], gives: Nothing())
}
