// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ground
import Logins
import MailStore
import Records
import Runs
import Statuses
import Vocabulary

/// Ends what a crash interrupted, and resumes the runs that it left.
struct Recovery: Sendable {
    let context: Context
    let store: any MailStore
    let statuses: StatusBoard
    let scheduler: MoveScheduler
    let vault: Vault
    let logins: LoginDesk

    /// What cannot be ended now waits for its account's next run. If nothing can be written, as on a full disk, the
    /// start continues nevertheless: logins are decided by what can be read.
    /// - Returns: what remains to be recorded by ``interruptRuns(_:)``.
    /// - Throws: `RecordsError` where nothing can be read.
    func run() async throws -> Interruptions {
        await markStore()
        for settings in try await context.records.allSettings() { statuses.remember(settings) }
        let deaths = await written("whose runs were going on when the daemon ended") { try await $0.chargeRuns() } ?? []
        scheduler.suspect(deaths.map(\.account))
        do {
            try await endIntents()
        } catch let error as RecordsError {
            context.log.error("what a crash interrupted waits for the accounts' next runs: \(error)")
        }
        let left = try await resumeRuns(deaths)
        try await settleHandOvers()
        return left
    }

    private func markStore() async {
        do {
            try await StoreGuard(context: context, store: store).begin()
        } catch {
            context.log.error("the mail store is not marked yet: \(error)")
        }
    }

    /// Makes a change that the start can do without.
    private func written<Result: Sendable>(
        _ what: String, _ change: (any Records) async throws -> Result
    ) async -> Result? {
        do {
            return try await change(context.records)
        } catch {
            context.log.error("\(what): that cannot be recorded: \(error)")
            return nil
        }
    }

    private func endIntents() async throws {
        // Those of accounts that other nodes may be moving are ended by their next runs.
        if context.records.areShared { return }
        let intents = try await context.records.intents(of: nil)
        guard store.traits.keepsStaged else {
            if !intents.isEmpty {
                context.log.info("\(intents.count) deliveries were interrupted; what has arrived is looked for")
            }
            return
        }
        let ending = IntentEnding(context: context, store: store, statuses: statuses)
        // Once a mail store has failed, the account's later intents wait too, so that its mail arrives in order.
        var waiting: Set<AccountRecord.ID> = []
        var silent: [StoreLane: MailStoreError] = [:]
        var rest = intents[...]
        while !rest.isEmpty {
            let portion = Self.portion(of: &rest).filter { !waiting.contains($0.account) }
            for (account, error) in try await ending.end(portion, searchesContents: false, except: &silent) {
                let row = try await context.records.account(id: account)
                context.log.log(
                    level: error is IntentEnding.Undecided ? .info : .error,
                    "what a crash interrupted waits for the account's next run: \(error)",
                    metadata: row.map { .about($0.address) } ?? [:])
                waiting.insert(account)
            }
        }
    }

    /// Where what was staged is gone with the process: finds out what has arrived for those accounts, too, whose runs do
    /// not go on by themselves, since their passwords are gone. Comes while everything else works already, for it asks
    /// the platform for each.
    func endIntentsOfNobodysRuns() async {
        guard !store.traits.keepsStaged, !context.records.areShared else { return }
        let ending = IntentEnding(context: context, store: store, statuses: statuses)
        var silent: [StoreLane: MailStoreError] = [:]
        do {
            let accounts = Set(try await context.records.intents(of: nil).map(\.account))
            // A run that goes on or waits for its turn looks by itself.
            for account in accounts.sorted() where !scheduler.isBusy(account) && !context.stopping.isSet {
                let intents = try await context.records.intents(of: account)
                if let error = try await ending.end(intents, searchesContents: true, except: &silent)[account] {
                    context.log.info("what a crash interrupted waits for the account's next run: \(error)")
                }
            }
        } catch {
            context.log.info("what a crash interrupted waits for the accounts' next runs: \(error)")
        }
    }

    /// As many as can reasonably be made durable and recorded at once.
    private static func portion(of intents: inout ArraySlice<Intent>) -> ArraySlice<Intent> {
        var messages = 0
        let portion = intents.prefix(500).prefix { intent in
            defer { messages += intent.rows.count }
            return messages < 20_000
        }
        intents = intents.dropFirst(portion.count)
        return portion
    }

    /// Accounts whose runs cannot go on, and why.
    typealias Interruptions = [(account: AccountRecord, detail: String)]

    /// Resumes runs whose password can still be unsealed, in the order in which they were requested; the others show as
    /// interrupted until the next login.
    private func resumeRuns(_ deaths: [RunDeaths]) async throws -> Interruptions {
        let (sealed, moving) = try await context.records.unfinishedAccounts()
        var lost: Interruptions = []
        var kept: [AccountRecord] = []
        for account in sealed {
            do {
                try vault.canOpen(account.sealed ?? [], for: account.address)
                kept.append(account)
            } catch let error as MoveError {
                lost.append((account, error.detail))
            }
        }
        let goingOn = Set(kept.map(\.id))
        let known = Set(lost.map(\.account.id))
        for account in moving where !goingOn.contains(account.id) && !known.contains(account.id) {
            // Its run may be just about to end on another node.
            if try await context.records.facts(of: .id(account.id)).isRunning { continue }
            lost.append((account, "the daemon ended in the middle of the move; it goes on with the next login"))
        }
        let left: Interruptions
        do {
            try await interruptRuns(lost)
            left = []
        } catch {
            context.log.error("the moves that were interrupted cannot be recorded as that yet: \(error)")
            left = lost
        }
        let settings = try await context.records.allSettings()
        let byDomain = Dictionary(settings.map { ($0.domain, $0) }) { first, _ in first }
        let certain = Dictionary(
            deaths.filter(\.isCertain).map { ($0.account, $0.deaths) }, uniquingKeysWith: { first, _ in first })
        kept.sort { ($0.pending?.due ?? .now, $0.id) < ($1.pending?.due ?? .now, $1.id) }
        for var account in kept {
            if let deaths = certain[account.id] { account = await putOff(account, after: deaths) }
            statuses.changed(account)
            if let settings = byDomain[account.address.domain.name] { scheduler.submit(account, settings) }
        }
        return left
    }

    /// Ends hand-overs to a directory of the platform's own that were interrupted, and queues the runs that follow; where the
    /// directory does not answer, the next logins end them.
    private func settleHandOvers() async throws {
        for account in try await context.records.accountsHandingOver() {
            do {
                try await logins.settleHandOver(of: account)
            } catch {
                context.log.error(
                    "hand-overs that were interrupted wait for their accounts' next logins: \(error)",
                    metadata: .about(account.address))
                return
            }
        }
    }

    /// Records that runs which cannot go on were interrupted.
    /// - Throws: `RecordsError`.
    func interruptRuns(_ lost: Interruptions) async throws {
        let now = context.now()
        for start in stride(from: 0, to: lost.count, by: 500) {
            let portion = lost[start..<min(start + 500, lost.count)]
            try await interrupt(portion.filter { !scheduler.isBusy($0.account.id) }, at: now)
        }
    }

    private func interrupt(_ lost: Interruptions, at now: Timestamp) async throws {
        let outcomes = try await context.records.changeEach(lost.map { .id($0.account.id) }) { index, facts in
            let (account, detail) = lost[index]
            // A login has brought another run since.
            guard let row = facts.row, row.sealed == account.sealed else { return (nil, ()) }
            return (Self.interrupted(row, detail, now), ())
        }
        for (one, outcome) in zip(lost, outcomes) {
            switch outcome {
            case .success((let row?, _)): statuses.changed(row)
            case .success: break
            case .failure(let error):
                context.log.error(
                    "that its move was interrupted cannot be recorded: \(error)", metadata: .about(one.account.address))
            }
        }
    }

    /// The process has died repeatedly during this account's runs: reports the account, and retries after a growing
    /// pause.
    private func putOff(_ account: AccountRecord, after deaths: Int) async -> AccountRecord {
        let now = context.now()
        let pause = Self.pause(after: deaths)
        let detail = """
            the daemon has died \(deaths) times in a row while this account moved, the last time under no other \
            suspect; it is tried again in \(Int(pause)) s, alone. Look for the cause in its journal (journalctl -u \
            mailmoved) and keep it for a report; excludedAccounts leaves the account out
            """
        let changed = await written("\(account.address) is put off: \(detail)") { records in
            try await records.change(.id(account.id)) { facts in
                guard var row = facts.row, var run = row.pending else { return nil }
                row.fail(with: .interrupted, detail, at: now)
                run.failures += 1
                run.failingSince = run.failingSince ?? now
                run.putOff(by: pause, from: now)
                row.pending = run
                let event = EventRecord(
                    at: now, account: row.address, kind: .failed, reason: .interrupted, detail: detail)
                return AccountEffects(row, events: [event])
            }
        }
        return (changed ?? nil) ?? account
    }

    /// In seconds: long enough for others' mail to move in between, and in the end as long as between ordinary retries.
    private static func pause(after deaths: Int) -> Double { min(900, 30 * Double(1 << min(max(0, deaths - 2), 10))) }

    private static func interrupted(_ row: AccountRecord, _ detail: String, _ now: Timestamp) -> AccountEffects {
        var effects = AccountEffects(row)
        effects.account?.eraseSealedPassword()
        // A completed move does not become a failure because late mail is no longer looked for.
        if row.outcome == .inProgress || row.pending?.kind == .retry {
            effects.account?.fail(with: .interrupted, detail, at: now)
            effects.events.append(
                EventRecord(at: now, account: row.address, kind: .failed, reason: .interrupted, detail: detail))
        }
        return effects
    }
}
