// SPDX-License-Identifier: Apache-2.0

import Delivery
package import Ground
import MailSource
package import MailStore
import Records
package import Runs
public import Secrets
package import Statuses
public import Vocabulary

/// Compares the ledger with the mailbox and, if a password is available, with the old server.
///
/// 1. The old mailbox is listed, with the given password or else with the one sealed for a run.
/// 2. Every message in the mailbox is read, and identified by its content.
/// 3. A message that was moved, is not there, and is still on the old server is *missing*. Its user may have deleted it
///    here, which nobody can tell; so it is named, and moved again only on request.
///
/// No mail is ever deleted, and accounts are checked one after the other.
public final class IntegrityCheck: Sendable {
    private let context: Context
    private let mailStore: any MailStore
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let vault: Vault
    private let ledgerHash: LedgerHash

    package init(
        context: Context, store: any MailStore, statuses: StatusBoard, scheduler: MoveScheduler, vault: Vault,
        ledgerHash: LedgerHash
    ) {
        self.context = context
        self.mailStore = store
        self.statuses = statuses
        self.scheduler = scheduler
        self.vault = vault
        self.ledgerHash = ledgerHash
    }

    /// - Parameters:
    ///   - password: the one for the old server.
    ///   - repairs: whether missing messages are moved again.
    ///   - acceptsEmpty: if the mailbox is not the one that mail was moved to, it is accepted as it is from now on.
    ///     Messages recorded as moved stay recorded.
    /// - Throws: ``MoveError`` with `accountNotFound`; `RecordsError`; `CancellationError`.
    public func check(
        _ address: EmailAddress, password: Password?, repairs: Bool, acceptsEmpty: Bool = false
    ) async throws -> IntegrityFindings {
        guard let row = try await context.records.account(address), row.deletedAt == nil else {
            throw MoveError(.accountNotFound, "there is no account \(address) on the new platform")
        }
        return try await check(row, password: password, repairs: repairs, acceptsEmpty: acceptsEmpty)
    }

    /// A page of a domain's accounts.
    /// - Returns: the accounts, and the last one's address if others may follow.
    /// - Throws: `RecordsError`; `CancellationError`.
    public func check(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int, repairs: Bool, acceptsEmpty: Bool = false
    ) async throws -> (accounts: [IntegrityFindings], next: EmailAddress?) {
        let page = try await context.records.accounts(of: domain, search: nil, after: cursor, limit: limit)
        var accounts: [IntegrityFindings] = []
        for row in page.accounts {
            try Task.checkCancellation()
            accounts.append(try await check(row, password: nil, repairs: repairs, acceptsEmpty: acceptsEmpty))
        }
        return (accounts, page.next)
    }

    private func check(
        _ row: AccountRecord, password: Password?, repairs: Bool, acceptsEmpty: Bool
    ) async throws -> IntegrityFindings {
        var findings = IntegrityFindings(account: row.address, status: row.status)
        let runsElsewhere =
            context.records.areShared ? try await context.records.facts(of: .id(row.id)).isRunning : false
        guard scheduler.runState(of: row.id) != .running, !runsElsewhere else {
            findings.add(.info, "it is moving: check it when that is done")
            return findings
        }
        let isThere = try await verify(row, acceptsEmpty, &findings)
        let ledger = try await context.records.ledger(of: row.id)
        let intents = try await context.records.intents(of: row.id)
        let settings = try await context.records.settings(of: row.address.domain)
        findings.ledger = ledger.count { !$0.isShown }
        findings.interrupted = intents.count
        let password = try password ?? opened(row)
        let listing = try await listing(row, settings, password, &findings)
        let comparison: IntegrityComparison?
        do {
            comparison = try await compare(row, ledger, intents, listing, settings, &findings)
        } catch let error as MailStoreError {
            findings.add(.error, "the mailbox cannot be read: \(error)")
            return findings
        }
        if row.moved != Int64(findings.ledger) {
            findings.add(.warning, "its figures say \(row.moved) moved, and \(findings.ledger) messages are recorded")
        }
        // If the mailbox is another one, nothing is moved until the administrator accepts it.
        if repairs, isThere, !findings.isOK || findings.interrupted > 0 || findings.leftInTmp > 0 {
            try await repair(row, settings, password, comparison?.missing ?? [], &findings)
        }
        return findings
    }

    /// Whether the account's mail goes where it was moved to before, or where the administrator says.
    private func verify(
        _ row: AccountRecord, _ acceptsEmpty: Bool, _ findings: inout IntegrityFindings
    ) async throws -> Bool {
        let store = StoreGuard(context: context, store: mailStore)
        do {
            _ = try await store.verify(row)
            return true
        } catch let error as MailStoreError where error.code == .unmarked && acceptsEmpty {
            do {
                try await store.accept(row)
                findings.add(
                    .info,
                    "what is in the mail store now was taken as it is; what was moved before stays moved, and "
                        + "--repair moves again what is missing")
                return true
            } catch let error as MailStoreError {
                findings.add(.error, "what is in the mail store now cannot be taken: \(error)")
            }
        } catch let error as MailStoreError {
            findings.add(.error, "\(error)")
        }
        return false
    }

    /// The password sealed for a run, if there is one.
    private func opened(_ row: AccountRecord) throws -> Password? {
        guard let sealed = row.sealed else { return nil }
        do {
            return try vault.open(sealed, for: row.address)
        } catch is MoveError {
            return nil  // sealed under a key that is gone
        }
    }

    // MARK: Comparing

    private func compare(
        _ row: AccountRecord, _ ledger: [LedgerRow], _ intents: [Intent], _ old: OldMailboxListing?,
        _ settings: MigrationSettings?, _ findings: inout IntegrityFindings
    ) async throws -> IntegrityComparison? {
        let intended = intents.compactMap { $0.batch(in: mailStore) }
        let isNamed = mailStore.traits.namesMessages
        guard let ours = try await mailStore.contents(of: row.address, .ours, intended: intended),
            let contents = isNamed ? ours : try await mailStore.contents(of: row.address, .others)
        else {
            if findings.ledger > 0 {
                findings.gone = findings.ledger
                findings.add(
                    .error,
                    "its mailbox is not there, and \(findings.ledger) messages were moved to it: "
                        + "see whether the file system is mounted")
            }
            return nil
        }
        for error in contents.unreadable { findings.add(.warning, "a message cannot be read: \(error)") }
        let source = settings.map {
            ledgerHash.source($0.oldServer, username: $0.oldServer.username(of: row.address))
        }
        var comparison = IntegrityComparison(
            ledger: ledger, listing: old?.messages,
            names: LedgerNames(old?.folders ?? [], mailbox: source ?? 0, hash: ledgerHash), contents: contents.messages)
        if isNamed, !comparison.missing.isEmpty,
            let others = try await mailStore.contents(of: row.address, .others)
        {
            comparison.find(in: others.messages)
        }
        findings.present = comparison.present
        findings.gone = comparison.gone
        findings.waiting = old == nil ? nil : comparison.waiting
        findings.leftInTmp = ours.leftovers
        if intents.isEmpty {
            (findings.doubled, findings.changed) = IntegrityComparison.surplus(ledger, contents.messages)
            // Without names, what was never moved is other mail.
            if !isNamed { findings.changed = 0 }
        }
        findings.missingCount = comparison.missing.count
        findings.missing = comparison.missing.prefix(Self.mostNamed).map { message, _ in
            IntegrityFindings.Missing(
                folder: old?.path(of: message),
                uniqueID: message.uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } ?? "",
                octets: Int64(message.octets ?? 0))
        }
        describe(&findings)
        return comparison
    }

    /// The most missing messages that are named individually.
    private static let mostNamed = 100

    private func describe(_ findings: inout IntegrityFindings) {
        if findings.missingCount > 0 {
            findings.add(
                .warning,
                "\(findings.missingCount) messages were moved, are still on the old server, and are not in "
                    + "the mailbox: lost, or deleted here by their user; --repair moves them again")
        }
        if findings.doubled > 0 {
            if mailStore.traits.namesMessages {
                findings.add(.error, "\(findings.doubled) messages are in the mailbox more often than they were moved")
            } else {
                findings.add(
                    .info,
                    "\(findings.doubled) messages are in the mailbox more often than they were moved: copied by their "
                        + "user, or brought by others as well")
            }
        }
        if findings.changed > 0 {
            findings.add(
                .error,
                "\(findings.changed) messages under names of mailmove's are not what was moved: cut short or changed since, "
                    + "or from before its records begin; see whether the file system is sound")
        }
        if findings.interrupted > 0 {
            findings.add(.info, "\(findings.interrupted) deliveries were interrupted; the next run ends them")
        }
        if findings.leftInTmp > 0 {
            findings.add(.info, "\(findings.leftInTmp) files in tmp are of no use any more; the next run removes them")
        }
        switch findings.waiting {
        case let waiting? where waiting > 0:
            let severity: Severity = findings.status == .completed ? .warning : .info
            findings.add(severity, "\(waiting) messages are on the old server and not moved; a login moves them")
        case nil where findings.gone > 0:
            findings.add(
                // By a name of ours it would be known again wherever its user has filed it; without, it may as well be lost.
                mailStore.traits.namesMessages ? .info : .warning,
                "\(findings.gone) of \(findings.ledger) messages are not in the mailbox; which of them are "
                    + "still on the old server can be told with the account's old password")
        default: break
        }
    }

    // MARK: The old server

    private func listing(
        _ row: AccountRecord, _ settings: MigrationSettings?, _ password: Password?,
        _ findings: inout IntegrityFindings
    ) async throws -> OldMailboxListing? {
        guard let settings, let password, row.nonMigrating != .excluded else { return nil }
        findings.oldMailbox = .failed
        let known = try await context.records.folders(of: row.id)
        do throws(SourceError) {
            let line = try await context.source.connect(
                to: settings.oldServer, timeouts: context.timeouts, hiding: password)
            defer { line.abort() }
            let answer = try await line.open(
                user: settings.oldServer.username(of: row.address), password: password)
            guard case .accepted(let session) = answer else {
                findings.add(.warning, "the old server does not let it in, so its mailbox there was not compared")
                return nil
            }
            let folders = try await session.folders(
                by: FolderRules(settings.options, mailStore.folderNames, known: known))
            let listing = try await session.list(folders)
            for folder in folders {
                guard let words = session.refusal(of: folder) else { continue }
                let path = folder.path.joined(separator: "/")
                findings.add(
                    .warning, "the folder \(path) was not compared, for the old server does not open it: \(words)")
            }
            try await session.leave()
            if !listing.isEmpty, listing.allSatisfy({ $0.uniqueID == nil }) {
                findings.add(.info, "the old server has no UIDL, so its mailbox cannot be compared")
                return nil
            }
            findings.oldMailbox = .compared
            return OldMailboxListing(folders: folders, messages: listing)
        } catch {
            try Task.checkCancellation()
            findings.add(.warning, "the old mailbox was not compared: \(error)")
            return nil
        }
    }

    private struct OldMailboxListing {
        var folders: [SourceFolder]
        var messages: [ListedMessage]

        /// nil by POP3, which has the inbox alone.
        func path(of message: ListedMessage) -> String? {
            guard folders.contains(where: { $0.validity != 0 || $0.path != SourceFolder.inbox }) else { return nil }
            return folders.first { $0.number == message.folder }?.path.joined(separator: "/")
        }
    }

    // MARK: Repair

    /// Forgets the missing messages and queues a run, which fetches them, ends interrupted deliveries, and removes
    /// leftovers.
    private func repair(
        _ row: AccountRecord, _ settings: MigrationSettings?, _ password: Password?,
        _ missing: [(message: ListedMessage, row: LedgerRow)], _ findings: inout IntegrityFindings
    ) async throws {
        guard let settings, settings.state(at: context.now()) == .active else {
            findings.add(.warning, "not repaired: its domain's migration is not active; enable it again")
            return
        }
        guard let password, findings.oldMailbox == .compared else {
            findings.add(.warning, "not repaired: that takes the account's old password")
            return
        }
        let rows = missing.map(\.row)
        let sealed = LoginEffects.Sealed(vault.seal(password, for: row.address))
        let effects = LoginEffects(
            .repaired(sealed, missing: rows, of: Int64(findings.ledger)), via: .admin, at: context.now(), asked: row,
            address: row.address, generation: settings.generation)
        let changed = try await context.records.change(.id(row.id)) { effects.effects(on: $0) }
        guard let changed else {
            findings.add(.warning, "not repaired: it has changed meanwhile; check it again")
            return
        }
        findings.movedAgain = rows.count
        if changed.isPaused { findings.add(.info, "it is paused: they are moved again when it is resumed") }
        statuses.changed(changed)
        scheduler.submit(changed, settings)
    }
}
