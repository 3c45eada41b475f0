// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
public import MailStore
public import Vocabulary

/// Folders, recovery, contents: what concerns a mailbox as it stands over there.
extension IMAPStore {
    // MARK: Folders

    public var folderNames: FolderNames {
        learned.withLock { $0 }
            ?? FolderNames(
                special: SpecialUse.usualNames.merging(platform.specialFolders) { $1 }, unholdable: ["%", "*"])
    }

    /// The platform's own special folders are used where no administrator has named others; they are the same in all
    /// mailboxes, and asked for once.
    public func folderNames(of account: EmailAddress) async throws(MailStoreError) -> FolderNames {
        if let names = learned.withLock({ $0 }) { return names }
        let (listed, naming, unholdable, tellsUses) = try await onLine(of: account) {
            (line) async throws(WireFailure) in
            (
                try await line.folders(), try await line.naming(), try await line.unholdable(),
                line.capabilities.specialUse
            )
        }
        var special = SpecialUse.usualNames
        for mailbox in listed {
            if let use = mailbox.specialUse { special[use] = naming.path(of: mailbox.name) }
        }
        let names = FolderNames(
            special: special.merging(platform.specialFolders) { $1 }, unholdable: unholdable)
        // A mailbox that nobody has opened yet may have no folders to tell of.
        if !tellsUses || listed.contains(where: { $0.specialUse != nil }) { learned.withLock { $0 = names } }
        return names
    }

    /// What a folder is for, by its name.
    func use(of folder: [String]) -> SpecialUse? {
        let path = folder.joined(separator: "/")
        return folderNames.special.first { $0.value == path }?.key
    }

    @discardableResult
    public func make(
        _ folders: [NewFolder], of account: EmailAddress, expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> [[String]: String] {
        guard !folders.isEmpty else { return [:] }
        let refused = try await onLine(of: account) { (line) async throws(WireFailure) -> [[String]: WireFailure] in
            var refused: [[String]: WireFailure] = [:]
            for folder in folders {
                let name = try await line.name(of: folder.levels)
                guard !name.isInbox else { continue }
                do throws(WireFailure) {
                    guard try await line.watermark(of: name) == nil else { continue }
                    try await line.make(name, use: self.use(of: folder.levels), isSubscribed: folder.isSubscribed)
                } catch {
                    guard error.isOfOneFolder, !line.isBroken else { throw error }
                    refused[folder.levels] = error
                }
            }
            return refused
        }
        return refused.mapValues { error($0, of: account).detail }
    }

    // MARK: Recovery

    /// Finds out what an interrupted APPEND has left: what has come into the folder since the watermark is compared by
    /// content. What is not there is fetched again, for its octets are gone.
    ///
    /// Where the folder's UIDs have become others, nothing of that helps: all of the mailbox has to be compared with the
    /// ledger.
    public func recover(
        _ staged: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch {
        guard let batch = IMAPBatch(staged) else { throw Self.strange }
        guard let watermark = batch.watermark else {
            return RecoveredBatch(batch: staged, fates: batch.messages.map { _ in .notDelivered })
        }
        let plan = AppendPlan(batch.messages, isStaged: batch.messages.map { _ in true })
        let all = Array(batch.messages.indices)
        let (fates, upTo) = try await onLine(of: account) {
            (line) async throws(WireFailure) -> ([MessageFate], Watermark?) in
            let name = try await line.name(of: batch.folder)
            while true {
                // What the process before this one has sent may still be on its way into the folder.
                let wait = self.settlingSecondsSinceStart
                switch try await line.newMail(in: name, after: watermark, plan.wanted(all), self.contentKey) {
                case .renumbered: return (batch.messages.map { _ in MessageFate.unknown }, nil)
                case .noFolder: return (batch.messages.map { _ in MessageFate.notFound }, nil)
                case .found(let found, let upTo, let vanished):
                    let missing = plan.missing(all, found: found)
                    if !missing.isEmpty, wait > 0 {
                        await self.stopping.sleep(seconds: wait)
                        continue
                    }
                    var fates = batch.messages.map { _ in MessageFate.delivered }
                    for (place, index) in missing.enumerated() {
                        // As many as have gone from there may have been these.
                        fates[index] = place < vanished ? .notFound : .notDelivered
                    }
                    return (fates, upTo)
                }
            }
        }
        self.staged.remove(batch.messages.map(\.handle), of: account)
        var recovered = RecoveredBatch(batch: staged, fates: fates)
        if let upTo { recovered.notes[batch.folder.joined(separator: "/")] = upTo.note }
        return recovered
    }

    /// The watermark of each folder tells: of a folder that is noted, what came later is news, and one that ends before its
    /// note is an older one; of a folder that is not noted, or has got another UIDVALIDITY, all is.
    public func standing(
        of account: EmailAddress, in folders: [[String]], since notes: MailboxNotes, readsNews: Bool
    ) async throws -> MailboxStanding? {
        var standing = MailboxStanding()
        for folder in Set(folders).sorted(by: { $0.joined(separator: "/") < $1.joined(separator: "/") }) {
            try Task.checkCancellation()
            let path = folder.joined(separator: "/")
            let noted = notes[path].flatMap { Watermark($0) }
            let found = try await onLine(of: account) {
                (line) async throws(WireFailure) -> (Watermark, [(content: ContentHash, octets: Int)])? in
                let name = try await line.name(of: folder)
                guard let mark = try await line.watermarkIfAny(of: name) else { return nil }
                let from = noted?.validity == mark.validity ? noted?.next ?? 1 : 1
                guard readsNews, mark.next > from, let opened = try await line.examine(name) else { return (mark, []) }
                var news: [(content: ContentHash, octets: Int)] = []
                for piece in MailboxLine.pieces(try await line.entries(from: from, in: opened)) where !Task.isCancelled
                {
                    news += try await line.contents(of: piece, self.contentKey)
                }
                try await line.close()
                return (mark, news)
            }
            guard let (mark, news) = found else { continue }
            standing.notes[path] = mark.note
            if let noted, noted.validity == mark.validity, mark.next < noted.next { standing.isOlder = true }
            for (content, octets) in news {
                standing.news.messages[content, default: 0] += 1
                standing.news.octets[content] = octets
            }
        }
        try Task.checkCancellation()
        return standing
    }

    // MARK: Contents

    /// Messages bear no name of ours, so all are ``MessageOrigin/others``; what is staged is known to this process alone.
    /// Every message is read, folder by folder.
    public func contents(
        of account: EmailAddress, _ origin: MessageOrigin, intended: [StagedBatch]
    ) async throws -> MailboxContents? {
        var contents = MailboxContents()
        if origin == .ours {
            let kept = Set(intended.compactMap { IMAPBatch($0) }.flatMap { $0.messages.map(\.handle) })
            contents.leftovers = staged.count(of: account, except: kept)
            return contents
        }
        let folders = try await onLine(of: account) { (line) async throws(WireFailure) in
            try await line.folders().filter(\.holdsMail).map(\.name)
        }
        for folder in folders {
            try Task.checkCancellation()
            let found = try await onLine(of: account) { (line) async throws(WireFailure) in
                guard let opened = try await line.examine(folder) else {
                    return [(content: ContentHash, octets: Int)]()
                }
                var found: [(content: ContentHash, octets: Int)] = []
                for piece in MailboxLine.pieces(try await line.entries(from: 1, in: opened)) where !Task.isCancelled {
                    found += try await line.contents(of: piece, self.contentKey)
                }
                try await line.close()
                return found
            }
            for (content, octets) in found {
                contents.messages[content, default: 0] += 1
                contents.octets[content] = octets
            }
        }
        try Task.checkCancellation()
        return contents
    }
}

extension ListedMailbox {
    /// Whether messages are in it, and not only shown there.
    fileprivate var holdsMail: Bool {
        guard isSelectable else { return false }
        switch specialUse {
        case .all, .flagged, .important: return false
        case .sent, .drafts, .junk, .trash, .archive, nil: return true
        }
    }
}
