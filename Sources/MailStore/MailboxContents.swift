// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which messages of a mailbox are meant.
public enum MessageOrigin: Sendable {
    /// Messages that this store has delivered, and that still have the name it gave them; none in a store that gives no
    /// names (``StoreTraits/namesMessages``).
    case ours
    /// All others.
    case others
}

/// What is in a mailbox and its folders, read message by message.
public struct MailboxContents: Sendable {
    /// How often each content is there.
    public var messages: [ContentHash: Int] = [:]
    /// The size of a message, by content.
    public var octets: [ContentHash: Int] = [:]
    /// How many staged messages there are that no batch intends to make visible.
    public var leftovers = 0
    /// Why messages could not be read; only the first few.
    public var unreadable: [MailStoreError] = []

    public init() {}

    public var count: Int { messages.values.reduce(0, +) }
}
