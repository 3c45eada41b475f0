// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Vocabulary

// In which form values are kept, whatever the database: keys of addresses, codes of statuses, messages of intents
// (LedgerForm.swift), settings (SettingsMemo.swift), and where a page has ended (LogCursor.swift).

/// A row that no version of ours has written.
package struct Damage: Error {
    package let detail: String

    package init(detail: String) { self.detail = detail }
}

extension EmailAddress {
    /// The key that rows are found by: equal addresses have the same one, octet for octet.
    package var key: String { description }

    /// The address as given, or only its local part, unless it equals the key.
    package var givenWhereNotKey: String? {
        if givenDomain != domain.name { return asGiven }
        let isKey = givenLocalPart.utf8.elementsEqual(key.utf8.prefix(while: { $0 != UInt8(ascii: "@") }))
        return isKey ? nil : givenLocalPart
    }
}

extension EmailAddress {
    /// - Parameters:
    ///   - key: its key.
    ///   - given: ``givenWhereNotKey``.
    /// - Throws: ``Damage``.
    package init(kept key: String, given: String?) throws {
        do {
            guard let given, let at = key.lastIndex(of: "@") else {
                self = try EmailAddress(key)
                return
            }
            self = try given.contains("@") ? EmailAddress(given) : EmailAddress(given + key[at...])
        } catch {
            throw Damage(detail: "\(key) is no address: \(error)")
        }
    }
}

extension String {
    fileprivate var canonical: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }

    /// Folded for searching: case is ignored, in any script.
    package var folded: String { lowercased().canonical }
}

extension MigrationStatus {
    /// How it is kept: the code in `outcome` and `status`, in the order in which the log sorts them.
    package var code: Int64 {
        switch self {
        case .notStarted: 0
        case .inProgress: 1
        case .completed: 2
        case .failed: 3
        case .nonMigrating: 4
        }
    }

    package init(code: Int64) throws {
        guard let status = Self.allCases.first(where: { $0.code == code }) else {
            throw Damage(detail: "there is no status \(code)")
        }
        self = status
    }
}
