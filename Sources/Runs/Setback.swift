// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The first delivery of a run to fail.
final class Setback: Sendable {
    private let first = Mutex<(any Error)?>(nil)

    var error: (any Error)? { first.withLock { $0 } }

    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
}
