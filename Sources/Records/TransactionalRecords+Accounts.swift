// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

extension TransactionalRecords {
    public func facts(of account: AccountKey) async throws -> AccountFacts {
        try await read { try $0.facts(of: account) }
    }

    public func standing(
        of account: AccountKey
    ) async throws -> (row: AccountRecord?, settings: MigrationSettings?) {
        try await read { records in
            let row = try records.row(account)
            return (row, try (row?.address ?? account.address).flatMap { try records.settings(of: $0.domain) })
        }
    }

    public func accounts(_ keys: [AccountKey]) async throws -> [AccountRecord] {
        try await read { records in try keys.compactMap { try records.soundRow($0) } }
    }

    public func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) async throws -> AccountRecordPage {
        try await read { try $0.accounts(of: domain, search: search, after: cursor, limit: limit) }
    }

    public func accountsWithSealedPassword() async throws -> [AccountRecord] {
        try await read { try $0.accountsWithSealedPassword() }
    }

    public func waitingAccounts(
        of domain: DomainName
    ) async throws -> (sealed: [AccountRecord.ID], needLogin: [EmailAddress]) {
        try await read { records in
            (
                try records.accountsWithSealedPassword(of: domain).map(\.id),
                try records.accountsThatNeedALogin(of: domain)
            )
        }
    }

    public func accountsHandingOver() async throws -> [AccountRecord] {
        try await read { try $0.accountsHandingOver() }
    }

    public func unfinishedAccounts() async throws -> (sealed: [AccountRecord], moving: [AccountRecord]) {
        try await read { (try $0.accountsWithSealedPassword(), try $0.accountsInProgress()) }
    }

    public func completedAccounts() async throws -> Int64 { try await read { try $0.completedAccounts() } }

    public func log(_ query: LogQuery) async throws -> DomainLog? {
        try await read { records in
            guard try records.knows(query.domain) else { return nil }
            return DomainLog(page: try records.log(query), settings: try records.settings(of: query.domain))
        }
    }

    public func progress(of domain: DomainName) async throws -> DomainProgress? {
        try await read { records in
            guard try records.knows(domain) else { return nil }
            return DomainProgress(
                totals: try records.totals(of: domain), moving: try records.accountsInProgress(of: domain),
                settings: try records.settings(of: domain))
        }
    }

    public func change<Verdict: Sendable>(
        _ accounts: [AccountKey],
        _ decide: @escaping @Sendable (Int, AccountFacts) throws -> (effects: AccountEffects?, verdict: Verdict)
    ) async throws -> [(changed: AccountRecord?, verdict: Verdict)] {
        try await write { records in
            try accounts.enumerated().map { index, key in
                let facts = try records.facts(of: key)
                let (effects, verdict) = try decide(index, facts)
                return (try effects.flatMap { try records.apply($0, to: facts.row) }, verdict)
            }
        }
    }
}

extension AccountKey {
    fileprivate var address: EmailAddress? { if case .address(let address) = self { address } else { nil } }
}

extension RecordsReader {
    func row(_ key: AccountKey) throws -> AccountRecord? {
        switch key {
        case .address(let address): try account(address)
        case .id(let id): try account(id: id)
        }
    }

    /// For a list: nil, too, where the row cannot be read.
    func soundRow(_ key: AccountKey) throws -> AccountRecord? {
        do {
            return try row(key)
        } catch let error as RecordsError where error.code == .corrupt {
            return nil
        }
    }

    func facts(of key: AccountKey) throws -> AccountFacts {
        let row = try row(key)
        guard let address = row?.address ?? key.address else { return AccountFacts(row: nil, settings: nil) }
        let lists = try listing(of: address)
        return AccountFacts(
            row: row, settings: try settings(of: address.domain), isKnown: lists.known, isExcluded: lists.excluded,
            isRunning: try row.map { try isRunning($0.id) } ?? false)
    }

    /// Whether the domain has settings or accounts.
    func knows(_ domain: DomainName) throws -> Bool {
        if try settings(of: domain) != nil { return true }
        return try hasAccounts(domain)
    }
}

extension RecordsWriter {
    /// - Returns: the row as it stands now, where it has changed.
    func apply(_ effects: AccountEffects, to row: AccountRecord?) throws -> AccountRecord? {
        var changed: AccountRecord?
        if let account = effects.account { changed = try row == nil ? insert(account) : update(account) }
        for event in effects.events { try append(event) }
        if let id = (changed ?? row)?.id {
            if effects.endsRun { try endRun(of: id) }
            switch effects.mailbox {
            case .marked(let marker)?: try mark(id, as: marker)
            case .takenAsItIs?: try unmark(id)
            case nil: break
            }
            if !effects.forgotten.isEmpty { try remove(effects.forgotten, for: id) }
            if !effects.added.isEmpty { try insert(effects.added, for: id) }
            if !effects.folders.isEmpty { try put(effects.folders, of: id) }
            if !effects.runs.isEmpty { try note(effects.runs, of: id) }
        }
        try keep(effects.kept)
        return changed
    }

    func keep(_ values: [String: [UInt8]]) throws {
        for (name, octets) in values where try value(name) != octets { try set(name, to: octets) }
    }
}
