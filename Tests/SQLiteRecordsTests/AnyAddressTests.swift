// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

/// An account for `mailmoved --check`, read from a file that a daemon may be using.
@Suite struct AnyAddressTests {
    @Test func oneWithMailIsPreferredAndTheFileLeftAlone() async throws {
        try await withFolder { folder in
            let path = folder + "/mail %move?.db"
            #expect(SQLiteRecords.anyAddress(in: path) == nil)
            let records = try await SQLiteRecords.open(path: path)
            #expect(SQLiteRecords.anyAddress(in: path) == nil)
            _ = try await records.write { writer in try writer.insert(newAccount("none@example.org")) }
            #expect(SQLiteRecords.anyAddress(in: path)?.description == "none@example.org")
            _ = try await records.write { writer in
                var account = newAccount("ann@example.org")
                account.moved = 5
                return try writer.insert(account)
            }
            #expect(SQLiteRecords.anyAddress(in: path)?.description == "ann@example.org")
            await records.close()
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(SQLiteRecords.anyAddress(in: path)?.description == "ann@example.org")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == files)
            try Data("no database".utf8).write(to: URL(filePath: path))
            #expect(SQLiteRecords.anyAddress(in: path) == nil)
        }
    }
}
