// SPDX-License-Identifier: Apache-2.0

public import PlatformHashes
public import Secrets
public import Vocabulary

/// Where the new platform's passwords live.
///
/// Either here, where logins are then decided (``decidesLogins``), or in the platform's own database. In the latter,
/// the password is repaired at the first login, and everything else is left to the platform: no login is accepted from
/// here.
///
/// Addresses and hashes are compared octet by octet, whatever a database's collation is. Nothing here blocks the
/// cooperative pool, and each call ends within the directory's own time limit.
public protocol AccountDirectory: Sendable {
    /// Whether passwords are kept in this program's records, where a hand-over is a single transaction.
    var decidesLogins: Bool { get }

    /// Whether accounts can be created.
    var canCreate: Bool { get }

    /// Whether it could be read the last time.
    var isAnswering: Bool { get }

    /// In what form it takes passwords; nil: as `passwords.scheme` makes hashes.
    var style: HashStyle? { get }

    /// Whether it compares passwords itself where it gives no hash (``matches(_:of:)``).
    var comparesPasswords: Bool { get }

    /// What is known about an account; nil if there is none.
    /// - Parameter recorded: what this program's records hold about it, for a directory that consists of them, or has
    ///   several hashes of an account.
    func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry?

    /// Whether the password is the account's own, if ``DirectoryEntry/hash`` is nil and only the directory can tell.
    func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool

    /// Hashes of the account's other secrets, such as application passwords.
    func others(of address: EmailAddress) async throws(DirectoryError) -> [String]

    /// Compares and replaces in one step: the hash becomes `hash` if it still is `expected`. The result `replaced`
    /// means that the change is durable.
    func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement

    /// - Returns: whether it was created; false if the account already exists.
    func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool

    /// Accounts of `domain` by address, after `cursor`, at most `limit`.
    func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount]

    /// Removes the account's former password from all caches. The directory itself reports failures.
    func flush(_ address: EmailAddress) async

    /// Connects, and changes nothing.
    func connect() async throws(DirectoryError)

    /// Tries whether ``replace(_:with:ifStill:)`` would work, and takes everything back.
    /// - Parameters:
    ///   - hash: what the account has now.
    ///   - sample: a hash as it would be written.
    func tryReplacement(
        of address: EmailAddress, standing hash: String, by sample: String
    ) async throws(DirectoryError) -> ReplacementTrial

    /// Removes the former password from caches, as ``flush(_:)``, and says what came of it.
    func tryFlush(_ address: EmailAddress) async throws(DirectoryError) -> FlushTrial
}

extension AccountDirectory {
    public var isAnswering: Bool { true }
    public var style: HashStyle? { nil }
    public var comparesPasswords: Bool { false }
    public func others(of address: EmailAddress) async throws(DirectoryError) -> [String] { [] }
    public func flush(_ address: EmailAddress) async {}
    public func connect() async throws(DirectoryError) {}
    public func tryReplacement(
        of address: EmailAddress, standing hash: String, by sample: String
    ) async throws(DirectoryError) -> ReplacementTrial { .impossible }
    public func tryFlush(_ address: EmailAddress) async throws(DirectoryError) -> FlushTrial { .notConfigured }
}

/// What a directory says about an account.
public struct DirectoryEntry: Hashable, Sendable {
    /// In the directory's own form; nil if only the directory can compare.
    public var hash: String?
    /// Whether it may log in at all.
    public var isActive: Bool
    /// Whether its password is checked elsewhere.
    public var isExternal: Bool
    public var displayName: String?
    public var quotaOctets: Int64?
    /// When its password was last changed; nil where nobody knows.
    public var changedAt: Timestamp?

    public init(
        hash: String?, isActive: Bool = true, isExternal: Bool = false, displayName: String? = nil,
        quotaOctets: Int64? = nil, changedAt: Timestamp? = nil
    ) {
        self.hash = hash
        self.isActive = isActive
        self.isExternal = isExternal
        self.displayName = displayName
        self.quotaOctets = quotaOctets
        self.changedAt = changedAt
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

/// The outcome of a replacement.
public enum Replacement: Hashable, Sendable {
    case replaced
    /// The hash had changed meanwhile, and was kept.
    case changed
    case absent
}

/// What came of trying a replacement.
public enum ReplacementTrial: Hashable, Sendable {
    /// It changes what it should, and nothing where another hash is expected.
    case sound
    /// Part of that: it changes nothing where another hash is expected; the rest could not be taken back.
    case soundSoFar
    /// What is wrong with it.
    case faulty(String)
    /// Nothing can be taken back.
    case impossible
}

/// What came of trying a flush.
public enum FlushTrial: Hashable, Sendable { case done, notConfigured }

/// Why a directory could not be read or written. A requested change may have been made: only a lookup tells.
public struct DirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened, where, and what to do; never a password or a hash.
    public var detail: String

    public init(_ detail: String) { self.detail = detail }

    public var description: String { detail }
}
