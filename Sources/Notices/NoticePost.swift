// SPDX-License-Identifier: Apache-2.0

import Ground
import Synchronization
import Vocabulary
import Waiting

/// Takes notices to the target, one after the other, until each is there.
final class NoticePost: Sendable {
    private struct State: Sendable {
        var waiting: [Notice] = []
        var delivered: [Notice] = []
        var alarm = Alarm()
    }

    private let context: Context
    private let courier: NoticeDesk.Courier
    private let state = Mutex(State())

    /// Seconds between two tries: doubled from the first to the last.
    private static let pauses = (first: 1.0, last: 900.0)
    /// What could not be delivered by then is given up.
    private static let patience = 7.0 * 86_400

    init(context: Context, courier: @escaping NoticeDesk.Courier) {
        self.context = context
        self.courier = courier
    }

    func add(_ notices: [Notice]) {
        guard !notices.isEmpty else { return }
        state.withLock { $0.waiting += notices }
        wake()
    }

    /// Tries now.
    func wake() { state.withLock { $0.alarm }.ring() }

    /// Those of a domain that are delivered, or given up; each is returned once.
    func takeDelivered(of domain: String) -> [Notice] {
        state.withLock { state in
            let those = state.delivered.filter { $0.domain == domain }
            if !those.isEmpty { state.delivered.removeAll { $0.domain == domain } }
            return those
        }
    }

    /// - Parameter delivered: called whenever one is delivered.
    func run(_ delivered: @Sendable () -> Void) async {
        var pause = Self.pauses.first
        while !context.stopping.isSet {
            let alarm = Alarm()
            let notice = state.withLock { state in
                state.alarm = alarm
                return state.waiting.first
            }
            if context.stopping.isSet { return }
            guard let notice else {
                await alarm.sleep(seconds: 3600)
                continue
            }
            if await deliver(notice) {
                pause = Self.pauses.first
                settle(notice)
                delivered()
            } else {
                // Another may fare better.
                state.withLock { $0.waiting = $0.waiting.dropFirst() + [notice] }
                await alarm.sleep(seconds: pause)
                pause = min(pause * 2, Self.pauses.last)
            }
        }
    }

    private func settle(_ notice: Notice) {
        state.withLock { state in
            if let index = state.waiting.firstIndex(of: notice) { state.waiting.remove(at: index) }
            state.delivered.append(notice)
        }
    }

    /// - Returns: whether nothing more is to be done for it.
    private func deliver(_ notice: Notice) async -> Bool {
        // The administrator has taken the target away.
        guard let address = context.limits.noticeAddress else { return true }
        do {
            try await courier(try notice.octets, address)
            return true
        } catch {
            let isGivenUp = context.now().seconds(since: notice.at) > Self.patience
            context.log.log(
                level: isGivenUp ? .error : .warning,
                "\(notice.event.rawValue) of \(notice.domain) could not be told: \(error)\(isGivenUp ? "; it is given up" : "")",
                metadata: ["event": "noticeNotTaken", "domain": "\(notice.domain)"])
            return isGivenUp
        }
    }
}
