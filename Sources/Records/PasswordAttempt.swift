// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The latest time that the old server was asked about a password of an account, or would have been.
public struct PasswordAttempt: Hashable, Sendable, Codable {
    public var at: Timestamp
    /// The login that it was asked for; a run that nobody waits for asks for the latest one.
    public var via: TriggerOrigin
    public var outcome: AttemptOutcome
    /// Why it was not accepted; nil where it was.
    public var reason: Reason?

    public init(at: Timestamp, via: TriggerOrigin, outcome: AttemptOutcome, reason: Reason? = nil) {
        self.at = at
        self.via = via
        self.outcome = outcome
        self.reason = reason
    }
}
