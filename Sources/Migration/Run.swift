// SPDX-License-Identifier: Apache-2.0

import MailStore
import NIOCore
import POP3
import Records
import Secrets
import Vocabulary

/// One run of one account: log in, list, fetch what the ledger does not have, deliver, record; and again, where the old
/// server may have shown a part of the mailbox alone.
///
/// A dropped connection is resumed inside the run; each session compares the listing with the ledger afresh. What one
/// session does is in `Run+Session.swift`; what outlives it is ``RunProgress``.
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
        /// All that was listed is here, and so many messages were refused; whether there is more is asked after so many
        /// seconds, for the server wants a pause between logins.
        case toBeContinued(refused: Int, seconds: Int)
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

    /// What the next run must know where this one is put off.
    private(set) var further: FurtherSessions
    var isPipelining = true
    var progress = RunProgress()
    /// What came of the latest login of this run; nil where it has gone on in a session that was there.
    private(set) var asked: PasswordAttempt?
    /// A login is under way, and has no answer yet.
    private var isAsking = false
    private var hasBegun = false
    /// At which message pipelining has failed.
    var pipeliningFailedAt: ListedMessage?

    /// - Parameter further: what the sessions before this run have found.
    init(
        context: Context, statuses: StatusBoard, delivery: Delivery, control: RunControl, account: AccountRecord,
        settings: MigrationSettings, password: Password, further: FurtherSessions = FurtherSessions()
    ) {
        self.context = context
        self.statuses = statuses
        self.delivery = delivery
        self.control = control
        self.account = account
        self.settings = settings
        self.password = password
        self.further = further
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
            // A message that makes no sense is left behind after the second time; that says nothing of the others.
            if error.reason == .oldServerProtocol, error.step != .retrieve { nonsense += 1 }
            guard tries < 5, nonsense < 2 else { return nil }
            let longest = min(5, 0.25 * Double(1 << (tries - 1)))
            return Double.random(in: longest / 2...longest)
        }
    }

    /// - Throws: `MailStoreError`, `RecordsError`.
    mutating func end() async throws -> End {
        context.youngRuns.begins(account.id)
        defer { context.youngRuns.leaves(account.id) }
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

    /// Sessions until one has ended in order, or the run has.
    /// - Returns: with it, how many seconds the server wants between logins, where it says so.
    private mutating func endOfSessions() async throws -> (End, loginDelay: Int?) {
        var patience = Patience()
        while true {
            if let reason = control.stopReason { return (.stopped(reason), nil) }
            let before = progress.count
            do {
                return try await attempt()
            } catch let error as POP3Error {
                if let reason = control.stopReason { return (.stopped(reason), nil) }
                if isAsking { remember(.failed(error.reason, error.description)) }
                if progress.count > before { patience.progress() }
                if error.code == .busy { return (.postponed(.mailboxInUse, error.description, seconds: nil), nil) }
                // Nobody's fault over there: when some others have ended there is room again.
                if error.code == .exhausted { return (.postponed(.overloaded, error.description, seconds: 5), nil) }
                if error.code == .pipeliningBroken {
                    guard isPipelining else { return (.failed(.oldServerProtocol, error.description), nil) }
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

    /// One session: that of the login check, where it was kept for this run, else a new one.
    private mutating func attempt() async throws -> (End, loginDelay: Int?) {
        if let session = await context.checkedSessions.take(for: account, settings) {
            control.onStop { session.abort() }
            defer { session.abort() }
            try await session.settleIn()
            return (try await move(in: session), session.capabilities.loginDelay)
        }
        isAsking = true
        let session = try await POP3Session.open(
            settings.oldServer, timeouts: Timeouts(context.limits), trust: context.trust, group: context.group,
            hiding: password)
        context.reach.isReached(settings.oldServer, at: context.now())
        control.onStop { session.abort() }
        defer { session.abort() }
        // No password goes to a server that the settings do not name any more.
        guard try await isCurrent() else { return (.stopped(.resettled), nil) }
        let answer = try await session.authenticate(
            user: user, password: password, secure: settings.oldServer.secureAuthentication)
        remember(OldServerAnswer(answer))
        if let end = refusal(answer, session) { return (end, nil) }
        return (try await move(in: session), session.capabilities.loginDelay)
    }

    private mutating func remember(_ answer: OldServerAnswer) {
        isAsking = false
        asked = answer.attempt(via: account.lastTriggeredBy ?? .other, at: context.now())
    }

    var user: String { settings.oldServer.username(of: account.address) }

    /// Where the ledger's rows of this mailbox come from.
    var source: Int64 { context.ledgerHash.source(settings.oldServer, username: user) }

    private func isCurrent() async throws -> Bool {
        let domain = account.address.domain
        let current = try await context.records.read { try $0.settings(of: domain) }
        return current.map { $0.oldServer == settings.oldServer } ?? true
    }

    // MARK: - Further sessions

    /// A mailbox is looked through to its end once; that of a server which is known to show parts, each time.
    private func looksFurther() async throws -> Bool {
        guard account.lookedThrough == source else { return true }
        let name = settings.oldServer.nameOfParts
        return try await context.records.read { try $0.value(name) != nil }
    }

    private func rememberParts() async throws {
        let name = settings.oldServer.nameOfParts
        try await context.records.write { records in
            if try records.value(name) == nil { try records.set(name, to: [1]) }
        }
    }

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

    /// The account is moving, and what remains is known.
    mutating func hasListed(_ plan: RunPlan) async throws {
        let isFirstAttempt = !hasBegun
        hasBegun = true
        let id = account.id
        let now = context.now()
        let remaining = Int64(plan.missing)
        let octets = plan.missingOctets
        let asked = asked
        let changed = try await context.records.write { records -> AccountRecord? in
            guard var row = try records.account(id: id), row.deletedAt == nil else { return nil }
            row.isMoving()
            row.wasAsked(asked)
            // What this session finds is not known before it has ended.
            row.pending?.found = nil
            row.remaining = remaining
            row.remainingOctets = octets
            if row.nonMigrating == .reply { row.nonMigrating = nil }
            if isFirstAttempt {
                row.runs += 1
                try records.append(
                    EventRecord(
                        at: now, account: row.address, kind: .connected,
                        detail: "\(remaining) messages to fetch, \(octets) octets", isIdle: remaining == 0))
            }
            try records.update(row)
            return row
        }
        if let changed { statuses.changed(changed) }
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

extension OldServer {
    /// Under which the records remember that this server lists a part of a mailbox each time.
    fileprivate var nameOfParts: String { "parts:\(name)" }
}
