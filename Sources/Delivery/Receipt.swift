// SPDX-License-Identifier: Apache-2.0

import Vocabulary
package import Waiting

/// What a submission to ``Delivery`` will come to: success when every message of the batch is moved; after a
/// `MailStoreError` or a `RecordsError` each message either is not visible, or an intent says so.
package typealias Receipt = Latch<Result<Void, any Error>>

extension Receipt {
    /// Of what came too late.
    static var shuttingDown: Receipt {
        Receipt(settled: .failure(MoveError(.shuttingDown, "the daemon shuts down")))
    }
}
