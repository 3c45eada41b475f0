// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Where the new platform's passwords live.
///
/// Either here, and then logins are decided here (``decidesLogins``), or in a database of the platform's own. There a
/// password is repaired at the first login and everything else is left to the platform: nobody is let in from here.
///
/// Addresses and hashes are compared octet by octet, whatever a database's collation says. Nothing here blocks the
/// cooperative pool, and each call ends within a time of the directory's own.
public protocol AccountDirectory: Sendable {
    /// Whether passwords are kept in the records of this program, where a hand-over is one transaction of theirs.
    var decidesLogins: Bool { get }

    /// Whether accounts can be created.
    var canCreate: Bool { get }

    /// What is known of an account; nil where there is none.
    /// - Parameter recorded: what the records of this program hold of it, for a directory that is these.
    func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry?

    /// Whether the password is the account's own, where ``DirectoryEntry/hash`` is nil: only the directory can tell.
    func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool

    /// Compares and replaces in one step: the hash becomes `hash` if it still is `expected`. When this returns `replaced`,
    /// that is durable.
    func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement

    /// - Returns: whether it was created; false where there is such an account already.
    func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool

    /// Accounts of `domain` by address, after `cursor`, at most `limit`.
    func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount]

    /// No cache knows the account's former password when this returns. A failure is the directory's own affair to tell.
    func flush(_ address: EmailAddress) async
}

/// What a directory says of an account.
public struct DirectoryEntry: Hashable, Sendable {
    /// As the directory keeps it, whatever the form; nil where only the directory can compare.
    public var hash: String?
    /// Whether it may log in at all.
    public var isActive: Bool
    /// Its password is checked elsewhere.
    public var isExternal: Bool
    public var displayName: String?
    public var quotaOctets: Int64?

    public init(
        hash: String?, isActive: Bool = true, isExternal: Bool = false, displayName: String? = nil,
        quotaOctets: Int64? = nil
    ) {
        self.hash = hash
        self.isActive = isActive
        self.isExternal = isExternal
        self.displayName = displayName
        self.quotaOctets = quotaOctets
    }
}

/// An account that a directory lists.
public struct DirectoryAccount: Hashable, Sendable {
    public var address: EmailAddress
    public var displayName: String?
    public var quotaOctets: Int64?

    public init(address: EmailAddress, displayName: String? = nil, quotaOctets: Int64? = nil) {
        self.address = address
        self.displayName = displayName
        self.quotaOctets = quotaOctets
    }
}

/// What became of a replacement.
public enum Replacement: Hashable, Sendable {
    case replaced
    /// The hash is another by now, and stays.
    case changed
    case absent
}

/// Why a directory could not be read or written. What was to be changed has perhaps been changed: only a lookup tells.
public struct DirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened, where, and what to do; never a password or a hash.
    public var detail: String

    public init(_ detail: String) { self.detail = detail }

    public var description: String { detail }
}
