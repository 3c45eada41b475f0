// SPDX-License-Identifier: Apache-2.0

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
    /// How many messages may be there a second time: nobody can tell whether they had arrived before, and were moved or
    /// deleted by their user.
    public var perhapsDoubled = 0
    /// Up to where the folder is known from now on.
    public var notes: MailboxNotes = [:]

    public init(_ outcomes: [Outcome]) { self.outcomes = outcomes }

    /// Whether each was still staged, for stores that refuse none.
    public var wereStaged: [Bool] { outcomes.map { $0 != .takenAway } }
}
