// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

/// Folders of old mailboxes, in every conformer.
@Suite struct FolderRecordTests {
    private func folder(_ source: Int64, _ path: [String], remaining: Int64 = 0, moved: Int64 = 0) -> FolderRecord {
        FolderRecord(
            source: source, path: path, target: ["New"] + path, specialUse: source == 8 ? .sent : nil,
            remaining: remaining, moved: moved)
    }

    private func row(_ content: Int64, in source: Int64, isShown: Bool = false) -> LedgerRow {
        LedgerRow(
            uniqueID: content, occurrence: 0, content: content, octets: 1, source: source, isShown: isShown)
    }

    @Test(arguments: RecordsKind.allCases)
    func foldersAreRememberedWithWhatHasBeenMovedFromThem(kind: RecordsKind) async throws {
        try await kind.with { records in
            let sample = try Sample()
            let (ann, bob) = (
                try await records.create(sample.account(sample.ann)).id,
                try await records.create(sample.account(sample.bob)).id
            )
            let folders = [folder(7, ["INBOX"], remaining: 5), folder(8, ["Projekte", "客户"], remaining: 3, moved: 1)]
            let rows = [row(1, in: 7), row(2, in: 7), row(3, in: 8), row(4, in: 8, isShown: true), row(5, in: 9)]
            try await records.change(.id(ann)) { _ in
                var effects = AccountEffects()
                (effects.folders, effects.added) = (folders, rows)
                return effects
            }
            let found = try await records.folders(of: ann)
            #expect(found == [FolderFigures(folders[0], moved: 2), FolderFigures(folders[1], moved: 1)])
            #expect(found.map(\.remaining) == [3, 3])
            #expect(try await Set(records.ledger(of: ann)) == Set(rows))
            #expect(try await records.folders(of: bob).isEmpty)
            // The same source is the same folder.
            let renamed = folder(8, ["Renamed"], remaining: 1, moved: 1)
            try await records.change(.id(ann)) { _ in
                var effects = AccountEffects()
                effects.folders = [renamed]
                return effects
            }
            #expect(try await records.folders(of: ann).map(\.folder) == [folders[0], renamed])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aForgottenDomainsFoldersAreForgotten(kind: RecordsKind) async throws {
        try await kind.with { records in
            let sample = try Sample()
            let ann = try await records.create(sample.account(sample.ann)).id
            let settings = sample.settings()
            _ = try await records.settle(sample.domain) { _ in
                SettingsChange(settings, known: nil, excluded: nil)
            } _: { account, _, _ in
                account
            }
            let folder = folder(7, ["INBOX"])
            try await records.change(.id(ann)) { _ in
                var effects = AccountEffects()
                effects.folders = [folder]
                return effects
            }
            _ = try await records.forget(sample.domain) { _, _ in }
            #expect(try await records.folders(of: ann).isEmpty)
        }
    }
}
