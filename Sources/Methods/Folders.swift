// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI

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
}
