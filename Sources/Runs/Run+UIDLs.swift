// SPDX-License-Identifier: Apache-2.0

import MailSource
import Records
import Vocabulary

extension Run {
    /// What POP3 calls messages of the inbox, where the old server serves it besides. One that does not take the password
    /// is asked once a run, and mail moves without.
    mutating func uidls(
        of wanted: [ListedMessage], _ listing: [ListedMessage], _ folders: SessionFolders,
        _ session: any MailboxSession
    ) async throws -> [Int: UniqueID] {
        guard settings.options.preserveUIDL, !session.traits.idsAreUIDLs, !progress.isWithoutUIDLs,
            let server = settings.oldServer.pop3Server,
            let inbox = folders.folders.first(where: { $0.path == SourceFolder.inbox })?.number
        else { return [:] }
        let numbers = Set(wanted.lazy.filter { $0.folder == inbox }.map(\.number))
        guard !numbers.isEmpty else { return [:] }
        let uidls = UIDLs(
            context: context, server: server, user: user, master: isByMaster ? settings.oldServer.master : nil,
            password: password, hash: commons.ledgerHash)
        let line = try await uidls.connect()
        control.onStop {
            line.abort()
            session.abort()
        }
        defer {
            line.abort()
            control.onStop { session.abort() }
        }
        // As before each login: no password is sent to a server that the settings no longer name.
        guard try await isCurrent() else {
            throw SourceError(code: .closed, step: .login, detail: "the settings name another old server")
        }
        let found = try await uidls.uidls(of: listing.filter { $0.folder == inbox }, in: session, over: line) {
            numbers.contains($0.number)
        }
        switch found {
        case .uidls(let uidls): return uidls
        case .refused(let words):
            progress.isWithoutUIDLs = true
            let detail = "mail of the inbox moves without X-UIDL: \(words)"
            try await context.records.append([
                EventRecord(at: context.now(), account: account.address, kind: .oldServerLimits, detail: detail)
            ])
            return [:]
        }
    }
}
