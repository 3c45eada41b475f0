// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import Waiting

/// Ends the program once the time for a stop is over, whatever hangs by then: on a thread of its own, which was created
/// beforehand and waits for nothing else.
final class LastResort: Sendable {
    private final class Order: Sendable {
        let isDue = DispatchSemaphore(value: 0)
        let status = Atomic<Int32>(0)
    }

    private let order = Order()

    /// - Parameter seconds: how long a stop may take.
    init(seconds: Double) {
        NamedThread.startInTime("last-resort") { [order] in
            order.isDue.wait()
            usleep(UInt32(seconds * 1_000_000))
            _exit(order.status.load(ordering: .relaxed))
        }
    }

    /// Starts the countdown.
    /// - Parameter status: the exit status.
    func begin(status: Int32 = 0) {
        order.status.store(status, ordering: .relaxed)
        order.isDue.signal()
    }
}
