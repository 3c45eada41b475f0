// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A domain's migration, as the administrator enabled it. Its address lists are kept beside it.
public struct MigrationSettings: Sendable, Hashable, Codable {
    public var domain: String
    public var oldServer: OldServer
    public var validDays: Int
    /// Whether there is a list of known accounts (it may be empty).
    public var hasKnownAccounts: Bool
    public var autoCreateAccounts: Bool
    public var syncPasswords: Bool
    public var options: MoveOptions
    public var enabledAt: Timestamp
    public var expiresAt: Timestamp
    public var disabledAt: Timestamp?
    /// Increases with every change: decisions based on an older one are made again.
    public var generation: Int64
    public var warnings: [String]

    public init(
        domain: DomainName, oldServer: OldServer, validDays: Int, hasKnownAccounts: Bool, autoCreateAccounts: Bool,
        syncPasswords: Bool, options: MoveOptions, enabledAt: Timestamp, generation: Int64, warnings: [String]
    ) {
        self.domain = domain.name
        self.oldServer = oldServer
        self.validDays = validDays
        self.hasKnownAccounts = hasKnownAccounts
        self.autoCreateAccounts = autoCreateAccounts
        self.syncPasswords = syncPasswords
        self.options = options
        self.enabledAt = enabledAt
        self.expiresAt = enabledAt.adding(seconds: Double(validDays) * 86400)
        self.generation = generation
        self.warnings = warnings
    }

    /// The window's state at `now`.
    public func state(at now: Timestamp) -> WindowState {
        if disabledAt != nil { return .disabled }
        return now < expiresAt ? .active : .expired
    }
}
