// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
public import Records
import Vocabulary
import Waiting

/// A node that joins.
public struct JoiningNode: Sendable {
    public var name: String
    public var version: String
    /// Whether the mail store is one that all nodes reach.
    public var sharesMail: Bool
    /// How long what it has claimed stays its own without a sign of life, in seconds.
    public var leaseSeconds: Double
    /// Tells one seal key from another, and nothing of it.
    public var sealKeyPrint: [UInt8]

    public init(name: String, version: String, sharesMail: Bool, leaseSeconds: Double, sealKeyPrint: [UInt8]) {
        self.name = name
        self.version = version
        self.sharesMail = sharesMail
        self.leaseSeconds = leaseSeconds
        self.sealKeyPrint = sealKeyPrint
    }
}

/// Why a node may not join; for whoever starts it.
public struct JoinRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    public init(description: String) { self.description = description }
}

extension PostgreSQLRecords {
    /// Signs in. Where a process of the same name may still live, it is waited for, a lease at most.
    /// - Throws: ``JoinRefusal``; `RecordsError`.
    public func join(_ node: JoiningNode) async throws {
        try await checkSealKey(node)
        var signature: String?
        while true {
            let asked = Membership.now
            let seen = signature
            switch try await write({ try Self.session($0).join(node, whoseSignatureWas: seen) }) {
            case .joined(let number, let epoch, let leads):
                membership.joined(number, epoch: epoch, until: asked + node.leaseSeconds, leads: leads)
                return
            case .waits(let now): signature = seen ?? now
            case .refused(let refusal): throw refusal
            }
            try await pause(for: .milliseconds(500))
        }
    }

    private func checkSealKey(_ node: JoiningNode) async throws {
        let name = "seal-key-print"
        guard try await kept(name, orElse: node.sealKeyPrint) == node.sealKeyPrint else {
            throw JoinRefusal(
                description: """
                    The credential seal-key is another than the one that the database \(server.place.subject) is used \
                    with: what other nodes have sealed could not be opened here. Give this node the same.
                    """)
        }
    }

    /// Signs, until it is cancelled. A node that was too late, because it hung or the database was away, gives up what it
    /// had claimed and joins again.
    /// - Parameters:
    ///   - moving: how many accounts it moves.
    ///   - lapsed: called when nothing is its own any more; returns once nothing goes on that was.
    /// - Throws: ``JoinRefusal`` where another process signs with this node's name.
    public func keepSigning(
        _ node: JoiningNode, moving: @escaping @Sendable () -> Int, lapsed: @Sendable () async -> Void
    ) async throws {
        var isLate = false
        while !Task.isCancelled {
            try? await pause(for: .seconds(node.leaseSeconds / 3))
            guard !Task.isCancelled else { return }
            do {
                if !isLate, try await sign(node, moving: moving()) { continue }
                await giveUp(&isLate, lapsed)
                try await join(node)
                isLate = false
            } catch is RecordsError {
                // It goes on trying; what is its own ends by the fence.
                if membership.isFenced { await giveUp(&isLate, lapsed) }
            }
        }
    }

    /// What was claimed in this epoch is nobody's: even if it turns out that the database would have taken a signature
    /// still, another epoch follows.
    private func giveUp(_ isLate: inout Bool, _ lapsed: @Sendable () async -> Void) async {
        guard !isLate else { return }
        isLate = true
        membership.lapsed()
        await lapsed()
    }

    /// - Returns: false where it comes too late.
    private func sign(_ node: JoiningNode, moving: Int) async throws -> Bool {
        let asked = Membership.now
        let (number, epoch) = (membership.number, membership.epoch)
        let (isSigned, leads) = try await write { records in
            let session = try Self.session(records)
            let isSigned = try session.sign(number, epoch: epoch, node.leaseSeconds, moving: moving)
            return (isSigned, try session.leads(number))
        }
        if isSigned { membership.signed(until: asked + node.leaseSeconds, leads: leads) }
        return isSigned
    }

    /// Signs off: others take over at once.
    public func leave() async {
        let (number, epoch) = (membership.number, membership.epoch)
        guard number != 0 else { return }
        // Where the database is away, the others wait for the lease to end.
        _ = try? await note { try Self.session($0).leave(number, epoch: epoch) }
        membership.lapsed()
    }

    /// Warnings for whoever runs it: a standby that may lose what was committed.
    public func warnings() async throws -> [String] {
        let isAtRisk = try await read { records in try Self.session(records).hasAsynchronousStandby() }
        guard isAtRisk else { return [] }
        return [
            """
            the database \(server.place.subject) has a standby, and none that is synchronous: a failover may lose what \
            was committed last, and mail may then come twice. Set synchronous_standby_names
            """
        ]
    }

    public var areShared: Bool { membership.hasJoined }

    public var leads: Bool { membership.leads }

    public func claim(_ wish: RunClaim) async throws -> RunGrant {
        guard membership.hasJoined else { return .granted(nil) }
        guard membership.holds(nil) else { return .later(seconds: 1) }
        let (number, epoch) = (membership.number, membership.epoch)
        let grant = try await Lease.$current.withValue(nil) {
            try await write { try Self.session($0).claim(wish, for: number, epoch: epoch) }
        }
        if case .granted(let lease?) = grant { membership.claimed(lease) }
        return grant
    }

    public func release(_ lease: Lease) async throws {
        membership.released(lease)
        try await Lease.$current.withValue(nil) {
            try await note { try Self.session($0).release(lease) }
        }
    }

    public func holds(_ lease: Lease?) -> Bool { membership.holds(lease) }

    public func orphans() async throws -> [AccountRecord] {
        guard membership.hasJoined else { return [] }
        return try await read { try Self.session($0).orphans() }
    }

    public func nodes() async throws -> [NodeState] { try await read { try Self.session($0).nodes() } }

    // MARK: Guesses

    public func grant(_ claim: GuessClaim) async throws -> GuessGrant {
        guard membership.hasJoined else { return .granted(nil, earlier: []) }
        return try await note { try Self.session($0).grant(claim) }
    }

    public func settle(_ guess: GuessGrant.Number, counted: CountedGuess?, shown: ShownGuess?) async throws {
        try await note { try Self.session($0).settle(guess, counted, shown) }
    }

    public func count(_ failure: GuessFailure, forgettingBefore uptime: Int64?) async throws {
        let isShared = membership.hasJoined
        try await write { records in
            if isShared { return try Self.session(records).count(failure) }
            if let uptime { try records.removeFailures(before: uptime) }
            try records.insert(failure)
        }
    }

    public func restoreFailures(at uptime: Int64, since horizon: Int64) async throws -> [GuessFailure] {
        let isShared = membership.hasJoined
        return try await write { records in
            if isShared { return try Self.session(records).attempts(at: uptime, since: horizon) }
            try records.restartFailures(at: uptime)
            try records.removeFailures(before: horizon)
            return try records.failures()
        }
    }

    // MARK: News

    public func changes(since revision: Revision?) async throws -> Changes {
        try await read { try Self.session($0).changes(since: revision) }
    }

    /// What a body of ours is given.
    private static func session(_ records: any RecordsReader) throws -> Session {
        guard let session = records as? Session else {
            throw RecordsError(code: .closed, detail: "these are not the records of a PostgreSQL database")
        }
        return session
    }
}
