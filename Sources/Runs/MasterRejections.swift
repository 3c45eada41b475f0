// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// How often an old server has turned its master user away without letting it in once. One password stands for thousands
/// of accounts then, and each attempt counts against it over there.
final class MasterRejections: Sendable {
    static let most = 3

    private let inARow = Mutex<[OldServer: Int]>([:])

    /// Whether it is not asked again.
    func areEnough(of server: OldServer) -> Bool { inARow.withLock { $0[server, default: 0] >= Self.most } }

    func wasRejected(by server: OldServer) { inARow.withLock { $0[server, default: 0] += 1 } }

    func wasLetIn(by server: OldServer) { inARow.withLock { $0[server] = nil } }
}
