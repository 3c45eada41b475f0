// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

extension TransactionalRecords {
    public func settings(of domain: DomainName) async throws -> MigrationSettings? {
        try await read { try $0.settings(of: domain) }
    }

    public func allSettings() async throws -> [MigrationSettings] { try await read { try $0.allSettings() } }

    public func overview(
        of domain: DomainName, running: Set<AccountRecord.ID>
    ) async throws -> DomainOverview? {
        try await read { records in
            guard let settings = try records.settings(of: domain) else { return nil }
            return try records.overview(settings, of: domain, try records.inProgress(running))
        }
    }

    public func overviews(running: Set<AccountRecord.ID>) async throws -> [DomainOverview] {
        try await read { records in
            let running = try records.inProgress(running)
            return try records.allSettings().map { settings in
                try records.overview(settings, of: try DomainName(settings.domain), running)
            }
        }
    }

    public func totals(
        of domain: DomainName, running: Set<AccountRecord.ID>
    ) async throws -> (totals: DomainTotals, running: Int64) {
        try await read { records in
            (try records.totals(of: domain), try records.inProgress(running)[domain] ?? 0)
        }
    }

    public func settle(
        _ domain: DomainName, _ decide: @escaping @Sendable (MigrationSettings?) throws -> SettingsChange?,
        _ resettle: @escaping @Sendable (AccountRecord, MigrationSettings?, MigrationSettings) -> AccountRecord
    ) async throws -> Settlement? {
        try await write { records in
            try records.lock(domain)
            let before = try records.settings(of: domain)
            guard let change = try decide(before) else { return nil }
            try records.put(change.settings, known: change.known, excluded: change.excluded)
            let reclassified: [AccountRecord.ID] =
                switch change.evidence {
                case .judgedAfresh: try records.reclassify(domain, keepsReplies: false)
                case .listsAlone: try records.reclassify(domain, keepsReplies: true)
                case .stays: []
                }
            for event in change.events { try records.append(event) }
            let sealed = try records.accountsWithSealedPassword(of: domain)
            return Settlement(
                before: before, settings: change.settings,
                sealed: try sealed.map { row in
                    let resettled = resettle(row, before, change.settings)
                    return resettled == row ? row : try records.update(resettled)
                }, reclassified: reclassified)
        }
    }

    public func disable(_ domain: DomainName, at now: Timestamp) async throws -> [AccountRecord.ID]? {
        try await write { records in
            try records.lock(domain)
            guard var settings = try records.settings(of: domain) else { return nil }
            if settings.disabledAt == nil {
                settings.disabledAt = now
                settings.generation += 1
                try records.put(settings, known: nil, excluded: nil)
                try records.append(EventRecord(at: now, domain: domain, kind: .disabled, detail: nil))
            }
            return try records.eraseSealedPasswords(of: domain)
        }
    }

    public func forget(
        _ domain: DomainName,
        _ permit: @escaping @Sendable (MigrationSettings?, _ moving: [AccountRecord]) throws -> Void
    ) async throws -> [AccountRecord.ID] {
        try await write { records in
            try records.lock(domain)
            try permit(try records.settings(of: domain), try records.accountsInProgress(of: domain))
            let forgotten = try records.forget(domain)
            for account in forgotten where try records.value(MailboxNote.name(of: account)) != nil {
                try records.keep([MailboxNote.name(of: account): []])
            }
            return forgotten
        }
    }
}

extension RecordsReader {
    fileprivate func overview(
        _ settings: MigrationSettings, of domain: DomainName, _ running: [DomainName: Int64]
    ) throws -> DomainOverview {
        DomainOverview(
            settings: settings, knownAccounts: settings.hasKnownAccounts ? try knownAccounts(of: domain) : [],
            excludedAccounts: try excludedAccounts(of: domain), totals: try totals(of: domain),
            running: running[domain] ?? 0)
    }

    /// How many of these accounts are in progress and not paused, by domain.
    fileprivate func inProgress(_ running: Set<AccountRecord.ID>) throws -> [DomainName: Int64] {
        var counts: [DomainName: Int64] = [:]
        for id in running {
            guard let row = try account(id: id), row.deletedAt == nil, row.status == .inProgress, !row.isPaused else {
                continue
            }
            counts[row.address.domain, default: 0] += 1
        }
        return counts
    }
}
