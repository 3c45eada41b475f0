// SPDX-License-Identifier: Apache-2.0

import Ground
import JSONRPC
import Logging
import Systemd

/// Fits the limits into the memory that the service's control group has (`MemoryMax=`, `MemoryHigh=`), so that the
/// daemon is slower there instead of being ended.
struct Memory {
    /// What a move may ask for ahead, in octets, which may all wait in its socket: small windows before few moves.
    static let windows = [4 << 20, 2 << 20, 1 << 20]
    /// Of a move beside that: TLS, and its two slabs.
    static let ofMove = 1 << 20
    /// Of the daemon without work, its database's cache included.
    static let ofDaemon = 64 << 20

    /// nil: no bound but the machine's.
    let octets: Int?

    init(_ group: ControlGroup = ControlGroup()) { octets = group.memory }

    /// How many moves with such a window fit in beside the rest; a quarter is left for the page cache, which the group
    /// pays for as well.
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
