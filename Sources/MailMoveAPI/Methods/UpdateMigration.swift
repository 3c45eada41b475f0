// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Vocabulary

/// `updateMigration`: what is named changes, and nothing else.
///
/// ```swift
/// var update = UpdateMigration(domain: domain)
/// update.set(.order, to: .newestFirst)
/// update.reset(.knownAccounts)
/// update.extendDays = 14
/// ```
public struct UpdateMigration: LocalizedParameters {
    public var domain: DomainName
    /// The window ends this many days later: from its end, or from now if it is over.
    public var extendDays: Int?
    /// Whether to change nothing and only tell what would change.
    public var dryRun: Bool?
    public var lang: Language?
    /// The parameters of `enableMigration` that change, each with its new value, or with null for its default
    /// (RFC 7396).
    public private(set) var changes: JSONObject

    public init(domain: DomainName, extendDays: Int? = nil, dryRun: Bool? = nil) {
        self.domain = domain
        self.extendDays = extendDays
        self.dryRun = dryRun
        self.changes = JSONObject()
    }

    /// Changes a setting.
    public mutating func set<Value>(_ setting: MigrationSetting<Value>, to value: Value) {
        name(value.json, at: setting.path[...], in: &changes)
    }

    /// Takes a setting back to its default.
    public mutating func reset<Value>(_ setting: MigrationSetting<Value>) {
        name(.null, at: setting.path[...], in: &changes)
    }

    private func name(_ value: JSONValue, at path: ArraySlice<String>, in object: inout JSONObject) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            object[first] = value
            return
        }
        var inner = object[first]?.object ?? JSONObject()
        name(value, at: path.dropFirst(), in: &inner)
        object[first] = .object(inner)
    }

    public var violation: Violation? {
        if extendDays != nil, changes["validDays"] != nil {
            return Violation("extendDays", "excludes validDays: each says when the window ends")
        }
        return nil
    }

    public static let schema: Schema = {
        guard case .object(let whole) = EnableMigration.schema else { return EnableMigration.schema }
        let patch = whole.patch
        let domain: Member = .required("domain", .domain, "mail domain whose settings change")
        let members = patch.members.filter { $0.name != "domain" }.map { member in
            member.name == "validDays"
                ? .optional("validDays", member.schema, "the window ends this many days from now") : member
        }
        return .object(
            ObjectSchema(
                "What changes: what is left out stays as it is, and null takes a value back to its default.",
                [domain] + members + [
                    .optional(
                        "extendDays", .integer(1...3650),
                        "the window ends this many days later: from its end, or from now if it is over"),
                    .optional("dryRun", .boolean, default: false, "change nothing, and tell what would change"),
                ]))
    }()
}

extension UpdateMigration {
    private static let own = ["domain", "extendDays", "dryRun", "lang"]

    private enum CodingKeys: String, CodingKey { case domain, extendDays, dryRun, lang }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        domain = try container.decode(DomainName.self, forKey: .domain)
        extendDays = try container.decodeIfPresent(Int.self, forKey: .extendDays)
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun)
        lang = try container.decodeIfPresent(Language.self, forKey: .lang)
        changes = try JSONObject(from: decoder)
        for name in Self.own { changes[name] = nil }
    }

    public func encode(to encoder: any Encoder) throws {
        var object: JSONObject = ["domain": .string(domain.name)]
        for member in changes.members { object[member.name] = member.value }
        if let extendDays { object["extendDays"] = .integer(Int64(extendDays)) }
        if let dryRun { object["dryRun"] = .bool(dryRun) }
        if let lang { object["lang"] = .string(lang.rawValue) }
        try object.encode(to: encoder)
    }
}

extension Contract {
    public static let updateMigration = MethodDeclaration<UpdateMigration, Migration>(
        "updateMigration", .admin,
        "Changes only those settings of a domain that are named, and tells what has changed.",
        reasons: [.migrationNotEnabled],
        example: [
            "domain": "example.com", "knownAccounts": nil, "options": ["order": "newestFirst"], "extendDays": 14,
            "dryRun": true,
        ],
        gives: {
            var migration = Migration.example
            migration.changes = [
                SettingChange(field: "options.order", from: "oldestFirst", to: "newestFirst"),
                SettingChange(
                    field: "expiresAt", from: .string(Timestamp.exampleEnd.description),
                    to: .string(Timestamp.exampleEnd.adding(seconds: 14 * 86400).description)),
            ]
            return migration
        }())
}
