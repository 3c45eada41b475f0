// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func listFolders(_ parameters: OneAccount) async throws -> FolderList {
        let folders = try await move.accounts.folders(of: parameters.account)
        return FolderList(
            folders: folders.map { folder in
                FolderList.Folder(
                    name: folder.name, target: folder.target, specialUse: folder.specialUse, moved: Int(folder.moved),
                    remaining: Int(folder.remaining))
            })
    }

    func moveAccounts(_ parameters: MoveAccounts) async throws -> MoveReport {
        let outcome: MasterMoveOutcome
        switch (parameters.domain, parameters.accounts) {
        case (let domain?, _): outcome = try await move.masters.move(domain, password: parameters.masterPassword)
        case (nil, let accounts?): outcome = try await move.masters.move(accounts, password: parameters.masterPassword)
        case (nil, nil): throw Violation("domain", "is missing: give a domain or accounts")
        }
        return MoveReport(
            queued: outcome.queued,
            rejected: outcome.rejected.map { .init(address: $0.address, reason: $0.reason, detail: $0.detail) })
    }
}
