// SPDX-License-Identifier: Apache-2.0

package import Records
package import Vocabulary

/// Everything that an answer about an account's password changes, whoever asked: a login, the portal, a background
/// question, or an administrator's repair.
///
/// A value, without I/O. The records call ``effects(on:)`` with what is known at the moment the answer takes effect;
/// that is where changes since the question was asked are taken into account.
package struct LoginEffects: Sendable {
    package enum Outcome: Sendable {
        /// The old server has taken the password, and so it is the account's own from now on.
        /// - `hash`: nil if it is already the account's own.
        case takenOver(hash: String?, Sealed)
        /// The old server has taken the password, which is about to replace the one in the platform's own directory.
        /// This is recorded first: after a crash, the hash found in the directory tells whether the replacement
        /// happened.
        /// - `replaced`: by what the hash is known again that stands there now.
        case intended(hash: String, replaced: String?, Sealed)
        /// … and this is what has come of it.
        case settled(hash: String, Replacing)
        /// The platform's directory has another password than the one that was taken over.
        case changedElsewhere
        /// The platform's directory has an account that is not yet known here.
        case takenIn(displayName: String?, quotaOctets: Int64?)
        /// The old server has taken the password; the account keeps its own.
        case started(Sealed)
        /// An administrator moves the account's mail by the old server's master user; nobody has shown a password of the
        /// account.
        case startedByMaster(Sealed)
        /// As `started`, for a repair: the messages of the rows `missing`, out of this many in the ledger, are not in the
        /// mailbox and are fetched again.
        case repaired(Sealed, missing: [LedgerRow], of: Int64)
        /// A login with the handed-over password: any mail that has arrived since is fetched.
        case askedForMore(Sealed, RunState)
        /// The password is about to be shown to the old server. Recorded first, so that no password is shown twice.
        case willBeShown
        /// … but was not shown after all: the next login may show it.
        case wasNotShown
        /// - `remembers`: whether the old server is not asked about this password of the account again.
        case rejected(String, remembers: Bool)
        case noSuchUser(String)
        case postponed(Reason, String)
        /// Somebody waited for an answer, and none came.
        case failed(Reason, String)
        /// Nothing else happened: the old server was not asked, because its answer was known from a moment ago, or
        /// because the question could not be put.
        case notAsked(AttemptOutcome, Reason?)
    }

    /// What has come of a replacement in the platform's own directory.
    package enum Replacing: Hashable, Sendable {
        /// The password stands there.
        case stands
        /// It does not, and never did.
        case undone
        /// A newer one stands there, which nobody overwrites.
        case overtaken
    }

    /// A password as the records keep it for a run.
    package struct Sealed: Hashable, Sendable {
        package var octets: [UInt8]
        /// What was already kept when the question was asked, if it seals the same password: then a run that has it is
        /// joined.
        package var equal: [UInt8]?

        package init(_ octets: [UInt8], equal: [UInt8]? = nil) {
            self.octets = octets
            self.equal = equal
        }

        /// What is kept from now on, where `kept` was before.
        func after(_ kept: [UInt8]?) -> [UInt8] { kept != nil && kept == equal ? kept ?? octets : octets }
    }

    /// Whether the account has a run at this moment.
    package enum RunState: Sendable {
        case none
        /// It waits for its turn, or for another try.
        case waiting
        case running
    }

    package var outcome: Outcome
    package var via: TriggerOrigin
    package var now: Timestamp
    /// The account, with the password that was asked about, as it stood when the question was asked; nil if there was
    /// no account.
    package var asked: AccountRecord?
    /// Generation of the settings under which the question was asked.
    package var generation: Int64?
    /// The address of an account that this creates.
    package var address: EmailAddress

    package init(
        _ outcome: Outcome, via: TriggerOrigin, at now: Timestamp, asked: AccountRecord?, address: EmailAddress,
        generation: Int64?
    ) {
        self.outcome = outcome
        self.via = via
        self.now = now
        self.asked = asked
        self.address = address
        self.generation = generation
    }

    /// - Returns: nil where nothing changes: what was asked about no longer exists, or another change came first.
    package func effects(on facts: AccountFacts) -> AccountEffects? {
        guard let attempt = refusal, let there = facts.account, isTheOneAsked(there) else { return changes(facts) }
        // That somebody tried is worth knowing, whatever has changed since the question was asked.
        var effects = changes(facts) ?? AccountEffects()
        var account = effects.account ?? there
        account.lastAttempt = attempt
        if account != there { effects.account = account }
        return effects.account == nil && effects.events.isEmpty ? nil : effects
    }

    private func changes(_ facts: AccountFacts) -> AccountEffects? {
        switch outcome {
        case .takenOver(let hash, let sealed): takenOver(hash, sealed, facts)
        case .intended(let hash, let replaced, let sealed): intended(hash, replaced, sealed, facts)
        case .settled(let hash, let replacing): settled(hash, replacing, facts)
        case .changedElsewhere: current(facts).map { AccountEffects($0.changedElsewhere) }
        case .takenIn(let name, let quota): takenIn(name, quota, facts)
        case .started(let sealed): started(sealed, facts)
        case .startedByMaster(let sealed): startedByMaster(sealed, facts)
        case .repaired(let sealed, let missing, let recorded): repaired(sealed, missing, recorded, facts)
        case .askedForMore(let sealed, let run): askedForMore(sealed, run, facts)
        case .willBeShown: changed(facts) { $0.shown = mark(of: $0) }
        case .wasNotShown: changed(facts) { if $0.shown == mark(of: $0) { $0.shown = nil } }
        case .rejected(let text, let remembers): rejected(text, remembers, facts)
        case .noSuchUser(let text): noSuchUser(text, facts)
        case .postponed(let reason, let text): told(.postponed, reason, text)
        case .failed(let reason, let text): failed(reason, text, facts)
        case .notAsked: nil
        }
    }

    // MARK: The basis

    /// Not one that was created again meanwhile.
    private func isTheOneAsked(_ account: AccountRecord) -> Bool {
        account.id == asked?.id && account.createdAt == asked?.createdAt
    }

    /// The account, if its password and settings are still those that were asked about.
    private func current(_ facts: AccountFacts) -> AccountRecord? {
        guard let asked, let account = facts.account, account.id == asked.id, account.revision == asked.revision,
            facts.settings?.generation == generation
        else { return nil }
        return account
    }

    private func isOpen(_ facts: AccountFacts) -> Bool {
        facts.settings?.generation == generation && facts.settings?.state(at: now) == .active
    }

    private func mark(of account: AccountRecord) -> PasswordMark? {
        generation.map { PasswordMark(revision: account.revision, generation: $0) }
    }

    // MARK: What changes

    private func takenOver(_ hash: String?, _ sealed: Sealed, _ facts: AccountFacts) -> AccountEffects? {
        guard isOpen(facts) else { return nil }
        var events = [event(.handedOver), event(.triggered)]
        var account: AccountRecord
        if let there = current(facts) {
            account = there
        } else {
            guard asked == nil, facts.row == nil, facts.settings?.autoCreateAccounts == true, let hash else {
                return nil
            }
            account = AccountRecord(address: address, passwordHash: hash, createdAt: now)
            events.insert(event(.created), at: 0)
        }
        if let hash { account.passwordHash = hash }
        account.handOver()
        account.lastAttempt = acceptance
        begin(&account, sealed)
        return AccountEffects(account, events: events)
    }

    private func intended(
        _ hash: String, _ replaced: String?, _ sealed: Sealed, _ facts: AccountFacts
    ) -> AccountEffects? {
        guard let generation else { return nil }
        return changed(facts) {
            $0.lastAttempt = acceptance
            $0.handingOver = IntendedHandOver(
                hash: hash, replaced: replaced, sealed: sealed.octets, generation: generation, via: via)
        }
    }

    /// Once, whoever finds out first. What the old server has said under settings that are no more, or of a window that has
    /// ended, begins nothing: the account has that password, and is asked about like any other.
    private func settled(_ hash: String, _ replacing: Replacing, _ facts: AccountFacts) -> AccountEffects? {
        guard var account = facts.account, let intended = account.handingOver, intended.hash == hash else { return nil }
        account.handingOver = nil
        switch replacing {
        // It is known again, whatever comes of it.
        case .stands: account.passwordHash = hash
        case .undone: return AccountEffects(account)
        case .overtaken:
            account.passwordHash = hash
            account.close()
        }
        guard let octets = intended.sealed, let settings = facts.settings,
            settings.generation == intended.generation, settings.state(at: now) == .active
        else { return AccountEffects(account) }
        var effects = self
        effects.via = intended.via
        var events = [effects.event(.triggered)]
        if replacing == .stands {
            account.handOver()
            events.insert(effects.event(.handedOver), at: 0)
        }
        effects.begin(&account, Sealed(octets))
        return AccountEffects(account, events: events)
    }

    private func takenIn(_ name: String?, _ quota: Int64?, _ facts: AccountFacts) -> AccountEffects? {
        guard facts.row == nil else { return nil }
        var account = AccountRecord(address: address, passwordHash: "", createdAt: now)
        account.displayName = name
        account.quotaOctets = quota
        account.nonMigrating = facts.listedEvidence
        return AccountEffects(account, events: [event(.created)])
    }

    private func started(_ sealed: Sealed, _ facts: AccountFacts) -> AccountEffects? {
        var effects = changed(facts) { account in
            account.lastAttempt = acceptance
            begin(&account, sealed)
        }
        effects?.events = [event(.triggered)]
        return effects
    }

    private func startedByMaster(_ sealed: Sealed, _ facts: AccountFacts) -> AccountEffects? {
        // What a user's own password is about to bring needs no other.
        guard isOpen(facts), facts.account?.sealed == nil, facts.account?.nonMigrating == nil else { return nil }
        var effects = changed(facts) { begin(&$0, sealed) }
        effects?.events = [event(.triggered)]
        return effects
    }

    private func repaired(
        _ sealed: Sealed, _ missing: [LedgerRow], _ recorded: Int64, _ facts: AccountFacts
    ) -> AccountEffects? {
        // Messages were moved or forgotten after the missing ones were counted.
        guard facts.account?.moved == asked?.moved else { return nil }
        var effects = changed(facts) { account in
            account.moved = recorded - Int64(missing.count)
            let octets = missing.lazy.map { max(0, $0.octets) }.saturatedSum()
            account.movedOctets = max(0, account.movedOctets.subtractingSaturated(octets))
            account.lastAttempt = acceptance
            begin(&account, sealed)
        }
        effects?.forgotten = missing
        effects?.events = [event(.triggered)]
        return effects
    }

    private func begin(_ account: inout AccountRecord, _ sealed: Sealed) {
        account.trigger(via: via, at: now)
        account.beginMoving()
        account.keep(sealed.after(account.sealed), for: PendingRun(kind: .first, due: now))
    }

    private func askedForMore(_ sealed: Sealed, _ here: RunState, _ facts: AccountFacts) -> AccountEffects? {
        // Perhaps on another node.
        let run = facts.isRunning ? .running : here
        var effects = changed(facts) { account in
            account.lastTriggeredAt = now
            account.lastTriggeredBy = via
            account.startedAt = account.startedAt ?? now
            account.startedBy = account.startedBy ?? via
            switch account.pending?.kind {
            case nil: account.keep(sealed.octets, for: PendingRun(kind: .incremental, due: now))
            case .retry?: account.pending?.becomeDue(at: now)
            // Late mail is looked for from the end of this run on.
            case .followUp?:
                account.pending = PendingRun(kind: run == .running ? .repeated : .incremental, due: now)
            case .incremental? where run == .running: account.pending?.kind = .repeated
            case .first?, .incremental?, .repeated?: break
            }
        }
        if run == .none { effects?.events = [event(.triggered)] }
        return effects
    }

    private func rejected(_ text: String, _ remembers: Bool, _ facts: AccountFacts) -> AccountEffects? {
        var effects = told(.passwordRejected, .credentialsRejected, text)
        if remembers { effects?.account = changed(facts) { $0.rejected = mark(of: $0) }?.account }
        return effects
    }

    /// Not believed of an account that has already moved.
    private func noSuchUser(_ text: String, _ facts: AccountFacts) -> AccountEffects? {
        guard var account = current(facts), account.startedAt == nil, account.nonMigrating == nil else { return nil }
        account.nonMigrating = .reply
        return AccountEffects(account, events: [event(.nonMigrating, nil, text)])
    }

    private func failed(_ reason: Reason, _ text: String, _ facts: AccountFacts) -> AccountEffects? {
        guard var account = current(facts), account.outcome != .inProgress else { return nil }
        // A mail program that polls a server which is down adds nothing new each minute.
        if account.outcome == .failed, let last = account.error, last.reason == reason,
            abs(now.seconds(since: last.at)) < 600
        {
            return nil
        }
        account.fail(with: reason, text, at: now)
        return AccountEffects(account, events: [event(.failed, reason, text)])
    }

    private func changed(_ facts: AccountFacts, _ change: (inout AccountRecord) -> Void) -> AccountEffects? {
        guard isOpen(facts), var account = current(facts) else { return nil }
        change(&account)
        return AccountEffects(account)
    }

    /// Only an event, and none for an address without an account.
    private func told(_ kind: EventRecord.Kind, _ reason: Reason, _ text: String) -> AccountEffects? {
        asked == nil ? nil : AccountEffects(events: [event(kind, reason, text)])
    }

    private func event(_ kind: EventRecord.Kind, _ reason: Reason? = nil, _ text: String? = nil) -> EventRecord {
        EventRecord(
            at: now, account: asked?.address ?? address, kind: kind, via: via, reason: reason, detail: text)
    }
}

extension AccountRecord {
    fileprivate var changedElsewhere: AccountRecord {
        var account = self
        account.handover = .changedHere
        account.revision += 1
        return account
    }
}
