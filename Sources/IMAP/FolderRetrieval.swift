// SPDX-License-Identifier: Apache-2.0

import DequeModule
import MailSession
public import Vocabulary

/// Retrieves messages of one folder after the other: the next folder is opened, and its messages are asked for, while
/// those before are still coming. A value without I/O.
///
/// A server executes what it is sent in that order (RFC 3501 §5.5). Nevertheless a message is believed to be of a folder
/// only when the answer to that folder's EXAMINE has come, after all answers before it, with the UIDVALIDITY that was
/// listed. If anything else happens (the folder does not open, it has been numbered anew, a message of the folder before is
/// missing, answers come in another order), the retrieval *breaks off*: what is under way is thrown away, and whoever
/// called goes on, folder by folder, from the first message that is not settled.
public struct FolderRetrieval: Sendable {
    public struct Folder: Sendable {
        var opening: Command
        /// As listed.
        var validity: UInt32
        var retrieval: Retrieval

        public init(_ name: MailboxName, validity: UInt32, _ retrieval: Retrieval) {
            (opening, self.validity, self.retrieval) = (.examine(name, nil), validity, retrieval)
        }
    }

    /// How it has ended.
    public struct End: Sendable {
        /// The pace at which the next may begin.
        public var pace: Retrieval.Pace
        /// How many messages, from the first on, have come or been given up.
        public var settled: Int
        /// Whether nothing was to be asked for any more.
        public var isStopped: Bool
        public var isBrokenOff: Bool
        /// Whether another folder than the first has been opened.
        public var hasMovedOn: Bool
    }

    private enum Asked { case message, opening }

    private var folders: [Folder]
    /// The folder whose messages come, and the last for which anything was asked.
    private var (current, last) = (0, 0)
    /// EXAMINEs that are not answered, by the folder's index.
    private var openings: [Int: CommandID?] = [:]
    private var lastAsked = Asked.message
    /// What an EXAMINE has told before its answer.
    private var validity: UInt32?
    private var isBrokenOff = false
    private var hasAnswer = false
    /// Whether the server has opened a folder ahead before.
    private var isProven = false

    static let mostUnderWay = 12

    /// - Parameters:
    ///   - first: of the folder that is open.
    ///   - rest: that are opened in turn, if sets are asked for still.
    public init(_ first: Retrieval, then rest: [Folder] = []) {
        folders = [Folder(.inbox, validity: 0, first)] + rest
    }

    public var isDone: Bool {
        guard underWay == 0 else { return false }
        let retrieval = folders[current].retrieval
        return isBrokenOff || current == last && retrieval.isDone && (mayNotGoOn || retrieval.isStopped)
    }

    private var mayNotGoOn: Bool { last == folders.count - 1 || !folders[last].retrieval.pace.isOfSets }

    public var end: End {
        End(
            pace: folders[current].retrieval.pace, settled: settled,
            isStopped: folders[current].retrieval.isStopped, isBrokenOff: isBrokenOff, hasMovedOn: last > 0)
    }

    private var underWay: Int { openings.count + folders[current...last].reduce(0) { $0 + $1.retrieval.underWay } }

    private var settled: Int {
        folders[..<current].reduce(folders[current].retrieval.settled) { $0 + $1.retrieval.count }
    }

    /// A change is progress.
    public var progress: Int { settled + current }
    /// Whether a message's text is coming that is taken.
    public var isTaking: Bool { folders[current].retrieval.isTaking }
    /// Whether an answer that is missing could be another's.
    public var isAhead: Bool { underWay > 1 }
    /// Whether commands have been sent ahead to a server that has not yet been seen to bear that.
    public var isOnTrial: Bool { isAhead && (!hasAnswer || !openings.isEmpty && !isProven) }

    // MARK: - Asking

    /// The command that may be sent now; ``sent(_:)`` comes next.
    public mutating func nextCommand() -> Command? {
        guard !isBrokenOff else { return nil }
        if current < last, folders[current].retrieval.isInTrouble { isBrokenOff = true }
        guard !isBrokenOff else { return nil }
        let besides = folders[current..<last].reduce(0) { $0 + $1.retrieval.octetsAhead }
        if current == last || underWay < Self.mostUnderWay,
            let command = folders[last].retrieval.nextCommand(besides: besides)
        {
            lastAsked = .message
            return command
        }
        guard !mayNotGoOn, folders[last].retrieval.hasAskedForAll, underWay < Self.mostUnderWay else { return nil }
        last += 1
        (lastAsked, openings[last]) = (.opening, .some(nil))
        return folders[last].opening
    }

    public mutating func sent(_ id: CommandID) {
        switch lastAsked {
        case .message: folders[last].retrieval.sent(id)
        case .opening: openings[last] = id
        }
    }

    // MARK: - What comes

    /// The message that a text which begins is taken for; nil if it is to be thrown away.
    public mutating func began(_ fetched: Fetched) -> ListedMessage? {
        isBrokenOff ? nil : folders[current].retrieval.began(fetched)
    }

    /// The text that begins is not taken after all, and nothing else will be.
    public mutating func giveUp() { folders[current].retrieval.giveUp() }

    /// The text that is coming is not the message, but a substitute.
    public mutating func spoil(_ words: [UInt8]) { folders[current].retrieval.spoil(words) }

    /// A response about a message is whole, and with it the text that has come in it.
    public mutating func heard(_ fetched: Fetched) -> Retrieval.Heard {
        isBrokenOff ? .nothing : folders[current].retrieval.heard(fetched)
    }

    /// What is said of a folder that is opened.
    public mutating func heard(_ condition: Condition) {
        if case .uidValidity(let number) = condition.code { validity = number }
    }

    /// The last word about a command.
    public mutating func completed(_ id: CommandID, _ condition: Condition) -> Retrieval.Concluded {
        hasAnswer = true
        if let index = openings.first(where: { $0.value == id })?.key {
            opened(index, condition)
            return .nothing
        }
        if folders[current].retrieval.awaits(id) { return folders[current].retrieval.completed(id, condition) }
        for index in folders.indices where folders[index].retrieval.awaits(id) {
            // Its folder is not known to be open.
            folders[index].retrieval.forget(id)
            isBrokenOff = true
        }
        return .nothing
    }

    private mutating func opened(_ index: Int, _ condition: Condition) {
        openings[index] = nil
        heard(condition)
        defer { validity = nil }
        // All before it is there, and was answered.
        guard !isBrokenOff, index == current + 1, folders[current].retrieval.isDone, condition.kind == .ok,
            validity == folders[index].validity
        else {
            isBrokenOff = true
            return
        }
        isProven = true
        current = index
    }
}
