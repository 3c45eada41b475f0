// SPDX-License-Identifier: Apache-2.0

import Ground
import JSONRPC
import Logging
import Systemd

/// Fits the limits to the memory that the service's control group has (`MemoryMax=`, `MemoryHigh=`), so that the daemon
/// gets slower instead of being killed.
struct Memory {
    /// The octets that a move may request ahead, all of which may wait in its socket. Windows shrink before the number
    /// of moves does.
    static let windows = [8 << 20, 4 << 20, 2 << 20, 1 << 20]
    /// For each move besides: TLS, and its two slabs.
    static let ofMove = 1 << 20
    /// For the idle daemon, including its database's cache.
    static let ofDaemon = 64 << 20

    /// nil if only the machine sets a bound.
    let octets: Int?

    init(_ group: ControlGroup = ControlGroup()) { octets = group.memory }

    /// How many moves with such a window fit in besides the rest; a quarter is left for the page cache, which counts
    /// against the group as well.
    private func moves(_ octets: Int, window: Int) -> Int {
        max(1, (octets / 4 * 3 - Self.ofDaemon) / (Self.ofMove + window))
    }

    func fit(_ limits: inout MoveLimits, log: Logger) {
        guard let octets else { return }
        let wanted = limits.concurrentMoves
        limits.windowOctets =
            Self.windows.first { moves(octets, window: $0) >= wanted } ?? Self.windows.min() ?? limits.windowOctets
        limits.concurrentMoves = min(wanted, moves(octets, window: limits.windowOctets))
        guard limits.concurrentMoves < wanted || limits.windowOctets < Self.windows[0] else { return }
        log.notice(
            """
            memory allows \(limits.concurrentMoves) moves at once of \(wanted), each \(limits.windowOctets >> 20) MB ahead; \
            raise MemoryMax= or MemoryHigh= to make them more or faster
            """, metadata: ["memory": "\(octets)"])
    }

    func fit(_ limits: inout JSONRPC.Limits) {
        guard let octets else { return }
        limits.inboundOctetsOfAll = min(limits.inboundOctetsOfAll, octets / 8)
        limits.unsentOctetsOfAll = min(limits.unsentOctetsOfAll, octets / 8)
    }
}
