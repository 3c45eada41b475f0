// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailStore
package import Records
import Synchronization
import Vocabulary

/// Makes whole a ledger that is older than the mailbox, as after a backup of the state was restored.
///
/// 1. At an account's first run after a start, the runs that have brought mail are read from file names and from the
///    notes beside the marker. If the records know all of them, nothing else is done.
/// 2. Otherwise the mailbox is read, in all folders. Each message that no row accounts for gets a row with only a
///    content: under a name of ours it is mail that was moved; under another name it may have been moved (and filed by
///    a user) or not.
/// 3. A run takes such rows as candidates, and those whose message the old server still has get its name.
/// In a store whose messages bear no names, the notes of its folders take the place of runs, and a run that finds something
/// to fetch asks (``complete(_:targets:)``): what has come since into the folders that mail goes to is read.
/// 4. Once the old mailbox has been gone through, rows found under other names and not met there are forgotten.
package struct LedgerCompletion: Sendable {
    let context: Context
    let store: any MailStore
    let wholeLedgers: WholeLedgers

    package init(context: Context, store: any MailStore, wholeLedgers: WholeLedgers) {
        self.context = context
        self.store = store
        self.wholeLedgers = wholeLedgers
    }

    /// - Throws: `MailStoreError`, `RecordsError`, `CancellationError`.
    package func complete(_ row: AccountRecord) async throws {
        let id = row.id
        guard store.traits.namesMessages, !wholeLedgers.contains(id) else { return }
        guard let known = try await context.records.mailbox(of: id, keeping: []) else { return }
        let found = try await store.runs(of: row.address)
        let strange = found.filter { (known.runs[$0.key] ?? -1) < $0.value }
        if !strange.isEmpty {
            if let mailbox = known.mailbox, mailbox.marker == nil {
                // State of an earlier version, or an account created again: taken as it is.
                try await context.records.change(.id(id)) { _ in
                    var effects = AccountEffects()
                    effects.runs = strange
                    return effects
                }
            } else {
                try await read(row, strange)
            }
        }
        wholeLedgers.insert(id)
    }

    private func read(_ row: AccountRecord, _ strange: RunMarks) async throws {
        let id = row.id
        guard let ours = try await store.contents(of: row.address, .ours),
            let others = try await store.contents(of: row.address, .others)
        else { return }
        let now = context.now()
        let outcome = try await context.records.change(ledgerOf: id) { facts in
            // What is still intended is accounted for when it is ended.
            let rows = Self.rows(facts.ledger + facts.intents.flatMap(\.rows), ours, others)
            var account = facts.account
            account.moved = Int64(facts.ledger.count { !$0.isShown } + rows.ours.count)
            account.movedOctets += rows.ours.reduce(0) {
                $0 + Int64(ours.octets[ContentHash(value: $1.content)] ?? 0)
            }
            var effects = AccountEffects(account)
            effects.added = rows.ours + rows.others
            effects.runs = strange
            if !rows.others.isEmpty { effects.kept[Self.name(id)] = [1] }
            effects.events.append(
                EventRecord(
                    at: now, account: account.address, kind: .perhapsDoubled,
                    detail: "the records are older than the mailbox (a restored backup?): "
                        + "\(rows.ours.count) messages here were not known, and are not fetched again; what was moved "
                        + "since and has been deleted here may come again"))
            return (effects, (ours: rows.ours.count, others: rows.others.count))
        }
        if let counts = outcome?.verdict {
            context.log.warning(
                """
                the records are older than the mailbox: \(counts.ours) messages of ours and \(counts.others) others \
                are known by their contents from now on
                """, metadata: .about(row.address))
        }
    }

    /// The same in a store whose messages bear no names, before anything is fetched. A mailbox that is older than the
    /// records loses what it does not have from the ledger, too, so that it is fetched again.
    /// - Parameter targets: the folders that mail goes to.
    /// - Returns: whether the ledger has changed.
    /// - Throws: `MailStoreError`, `RecordsError`, `CancellationError`.
    package func complete(_ row: AccountRecord, targets: [[String]]) async throws -> Bool {
        let id = row.id
        let name = MailboxNote.name(of: id)
        let notes = MailboxNote(octets: try await context.records.kept(name) ?? [])
        let isWhole = wholeLedgers.contains(id)
        guard
            let standing = try await store.standing(
                of: row.address, in: targets, since: notes.folders, readsNews: !isWhole)
        else { return false }
        var isChanged = false
        if standing.isOlder {
            guard let all = try await store.contents(of: row.address, .others) else { return false }
            isChanged = try await forgetAbsent(row, all, MailboxNote(standing.notes))
        } else if standing.news.count > 0 {
            isChanged =
                try await context.records.change(ledgerOf: id) { facts in
                    let rows = Self.rows(
                        facts.ledger + facts.intents.flatMap(\.rows), MailboxContents(), standing.news
                    ).others
                    guard !rows.isEmpty else { return (nil, false) }
                    var effects = AccountEffects()
                    effects.added = rows
                    effects.kept[Self.name(id)] = [1]
                    return (effects, true)
                }?.verdict ?? false
        }
        wholeLedgers.insert(id)
        return isChanged
    }

    /// Forgets what was moved and is not in the mailbox any more, which is older than the records.
    private func forgetAbsent(_ row: AccountRecord, _ all: MailboxContents, _ notes: MailboxNote) async throws -> Bool {
        let now = context.now()
        let outcome = try await context.records.change(ledgerOf: row.id) { facts in
            var there = all.messages
            var absent: [LedgerRow] = []
            // What was deleted over there cannot be fetched again.
            for row in facts.ledger where !row.isShown && !row.deleted {
                let content = ContentHash(value: row.content)
                if let count = there[content], count > 0 { there[content] = count - 1 } else { absent.append(row) }
            }
            var account = facts.account
            account.moved = max(0, account.moved - Int64(absent.count))
            var effects = AccountEffects(account)
            effects.forgotten = absent
            effects.kept[MailboxNote.name(of: row.id)] = notes.octets
            effects.events.append(
                EventRecord(
                    at: now, account: account.address, kind: .perhapsDoubled,
                    detail:
                        "the mailbox is older than the records (a restored backup?): \(absent.count) messages that were "
                        + "moved are not there, and are fetched again as far as the old server has them; what was deleted "
                        + "here since is among them"))
            return (effects, absent.count)
        }
        if let count = outcome?.verdict {
            context.log.warning(
                "the mailbox is older than the records: \(count) messages are fetched again",
                metadata: .about(row.address))
        }
        return (outcome?.verdict ?? 0) > 0
    }

    /// A row for each message that no row of the ledger accounts for.
    static func rows(
        _ ledger: [LedgerRow], _ ours: MailboxContents, _ others: MailboxContents
    ) -> (ours: [LedgerRow], others: [LedgerRow]) {
        var unused: [Int64: Int] = [:]
        var next: [Int64: Int32] = [:]
        for row in ledger where !row.isShown {
            unused[row.content, default: 0] += 1
            if row.uniqueID == nil { next[row.content] = max(next[row.content] ?? 0, row.occurrence + 1) }
        }
        func rows(_ contents: MailboxContents, _ source: Int64) -> [LedgerRow] {
            var rows: [LedgerRow] = []
            for (content, count) in contents.messages {
                let accounted = min(count, unused[content.value] ?? 0)
                unused[content.value, default: 0] -= accounted
                for _ in accounted..<count {
                    let occurrence = next[content.value] ?? 0
                    next[content.value] = occurrence + 1
                    rows.append(
                        LedgerRow(
                            uniqueID: nil, occurrence: occurrence, content: content.value, octets: -1, source: source))
                }
            }
            return rows
        }
        let here = rows(ours, LedgerRow.foundByName)
        return (here, rows(others, LedgerRow.foundByContent))
    }

    /// Call once the old mailbox has been gone through: what was found under other names and was not met there was
    /// never moved, or is no longer there.
    /// - Throws: `RecordsError`.
    package func forgetOthers(_ id: AccountRecord.ID) async throws {
        guard try await context.records.kept(Self.name(id)) == [1] else { return }
        _ = try await context.records.change(ledgerOf: id) { facts in
            let others = facts.ledger.filter { $0.source == LedgerRow.foundByContent }
            var account = facts.account
            account.moved = Int64(facts.ledger.count { !$0.isShown } - others.count)
            var effects = AccountEffects(account)
            effects.forgotten = others
            effects.kept[Self.name(id)] = []
            return (effects, ())
        }
    }

    private static func name(_ id: AccountRecord.ID) -> String { "found-by-content \(id)" }
}

/// The accounts whose ledgers are known to be whole since the start.
package final class WholeLedgers: Sendable {
    private let accounts = Mutex<Set<AccountRecord.ID>>([])

    func contains(_ account: AccountRecord.ID) -> Bool { accounts.withLock { $0.contains(account) } }

    func insert(_ account: AccountRecord.ID) { accounts.withLock { _ = $0.insert(account) } }
}
