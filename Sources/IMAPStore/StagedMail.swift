// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailStore
import Synchronization
import Vocabulary

/// A message that waits in a file, as it will go over the wire.
struct SpooledMessage: Sendable {
    var file: SpoolFile
    var offset: Int
    /// On the wire, with what the store has put on top.
    var octets: Int
    /// When it arrived, in seconds since 1970.
    var arrival: Int64
}

/// A message on its way into a folder.
struct OutgoingMessage: Sendable {
    var spooled: SpooledMessage
    var flags: [Flag]
    var keywords: [Flag]
}

/// What is staged, by account and handle.
final class StagedMail: Sendable {
    private let messages = Mutex<[EmailAddress: [String: OutgoingMessage]]>([:])

    func add(_ spooled: [(handle: String, message: SpooledMessage)], of account: EmailAddress) {
        messages.withLock { messages in
            for (handle, message) in spooled {
                messages[account, default: [:]][handle] = OutgoingMessage(spooled: message, flags: [], keywords: [])
            }
        }
    }

    /// With what a message is to arrive.
    func mark(_ handle: String, of account: EmailAddress, flags: [Flag], keywords: [Flag]) {
        messages.withLock { messages in
            messages[account]?[handle]?.flags = flags
            messages[account]?[handle]?.keywords = keywords
        }
    }

    /// nil for what is not staged, or is no longer.
    func messages(_ handles: [String], of account: EmailAddress) -> [OutgoingMessage?] {
        messages.withLock { messages in handles.map { messages[account]?[$0] } }
    }

    func remove(_ handles: some Sequence<String>, of account: EmailAddress) {
        messages.withLock { messages in
            for handle in handles { messages[account]?[handle] = nil }
            if messages[account]?.isEmpty ?? false { messages[account] = nil }
        }
    }

    /// Removes all but those that are kept.
    func sweep(_ account: EmailAddress, keeping kept: Set<String>) {
        messages.withLock { messages in
            let left = (messages[account] ?? [:]).filter { kept.contains($0.key) }
            messages[account] = left.isEmpty ? nil : left
        }
    }

    func count(of account: EmailAddress, except intended: Set<String>) -> Int {
        messages.withLock { $0[account]?.keys.count { !intended.contains($0) } ?? 0 }
    }
}
