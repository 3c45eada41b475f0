// SPDX-License-Identifier: Apache-2.0

import Glibc
import Ground
import JSONRPC
import Logging

/// Fits the limits into the descriptors that the process may have open (`LimitNOFILE=`, ulimit -n), so that clients who
/// come in a crowd leave some to moves, and moves to the database.
struct Descriptors {
    /// Of the daemon without work: its database, sockets and signals.
    static let ofDaemon = 28
    /// Of an event loop.
    static let ofLoop = 3
    /// Of a move: its connection, its files, what it looks up.
    static let ofMove = 4

    let limit: Int
    let loops: Int

    /// - Parameter loops: event loops.
    init(limit: Int = current(), loops: Int) {
        self.limit = limit
        self.loops = loops
    }

    /// How many event loops go well with so few.
    static func loops(wanted: Int) -> Int { max(2, min(wanted, current() / 32)) }

    /// As many as may be.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func current() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// What is left for clients, logins' questions and moves.
    private var spare: Int { max(16, limit - Self.ofDaemon - loops * Self.ofLoop) }

    func fit(_ limits: inout MoveLimits, log: Logger) {
        let wanted = limits.concurrentMoves
        limits.concurrentMoves = max(1, min(wanted, spare / 2 / Self.ofMove))
        guard limits.concurrentMoves < wanted else { return }
        log.notice(
            """
            \(limit) descriptors allow \(limits.concurrentMoves) moves at once of \(wanted); raise LimitNOFILE= (or \
            ulimit -n) to make them more
            """, metadata: ["descriptors": "\(limit)"])
    }

    /// Clients beyond are turned away with an answer, instead of waiting for who does not leave.
    func clients(of wanted: Int) -> Int { max(4, min(wanted, spare * 3 / 8)) }
}
