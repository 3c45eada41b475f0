// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// How a run ended.
enum RunEnd: Sendable {
    case completed
    /// The old server refused to give this many messages.
    case refused(Int)
    case rejected(String)
    /// The mailbox is in use, the login came too early, or the server is temporarily out of order; retry after this
    /// many seconds, if it named any.
    case postponed(Reason, String, seconds: Int?)
    case failed(Reason, String)
    /// Everything listed is here, except for this many refused messages. Whether there is more is asked after this many
    /// seconds, since the server wants a pause between logins.
    case toBeContinued(refused: Int, seconds: Int)
    /// Refused permanently, by a code that says so (RFC 3206 §4): another attempt would change nothing.
    case barred(String)
    case stopped(RunControl.StopReason)
}
