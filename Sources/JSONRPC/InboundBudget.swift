// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The memory that lines of all connections may take, beyond a small amount that each has for itself.
///
/// Enough for the longest line is set aside for one connection at a time, the one that came first when the rest was
/// given out. It can always complete its line and return its memory: so however many clients have begun long lines at
/// once, each gets its turn.
final class InboundBudget: Sendable {
    fileprivate struct State {
        var general: Int
        var reserve: Int
        var holder: ObjectIdentifier?  // of octets of the reserve
        var waiting: [(connection: ObjectIdentifier, wake: @Sendable () -> Void)] = []
    }

    private let reserveOctets: Int
    private let state: Mutex<State>

    init(octets: Int, reserve: Int) {
        reserveOctets = reserve
        state = Mutex(State(general: max(octets - reserve, reserve), reserve: reserve))
    }

    /// What one connection has been granted.
    struct Grant {
        fileprivate(set) var general = 0
        fileprivate(set) var reserve = 0

        var octets: Int { general + reserve }
    }

    /// Raises a grant to `octets`; if that fails, returns false and calls `wake` when another attempt is worthwhile.
    func raise(
        _ grant: inout Grant, to octets: Int, of connection: ObjectIdentifier, wake: @escaping @Sendable () -> Void
    ) -> Bool {
        let missing = octets - grant.octets
        guard missing > 0 else { return true }
        let (isGranted, fromReserve, next) = state.withLock { state -> (Bool, Bool, (@Sendable () -> Void)?) in
            if state.general >= missing {
                state.general -= missing
                return (true, false, state.general > 0 ? state.nextWaiting() : nil)
            }
            if state.reserve >= missing, state.holder ?? connection == connection {
                state.holder = connection
                state.reserve -= missing
                return (true, true, nil)
            }
            if !state.waiting.contains(where: { $0.connection == connection }) {
                state.waiting.append((connection, wake))
            }
            return (false, false, nil)
        }
        if isGranted {
            if fromReserve { grant.reserve += missing } else { grant.general += missing }
        }
        next?()
        return isGranted
    }

    /// Lowers a grant to `octets`.
    func lower(_ grant: inout Grant, to octets: Int) {
        let spare = grant.octets - octets
        guard spare > 0 else { return }
        let toReserve = min(spare, grant.reserve)
        grant.reserve -= toReserve
        grant.general -= spare - toReserve
        let next = state.withLock { state in
            state.reserve += toReserve
            state.general += spare - toReserve
            if state.reserve == reserveOctets { state.holder = nil }
            return state.nextWaiting()
        }
        next?()
    }

    /// Forgets a connection that no longer waits, and lets the next one try.
    func withdraw(_ connection: ObjectIdentifier) {
        let next = state.withLock { state in
            state.waiting.removeAll { $0.connection == connection }
            return state.nextWaiting()
        }
        next?()
    }

    /// Whether anybody waits for what others hold.
    var isSoughtAfter: Bool { state.withLock { !$0.waiting.isEmpty } }
}

extension InboundBudget.State {
    fileprivate mutating func nextWaiting() -> (@Sendable () -> Void)? {
        waiting.isEmpty ? nil : waiting.removeFirst().wake
    }
}
