// SPDX-License-Identifier: Apache-2.0

import Synchronization
public import Vocabulary

/// Which old servers cannot be reached, and since when, as of the latest question to, or run with, each.
public final class OldServerReach: Sendable {
    private let lost = Mutex<[String: Timestamp]>([:])

    package init() {}

    /// The server was asked; `failure` is why that failed, if it did.
    package func note(_ server: OldServer, _ failure: Reason?, at time: Timestamp) {
        lost.withLock { lost in
            if failure == .oldServerUnreachable {
                lost[server.host] = lost[server.host] ?? time
            } else {
                lost[server.host] = nil
            }
        }
    }

    /// A run has ended, not necessarily because of the old server.
    func note(_ server: OldServer, _ end: RunEnd, at time: Timestamp) {
        switch end {
        case .failed(.oldServerUnreachable, _): note(server, .oldServerUnreachable, at: time)
        case .completed, .refused, .toBeContinued, .rejected, .postponed, .barred: note(server, nil, at: time)
        case .failed, .stopped: break
        }
    }

    /// Host and since when, longest first.
    public var unreachable: [(host: String, since: Timestamp)] {
        lost.withLock { $0.map { (host: $0.key, since: $0.value) } }.sorted {
            ($0.since, $0.host) < ($1.since, $1.host)
        }
    }
}
