// SPDX-License-Identifier: Apache-2.0

extension OldServerPolicy {
    /// Goes on evenly, whatever becomes of the wall clock.
    public typealias Moment = ContinuousClock.Instant

    /// An account's number in the records.
    public typealias Account = Int64

    /// What the administrator has set.
    public struct Bounds: Sendable, Equatable {
        /// `limits.concurrentMoves`: accounts moving at once, from all old servers.
        public var concurrentMoves = 64
        /// `limits.connectionsPerOldServer`: connections of moves to one old server at once.
        public var connectionsPerOldServer = 16
        /// `limits.secondsBetweenRuns`, of one account.
        public var betweenRuns = Duration.seconds(10)
        /// `timeouts.login`: what a login has in all.
        public var login = Duration.seconds(10)
        /// How long the session in which a password was accepted waits for the run that goes on in it.
        public var keptSession = Duration.seconds(1)

        public init() {}

        /// Login checks have connections of their own, so that moves never starve them.
        public var loginConnections: Int { max(4, connectionsPerOldServer / 4) }

        /// Connections to one old server at once: whoever bears so many has no limit that matters.
        public var mostConnections: Int { connectionsPerOldServer + loginConnections }
    }

    /// An old server, and the address that it is reached from. To it, all who come from there are one client.
    public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
        /// In lower case.
        public let host: String
        public let port: Int
        /// nil where the system chooses.
        public let source: String?

        public init(host: String, port: Int, source: String? = nil) {
            self.host = host.lowercased()
            self.port = port
            self.source = source
        }

        public var description: String { source.map { "\(host):\(port) from \($0)" } ?? "\(host):\(port)" }
    }
}
