// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many are somewhere at once.
final class Count: Sendable {
    private let value = Mutex((now: 0, most: 0))

    var most: Int { value.withLock { $0.most } }

    func enter() { value.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }

    func leave() { value.withLock { $0.now -= 1 } }
}
