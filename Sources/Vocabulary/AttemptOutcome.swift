// SPDX-License-Identifier: Apache-2.0

/// What came of asking the old server about a password.
public enum AttemptOutcome: String, Sendable, Codable, CaseIterable {
    case accepted, rejected
    /// It could not be asked, did not answer, or asked to come back later.
    case unavailable
    case noSuchUser
}
