// SPDX-License-Identifier: Apache-2.0

import MailSource
import Records
import Vocabulary

/// What a session lists.
extension Run {
    struct Listing: Sendable {
        var messages: [ListedMessage] = []
        /// Sources of ledger rows whose messages are still there, though they are not all listed.
        var kept: Set<Int64> = []
    }

    /// All messages; of folders from which nothing has been taken since all their mail was moved, those that have been
    /// added.
    func list(_ folders: SessionFolders, _ session: any MailboxSession) async throws -> Listing {
        var listing = Listing()
        var whole: [SourceFolder] = []
        for folder in folders.folders {
            if let added = try await added(to: folder, folders, session) {
                listing.messages += added
                listing.kept.insert(folders.names.source(of: folder.number))
            } else {
                whole.append(folder)
            }
        }
        let messages = try await session.list(whole, ahead: asksAhead)
        // That array is used as it is, for it may have millions of elements.
        if listing.messages.isEmpty { listing.messages = messages } else { listing.messages += messages }
        return listing
    }

    /// - Returns: nil where the whole folder is to be listed.
    private func added(
        to folder: SourceFolder, _ folders: SessionFolders, _ session: any MailboxSession
    ) async throws -> [ListedMessage]? {
        // What is to be deleted is looked at first.
        guard !deletes(session), let mark = folders.mark(of: folder),
            let changes = try await session.changes(in: folder, since: mark), changes.keepsAll(of: mark)
        else { return nil }
        // UIDLs of POP3 are found by all messages of the inbox.
        let needsAll = settings.oldServer.pop3 != nil && folder.path == SourceFolder.inbox
        return needsAll && !changes.added.isEmpty ? nil : changes.added
    }
}
