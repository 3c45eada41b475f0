// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import Waiting

/// Ends the program once its time to stop is over, whatever is stuck by then: on a thread of its own, which was there
/// before, and waits for nothing else.
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

    /// The time to stop begins.
    /// - Parameter status: what it exits with.
    func begin(status: Int32 = 0) {
        order.status.store(status, ordering: .relaxed)
        order.isDue.signal()
    }
}
