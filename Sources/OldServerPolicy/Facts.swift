// SPDX-License-Identifier: Apache-2.0

extension OldServerPolicy {
    /// What is known of an old server, and what goes on with it.
    public struct Facts: Sendable, Equatable {
        public var reach = Reach.unknown
        /// Connections that it bears from here; nil where no limit is known.
        public var limit: Limit?
        /// When it has last refused a connection while others stood.
        public var lastTooMany: Moment?
        /// What it does to all after wrong passwords; the latest that was met, perhaps over.
        public var penalty: Penalty?
        /// `LOGIN-DELAY` (RFC 2449 §6.6), as announced; zero where it is not.
        public var loginDelay = Duration.zero
        /// What the last few questions took; nil where none was answered.
        public var answer: Duration?
        /// Questions that have a connection, those that outlast their login and sessions that are kept among them …
        public var asking = 0
        /// … and runs that have a place.
        public var moving = 0
        public var waitingQuestions = 0
        /// Runs whose time has come.
        public var waitingRuns = 0

        /// Whether users would pay for a measurement.
        public var isInUse: Bool { asking + moving + waitingQuestions + waitingRuns > 0 }
    }

    public enum Reach: Sendable, Equatable {
        case unknown
        /// As of this moment.
        case reached(Moment)
        /// Not once since this moment.
        case lost(since: Moment)
        /// It greets, and says nothing to passwords, since this moment.
        case silent(since: Moment)
    }

    /// How many connections an old server bears from here.
    public struct Limit: Sendable, Equatable {
        /// So many stood when one more was refused, or have stood since.
        public var connections: Int
        /// So many it is asked to bear at present; nil where it is asked for all that are wanted again.
        public var asked: Int?
        public var since: Moment
        public var latest: Moment
        public var refusals: Int
    }

    /// Later and later answers to everybody after wrong passwords.
    public struct Penalty: Sendable, Equatable {
        /// The longest that was met.
        public var delay: Duration
        public var since: Moment
        /// The latest.
        public var met: Moment
        /// Wrong passwords since the last prompt answer.
        public var wrong: Int
        public var isOver: Bool
    }
}
