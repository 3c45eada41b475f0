// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import Records
import Vocabulary

/// Wrong passwords, over all nodes.
extension Session {
    /// How long a guess that nobody has settled counts, in seconds: its node has died.
    private static let openSeconds = 120

    func grant(_ claim: GuessClaim) throws -> GuessGrant {
        try ask {
            try hold(only: Lock.guesses(of: claim.account))
            let earlier = try earlier(claim)
            let counts = claim.countsAgain || !earlier.contains(where: \.counts)
            if counts, let wait = try wait("account", claim.account, claim.mostOfAccount, claim.window) {
                return .tooMany(retryAfter: wait)
            }
            if counts, let network = claim.network {
                try hold(only: Lock.guesses(from: network))
                if let wait = try wait("remoteAddress", network, claim.mostOfNetwork, claim.window) {
                    return .tooMany(retryAfter: wait)
                }
            }
            // Now and then, what counts no more goes.
            if Int.random(in: 0..<64) == 0 {
                try run(
                    "DELETE FROM attempt WHERE at < clock_timestamp() - make_interval(secs => $1)",
                    [.text(String(claim.window * 2))])
            }
            let number = try changing(
                """
                INSERT INTO attempt (account, remoteAddress, isOpen, digest, counts)
                VALUES ($1, $2, true, $3, $4::integer = 1) RETURNING id
                """, [.text(claim.account), column(claim.network), .octets(claim.digest), .integer(counts ? 1 : 0)]
            ) { try $0.integer() }.first
            return .granted(number, earlier: earlier)
        }
    }

    /// What has become of the same password; of one that is being judged, nothing is known yet.
    private func earlier(_ claim: GuessClaim) throws -> [EarlierGuess] {
        try all(
            """
            SELECT (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint, counts::integer, generation, verdict
            FROM attempt
            WHERE account = $1 AND digest = $2 AND at > clock_timestamp() - make_interval(secs => $3)
                AND (NOT isOpen OR at > clock_timestamp() - interval '\(Self.openSeconds) seconds')
            ORDER BY at
            """, [.text(claim.account), .octets(claim.digest), .text(String(claim.window))]
        ) { columns in
            let seconds = Double(max(0, try columns.integer())) / 1000
            let counts = try columns.integer() == 1
            let (generation, verdict) = (try columns.optionalInteger(), try columns.optionalText())
            return EarlierGuess(
                seconds: seconds, counts: counts,
                shown: generation.flatMap { generation in
                    verdict.map { ShownGuess(generation: generation, verdict: $0) }
                })
        }
    }

    /// - Returns: seconds until the next is allowed; nil where it is now.
    private func wait(_ column: String, _ value: String, _ most: Int, _ window: Double) throws -> Int? {
        let found = try first(
            """
            SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::bigint FROM attempt
            WHERE \(column) = $1 AND counts AND at > clock_timestamp() - make_interval(secs => $2)
                AND (NOT isOpen OR at > clock_timestamp() - interval '\(Self.openSeconds) seconds')
            """, [.text(value), .text(String(window))]
        ) { (count: try $0.integer(), oldest: try $0.integer()) }
        guard let found, found.count >= Int64(most) else { return nil }
        return max(1, Int(window) - Int(clamping: found.oldest))
    }

    func settle(_ number: GuessGrant.Number, _ counted: CountedGuess?, _ shown: ShownGuess?) throws {
        if counted != nil || shown != nil {
            try run(
                """
                UPDATE attempt SET
                    isOpen = false, at = clock_timestamp(), remoteAddress = $2, counts = counts AND $3::integer = 1,
                    generation = $4, verdict = $5
                WHERE id = $1
                """,
                [
                    .integer(number), column(counted?.network), .integer(counted == nil ? 0 : 1),
                    column(shown?.generation), column(shown?.verdict),
                ])
        } else {
            try run("DELETE FROM attempt WHERE id = $1", [.integer(number)])
        }
    }

    func count(_ failure: GuessFailure) throws {
        try run(
            "INSERT INTO attempt (account, remoteAddress, isOpen) VALUES ($1, $2, false)",
            [.text(failure.account), column(failure.remoteAddress)])
    }

    /// Those that still count, with their age by the machine's own clock; all others are forgotten.
    func attempts(at uptime: Int64, since horizon: Int64) throws -> [GuessFailure] {
        try ask {
            let window = Double(uptime - horizon) / 1000
            try run(
                "DELETE FROM attempt WHERE at < clock_timestamp() - make_interval(secs => $1)", [.text(String(window))])
            return try all(
                """
                SELECT (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint, account, remoteAddress FROM attempt
                WHERE NOT isOpen AND counts ORDER BY at
                """
            ) { columns in
                GuessFailure(
                    uptime: uptime - max(0, try columns.integer()), account: try columns.text(),
                    remoteAddress: try columns.optionalText())
            }
        }
    }
}

/// What has changed, for those who watch and for those who queue runs.
extension Session {
    /// Each change is seen at least once: what a transaction has changed that was not over when the last snapshot was
    /// taken is looked for again.
    func changes(since revision: Revision?) throws -> Changes {
        try ask {
            let next = try first("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") { try $0.integer() }
            var changes = Changes(revision: Revision(number: UInt64(clamping: next ?? 0)))
            guard let revision else { return changes }
            let since: [PostgreSQLValue] = [.text(String(revision.number))]
            // A database that was restored elsewhere may hold numbers that are still to come there.
            let isNew = "changedBy >= $1::xid8 AND changedBy < pg_snapshot_xmax(pg_current_snapshot())"
            let ids = try all("SELECT id FROM account WHERE \(isNew) ORDER BY changedBy LIMIT 20000", since) {
                try $0.integer()
            }
            changes.accounts = try rows(ids)
            changes.settings = try sound(
                "SELECT name, value FROM settings JOIN domain ON domain.id = settings.domain WHERE \(isNew)", since
            ) { try server.settingsMemo.settings(of: $0.text(), from: $0.text()) }
            changes.running = Set(
                try all(
                    "SELECT account FROM lease WHERE node IS NOT NULL AND node <> $1", [.integer(Int64(server.node))]
                ) {
                    try $0.integer()
                })
            return changes
        }
    }
}
