// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Synchronization

extension Thread {
    /// A thread of its own: SQLite blocks, and neither the cooperative pool nor an event loop may.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        Thread {
            // Foundation's `name` is lost on a thread that runs before its start has returned.
            _ = name_thread(name)
            body()
        }.start()
    }
}

/// Tells when the last of some threads has ended.
final class Ending: Sendable {
    private struct State {
        var threads: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(threads: Int) { state = Mutex(State(threads: threads)) }

    func threadEnded() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.threads -= 1
            guard state.threads == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.threads > 0 { state.waiting.append(continuation) }
                return state.threads == 0
            }
            if isOver { continuation.resume() }
        }
    }
}
