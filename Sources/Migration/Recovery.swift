// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// Ends what a crash interrupted, and takes up the runs that it left.
struct Recovery: Sendable {
    let context: Context
    let statuses: StatusBoard
    let scheduler: MoveScheduler

    /// - Throws: `RecordsError`. A mail store that fails leaves its intents for the account's next run.
    func run() async throws {
        let (intents, settings) = try await context.records.read { records in
            (try records.intents(of: nil), try records.allSettings())
        }
        for settings in settings { statuses.remember(settings) }
        for (account, intents) in Dictionary(grouping: intents, by: \.account) {
            do {
                try await Self.end(intents, of: account, context: context, statuses: statuses)
            } catch let error as MailStoreError {
                context.log.error("deliveries that a crash interrupted wait for the mail store: \(error)")
            }
        }
        try await resumeRuns()
    }

    /// Records each intended message that is in the mailbox, or was, as moved, and forgets the rest: it is fetched again.
    /// - Throws: `MailStoreError`, `RecordsError`.
    static func end(
        _ intents: [Intent], of account: AccountRecord.ID, context: Context, statuses: StatusBoard
    ) async throws {
        for intent in intents {
            guard let batch = StagedBatch(encoded: intent.batch) else {
                throw RecordsError(code: .corrupt, detail: "intent \(intent.id) in the database cannot be read")
            }
            let delivered = try await context.store.recover(batch, recordedAt: intent.recordedAt)
            if let error = await context.store.sync([batch.place]).values.first { throw error }
            let moved = zip(zip(intent.rows, intent.octets), delivered).filter(\.1).map(\.0)
            let changed = try await context.records.write { records -> AccountRecord? in
                try records.insert(moved.map(\.0), for: account)
                try records.removeIntent(intent.id)
                guard var row = try records.account(id: account) else { return nil }
                row.moved += Int64(moved.count)
                row.movedOctets += moved.reduce(0) { $0 + $1.1 }
                row.remaining = max(0, row.remaining - Int64(moved.count))
                row.remainingOctets = max(0, row.remainingOctets - moved.reduce(0) { $0 + max(0, $1.0.octets) })
                try records.update(row)
                return row
            }
            if let changed { statuses.changed(changed) }
        }
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
