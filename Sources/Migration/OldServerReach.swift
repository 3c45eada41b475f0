// SPDX-License-Identifier: Apache-2.0

import Synchronization
public import Vocabulary

/// Which old servers can be reached, and since when: as of the latest question or run each, since this process began.
public final class OldServerReach: Sendable {
    /// How it stands with one of them.
    public struct State: Sendable, Hashable {
        public var isReached: Bool
        /// Since when that is so.
        public var since: Timestamp
        /// Why it is not reached; nil where it is.
        public var detail: String?
    }

    private struct Server: Sendable {
        var host: String
        var state: State
    }

    private let servers = Mutex<[String: Server]>([:])

    init() {}

    /// Nobody could be asked there; the latest words are kept, and the first time.
    func isLost(_ server: OldServer, _ detail: String, at time: Timestamp) {
        note(server, State(isReached: false, since: time, detail: detail))
    }

    /// It was asked, and whatever it said, it is there.
    func isReached(_ server: OldServer, at time: Timestamp) {
        note(server, State(isReached: true, since: time, detail: nil))
    }

    private func note(_ server: OldServer, _ state: State) {
        servers.withLock { servers in
            var state = state
            if let before = servers[server.name]?.state, before.isReached == state.isReached {
                state.since = before.since
            }
            servers[server.name] = Server(host: server.host, state: state)
        }
    }

    /// A question has ended.
    func note(_ server: OldServer, _ answer: OldServerAnswer, at time: Timestamp) {
        switch answer {
        case .failed(.oldServerUnreachable, let text): isLost(server, text, at: time)
        // Nobody was asked.
        case .busy(.overloaded, _), .failed(.interrupted, _): break
        case .accepted, .rejected, .noSuchUser, .busy, .failed: isReached(server, at: time)
        }
    }

    /// A run has ended; what ended it may not have been the old server.
    func note(_ server: OldServer, _ end: Run.End, at time: Timestamp) {
        switch end {
        case .failed(.oldServerUnreachable, let text): isLost(server, text, at: time)
        case .completed, .refused, .toBeContinued, .rejected, .postponed, .barred: isReached(server, at: time)
        case .failed, .stopped: break
        }
    }

    /// nil where it was not asked yet.
    public func state(of server: OldServer) -> State? { servers.withLock { $0[server.name]?.state } }

    /// Host and moment, the longest lost first.
    public var unreachable: [(host: String, since: Timestamp)] {
        servers.withLock { servers in
            servers.values.filter { !$0.state.isReached }.map { (host: $0.host, since: $0.state.since) }
        }.sorted { ($0.since, $0.host) < ($1.since, $1.host) }
    }
}
