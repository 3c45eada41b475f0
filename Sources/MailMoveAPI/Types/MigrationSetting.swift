// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Vocabulary

/// A setting that ``UpdateMigration`` may name, by its place in `enableMigration`'s parameters.
public struct MigrationSetting<Value: SettingValue>: Sendable {
    let path: [String]
}

extension MigrationSetting<String> {
    public static var host: Self { Self(path: ["oldServer", "host"]) }
    public static var oldDomain: Self { Self(path: ["oldServer", "domain"]) }
    public static var folder: Self { Self(path: ["options", "folder"]) }
}

extension MigrationSetting<Int> {
    public static var port: Self { Self(path: ["oldServer", "port"]) }
    /// From now on.
    public static var validDays: Self { Self(path: ["validDays"]) }
    public static var maxConnections: Self { Self(path: ["options", "maxConnections"]) }
}

extension MigrationSetting<Bool> {
    public static var usernameIncludesDomain: Self { Self(path: ["oldServer", "usernameIncludesDomain"]) }
    public static var secureAuthentication: Self { Self(path: ["oldServer", "secureAuthentication"]) }
    public static var autoCreateAccounts: Self { Self(path: ["autoCreateAccounts"]) }
    public static var syncPasswords: Self { Self(path: ["syncPasswords"]) }
    public static var preserveUIDL: Self { Self(path: ["options", "preserveUIDL"]) }
    public static var deleteAfterMove: Self { Self(path: ["options", "deleteAfterMove"]) }
}

extension MigrationSetting<[EmailAddress]> {
    public static var knownAccounts: Self { Self(path: ["knownAccounts"]) }
    public static var excludedAccounts: Self { Self(path: ["excludedAccounts"]) }
}

extension MigrationSetting<MailProtocol> {
    public static var mailProtocol: Self { Self(path: ["oldServer", "protocol"]) }
}

extension MigrationSetting<MoveOptionsParameters.Folders> {
    public static var folders: Self { Self(path: ["options", "folders"]) }
}

extension MigrationSetting<MoveOptions.Flags> {
    public static var flags: Self { Self(path: ["options", "flags"]) }
}

extension MigrationSetting<TransportSecurity> {
    public static var security: Self { Self(path: ["oldServer", "security"]) }
}

extension MigrationSetting<OldServerParameters.Certificate> {
    public static var certificate: Self { Self(path: ["oldServer", "certificate"]) }
}

extension MigrationSetting<MoveOptions.MarkSeen> {
    public static var markSeen: Self { Self(path: ["options", "markSeen"]) }
}

extension MigrationSetting<MoveOptions.Order> {
    public static var order: Self { Self(path: ["options", "order"]) }
}

extension MigrationSetting<MoveOptionsParameters.FollowUp> {
    public static var followUp: Self { Self(path: ["options", "followUp"]) }
}

/// The value of a setting.
public protocol SettingValue: Sendable {
    var json: JSONValue { get }
}

extension String: SettingValue { public var json: JSONValue { .string(self) } }
extension Int: SettingValue { public var json: JSONValue { .integer(Int64(self)) } }
extension Bool: SettingValue { public var json: JSONValue { .bool(self) } }

extension SettingValue where Self: RawRepresentable<String> { public var json: JSONValue { .string(rawValue) } }
extension MailProtocol: SettingValue {}
extension TransportSecurity: SettingValue {}
extension MoveOptions.MarkSeen: SettingValue {}
extension MoveOptions.Order: SettingValue {}
extension MoveOptions.Flags: SettingValue {}

extension [EmailAddress]: SettingValue { public var json: JSONValue { .array(map { .string($0.asGiven) }) } }

extension OldServerParameters.Certificate: SettingValue {
    public var json: JSONValue {
        ["verify": verify.map { .string($0.rawValue) } ?? .null, "sha256": sha256.map(JSONValue.string) ?? .null]
    }
}

extension MoveOptionsParameters.Folders: SettingValue {
    public var json: JSONValue {
        var targets = JSONObject()
        for (folder, target) in (map ?? [:]).sorted(by: { $0.key < $1.key }) { targets[folder] = .string(target) }
        return [
            "exclude": exclude.map { .array($0.map(JSONValue.string)) } ?? .null,
            "map": map == nil ? .null : .object(targets), "shared": shared.map(JSONValue.bool) ?? .null,
        ]
    }
}

extension MoveOptionsParameters.FollowUp: SettingValue {
    public var json: JSONValue {
        ["hours": .integer(Int64(hours)), "everyMinutes": everyMinutes.map { .integer(Int64($0)) } ?? .null]
    }
}
