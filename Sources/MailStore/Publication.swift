// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What has become of a batch that was published.
public struct Publication: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        case visible
        /// It was not staged any more.
        case takenAway
        /// The store does not take this message, for the reason given; it takes others.
        case refused(String)
    }

    /// Of each message, in the batch's order.
    public var outcomes: [Outcome]
    /// Up to where the folder is known from now on.
    public var notes: MailboxNotes = [:]

    public init(_ outcomes: [Outcome]) { self.outcomes = outcomes }

    /// Whether each was still staged, for stores that refuse none.
    public var wereStaged: [Bool] { outcomes.map { $0 != .takenAway } }
}

/// Whoever publishes a batch: what a store asks it meanwhile.
public struct Publisher: Sendable {
    /// Whether the mailbox is its to deliver to: another node may take it over. A store in which a batch that two publish
    /// would arrive twice asks right before each message becomes visible.
    public var isOurs: @Sendable () -> Bool
    /// Asked before messages of the account become visible that may be there a second time then: nobody can tell whether
    /// they had arrived before, and were moved or deleted by their user. They are so many; where that cannot be recorded,
    /// they wait.
    public var mayDouble: @Sendable (EmailAddress, Int) async -> Bool

    public init(
        isOurs: @escaping @Sendable () -> Bool = { true },
        mayDouble: @escaping @Sendable (EmailAddress, Int) async -> Bool = { _, _ in true }
    ) {
        self.isOurs = isOurs
        self.mayDouble = mayDouble
    }
}
