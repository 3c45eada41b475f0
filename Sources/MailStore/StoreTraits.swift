// SPDX-License-Identifier: Apache-2.0

/// What others have to know of a store's ways.
public struct StoreTraits: Hashable, Sendable {
    /// As `mailStore.kind` calls it.
    public var kind: String
    /// Whether a delivered message bears a name of the store's own until somebody renames it. Where it does not, a
    /// message is known by its content alone, and all are ``MessageOrigin/others``.
    public var namesMessages = true
    /// Whether what is staged outlives the process, so that a recovery at the start can publish it. Where it does not,
    /// a recovery reads the mailbox, and is left to the account's next run.
    public var keepsStaged = true
    /// Whether an account's batch may be intended only when the one before it is settled.
    public var intendsOneByOne = false

    public init(kind: String) { self.kind = kind }
}
