// SPDX-License-Identifier: Apache-2.0

/// Up to where a store knows the folders that mail was moved to: by the folder's path with `/` between levels, a text of
/// the store's own without NUL. The caller records it with what was moved (``Publication/notes``).
public typealias MailboxNotes = [String: String]

/// How a mailbox stands to what is noted of it, in a store whose messages bear no names.
public struct MailboxStanding: Sendable {
    /// What has come into the folders since, whoever brought it. Where the records are older than the mailbox, as after a
    /// restored backup, what they do not know of is among it.
    public var news = MailboxContents()
    /// Whether the mailbox is older than the notes, as after a restored backup of its own: what was moved since is gone.
    public var isOlder = false
    /// As it stands now.
    public var notes: MailboxNotes = [:]

    public init() {}
}
