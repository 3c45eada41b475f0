// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Records
import Synchronization

/// Settings as last decoded, with the text they were decoded from.
///
/// Every login and every status needs them, and they hardly ever change. The text is read anew each time, in the
/// caller's own snapshot; only the decoding is skipped if the text is the same.
package final class SettingsMemo: Sendable {
    private struct Decoded {
        var text: String
        var settings: MigrationSettings
    }

    private let decoded = Mutex<[String: Decoded]>([:])
    /// When full, the memo is emptied, which costs only some decoding.
    private let capacity = 10_000

    package init() {}

    /// - Parameter domain: the domain's name, under which only the latest text is kept.
    /// - Throws: ``Damage``.
    package func settings(of domain: String, from text: String) throws -> MigrationSettings {
        if let known = decoded.withLock({ $0[domain] }), known.text.hasSameOctets(as: text) { return known.settings }
        let settings: MigrationSettings
        do {
            settings = try JSONDecoder().decode(MigrationSettings.self, from: Data(text.utf8))
        } catch {
            throw Damage(detail: "the settings of \(domain) cannot be read: \(error)")
        }
        decoded.withLock { decoded in
            if decoded.count >= capacity { decoded.removeAll(keepingCapacity: true) }
            decoded[domain] = Decoded(text: text, settings: settings)
        }
        return settings
    }
}

extension String {
    /// Strings that Swift considers equal may differ in their octets.
    fileprivate func hasSameOctets(as other: String) -> Bool {
        let isSame = utf8.withContiguousStorageIfAvailable { octets in
            other.utf8.withContiguousStorageIfAvailable { others in
                guard octets.count == others.count, let one = octets.baseAddress, let other = others.baseAddress else {
                    return octets.count == others.count
                }
                return memcmp(one, other, octets.count) == 0
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension MigrationSettings {
    /// As it is kept: JSON.
    package var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
