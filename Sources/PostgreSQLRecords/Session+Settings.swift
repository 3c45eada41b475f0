// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
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
        try ask {
            guard let id = try id(of: domain) else { return nil }
            return try first("SELECT value FROM settings WHERE domain = $1", [.integer(id)]) {
                try server.settingsMemo.settings(of: domain.name, from: $0.text())
            }
        }
    }

    func allSettings() throws -> [MigrationSettings] {
        try ask {
            try sound(
                "SELECT domain.name, value FROM settings JOIN domain ON domain.id = settings.domain ORDER BY domain.name"
            ) { try server.settingsMemo.settings(of: $0.text(), from: $0.text()) }
        }
    }

    func put(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) throws {
        try ask {
            let domain: Int64
            do {
                domain = try added(DomainName(settings.domain))
            } catch let error as InvalidAddress {
                throw RecordsError(
                    code: .conflict, detail: "The settings are for \(settings.domain), which is no domain: \(error).")
            }
            try hold(domain, alone: true)
            if known != nil || excluded != nil { try takeTime() }
            try run(
                """
                INSERT INTO settings (domain, value) VALUES ($1, $2)
                ON CONFLICT (domain) DO UPDATE SET value = excluded.value
                """, [.integer(domain), .text(try settings.text)])
            if let known { try replace(.known, of: domain, with: known) }
            if let excluded { try replace(.excluded, of: domain, with: excluded) }
        }
    }

    private func replace(_ list: Listed, of domain: Int64, with addresses: [EmailAddress]) throws {
        try run(
            "DELETE FROM listed WHERE domain = $1 AND kind = $2", [.integer(domain), .integer(list.rawValue)])
        guard !addresses.isEmpty else { return }
        try run(
            """
            INSERT INTO listed (domain, kind, address, given)
            SELECT $1, $2, * FROM unnest($3::text[], $4::text[])
            ON CONFLICT DO NOTHING
            """,
            [
                .integer(domain), .integer(list.rawValue), column(addresses.map(\.key)),
                column(addresses.map(\.givenWhereNotKey)),
            ])
    }

    func listing(of address: EmailAddress) throws -> (known: Bool, excluded: Bool) {
        try ask {
            guard let domain = try id(of: address.domain) else { return (false, false) }
            let kinds = try all(
                "SELECT kind FROM listed WHERE domain = $1 AND kind IN (0, 1) AND address = $2",
                [.integer(domain), .text(address.key)]
            ) { try $0.integer() }
            return (kinds.contains(Listed.known.rawValue), kinds.contains(Listed.excluded.rawValue))
        }
    }

    func knownAccounts(of domain: DomainName) throws -> [EmailAddress] { try addresses(on: .known, of: domain) }

    func excludedAccounts(of domain: DomainName) throws -> [EmailAddress] { try addresses(on: .excluded, of: domain) }

    private func addresses(on list: Listed, of domain: DomainName) throws -> [EmailAddress] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            return try all(
                "SELECT address, given FROM listed WHERE domain = $1 AND kind = $2 ORDER BY address",
                [.integer(domain), .integer(list.rawValue)]
            ) { try $0.address() }
        }
    }
}
