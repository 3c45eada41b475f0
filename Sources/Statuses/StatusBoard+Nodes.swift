// SPDX-License-Identifier: Apache-2.0

package import Records
import Vocabulary

/// What other nodes that share the records do.
extension StatusBoard {
    /// Whether anybody watches.
    package var isWatched: Bool { state.withLock { !$0.watchers.isEmpty } }

    /// These accounts have a run on another node.
    package func runElsewhere(_ accounts: Set<AccountRecord.ID>) {
        state.withLock { state in
            guard state.elsewhere != accounts else { return }
            let ended = state.elsewhere.subtracting(accounts)
            state.elsewhere = accounts
            for account in ended {
                state.seen[account] = nil
                if state.running[account] == nil { state.rates[account] = nil }
            }
        }
    }

    /// The row was read, as somebody has left it: those who watch are told, unless they know.
    /// - Returns: whether it is news.
    package func observed(_ row: AccountRecord) -> Bool {
        let now = context.uptime()
        let (isNews, moved) = state.withLock { state -> (Bool, (Int64, Int64)) in
            let before = state.seen[row.id]
            guard before.map({ $0.version < row.version }) ?? true else { return (false, (0, 0)) }
            if state.seen.count > 20_000 { state.seen = [:] }
            state.seen[row.id] = (row.version, row.moved, row.movedOctets)
            guard state.elsewhere.contains(row.id), state.running[row.id] == nil, let before, row.moved > before.moved
            else { return (true, (0, 0)) }
            state.rates[row.id, default: Rate()].add(Int(clamping: row.moved - before.moved), now: now)
            return (true, (row.moved - before.moved, max(0, row.movedOctets - before.octets)))
        }
        guard isNews else { return false }
        if moved.0 > 0 {
            activity.moved(
                messages: Int(clamping: moved.0), octets: moved.1, of: row.address.domain.name, since: now, now: now)
        }
        tell(row, unlessTold: true)
        return true
    }
}
