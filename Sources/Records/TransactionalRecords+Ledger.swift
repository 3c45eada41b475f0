// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

extension TransactionalRecords {
    public func ledger(of account: AccountRecord.ID) async throws -> [LedgerRow] {
        try await read { try $0.ledger(of: account) }
    }

    public func intents(of account: AccountRecord.ID?) async throws -> [Intent] {
        try await read { try $0.intents(of: account) }
    }

    public func folders(of account: AccountRecord.ID) async throws -> [FolderFigures] {
        try await read { try $0.folders(of: account) }
    }

    public func record(
        moved: [MovedBatch], intended: [IntendedBatch], at now: Timestamp
    ) async throws -> RecordedEpoch {
        try await write { records in
            try records.verify(Set(moved.compactMap(\.lease) + intended.compactMap(\.lease)))
            return RecordedEpoch(
                accounts: try records.move(moved, at: now),
                intents: try intended.map { batch in
                    let account = batch.intent.account
                    if let run = batch.run { try records.note([run.mark: run.last], of: account) }
                    if let marker = batch.marker { try records.mark(account, as: marker) }
                    return try records.insert(batch.intent)
                })
        }
    }

    public func end(_ deliveries: [EndedDeliveries], at now: Timestamp) async throws -> [AccountRecord] {
        try await write { records in
            for event in deliveries.lazy.compactMap(\.event) { try records.append(event) }
            return try records.move(deliveries.flatMap(\.deliveries), at: now)
        }
    }

    public func change<Verdict: Sendable>(
        ledgerOf account: AccountRecord.ID,
        _ decide: @escaping @Sendable (LedgerFacts) throws -> (effects: AccountEffects?, verdict: Verdict)
    ) async throws -> (changed: AccountRecord?, verdict: Verdict)? {
        try await write { records in
            guard let row = try records.account(id: account) else { return nil }
            let facts = LedgerFacts(
                account: row, ledger: try records.ledger(of: account), intents: try records.intents(of: account))
            let (effects, verdict) = try decide(facts)
            return (try effects.flatMap { try records.apply($0, to: row) }, verdict)
        }
    }

    public func mailbox(of account: AccountRecord.ID, keeping names: [String]) async throws -> MailboxFacts? {
        try await read { records in
            guard let row = try records.account(id: account) else { return nil }
            var kept: [String: [UInt8]] = [:]
            for name in names { kept[name] = try records.value(name) }
            return MailboxFacts(
                account: row, mailbox: try records.mailbox(of: account), runs: try records.runs(of: account),
                hasIntents: try !records.intents(of: account).isEmpty,
                isAnyMarked: try records.hasMarkedMailboxes(of: nil),
                isDomainMarked: try records.hasMarkedMailboxes(of: row.address.domain), kept: kept)
        }
    }

    public func hasMarkedMailboxes() async throws -> Bool { try await read { try $0.hasMarkedMailboxes(of: nil) } }
}

extension RecordsWriter {
    /// Batches become moved.
    /// - Returns: their accounts, as they stand now.
    fileprivate func move(_ batches: [MovedBatch], at now: Timestamp) throws -> [AccountRecord] {
        var accounts: [AccountRecord.ID: AccountRecord] = [:]
        var moved: [DomainName: MovedInHour] = [:]
        for batch in batches {
            if !batch.rows.isEmpty { try insert(batch.rows, for: batch.account) }
            try removeIntent(batch.intent)
            if !batch.notes.isEmpty {
                let name = MailboxNote.name(of: batch.account)
                var note = MailboxNote(octets: try value(name) ?? [])
                note.folders.merge(batch.notes) { $1 }
                try keep([name: note.octets])
            }
            guard var account = try accounts[batch.account] ?? account(id: batch.account) else { continue }
            account.move(batch)
            accounts[batch.account] = account
            moved[account.address.domain, default: MovedInHour(hour: now.hour, messages: 0, octets: 0)] += batch
        }
        for (domain, hour) in moved where hour.messages > 0 { try add(hour, to: domain) }
        return try accounts.values.map { try update($0) }
    }
}

extension MovedInHour {
    fileprivate static func += (hour: inout MovedInHour, batch: MovedBatch) {
        hour.messages = hour.messages.addingSaturated(Int64(batch.rows.count))
        hour.octets = hour.octets.addingSaturated(batch.octets)
    }
}

extension AccountRecord {
    fileprivate mutating func move(_ batch: MovedBatch) {
        moved = moved.addingSaturated(Int64(batch.rows.count))
        movedOctets = movedOctets.addingSaturated(batch.octets)
        remaining = max(0, remaining.subtractingSaturated(Int64(batch.rows.count)))
        remainingOctets = max(0, remainingOctets.subtractingSaturated(batch.listedOctets))
    }
}
