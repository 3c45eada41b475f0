// SPDX-License-Identifier: Apache-2.0

extension OldServerPolicy {
    /// What is to be done now.
    public enum Decision: Sendable, Equatable {
        /// Open a connection: a place is taken from now on.
        case open(Ticket)
        /// The run goes on in the session that the question has opened; the question's place is the run's now.
        case goOn(Ticket, in: Ticket)
        /// The question is over, and no connection was opened.
        case refuse(Ticket, Refusal)
        /// Time is up, and the password has been sent: whoever waits is told that there is no answer, and the question
        /// goes on without them.
        case letGo(Ticket)
        /// Time is up: drop the connection.
        case giveUp(Ticket)
        /// No run has come for the session that was kept: end it in order.
        case endSession(Ticket)
        /// The run gives up its place before its next message.
        case makeWay(Ticket)
        /// For the journal, an event, and whoever watches.
        case tell(Endpoint, News)
    }

    /// Why a wish ends without an answer.
    public enum Refusal: Sendable, Equatable {
        /// The old server could not be reached lately, and is asked again soon.
        case unreachable
        /// It can be reached, and has lately been silent about everybody's password.
        case silent
        /// So many wait that this one would not be answered in time.
        case overloaded
        /// Time was up before there was a connection.
        case outOfTime
    }

    /// How far a connection came that the old server refused for no account's sake.
    public enum RefusedStep: Sendable, CaseIterable {
        /// The host name has no address: nobody was asked.
        case name
        /// It was not taken, or not in time.
        case connection
        /// It was closed before a greeting, or within the TLS handshake without a word, or the greeting was none.
        case greeting
        /// After the greeting, before it was told of an account; or later, in words that tell of connections.
        case beforePassword
    }

    /// What follows a refusal.
    public enum AfterRefusal: Sendable, Equatable {
        /// It stands in line again, where it stood before: others of our connections stand, and it is one too many; or
        /// others are being opened, and tell whether it is.
        case waits
        /// None of ours stands: the server is out of reach. A question is over; a run keeps its place.
        case isOutage
        /// Nobody waits for it any more.
        case isOver
    }

    /// What becomes of the session in which a password was accepted.
    public enum AfterAcceptance: Sendable, Equatable {
        /// A run could start at once: hand it in with the run, or wait for ``Decision/endSession(_:)``.
        case keep
        case end
    }

    /// What has changed about an old server.
    public enum News: Sendable, Equatable {
        /// Nobody is asked for a while, since this moment.
        case isUnreachable(since: Moment)
        /// The same, for a server that greets.
        case isSilent(since: Moment)
        case answersAgain
        /// It refuses connections beyond so many from here.
        case bearsOnly(connections: Int)
        /// It has borne all that are asked for.
        case bearsAll
        /// After wrong passwords all answers come later, by so much. Told again after an hour, or where it is more.
        case penalises(delay: Duration)
    }

    public struct Turn: Sendable, Equatable {
        public var decisions: [Decision] = []
        /// When to look again, where nothing happens before; nil: only an event changes anything.
        public var next: Moment?
    }
}
