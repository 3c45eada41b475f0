// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// Nodes over one database that are killed again and again, at any instant of anything: four of five are started again at
/// once; one of five stays away until others have taken over its runs.
struct NodeHardship {
    /// A node that is away, and what it had when it was killed.
    private struct Away {
        var place: Int
        var leases: Leases
        var since = ContinuousClock.now
    }

    /// Which runs, by account and token.
    private typealias Leases = Set<String>

    let hardship: Hardship
    private let ground: SharedGround
    private let database: (server: PostgreSQLServer, name: String)
    private var random: SplitMix64
    private var away: [Away] = []
    private var tally = Hardship.Tally()
    private var front: [Int] = []
    private var next = 0

    /// As many accounts move at any time.
    private static let atOnce = 6
    /// As many nodes may be away at once: the others are killed meanwhile.
    private static let mostAway = 2

    init(_ scale: Hardship.Scale, seed: UInt64, nodes: Int = 4, pace: Int = 50) async throws {
        let database = try await SharedPostgreSQL.shared.database()
        let ground = try SharedGround(place: "127.0.0.1:\(database.server.port)/\(database.name)")
        let accounts = max(2 * Self.atOnce, scale.blows)
        let daemons = try (0..<nodes).map { try ground.node("node\($0)", Hardship.environment) }
        hardship = try Hardship(
            scale, seed, Hardship.byPOP3(accounts, scale, pace: pace), daemons, true,
            mail: ground.folder.appending(path: "mail"), accounts: accounts)
        self.database = database
        self.ground = ground
        random = SplitMix64(state: seed)
    }

    func remove() {
        for daemon in hardship.daemons { daemon.kill() }
        ground.remove()
    }

    mutating func run() async throws -> Hardship.Tally {
        hardship.reader.start()
        defer {
            hardship.reader.stop()
            hardship.old.stop()
        }
        for daemon in hardship.daemons { try await daemon.start() }
        let start = ContinuousClock.now
        let scale = hardship.scale
        while tally.blows < scale.blows || !away.isEmpty, ContinuousClock.now - start < .seconds(scale.seconds) {
            await renewFront()
            let calls = Task { [hardship, front, round = tally.blows] in await hardship.call(front, round) }
            // Take-overs last longer than restarts, which wait for them.
            let isAhead = away.count == Self.mostAway && tally.blows > 5 * tally.takeOvers + 10
            if tally.blows < scale.blows, !isAhead {
                try await kill()
            } else {
                try await Task.sleep(for: .milliseconds(200))
            }
            calls.cancel()
            _ = await calls.value
            for absence in away { try await end(absence) }
        }
        for absence in away { try await hardship.daemons[absence.place].start() }
        let all = 0..<next
        hardship.reader.read(all.map(hardship.maildir))
        try await hardship.finish(all)
        hardship.reader.stop()
        try await hardship.account(for: all, &tally)
        return tally
    }

    /// Others take the places of accounts that are done.
    private mutating func renewFront() async {
        for number in front { _ = try? await hardship.status(number) }  // whoever is asked may be away
        let done = hardship.state.withLock { $0.acknowledged.completed }
        front.removeAll(where: done.contains)
        // Some are left for the last kill, too.
        let most = min(hardship.accounts, hardship.accounts * (tally.blows + 1) / hardship.scale.blows + Self.atOnce)
        while front.count < Self.atOnce, next < most {
            front.append(next)
            next += 1
        }
        hardship.reader.read((max(0, next - 2 * Self.atOnce)..<next).map(hardship.maildir))
    }

    private mutating func kill() async throws {
        let up = hardship.daemons.indices.filter { place in !away.contains { $0.place == place } }
        // Mostly in the middle of a move; else at any moment from its start on.
        var place = up[Int.random(in: up.indices, using: &random)]
        if Int.random(in: 0..<4, using: &random) > 0 {
            for _ in 0..<20 {
                var busy: [Int] = []
                for place in up where try await !leases(of: place).isEmpty { busy.append(place) }
                if let found = busy.randomElement(using: &random) {
                    place = found
                    break
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &random)))
        let daemon = hardship.daemons[place]
        daemon.kill()
        tally.blows += 1
        let held = try await leases(of: place)
        if !held.isEmpty { tally.duringMove += 1 }
        let isDue = (tally.takeOvers + away.count) * 5 < min(tally.blows + 5, hardship.scale.blows)
        if away.count < Self.mostAway, !held.isEmpty, isDue {
            away.append(Away(place: place, leases: held))
        } else {
            try await daemon.start()
        }
    }

    /// Runs that a node has, and that are not over.
    private func leases(of place: Int) async throws -> Leases {
        Set(
            try await database.server.sql(
                """
                SELECT lease.account || '/' || token FROM lease
                JOIN node ON node.number = lease.node AND node.epoch = lease.epoch
                JOIN account ON account.id = lease.account
                WHERE node.name = 'node\(place)' AND sealed IS NOT NULL
                """, in: database.name))
    }

    /// A node that is away comes back when nothing of it is left to others to take.
    private mutating func end(_ absence: Away) async throws {
        let left = try await leases(of: absence.place).intersection(absence.leases)
        let isLong = ContinuousClock.now - absence.since > .seconds(4 * ground.leaseSeconds)
        guard left.isEmpty || isLong else { return }
        if left.count < absence.leases.count {
            tally.takeOvers += 1
        } else {
            hardship.breaks("none of \(absence.leases.count) runs of node\(absence.place) was taken over")
        }
        try await hardship.daemons[absence.place].start()
        away.removeAll { $0.place == absence.place }
    }
}
