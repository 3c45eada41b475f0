// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// One transaction on the records in memory: a copy, which takes their place when it has ended well.
final class MemoryTransaction: RecordsWriter {
    var tables: MemoryTables

    init(_ tables: MemoryTables) { self.tables = tables }

    // MARK: Accounts

    func account(_ address: EmailAddress) throws -> AccountRecord? {
        tables.accounts.values.first { $0.address == address }
    }

    func account(id: AccountRecord.ID) throws -> AccountRecord? { tables.accounts[id] }

    func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) throws -> AccountRecordPage {
        let found = present(domain).filter { $0.matches(search) }.sorted { $0.address < $1.address }
        let rest = found.drop { row in cursor.map { row.address <= $0 } ?? false }
        let page = Array(rest.prefix(max(1, limit)))
        return AccountRecordPage(accounts: page, next: rest.count > page.count ? page.last?.address : nil)
    }

    func hasAccounts(_ domain: DomainName) throws -> Bool { !present(domain).isEmpty }

    func accountsWithSealedPassword() throws -> [AccountRecord] { all { $0.sealed != nil } }

    func accountsWithSealedPassword(of domain: DomainName) throws -> [AccountRecord] {
        all { $0.sealed != nil && $0.address.domain == domain }
    }

    func accountsThatNeedALogin(of domain: DomainName) throws -> [EmailAddress] {
        present(domain).filter(\.needsLogin).map(\.address).sorted()
    }

    func accountsHandingOver() throws -> [AccountRecord] { all { $0.handingOver != nil } }

    func accountsInProgress() throws -> [AccountRecord] { all { $0.deletedAt == nil && $0.status == .inProgress } }

    func accountsInProgress(of domain: DomainName) throws -> [AccountRecord] {
        present(domain).filter { $0.status == .inProgress }.sorted { $0.address < $1.address }
    }

    func completedAccounts() throws -> Int64 {
        Int64(tables.accounts.values.count { $0.deletedAt == nil && $0.status == .completed })
    }

    func insert(_ account: AccountRecord) throws -> AccountRecord {
        guard try self.account(account.address) == nil else { throw Self.conflict("there is \(account.address)") }
        var inserted = account
        inserted.id = tables.nextID()
        tables.accounts[inserted.id] = inserted
        return inserted
    }

    func update(_ account: AccountRecord) throws -> AccountRecord {
        guard let old = tables.accounts[account.id], old.address == account.address, old.version == account.version
        else { throw Self.conflict("\(account.address) is another, or has changed") }
        var updated = account
        updated.version += 1
        tables.accounts[account.id] = updated
        return updated
    }

    /// Changes the rows that `change` says it has changed, and says whose.
    private func change(
        _ rows: [AccountRecord], _ change: (inout AccountRecord) -> Bool
    ) -> [AccountRecord.ID] {
        rows.compactMap { row in
            var row = row
            guard change(&row) else { return nil }
            row.version += 1
            tables.accounts[row.id] = row
            return row.id
        }
    }

    func present(_ domain: DomainName) -> [AccountRecord] { all { $0.address.domain == domain && $0.deletedAt == nil } }

    private func all(_ isMeant: (AccountRecord) -> Bool) -> [AccountRecord] {
        tables.accounts.values.filter(isMeant).sorted { $0.id < $1.id }
    }

    static func conflict(_ detail: String) -> RecordsError { RecordsError(code: .conflict, detail: detail) }

    // MARK: Settings

    func settings(of domain: DomainName) throws -> MigrationSettings? { tables.settings[domain.name] }

    func allSettings() throws -> [MigrationSettings] { tables.settings.values.sorted { $0.domain < $1.domain } }

    func listing(of address: EmailAddress) throws -> (known: Bool, excluded: Bool) { listed(address) }

    private func listed(_ address: EmailAddress) -> (known: Bool, excluded: Bool) {
        let domain = address.domain.name
        return (tables.known[domain]?[address] != nil, tables.excluded[domain]?[address] != nil)
    }

    func knownAccounts(of domain: DomainName) throws -> [EmailAddress] {
        (tables.known[domain.name] ?? [:]).values.sorted()
    }

    func excludedAccounts(of domain: DomainName) throws -> [EmailAddress] {
        (tables.excluded[domain.name] ?? [:]).values.sorted()
    }

    func put(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) throws {
        func list(_ addresses: [EmailAddress]) -> [EmailAddress: EmailAddress] {
            Dictionary(addresses.map { ($0, $0) }) { first, _ in first }
        }
        tables.settings[settings.domain] = settings
        if let known { tables.known[settings.domain] = list(known) }
        if let excluded { tables.excluded[settings.domain] = list(excluded) }
    }

    func reclassify(_ domain: DomainName, keepsReplies: Bool) throws -> [AccountRecord.ID] {
        let hasKnown = tables.settings[domain.name]?.hasKnownAccounts ?? false
        return change(present(domain)) { row in
            let lists = listed(row.address)
            let evidence: AccountRecord.NonMigratingEvidence? =
                lists.excluded
                ? .excluded
                : hasKnown && !lists.known ? .notKnown : keepsReplies && row.nonMigrating == .reply ? .reply : nil
            defer { row.nonMigrating = evidence }
            return row.nonMigrating != evidence
        }
    }

    func eraseSealedPasswords(of domain: DomainName) throws -> [AccountRecord.ID] {
        _ = change(all { $0.address.domain == domain && $0.handingOver?.sealed != nil }) { row in
            row.handingOver?.sealed = nil
            return true
        }
        return change(all { $0.address.domain == domain && $0.sealed != nil }) { row in
            row.sealed = nil
            row.pending = nil
            return true
        }
    }

    func forget(_ domain: DomainName) throws -> [AccountRecord.ID] {
        let rows = all { $0.address.domain == domain }
        let changed = rows.filter {
            $0.deletedAt == nil && ($0.outcome != .notStarted || $0.nonMigrating != nil || $0.startedAt != nil)
        }
        _ = change(rows) { row in
            var fresh = AccountRecord(address: row.address, passwordHash: row.passwordHash, createdAt: row.createdAt)
            (fresh.id, fresh.version) = (row.id, row.version)
            (fresh.displayName, fresh.quotaOctets, fresh.deletedAt) = (row.displayName, row.quotaOctets, row.deletedAt)
            (fresh.handover, fresh.revision) = (row.handover, row.revision)
            row = fresh
            return true
        }
        for id in rows.map(\.id) {
            tables.ledger[id] = nil
            tables.folders[id] = nil
            tables.intents.removeAll { $0.account == id }
            tables.runs[id] = nil
            if tables.mailboxes[id] != nil { tables.mailboxes[id] = MarkedMailbox(marker: nil) }
        }
        tables.events.removeAll { $0.event.domain == domain }
        tables.moved[domain.name] = nil
        tables.settings[domain.name] = nil
        tables.known[domain.name] = nil
        tables.excluded[domain.name] = nil
        return changed.map(\.id)
    }

    // MARK: The ledger

    func ledger(of account: AccountRecord.ID) throws -> [LedgerRow] { Array(tables.ledger[account] ?? []) }

    func folders(of account: AccountRecord.ID) throws -> [FolderFigures] {
        let ledger = try ledger(of: account)
        return (tables.folders[account] ?? [:]).values.map { folder in
            FolderFigures(folder, moved: Int64(ledger.count { $0.source == folder.source && !$0.isShown }))
        }.sorted { $0.folder.path.joined(separator: "/") < $1.folder.path.joined(separator: "/") }
    }

    func put(_ folders: [FolderRecord], of account: AccountRecord.ID) throws {
        for folder in folders { tables.folders[account, default: [:]][folder.source] = folder }
    }

    func intents(of account: AccountRecord.ID?) throws -> [Intent] {
        tables.intents.filter { account == nil || $0.account == account }
    }

    func insert(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        guard tables.accounts[account] != nil else { throw Self.conflict("there is no account \(account)") }
        for row in rows {
            guard tables.ledger[account, default: []].insert(row).inserted else {
                throw Self.conflict("a message is in the ledger already")
            }
        }
    }

    func remove(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        tables.ledger[account, default: []].subtract(rows)
    }

    func insert(_ intent: Intent) throws -> Intent.ID {
        guard intent.rows.count == intent.octets.count, tables.accounts[intent.account] != nil else {
            throw Self.conflict("an intent of \(intent.account) that cannot be")
        }
        var intent = intent
        intent.id = tables.nextID()
        tables.intents.append(intent)
        return intent.id
    }

    func removeIntent(_ id: Intent.ID) throws { tables.intents.removeAll { $0.id == id } }

    // MARK: Mailboxes and runs

    func mailbox(of account: AccountRecord.ID) throws -> MarkedMailbox? { tables.mailboxes[account] }

    func runs(of account: AccountRecord.ID) throws -> [Int64: Int64] { tables.namedRuns[account] ?? [:] }

    func hasMarkedMailboxes(of domain: DomainName?) throws -> Bool {
        tables.mailboxes.contains { id, mailbox in
            guard mailbox.marker != nil, let row = tables.accounts[id], row.deletedAt == nil, row.moved > 0 else {
                return false
            }
            return domain == nil || row.address.domain == domain
        }
    }

    func mark(_ account: AccountRecord.ID, as marker: String) throws {
        tables.mailboxes[account] = MarkedMailbox(marker: marker)
    }

    func unmark(_ account: AccountRecord.ID) throws {
        if tables.mailboxes[account] != nil { tables.mailboxes[account] = MarkedMailbox(marker: nil) }
    }

    func note(_ runs: [Int64: Int64], of account: AccountRecord.ID) throws {
        tables.namedRuns[account, default: [:]].merge(runs) { max($0, $1) }
    }

    func beginRun(of account: AccountRecord.ID, isSuspect: Bool) throws {
        guard let row = tables.accounts[account] else { return }
        tables.runs[account, default: .init(going: 0, moved: row.moved)].going = isSuspect ? 2 : 1
    }

    func endRun(of account: AccountRecord.ID) throws { tables.runs[account] = nil }

    func suspendRuns(of account: AccountRecord.ID?) throws {
        for id in tables.runs.keys where account == nil || account == id { tables.runs[id]?.going = 0 }
    }

    func chargeRuns() throws -> [RunDeaths] {
        let most = tables.runs.values.map(\.going).max() ?? 0
        let charged = Set(tables.runs.filter { $0.value.going > 0 && $0.value.going == most }.keys)
        for id in charged {
            guard var run = tables.runs[id], let moved = tables.accounts[id]?.moved else { continue }
            run.deaths = moved > run.moved ? 1 : run.deaths + 1
            run.moved = moved
            tables.runs[id] = run
        }
        try suspendRuns(of: nil)
        return tables.runs.filter { $0.value.deaths > 1 }.sorted { $0.key < $1.key }.map { id, run in
            RunDeaths(account: id, deaths: run.deaths, isCertain: charged == [id])
        }
    }

    // MARK: Guesses and values

    func failures() throws -> [GuessFailure] { tables.failures.sorted { $0.uptime < $1.uptime } }

    func insert(_ failure: GuessFailure) throws { tables.failures.append(failure) }

    func removeFailures(before uptime: Int64) throws { tables.failures.removeAll { $0.uptime < uptime } }

    func restartFailures(at uptime: Int64) throws {
        for index in tables.failures.indices where tables.failures[index].uptime > uptime {
            tables.failures[index].uptime = 0
        }
    }

    func removeFailures(ofAccount account: String) throws { tables.failures.removeAll { $0.account == account } }

    func value(_ name: String) throws -> [UInt8]? { tables.kept[name] }

    func set(_ name: String, to value: [UInt8]) throws { tables.kept[name] = value }
}

extension AccountRecord {
    func matches(_ search: String?) -> Bool {
        guard let search = search?.lowercased() else { return true }
        return address.description.contains(search) || displayName?.lowercased().contains(search) ?? false
    }
}
