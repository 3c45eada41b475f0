// SPDX-License-Identifier: Apache-2.0

import MailSource
import Records
import Vocabulary

/// What a session leaves behind, and what the events tell of it.
extension Run {
    /// Messages that the store does not take are left behind, here and on the old server.
    mutating func leaveBehind(
        _ refused: [(message: ListedMessage, words: String)], _ fetch: inout Fetch, _ session: any MailboxSession
    ) {
        guard !refused.isEmpty else { return }
        let numbers = Set(refused.map(\.message.number))
        fetch.notTaken += numbers.count
        fetch.deletable.removeAll { numbers.contains($0.message.number) }
        for (message, words) in refused {
            progress.leftBehind(message)
            fetch.refusals.add(message, session.name(of: message), words)
        }
    }

    /// Messages of folders that the store does not take are left behind; each folder is named.
    func leaveBehind(_ readable: inout [ListedMessage], in folders: SessionFolders, _ fetch: inout Fetch) {
        let homeless = fetch.homeless
        let left = Dictionary(grouping: readable.filter { homeless[$0.folder] != nil }, by: \.folder)
        readable.removeAll { homeless[$0.folder] != nil }
        for folder in folders.folders {
            guard let words = homeless[folder.number] else { continue }
            let messages = left[folder.number] ?? []
            fetch.notTaken += messages.count
            fetch.refusals.add(
                folder, messages,
                "\(words). \(messages.count) messages wait: name another folder for it in options.folders.map")
        }
    }

    mutating func tellThatNothingIsDeleted() async throws {
        let detail = "deleteAfterMove deletes nothing: the old server cannot delete single messages (UIDPLUS)"
        guard !progress.untold([detail]).isEmpty else { return }
        try await context.records.append([
            EventRecord(at: context.now(), account: account.address, kind: .oldServerLimits, detail: detail)
        ])
    }

    /// Records an event for each message left behind, once per run.
    mutating func tell(_ refusals: Refusals) async throws {
        let lines = progress.untold(refusals.lines)
        guard !lines.isEmpty else { return }
        let now = context.now()
        let address = account.address
        try await context.records.append(
            lines.map { line in
                EventRecord(at: now, account: address, kind: .messageRefused, reason: .messagesRefused, detail: line)
            })
    }

    /// Remembers what has been left behind of each folder.
    func recordRest(
        _ fetch: Fetch, _ folders: SessionFolders, _ session: any MailboxSession
    ) async throws {
        let id = account.id
        let remaining = fetch.refusals.byFolder
        var now = SessionFolders(
            folders.folders, names: folders.names, known: try await context.records.folders(of: id),
            inbox: settings.options.folder)
        now.unmade = folders.unmade
        var marks: [Int: FolderMark] = [:]
        if session.vanished.isEmpty, !deletes(session) {
            for folder in folders.folders { marks[folder.number] = session.mark(of: folder) }
        }
        let records = now.records(remaining: remaining, marks: marks) + now.emptied(except: Set(remaining.keys))
        guard fetch.isWhole, !records.isEmpty else { return }
        try await context.records.change(.id(id)) { _ in
            var effects = AccountEffects()
            effects.folders = records
            return effects
        }
    }
}
