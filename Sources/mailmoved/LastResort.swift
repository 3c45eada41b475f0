// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Waiting

/// Ends the program once its time to stop is over, whatever is stuck by then: on a thread of its own, which was there
/// before, and waits for nothing else.
final class LastResort: Sendable {
    private let isDue = DispatchSemaphore(value: 0)

    /// - Parameter seconds: how long a stop may take.
    init(seconds: Double) {
        NamedThread.startInTime("last-resort") { [isDue] in
            isDue.wait()
            usleep(UInt32(seconds * 1_000_000))
            _exit(0)
        }
    }

    /// The time to stop begins.
    func begin() { isDue.signal() }
}
