// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ground
import MailSource
import MailStore
import OldServerPlaces
import OldServerPolicy
import Records
import Secrets
import Statuses
import Vocabulary
import Waiting

/// One run of one account: log in, list, fetch what the ledger lacks, deliver, record; and again if the old server may
/// have shown only a part of the mailbox.
///
/// A dropped connection is resumed within the run; each session compares listing and ledger afresh. What one session
/// does is in `Run+Session.swift`, how it comes to one in `Run+Connection.swift`; what outlasts a session is in ``RunProgress``.
struct Run: Sendable {
    let context: Context
    let commons: RunCommons
    let statuses: StatusBoard
    let delivery: Delivery
    let place: RunPlace
    let control: RunControl
    let account: AccountRecord
    let settings: MigrationSettings
    let password: Password
    /// Whether it is the old server's master user's.
    let isByMaster: Bool
    /// The markers that have to stand where the mail goes.
    var expected: StoreMarkers = [:]

    /// What the next run must know if this one is put off.
    private(set) var further: FurtherSessions
    var isPipelining = true
    /// Whether the next folder may be opened before the server has told all of one.
    var opensAhead: Bool
    var progress = RunProgress()
    /// Settled where additional connections do harm, or no good.
    let needsNoCompany = Latch<Void>()
    /// Whether another look follows one that has found something.
    private var looksFurther = false
    /// The latest login of this run; nil if it has had none, because it continues in a session that was there.
    private(set) var asked: PasswordAttempt?
    /// Whether a login is under way that has not been answered yet.
    var isAsking = false
    private var hasBegun = false
    /// The question in whose session it goes on.
    var kept: OldServerPolicy.Ticket?
    /// The message at which pipelining failed.
    var pipeliningFailedAt: ListedMessage?

    /// - Parameter further: what the sessions before this run have found.
    init(
        context: Context, commons: RunCommons, statuses: StatusBoard, delivery: Delivery, place: RunPlace,
        control: RunControl, account: AccountRecord, settings: MigrationSettings, opened: Vault.Opened,
        further: FurtherSessions = FurtherSessions()
    ) {
        self.context = context
        self.commons = commons
        self.statuses = statuses
        self.delivery = delivery
        self.place = place
        self.control = control
        self.account = account
        self.settings = settings
        switch opened {
        case .own(let password): (self.password, isByMaster) = (password, false)
        case .masters(let password): (self.password, isByMaster) = (password, true)
        }
        self.further = further
        opensAhead = settings.oldServer.mailProtocol == .imap
        if case .goesOn(let session) = place.start { kept = session }
    }

    /// - Throws: `MailStoreError`, `RecordsError`.
    mutating func end() async throws -> RunEnd {
        commons.youngRuns.begins(account.id)
        defer { commons.youngRuns.leaves(account.id) }
        looksFurther = try await isToLookFurther()
        while true {
            let (end, loginDelay) = try await endOfSessions()
            let refused: Int
            switch end {
            case .completed: refused = 0
            case .refused(let count, _): refused = count
            default: return end
            }
            guard try await anotherLookFollows() else { return end }
            if let reason = control.stopReason { return .stopped(reason) }
            if let loginDelay, loginDelay > 0 { return .toBeContinued(refused: refused, seconds: loginDelay) }
        }
    }

    mutating func remember(_ answer: SourceAnswer) {
        switch answer {
        case .accepted: remember(.accepted, nil)
        case .rejected: remember(.rejected, .credentialsRejected)
        case .noSuchUser: remember(.noSuchUser, nil)
        case .busy(let reason, _, _), .failed(let reason, _, _): remember(.unavailable, reason)
        }
    }

    mutating func remember(_ outcome: AttemptOutcome, _ reason: Reason?) {
        isAsking = false
        // That would be about the account's own password.
        guard !isByMaster else { return }
        asked = PasswordAttempt(
            at: context.now(), via: account.lastTriggeredBy ?? .other, outcome: outcome, reason: reason)
    }

    /// Whether the server is asked about the next folder before it has told all of one.
    var asksAhead: Bool { opensAhead && isPipelining && !progress.stumblingBlocks.isCareful }

    var user: String { settings.oldServer.username(of: account.address) }

    /// Where the ledger's rows of this mailbox come from.
    var source: Int64 { commons.ledgerHash.source(settings.oldServer, username: user) }

    func isCurrent() async throws -> Bool {
        let domain = account.address.domain
        let current = try await context.records.settings(of: domain)
        return current.map { $0.oldServer == settings.oldServer } ?? true
    }

    // MARK: - Further sessions

    /// One look has shown what there is, all of which is here now: whether another follows, for that may have been a part.
    mutating func anotherLookFollows() async throws -> Bool {
        guard looksFurther else { return false }
        looksFurther = further.ended(finding: progress.found)
        guard looksFurther else { return false }
        if further.areParts { try await rememberParts() }
        progress.roundEnded()
        return true
    }

    /// A mailbox is looked through to its end once; on a server known to show parts, every time.
    private func isToLookFurther() async throws -> Bool {
        guard account.lookedThrough == source else { return true }
        let name = settings.oldServer.nameOfParts
        return try await context.records.kept(name) != nil
    }

    private func rememberParts() async throws {
        let name = settings.oldServer.nameOfParts
        _ = try await context.records.kept(name, orElse: [1])
    }

    /// Records that the account is moving and what remains.
    mutating func recordListing(_ plan: RunPlan, _ folders: SessionFolders) async throws {
        let isFirstAttempt = !hasBegun
        hasBegun = true
        let id = account.id
        let now = context.now()
        let remaining = Int64(plan.missing)
        let octets = plan.missingOctets
        let asked = asked
        let listed = folders.records(remaining: plan.missingByFolder)
        let stale = plan.stale
        let changed = try await context.records.change(.id(id)) { facts in
            guard var row = facts.account else { return nil }
            var events: [EventRecord] = []
            row.beginMoving()
            row.pending?.begin()
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
                        detail: remaining == 1
                            ? "1 message to fetch, \(octets) octets"
                            : "\(remaining) messages to fetch, \(octets) octets",
                        isIdle: remaining == 0))
            }
            var effects = AccountEffects(row, events: events)
            effects.folders = listed
            effects.forgotten = stale
            return effects
        }
        if let changed { statuses.changed(changed) }
    }
}

extension OldServer {
    /// The name under which the records remember that this server lists only a part of a mailbox at a time.
    fileprivate var nameOfParts: String { "parts:\(name)" }
}
