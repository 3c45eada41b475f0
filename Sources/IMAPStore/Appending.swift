// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailStore
import Vocabulary
import Waiting

/// Appends one batch to one folder, each message once.
///
/// 1. The next messages of the ``AppendPlan`` are sent in one APPEND.
/// 2. `OK`: they are there, and the folder is known up to behind them.
/// 3. `NO`, `BAD`, a line that is lost, no answer: nobody knows. What has come into the folder since the watermark is
///    read, and compared by content; each message found accounts for one that was sent. What is missing is sent again, in
///    halves if the platform has refused it.
///
/// A platform may still be storing what it was sent before the line was lost. So what is missing then is looked for once
/// more, after a while, before it is sent again.
struct Appending {
    /// What was sent, and may be there or not.
    private struct Doubt {
        var chunk: [Int]
        /// nil where the line was lost.
        var answer: Condition?
        /// Whether the platform has closed the line.
        var isHungUp = false
        /// How long the platform may take to store what it was sent.
        var seconds = 0.0
        /// Whether it has had that time.
        var isOld = false
    }

    /// What it puts up with before it gives up; what is done by then stays done.
    private struct Patience {
        /// Connections lost in a row.
        var losses = 0
        /// How often in a row the platform has asked to wait, or was out of order.
        var waits = 0
        /// Messages refused in a row with words of a fault.
        var faults = 0
        /// Messages refused in a row because the platform closes the line at them.
        var hangUps = 0
        /// Lines closed in a row at the same message, and how many of them when it came alone.
        var closed = (at: -1, times: 0, alone: 0)
    }

    private static let mostLosses = 6
    private static let mostWaits = 5
    private static let mostFaults = 8
    private static let mostHangUps = 3

    private let store: IMAPStore
    private let turn: PlatformConnections.Turn
    private let folder: [String]
    private let messages: [OutgoingMessage?]
    private let publisher: Publisher
    private var plan: AppendPlan
    /// Up to where the folder is known.
    private var watermark: Watermark?
    private var doubt: Doubt?
    private var patience = Patience()
    private var hasMadeFolder = false

    /// - Parameter publisher: asked before anything is sent, and before it could be complete over there.
    init(
        _ store: IMAPStore, _ turn: PlatformConnections.Turn, _ batch: IMAPBatch, _ messages: [OutgoingMessage?],
        for publisher: Publisher
    ) {
        (self.store, self.turn, self.messages, self.publisher) = (store, turn, messages, publisher)
        (folder, watermark) = (batch.folder, batch.watermark)
        plan = AppendPlan(batch.messages, isStaged: messages.map { $0 != nil })
    }

    /// - Throws: `MailStoreError` when it gives up: nobody knows then what is there of the batch.
    mutating func run() async throws(MailStoreError) -> Publication {
        while doubt != nil || plan.isPending {
            guard publisher.isOurs() else {
                throw error(.failed, "is sent no more by this node: another may deliver to \(turn.account)")
            }
            let line = try await connected()
            do {
                if let doubt { try await settle(doubt, line) } else { try await sendNext(line) }
            } catch let failure as WireFailure {
                try await lost(failure)
            } catch {
                throw error as? MailStoreError ?? MailStoreError(code: .failed, detail: "\(error)")
            }
        }
        var publication = plan.publication
        if let watermark { publication.notes[path] = watermark.note }
        return publication
    }

    // MARK: Lines

    private mutating func connected() async throws(MailStoreError) -> MailboxLine {
        while true {
            do throws(MailStoreError) {
                return try await turn.line()
            } catch {
                guard error.code == .unresponsive, patience.losses < Self.mostLosses else { throw error }
                await pauseAfterLoss()
            }
        }
    }

    private mutating func lost(_ failure: WireFailure) async throws(MailStoreError) {
        let error = store.error(failure, of: turn.account)
        store.log.debug("a line to the platform is lost: \(error)")
        switch failure.code {
        case .refused, .untrusted, .invalidCredentialOctets: throw error
        default: break
        }
        guard patience.losses < Self.mostLosses else { throw error }
        await pauseAfterLoss(atLeast: Double(min(30, failure.pause ?? 0)))
    }

    private mutating func pauseAfterLoss(atLeast seconds: Double = 0) async {
        patience.losses += 1
        await store.stopping.sleep(seconds: max(seconds, 0.125 * Double(1 << patience.losses)))
    }

    // MARK: Sending

    private mutating func sendNext(_ line: MailboxLine) async throws {
        let name = try await line.name(of: folder)
        // Before anything is sent: equal messages may have been sent before.
        if watermark == nil {
            do throws(WireFailure) {
                watermark = try await store.watermark(of: name, folder, line)
            } catch {
                guard error.isOfOneFolder, !name.isInbox, !line.isBroken else { throw error }
                return plan.refuseRest(store.error(error, of: turn.account).detail)
            }
        }
        guard let chunk = plan.chunk(takesMany: line.takesMany) else { return }
        if let limit = line.capabilities.appendLimit, let octets = messages[chunk[0]]?.spooled.octets, octets > limit {
            return plan.refuse(
                chunk[0], "it has \(octets) octets, and the platform takes \(limit) (APPENDLIMIT)")
        }
        let octets = try await SpooledOctets(
            chunk.compactMap { messages[$0]?.spooled }, store.pool, while: publisher.isOurs)
        var outgoing = chunk.map { appended($0, line) }
        if line.isUTF8 {
            for (index, isUTF8) in try await octets.areHeadersUTF8().enumerated() { outgoing[index].isUTF8 = isUTF8 }
        }
        let answer: Condition
        do throws(WireFailure) {
            answer = try await line.append(outgoing, to: name, octets)
        } catch {
            doubt = Doubt(
                chunk: chunk, isHungUp: error.code == .closed, seconds: store.settlingSeconds(after: error))
            throw error
        }
        guard answer.kind == .ok else {
            doubt = Doubt(chunk: chunk, answer: answer)
            return
        }
        noteKeywords(of: chunk, line)
        plan.accepted(chunk)
        patience = Patience()
        store.breaker.isUsed()
        // Where the answer does not say where they are, the server is asked, for what follows and for the notes.
        let before = watermark
        watermark = line.state.withLock { $0.watermarks[name] }
        try await compare(chunk, after: before, name, line)
        if watermark == nil { watermark = try await store.watermark(of: name, folder, line) }
    }

    /// Once, a message is read back: one that changes on its way could not be recognised if its answer were lost.
    private func compare(
        _ chunk: [Int], after watermark: Watermark?, _ name: MailboxName, _ line: MailboxLine
    ) async throws(WireFailure) {
        guard let watermark, let first = chunk.first, store.readsBack() else { return }
        let wanted = plan.wanted([first])
        guard
            case .found(let found, _, _) = try await line.newMail(in: name, after: watermark, wanted, store.contentKey),
            !wanted.isFound(in: found)
        else { return }
        store.log.warning(
            """
            \(store.platform.subject) gives a message back that is not what it was sent: what has arrived cannot be told \
            there when an answer is lost, and may arrive twice then
            """)
    }

    private func appended(_ index: Int, _ line: MailboxLine) -> Command.AppendedMessage {
        guard let message = messages[index] else { return Command.AppendedMessage(octets: 0) }
        let keywords = line.takesNoKeywords ? .none : plan.keywords(of: index)
        return Command.AppendedMessage(
            flags: message.flags + keywords.of(message.keywords),
            date: Timestamp(milliseconds: message.spooled.arrival * 1000), octets: message.spooled.octets)
    }

    /// What it has taken with keywords, or only without.
    private func noteKeywords(of chunk: [Int], _ line: MailboxLine) {
        let marked = chunk.filter { messages[$0]?.keywords.isEmpty == false }
        guard !marked.isEmpty, !line.takesNoKeywords else { return }
        let isStripped = marked.allSatisfy { plan.keywords(of: $0) == .none }
        line.state.withLock { $0.strippedMessages = isStripped ? $0.strippedMessages + 1 : 0 }
    }

    // MARK: Doubt

    private mutating func settle(_ doubt: Doubt, _ line: MailboxLine) async throws {
        guard let watermark else { return self.doubt = nil }
        let name = try await line.name(of: folder)
        let missing: [Int]
        var vanished = 0
        var upTo: Watermark?
        switch try await line.newMail(in: name, after: watermark, plan.wanted(doubt.chunk), store.contentKey) {
        case .renumbered:
            throw MailStoreError(
                code: .failed,
                detail:
                    "\(store.platform.subject) has given the messages of the folder \(name) of \(turn.account) new UIDs "
                    + "while mail was sent there; what has arrived is found out by the next run")
        case .noFolder: (missing, vanished) = (doubt.chunk, doubt.chunk.count)
        case .found(let found, let end, let gone):
            (missing, vanished, upTo) = (plan.missing(doubt.chunk, found: found), gone, end)
        }
        if doubt.answer == nil, !doubt.isOld, !missing.isEmpty {
            self.doubt?.isOld = true
            return await store.stopping.sleep(seconds: doubt.seconds)
        }
        plan.found(doubt.chunk, except: missing)
        let doubled = min(missing.count, vanished)
        if doubt.answer == nil, doubled > 0, !(await publisher.mayDouble(turn.account, doubled)) {
            throw error(.failed, "may have had mail of \(turn.account) already, and gets it when that can be recorded")
        }
        self.watermark = upTo
        self.doubt = nil
        if missing.count < doubt.chunk.count { patience = Patience() }
        if let answer = doubt.answer, !missing.isEmpty { try await judge(answer, doubt.chunk) }
        if doubt.isHungUp, missing == doubt.chunk { try closed(at: doubt.chunk) }
    }

    /// The platform has closed the line, and taken nothing of a chunk: again and again, it is for one of its messages.
    private mutating func closed(at chunk: [Int]) throws(MailStoreError) {
        let (first, isAlone) = (chunk[0], chunk.count == 1)
        let times = patience.closed.at == first ? patience.closed.times + 1 : 1
        let alone = (patience.closed.at == first ? patience.closed.alone : 0) + (isAlone ? 1 : 0)
        patience.closed = (first, times, alone)
        if !isAlone, times >= 2 { plan.single() }
        guard alone >= 3 else { return }
        guard patience.hangUps < Self.mostHangUps else {
            throw error(.unresponsive, "closes the connection whatever it is sent")
        }
        plan.refuse(first, "the platform closes the connection when it is sent")
        patience = Patience(hangUps: patience.hangUps + 1)
    }

    /// What follows from an answer that was not OK, of messages that are not all there.
    private mutating func judge(_ answer: Condition, _ chunk: [Int]) async throws {
        let words = store.words(of: answer)
        switch AppendVerdict(answer) {
        case .full: throw error(.full, "has no room for more mail of \(turn.account): \(words)")
        case .folderBarred where folder != NewFolder.inbox:
            plan.refuseRest("the platform takes no mail for the folder \(path): \(words)")
        case .barred, .folderBarred:
            throw error(.refused, "takes no mail for the folder \(path) of \(turn.account): \(words)")
        case .wait(let seconds):
            guard patience.waits < Self.mostWaits else {
                throw error(.failed, "takes no more mail at present: \(words)")
            }
            patience.waits += 1
            await store.stopping.sleep(seconds: Double(min(30, seconds ?? 1 << (patience.waits - 1))))
        case .noFolder:
            guard !hasMadeFolder else {
                if folder != NewFolder.inbox {
                    return plan.refuseRest("the platform has no folder \(path), and makes none: \(words)")
                }
                throw error(.refused, "has no folder \(path) of \(turn.account), and makes none: \(words)")
            }
            (hasMadeFolder, watermark) = (true, nil)
        case .fault:
            if patience.waits < 2 {
                patience.waits += 1
                return await store.stopping.sleep(seconds: Double(patience.waits))
            }
            if chunk.count == 1 { patience.faults += 1 }
            guard patience.faults < Self.mostFaults else { throw error(.failed, "is out of order: \(words)") }
            refuse(chunk, words)
        case .message: refuse(chunk, words)
        }
    }

    /// One of these is refused.
    private mutating func refuse(_ chunk: [Int], _ words: String) {
        guard chunk.count == 1, let index = chunk.first else { return plan.narrow(chunk) }
        if plan.retry(index, keywords: messages[index]?.keywords ?? []) { return }
        plan.refuse(index, "the platform does not take it: \(words)")
    }

    private var path: String { folder.joined(separator: "/") }

    private func error(_ code: MailStoreError.Code, _ what: String) -> MailStoreError {
        MailStoreError(code: code, detail: "\(store.platform.subject) \(what)")
    }
}
