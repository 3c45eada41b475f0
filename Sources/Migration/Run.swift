// SPDX-License-Identifier: Apache-2.0

import MailStore
import NIOCore
import POP3
import Records
import Secrets
import Vocabulary

/// One run of one account: log in, list, fetch what the ledger does not have, deliver, record.
///
/// A dropped connection is resumed inside the run; each attempt compares the listing with the ledger afresh.
struct Run: Sendable {
    /// How a run ended.
    enum End: Sendable {
        case completed
        /// So many messages the old server would not give.
        case refused(Int)
        case rejected(String)
        /// In use, too early, or out of order for a while; come back after so many seconds, where it said so.
        case postponed(Reason, String, seconds: Int?)
        case failed(Reason, String)
        /// Refused for good, by a code that says so (RFC 3206 §4): another try would change nothing.
        case barred(String)
        case stopped(RunControl.StopReason)
    }

    let context: Context
    let statuses: StatusBoard
    let delivery: Delivery
    let control: RunControl
    let account: AccountRecord
    let settings: MigrationSettings
    let password: Password
    /// The markers that have to stand where the mail goes.
    var expected: StoreMarkers = [:]

    private var isPipelining = true
    private var hasBegun = false
    /// Sizes, by number, of what this run has settled: a session that resumes it fetches them last.
    private var settledSizes: [Int: Int?] = [:]
    /// How many messages a session of this run has settled at the most.
    private var mostSettled = 0
    /// How many of those the session leaves out.
    private var passedOver = 0
    /// Without UIDLs: what this run has settled, so that a dropped connection is resumed behind it.
    private var settled: [Int: (octets: Int?, row: LedgerRow)] = [:]
    private var unreadable = UnreadableMessages()

    init(
        context: Context, statuses: StatusBoard, delivery: Delivery, control: RunControl, account: AccountRecord,
        settings: MigrationSettings, password: Password
    ) {
        self.context = context
        self.statuses = statuses
        self.delivery = delivery
        self.control = control
        self.account = account
        self.settings = settings
        self.password = password
    }

    /// Five tries without progress end a run; an answer that makes no sense is tried once more.
    private struct Patience {
        var tries = 0
        var nonsense = 0

        mutating func progress() { self = Patience() }

        /// Seconds to wait before the next try; nil where there is none.
        mutating func next(after error: POP3Error) -> Double? {
            if error.code == .pipeliningBroken { return 0 }
            guard error.isWorthAnotherTry else { return nil }
            tries += 1
            if error.reason == .oldServerProtocol { nonsense += 1 }
            guard tries < 5, nonsense < 2 else { return nil }
            let longest = min(5, 0.25 * Double(1 << (tries - 1)))
            return Double.random(in: longest / 2...longest)
        }
    }

    /// - Throws: `MailStoreError`, `RecordsError`.
    mutating func end() async throws -> End {
        context.youngRuns.begins(account.id)
        defer { context.youngRuns.leaves(account.id) }
        var patience = Patience()
        while true {
            if let reason = control.stopReason { return .stopped(reason) }
            let before = progress
            do {
                return try await attempt()
            } catch let error as POP3Error {
                if let reason = control.stopReason { return .stopped(reason) }
                if progress > before { patience.progress() }
                if error.code == .busy { return .postponed(.mailboxInUse, error.description, seconds: nil) }
                if error.code == .pipeliningBroken {
                    guard isPipelining else { return .failed(.oldServerProtocol, error.description) }
                    isPipelining = false
                }
                guard let seconds = patience.next(after: error) else { return .failed(error.reason, error.description) }
                context.log.debug("the run is resumed after: \(error)", metadata: .about(account.address))
                await control.sleep(seconds: seconds)
            }
        }
    }

    /// Messages that this run has settled, one way or another.
    private var progress = 0

    /// One session: that of the login check, where it was kept for this run, else a new one.
    private mutating func attempt() async throws -> End {
        if let session = await context.checkedSessions.take(for: account, settings) {
            control.onStop { session.abort() }
            defer { session.abort() }
            try await session.settleIn()
            return try await move(in: session)
        }
        let session = try await POP3Session.open(
            settings.oldServer, timeouts: Timeouts(context.limits), trust: context.trust, group: context.group,
            hiding: password)
        context.reach.note(settings.oldServer, nil, at: context.now())
        control.onStop { session.abort() }
        defer { session.abort() }
        let answer = try await session.authenticate(
            user: user, password: password, secure: settings.oldServer.secureAuthentication)
        if let end = refusal(answer, session) { return end }
        return try await move(in: session)
    }

    private var user: String { settings.oldServer.username(of: account.address) }

    /// How a run ends that was not let in; nil where it was.
    private func refusal(_ answer: LoginAnswer, _ session: POP3Session) -> End? {
        switch answer {
        case .accepted: nil
        case .rejected(let reply), .noSuchUser(let reply): .rejected(reply.text)
        case .busy(.inUse, let reply): .postponed(.mailboxInUse, reply.text, seconds: nil)
        case .busy(.loginDelay, let reply):
            .postponed(.mailboxInUse, reply.text, seconds: session.capabilities.loginDelay ?? 60)
        case .busy(.systemTemporary, let reply): .postponed(.oldServerUnreachable, reply.text, seconds: nil)
        case .refused(let reply) where reply.isForGood: .barred(reply.text)
        case .refused(let reply): .failed(.oldServerProtocol, reply.text)
        case .noSecureMechanism:
            .failed(.secureAuthenticationUnavailable, "\(settings.oldServer.host) offers no way to log in unseen")
        }
    }

    /// What follows the login.
    private mutating func move(in session: POP3Session) async throws -> End {
        let isLarge = try await session.mailbox().messages > LargeMailboxes.messages
        guard !isLarge || context.largeMailboxes.enter() else {
            return .postponed(
                .mailboxInUse, "as many mailboxes of over \(LargeMailboxes.messages) messages as may are moving",
                seconds: LargeMailboxes.patience)
        }
        defer { if isLarge { context.largeMailboxes.leave() } }
        let listing = try await session.listing()
        var plan = try await plan(listing, user: user)
        try await hasListed(plan)
        let isSafe = !session.capabilities.retrievingDeletes
        let refused = try await fetch(&plan, session, pipelining: isPipelining && isSafe)
        try await finish(session)
        return refused == 0 ? .completed : .refused(refused)
    }

    private mutating func plan(_ listing: [ListedMessage], user: String) async throws -> RunPlan {
        let id = account.id
        var ledger = try await context.records.read { try $0.ledger(of: id) }
        var listing = listing
        passedOver = 0
        if listing.allSatisfy({ $0.uniqueID == nil }) {
            let octets = Dictionary(uniqueKeysWithValues: listing.map { ($0.number, $0.octets) })
            // The same sizes in the same places: the connection dropped, and the mailbox is the same.
            if settled.allSatisfy({ octets[$0.key] == .some($0.value.octets) }) {
                let rows = Set(settled.values.map(\.row))
                ledger.removeAll { rows.contains($0) }
                passedOver = listing.count { settled[$0.number] != nil }
                listing.removeAll { settled[$0.number] != nil }
            }
        }
        return RunPlan(
            listing: listing, ledger: ledger, source: context.ledgerHash.source(settings.oldServer, username: user),
            hash: context.ledgerHash, order: settings.options.order, isConfirming: settings.options.deleteAfterMove)
    }

    /// The account is moving, and what remains is known.
    private mutating func hasListed(_ plan: RunPlan) async throws {
        let isFirstAttempt = !hasBegun
        hasBegun = true
        let id = account.id
        let now = context.now()
        let remaining = Int64(plan.missing)
        let octets = plan.missingOctets
        let changed = try await context.records.write { records -> AccountRecord? in
            guard var row = try records.account(id: id), row.deletedAt == nil else { return nil }
            row.isMoving()
            row.remaining = remaining
            row.remainingOctets = octets
            if row.nonMigrating == .reply { row.nonMigrating = nil }
            if isFirstAttempt {
                row.runs += 1
                try records.append(
                    EventRecord(
                        at: now, account: row.address, kind: .connected,
                        detail: "\(remaining) messages to fetch, \(octets) octets"))
            }
            try records.update(row)
            return row
        }
        if let changed { statuses.changed(changed) }
    }

    private enum Step: Sendable {
        case retrieved
        case delivered(Delivery.Size)
    }

    /// Streams what is wanted into the store, and submits what is staged there.
    /// - Returns: how many messages the old server would not give.
    private mutating func fetch(
        _ plan: inout RunPlan, _ session: POP3Session, pipelining: Bool
    ) async throws -> Int {
        settledHere = []
        let id = account.id
        let options = DeliveryOptions(settings.options)
        let intended = try await context.records.read { try $0.intents(of: id) }
            .compactMap { StagedBatch(encoded: $0.batch) }
        let refusals = Refusals()
        let window = context.limits.windowOctets
        let readable = plan.wanted.filter { message in
            guard let reason = unreadable.reason(message) else { return true }
            refusals.add(session.name(of: message), reason)
            return false
        }
        // A session that ends again and again at the same place would else get no further.
        func isSettled(_ message: ListedMessage) -> Bool { settledSizes[message.number] == .some(message.octets) }
        let wanted = readable.filter { !isSettled($0) } + readable.filter(isSettled)
        let leftBehind = refusals.count
        guard !wanted.isEmpty else {
            await sweep(options, intended)
            try await note(refusals)
            return refusals.count
        }
        let writer = try await context.store.open(
            account.address, options: options, intended: intended, expecting: expected)
        // Until the last sync: it is the writer that keeps the file system's errors in sight.
        defer { withExtendedLifetime(writer) {} }
        let gate = IntakeGate(writer)
        let setback = Setback()
        try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                defer { writer.finish() }
                try await session.retrieve(
                    wanted, into: gate, pipelining: pipelining ? .allowed : .forbidden, windowOctets: window,
                    onRefusal: { refusals.add(session.name(of: $0), $1.text) })
                return .retrieved
            }
            var open = Delivery.Size()
            var failure: (any Error)?
            var lastPause = ContinuousClock.now
            // What was delivered counts, whatever else went wrong: the next attempt goes on behind it.
            func take(_ step: Result<Step, any Error>) {
                switch step {
                case .success(.delivered(let size)):
                    open -= size
                    progress += size.messages
                case .failure(let error): failure = failure ?? error
                case .success(.retrieved): break
                }
            }
            for try await staged in writer.staged {
                // No more is fetched than can be delivered.
                if let error = setback.error { throw error }
                let new = try await settle(staged, &plan, writer)
                guard let new else { continue }
                let size = new.size
                open += size
                let receipt = delivery.submit(new)
                group.addTask {
                    do {
                        try await receipt.wait()
                    } catch {
                        setback.note(error)
                        throw error
                    }
                    return .delivered(size)
                }
                // One that fails is still open: no other follows it.
                while open.reaches(Self.mostOpen), failure == nil, let step = await group.nextResult() { take(step) }
                await giveWay(at: gate, since: &lastPause)
            }
            while let step = await group.nextResult() { take(step) }
            guard let failure else { return }
            // All that was whole is settled by now, in order.
            let place = settledHere.count + refusals.count - leftBehind
            if let error = failure as? POP3Error, wanted.indices.contains(place), unreadable.add(wanted[place], error) {
                progress += 1
            }
            throw failure
        }
        try await note(refusals)
        return refusals.count
    }

    /// A long run leaves most of the time to those that have just begun.
    private func giveWay(at gate: IntakeGate, since lastPause: inout ContinuousClock.Instant) async {
        guard progress >= YoungRuns.messages else { return }
        context.youngRuns.leaves(account.id)
        let seconds = context.youngRuns.pause(after: .now - lastPause)
        if seconds > 0 {
            gate.close()
            await control.sleep(seconds: seconds)
            gate.open()
        }
        lastPause = .now
    }

    /// Nothing is wanted, but an earlier run that was cut short may have left something staged, which is of no use.
    private func sweep(_ options: DeliveryOptions, _ intended: [StagedBatch]) async {
        do throws(MailStoreError) {
            try await context.store.sweep(account.address, options: options, intended: intended)
        } catch {
            context.log.debug(
                "what earlier runs left in tmp stays there: \(error)", metadata: .about(account.address))
        }
    }

    /// What of one account is delivered at once: what is staged beyond waits, so that the ledger is never far behind.
    private static let mostOpen = Delivery.Size(messages: 1000, octets: 4 << 20)

    /// Numbers and rows of what this session has settled: what may be deleted over there.
    private var settledHere: [(number: Int, row: LedgerRow)] = []

    /// Tells new messages from those that are here already; the latter are discarded, and known by their new name.
    /// - Returns: what is to be delivered; nil where nothing is.
    private mutating func settle(
        _ staged: [StagedMessage], _ plan: inout RunPlan, _ writer: any MailboxWriter
    ) async throws -> Delivery.Submission? {
        var new: [(StagedMessage, LedgerRow)] = []
        var known: [(message: StagedMessage, old: LedgerRow, row: LedgerRow)] = []
        // What the listing took for moved and is not, and the other way round.
        var recounted = Delivery.Size()
        for message in staged {
            let row: LedgerRow
            let wasCounted = !plan.seemsMoved(message.message)
            let listed = Delivery.Size(messages: 1, octets: Int64(message.message.octets ?? 0))
            switch plan.judge(message) {
            case .new(let fresh):
                row = fresh
                new.append((message, fresh))
                if !wasCounted { recounted += listed }
            case .known(let old, let renamed):
                row = renamed
                known.append((message, old, renamed))
                if wasCounted { recounted -= listed }
            }
            settledHere.append((message.message.number, row))
            settledSizes[message.message.number] = message.message.octets
            if message.message.uniqueID == nil {
                settled[message.message.number] = (message.message.octets, row)
            }
        }
        if !known.isEmpty { try await writer.discard(known.map(\.message)) }
        if !known.isEmpty || recounted.messages != 0 {
            try await rename(known.map { ($0.old, $0.row) }, recounted)
        }
        // What an earlier session of this run has settled is no progress.
        let reached = passedOver + settledHere.count
        progress += min(known.count, max(0, reached - mostSettled))
        mostSettled = max(mostSettled, reached)
        guard !new.isEmpty else { return nil }
        return Delivery.Submission(
            account: account.id, batch: writer.batch(of: new.map(\.0)), rows: new.map(\.1),
            octets: new.map { Int64($0.0.octets) }, listedOctets: new.reduce(0) { $0 + Int64($1.0.message.octets ?? 0) }
        )
    }

    /// Ledger rows of messages that are here already get the name under which they are listed now; `recounted` more remain
    /// than was thought.
    private func rename(_ rows: [(old: LedgerRow, new: LedgerRow)], _ recounted: Delivery.Size) async throws {
        let id = account.id
        let changed = try await context.records.write { records -> AccountRecord? in
            try records.remove(rows.map(\.old), for: id)
            try records.insert(rows.map(\.new), for: id)
            guard var row = try records.account(id: id) else { return nil }
            row.remaining = max(0, row.remaining + Int64(recounted.messages))
            row.remainingOctets = max(0, row.remainingOctets + recounted.octets)
            try records.update(row)
            return row
        }
        if let changed { statuses.changed(changed) }
    }

    private func note(_ refusals: Refusals) async throws {
        let lines = refusals.lines
        guard !lines.isEmpty else { return }
        let now = context.now()
        let address = account.address
        try await context.records.write { records in
            for line in lines {
                try records.append(
                    EventRecord(
                        at: now, account: address, kind: .messageRefused, reason: .messagesRefused, detail: line))
            }
        }
    }

    /// All is recorded: what was settled here may be deleted over there, and the session ends in order.
    private mutating func finish(_ session: POP3Session) async throws {
        guard settings.options.deleteAfterMove, !settledHere.isEmpty else {
            // Everything is recorded; whether the farewell arrives changes nothing.
            _ = try? await session.quit()
            return
        }
        let kept = Set(try await session.delete(settledHere.map(\.number)))
        guard try await session.quit() else { return }
        let id = account.id
        let rows = settledHere.filter { !kept.contains($0.number) }.map(\.row)
        try await context.records.write { records in
            try records.remove(rows, for: id)
            try records.insert(
                rows.map { row in
                    var row = row
                    row.deleted = true
                    return row
                }, for: id)
        }
    }
}

extension Reply {
    fileprivate var isForGood: Bool {
        code.map { $0.isWithin(.systemPermanent) || $0.isWithin(.authentication) } ?? false
    }
}

extension POP3Error {
    /// Whether the same may go better on a new connection.
    fileprivate var isWorthAnotherTry: Bool {
        reason == .oldServerUnreachable || reason == .oldServerProtocol
    }
}

extension DeliveryOptions {
    init(_ options: MoveOptions) {
        self.init(preserveUIDL: options.preserveUIDL, markSeen: options.markSeen, folder: options.folder)
    }
}
