// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Waiting

/// Tells when the last of some threads has ended.
final class Ending: Sendable {
    private let threads: Mutex<Int>
    private let ended = Latch<Void>()

    init(threads: Int) { self.threads = Mutex(threads) }

    func threadEnded() {
        let isLast = threads.withLock { threads in
            threads -= 1
            return threads == 0
        }
        if isLast { ended.settle(()) }
    }

    func wait() async { await ended.wait() }
}
