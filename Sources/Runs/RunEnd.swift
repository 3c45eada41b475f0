// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// How a run ended.
enum RunEnd: Sendable {
    case completed
    /// So many messages the old server would not give.
    case refused(Int)
    case rejected(String)
    /// In use, too early, or out of order for a while; come back after so many seconds, where it said so.
    case postponed(Reason, String, seconds: Int?)
    case failed(Reason, String)
    /// All that was listed is here, and so many messages were refused; whether there is more is asked after so many
    /// seconds, for the server wants a pause between logins.
    case toBeContinued(refused: Int, seconds: Int)
    /// Refused for good, by a code that says so (RFC 3206 §4): another try would change nothing.
    case barred(String)
    case stopped(RunControl.StopReason)
}
