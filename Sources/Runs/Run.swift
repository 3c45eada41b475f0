// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ground
import MailSource
import MailStore
import Records
import Secrets
import Statuses
import Vocabulary

/// One run of one account: log in, list, fetch what the ledger lacks, deliver, record; and again if the old server may
/// have shown only a part of the mailbox.
///
/// A dropped connection is resumed within the run; each session compares listing and ledger afresh. What one session
/// does is in `Run+Session.swift`; what outlasts a session is in ``RunProgress``.
struct Run: Sendable {
    let context: Context
    let commons: RunCommons
    let statuses: StatusBoard
    let delivery: Delivery
    let control: RunControl
    let account: AccountRecord
    let settings: MigrationSettings
    let password: Password
    /// The markers that have to stand where the mail goes.
    var expected: StoreMarkers = [:]

    /// What the next run must know if this one is put off.
    private(set) var further: FurtherSessions
    var isPipelining = true
    var progress = RunProgress()
    /// The latest login of this run; nil if it has had none, because it continues in a session that was there.
    private(set) var asked: PasswordAttempt?
    /// Whether a login is under way that has not been answered yet.
    private var isAsking = false
    private var hasBegun = false
    /// The message at which pipelining failed.
    var pipeliningFailedAt: ListedMessage?

    /// - Parameter further: what the sessions before this run have found.
    init(
        context: Context, commons: RunCommons, statuses: StatusBoard, delivery: Delivery, control: RunControl,
        account: AccountRecord, settings: MigrationSettings, password: Password,
        further: FurtherSessions = FurtherSessions()
    ) {
        self.context = context
        self.commons = commons
        self.statuses = statuses
        self.delivery = delivery
        self.control = control
        self.account = account
        self.settings = settings
        self.password = password
        self.further = further
    }

    /// Five attempts without progress end a run; an answer that makes no sense is retried once.
    private struct Patience {
        var tries = 0
        var nonsense = 0

        mutating func progress() { self = Patience() }

        /// Seconds to wait before the next attempt; nil if there is none.
        mutating func next(after error: SourceError) -> Double? {
            if error.code == .pipeliningBroken { return 0 }
            tries += 1
            // A message that makes no sense is left behind the second time; that says nothing about the others.
            if error.reason == .oldServerProtocol, error.step != .fetch { nonsense += 1 }
            guard tries < 5, nonsense < 2 else { return nil }
            let longest = min(5, 0.25 * Double(1 << (tries - 1)))
            return Double.random(in: longest / 2...longest)
        }
    }

    /// - Throws: `MailStoreError`, `RecordsError`.
    mutating func end() async throws -> RunEnd {
        commons.youngRuns.begins(account.id)
        defer { commons.youngRuns.leaves(account.id) }
        let isLookingFurther = try await looksFurther()
        while true {
            let (end, loginDelay) = try await endOfSessions()
            let refused: Int
            switch end {
            case .completed: refused = 0
            case .refused(let count): refused = count
            default: return end
            }
            guard isLookingFurther, further.ended(finding: progress.found) else { return end }
            if further.areParts { try await rememberParts() }
            progress.roundEnded()
            if let reason = control.stopReason { return .stopped(reason) }
            if let loginDelay, loginDelay > 0 { return .toBeContinued(refused: refused, seconds: loginDelay) }
        }
    }

    /// Opens sessions until one has ended in order, or the run has.
    /// - Returns: how the run ended, and the seconds the server wants between logins, if it says so.
    private mutating func endOfSessions() async throws -> (RunEnd, loginDelay: Int?) {
        var patience = Patience()
        while true {
            if let reason = control.stopReason { return (.stopped(reason), nil) }
            let before = progress.count
            do {
                return try await attempt()
            } catch let error as SourceError {
                if let reason = control.stopReason { return (.stopped(reason), nil) }
                if isAsking { remember(.unavailable, error.reason) }
                if progress.count > before { patience.progress() }
                switch error.remedy {
                case .wait(let seconds): return (.postponed(error.reason, error.description, seconds: seconds), nil)
                case .final: return (.failed(error.reason, error.description), nil)
                case .again: break
                }
                if error.code == .pipeliningBroken {
                    guard isPipelining else { return (.failed(error.reason, error.description), nil) }
                    isPipelining = false
                }
                guard let seconds = patience.next(after: error) else {
                    return (.failed(error.reason, error.description), nil)
                }
                context.log.debug("the run is resumed after: \(error)", metadata: .about(account.address))
                await control.sleep(seconds: seconds)
            }
        }
    }

    /// One session: the one kept from the login check, if there is one, else a new one.
    private mutating func attempt() async throws -> (RunEnd, loginDelay: Int?) {
        if let session = await commons.checkedSessions.take(for: account, settings) {
            control.onStop { session.abort() }
            defer { session.abort() }
            try await session.enter()
            return (try await move(in: session), session.traits.loginDelay)
        }
        isAsking = true
        let line = try await context.source.connect(
            to: settings.oldServer, timeouts: context.timeouts, hiding: password)
        commons.reach.note(settings.oldServer, nil, at: context.now())
        control.onStop { line.abort() }
        defer { line.abort() }
        // No password is sent to a server that the settings no longer name.
        guard try await isCurrent() else { return (.stopped(.resettled), nil) }
        let answer = try await line.open(user: user, password: password)
        remember(answer)
        switch answer {
        case .accepted(let session): return (try await move(in: session), session.traits.loginDelay)
        case .rejected(let text), .noSuchUser(let text): return (.rejected(text), nil)
        case .busy(let reason, let text, let seconds): return (.postponed(reason, text, seconds: seconds), nil)
        case .failed(_, let text, isForGood: true): return (.barred(text), nil)
        case .failed(let reason, let text, isForGood: false): return (.failed(reason, text), nil)
        }
    }

    private mutating func remember(_ answer: SourceAnswer) {
        switch answer {
        case .accepted: remember(.accepted, nil)
        case .rejected: remember(.rejected, .credentialsRejected)
        case .noSuchUser: remember(.noSuchUser, nil)
        case .busy(let reason, _, _), .failed(let reason, _, _): remember(.unavailable, reason)
        }
    }

    private mutating func remember(_ outcome: AttemptOutcome, _ reason: Reason?) {
        isAsking = false
        asked = PasswordAttempt(
            at: context.now(), via: account.lastTriggeredBy ?? .other, outcome: outcome, reason: reason)
    }

    var user: String { settings.oldServer.username(of: account.address) }

    /// Where the ledger's rows of this mailbox come from.
    var source: Int64 { commons.ledgerHash.source(settings.oldServer, username: user) }

    private func isCurrent() async throws -> Bool {
        let domain = account.address.domain
        let current = try await context.records.settings(of: domain)
        return current.map { $0.oldServer == settings.oldServer } ?? true
    }

    // MARK: - Further sessions

    /// A mailbox is looked through to its end once; on a server known to show parts, every time.
    private func looksFurther() async throws -> Bool {
        guard account.lookedThrough == source else { return true }
        let name = settings.oldServer.nameOfParts
        return try await context.records.kept(name) != nil
    }

    private func rememberParts() async throws {
        let name = settings.oldServer.nameOfParts
        _ = try await context.records.kept(name, orElse: [1])
    }

    /// Records that the account is moving and what remains.
    mutating func recordListing(_ plan: RunPlan) async throws {
        let isFirstAttempt = !hasBegun
        hasBegun = true
        let id = account.id
        let now = context.now()
        let remaining = Int64(plan.missing)
        let octets = plan.missingOctets
        let asked = asked
        let changed = try await context.records.change(.id(id)) { facts in
            guard var row = facts.account else { return nil }
            var events: [EventRecord] = []
            row.beginMoving()
            row.wasAsked(asked, at: now)
            // What this session finds is known only when it has ended.
            row.pending?.found = nil
            row.remaining = remaining
            row.remainingOctets = octets
            if row.nonMigrating == .reply { row.nonMigrating = nil }
            if isFirstAttempt {
                row.runs += 1
                events.append(
                    EventRecord(
                        at: now, account: row.address, kind: .connected,
                        detail: "\(remaining) messages to fetch, \(octets) octets", isIdle: remaining == 0))
            }
            return AccountEffects(row, events: events)
        }
        if let changed { statuses.changed(changed) }
    }
}

extension OldServer {
    /// The name under which the records remember that this server lists only a part of a mailbox at a time.
    fileprivate var nameOfParts: String { "parts:\(name)" }
}
