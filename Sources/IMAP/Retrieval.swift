// SPDX-License-Identifier: Apache-2.0

import DequeModule
public import MailSession
public import Vocabulary

/// Decides which messages of the open folder are asked for when, and which of them an answer brings.
///
/// Messages are asked for in sets, a few of them ahead. What comes is believed only if it is the next one that was
/// asked for, by its UID. The answer to its set may come later: Dovecot holds it back while further commands go on. If one
/// is missing, or another comes in its place, everything that is under way is thrown away: the missing one is asked for
/// alone, and the rest again. If it does not come alone either, the server is asked whether it is still there: a message
/// may be deleted over there at any time, and servers leave it out without a word (RFC 3501 §6.4.8).
public struct Retrieval: Sendable {
    public struct Wanted: Hashable, Sendable {
        public var message: ListedMessage
        public var uid: UInt32

        public init(_ message: ListedMessage, uid: UInt32) { (self.message, self.uid) = (message, uid) }
    }

    /// How much is asked for ahead.
    public enum Pace: Hashable, Sendable {
        /// One command, one message, one answer.
        case oneByOne
        /// One message per command, several commands ahead: for servers that stumble over sets.
        case singly
        /// A set, and the next one when that has come: for servers that go on with the latest of several where the client is
        /// slower than they are, as Dovecot does.
        case setsInTurn
        case sets

        /// Whether several messages are asked for by one command.
        public var isOfSets: Bool { self == .sets || self == .setsInTurn }
    }

    /// Why a message does not come.
    public enum Absence: Hashable, Sendable {
        /// In the server's words, or ours where it says nothing.
        case refused([UInt8])
        /// It has been deleted since it was listed.
        case gone
    }

    /// What a `FETCH` response means.
    public enum Heard: Hashable, Sendable {
        case nothing
        /// The message that has come is the one it was taken for.
        case received
        /// It is not.
        case mistaken
        /// What has come is no message, as ``spoil(_:)`` has said.
        case spoilt(ListedMessage, [UInt8])
        /// A whole message, too short for a literal.
        case short(ListedMessage, [UInt8])
    }

    /// What the answer to a command means.
    public enum Concluded: Sendable {
        case nothing
        case absent(ListedMessage, Absence)
        case failed(WireFailure)
    }

    private enum Purpose: Hashable { case set, alone, probe }

    private struct Asked: Hashable {
        var id: CommandID?
        var range: Range<Int>
        var purpose: Purpose
        var octets: Int
        /// Whether the server has said anything of the one message that it is about.
        var isThere = false
    }

    private let wanted: [Wanted]
    private let windowOctets: Int
    private let goesOn: @Sendable () -> Bool
    /// Nothing more is asked for.
    private(set) var isStopped = false
    /// The pace at which it continues, and at which the next may begin.
    public private(set) var pace: Pace
    /// The first message that has neither come nor been given up.
    private var position = 0
    /// The first that is not asked for.
    private var next = 0
    private var asked = Deque<Asked>()
    private(set) var octetsAhead = 0
    /// Whether all that comes is thrown away until nothing is under way.
    private var isRecovering = false
    private var nextPurpose = Purpose.set
    private var troubles = 0
    private var hasAnswer = false
    /// Whether a message's text is coming that is taken.
    public private(set) var isTaking = false
    /// Why that text is no message.
    private var spoilt: [UInt8]?

    /// How many messages the next set may hold: more and more, as long as sets come whole. In turn each costs a round
    /// trip, and the server that takes them so is known.
    private var width: Int

    static let mostMessages = 64
    static let mostOfLaterSets = 512
    static let mostInTurn = 2048
    static let mostSets = 4
    /// Commands should stay below 1,000 octets (RFC 2683 §3.2.1.5), or below 8,192 for servers that count changes (RFC 7162
    /// §4), as those do that are asked in turn.
    private static let (mostOctetsOfSet, mostOctetsInTurn) = (900, 8000)

    /// - Parameters:
    ///   - wanted: all of the folder that is open, in the order in which they are to come.
    ///   - windowOctets: the most that is asked for and has not come, unless a single message is larger.
    ///   - goesOn: asked before each command; once it says no, nothing more is asked for.
    public init(
        _ wanted: [Wanted], pace: Pace, windowOctets: Int, goesOn: @escaping @Sendable () -> Bool = { true }
    ) {
        (self.wanted, self.pace, self.windowOctets, self.goesOn) = (wanted, pace, windowOctets, goesOn)
        width = pace == .setsInTurn ? Self.mostInTurn : Self.mostMessages
    }

    public var isDone: Bool { asked.isEmpty && (position == wanted.count || isStopped) }
    /// Whether all has been asked for, and nothing seems to be missing.
    var hasAskedForAll: Bool { next == wanted.count && nextPurpose == .set && !isRecovering && !isStopped }
    /// Whether something is missing, so that messages are to be asked for again.
    var isInTrouble: Bool { isRecovering || nextPurpose != .set }
    /// How many commands wait for their answers.
    var underWay: Int { asked.count }
    /// How many messages are wanted.
    var count: Int { wanted.count }

    /// Whether this command is its own, and waits for its answer.
    func awaits(_ id: CommandID) -> Bool { asked.contains { $0.id == id } }

    /// Whatever the answer to this command means, it is not meant for the messages that are wanted.
    mutating func forget(_ id: CommandID) {
        guard let index = asked.firstIndex(where: { $0.id == id }) else { return }
        octetsAhead -= asked.remove(at: index).octets
    }
    /// Whether an answer that is missing could be another's.
    public var isAhead: Bool { asked.count > 1 }
    /// Whether commands have been sent ahead to a server that has not yet answered one of them.
    public var isOnTrial: Bool { isAhead && !hasAnswer }
    /// How many messages are settled: a change is progress.
    public var settled: Int { position }

    // MARK: - Asking

    /// The command that may be sent now; ``sent(_:)`` comes next.
    /// - Parameter besides: octets that others have asked for on the same line.
    public mutating func nextCommand(besides: Int = 0) -> Command? {
        guard !isStopped else { return nil }
        if isRecovering {
            guard asked.isEmpty else { return nil }
            (isRecovering, next, nextPurpose) = (false, position, .alone)
        }
        guard next < wanted.count else { return nil }
        let purpose = nextPurpose
        if let last = asked.last, purpose != .set || last.purpose != .set { return nil }
        guard let (range, octets) = nextRange(purpose, besides: besides) else { return nil }
        guard goesOn() else {
            isStopped = true
            return nil
        }
        asked.append(Asked(range: range, purpose: purpose, octets: octets))
        octetsAhead += octets
        next = range.upperBound
        nextPurpose = .set
        let uids = UIDSet(wanted[range].map(\.uid))
        // More than the text alone, so that a server that leaves that out still shows that it has the message.
        return .fetch(uids, purpose == .probe ? [.uid, .flags] : [.uid, .message], changedSince: nil)
    }

    public mutating func sent(_ id: CommandID) {
        guard !asked.isEmpty else { return }
        asked[asked.count - 1].id = id
    }

    private func nextRange(_ purpose: Purpose, besides: Int) -> (Range<Int>, octets: Int)? {
        let mostAhead: Int
        let mostMessages: Int
        switch pace {
        case .oneByOne: (mostAhead, mostMessages) = (1, 1)
        case .singly: (mostAhead, mostMessages) = (Self.mostMessages, 1)
        case .setsInTurn: (mostAhead, mostMessages) = (1, width)
        case .sets: (mostAhead, mostMessages) = (Self.mostSets, width)
        }
        let octetsOfSet = pace == .setsInTurn ? windowOctets : windowOctets / Self.mostSets
        let mostOctets = pace == .setsInTurn ? Self.mostOctetsInTurn : Self.mostOctetsOfSet
        let (isFirst, octetsAhead) = (asked.isEmpty && besides == 0, octetsAhead + besides)
        guard asked.count < mostAhead else { return nil }
        var end = next
        var octets = 0
        var text = 0
        while end < wanted.count, end - next < (purpose == .set ? mostMessages : 1) {
            let size = purpose == .probe ? 0 : max(wanted[end].message.octets ?? 0, 0)
            if end > next {
                // Some servers take ascending sets alone, and all answer in that order.
                guard wanted[end].uid > wanted[end - 1].uid, octets + size <= octetsOfSet,
                    text <= mostOctets
                else { break }
            } else if !isFirst, octetsAhead + size > windowOctets {
                return nil
            }
            octets += size
            // The longest numbers; what goes on from the one before costs nothing but for the first time.
            let continues = end > next && wanted[end].uid == wanted[end - 1].uid + 1
            let hasContinued = end > next + 1 && wanted[end - 1].uid == wanted[end - 2].uid + 1
            if !continues || !hasContinued { text += 11 }
            end += 1
        }
        // Rather a full set a little later than many that are almost empty.
        if !isFirst, octetsAhead + octets > windowOctets { return nil }
        return (next..<end, octets)
    }

    // MARK: - What comes

    /// The message that a text which begins is taken for; nil if it is to be thrown away.
    public mutating func began(_ fetched: Fetched) -> ListedMessage? {
        guard !isTaking, let body = fetched.bodies.last, let expected = expected(fetched.uid, body) else { return nil }
        // An empty text in place of a message: the server has lost it.
        if case .passedOn(0) = body.content, expected.octets ?? 0 > 0 { return nil }
        isTaking = true
        return expected
    }

    /// The text that begins is not taken after all, and nothing else will be.
    public mutating func giveUp() { isTaking = false }

    /// The text that is coming is not the message, but a substitute.
    public mutating func spoil(_ words: [UInt8]) { spoilt = words }

    /// The command by which the message that is due was asked for.
    private var current: Int? { asked.firstIndex { $0.range.contains(position) } }

    /// The message that is due, if this can be its text.
    private mutating func expected(_ uid: UInt32?, _ body: FetchedBody) -> ListedMessage? {
        guard !isRecovering, let first = asked.first, let current, asked[current].purpose != .probe,
            body.section.isEmpty, body.origin ?? 0 == 0
        else { return nil }
        let due = wanted[position]
        guard let uid, uid != due.uid else { return due.message }
        // Some say things twice. Any other is out of turn, and so is all that follows.
        let isKnown = wanted[first.range.lowerBound..<position].contains { $0.uid == uid }
        if !isKnown { recover(isAhead: isAskedForLater(uid, than: current)) }
        return nil
    }

    /// Whether it is of a set behind that of the message that is due.
    private func isAskedForLater(_ uid: UInt32, than current: Int) -> Bool {
        asked[(current + 1)...].contains { set in
            guard let first = wanted[set.range].first, let last = wanted[set.range].last else { return false }
            return (min(first.uid, last.uid)...max(first.uid, last.uid)).contains(uid)
        }
    }

    /// A response about a message is whole, and with it the text that has come in it.
    public mutating func heard(_ fetched: Fetched) -> Heard {
        if isTaking {
            defer { (isTaking, spoilt) = (false, nil) }
            guard fetched.uid == wanted[position].uid else {
                recover()
                return .mistaken
            }
            let message = wanted[position].message
            settle()
            return spoilt.map { .spoilt(message, $0) } ?? .received
        }
        guard let uid = fetched.uid, let current, uid == wanted[position].uid else { return .nothing }
        asked[current].isThere = true
        for body in fetched.bodies {
            guard case .inline(let octets) = body.content, !octets.isEmpty, let message = expected(uid, body) else {
                continue
            }
            settle()
            return .short(message, octets)
        }
        return .nothing
    }

    private mutating func settle() { position += 1 }

    /// The last word about a command.
    public mutating func completed(_ id: CommandID, _ condition: Condition) -> Concluded {
        guard let index = asked.firstIndex(where: { $0.id == id }) else { return .nothing }
        let done = asked.remove(at: index)
        octetsAhead -= done.octets
        hasAnswer = true
        if done.purpose == .alone, isRecovering {
            isRecovering = false
            return gaveUp(.refused(Self.withAnother))
        }
        if isRecovering { return .nothing }
        if done.range.upperBound <= position {
            let most = pace == .setsInTurn ? Self.mostInTurn : Self.mostOfLaterSets
            if condition.kind == .ok { width = min(width * 2, most) }
            return .nothing
        }
        guard done.range.contains(position) else {
            // Something that was asked for before it is missing.
            recover()
            return .nothing
        }
        if done.purpose == .probe { return gaveUp(probed(done, condition)) }
        if condition.kind != .ok {
            // Not by all words for a fault: of a message that it cannot read, Exchange says each time that it is
            // unavailable.
            if condition.tellsOfLoad { return .failed(WireFailure(busy: condition)) }
            // The tag says which message is meant; what was asked for behind it may stay.
            if done.range.count == 1 { return gaveUp(.refused(condition.text)) }
        } else if done.purpose == .alone {
            if done.isThere { return gaveUp(.refused(Self.withoutText)) }
            (next, nextPurpose) = (position, .probe)
            return .nothing
        }
        recover()
        return .nothing
    }

    /// Throws away what is under way, and goes on with the message that is due.
    /// - Parameter isAhead: the server has gone on with a set before the one before it was whole; nothing is missing.
    private mutating func recover(isAhead: Bool = false) {
        guard !isRecovering else { return }
        isRecovering = true
        width = Self.mostMessages
        if isAhead, pace == .sets { return pace = .setsInTurn }
        troubles += 1
        if troubles > 1, pace.isOfSets { pace = .singly }
    }

    private static let withoutText = Array("it says OK and does not send the message".utf8)

    private static let withAnother = Array("it sends another message in its place".utf8)

    private func probed(_ done: Asked, _ condition: Condition) -> Absence {
        if condition.kind != .ok { return .refused(condition.text) }
        return done.isThere ? .refused(Self.withoutText) : .gone
    }

    private mutating func gaveUp(_ absence: Absence) -> Concluded {
        let message = wanted[position].message
        position += 1
        return .absent(message, absence)
    }
}
