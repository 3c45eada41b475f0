// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What nodes that share the records agree on: whose an account's run is, and how many wrong passwords there were. Where
/// there is but one node, everything is its own.
public protocol NodeRecords: Sendable {
    /// Whether other nodes may use these records.
    var areShared: Bool { get }
    /// Whether this node is the one that does what one of them must do for all.
    var leads: Bool { get }

    /// Takes an account's run for this node. Whoever had it before and is gone has no say in it any more.
    func claim(_ wish: RunClaim) async throws -> RunGrant
    /// Gives the run back.
    func release(_ lease: Lease) async throws
    /// Whether what has been claimed is this node's without doubt at this moment: what it does outside the records
    /// (a file that it renames) cannot be refused later.
    func holds(_ lease: Lease?) -> Bool
    /// Accounts with a sealed password whose run nobody has: left behind by a node, or never begun.
    func orphans() async throws -> [AccountRecord]

    /// Whether one more wrong password may be tried, over all nodes. Until it is settled, it counts as one.
    func grant(_ claim: GuessClaim) async throws -> GuessGrant
    /// What came of it.
    /// - Parameters:
    ///   - counted: nil where it counts for nothing; else the network that it counts against, if any.
    ///   - shown: nil where the old server was not shown it.
    func settle(_ guess: GuessGrant.Number, counted: CountedGuess?, shown: ShownGuess?) async throws

    /// The nodes that have been seen of late, by name; none where there is but one.
    func nodes() async throws -> [NodeState]
    /// What has changed since, by whatever node.
    func changes(since revision: Revision?) async throws -> Changes
}

/// A node's right to run an account: what it writes in a run counts only as long as it holds.
public struct Lease: Hashable, Sendable {
    public var account: AccountRecord.ID
    /// Rises with each lease of the account.
    public var token: Int64

    public init(account: AccountRecord.ID, token: Int64) {
        self.account = account
        self.token = token
    }

    /// The lease that the current task works under: every change that it makes is refused once the lease is lost.
    @TaskLocal public static var current: Lease?
}

/// What a node wants before it runs an account.
public struct RunClaim: Sendable {
    public var account: AccountRecord.ID
    /// Where it is about to open a connection.
    public var server: String
    /// How many runs may go on there, over all nodes.
    public var mostOfServer: Int
    /// How long after another node's run the next may begin.
    public var secondsBetween: Double

    public init(account: AccountRecord.ID, server: String, mostOfServer: Int, secondsBetween: Double) {
        self.account = account
        self.server = server
        self.mostOfServer = mostOfServer
        self.secondsBetween = secondsBetween
    }
}

public enum RunGrant: Hashable, Sendable {
    /// nil where nobody else could want it.
    case granted(Lease?)
    /// Another node has it.
    case elsewhere
    /// Not before this many seconds.
    case later(seconds: Double)
    /// Over all nodes the old server has as many as it may.
    case full
}

public struct GuessClaim: Sendable {
    /// The account's key, known or not.
    public var account: String
    public var network: String?
    /// How many there may be within ``window`` seconds.
    public var mostOfAccount: Int
    public var mostOfNetwork: Int
    public var window: Double
    /// Stands for the password, under a key that all nodes have. One that counts already does not count again.
    public var digest: [UInt8]
    /// Whether it counts even then.
    public var countsAgain: Bool

    public init(
        account: String, network: String?, mostOfAccount: Int, mostOfNetwork: Int, window: Double, digest: [UInt8],
        countsAgain: Bool = false
    ) {
        self.digest = digest
        self.countsAgain = countsAgain
        self.account = account
        self.network = network
        self.mostOfAccount = mostOfAccount
        self.mostOfNetwork = mostOfNetwork
        self.window = window
    }
}

public enum GuessGrant: Hashable, Sendable {
    public typealias Number = Int64

    /// The number is nil where this node alone counts. `earlier` is what has become of the same password within the
    /// window, whoever tried it, the oldest first.
    case granted(Number?, earlier: [EarlierGuess])
    case tooMany(retryAfter: Int)
}

/// The same password, tried before.
public struct EarlierGuess: Hashable, Sendable {
    public var seconds: Double
    public var counts: Bool
    /// nil where the old server was not shown it.
    public var shown: ShownGuess?

    public init(seconds: Double, counts: Bool, shown: ShownGuess?) {
        self.seconds = seconds
        self.counts = counts
        self.shown = shown
    }
}

/// What an old server has said of a wrong password.
public struct ShownGuess: Hashable, Sendable {
    /// Of the settings under which it was asked.
    public var generation: Int64
    /// Said by those who decide on it: nothing here depends on it.
    public var verdict: String

    public init(generation: Int64, verdict: String) {
        self.generation = generation
        self.verdict = verdict
    }
}

/// A wrong password that counts for its account.
public struct CountedGuess: Hashable, Sendable {
    public var network: String?

    public init(network: String?) { self.network = network }
}

public struct NodeState: Hashable, Sendable {
    public var name: String
    public var version: String
    public var startedAt: Timestamp
    public var seenAt: Timestamp
    /// Accounts that it moves.
    public var moving: Int

    public init(name: String, version: String, startedAt: Timestamp, seenAt: Timestamp, moving: Int) {
        self.name = name
        self.version = version
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.moving = moving
    }
}

/// Up to where changes have been seen.
public struct Revision: Hashable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }
}

/// Rows as they stand, of which at least those are here that have changed.
public struct Changes: Sendable {
    public var accounts: [AccountRecord] = []
    public var settings: [MigrationSettings] = []
    /// Domains whose settings are no more.
    public var forgotten: [String] = []
    /// Runs that other nodes have.
    public var running: Set<AccountRecord.ID> = []
    public var revision: Revision

    public init(revision: Revision) { self.revision = revision }
}

/// One node, which has everything for itself.
extension NodeRecords {
    public var areShared: Bool { false }
    public var leads: Bool { true }
    public func claim(_: RunClaim) async throws -> RunGrant { .granted(nil) }
    public func release(_: Lease) async throws {}
    public func holds(_: Lease?) -> Bool { true }
    public func orphans() async throws -> [AccountRecord] { [] }
    public func grant(_: GuessClaim) async throws -> GuessGrant { .granted(nil, earlier: []) }
    public func settle(_: GuessGrant.Number, counted: CountedGuess?, shown: ShownGuess?) async throws {}
    public func nodes() async throws -> [NodeState] { [] }
    public func changes(since: Revision?) async throws -> Changes { Changes(revision: Revision(number: 0)) }
}
