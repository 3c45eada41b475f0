// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// Ends what a crash interrupted, and takes up the runs that it left.
struct Recovery: Sendable {
    let context: Context
    let statuses: StatusBoard
    let scheduler: MoveScheduler

    /// - Throws: `RecordsError`. What cannot be ended now waits for its account's next run.
    func run() async throws {
        try await StoreGuard(context: context).begin()
        let (intents, settings) = try await context.records.read { records in
            (try records.intents(of: nil), try records.allSettings())
        }
        for settings in settings { statuses.remember(settings) }
        let ending = IntentEnding(context: context, statuses: statuses)
        // Once a mail store has failed, an account's later intents wait too: its mail comes in order.
        var waiting: Set<AccountRecord.ID> = []
        var silent: Set<UInt64> = []
        var rest = intents[...]
        while !rest.isEmpty {
            let portion = Self.portion(of: &rest).filter { !waiting.contains($0.account) }
            for (account, error) in try await ending.end(portion, searchesContents: false, except: &silent) {
                let row = try await context.records.read { try $0.account(id: account) }
                context.log.log(
                    level: error is IntentEnding.Undecided ? .info : .error,
                    "what a crash interrupted waits for the account's next run: \(error)",
                    metadata: row.map { .about($0.address) } ?? [:])
                waiting.insert(account)
            }
        }
        try await resumeRuns()
    }

    /// As much as is well made durable and recorded at once.
    private static func portion(of intents: inout ArraySlice<Intent>) -> ArraySlice<Intent> {
        var messages = 0
        let portion = intents.prefix(500).prefix { intent in
            defer { messages += intent.rows.count }
            return messages < 20_000
        }
        intents = intents.dropFirst(portion.count)
        return portion
    }

    /// Runs whose password can still be opened go on; the others show as interrupted until the next login.
    private func resumeRuns() async throws {
        let now = context.now()
        let vault = context.vault
        let (sealed, moving) = try await context.records.read { records in
            (try records.accountsWithSealedPassword(), try records.accountsInProgress())
        }
        var lost: [(AccountRecord, String)] = []
        var kept: [AccountRecord] = []
        for account in sealed {
            do {
                _ = try vault.open(account.sealed ?? [], for: account.address)
                kept.append(account)
            } catch let error as MoveError {
                lost.append((account, error.detail))
            }
        }
        let goingOn = Set(kept.map(\.id))
        let known = Set(lost.map(\.0.id))
        for account in moving where !goingOn.contains(account.id) && !known.contains(account.id) {
            lost.append((account, "the daemon ended in the middle of the move; it goes on with the next login"))
        }
        for portion in stride(from: 0, to: lost.count, by: 500).map({ lost[$0..<min($0 + 500, lost.count)] }) {
            let changed = try await context.records.write { records in
                try portion.compactMap { account, detail in
                    try Self.interrupt(account.id, detail, records, now)
                }
            }
            for account in changed { statuses.changed(account) }
        }
        let settings = try await context.records.read { try $0.allSettings() }
        let byDomain = Dictionary(settings.map { ($0.domain, $0) }) { first, _ in first }
        for account in kept {
            statuses.changed(account)
            if let settings = byDomain[account.address.domain.name] { scheduler.submit(account, settings) }
        }
    }

    private static func interrupt(
        _ id: AccountRecord.ID, _ detail: String, _ records: any RecordsWriter, _ now: Timestamp
    ) throws -> AccountRecord? {
        guard var account = try records.account(id: id) else { return nil }
        // Late mail that is no longer looked for makes no failure of a completed move.
        let wasUnfinished = account.outcome == .inProgress || account.pending?.kind == .retry
        account.eraseSealedPassword()
        if wasUnfinished {
            account.hasFailed(.interrupted, detail, at: now)
            try records.append(
                EventRecord(at: now, account: account.address, kind: .failed, reason: .interrupted, detail: detail))
        }
        try records.update(account)
        return account
    }
}
