// SPDX-License-Identifier: Apache-2.0

/// What a socket may be used for. The admin's socket may call everything.
public enum Role: String, Sendable, Codable, CaseIterable, Comparable {
    /// A mail server's or a portal's: what one login or one user's page needs.
    case login
    /// The administrator's.
    case admin

    public static func < (left: Self, right: Self) -> Bool { left == .login && right == .admin }
}
