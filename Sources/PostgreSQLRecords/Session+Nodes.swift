// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import Records
import Vocabulary

/// Who shares the records.
extension Session {
    enum Joining: Sendable {
        case joined(Int32, epoch: Int64, leads: Bool)
        /// A process of this name may live; it has signed like this last.
        case waits(String)
        case refused(JoinRefusal)
    }

    /// - Parameter signature: how a process of this name had signed when it was looked at before.
    func join(_ node: JoiningNode, whoseSignatureWas signature: String?) throws -> Joining {
        try ask {
            try hold(only: Lock.nodes)
            guard
                try first("SELECT 1 FROM kept WHERE name = $1", [.text(TableWriter.marker)], { try $0.integer() })
                    == nil
            else {
                return .refused(
                    JoinRefusal(
                        description: """
                            The database \(server.place.subject) is being filled from another one: run mailmoved \
                            --migrate-database again, to its end.
                            """))
            }
            let there = try first(
                """
                SELECT number, process, host, pid, seenAt::text, (expires > clock_timestamp())::integer
                FROM node WHERE name = $1 FOR UPDATE
                """, [.text(node.name)]
            ) { columns in
                (
                    number: try columns.integer(), process: try columns.text(), host: try columns.text(),
                    pid: try columns.integer(), seenAt: try columns.text(), lives: try columns.integer() == 1
                )
            }
            let own = ProcessPlace.own
            if let there, there.process != own.identity, there.lives,
                !own.isDead(host: there.host, pid: there.pid, identity: there.process)
            {
                if there.host == own.host || signature.map({ $0 != there.seenAt }) ?? false {
                    return .refused(
                        JoinRefusal(
                            description: """
                                A node named \(node.name) uses the database \(server.place.subject) at this moment: give \
                                this one another node.name, or stop that one first.
                                """))
                }
                return .waits(there.seenAt)
            }
            let others = try all(
                """
                SELECT name, sharesMail::integer FROM node
                WHERE name <> $1 AND expires > clock_timestamp() ORDER BY name
                """, [.text(node.name)]
            ) { (name: try $0.text(), sharesMail: try $0.integer() == 1) }
            if let other = others.first(where: { !$0.sharesMail || !node.sharesMail }) {
                return .refused(
                    JoinRefusal(
                        description: """
                            The node \(other.name) uses the database \(server.place.subject), too, and \
                            mailStore.maildir.shared is false \(node.sharesMail ? "there" : "here"): mail would go to \
                            different disks. Set it on all nodes where they reach the same Maildirs.
                            """))
            }
            let numbers = try changing(
                """
                INSERT INTO node (
                    name, process, host, pid, epoch, release, startedAt, seenAt, expires, moving, sharesMail)
                VALUES ($1, $2, $3, $4, 1, $5, clock_timestamp(), clock_timestamp(),
                    clock_timestamp() + make_interval(secs => $6), 0, $7::integer = 1)
                ON CONFLICT (name) DO UPDATE SET
                    startedAt = CASE WHEN node.process = excluded.process THEN node.startedAt ELSE excluded.startedAt END,
                    process = excluded.process, host = excluded.host, pid = excluded.pid, epoch = node.epoch + 1,
                    release = excluded.release, seenAt = excluded.seenAt, expires = excluded.expires, moving = 0,
                    sharesMail = excluded.sharesMail
                RETURNING number, epoch
                """,
                [
                    .text(node.name), .text(own.identity), .text(own.host), .integer(own.pid), .text(node.version),
                    .text(String(node.leaseSeconds)), .integer(node.sharesMail ? 1 : 0),
                ]
            ) { (try $0.integer(), try $0.integer()) }
            guard let (number, epoch) = numbers.first else { throw server.overtaken }
            return .joined(Int32(clamping: number), epoch: epoch, leads: try leads(Int32(clamping: number)))
        }
    }

    /// - Returns: false where it comes too late.
    func sign(_ number: Int32, epoch: Int64, _ seconds: Double, moving: Int) throws -> Bool {
        try run(
            """
            UPDATE node SET
                seenAt = clock_timestamp(), expires = clock_timestamp() + make_interval(secs => $3), moving = $4
            WHERE number = $1 AND epoch = $2 AND process = $5 AND expires > clock_timestamp()
            """,
            [
                .integer(Int64(number)), .integer(epoch), .text(String(seconds)), .integer(Int64(moving)),
                .text(ProcessPlace.own.identity),
            ]) == 1
    }

    /// Whether no node with a lower number lives.
    func leads(_ number: Int32) throws -> Bool {
        try ask {
            try first(
                "SELECT 1 FROM node WHERE number < $1 AND expires > clock_timestamp() LIMIT 1",
                [.integer(Int64(number))]
            ) { try $0.integer() } == nil
        }
    }

    func leave(_ number: Int32, epoch: Int64) throws {
        let mine: [PostgreSQLValue] = [.integer(Int64(number)), .integer(epoch)]
        try run("UPDATE node SET expires = '-infinity', moving = 0 WHERE number = $1 AND epoch = $2", mine)
        try run("UPDATE lease SET node = NULL WHERE node = $1 AND epoch = $2", mine)
    }

    func nodes() throws -> [NodeState] {
        try ask {
            try all(
                """
                SELECT name, release, (extract(epoch FROM startedAt) * 1000)::bigint,
                    (extract(epoch FROM seenAt) * 1000)::bigint, moving
                FROM node WHERE expires > clock_timestamp() - interval '1 day' ORDER BY name
                """
            ) { columns in
                NodeState(
                    name: try columns.text(), version: try columns.text(), startedAt: try columns.time(),
                    seenAt: try columns.time(), moving: Int(clamping: try columns.integer()))
            }
        }
    }

    /// Whether a failover may lose what was committed.
    func hasAsynchronousStandby() throws -> Bool {
        try ask {
            try first(
                """
                SELECT (current_setting('synchronous_standby_names') = ''
                    AND EXISTS (SELECT 1 FROM pg_stat_replication))::integer
                """
            ) { try $0.integer() == 1 } ?? false
        }
    }
}

/// Whose each account's run is.
extension Session {
    func claim(_ wish: RunClaim, for number: Int32, epoch: Int64) throws -> RunGrant {
        try ask {
            let me: [PostgreSQLValue] = [.integer(Int64(number)), .integer(epoch)]
            // Held, so that it cannot be found to have been too late in between.
            let lives = try first(
                "SELECT 1 FROM node WHERE number = $1 AND epoch = $2 AND expires > clock_timestamp() FOR SHARE", me
            ) { try $0.integer() }
            guard lives != nil else { return .later(seconds: 1) }
            let there = try first(
                """
                SELECT coalesce(lease.node, 0), lease.epoch, lastNode,
                    coalesce(extract(epoch FROM clock_timestamp() - endedAt), 1e9)::bigint
                FROM lease WHERE account = $1 FOR UPDATE
                """, [.integer(wish.account)]
            ) { columns in
                (
                    node: try columns.integer(), epoch: try columns.integer(), last: try columns.integer(),
                    since: try columns.integer()
                )
            }
            if let there, there.node != 0, there.node != Int64(number) || there.epoch != epoch {
                let holds = try first(
                    "SELECT 1 FROM node WHERE number = $1 AND mailmove_lives(node, $2, $3) FOR SHARE",
                    [.integer(there.node), .integer(there.epoch), .text(String(Membership.grace))]
                ) { try $0.integer() }
                if holds != nil { return .elsewhere }
            }
            if let there, there.node == 0, there.last != Int64(number), Double(there.since) < wish.secondsBetween {
                return .later(seconds: wish.secondsBetween - Double(there.since))
            }
            try hold(only: Lock.server(wish.server))
            let going = try first(
                """
                SELECT count(*) FROM lease JOIN node AS holder ON holder.number = lease.node
                WHERE server = $1 AND account <> $2 AND mailmove_lives(holder, lease.epoch, $3)
                """, [.text(wish.server), .integer(wish.account), .text(String(Membership.grace))]
            ) { try $0.integer() }
            guard (going ?? 0) < Int64(wish.mostOfServer) else { return .full }
            let token = try changing(
                """
                INSERT INTO lease (account, token, node, epoch, lastNode, server)
                VALUES ($1, nextval('leaseToken'), $2, $3, $2, $4)
                ON CONFLICT (account) DO UPDATE SET
                    token = excluded.token, node = excluded.node, epoch = excluded.epoch, lastNode = excluded.lastNode,
                    server = excluded.server
                RETURNING token
                """, [.integer(wish.account)] + me + [.text(wish.server)]
            ) { try $0.integer() }.first
            guard let token else { throw server.overtaken }
            return .granted(Lease(account: wish.account, token: token))
        }
    }

    func release(_ lease: Lease) throws {
        try run(
            "UPDATE lease SET node = NULL, endedAt = clock_timestamp() WHERE account = $1 AND token = $2",
            [.integer(lease.account), .integer(lease.token)])
    }

    func verify(_ leases: Set<Lease>) throws {
        guard !leases.isEmpty else { return }
        try ask {
            let leases = leases.sorted { $0.account < $1.account }
            let held = try all(
                """
                SELECT lease.account FROM lease
                JOIN unnest($1::bigint[], $2::bigint[]) AS wanted (account, token)
                    ON wanted.account = lease.account AND wanted.token = lease.token
                WHERE lease.node = $3 ORDER BY lease.account FOR SHARE OF lease
                """, [column(leases.map(\.account)), column(leases.map(\.token)), .integer(Int64(server.node))]
            ) { try $0.integer() }
            guard held.count == leases.count else { throw server.superseded }
        }
    }

    func isRunning(_ account: AccountRecord.ID) throws -> Bool {
        try ask {
            try first(
                """
                SELECT 1 FROM lease JOIN node AS holder ON holder.number = lease.node
                WHERE account = $1 AND mailmove_lives(holder, lease.epoch, $2)
                """, [.integer(account), .text(String(Membership.grace))]
            ) { try $0.integer() } != nil
        }
    }

    /// The oldest first; so many at once as are reasonably queued.
    func orphans() throws -> [AccountRecord] {
        try ask {
            try rows(
                all(
                    """
                    SELECT account.id FROM account
                    LEFT JOIN lease ON lease.account = account.id AND lease.node IS NOT NULL
                    LEFT JOIN node AS holder ON holder.number = lease.node
                    WHERE sealed IS NOT NULL AND paused = 0 AND deletedAt IS NULL
                        AND (lease.account IS NULL OR NOT mailmove_lives(holder, lease.epoch, $1))
                    ORDER BY pendingDue, account.id LIMIT 5000
                    """, [.text(String(Membership.grace))]
                ) { try $0.integer() })
        }
    }
}
