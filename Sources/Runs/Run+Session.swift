// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ground
import MailSource
import MailStore
import Records
import Statuses
import Vocabulary
import Waiting

/// One session of a run, from the login to the farewell.
extension Run {
    /// Everything after the login, once, or until nothing new is there where a session may look again.
    /// - Returns: nil where the session has ended early, between two messages, for others.
    mutating func move(in session: any MailboxSession) async throws -> RunEnd? {
        while true {
            let look = try await look(in: session)
            if mayLookAgain(look, session), try await anotherLookFollows() {
                try await session.lookAgain()
                continue
            }
            try await finish(session, look.fetch)
            return look.end
        }
    }

    /// What came of looking at the mailbox, and fetching what is missing.
    private struct Look {
        var fetch: Fetch
        var end: RunEnd?
    }

    /// What is to be deleted over there is when a session ends.
    private func mayLookAgain(_ look: Look, _ session: any MailboxSession) -> Bool {
        switch look.end {
        case .completed, .refused: break
        default: return false
        }
        return session.traits.looksAgain && look.fetch.deletable.isEmpty && !place.makesWay
            && control.stopReason == nil
    }

    private mutating func look(in session: any MailboxSession) async throws -> Look {
        let known = try await context.records.folders(of: account.id)
        // With one folder nothing depends on what others are called.
        let names =
            settings.oldServer.mailProtocol == .imap
            ? try await commons.store.folderNames(of: account.address) : commons.store.folderNames
        var rules = FolderRules(settings.options, names, known: known)
        rules.asksAhead = asksAhead
        progress.stumblingBlocks.limit(&rules)
        let listed = try await session.folders(by: rules)
        var folders = SessionFolders(
            listed, names: LedgerNames(listed, mailbox: source, hash: commons.ledgerHash), known: known,
            inbox: settings.options.folder)
        let isLarge = listed.lazy.map(\.messages).saturatedSum() > LargeMailboxes.messages
        guard !isLarge || commons.largeMailboxes.enter() else {
            let end = RunEnd.queued(
                "as many mailboxes of over \(LargeMailboxes.messages) messages as may are moving",
                seconds: LargeMailboxes.patience)
            return Look(fetch: Fetch(), end: end)
        }
        defer { if isLarge { commons.largeMailboxes.leave() } }
        if settings.options.deleteAfterMove, !session.traits.canDelete { try await tellThatNothingIsDeleted() }
        let listing = try await list(folders, session)
        var fetch = Fetch()
        // Rows of what could not be listed: nobody knows whether they are still there.
        var unlisted: Set<Int64> = []
        for folder in folders.folders {
            guard let words = session.refusal(of: folder) else { continue }
            fetch.refusals.add(folder, words)
            unlisted.formUnion(folders.sources(of: folder))
        }
        var plan = try await plan(listing, folders, except: unlisted, session)
        if !plan.wanted.isEmpty, try await completeLedger(targets: folders.targets) {
            plan = try await self.plan(listing, folders, except: unlisted, session)
        }
        if !folders.new.isEmpty {
            let refused = try await commons.store.make(folders.new, of: account.address, expecting: expected)
            fetch.homeless = folders.numbers(of: refused)
            folders.unmade = Set(fetch.homeless.keys)
        }
        try await recordListing(plan, folders)
        do {
            try await self.fetch(&plan, folders, session, &fetch)
        } catch {
            // Messages left behind so far are reported, however the run ends.
            try await tell(fetch.refusals)
            throw error
        }
        try await tell(fetch.refusals)
        try await recordRest(fetch, folders, session)
        // What has left its folder meanwhile may be in another, which was listed before.
        var end: RunEnd?
        if fetch.isWhole, session.vanished.isEmpty || !progress.looksAgain() {
            end = fetch.refusals.count == 0 ? .completed : .refused(fetch.refusals.count, here: fetch.notTaken)
        }
        return Look(fetch: fetch, end: end)
    }

    /// Whether the mailbox has shown something that the ledger did not know.
    private func completeLedger(targets: [[String]]) async throws -> Bool {
        try await LedgerCompletion(context: context, store: commons.store, wholeLedgers: delivery.wholeLedgers)
            .complete(account, targets: targets)
    }

    private mutating func plan(
        _ listed: Listing, _ folders: SessionFolders, except unlisted: Set<Int64>,
        _ session: any MailboxSession
    ) async throws -> RunPlan {
        let id = account.id
        var ledger = try await context.records.ledger(of: id)
        var besides: [LedgerRow] = []
        if !unlisted.isEmpty {
            besides = ledger.filter { unlisted.contains($0.source) }
            ledger.removeAll { unlisted.contains($0.source) }
        }
        var listing = listed.messages
        let known = try await recognised(in: listing, session)
        progress.begin(leavingOut: known.count)
        if !known.isEmpty {
            let rows = Set(known.values)
            ledger.removeAll { rows.contains($0) }
            besides += rows
            listing.removeAll { known[$0.number] != nil }
        }
        let (messages, rows, others, kept) = (listing, ledger, besides, listed.kept)
        let (options, isConfirming) = (settings.options, deletes(session))
        return await ListingThread.run(of: messages.count + rows.count) {
            RunPlan(
                listing: messages, ledger: rows, besides: others, kept: kept, names: folders.names,
                order: options.order, views: folders.views, isConfirming: isConfirming)
        }
    }

    /// Messages settled in an earlier session of this run, and not identified by name: their headers are asked for and
    /// recognised.
    private func recognised(
        in listing: [ListedMessage], _ session: any MailboxSession
    ) async throws -> [Int: LedgerRow] {
        // A message is deleted only when its content confirms it; and where retrieving deletes, so may asking for a
        // header.
        guard !deletes(session), session.traits.confirmsByHeader else { return [:] }
        var known: [Int: LedgerRow] = [:]
        for settled in progress.recognisable(in: listing) {
            guard let header = try await session.header(of: settled.message) else { break }
            if HeaderHashes.hash(of: header, commons.ledgerHash.hash) == settled.header {
                known[settled.message.number] = settled.row
            }
        }
        return known
    }

    /// Whether what is durable here is deleted over there.
    func deletes(_ session: any MailboxSession) -> Bool {
        settings.options.deleteAfterMove && session.traits.canDelete
    }

    /// What one session has achieved.
    struct Fetch {
        let refusals = Refusals()
        /// Whether nothing that was wanted has been left for another session.
        var isWhole = true
        /// Rows of what it has settled.
        var settled: [LedgerRow] = []
        /// Those of them that are to be deleted on the old server.
        var deletable: [(message: ListedMessage, row: LedgerRow)] = []
        /// Folders whose mail has no place here, by number, and why.
        var homeless: [Int: String] = [:]
        /// How many of the refusals are the store's.
        var notTaken = 0
    }

    /// A batch for delivery, and the messages that it is about.
    struct Shipment {
        var submission: Delivery.Submission
        var messages: [ListedMessage]
    }

    /// Separates new messages from those already here; the latter are discarded, and their rows get the new name.
    /// - Returns: what is to be delivered, folder by folder.
    mutating func settle(
        _ staged: [StagedMessage], _ plan: inout RunPlan, _ fetch: inout Fetch, _ writer: any MailboxWriter,
        _ headers: HeaderHashes, _ session: any MailboxSession
    ) async throws -> [Shipment] {
        var new: [(message: StagedMessage, row: LedgerRow)] = []
        var known: [(message: StagedMessage, old: LedgerRow?, rows: [LedgerRow])] = []
        let (keepsFlags, deletes) = (settings.options.flags == .keep, deletes(session))
        // Messages that were counted as moved and are not, and the reverse.
        var recounted = Delivery.Size()
        for message in staged {
            let row: LedgerRow
            let wasCounted = !plan.seemsMoved(message.message)
            let listed = Delivery.Size(messages: 1, octets: Int64(message.message.octets ?? 0))
            switch plan.judge(message) {
            case .new(let fresh):
                row = fresh
                var message = message
                if keepsFlags { message.keywords = session.keywords(of: message.message) }
                new.append((message, fresh))
                if !wasCounted { recounted += listed }
            case .known(let old, let renamed):
                row = renamed
                known.append((message, old, [renamed]))
                if wasCounted { recounted -= listed }
            case .filed(let old, let renamed, let shown):
                row = renamed
                known.append((message, old, [renamed, shown]))
                if wasCounted { recounted -= listed }
            case .shown(let shown):
                row = shown
                known.append((message, nil, [shown]))
                if wasCounted { recounted -= listed }
            }
            fetch.settled.append(row)
            // What is shown is deleted where it is.
            if deletes, !row.isShown { fetch.deletable.append((message.message, row)) }
            progress.settled(
                RunProgress.Settled(
                    message: message.message.detached, row: row, header: headers.take(message.message.number)),
                isNamed: plan.naming.tells(message.message))
        }
        if !known.isEmpty { try await writer.discard(known.map(\.message)) }
        if !known.isEmpty || recounted.messages != 0 {
            try await rename(known.map { ($0.old, $0.rows) }, recounted)
        }
        progress.recognised(known.count, here: fetch.settled.count)
        try await writer.takeKeywords(of: new.map(\.message))
        var shipments: [Shipment] = []
        while let folder = new.first?.message.message.folder {
            let part = new.prefix { $0.message.message.folder == folder }
            new.removeFirst(part.count)
            shipments.append(
                Shipment(
                    submission: Delivery.Submission(
                        account: account.id, batch: writer.batch(of: part.map(\.message)), rows: part.map(\.row),
                        octets: part.map { Int64($0.message.octets) },
                        listedOctets: part.lazy.map { Int64($0.message.message.octets ?? 0) }.saturatedSum()),
                    messages: part.map(\.message.message.detached)))
        }
        return shipments
    }

    /// Gives ledger rows of messages already here the name under which they are now listed; `recounted` more remain
    /// than was thought.
    private func rename(_ rows: [(old: LedgerRow?, new: [LedgerRow])], _ recounted: Delivery.Size) async throws {
        let id = account.id
        let changed = try await context.records.change(.id(id)) { facts in
            guard var row = facts.row else { return nil }
            row.remaining = max(0, row.remaining.addingSaturated(Int64(recounted.messages)))
            row.remainingOctets = max(0, row.remainingOctets.addingSaturated(recounted.octets))
            var effects = AccountEffects(row)
            effects.forgotten = rows.compactMap(\.old)
            effects.added = rows.flatMap(\.new)
            return effects
        }
        if let changed { statuses.changed(changed) }
    }

    /// Everything is recorded: settled messages may be deleted on the old server, and the session ends in order.
    private func finish(_ session: any MailboxSession, _ fetch: Fetch) async throws {
        guard !fetch.deletable.isEmpty else {
            // Everything is recorded, so it does not matter whether the farewell arrives.
            _ = try? await session.leave()
            return
        }
        let kept = try await session.delete(fetch.deletable.map(\.message))
        guard try await session.leave() else { return }
        let id = account.id
        let rows = fetch.deletable.filter { !kept.contains($0.message.number) }.map(\.row)
        try await context.records.change(.id(id)) { _ in
            var effects = AccountEffects()
            effects.forgotten = rows
            effects.added = rows.map { row in
                var row = row
                row.deleted = true
                return row
            }
            return effects
        }
    }
}
