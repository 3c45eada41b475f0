// SPDX-License-Identifier: Apache-2.0

import MailStore
import Vocabulary
package import Waiting

/// What has become of a submission: all of it is moved, but for what the store has refused.
package struct Delivered: Sendable {
    /// Why, by the message's place in the submission.
    package var refused: [Int: String] = [:]
}

/// The future result of a submission to ``Delivery``: success once every message of the batch is moved or refused; after
/// a `MailStoreError` or a `RecordsError`, any message that is visible is covered by an intent.
package typealias Receipt = Latch<Result<Delivered, any Error>>

extension Receipt {
    /// For what was submitted too late.
    static var shuttingDown: Receipt {
        Receipt(settled: .failure(MoveError(.shuttingDown, "the daemon shuts down")))
    }
}
