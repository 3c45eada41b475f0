// SPDX-License-Identifier: Apache-2.0

import Measures
import Vocabulary

/// How a run ended.
enum RunEnd: Sendable {
    case completed
    /// This many messages were refused; so many of them here, by the store, the others by the old server.
    case refused(Int, here: Int)
    case rejected(String)
    /// The mailbox is in use, the login came too early, or the server is temporarily out of order; retry after this
    /// many seconds, if it named any.
    case postponed(Reason, String, seconds: Int?)
    /// It waits for others of ours, and asks again after this many seconds: nothing has failed.
    case queued(String, seconds: Int)
    case failed(Reason, String)
    /// Everything listed is here, except for this many refused messages. Whether there is more is asked after this many
    /// seconds, since the server wants a pause between logins.
    case toBeContinued(refused: Int, seconds: Int)
    /// Refused permanently, by a code that says so (RFC 3206 §4): another attempt would change nothing.
    case barred(String)
    case stopped(RunControl.StopReason)
}

extension RunEnd {
    /// Counts it.
    func measure() {
        switch self {
        case .completed: Measures.moveEnded("completed")
        case .postponed, .queued, .toBeContinued: Measures.moveEnded("postponed")
        case .stopped: Measures.moveEnded("stopped")
        case .refused: fail(.messagesRefused)
        case .rejected: fail(.credentialsRejected)
        case .barred: fail(.oldServerProtocol)
        case .failed(let reason, _): fail(reason)
        }
    }

    private func fail(_ reason: Reason) {
        Measures.moveEnded("failed")
        Measures.moveFailed(reason.rawValue)
    }
}
