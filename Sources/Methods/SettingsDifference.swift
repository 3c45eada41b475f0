// SPDX-License-Identifier: Apache-2.0

import Accounts
import JSONWire
import MailMoveAPI

/// What changes in a domain's settings, under the names that `getMigration` has for them.
struct SettingsDifference {
    /// In the order in which they are told.
    private(set) var changes: [SettingChange] = []

    private static let compared = [
        "state", "oldServer", "knownAccounts", "excludedAccounts", "autoCreateAccounts", "syncPasswords", "options",
        "validDays", "enabledAt", "expiresAt",
    ]

    init(_ plan: SettingsPlan) throws {
        guard let before = plan.before else { return }
        let (from, to) = (try Self.json(before), try Self.json(plan.after))
        for name in Self.compared { compare(name, from[name] ?? .null, to[name] ?? .null) }
    }

    private static func json(_ overview: MigrationOverview) throws -> JSONValue {
        try JSONDocument(JSONText.encode(MailMoveAPI.Migration(overview, withLists: true))).root.decode()
    }

    private mutating func compare(_ field: String, _ from: JSONValue, _ to: JSONValue) {
        guard from != to else { return }
        guard let old = from.object, let new = to.object else {
            changes.append(SettingChange(field: field, from: from, to: to))
            return
        }
        for member in new.members { compare("\(field).\(member.name)", old[member.name] ?? .null, member.value) }
        for member in old.members where new[member.name] == nil {
            compare("\(field).\(member.name)", member.value, .null)
        }
    }

    /// For an event.
    static func text(of changes: [SettingChange]) -> String {
        changes.map { "\($0.field): \(text(of: $0.from)) → \(text(of: $0.to))" }.joined(separator: "; ")
    }

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .null: "none"
        case .string(let text): text
        case .array(let folders) where !folders.contains { $0.string?.contains("@") ?? false }:
            folders.isEmpty ? "none" : folders.compactMap(\.string).joined(separator: ", ")
        case .array(let addresses): "\(addresses.count) addresses"
        default: (try? String(decoding: JSONText.encode(value), as: UTF8.self)) ?? ""
        }
    }
}
