// SPDX-License-Identifier: Apache-2.0

import Glibc
import Ground
import JSONRPC
import Logging

/// Fits the limits to the number of file descriptors that the process may have open (`LimitNOFILE=`, ulimit -n), so
/// that a crowd of clients leaves some for moves, and moves leave some for the database.
struct Descriptors {
    /// For the idle daemon: its database, sockets and signals.
    static let ofDaemon = 28
    /// For each event loop.
    static let ofLoop = 3
    /// For each move: its connection, its files, its lookups.
    static let ofMove = 4

    let limit: Int
    let loops: Int

    /// - Parameter loops: event loops.
    init(limit: Int = current(), loops: Int) {
        self.limit = limit
        self.loops = loops
    }

    /// How many event loops are reasonable with so few descriptors.
    static func loops(wanted: Int) -> Int { max(2, min(wanted, current() / 32)) }

    /// Raises the limit as far as allowed.
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

    /// Clients beyond this are turned away with an answer, instead of waiting for others to leave.
    func clients(of wanted: Int) -> Int { max(4, min(wanted, spare * 3 / 8)) }
}
