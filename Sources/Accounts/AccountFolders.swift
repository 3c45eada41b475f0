// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
public import Vocabulary

/// A folder of an account's old mailbox.
public struct AccountFolder: Hashable, Sendable {
    /// With `/` between levels.
    public var name: String
    public var target: String
    public var specialUse: SpecialUse?
    public var moved: Int64
    public var remaining: Int64
}

extension AccountDesk {
    /// The folders of an account's old mailbox, as the latest run has found them; none before the first. The inbox comes
    /// first.
    /// - Throws: ``MoveError`` with `accountNotFound`; `RecordsError`.
    public func folders(of address: EmailAddress) async throws -> [AccountFolder] {
        let (row, settings) = try await context.records.standing(of: .address(address))
        guard let row, row.deletedAt == nil else {
            throw MoveError(.accountNotFound, "there is no account \(address) on the new platform")
        }
        guard row.runs > 0 else { return [] }
        let figures = try await context.records.folders(of: row.id)
        return AccountFolder.all(figures, of: row, inbox: settings?.options.folder ?? AccountFolder.inbox)
    }
}

extension AccountFolder {
    fileprivate static let inbox = "INBOX"

    /// - Parameter target: where mail of the inbox goes.
    fileprivate static func all(
        _ figures: [FolderFigures], of row: AccountRecord, inbox target: String
    ) -> [AccountFolder] {
        var folders: [String: AccountFolder] = [:]
        // One that was numbered anew is still the same folder.
        for one in figures {
            let name = one.folder.path.joined(separator: "/")
            var folder =
                folders[name]
                ?? AccountFolder(
                    name: name, target: one.folder.target.joined(separator: "/"), specialUse: one.folder.specialUse,
                    moved: 0, remaining: 0)
            folder.moved += one.moved
            folder.remaining += one.remaining
            folders[name] = folder
        }
        // By POP3 there is the inbox alone, which the account's own figures are about.
        if folders[inbox] == nil {
            folders[inbox] = AccountFolder(
                name: inbox, target: target.replacing(".", with: "/"), specialUse: nil, moved: 0, remaining: 0)
            if folders.count == 1 { folders[inbox]?.remaining = row.remaining }
        }
        let told = folders.values.reduce(0) { $0 + $1.moved }
        folders[inbox]?.moved += max(0, row.moved - told)
        return folders.values.sorted { ($0.name != inbox ? 1 : 0, $0.name) < ($1.name != inbox ? 1 : 0, $1.name) }
    }
}
