// SPDX-License-Identifier: Apache-2.0

import MailStore
import Synchronization

/// What has been written and not yet made durable, by place, in case files must be synced one by one.
final class Unsynced: Sendable {
    struct Entry {
        /// Names in `tmp/`.
        var files: [String] = []
        /// Paths of directories in which others were made.
        var directories: [String] = []
    }

    private let entries = Mutex<[MailboxPlace: Entry]>([:])

    func add(_ files: [String], directories: [String] = [], in place: MailboxPlace) {
        guard !files.isEmpty || !directories.isEmpty else { return }
        entries.withLock { entries in
            entries[place, default: Entry()].files += files
            entries[place, default: Entry()].directories += directories
        }
    }

    /// Takes everything on `device`; to be given back with ``add(_:directories:in:)`` if it could not be made durable.
    func take(device: UInt64) -> [MailboxPlace: Entry] {
        entries.withLock { entries in
            let taken = entries.filter { $0.key.device == device }
            if taken.count == entries.count { entries = [:] } else { for place in taken.keys { entries[place] = nil } }
            return taken
        }
    }
}
