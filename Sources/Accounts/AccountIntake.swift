// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Records
import Statuses
package import Vocabulary

/// Accounts of a platform's own: they are taken in, never made.
extension AccountDesk {
    private struct Candidate: Sendable {
        var index: Int
        var address: EmailAddress
        var row: AccountRow
        var entry: DirectoryEntry?
    }

    /// Takes in the accounts of `rows`, which are addresses alone, if the platform knows them.
    /// - Throws: ``MoveError`` with `directoryUnavailable`; `RecordsError`. A bad row throws nothing.
    func takeIn(_ rows: [AccountRow], onExisting: OnExisting, dryRun: Bool) async throws -> CreationOutcome {
        var outcome = CreationOutcome()
        var candidates = parse(rows, &outcome)
        let present = try await existing(candidates.map(\.address))
        var seen: Set<EmailAddress> = []
        candidates.removeAll { candidate in
            if !seen.insert(candidate.address).inserted {
                outcome.reject(
                    candidate.index, candidate.row, .duplicateInRequest, "an earlier row has the same address")
            } else if let account = present[candidate.address], onExisting == .fail {
                outcome.reject(candidate.index, candidate.row, .exists, "there is an account \(account.address)")
            } else {
                guard present[candidate.address] != nil, onExisting == .skip else { return false }
                outcome.skipped += 1
            }
            return true
        }
        try await lookUp(&candidates)
        candidates.removeAll { candidate in
            guard candidate.entry == nil else { return false }
            outcome.reject(candidate.index, candidate.row, .notInDirectory, "the platform has no such account")
            return true
        }
        if dryRun {
            for candidate in candidates {
                if present[candidate.address] == nil { outcome.created += 1 } else { outcome.updated += 1 }
            }
        } else {
            try await store(candidates, onExisting, &outcome)
        }
        outcome.rejected.sort { $0.index < $1.index }
        return outcome
    }

    private func parse(_ rows: [AccountRow], _ outcome: inout CreationOutcome) -> [Candidate] {
        rows.enumerated().compactMap { index, row in
            guard let address = outcome.address(of: row, index) else { return nil }
            guard row.password == nil, row.passwordHash == nil else {
                outcome.reject(
                    index, row, .accountsElsewhere,
                    "passwords are the platform's own (accounts.kind): give the address alone")
                return nil
            }
            return Candidate(index: index, address: address, row: row)
        }
    }

    /// How many are looked up at the same time.
    private static let atOnce = 8
    /// Of one domain: from so many on, its list is asked for first.
    private static let many = 50

    private func lookUp(_ candidates: inout [Candidate]) async throws {
        let byDomain = Dictionary(grouping: candidates.indices) { candidates[$0].address.domain }
        for (domain, indices) in byDomain where indices.count >= Self.many {
            let listed = try await readable { directory throws(DirectoryError) in
                try await directory.list(domain, after: nil, limit: .max)
            }
            let known = Dictionary(listed.map { ($0.address, $0) }) { first, _ in first }
            for index in indices {
                guard let account = known[candidates[index].address] else { continue }
                candidates[index].entry = DirectoryEntry(
                    hash: nil, displayName: account.displayName, quotaOctets: account.quotaOctets)
            }
        }
        let open = candidates.indices.filter { candidates[$0].entry == nil }
        for portion in open.portions(of: Self.atOnce) {
            let addresses = portion.map { ($0, candidates[$0].address) }
            let found = try await withThrowingTaskGroup(of: (Int, DirectoryEntry?).self) { group in
                for (index, address) in addresses {
                    group.addTask {
                        (
                            index,
                            try await self.readable { directory throws(DirectoryError) in
                                try await directory.lookup(address, recorded: nil)
                            }
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (index, entry) in found { candidates[index].entry = entry }
        }
    }

    /// - Throws: ``MoveError`` with `directoryUnavailable`.
    func readable<Answer: Sendable>(
        _ question: (any AccountDirectory) async throws(DirectoryError) -> Answer
    ) async throws(MoveError) -> Answer {
        do throws(DirectoryError) {
            return try await question(directory)
        } catch {
            throw MoveError(.directoryUnavailable, error.detail)
        }
    }

    private func store(
        _ candidates: [Candidate], _ onExisting: OnExisting, _ outcome: inout CreationOutcome
    ) async throws {
        for portion in candidates.portions(of: 500).map(Array.init) {
            let now = context.now()
            let changes = try await context.records.changeEach(portion.map { .address($0.address) }) { place, facts in
                let candidate = portion[place]
                let isNew = facts.account == nil
                guard isNew || onExisting == .update else { return (nil, isNew) }
                var account = facts.row ?? AccountRecord(address: candidate.address, passwordHash: "", createdAt: now)
                account.displayName = candidate.row.displayName ?? candidate.entry?.displayName
                account.quotaOctets = candidate.row.quotaOctets ?? candidate.entry?.quotaOctets
                guard isNew else { return (AccountEffects(account), isNew) }
                account.address = candidate.address
                account.createdAt = now
                account.nonMigrating = facts.listedEvidence
                if account.deletedAt != nil {
                    account.deletedAt = nil
                    account.passwordHash = ""
                    account.revision += 1
                }
                let event = EventRecord(at: now, account: account.address, kind: .created)
                return (AccountEffects(account, events: [event]), isNew)
            }
            for (candidate, change) in zip(portion, changes) {
                switch change {
                case .success((let account, let isNew)):
                    if let account { statuses.changed(account) }
                    if account == nil {
                        outcome.skipped += 1
                    } else if isNew {
                        outcome.created += 1
                    } else {
                        outcome.updated += 1
                    }
                case .failure(let error):
                    outcome.reject(
                        candidate.index, candidate.row, .invalidRow,
                        "what is recorded of it cannot be changed: \(error)")
                }
            }
        }
    }

    /// Takes in what the platform lists of a domain.
    /// - Returns: how many are new here.
    /// - Throws: ``MoveError`` with `directoryUnavailable`; `RecordsError`.
    @discardableResult
    package func takeIn(_ domain: DomainName) async throws -> Int {
        guard areElsewhere else { return 0 }
        let listed = try await readable { directory throws(DirectoryError) in
            try await directory.list(domain, after: nil, limit: .max)
        }
        var count = 0
        for portion in listed.portions(of: 500) {
            let known = Set(try await context.records.accounts(portion.map { .address($0.address) }).map(\.address))
            let fresh = portion.filter { !known.contains($0.address) }
            guard !fresh.isEmpty else { continue }
            let now = context.now()
            let changes = try await context.records.changeEach(fresh.map { .address($0.address) }) { place, facts in
                let account = fresh[place]
                let effects = LoginEffects(
                    .takenIn(displayName: account.displayName, quotaOctets: account.quotaOctets), via: .admin, at: now,
                    asked: nil, address: account.address, generation: facts.settings?.generation)
                return (effects.effects(on: facts), ())
            }
            for case .success((let account?, _)) in changes {
                statuses.changed(account)
                count += 1
            }
            await Task.yield()
        }
        return count
    }
}
