// SPDX-License-Identifier: Apache-2.0

import Vocabulary
package import Waiting

/// The future result of a submission to ``Delivery``: success once every message of the batch is moved; after a
/// `MailStoreError` or a `RecordsError`, any message that is visible is covered by an intent.
package typealias Receipt = Latch<Result<Void, any Error>>

extension Receipt {
    /// For what was submitted too late.
    static var shuttingDown: Receipt {
        Receipt(settled: .failure(MoveError(.shuttingDown, "the daemon shuts down")))
    }
}
