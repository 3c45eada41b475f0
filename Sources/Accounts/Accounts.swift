// SPDX-License-Identifier: Apache-2.0

// What administrators, and the platform for its users, change.
//
// - ``AccountDesk``: accounts are created (`AccountCreation`), imported from a file (`AccountImport`), listed and
//   deleted, paused (`AccountPauses`) and tried again (`Retries`), and users change their passwords.
// - ``SettingsDesk``: a domain's migration is enabled, changed (``SettingsPlan``), disabled and forgotten; runs and
//   questions that are under way with other settings are ended.
// - ``WindowWatch``: a domain's window ends by itself.

public import Secrets
public import Vocabulary

/// A row of a bulk creation, as requested.
public struct AccountRow: Sendable {
    public var address: String
    public var password: Password?
    /// `{SCHEME}…` as Dovecot writes it.
    public var passwordHash: String?
    public var displayName: String?
    public var quotaOctets: Int64?
    /// What is wrong with its form, if it cannot be taken as an account.
    public var problem: String?

    public init(
        address: String, password: Password?, passwordHash: String?, displayName: String?, quotaOctets: Int64?,
        problem: String? = nil
    ) {
        self.address = address
        self.password = password
        self.passwordHash = passwordHash
        self.displayName = displayName
        self.quotaOctets = quotaOctets
        self.problem = problem
    }
}

/// What becomes of a row whose account already exists.

/// What came of a bulk creation.
public struct CreationOutcome: Sendable {
    public struct Rejection: Sendable {
        public typealias Reason = RowRejection

        public var index: Int
        public var address: String
        public var reason: Reason
        public var detail: String
    }

    public var created = 0
    public var updated = 0
    public var passwordsKept = 0
    public var skipped = 0
    public var rejected: [Rejection] = []
    /// The accounts whose password was generated.
    public var generated: [(address: EmailAddress, password: Password)] = []
}
