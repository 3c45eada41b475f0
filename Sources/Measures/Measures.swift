// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics

/// Everything that is measured, declared once. What is counted and timed is recorded where it happens, by the counters
/// and timers below; gauges are read when somebody asks.
///
/// No label is ever an account or anything else that a client could make up: each has a few words of the contract, and
/// old servers are those that an administrator has named.
///
/// The counters must be touched only after `MetricsSystem.bootstrap`, which comes before everything else.
public enum Measures {
    // MARK: Moves

    public static let movesBegun = Counter(label: Name.movesBegun)
    public static let messagesMoved = Counter(label: Name.messagesMoved)
    public static let octetsMoved = Counter(label: Name.movedBytes)

    /// A run has ended.
    /// - Parameter outcome: `completed`, `failed`, `postponed` or `stopped`.
    public static func moveEnded(_ outcome: String) {
        Counter(label: Name.movesEnded, dimensions: [("outcome", outcome)]).increment()
    }

    /// A run, or the question before it, has failed.
    /// - Parameter reason: a reason of the contract.
    public static func moveFailed(_ reason: String) {
        Counter(label: Name.moveFailures, dimensions: [("reason", reason)]).increment()
    }

    // MARK: Logins

    /// A login was decided.
    /// - Parameter decision: `accept`, `reject`, `unavailable` or `pass`.
    public static func loginDecided(_ decision: String) {
        Counter(label: Name.logins, dimensions: [("decision", decision)]).increment()
    }

    public static let passwordsTakenOver = Counter(label: Name.passwordsTakenOver)

    /// How long an old server has taken to judge a password.
    public static let oldServerAnswers = Timer(label: Name.oldServerAnswerSeconds)

    // MARK: Storage

    /// How long a commit of the database has taken.
    public static let databaseCommits = Timer(label: Name.databaseCommitSeconds)
    /// How long it has taken to make delivered mail durable: a sync of the disk, or the platform's answer to an APPEND.
    public static let storeSyncs = Timer(label: Name.storeSyncSeconds)

    public enum Name {
        public static let build = "mailmove_build"
        public static let startTime = "mailmove_start_time_seconds"
        public static let movesBegun = "mailmove_moves_begun"
        public static let movesEnded = "mailmove_moves_ended"
        public static let moveFailures = "mailmove_move_failures"
        public static let movesRunning = "mailmove_moves_running"
        public static let movesQueued = "mailmove_moves_queued"
        public static let messagesMoved = "mailmove_messages_moved"
        public static let movedBytes = "mailmove_moved_bytes"
        public static let logins = "mailmove_logins"
        public static let passwordsTakenOver = "mailmove_passwords_taken_over"
        public static let oldServerAnswerSeconds = "mailmove_old_server_answer_seconds"
        public static let oldServerUp = "mailmove_old_server_up"
        public static let databaseCommitSeconds = "mailmove_database_commit_seconds"
        public static let databaseUp = "mailmove_database_up"
        public static let storeSyncSeconds = "mailmove_store_sync_seconds"
        public static let storeUp = "mailmove_store_up"
        public static let clients = "mailmove_clients"
        public static let node = "mailmove_node"
        public static let nodes = "mailmove_nodes"
    }
}

extension Timer {
    /// Records a duration.
    public func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        recordNanoseconds(
            max(
                0,
                seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue
                    + attoseconds / 1_000_000_000))
    }
}
