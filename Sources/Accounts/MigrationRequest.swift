// SPDX-License-Identifier: Apache-2.0

public import Records
public import Runs
public import Statuses
public import Vocabulary

/// What the administrator asks for when enabling a domain's migration.
public struct MigrationRequest: Sendable {
    public var domain: DomainName
    public var oldServer: OldServer
    public var validDays: Int
    /// nil: there is no list.
    public var knownAccounts: [EmailAddress]?
    public var excludedAccounts: [EmailAddress]
    public var autoCreateAccounts: Bool
    public var syncPasswords: Bool
    public var options: MoveOptions

    public init(
        domain: DomainName, oldServer: OldServer, validDays: Int = 30, knownAccounts: [EmailAddress]? = nil,
        excludedAccounts: [EmailAddress] = [], autoCreateAccounts: Bool = false, syncPasswords: Bool = true,
        options: MoveOptions = MoveOptions()
    ) {
        self.domain = domain
        self.oldServer = oldServer
        self.validDays = validDays
        self.knownAccounts = knownAccounts
        self.excludedAccounts = excludedAccounts
        self.autoCreateAccounts = autoCreateAccounts
        self.syncPasswords = syncPasswords
        self.options = options
    }
}

/// A domain's migration as the administrator sees it.
public struct MigrationOverview: Sendable {
    public var settings: MigrationSettings
    public var state: WindowState
    /// nil where there is no list.
    public var knownAccounts: [EmailAddress]?
    public var excludedAccounts: [EmailAddress]
    public var figures: DomainFigures
    /// nil where nobody has been at the old server since the start.
    public var reachability: Reachability?

    public var totals: DomainTotals { figures.totals }
}
