// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records
import Vocabulary

/// A list that an administrator gave with the settings; the raw value is its `kind`.
private enum Listed: Int64 {
    case known = 0
    case excluded = 1
}

extension Session {
    func settings(of domain: DomainName) throws -> MigrationSettings? {
        try ask { db in
            try db.first(
                "SELECT value FROM settings WHERE domain = (SELECT id FROM domain WHERE name = ?)", [domain.name]
            ) { try file.settingsMemo.settings(of: domain.name, from: $0.text()) }
        }
    }

    func allSettings() throws -> [MigrationSettings] {
        try ask { db in
            try db.sound(
                "SELECT domain.name, value FROM settings JOIN domain ON domain.id = settings.domain ORDER BY domain.name",
                damaged: file.pass
            ) { try file.settingsMemo.settings(of: $0.text(), from: $0.text()) }
        }
    }

    func put(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) throws {
        try ask { db in
            let domain: Int64
            let text: String
            do {
                domain = try added(DomainName(settings.domain), in: db)
                text = try settings.text
            } catch let error as InvalidAddress {
                throw RecordsError(
                    code: .conflict, detail: "The settings are for \(settings.domain), which is no domain: \(error).")
            }
            try db.run(
                "INSERT INTO settings (domain, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                [domain, text])
            if let known { try replace(.known, of: domain, with: known, in: db) }
            if let excluded { try replace(.excluded, of: domain, with: excluded, in: db) }
        }
    }

    private func replace(_ list: Listed, of domain: Int64, with addresses: [EmailAddress], in db: Database) throws {
        try db.run("DELETE FROM listed WHERE domain = ? AND kind = ?", [domain, list.rawValue])
        let insert = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO listed (domain, kind, address, given) VALUES (?, ?, ?, ?)")
        // In the table's own order, so that each row is appended at its end.
        for (key, given) in addresses.map({ ($0.key, $0.givenWhereNotKey) }).sorted(by: { $0.0 < $1.0 }) {
            try insert.execute(arguments: [domain, list.rawValue, key, given])
        }
    }

    func listing(of address: EmailAddress) throws -> (known: Bool, excluded: Bool) {
        try ask { db in
            let kinds = try db.all(
                """
                SELECT kind FROM listed
                WHERE domain = (SELECT id FROM domain WHERE name = ?) AND kind IN (0, 1) AND address = ?
                """, [address.domain.name, address.key]
            ) { try $0.integer() }
            return (kinds.contains(Listed.known.rawValue), kinds.contains(Listed.excluded.rawValue))
        }
    }

    func knownAccounts(of domain: DomainName) throws -> [EmailAddress] { try addresses(on: .known, of: domain) }

    func excludedAccounts(of domain: DomainName) throws -> [EmailAddress] { try addresses(on: .excluded, of: domain) }

    private func addresses(on list: Listed, of domain: DomainName) throws -> [EmailAddress] {
        try ask { db in
            try db.all(
                """
                SELECT address, given FROM listed
                WHERE domain = (SELECT id FROM domain WHERE name = ?) AND kind = ? ORDER BY address
                """, [domain.name, list.rawValue]
            ) { try $0.address() }
        }
    }
}
