// SPDX-License-Identifier: Apache-2.0

import Secrets
import Synchronization

/// Correct passwords of the last minutes, as digests under a key of this process, so that polling mail programs do not
/// cost a hash each time. An entry is void as soon as the account's hash changes.
final class PasswordCache: Sendable {
    private struct Entry {
        var digest: PasswordDigest
        var hash: String
        var until: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])
    /// When full, the cache is emptied: a wrong choice of what to keep costs only a hash.
    private let capacity = 200_000

    func contains(_ digest: PasswordDigest, for account: String, hash: String, now: ContinuousClock.Instant) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[account] else { return false }
            guard entry.hash == hash, entry.until > now else {
                entries[account] = nil
                return false
            }
            return entry.digest == digest
        }
    }

    func insert(_ digest: PasswordDigest, for account: String, hash: String, until: ContinuousClock.Instant) {
        entries.withLock { entries in
            if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
            entries[account] = Entry(digest: digest, hash: hash, until: until)
        }
    }
}
