// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which messages of a mailbox are meant.
public enum MessageOrigin: Sendable {
    /// Those that this store has delivered, and that are still known by what it called them.
    case ours
    /// All others.
    case others
}

/// What is in a mailbox and its folders, read message by message.
public struct MailboxContents: Sendable {
    /// How often each content is there.
    public var messages: [ContentHash: Int] = [:]
    /// Octets of a message of each content.
    public var octets: [ContentHash: Int] = [:]
    /// How many are staged there that no batch intends to make visible.
    public var leftovers = 0
    /// Why some could not be read, of the first few.
    public var unreadable: [MailStoreError] = []

    public init() {}

    public var count: Int { messages.values.reduce(0, +) }
}
