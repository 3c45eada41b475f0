// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which messages of a mailbox are meant.
public enum MessageOrigin: Sendable {
    /// Those that this store has delivered, and that still have the names it gave them.
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
    /// What is staged there, by the names that ``StagedBatch`` has.
    public var staged: [String] = []
    /// Files that could not be read, the first few; each with why.
    public var unreadable: [MailStoreError] = []

    public init() {}

    public var count: Int { messages.values.reduce(0, +) }
}
