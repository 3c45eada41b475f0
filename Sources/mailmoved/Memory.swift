// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import Logging
import Migration
import Systemd

/// Fits the limits into the memory that the service's control group has (`MemoryMax=`, `MemoryHigh=`), so that the
/// daemon is slower there instead of being ended.
struct Memory {
    /// Of a move: what is received and not yet written, TLS, and its two slabs.
    static let ofMove = 5 << 20
    /// Of the daemon without work, its database's cache included.
    static let ofDaemon = 64 << 20

    /// nil: no bound but the machine's.
    let octets: Int?

    init(_ group: ControlGroup = ControlGroup()) { octets = group.memory }

    /// How many moves fit in beside the rest; a quarter is left for the page cache, which the group pays for as well.
    var moves: Int? { octets.map { max(1, ($0 / 4 * 3 - Self.ofDaemon) / Self.ofMove) } }

    func fit(_ limits: inout MoveLimits, log: Logger) {
        guard let moves, moves < limits.concurrentMoves else { return }
        log.notice(
            "memory allows \(moves) moves at once instead of \(limits.concurrentMoves); raise MemoryMax= or MemoryHigh=",
            metadata: ["memory": "\(octets ?? 0)"])
        limits.concurrentMoves = moves
    }

    func fit(_ limits: inout JSONRPC.Limits) {
        guard let octets else { return }
        limits.inboundOctetsOfAll = min(limits.inboundOctetsOfAll, octets / 8)
        limits.unsentOctetsOfAll = min(limits.unsentOctetsOfAll, octets / 8)
    }
}
