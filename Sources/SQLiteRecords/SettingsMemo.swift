// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Synchronization

/// Settings as they were last decoded, beside the text that they were decoded from.
///
/// Every login and every status asks for them, and they hardly ever change. What a domain's settings are is read anew
/// each time, in the caller's own snapshot; only the decoding is left out where the text is the same.
final class SettingsMemo: Sendable {
    private struct Decoded {
        var text: String
        var settings: MigrationSettings
    }

    private let decoded = Mutex<[String: Decoded]>([:])
    /// A full house is emptied: that costs a decoding, nothing more.
    private let capacity = 10_000

    /// - Parameter domain: the domain's name; of another domain's text no more than one is kept under it.
    func settings(of domain: String, from text: String) throws -> MigrationSettings {
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
    /// Texts that are equal to Swift may differ in their octets.
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
