// SPDX-License-Identifier: Apache-2.0

import GRDB
import Records
import Vocabulary

extension Session {
    func folders(of account: AccountRecord.ID) throws -> [FolderFigures] {
        try ask { db in
            let counts = try db.integers(
                "SELECT source, count(*) FROM ledger WHERE account = ? AND flags & 8 = 0 GROUP BY source", [account]
            ) { ($0[0], $0[1]) }
            let moved = Dictionary(counts) { $1 }
            return try db.all(
                "SELECT source, path, target, use, remaining, moved, mark FROM folder WHERE account = ? ORDER BY path",
                [account]
            ) { columns in
                let folder = FolderRecord(
                    source: try columns.integer(), path: Self.levels(try columns.text()),
                    target: Self.levels(try columns.text()), specialUse: try columns.optionalWord(),
                    remaining: try columns.integer(), moved: try columns.integer(),
                    mark: try columns.optionalText().flatMap { FolderMark($0) })
                return FolderFigures(folder, moved: moved[folder.source] ?? 0)
            }
        }
    }

    private static func levels(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

    func put(_ folders: [FolderRecord], of account: AccountRecord.ID) throws {
        try ask { db in
            for folder in folders {
                try db.run(
                    """
                    INSERT INTO folder (account, source, path, target, use, remaining, moved, mark)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET
                        path = excluded.path, target = excluded.target, use = excluded.use,
                        remaining = excluded.remaining, moved = excluded.moved, mark = excluded.mark
                    """,
                    [
                        account, folder.source, folder.path.joined(separator: "/"),
                        folder.target.joined(separator: "/"), folder.specialUse?.rawValue, folder.remaining,
                        folder.moved, folder.mark?.description,
                    ])
            }
        }
    }
}
