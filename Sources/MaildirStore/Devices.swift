// SPDX-License-Identifier: Apache-2.0

import MailStore
import Synchronization

/// The file systems that mail is being written to. Writers keep them alive, so none is held longer than needed.
final class Devices: Sendable {
    private let threads: Int
    private let unsynced: Unsynced
    private let syncBudget: Duration
    private let known = Mutex<[UInt64: Weak]>([:])

    private struct Weak {
        weak var device: DeviceSync?
    }

    /// - Parameter threads: how many calls may wait for one file system at once.
    init(threads: Int, unsynced: Unsynced, syncBudget: Duration) {
        self.threads = threads
        self.unsynced = unsynced
        self.syncBudget = syncBudget
    }

    /// The file system that `place` is on.
    /// - Throws: ``MailStoreError`` `misplaced` if the place is gone and its file system is not known.
    func device(of place: MailboxPlace) throws(FileError) -> DeviceSync {
        if let known = known.withLock({ $0[place.device]?.device }) { return known }
        return device(of: try MaildirPlace(place).tmp)
    }

    /// The file system that `directory` is on.
    func device(of directory: Directory) -> DeviceSync {
        known.withLock { known in
            if let device = known[directory.device]?.device { return device }
            let device = DeviceSync(
                directory: directory, pool: FilePool(threads: threads), unsynced: unsynced, budget: syncBudget)
            known[directory.device] = Weak(device: device)
            return device
        }
    }
}
