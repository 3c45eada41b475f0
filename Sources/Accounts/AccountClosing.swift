// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Records
import Statuses
public import Vocabulary

/// Accounts whose users have chosen a password of their own, where nothing but an administrator knows that.
extension AccountDesk {
    /// Erases the hashes that are kept beside the platform's own. Who has still the password that was taken over may be
    /// asked about again; who has not is closed, for nobody could tell that later.
    func forgetHashes(of domain: DomainName) async throws {
        var cursor: EmailAddress?
        repeat {
            let page = try await context.records.accounts(of: domain, search: nil, after: cursor, limit: 500)
            let kept = page.accounts.filter { !$0.passwordHash.isEmpty || $0.handingOver != nil }
            let unchanged = await stillTakenOver(kept.filter { $0.handover == .unchanged })
            _ = try await context.records.changeEach(kept.map { .id($0.id) }) { _, facts in
                guard var account = facts.row else { return (nil, ()) }
                if account.handover == .unchanged {
                    account.handover = unchanged.contains(account.id) ? .never : .changedHere
                }
                account.passwordHash = ""
                account.handingOver = nil
                account.revision += 1
                return (AccountEffects(account), ())
            }
            cursor = page.next
        } while cursor != nil
    }

    private func stillTakenOver(_ accounts: [AccountRecord]) async -> Set<AccountRecord.ID> {
        var found: Set<AccountRecord.ID> = []
        for portion in accounts.portions(of: 8) {
            found.formUnion(
                await withTaskGroup(of: AccountRecord.ID?.self) { group in
                    for account in portion {
                        group.addTask {
                            // Unreadable: closed, as is who has another hash by now.
                            let entry = try? await self.directory.lookup(account.address, recorded: nil)
                            return entry?.hash == account.passwordHash ? account.id : nil
                        }
                    }
                    return await group.reduce(into: Set()) { if let id = $1 { $0.insert(id) } }
                })
        }
        return found
    }

    /// Closes accounts to hand-over, as a change of password would: their passwords are shown to nobody, and the old ones
    /// open nothing.
    /// - Returns: how many have changed, and the addresses that have no account.
    /// - Throws: ``MoveError`` with `directoryUnavailable`; `RecordsError`.
    public func close(_ addresses: [EmailAddress]) async throws -> (changed: Int, notFound: [EmailAddress]) {
        if areElsewhere {
            // Whom nobody has seen yet.
            let rows = addresses.map {
                AccountRow(
                    address: $0.description, password: nil, passwordHash: nil, displayName: nil, quotaOctets: nil)
            }
            _ = try await takeIn(rows, onExisting: .skip, dryRun: false)
        }
        let now = context.now()
        var changed = 0
        var notFound: [EmailAddress] = []
        for portion in addresses.portions(of: 500) {
            let outcomes = try await context.records.changeEach(portion.map(AccountKey.address)) { _, facts in
                guard var account = facts.account else { return (nil, false) }
                guard account.handover != .changedHere else { return (nil, true) }
                account.close()
                let event = EventRecord(at: now, account: account.address, kind: .closed, via: .admin)
                return (AccountEffects(account, events: [event]), true)
            }
            for (address, outcome) in zip(portion, outcomes) {
                let (account, isThere) = try outcome.get()
                if !isThere { notFound.append(address) }
                guard let account else { continue }
                statuses.changed(account)
                changed += 1
            }
        }
        return (changed, notFound)
    }
}
