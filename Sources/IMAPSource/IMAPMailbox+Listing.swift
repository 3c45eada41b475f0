// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource
import Vocabulary
import Waiting

/// Which messages there are: UIDs, flags, dates and sizes, before any body.
extension IMAPMailbox {
    static let attributes: [Command.FetchItem] = [.uid, .flags, .date, .octets]

    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage] {
        try await answer(about: folder, onRefusal: { refuse(folder, $0) }) {
            () async throws(WireFailure) -> [ListedMessage] in
            let excluded = folder.showsOthers ? try await excludedMail() : ExcludedMail()
            guard let opened = try await enter(folder) else { return [] }
            state.withLock { $0.validities[folder.number] = opened.validity }
            let messages = opened.messages > 0 ? opened.messages : try await counted(opened)
            guard messages > 0 else { return [] }
            var listing = try await listing(opened, of: .from(1), messages: messages)
            if !excluded.isEmpty { listing.leaveOut(try await shown(listing, of: excluded)) }
            // Where ids do not last, or not even from one answer to the next (Courier gives a folder that nobody has
            // ever selected a new UIDVALIDITY each time), a message is known by its content.
            let isLasting = opened.hasLastingIDs && opened.validity == folder.validity
            return await enter(listing, in: folder, hasIDs: isLasting)
        } ?? []
    }

    /// Asks what is in a folder; nil where the server refuses that.
    private func answer<Value>(
        about folder: SourceFolder, onRefusal: (_ words: String) -> Void = { _ in },
        _ ask: () async throws(WireFailure) -> Value?
    ) async throws(SourceError) -> Value? {
        try await during(.listing) { () async throws(WireFailure) in
            try await asking(about: .folder(folder.path)) { () async throws(WireFailure) in
                do throws(WireFailure) {
                    return try await ask()
                } catch {
                    // One that is busy would refuse all others, too.
                    guard error.code == .refused else { throw error }
                    onRefusal(words(of: error.quoted))
                    return nil
                }
            }
        }
    }

    private func refuse(_ folder: SourceFolder, _ words: String) {
        state.withLock { if $0.folders.indices.contains(folder.number) { $0.folders[folder.number].refusal = words } }
    }

    /// A folder is opened again, where others are only asked how much is in them.
    func lookAgain() async throws(SourceError) {
        let open = state.withLock { state in
            (state.uids, state.keywords, state.vanished) = ([], [:], [])
            (state.highest, state.validities) = ([:], [:])
            defer { state.open = nil }
            return state.open
        }
        guard !tracesStatus else { return }
        // RFC 3501 §6.3.10: one that is open is not asked how much is in it; which that is need not be known any more.
        try await during(.listing) { () async throws(WireFailure) in
            let (answer, opened) = try await examine(open?.name ?? .inbox)
            if answer.condition.kind == .ok { state.withLock { $0.open = opened } }
        }
    }

    func refusal(of folder: SourceFolder) -> String? {
        state.withLock { $0.folders.indices.contains(folder.number) ? $0.folders[folder.number].refusal : nil }
    }

    /// Opens a folder of the session, unless it is open. nil if the server does not let us in.
    func enter(_ folder: SourceFolder) async throws(WireFailure) -> OpenedFolder? {
        let (known, open) = state.withLock {
            ($0.folders.indices.contains(folder.number) ? $0.folders[folder.number] : nil, $0.open)
        }
        guard let known else { throw WireFailure(code: .refused, message: "has no such folder in this session") }
        guard known.refusal == nil else { return nil }
        if let open, open.name == known.plan.listed.name { return open }
        let (answer, opened) = try await examine(known.plan.listed.name)
        guard answer.condition.kind == .ok else {
            refuse(folder, try refusalWords(in: answer))
            return nil
        }
        guard opened.messages <= FolderListing.mostMessages else {
            throw .violation("has \(opened.messages) messages in a folder, more than can be")
        }
        state.withLock { $0.open = opened }
        return opened
    }

    /// Why a folder is not opened. A server that gives no more for now would refuse all others, too.
    func refusalWords(in answer: Answer) throws(WireFailure) -> String {
        guard !answer.condition.tellsOfThrottling else { throw WireFailure(busy: answer.condition) }
        return words(of: answer.condition)
    }

    /// How many messages are in a folder that was empty when it was opened, perhaps long ago.
    private func counted(_ opened: OpenedFolder) async throws(WireFailure) -> Int {
        let heard = Collected(opened)
        _ = try await wire.perform(.noop) { response in heard.change { $0.hear(response) } }
        return heard.value.messages
    }

    // MARK: - Listing

    /// Everything of `uids`, which the server has counted as this many messages; nil where it has not.
    private func listing(
        _ opened: OpenedFolder, of uids: UIDSet, messages: Int?
    ) async throws(WireFailure) -> FolderListing {
        var listing = try await fetched(uids, into: FolderListing(messages: messages ?? 0))
        if messages != nil, listing.isComplete { return listing }
        // It has left some out, or told of some that nobody has asked for.
        let there = try await found(uids)
        let missing = listing.missing(of: there)
        if !missing.isEmpty {
            for piece in missing.pieces() { listing = try await fetched(piece, into: listing) }
        }
        listing.limit(to: there)
        return listing
    }

    func fetched(_ uids: UIDSet, into listing: FolderListing) async throws(WireFailure) -> FolderListing {
        let heard = Collected(listing)
        let answer = try await wire.perform(.fetch(uids, Self.attributes, changedSince: nil)) { response in
            heard.change { $0.hear(response) }
        }
        let listing = heard.take(FolderListing(messages: 0))
        try expectOK(answer, "list its messages (UID FETCH)")
        guard !listing.hasTooMany else { throw .violation("sends a list without end") }
        return await ListingThread.run(of: listing.messages) {
            var listing = listing
            listing.join()
            return listing
        }
    }

    /// Which UIDs there are.
    func found(_ uids: UIDSet) async throws(WireFailure) -> UIDSet {
        let heard = Collected(UIDSet())
        let key: Command.SearchKey = uids == .from(1) ? .all : .uids(uids)
        let answer = try await wire.perform(.search(key, extended: capabilities.extendedSearch)) { response in
            // Usually there is one.
            guard case .found(let found) = response else { return }
            heard.change { if $0.count <= FolderListing.mostMessages { $0 = $0.union(found.uids) } }
        }
        try expectOK(answer, "say which messages it has (UID SEARCH)")
        let found = heard.value
        guard found.count <= FolderListing.mostMessages else {
            throw .violation("says that it has \(found.count) messages in a folder, more than can be")
        }
        // RFC 3501 §6.4.8: `9:*` is the last message, too, where that has a lower UID.
        return found.uids.allSatisfy(uids.contains) ? found : UIDSet(found.uids.filter(uids.contains))
    }

    func expectOK(_ answer: Answer, _ what: String) throws(WireFailure) {
        guard answer.condition.kind != .ok else { return }
        throw WireFailure(refused: answer.condition, "does not \(what)")
    }

    /// Gives what is listed numbers of this session.
    func enter(_ listing: FolderListing, in folder: SourceFolder, hasIDs: Bool) async -> [ListedMessage] {
        let entries = listing.messageEntries
        let first = state.withLock { state in
            let first = state.uids.count + 1
            state.uids += entries.map(\.uid)
            if let last = entries.last { state.highest[folder.number] = last.uid }
            for (index, entry) in entries.enumerated() {
                if let words = listing.keywords(of: entry.uid) { state.keywords[first + index] = words }
            }
            return first
        }
        return await ListingThread.run(of: entries.count) {
            // One array for all ids: there may be millions.
            var digits: [UInt8] = []
            var ranges: [Range<Int>] = []
            if hasIDs {
                for entry in entries {
                    let start = digits.count
                    digits += String(entry.uid).utf8
                    ranges.append(start..<digits.count)
                }
            }
            return entries.enumerated().map { index, entry in
                ListedMessage(
                    number: first + index, octets: entry.octets.map { Int(clamping: $0) },
                    uniqueID: hasIDs ? UniqueID(in: digits, at: ranges[index]) : nil, folder: folder.number,
                    flags: entry.flags, date: entry.date)
            }
        }
    }

    // MARK: - Increments

    func mark(of folder: SourceFolder) -> FolderMark? {
        // A UIDNEXT that stands still, as some keep it, would hide what is new.
        let highest = state.withLock { $0.highest[folder.number] } ?? 0
        return folder.mark.flatMap { highest < $0.next ? $0 : nil }
    }

    func changes(in folder: SourceFolder, since mark: FolderMark) async throws(SourceError) -> FolderChanges? {
        try await answer(about: folder) { () async throws(WireFailure) -> FolderChanges? in
            // Another numbering, or one that has gone back as that of a restored backup: all has to be looked at.
            guard let now = folder.mark, now.validity == mark.validity, now.next >= mark.next else { return nil }
            // Then nothing has been added or taken away, and it need not be opened.
            if now.next == mark.next, now.messages == mark.messages {
                return FolderChanges(added: [], before: .gone([]))
            }
            let (opened, before) = try await reopen(folder, since: mark)
            guard let opened, opened.validity == mark.validity else { return nil }
            state.withLock { $0.validities[folder.number] = opened.validity }
            let new = UIDSet.from(mark.next)
            // Nothing can have come where the next UID is the same.
            let added =
                opened.next == mark.next
                ? [] : await enter(try await listing(opened, of: new, messages: nil), in: folder, hasIDs: true)
            if let before { return FolderChanges(added: added, before: before) }
            if opened.messages == mark.messages + added.count {
                return FolderChanges(added: added, before: .gone([]))
            }
            if mark.next <= 1 { return FolderChanges(added: added, before: .kept([])) }
            let kept = try await found(UIDSet(1...(mark.next - 1)))
            return FolderChanges(added: added, before: .kept(kept.ranges))
        }
    }

    /// Opens the folder; where the server keeps count of what has vanished (RFC 7162 §3.2), with that.
    private func reopen(
        _ folder: SourceFolder, since mark: FolderMark
    ) async throws(WireFailure) -> (OpenedFolder?, FolderChanges.Before?) {
        guard mark.changes != 0, capabilities.quickResync, try await resynchronizes(),
            let name = state.withLock({ state in
                state.folders.indices.contains(folder.number)
                    ? state.folders[folder.number].plan.listed.name : nil
            })
        else { return (try await enter(folder), nil) }
        let (answer, opened) = try await examine(name, .quick(validity: mark.validity, since: mark.changes))
        guard answer.condition.kind == .ok else { return (try await enter(folder), nil) }
        state.withLock { $0.open = opened }
        // RFC 7162 §3.1.2.2: without sequences it does not tell what has vanished.
        return (opened, opened.changes == 0 ? nil : .gone(opened.vanished.ranges))
    }

    private func resynchronizes() async throws(WireFailure) -> Bool {
        if let known = state.withLock({ $0.resynchronizes }) { return known }
        let isEnabled = try await enable("QRESYNC")
        state.withLock { $0.resynchronizes = isEnabled }
        return isEnabled
    }
}
